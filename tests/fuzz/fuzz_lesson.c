/*
 * Any bytes as a lesson, and the same as a translation: read and checked within bounds; what is
 * said of it is safe for a terminal, in order, with places inside the text. Prose of it, wrapped
 * and as HTML, lets nothing hidden through.
 */

#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "lessons/engine/lesson.h"
#include "lessons/engine/prose.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static bool is_safe(const Str *text)
{
    for (Index i = 0; i < text->len;) {
        uint32_t cp;
        int      length = utf8_decode(text->data + i, text->len - i, &cp);
        if (length < 0 || (cp != '\n' && text_is_hidden(cp))) return false;
        i += length;
    }
    return true;
}

static void check_complaints(const Lesson *lesson, const Complaints *complaints)
{
    Str text = {0};
    CHECK(complaints->count <= 100);
    for (Index i = 0; i < complaints->count; i++) {
        Place place = complaints->list[i].place;
        CHECK(place.line >= 1 && place.line <= lesson->line_count && place.col >= 1);
        CHECK(complaints->list[i].message[0] != '\0');
        CHECK(i == 0 || complaints->list[i - 1].place.line <= place.line);
    }
    complaints_text(&text, lesson, complaints);
    CHECK(is_safe(&text));
    str_free(&text);
}

static void check_prose(const char *text)
{
    Error err = {0};
    Prose prose;
    if (!utf8_valid(text, (Index)strlen(text))) return;
    if (!prose_parse(&prose, text, (Index)strlen(text), &err)) {
        CHECK(err.code == ERR_INPUT);
        return;
    }
    for (int ascii = 0; ascii < 2; ascii++) {
        Str out = {0};
        prose_text(&out, &prose, 30, ascii == 1);
        CHECK(is_safe(&out));
        for (Index at = 0; at < out.len;) {
            Index width = (Index)strcspn(out.data + at, "\n");
            CHECK(text_columns(out.data + at, width) <= 31); /* a wide sign may hang over */
            at += width + 1;
        }
        str_free(&out);
    }
    Str html = {0};
    prose_html(&html, &prose);
    CHECK(is_safe(&html) && strstr(str_text(&html), "<script") == NULL);
    str_free(&html);
    prose_free(&prose);
}

static Lesson *read_as(const char *path, const char *text, Index n, Complaints *complaints)
{
    Error   err = {0};
    Lesson *lesson = lesson_parse(path, text, n, complaints, &err);
    CHECK((lesson == NULL) == (n > LESSON_MAX_BYTES));
    if (lesson == NULL) return NULL;
    CHECK(lesson_check(lesson, complaints, &err) && err.code == ERR_NONE);
    check_complaints(lesson, complaints);
    return lesson;
}

static void check_texts(const Lesson *lesson)
{
    for (Index s = 0; s < lesson->count; s++) {
        for (Index i = 0; i < lesson->steps[s].count; i++) {
            check_prose(lesson->steps[s].items[i].text);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    int64_t    live = mem_live_blocks();
    Error      err = {0};
    Complaints own = {0}, other = {0};
    /* A copy of the exact size, so that reading beyond it is seen. */
    char *text = mem_alloc_raw(mem_program(), MEM_TEXT, (Index)n, 1, NULL);
    CHECK(text != NULL);
    if (n > 0) memcpy(text, bytes, n);
    Lesson *lesson = read_as("fuzz.md", text, (Index)n, &own);
    Lesson *translation = read_as("fuzz.zh.md", text, (Index)n, &other);
    mem_free(text);
    if (lesson != NULL && !lesson->unread) {
        check_texts(lesson);
        Lesson *joined = lesson_translate(lesson, translation, &other, &err);
        CHECK(joined != NULL && err.code == ERR_NONE);
        lesson_free(joined);
    }
    lesson_free(lesson);
    lesson_free(translation);
    complaints_free(&own);
    complaints_free(&other);
    CHECK(mem_live_blocks() == live);
    return 0;
}
