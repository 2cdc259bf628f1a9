/* Pieces of a lesson's source, and the places they come from. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "lessons/engine/lesson_parts.h"

/* ---- slices ----------------------------------------------------------------------------- */

Slice slice_of(const char *text)
{
    return (Slice){text, (Index)strlen(text)};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

Slice slice_trim(Slice s)
{
    while (s.n > 0 && is_blank(s.text[0])) s = slice_from(s, 1);
    while (s.n > 0 && is_blank(s.text[s.n - 1])) s.n--;
    return s;
}

bool slice_is(Slice s, const char *word)
{
    return s.n == (Index)strlen(word) && memcmp(s.text, word, (size_t)s.n) == 0;
}

bool slice_starts(Slice s, const char *word)
{
    Index n = (Index)strlen(word);
    return s.n >= n && memcmp(s.text, word, (size_t)n) == 0;
}

Slice slice_from(Slice s, Index at)
{
    return (Slice){s.text + at, s.n - at};
}

bool slice_cut(Slice s, const char *divider, bool last, Slice *before, Slice *after)
{
    Index n = (Index)strlen(divider), found = -1;
    for (Index i = 0; i + n <= s.n; i++) {
        if (memcmp(s.text + i, divider, (size_t)n) != 0) continue;
        found = i;
        if (!last) break;
    }
    *before = slice_trim(found < 0 ? s : (Slice){s.text, found});
    *after = slice_trim(found < 0 ? slice_from(s, s.n) : slice_from(s, found + n));
    return found >= 0;
}

bool slice_number(Slice s, double *number)
{
    char  text[64], *end;
    Index n = s.n;
    if (n == 0 || n >= (Index)sizeof text || is_blank(s.text[0])) return false;
    memcpy(text, s.text, (size_t)n);
    text[n] = '\0';
    /* strtod also takes "inf", "nan" and "0x10". */
    if (strspn(text, "+-.0123456789eE") != (size_t)n) return false;
    *number = strtod(text, &end);
    return end == text + n && isfinite(*number);
}

char *slice_copy(Slice s, Error *err)
{
    Str copy = {0};
    str_add_bytes(&copy, s.text, s.n);
    return str_take(&copy, err);
}

bool slice_is_name(Slice s, const char *more)
{
    if (s.n == 0 || s.n > 40 || s.text[0] < 'a' || s.text[0] > 'z') return false;
    for (Index i = 1; i < s.n; i++) {
        char c = s.text[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!plain && (c == '\0' || strchr(more, c) == NULL)) return false;
    }
    return true;
}

void *grow_list(void *list, Index count, size_t size, Error *err)
{
    bool full = count == 0 || (count >= 4 && (count & (count - 1)) == 0);
    if (!full) return list;
    return mem_resize(list, mem_program(), MEM_TEXT, count == 0 ? 4 : 2 * count, (Index)size, err);
}

/* ---- places ----------------------------------------------------------------------------- */

Slice lesson_line(const Lesson *lesson, Index line)
{
    Index from = lesson->line_at[line - 1], to = lesson->line_at[line];
    while (to > from && (lesson->source[to - 1] == '\n' || lesson->source[to - 1] == '\r')) to--;
    return (Slice){lesson->source + from, to - from};
}

static Index characters(const char *text, Index n)
{
    Index count = 0;
    for (Index i = 0; i < n; i++) count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

Place lesson_place(const Lesson *lesson, const char *at)
{
    Index offset = at - lesson->source, lo = 0, hi = lesson->line_count;
    CHECK(offset >= 0 && offset <= lesson->source_len);
    while (hi - lo > 1) {
        Index middle = (lo + hi) / 2;
        if (lesson->line_at[middle] <= offset)
            lo = middle;
        else
            hi = middle;
    }
    Index from = lesson->line_at[lo];
    return (Place){lo + 1, characters(lesson->source + from, offset - from) + 1};
}

Index slice_byte(Slice line, Index col)
{
    Index i = 0;
    for (Index passed = 1; i < line.n && passed < col; passed++) {
        do i++;
        while (i < line.n && ((unsigned char)line.text[i] & 0xc0) == 0x80);
    }
    return i;
}

Place lesson_place_joined(const Lesson *lesson, Place start, Index offset)
{
    if (start.line < 1 || start.line > lesson->line_count) return start;
    Slice piece = lesson_line(lesson, start.line);
    piece = slice_from(piece, slice_byte(piece, start.col));
    Slice kept = slice_trim(piece);
    Index line = start.line;
    while (offset > kept.n && line < lesson->line_count) {
        offset -= kept.n + 1;
        kept = slice_trim(lesson_line(lesson, ++line));
    }
    return lesson_place(lesson, kept.text + (offset < kept.n ? offset : kept.n));
}

Place lesson_place_raw(Index line, const char *text, Index offset)
{
    Index n = (Index)strlen(text), from = 0;
    if (offset > n) offset = n;
    for (Index i = 0; i < offset; i++) {
        if (text[i] != '\n') continue;
        line++;
        from = i + 1;
    }
    return (Place){line, characters(text + from, offset - from) + 1};
}
