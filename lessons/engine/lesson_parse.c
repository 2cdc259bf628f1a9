/*
 * Reading a lesson file. Lines, the front matter, steps, fences and comments are told apart here
 * and in lesson_front.c, lesson_body.c and lesson_block*.c, for the exact place of each mistake
 * matters; prose is left to prose.c.
 */

#include <string.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "lessons/engine/lesson_known.h"
#include "lessons/engine/lesson_parts.h"

/* ---- the source ------------------------------------------------------------------------- */

static bool find_lines(Lesson *lesson, Error *err)
{
    Index count = 1;
    for (Index i = 0; i < lesson->source_len; i++) count += lesson->source[i] == '\n';
    lesson->line_at = mem_alloc(mem_program(), MEM_TEXT, count + 1, sizeof *lesson->line_at, err);
    if (lesson->line_at == NULL) return false;

    Index line = 1;
    for (Index i = 0; i < lesson->source_len; i++) {
        if (lesson->source[i] == '\n') lesson->line_at[line++] = i + 1;
    }
    bool ends = lesson->source_len > 0 && lesson->source[lesson->source_len - 1] == '\n';
    lesson->line_count = ends ? count - 1 : count;
    lesson->line_at[lesson->line_count] = lesson->source_len;
    return true;
}

/* "zh" of "rank.zh.md". */
static void find_language(Lesson *lesson)
{
    const char *name = path_base(lesson->path);
    size_t      n = strlen(name);
    if (n < 7 || strcmp(name + n - 3, ".md") != 0 || name[n - 6] != '.') return;
    for (size_t i = n - 5; i < n - 3; i++) {
        if (name[i] < 'a' || name[i] > 'z') return;
    }
    memcpy(lesson->lang, name + n - 5, 2);
}

static Lesson *create(const char *path, const char *text, Index n, Error *err)
{
    Lesson *lesson = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *lesson, err);
    if (lesson == NULL) return NULL;
    lesson->source_len = n;
    lesson->seed = 42;
    lesson->path = mem_strdup(path, err);
    lesson->source = slice_copy((Slice){text, n}, err);
    lesson->id = mem_strdup("", err);
    lesson->title = mem_strdup("", err);
    lesson->summary = mem_strdup("", err);
    lesson->needs = mem_strdup("", err);
    bool ok = lesson->path != NULL && lesson->source != NULL && lesson->id != NULL &&
              lesson->title != NULL && lesson->summary != NULL && lesson->needs != NULL;
    if (ok && find_lines(lesson, err)) {
        find_language(lesson);
        return lesson;
    }
    lesson_free(lesson);
    return NULL;
}

/* ---- bytes ------------------------------------------------------------------------------ */

static const char *name_of_hidden(uint32_t cp)
{
    return cp == '\t'   ? tr("a tab")
           : cp == '\r' ? tr("a carriage return")
           : cp < 0x20  ? tr("a control character")
           : cp == 0x7f ? tr("a control character")
           : cp < 0xa0  ? tr("a control character")
                        : tr("an invisible character");
}

static const char *what_to_do(uint32_t cp)
{
    return cp == '\t'   ? tr("use blanks")
           : cp == '\r' ? tr("save the file with Unix line ends")
                        : tr("delete it");
}

/* One complaint a line, and one for all line ends. */
static void check_characters(LessonReader *reader)
{
    const Lesson *lesson = reader->lesson;
    bool          ends_told = false;
    for (Index i = 0; i < lesson->source_len;) {
        uint32_t    cp;
        const char *at = lesson->source + i;
        int         length = utf8_decode(at, lesson->source_len - i, &cp);
        CHECK(length > 0);
        i += length;
        bool line_end = cp == '\r' && i < lesson->source_len && at[1] == '\n';
        bool mark = cp == 0xfeff && at == lesson->source;
        if (cp == '\n' || !text_is_hidden(cp) || mark || (line_end && ends_told)) continue;
        Complaint *complaint = complain(reader->complaints, lesson_place(lesson, at), "%s (U+%04X)",
                                        name_of_hidden(cp), (unsigned)cp);
        complain_hint(complaint, "%s", what_to_do(cp));
        ends_told = ends_told || line_end;
        while (!line_end && i < lesson->source_len && lesson->source[i] != '\n') i++;
    }
}

static bool is_utf8(LessonReader *reader)
{
    Lesson *lesson = reader->lesson;
    for (Index i = 0; i < lesson->source_len;) {
        uint32_t cp;
        int      length = utf8_decode(lesson->source + i, lesson->source_len - i, &cp);
        if (length > 0) {
            i += length;
            continue;
        }
        Complaint *complaint =
            complain(reader->complaints, lesson_place(lesson, lesson->source + i),
                     tr("byte %td of the file is not UTF-8"), i + 1);
        complain_hint(complaint, "%s", tr("save the file as UTF-8"));
        lesson->unread = true;
        return false;
    }
    return true;
}

static void skip_mark(LessonReader *reader)
{
    Lesson *lesson = reader->lesson;
    if (lesson->source_len < 3 || memcmp(lesson->source, "\xef\xbb\xbf", 3) != 0) return;
    complain_hint(complain(reader->complaints, (Place){1, 1},
                           tr("the file begins with a byte order mark (U+FEFF)")),
                  "%s", tr("save it as UTF-8 without one"));
}

/* ---- curves ----------------------------------------------------------------------------- */

/* The x of each curve with the normal values; what is wrong with them lesson_check tells. */
static bool fill_curves(Lesson *lesson, Error *err)
{
    Known known;
    bool  ok = known_open(&known, lesson, false, err);
    for (Index s = 0; s < lesson->count; s++) {
        for (Index i = 0; ok && i < lesson->steps[s].count; i++) {
            Item *item = &lesson->steps[s].items[i];
            Scope scope = known_scope(&known);
            Error error = {0};
            if (item->at_text == NULL ||
                lesson_numbers(item->at_text, &scope, &item->at, &item->at_count, NULL, &error)) {
                continue;
            }
            ok = error.code == ERR_INPUT || error_set(err, error.code, "%s", error.message);
        }
    }
    known_close(&known);
    return ok;
}

/* ---- the whole -------------------------------------------------------------------------- */

Lesson *lesson_parse(const char *path, const char *text, Index n, Complaints *complaints,
                     Error *err)
{
    if (n > LESSON_MAX_BYTES) {
        error_set(err, ERR_INPUT, tr("%s: a lesson of %td bytes; %d at most"), path, n,
                  LESSON_MAX_BYTES);
        return NULL;
    }
    Lesson *lesson = create(path, text, n, err);
    if (lesson == NULL) return NULL;

    LessonReader reader = {.lesson = lesson, .complaints = complaints, .line = 1, .err = err};
    bool         ok = true;
    if (is_utf8(&reader)) {
        skip_mark(&reader);
        check_characters(&reader);
        ok = read_front(&reader) && read_body(&reader) && fill_curves(lesson, err);
    }
    if (ok && complaints->failed) {
        ok = error_set(err, ERR_MEMORY, tr("out of memory: no room for complaints"));
    }
    if (ok) return lesson;
    lesson_free(lesson);
    return NULL;
}
