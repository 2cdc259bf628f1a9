/* Blocks of one thing a line: run, plot, assert. */

#include <string.h>

#include "core/base/mem.h"
#include "lessons/engine/lesson_parts.h"

typedef bool LineReader(LessonReader *reader, const Joined *line, Item *item);

/* A translation's block stands for the lesson's own, so it is empty. */
static bool read_lines(LessonReader *reader, Index from, Index to, Item *item, LineReader *read)
{
    bool own = reader->lesson->lang[0] == '\0';
    for (bool empty = true;; empty = false) {
        Joined line;
        if (!read_joined(reader, &from, to, &line)) return false;
        if (line.text == NULL) {
            if (empty && own) complain(reader->complaints, item->place, tr("an empty block"));
            return true;
        }
        bool ok = true;
        if (own) {
            ok = read(reader, &line, item);
        } else {
            complain_hint(complain(reader->complaints, line.place,
                                   tr("commands, plots and asserts stay in the lesson itself")),
                          "%s", tr("leave the fence empty; its id says which one it is"));
        }
        mem_free(line.text);
        if (!ok) return false;
    }
}

/* ---- run -------------------------------------------------------------------------------- */

/* "NAME =" of a command that cannot be read: what asks for NAME is not at fault. */
static bool note_broken(LessonReader *reader, const Joined *line)
{
    Lesson *lesson = reader->lesson;
    Slice   name, rest;
    if (!slice_cut((Slice){line->text, line->n}, "=", false, &name, &rest)) return true;
    char **list = grow_list(lesson->broken, lesson->broken_count, sizeof *list, reader->err);
    if (list == NULL) return false;
    lesson->broken = list;
    list[lesson->broken_count] = slice_copy(name, reader->err);
    return list[lesson->broken_count++] != NULL;
}

static bool read_command(LessonReader *reader, const Joined *line, Item *item)
{
    VerbLine **lines = grow_list(item->lines, item->line_count, sizeof *lines, reader->err);
    if (lines == NULL) return false;
    item->lines = lines;
    Place *places = grow_list(item->line_places, item->line_count, sizeof *places, reader->err);
    if (places == NULL) return false;
    item->line_places = places;

    ExprFault fault = {0};
    Error     error = {0};
    VerbLine *parsed = verb_line_parse(line->text, line->n, &fault, &error);
    if (parsed == NULL) {
        Place place = lesson_place_joined(reader->lesson, line->place, fault.at);
        return complain_error(reader->complaints, place, &fault, &error, reader->err) &&
               note_broken(reader, line);
    }
    places[item->line_count] = line->place;
    lines[item->line_count++] = parsed;
    return true;
}

bool read_run(LessonReader *reader, Index from, Index to, Item *item)
{
    return read_lines(reader, from, to, item, read_command);
}

/* ---- plot ------------------------------------------------------------------------------- */

/* The first " word " outside of brackets and quotes. */
static bool cut_word(Slice s, const char *word, Slice *before, Slice *after)
{
    int   depth = 0;
    bool  quoted = false;
    Index n = (Index)strlen(word);
    *before = slice_trim(s);
    *after = slice_from(s, s.n);
    for (Index i = 0; i < s.n; i++) {
        char c = s.text[i];
        if (c == '"') quoted = !quoted;
        if (c == '(' || c == '[' || c == '{') depth++;
        if (c == ')' || c == ']' || c == '}') depth--;
        bool here = !quoted && depth == 0 && c == ' ' && i + n + 1 < s.n &&
                    memcmp(s.text + i + 1, word, (size_t)n) == 0 && s.text[i + n + 1] == ' ';
        if (!here) continue;
        *before = slice_trim((Slice){s.text, i});
        *after = slice_trim(slice_from(s, i + n + 1));
        return true;
    }
    return false;
}

static bool read_band(LessonReader *reader, const Joined *line, Slice band, PlotLine *plot)
{
    Place place;
    if (!read_piece(reader, line, band, &plot->band, &place)) return false;
    if (!slice_is_name(band, "_")) {
        complain_hint(complain(reader->complaints, place, tr("band wants the name of an axis")),
                      "%s", tr("EXPRESSION band seed"));
    }
    return true;
}

/* EXPR [vs EXPR] [band AXIS] [:: LABEL] */
static bool read_plot_line(LessonReader *reader, const Joined *line, Item *item)
{
    PlotLine *list = grow_list(item->plots, item->plot_count, sizeof *list, reader->err);
    if (list == NULL) return false;
    item->plots = list;
    PlotLine *plot = &list[item->plot_count++];
    *plot = (PlotLine){0};

    Slice whole = {line->text, line->n}, drawn, label, rest, band, y, x;
    if (slice_cut(whole, "::", false, &drawn, &label) &&
        !read_piece(reader, line, label, &plot->label, &plot->label_place)) {
        return false;
    }
    if (cut_word(drawn, "band", &rest, &band) && !read_band(reader, line, band, plot)) return false;
    bool versus = cut_word(rest, "vs", &y, &x);
    return read_expr(reader, line, y, &plot->y, &plot->place) &&
           (!versus || read_expr(reader, line, x, &plot->x, &plot->x_place));
}

bool read_plot(LessonReader *reader, Index from, Index to, Item *item)
{
    return read_lines(reader, from, to, item, read_plot_line);
}

/* ---- assert ----------------------------------------------------------------------------- */

/* EXPR [:: REASON] */
static bool read_assert_line(LessonReader *reader, const Joined *line, Item *item)
{
    AssertLine *list = grow_list(item->asserts, item->assert_count, sizeof *list, reader->err);
    if (list == NULL) return false;
    item->asserts = list;
    AssertLine *assert_line = &list[item->assert_count++];
    *assert_line = (AssertLine){0};

    Slice text, reason;
    bool  has = slice_cut((Slice){line->text, line->n}, "::", false, &text, &reason);
    if (has &&
        !read_piece(reader, line, reason, &assert_line->reason, &assert_line->reason_place)) {
        return false;
    }
    return read_piece(reader, line, text, &assert_line->text, &assert_line->place) &&
           read_expr(reader, line, text, &assert_line->expr, &assert_line->place);
}

bool read_assert(LessonReader *reader, Index from, Index to, Item *item)
{
    return read_lines(reader, from, to, item, read_assert_line);
}
