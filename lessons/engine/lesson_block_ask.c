/* Blocks that ask: predict and quiz. A question, then lines that begin with a mark. */

#include <string.h>

#include "core/base/mem.h"
#include "lessons/engine/lesson_parts.h"

static bool is_marked(Slice line)
{
    return slice_starts(line, "( )") || slice_starts(line, "[ ]") || slice_starts(line, "[x]") ||
           slice_starts(line, "[X]") || slice_starts(line, "(x)") || slice_starts(line, "()") ||
           slice_starts(line, "[]") || slice_starts(line, "measure:") ||
           slice_starts(line, "at:") || slice_starts(line, "hint:");
}

/* The lines up to the first marked one. */
static bool read_question(LessonReader *reader, Index *from, Index to, Item *item)
{
    Str   text = {0};
    Index empty = 0;
    for (; *from < to; ++*from) {
        Slice line = slice_trim(lesson_line(reader->lesson, *from));
        if (is_marked(line)) break;
        if (line.n == 0) {
            empty++;
            continue;
        }
        if (text.len == 0) item->text_line = *from;
        for (; text.len > 0 && empty > 0; empty--) str_add(&text, "\n");
        if (text.len > 0) str_add(&text, "\n");
        str_add_bytes(&text, line.text, line.n);
        empty = 0;
    }
    mem_free(item->text);
    item->text = str_take(&text, reader->err);
    return item->text != NULL;
}

static Choice *add_choice(LessonReader *reader, Item *item)
{
    Choice *list = grow_list(item->choices, item->choice_count, sizeof *list, reader->err);
    if (list == NULL) return NULL;
    item->choices = list;
    list[item->choice_count] = (Choice){0};
    return &list[item->choice_count++];
}

static void odd_line(LessonReader *reader, const Joined *line, const char *hint)
{
    complain_hint(complain(reader->complaints, line->place, tr("a line without a mark")), "%s",
                  hint);
}

/* ---- predict ---------------------------------------------------------------------------- */

/* "( ) TEXT :: EXPRESSION" */
static bool read_prediction_choice(LessonReader *reader, const Joined *line, Item *item)
{
    Slice   text, truth;
    bool    has = slice_cut(slice_from((Slice){line->text, line->n}, 3), "::", true, &text, &truth);
    Choice *choice = add_choice(reader, item);
    bool    own = reader->lesson->lang[0] == '\0';
    if (choice == NULL || !read_piece(reader, line, text, &choice->text, &choice->place)) {
        return false;
    }
    if (text.n == 0) complain(reader->complaints, line->place, tr("a choice without text"));
    if (!has && own) {
        complain_hint(complain(reader->complaints, line->place,
                               item->predict == PREDICT_ORDER ? tr("nothing to put in order here")
                                                              : tr("a choice without a condition")),
                      "%s", tr("( ) TEXT :: EXPRESSION"));
    } else if (has && !own) {
        complain(reader->complaints, line->place,
                 tr("the condition of a choice stays in the lesson itself"));
    }
    if (!has || !own) return true;
    return read_piece(reader, line, truth, &choice->truth_text, &choice->truth_place) &&
           read_expr(reader, line, truth, &choice->truth, &choice->truth_place);
}

static bool read_measure(LessonReader *reader, const Joined *line, Item *item)
{
    Slice part = slice_trim(slice_from((Slice){line->text, line->n}, 8));
    if (item->measure_text != NULL) {
        complain(reader->complaints, line->place, tr("a second measure"));
        return true;
    }
    return read_piece(reader, line, part, &item->measure_text, &item->measure_place) &&
           read_expr(reader, line, part, &item->measure, &item->measure_place);
}

static bool read_at(LessonReader *reader, const Joined *line, Item *item)
{
    Slice part = slice_trim(slice_from((Slice){line->text, line->n}, 3));
    if (item->at_text != NULL) {
        complain(reader->complaints, line->place, tr("a second \"at\""));
        return true;
    }
    return read_piece(reader, line, part, &item->at_text, &item->at_place);
}

static bool read_predict_line(LessonReader *reader, const Joined *line, Item *item)
{
    Slice text = {line->text, line->n};
    bool  listed = item->predict == PREDICT_CHOICE || item->predict == PREDICT_ORDER;
    bool  own = reader->lesson->lang[0] == '\0';
    if (slice_starts(text, "( )")) {
        if (own && !listed) {
            complain(reader->complaints, line->place,
                     tr("only kind=choice and order have choices"));
        }
        return read_prediction_choice(reader, line, item);
    }
    if (slice_starts(text, "measure:") || slice_starts(text, "at:")) {
        bool at = slice_starts(text, "at:");
        if (!own) {
            complain(reader->complaints, line->place,
                     tr("what is measured stays in the lesson "
                        "itself"));
            return true;
        }
        if (listed || (at && item->predict != PREDICT_CURVE)) {
            complain(reader->complaints, line->place,
                     at ? tr("only kind=curve has \"at\"")
                        : tr("only kind=number and curve have a measure"));
        }
        return at ? read_at(reader, line, item) : read_measure(reader, line, item);
    }
    odd_line(reader, line, tr("after the question: ( ) TEXT :: EXPRESSION, measure:, at:"));
    return true;
}

/* ---- quiz ------------------------------------------------------------------------------- */

/* "[x] TEXT -> FEEDBACK" */
static bool read_quiz_choice(LessonReader *reader, const Joined *line, Item *item)
{
    Slice   whole = {line->text, line->n}, text, feedback;
    bool    has = slice_cut(slice_from(whole, 3), "->", false, &text, &feedback);
    Choice *choice = add_choice(reader, item);
    if (choice == NULL || !read_piece(reader, line, text, &choice->text, &choice->place)) {
        return false;
    }
    choice->right = !slice_starts(whole, "[ ]");
    if (text.n == 0) complain(reader->complaints, line->place, tr("a choice without text"));
    if (feedback.n == 0 && (has || !choice->right)) {
        complain_hint(complain(reader->complaints, line->place, tr("a choice without feedback")),
                      "%s", tr("[ ] TEXT -> what is wrong with it"));
    }
    if (feedback.n == 0) return true;
    return read_piece(reader, line, feedback, &choice->feedback, &choice->feedback_place);
}

static bool read_hint(LessonReader *reader, const Joined *line, Item *item)
{
    Slice  part = slice_trim(slice_from((Slice){line->text, line->n}, 5));
    char **hints = grow_list(item->hints, item->hint_count, sizeof *hints, reader->err);
    if (hints == NULL) return false;
    item->hints = hints;
    Place *places = grow_list(item->hint_places, item->hint_count, sizeof *places, reader->err);
    if (places == NULL) return false;
    item->hint_places = places;
    if (part.n == 0) complain(reader->complaints, line->place, tr("an empty hint"));
    if (!read_piece(reader, line, part, &hints[item->hint_count], &places[item->hint_count])) {
        return false;
    }
    item->hint_count++;
    return true;
}

static bool read_quiz_line(LessonReader *reader, const Joined *line, Item *item)
{
    Slice text = {line->text, line->n};
    if (slice_starts(text, "[ ]") || slice_starts(text, "[x]") || slice_starts(text, "[X]")) {
        return read_quiz_choice(reader, line, item);
    }
    if (slice_starts(text, "hint:")) return read_hint(reader, line, item);
    odd_line(reader, line, tr("after the question: [ ] TEXT -> FEEDBACK, [x] TEXT, hint:"));
    return true;
}

/* ---- both ------------------------------------------------------------------------------- */

typedef bool LineReader(LessonReader *reader, const Joined *line, Item *item);

static bool read_lines(LessonReader *reader, Index from, Index to, Item *item, LineReader *read)
{
    if (!read_question(reader, &from, to, item)) return false;
    for (;;) {
        Joined line;
        if (!read_joined(reader, &from, to, &line)) return false;
        if (line.text == NULL) return true;
        bool ok = read(reader, &line, item);
        mem_free(line.text);
        if (!ok) return false;
    }
}

bool read_predict(LessonReader *reader, Index from, Index to, Item *item)
{
    return read_lines(reader, from, to, item, read_predict_line);
}

bool read_quiz(LessonReader *reader, Index from, Index to, Item *item)
{
    return read_lines(reader, from, to, item, read_quiz_line);
}
