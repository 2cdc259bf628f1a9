/*
 * The body of a lesson, line by line: steps (##), fences, comments, and prose between them. Fences
 * without a word, or of the word "text", are prose: code to be read, not run.
 */

#include <string.h>

#include "core/base/mem.h"
#include "lessons/engine/lesson_parts.h"

/* ---- pieces of the lesson --------------------------------------------------------------- */

static Step *last_step(LessonReader *reader)
{
    Lesson *lesson = reader->lesson;
    return lesson->count > 0 ? &lesson->steps[lesson->count - 1] : NULL;
}

static bool add_step(LessonReader *reader, Slice title, Slice id, Place place)
{
    Lesson *lesson = reader->lesson;
    Step   *list = grow_list(lesson->steps, lesson->count, sizeof *list, reader->err);
    if (list == NULL) return false;
    lesson->steps = list;
    Step *step = &list[lesson->count++];
    *step = (Step){.place = place};
    step->title = slice_copy(title, reader->err);
    step->id = slice_copy(id, reader->err);
    return step->title != NULL && step->id != NULL;
}

/* The step that what comes now belongs to; one without a name where none has begun. */
static bool need_step(LessonReader *reader, Place place)
{
    if (last_step(reader) != NULL) return true;
    complain_hint(complain(reader->complaints, place, tr("something before the first step")), "%s",
                  tr("a step begins with ## Title {#id}; what the lesson is about goes into "
                     "\"summary\""));
    return add_step(reader, slice_of("-"), slice_of("-"), place);
}

static Item *add_item(LessonReader *reader, ItemKind kind, Place place)
{
    if (!need_step(reader, place)) return NULL;
    Step *step = last_step(reader);
    Item *list = grow_list(step->items, step->count, sizeof *list, reader->err);
    if (list == NULL) return NULL;
    step->items = list;
    Item *item = &list[step->count++];
    *item = (Item){.kind = kind, .place = place};
    item->id = mem_strdup("", reader->err);
    item->text = mem_strdup("", reader->err);
    return item->id != NULL && item->text != NULL ? item : NULL;
}

static bool set_text(LessonReader *reader, Item *item, Slice text)
{
    mem_free(item->text);
    item->text = slice_copy(text, reader->err);
    return item->text != NULL;
}

/* ---- prose ------------------------------------------------------------------------------ */

static const char *source_at(const LessonReader *reader, Index line)
{
    const Lesson *lesson = reader->lesson;
    Index         last = line <= lesson->line_count ? line - 1 : lesson->line_count;
    return lesson->source + lesson->line_at[last];
}

/* The source from line `from` up to `end`, without empty lines around it. */
static bool add_prose(LessonReader *reader, Index from, const char *end)
{
    while (from <= reader->lesson->line_count && source_at(reader, from) < end &&
           slice_trim(lesson_line(reader->lesson, from)).n == 0) {
        from++;
    }
    const char *start = source_at(reader, from);
    while (end > start && strchr(" \t\r\n", end[-1]) != NULL) end--;
    if (end <= start) return true;
    Slice text = {start, end - start};
    Slice trimmed = slice_trim(text);
    Item *item = add_item(reader, ITEM_PROSE, lesson_place(reader->lesson, trimmed.text));
    if (item == NULL) return false;
    item->text_line = from;
    return set_text(reader, item, text);
}

/* ---- headings --------------------------------------------------------------------------- */

static Index heading_level(Slice line)
{
    Index level = 0;
    while (level < line.n && line.text[level] == '#') level++;
    return level;
}

/* "Title {#id}" */
static bool read_step(LessonReader *reader, Slice line, Place place)
{
    Slice text = slice_trim(slice_from(line, 2)), title, id;
    Place id_place = place;
    bool  marked = slice_cut(text, "{#", true, &title, &id);
    bool  closed = marked && id.n > 0 && id.text[id.n - 1] == '}';
    if (marked) id_place = lesson_place(reader->lesson, id.text);
    if (closed) id.n--;
    if (!marked) {
        complain_hint(complain(reader->complaints, place, tr("a step without an id")), "%s",
                      tr("write ## Title {#some-id}; the id never changes"));
    } else if (!closed || !slice_is_name(id, "-")) {
        complain_hint(complain(reader->complaints, id_place, tr("\"%.*s\" cannot be an id"),
                               (int)(id.n < 60 ? id.n : 60), id.text),
                      "%s", tr("{#id}: a letter a-z, then letters, digits and -"));
    }
    if (title.n == 0) complain(reader->complaints, place, tr("a step without a title"));
    return add_step(reader, title, closed ? id : slice_of(""), place);
}

/* Takes the line when it is a heading of the lesson's own; *taken. */
static bool read_heading(LessonReader *reader, Slice line, bool *taken)
{
    Index level = heading_level(line);
    Place place = {reader->line, 1};
    *taken = false;
    if (level == 0 || level > 2) return true;
    if (level < line.n && line.text[level] != ' ') {
        complain_hint(
            complain(reader->complaints, place, tr("no blank after %s"), level == 1 ? "#" : "##"),
            "%s", tr("## Title {#id}"));
        return true;
    }
    if (level == 1) {
        complain_hint(complain(reader->complaints, place, tr("a heading of level 1")), "%s",
                      tr("the lesson's title is in the front matter; steps have ##"));
        return true;
    }
    *taken = true;
    return read_step(reader, line, place);
}

/* A line of === or --- makes the paragraph above it a heading, which is hardly meant. */
static void check_underline(LessonReader *reader, Slice line)
{
    Slice text = slice_trim(line);
    if (text.n < 2 || reader->line < 2 || (text.text[0] != '=' && text.text[0] != '-')) return;
    for (Index i = 0; i < text.n; i++) {
        if (text.text[i] != text.text[0]) return;
    }
    Slice above = slice_trim(lesson_line(reader->lesson, reader->line - 1));
    if (above.n == 0 || strchr("#>-*+|`", above.text[0]) != NULL || slice_starts(above, "<!--") ||
        reader->line - 1 == reader->lesson->ends.line) {
        return;
    }
    complain_hint(complain(reader->complaints, (Place){reader->line, 1},
                           tr("this line makes a heading of the one above")),
                  "%s", tr("put an empty line between them, or write ### Heading"));
}

/* GFM has tables of one dash a column, md4c wants three signs. */
static void check_delimiter(LessonReader *reader, Slice line)
{
    Slice rest = slice_trim(line), cell;
    bool  bars = false, dashes = false, thin = false;
    for (Index i = 0; i < rest.n; i++) {
        bars = bars || rest.text[i] == '|';
        dashes = dashes || rest.text[i] == '-';
        if (rest.text[i] == '\0' || strchr("|:- ", rest.text[i]) == NULL) return;
    }
    while (bars && dashes && rest.n > 0) {
        slice_cut(rest, "|", false, &cell, &rest);
        thin = thin || (cell.n > 0 && cell.n < 3);
    }
    if (!thin) return;
    complain_hint(complain(reader->complaints, lesson_place(reader->lesson, slice_trim(line).text),
                           tr("a column of a table with fewer than three signs")),
                  "%s", tr("write | --- | --: | under the header"));
}

/* ---- comments --------------------------------------------------------------------------- */

/* Where a comment begins in the line, or -1; not inside of `code`. */
static Index find_comment(Slice line)
{
    Index ticks = 0;
    for (Index i = 0; i + 4 <= line.n; i++) {
        ticks += line.text[i] == '`';
        if (ticks % 2 == 0 && memcmp(line.text + i, "<!--", 4) == 0) return i;
    }
    return -1;
}

static bool add_comment(LessonReader *reader, Slice body, Place place)
{
    Slice text = slice_trim(body);
    while (text.n > 0 && text.text[0] == '\n') text = slice_trim(slice_from(text, 1));
    while (text.n > 0 && text.text[text.n - 1] == '\n')
        text = slice_trim((Slice){text.text, text.n - 1});
    if (slice_is(text, "pause")) return add_item(reader, ITEM_PAUSE, place) != NULL;
    if (!slice_starts(text, "note:")) {
        Slice first, rest;
        slice_cut(text, "\n", false, &first, &rest);
        complain_hint(complain(reader->complaints, place,
                               tr("a comment of no known kind: \"%.*s\""),
                               (int)(first.n < 40 ? first.n : 40), first.text),
                      "%s", tr("<!-- note: for the presenter --> or <!-- pause -->"));
        return true;
    }
    Slice note = slice_trim(slice_from(text, 5));
    if (note.n == 0) complain(reader->complaints, place, tr("a note without text"));
    Item *item = add_item(reader, ITEM_NOTE, place);
    if (item == NULL) return false;
    item->text_line = lesson_place(reader->lesson, note.text).line;
    return set_text(reader, item, note);
}

/* The comment that begins at `at` of the present line; goes on after it. */
static bool read_comment(LessonReader *reader, Slice line, Index at)
{
    const Lesson *lesson = reader->lesson;
    const char   *start = line.text + at + 4, *end = lesson->source + lesson->source_len;
    Place         place = lesson_place(lesson, line.text + at);
    Slice         body, rest, inner, more;
    bool          found = !reader->comments_open &&
                 slice_cut((Slice){start, end - start}, "-->", false, &body, &rest);
    reader->comments_open = !found;
    if (!found || slice_cut(body, "<!--", false, &inner, &more)) {
        complain_hint(complain(reader->complaints, place, tr("a comment that does not end")), "%s",
                      tr("close it with -->"));
        reader->line++;
        return true;
    }
    /* slice_cut trims, so the comment's end is looked for again. */
    const char *close = body.text + body.n;
    while (memcmp(close, "-->", 3) != 0) close++;
    Index last = lesson_place(lesson, close).line;
    Slice line_of_end = lesson_line(lesson, last);
    Slice after = {close + 3, line_of_end.text + line_of_end.n - (close + 3)};
    if (slice_trim(after).n > 0) {
        complain_hint(complain(reader->complaints, lesson_place(lesson, close + 3),
                               tr("text after a comment")),
                      "%s", tr("a comment ends its line"));
    }
    reader->line = last + 1;
    return add_comment(reader, body, place);
}

/* ---- fences ----------------------------------------------------------------------------- */

typedef struct Fence {
    char  mark;
    Index length, indent;
    Slice info;
} Fence;

static bool is_fence(Slice line, Fence *fence)
{
    Index indent = 0;
    while (indent < line.n && line.text[indent] == ' ') indent++;
    Slice text = slice_trim(slice_from(line, indent));
    *fence = (Fence){.indent = indent};
    if (indent > 3 || text.n < 3 || (text.text[0] != '`' && text.text[0] != '~')) return false;
    fence->mark = text.text[0];
    while (fence->length < text.n && text.text[fence->length] == fence->mark) fence->length++;
    fence->info = slice_trim(slice_from(text, fence->length));
    bool code_span = fence->mark == '`' && fence->info.n > 0 &&
                     memchr(fence->info.text, '`', (size_t)fence->info.n) != NULL;
    return fence->length >= 3 && !code_span;
}

static bool closes(const Fence *open, Slice line)
{
    Fence fence;
    return is_fence(line, &fence) && fence.mark == open->mark && fence.length >= open->length &&
           fence.info.n == 0;
}

/* The line that closes the fence of the present line. Where none does *closed is false, and it is
 * the line before which it must have been meant to: no block holds a step or another fence. */
static Index find_close(LessonReader *reader, const Fence *open, bool block, bool *closed)
{
    const Lesson *lesson = reader->lesson;
    Index         line = reader->line + 1;
    *closed = false;
    for (; line <= lesson->line_count; line++) {
        Fence inner;
        Slice text = lesson_line(lesson, line);
        *closed = closes(open, text);
        if (*closed || (block && slice_starts(text, "## "))) break;
        if (block && is_fence(text, &inner) && inner.mark == open->mark &&
            inner.length >= open->length) {
            break;
        }
    }
    if (!*closed) {
        complain_hint(complain(reader->complaints, (Place){reader->line, 1},
                               tr("a fence that is not closed")),
                      tr("close it with a line of %.*s"),
                      (int)(open->length < 8 ? open->length : 8),
                      open->mark == '`' ? "````````" : "~~~~~~~~");
    }
    return line;
}

static void add_word(LessonReader *reader, Info *info, Slice word)
{
    Place place = lesson_place(reader->lesson, word.text);
    if (info->count == INFO_WORDS) {
        complain(reader->complaints, place, tr("more than %d words after a fence"), INFO_WORDS);
        return;
    }
    InfoWord   *entry = &info->words[info->count++];
    const char *equals = memchr(word.text, '=', (size_t)word.n);
    *entry = (InfoWord){.value = word, .place = place, .value_place = place};
    if (equals == NULL) return;
    entry->key = (Slice){word.text, equals - word.text};
    entry->value = slice_from(word, equals + 1 - word.text);
    if (entry->value.n >= 2 && entry->value.text[0] == '"') {
        entry->value = (Slice){entry->value.text + 1, entry->value.n - 2};
    }
    entry->value_place = lesson_place(reader->lesson, entry->value.text);
}

/* One word: up to a blank outside of quotes. */
static Slice next_word(LessonReader *reader, Slice *rest)
{
    Index i = 0;
    bool  quoted = false;
    for (; i < rest->n && (quoted || rest->text[i] != ' '); i++) {
        if (rest->text[i] == '"') quoted = !quoted;
    }
    Slice word = {rest->text, i};
    if (quoted) {
        complain(reader->complaints, lesson_place(reader->lesson, word.text),
                 tr("a quote that is not closed"));
    }
    *rest = slice_trim(slice_from(*rest, i));
    return word;
}

static void read_info(LessonReader *reader, Slice text, Info *info)
{
    *info = (Info){.place = {reader->line, 1}};
    info->kind = next_word(reader, &text);
    while (text.n > 0) add_word(reader, info, next_word(reader, &text));
}

static bool read_fence(LessonReader *reader, const Fence *fence)
{
    Info  info;
    bool  closed;
    Index from = reader->line + 1;
    if (fence->indent > 0) {
        complain(reader->complaints, (Place){reader->line, 1}, tr("blanks before a block's fence"));
    }
    read_info(reader, fence->info, &info);
    Index to = find_close(reader, fence, true, &closed);
    reader->line = closed ? to + 1 : to;
    Item *item = add_item(reader, ITEM_PROSE, info.place);
    if (item == NULL) return false;
    item->text_line = from;
    return read_block(reader, &info, from, to, item);
}

/* ---- the whole -------------------------------------------------------------------------- */

static bool is_prose_fence(const Fence *fence)
{
    return fence->info.n == 0 || slice_is(fence->info, "text");
}

/* What the present line begins, with the prose before it; *taken when it was more than prose. */
static bool read_line(LessonReader *reader, Index prose, bool *taken)
{
    Slice line = lesson_line(reader->lesson, reader->line);
    Fence fence;
    Index comment = find_comment(line);
    *taken = false;
    if (is_fence(line, &fence)) {
        if (is_prose_fence(&fence)) {
            bool closed;
            reader->line = find_close(reader, &fence, false, &closed) + (closed ? 1 : 0);
            return true;
        }
        *taken = true;
        return add_prose(reader, prose, line.text) && read_fence(reader, &fence);
    }
    if (comment >= 0) {
        *taken = true;
        return add_prose(reader, prose, line.text + comment) && read_comment(reader, line, comment);
    }
    if (slice_starts(line, "#")) {
        bool two = slice_starts(line, "## ") || slice_is(line, "##");
        if (two && !add_prose(reader, prose, line.text)) return false;
        if (!read_heading(reader, line, taken)) return false;
    } else {
        check_underline(reader, line);
        check_delimiter(reader, line);
    }
    reader->line++;
    return true;
}

bool read_body(LessonReader *reader)
{
    Lesson *lesson = reader->lesson;
    Index   prose = reader->line;
    while (reader->line <= lesson->line_count) {
        bool taken;
        if (!read_line(reader, prose, &taken)) return false;
        if (taken) prose = reader->line;
    }
    return add_prose(reader, prose, lesson->source + lesson->source_len);
}
