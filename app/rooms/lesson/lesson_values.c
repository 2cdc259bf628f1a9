/* The form of the lesson's values: changed in place, and the step's runs done again with them. */

#include <string.h>

#include "app/rooms/lesson/lesson_room.h"
#include "core/base/mem.h"

const char *lesson_value_own(const LessonRoom *room, Index i)
{
    const LessonValue *value = &room->lesson->values[i];
    return screen_quick(room->screen) && value->quick != NULL ? value->quick : value->normal;
}

void lesson_values_free(LessonRoom *room)
{
    for (Index i = 0; room->lesson != NULL && i < room->lesson->value_count; i++) {
        if (room->values != NULL) mem_free(room->values[i]);
        if (room->ranges != NULL) str_free(&room->ranges[i]);
    }
    mem_free(room->values);
    mem_free(room->ranges);
    mem_free(room->rows);
    form_free(&room->form);
    room->values = NULL;
    room->ranges = NULL;
    room->rows = NULL;
    room->editing = false;
}

static bool same_rows(LessonRoom *room, Error *err)
{
    Index n = room->lesson->value_count;
    if (room->values != NULL) return true;
    room->values = mem_alloc(mem_program(), MEM_TEXT, n, sizeof(char *), err);
    room->ranges = mem_alloc(mem_program(), MEM_TEXT, n, sizeof(Str), err);
    room->rows = mem_alloc(mem_program(), MEM_TEXT, n + 1, sizeof(FormRow), err);
    return room->values != NULL && room->ranges != NULL && room->rows != NULL;
}

static bool store(LessonRoom *room, Index i, const char *text, Error *err)
{
    char *copy = mem_strdup(text, err);
    if (copy == NULL) return false;
    mem_free(room->values[i]);
    room->values[i] = copy;
    return true;
}

bool lesson_values_reset(LessonRoom *room, Error *err)
{
    if (!same_rows(room, err)) return false;
    for (Index i = 0; i < room->lesson->value_count; i++) {
        if (!store(room, i, lesson_value_own(room, i), err)) return false;
    }
    return true;
}

/* ---- the form ---- */

static void make_rows(LessonRoom *room)
{
    const Lesson *lesson = room->lesson;
    room->rows[0] = (FormRow){.heading = true, .label = tr("Values of this lesson")};
    for (Index i = 0; i < lesson->value_count; i++) {
        const LessonValue *value = &lesson->values[i];
        Str               *range = &room->ranges[i];
        str_clear(range);
        if (value->ranged) str_addf(range, tr("%g to %g; "), value->lo, value->hi);
        str_addf(range, tr("the lesson's own: %s"), lesson_value_own(room, i));
        room->rows[i + 1] =
            (FormRow){.label = value->name,
                      .value = room->values[i],
                      .help = value->help,
                      .range = str_text(range),
                      .changed = strcmp(room->values[i], lesson_value_own(room, i)) != 0};
    }
    form_rows(&room->form, room->rows, (int)lesson->value_count + 1);
}

const char *lesson_values_refusal(const LessonRoom *room)
{
    const LessonStory *story = &room->steps[room->at];
    bool               ran = false;
    for (Index i = 0; i < story->count; i++) ran = ran || story->parts[i].kind == PART_COMMAND;
    return room->state != LESSON_ASKS       ? tr("values can be changed when nothing runs")
           : room->lesson->value_count == 0 ? tr("this lesson has no values to change")
           : !ran ? tr("nothing of this step has run yet: an answer first")
                  : NULL;
}

bool lesson_values_open(LessonRoom *room)
{
    const char *why = lesson_values_refusal(room);
    if (why != NULL) {
        screen_say(room->screen, "%s", why);
        return false;
    }
    if (room->shown != room->at) lesson_show_step(room, room->at, true);
    room->editing = true;
    room->from = room->pane;
    room->pane = PANE_RESULT;
    make_rows(room);
    return true;
}

void lesson_values_close(LessonRoom *room)
{
    if (room->form.typing) form_end(&room->form);
    if (room->editing) room->pane = room->from;
    room->editing = false;
}

static void take_value(LessonRoom *room)
{
    Index       i = room->form.selected - 1;
    Error       err = {0};
    const char *text = form_text(&room->form);
    if (i < 0 || i >= room->lesson->value_count) return;
    Datum *datum = lesson_value_datum(&room->lesson->values[i], text, &err);
    bool   ok = datum != NULL && store(room, i, text, &err);
    datum_drop(datum);
    if (!ok) {
        form_refuse(&room->form, err.message);
        return;
    }
    form_end(&room->form);
    make_rows(room);
}

/* All values are said, those that were set back too; then the step's runs. */
static void run_again(LessonRoom *room)
{
    lesson_values_close(room);
    lesson_forget_play(room);
    lesson_mark_fresh(room);
    room->played = true;
    room->pane = PANE_RESULT;
    room->top[PANE_RESULT] = 0;
    for (Index i = 0; i < room->lesson->value_count; i++) {
        Str line = {0};
        str_addf(&line, "set %s=%s", room->lesson->values[i].name, room->values[i]);
        lesson_send(room, str_text(&line), LINE_QUIET);
        str_free(&line);
    }
    lesson_send(room, "run", LINE_PLAY);
}

bool lesson_values_act(LessonRoom *room, Action action, Key key)
{
    Form *form = &room->form;
    if (form_act(form, action, key)) return true;
    switch (action) {
    case ACT_COMMIT:
        if (form->typing)
            take_value(room);
        else if (form_row(form) != NULL)
            (void)form_edit(form, form_row(form)->value);
        return true;
    case ACT_NEXT:
        run_again(room);
        return true;
    case ACT_LEAVE:
    case ACT_ERASE:
    case ACT_EDIT:
        lesson_values_close(room);
        return true;
    default:
        return false;
    }
}

void lesson_values_draw(LessonRoom *room, Grid *grid, Rect area, const Look *look)
{
    Rect around = {area.row, area.col - 1, area.rows, area.cols + 3};
    grid_clear(grid, around); /* the pane and the signs of its scrolling */
    form_draw(&room->form, look, grid, area, &room->drawn.row, &room->drawn.col);
}
