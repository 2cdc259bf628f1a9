/* The list of matrices: presets, and behind two kinds of rows the modules of a model or a run. */

#include "app/rooms/matrix/matrix_desk.h"
#include "core/base/mem.h"

enum { PAGE = 10 };

void desk_close_list(MatrixDesk *desk)
{
    sources_free(&desk->sources);
    sources_free(&desk->behind);
    mem_free(desk->choices);
    desk->choices = NULL;
    desk->choosing = false;
}

static const SourceList *shown(const MatrixDesk *desk)
{
    return desk->behind.count > 0 ? &desk->behind : &desk->sources;
}

static bool make_choices(MatrixDesk *desk, Error *err)
{
    const SourceList *list = shown(desk);
    mem_free(desk->choices);
    desk->choices = mem_alloc(mem_program(), MEM_TEXT, list->count, sizeof *desk->choices, err);
    if (desk->choices == NULL) return false;
    for (Index i = 0; i < list->count; i++) {
        const MatrixSource *source = &list->list[i];
        bool                opens = source->kind == SOURCE_WEIGHTS ||
                     (source->kind == SOURCE_LEARNED && source->module == NULL);
        desk->choices[i] = (MatrixChoice){.label = source->label,
                                          .detail = source->detail,
                                          .heading = source->kind == SOURCE_HEADING,
                                          .opens = opens};
    }
    return true;
}

bool desk_open_list(MatrixDesk *desk, Error *err)
{
    desk_close_list(desk);
    if (!sources_first(&desk->sources, desk->lab, err) || !make_choices(desk, err)) {
        desk_close_list(desk);
        return false;
    }
    desk->choosing = true;
    if (desk->choice >= desk->sources.count) desk->choice = 0;
    if (desk->sources.list[desk->choice].kind == SOURCE_HEADING) desk->choice++;
    return true;
}

/* Up and down over what can be chosen; titles are stepped over. */
static void move(MatrixDesk *desk, Index by)
{
    const SourceList *list = shown(desk);
    Index            *at = desk->behind.count > 0 ? &desk->choice_behind : &desk->choice;
    Index             to = *at, step = by > 0 ? 1 : -1;
    for (; by != 0; by -= step) {
        Index next = to + step;
        while (next >= 0 && next < list->count && list->list[next].kind == SOURCE_HEADING) {
            next += step;
        }
        if (next < 0 || next >= list->count) break;
        to = next;
    }
    *at = to;
}

static void open_row(MatrixDesk *desk)
{
    Error               err = {0};
    const MatrixSource *source =
        &shown(desk)->list[desk->behind.count > 0 ? desk->choice_behind : desk->choice];
    if (desk->choices[source - shown(desk)->list].opens) {
        SourceList behind;
        if (sources_behind(&behind, desk->lab, source, &err)) {
            desk->behind = behind;
            desk->choice_behind = 0;
        }
        if (err.code == ERR_NONE && make_choices(desk, &err)) return;
        desk_fault(desk, &err);
        desk_close_list(desk);
        return;
    }
    desk_choose(desk, source);
    desk_close_list(desk);
}

static void go_back(MatrixDesk *desk)
{
    Error err = {0};
    bool  second = desk->behind.count > 0;
    sources_free(&desk->behind);
    if (!second || !make_choices(desk, &err)) desk_close_list(desk);
}

bool desk_list_act(MatrixDesk *desk, Action action)
{
    switch (action) {
    case ACT_UP:
    case ACT_DOWN:
        move(desk, action == ACT_UP ? -1 : 1);
        return true;
    case ACT_PAGE_UP:
    case ACT_PAGE_DOWN:
        move(desk, action == ACT_PAGE_UP ? -PAGE : PAGE);
        return true;
    case ACT_FIRST:
    case ACT_LAST:
        move(desk, action == ACT_FIRST ? -100000 : 100000);
        return true;
    case ACT_COMMIT:
    case ACT_RIGHT:
        open_row(desk);
        return true;
    case ACT_CONTENTS:
        desk_close_list(desk);
        return true;
    case ACT_LEAVE:
    case ACT_ERASE:
    case ACT_LEFT:
        go_back(desk);
        return true;
    default:
        return false;
    }
}
