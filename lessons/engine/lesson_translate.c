/*
 * A translation joined to its lesson. Both are read again from their sources, so that nothing is
 * borrowed, and the items of each step are put together: the translation's order and texts, the
 * lesson's commands, plots, asserts, measures and conditions, found by their ids.
 */

#include <string.h>

#include "core/base/mem.h"
#include "lessons/engine/lesson_check.h"
#include "lessons/engine/lesson_parts.h"

typedef struct Join {
    Lesson     *main, *other; /* other: the translation */
    Complaints *complaints;
    Error      *err;
} Join;

/* ---- texts ------------------------------------------------------------------------------ */

static void swap_text(char **a, char **b)
{
    char *text = *a;
    *a = *b;
    *b = text;
}

static void take_place(Place *to, Place from)
{
    *to = from;
}

static void join_choices(Join *join, Item *item, Item *other)
{
    if (item->choice_count != other->choice_count) {
        complain(join->complaints, other->place,
                 tr("%s has %td choices here and %td in the lesson"), item->id, other->choice_count,
                 item->choice_count);
        return;
    }
    for (Index i = 0; i < item->choice_count; i++) {
        Choice *own = &item->choices[i], *theirs = &other->choices[i];
        if (item->kind == ITEM_QUIZ && own->right != theirs->right) {
            complain(join->complaints, theirs->place,
                     own->right ? tr("this choice is right in the lesson")
                                : tr("this choice is wrong in the lesson"));
        }
        swap_text(&own->text, &theirs->text);
        swap_text(&own->feedback, &theirs->feedback);
        take_place(&own->place, theirs->place);
        take_place(&own->feedback_place, theirs->feedback_place);
    }
}

static void join_hints(Join *join, Item *item, Item *other)
{
    if (item->hint_count != other->hint_count) {
        complain(join->complaints, other->place, tr("%s has %td hints here and %td in the lesson"),
                 item->id, other->hint_count, item->hint_count);
        return;
    }
    for (Index i = 0; i < item->hint_count; i++) {
        swap_text(&item->hints[i], &other->hints[i]);
        take_place(&item->hint_places[i], other->hint_places[i]);
    }
}

static void join_titles(Item *item, Item *other)
{
    if (other->title != NULL) swap_text(&item->title, &other->title);
    if (other->x_title != NULL) swap_text(&item->x_title, &other->x_title);
    if (other->y_title != NULL) swap_text(&item->y_title, &other->y_title);
}

static void join_item(Join *join, Item *item, Item *other)
{
    if (item->kind == ITEM_PLOT) join_titles(item, other);
    if (item->kind != ITEM_PREDICT && item->kind != ITEM_QUIZ) return;
    swap_text(&item->text, &other->text);
    item->text_line = other->text_line;
    item->place = other->place;
    if (other->unit != NULL) swap_text(&item->unit, &other->unit);
    join_choices(join, item, other);
    join_hints(join, item, other);
}

/* ---- steps ------------------------------------------------------------------------------ */

/* Blocks that the translation must have in the lesson's order. */
static bool stands_for(const Item *item)
{
    switch (item->kind) {
    case ITEM_PREDICT:
    case ITEM_RUN:
    case ITEM_PLOT:
    case ITEM_QUIZ:
    case ITEM_ASSERT:
        return true;
    case ITEM_PROSE:
    case ITEM_EXPLAIN:
    case ITEM_NOTE:
    case ITEM_PAUSE:
        break;
    }
    return false;
}

static Item *next_block(Step *step, Index *at)
{
    while (*at < step->count && !stands_for(&step->items[*at])) ++*at;
    return *at < step->count ? &step->items[(*at)++] : NULL;
}

static const char *kind_name(const Item *item)
{
    static const char *const names[] = {
        [ITEM_PROSE] = "text",    [ITEM_PREDICT] = "predict", [ITEM_RUN] = "run",
        [ITEM_PLOT] = "plot",     [ITEM_EXPLAIN] = "explain", [ITEM_QUIZ] = "quiz",
        [ITEM_ASSERT] = "assert", [ITEM_NOTE] = "note",       [ITEM_PAUSE] = "pause",
    };
    return names[item->kind];
}

/* Every block of the step, in order; false (told) where they do not fit. */
static bool fit(Join *join, Step *own, Step *theirs)
{
    Index i = 0, j = 0;
    for (;;) {
        Item *item = next_block(own, &i), *other = next_block(theirs, &j);
        if (item == NULL && other == NULL) return true;
        if (item != NULL && item->id[0] == '\0') {
            complain_hint(complain(join->complaints, theirs->place,
                                   tr("the lesson's %s in line %td has no id"), kind_name(item),
                                   item->place.line),
                          "%s", tr("give it one; the translation says which block is which by it"));
            return false;
        }
        if (item == NULL) {
            complain(join->complaints, other->place, tr("the lesson has no %s here"),
                     kind_name(other));
            return false;
        }
        bool same = other != NULL && item->kind == other->kind && strcmp(item->id, other->id) == 0;
        if (!same) {
            complain(join->complaints, other != NULL ? other->place : theirs->place,
                     tr("%s id=%s of the lesson is expected here"), kind_name(item), item->id);
            return false;
        }
    }
}

/* The lesson's blocks move into the places of those that stand for them, then the lists change
 * hands, so that what is left over is freed with the translation. */
static void join_step(Join *join, Step *own, Step *theirs)
{
    Index i = 0, j = 0;
    if (!fit(join, own, theirs)) return;
    for (Item *other = next_block(theirs, &j); other != NULL; other = next_block(theirs, &j)) {
        Item *item = next_block(own, &i);
        join_item(join, item, other);
        Item kept = *item;
        *item = *other;
        *other = kept;
    }
    Step kept = *own;
    own->items = theirs->items;
    own->count = theirs->count;
    theirs->items = kept.items;
    theirs->count = kept.count;
    swap_text(&own->title, &theirs->title);
}

static void join_steps(Join *join)
{
    for (Index s = 0; s < join->main->count; s++) {
        Step *own = &join->main->steps[s];
        if (s >= join->other->count || strcmp(own->id, join->other->steps[s].id) != 0) {
            Place place = s < join->other->count ? join->other->steps[s].place : join->other->ends;
            complain(join->complaints, place, tr("step \"%s\" of the lesson is expected here"),
                     own->id);
            return;
        }
        join_step(join, own, &join->other->steps[s]);
    }
    if (join->other->count > join->main->count) {
        const Step *more = &join->other->steps[join->main->count];
        complain(join->complaints, more->place, tr("the lesson has no step \"%s\""), more->id);
    }
}

static void join_front(Join *join)
{
    Lesson *main = join->main, *other = join->other;
    if (strcmp(main->id, other->id) != 0) {
        complain(join->complaints, (Place){1, 1},
                 tr("the id is \"%s\" here and \"%s\" in the lesson"), other->id, main->id);
    }
    if (other->title[0] != '\0') swap_text(&main->title, &other->title);
    if (other->summary[0] != '\0') swap_text(&main->summary, &other->summary);
    for (Index i = 0; i < other->value_count; i++) {
        LessonValue *theirs = &other->values[i];
        Index        at = 0;
        while (at < main->value_count && strcmp(main->values[at].name, theirs->name) != 0) at++;
        if (at < main->value_count) {
            swap_text(&main->values[at].help, &theirs->help);
        } else {
            complain(join->complaints, theirs->place, tr("the lesson has no value \"%s\""),
                     theirs->name);
        }
    }
}

/* ---- the whole -------------------------------------------------------------------------- */

static Lesson *read_again(const Lesson *lesson, Error *err)
{
    Complaints ignored = {0}; /* told when it was read first */
    Lesson *again = lesson_parse(lesson->path, lesson->source, lesson->source_len, &ignored, err);
    complaints_free(&ignored);
    return again;
}

Lesson *lesson_translate(const Lesson *lesson, const Lesson *translation, Complaints *complaints,
                         Error *err)
{
    Join join = {.complaints = complaints, .err = err};
    bool ok = false;
    join.main = read_again(lesson, err);
    if (join.main != NULL) join.other = read_again(translation, err);
    if (join.other != NULL) {
        Index before = complaints->count;
        join_front(&join);
        join_steps(&join);
        ok =
            complaints->count > before || check_references(join.main, translation, complaints, err);
        complaints_sort(complaints);
        if (ok && complaints->failed) {
            ok = error_set(err, ERR_MEMORY, tr("out of memory: no room for complaints"));
        }
    }
    lesson_free(join.other);
    if (ok) return join.main;
    lesson_free(join.main);
    return NULL;
}
