/*
 * What is wrong with a lesson that could be read: what it lacks, what does not fit, ids. What its
 * expressions and commands refer to is looked at in lesson_refs.c.
 */

#include <string.h>

#include "core/base/text.h"
#include "lessons/engine/lesson_check.h"
#include "lessons/engine/lesson_parts.h"
#include "lessons/engine/prose.h"

enum { COLUMNS_MAX = 80, FENCE_COLUMNS_MAX = 120, ITEMS_MAX = 4000, COMMANDS_MAX = 1000 };

/* ---- the front matter ------------------------------------------------------------------- */

static void need_key(const Lesson *lesson, bool there, const char *key, Complaints *complaints)
{
    if (there) return;
    complain_hint(complain(complaints, lesson->ends, tr("the front matter has no \"%s\""), key),
                  tr("add a line %s: ..."), key);
}

static void check_front(const Lesson *lesson, Complaints *complaints)
{
    bool own = lesson->lang[0] == '\0';
    if (lesson->ends.line == 1) return; /* told already: there is none */
    need_key(lesson, lesson->id[0] != '\0', "id", complaints);
    need_key(lesson, lesson->title[0] != '\0', "title", complaints);
    need_key(lesson, lesson->summary[0] != '\0', "summary", complaints);
    need_key(lesson, !own || lesson->minutes > 0, "minutes", complaints);
    need_key(lesson, !own || lesson->seconds > 0, "seconds", complaints);
    need_key(lesson, !own || lesson->memory > 0, "memory", complaints);
}

/* ---- lines ------------------------------------------------------------------------------ */

/* The words after a fence cannot go on in the next line, so they have more room. */
static void check_widths(const Lesson *lesson, Complaints *complaints)
{
    for (Index i = 1; i <= lesson->line_count; i++) {
        Slice line = lesson_line(lesson, i);
        bool  fence = slice_starts(line, "```");
        int   most = fence ? FENCE_COLUMNS_MAX : COLUMNS_MAX;
        if (line.n <= most) continue; /* no character has more columns than bytes */
        int columns = text_columns(line.text, line.n);
        if (columns <= most) continue;
        Index at = 0, col = 1;
        for (int used = 0; at < line.n; col++) {
            uint32_t cp;
            int      n = utf8_decode(line.text + at, line.n - at, &cp);
            used += text_columns(line.text + at, n);
            if (used > most) break;
            at += n;
        }
        complain_hint(complain(complaints, (Place){i, col}, tr("a line of %d columns; %d at most"),
                               columns, most),
                      "%s",
                      fence ? tr("what stands after a fence cannot go on in the next line")
                            : tr("let it go on in the next line; in blocks that begins with a "
                                 "blank"));
    }
}

/* ---- ids -------------------------------------------------------------------------------- */

static const Item *first_with_id(const Lesson *lesson, const char *id)
{
    for (Index s = 0; s < lesson->count; s++) {
        for (Index i = 0; i < lesson->steps[s].count; i++) {
            const Item *item = &lesson->steps[s].items[i];
            if (strcmp(item->id, id) == 0) return item;
        }
    }
    return NULL;
}

static void check_ids(const Lesson *lesson, Complaints *complaints)
{
    for (Index s = 0; s < lesson->count; s++) {
        const Step *step = &lesson->steps[s];
        Index       first = 0;
        while (strcmp(lesson->steps[first].id, step->id) != 0) first++;
        if (first < s && step->id[0] != '\0') {
            complain_hint(
                complain(complaints, step->place, tr("a second step with the id \"%s\""), step->id),
                tr("the first is in line %td"), lesson->steps[first].place.line);
        }
        for (Index i = 0; i < step->count; i++) {
            const Item *item = &step->items[i];
            const Item *other = item->id[0] != '\0' ? first_with_id(lesson, item->id) : item;
            if (other == item) continue;
            complain_hint(complain(complaints, item->place, tr("a second block with the id \"%s\""),
                                   item->id),
                          tr("the first is in line %td"), other->place.line);
        }
    }
}

/* ---- blocks ----------------------------------------------------------------------------- */

static void needs(Complaints *complaints, const Item *item, bool there, const char *what,
                  const char *hint)
{
    if (there) return;
    Complaint *complaint = complain(complaints, item->place, "%s", what);
    if (hint != NULL) complain_hint(complaint, "%s", hint);
}

static void check_predict(const Lesson *lesson, const Item *item, Complaints *complaints)
{
    bool own = lesson->lang[0] == '\0';
    bool listed = item->predict == PREDICT_CHOICE || item->predict == PREDICT_ORDER;
    bool range = item->tolerance > 0 || item->factor > 0;
    needs(complaints, item, item->id[0] != '\0', tr("a prediction without an id"),
          tr("```predict id=p1 kind=..."));
    needs(complaints, item, item->text[0] != '\0', tr("a prediction without a question"), NULL);
    if (!own) return;
    needs(complaints, item, !listed || item->choice_count >= 2,
          tr("a prediction with fewer than two choices"), tr("( ) TEXT :: EXPRESSION"));
    needs(complaints, item, listed || item->measure_text != NULL,
          tr("a prediction without a measure"), tr("measure: EXPRESSION says what is compared"));
    needs(complaints, item, item->predict != PREDICT_CURVE || item->at_text != NULL,
          tr("a curve without \"at\""), tr("at: 1,2,4 are the x that values are asked for"));
    needs(complaints, item, !listed || !range,
          tr("tolerance and factor are for kind=number and curve"), NULL);
    needs(complaints, item, item->predict == PREDICT_ORDER || !item->descending,
          tr("by= is for kind=order"), NULL);
}

static void check_quiz(const Item *item, Complaints *complaints)
{
    Index right = 0;
    for (Index i = 0; i < item->choice_count; i++) right += item->choices[i].right;
    needs(complaints, item, item->id[0] != '\0', tr("a quiz without an id"), "```quiz id=q1");
    needs(complaints, item, item->text[0] != '\0', tr("a quiz without a question"), NULL);
    needs(complaints, item, item->choice_count >= 2, tr("a quiz with fewer than two choices"),
          tr("[ ] TEXT -> FEEDBACK"));
    needs(complaints, item, right > 0 || item->choice_count < 2,
          tr("a quiz without a right choice"), tr("[x] TEXT marks it"));
    needs(complaints, item, right < item->choice_count || right < 2,
          tr("a quiz without a wrong choice"), tr("[ ] TEXT -> FEEDBACK"));
    needs(complaints, item, item->hint_count > 0, tr("a quiz without a hint"),
          tr("hint: TEXT; several go from weak to strong"));
}

static void check_translated(const Item *item, Complaints *complaints)
{
    bool stands = item->kind == ITEM_RUN || item->kind == ITEM_PLOT || item->kind == ITEM_ASSERT;
    needs(complaints, item, !stands || item->id[0] != '\0', tr("a block without an id"),
          tr("in a translation the id says which block of the lesson it is"));
}

static bool told_within(const Item *item, const Complaints *complaints)
{
    Index last = lesson_place_raw(item->text_line, item->text, LESSON_MAX_BYTES).line;
    for (Index i = 0; i < complaints->count; i++) {
        Index line = complaints->list[i].place.line;
        if (line >= item->text_line && line <= last) return true;
    }
    return false;
}

/* Headings of the lesson's own level that the reader of lines did not see, and md4c's bounds. */
static bool check_prose(const Item *item, Complaints *complaints, Error *err)
{
    Prose prose;
    Error error = {0};
    if (!prose_parse(&prose, item->text, (Index)strlen(item->text), &error)) {
        return complain_error(complaints, item->place, &(ExprFault){0}, &error, err);
    }
    for (Index i = 0; i < prose.count; i++) {
        const ProseBlock *block = &prose.blocks[i];
        bool              own = block->kind == PROSE_HEADING && block->level < 3;
        if (!own || told_within(item, complaints)) continue;
        complain_hint(complain(complaints, item->place,
                               tr("a heading of level %d inside of the text"), block->level),
                      "%s", tr("### and smaller; steps have ## at the line's start"));
        break;
    }
    prose_free(&prose);
    return true;
}

static bool check_item(const Lesson *lesson, const Item *item, Complaints *complaints, Error *err)
{
    if (lesson->lang[0] != '\0') check_translated(item, complaints);
    switch (item->kind) {
    case ITEM_PREDICT:
        check_predict(lesson, item, complaints);
        return check_prose(item, complaints, err);
    case ITEM_QUIZ:
        check_quiz(item, complaints);
        return check_prose(item, complaints, err);
    case ITEM_EXPLAIN:
        needs(complaints, item, item->text[0] != '\0', tr("an empty explain block"), NULL);
        return check_prose(item, complaints, err);
    case ITEM_PROSE:
        return check_prose(item, complaints, err);
    case ITEM_RUN:
    case ITEM_PLOT:
    case ITEM_ASSERT:
    case ITEM_NOTE:
    case ITEM_PAUSE:
        break;
    }
    return true;
}

/* ---- the whole -------------------------------------------------------------------------- */

static bool has_kind(const Lesson *lesson, ItemKind kind)
{
    for (Index s = 0; s < lesson->count; s++) {
        for (Index i = 0; i < lesson->steps[s].count; i++) {
            if (lesson->steps[s].items[i].kind == kind) return true;
        }
    }
    return false;
}

static void check_lacks(const Lesson *lesson, Complaints *complaints)
{
    if (lesson->count == 0) {
        complain_hint(complain(complaints, lesson->ends, tr("a lesson without a step")), "%s",
                      tr("## Title {#id}"));
        return;
    }
    if (lesson->lang[0] != '\0' || lesson->odd) return;
    Place place = lesson->ends;
    if (!has_kind(lesson, ITEM_PREDICT)) {
        complain_hint(complain(complaints, place, tr("a lesson without a prediction")), "%s",
                      tr("ask for one before a result is shown: ```predict"));
    }
    if (!has_kind(lesson, ITEM_QUIZ)) {
        complain_hint(complain(complaints, place, tr("a lesson without a quiz")), "%s",
                      tr("```quiz, with feedback on each wrong choice"));
    }
    if (!has_kind(lesson, ITEM_ASSERT)) {
        complain_hint(complain(complaints, place, tr("a lesson without an assert")), "%s",
                      tr("every claim is checked by one: ```assert"));
    }
}

/* So much that looking at every name would take long. */
static bool is_bounded(const Lesson *lesson, Complaints *complaints)
{
    Index items = lesson->count, commands = 0;
    for (Index s = 0; s < lesson->count; s++) {
        items += lesson->steps[s].count;
        for (Index i = 0; i < lesson->steps[s].count; i++) {
            commands += lesson->steps[s].items[i].line_count;
        }
    }
    if (items <= ITEMS_MAX && commands <= COMMANDS_MAX) return true;
    complain(complaints, lesson->ends, tr("more than %d blocks or %d commands"), ITEMS_MAX,
             COMMANDS_MAX);
    return false;
}

static bool check_steps(const Lesson *lesson, Complaints *complaints, Error *err)
{
    for (Index s = 0; s < lesson->count; s++) {
        const Step *step = &lesson->steps[s];
        if (step->count == 0) complain(complaints, step->place, tr("a step without content"));
        for (Index i = 0; i < step->count; i++) {
            if (!check_item(lesson, &step->items[i], complaints, err)) return false;
        }
    }
    return true;
}

bool lesson_check(const Lesson *lesson, Complaints *complaints, Error *err)
{
    bool ok = true;
    if (!lesson->unread) {
        check_front(lesson, complaints);
        check_widths(lesson, complaints);
        check_lacks(lesson, complaints);
        if (is_bounded(lesson, complaints)) {
            check_ids(lesson, complaints);
            ok = check_steps(lesson, complaints, err);
            if (lesson->lang[0] == '\0')
                ok = ok && check_references(lesson, lesson, complaints, err);
        }
    }
    complaints_sort(complaints);
    if (ok && complaints->failed) {
        ok = error_set(err, ERR_MEMORY, tr("out of memory: no room for complaints"));
    }
    return ok;
}
