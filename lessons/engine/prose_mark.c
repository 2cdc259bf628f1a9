/*
 * Text with marks in it: a byte of control before each change of style, which safe_text lets
 * through from nowhere else, and which takes no column, so that wrapping need not know of it.
 */

#include <string.h>

#include "core/base/text.h"
#include "lessons/engine/prose_parts.h"

static const char measured_begin[] = "\xef\xbf\xb9", measured_end[] = "\xef\xbf\xbb";

void prose_marks_pass(ProseMarks *marks, const char *text, Index n)
{
    for (Index i = 0; i < n; i++) {
        char c = text[i];
        if (c >= PROSE_MARK_PLAIN && c <= PROSE_MARK_DIM) {
            marks->style = c == PROSE_MARK_PLAIN ? '\0' : c;
        } else if (c == PROSE_MARK_MEASURED || c == PROSE_MARK_GIVEN) {
            marks->measured = c == PROSE_MARK_MEASURED;
        }
    }
}

void prose_marks_open(Str *out, const ProseMarks *marks)
{
    if (marks->style != 0) str_add_bytes(out, &marks->style, 1);
    if (marks->measured) str_add_bytes(out, (const char[]){PROSE_MARK_MEASURED}, 1);
}

void prose_marks_close(Str *out, const ProseMarks *marks)
{
    if (marks->style != 0) str_add_bytes(out, (const char[]){PROSE_MARK_PLAIN}, 1);
    if (marks->measured) str_add_bytes(out, (const char[]){PROSE_MARK_GIVEN}, 1);
}

static void add_safe(Str *out, const char *text, Index n, bool ascii)
{
    Str spelled = {0};
    if (ascii) {
        prose_ascii(&spelled, text, n);
        text = str_text(&spelled);
        n = spelled.len;
    }
    safe_text(out, text, n, true, 0);
    prose_used(out, &spelled);
}

void prose_piece(Str *out, const char *text, Index n, const ProseWay *way)
{
    Index start = 0;
    for (Index i = 0; i + 3 <= n; i++) {
        bool begins = memcmp(text + i, measured_begin, 3) == 0;
        if (!begins && memcmp(text + i, measured_end, 3) != 0) continue;
        add_safe(out, text + start, i - start, way->ascii);
        char mark = begins ? PROSE_MARK_MEASURED : PROSE_MARK_GIVEN;
        if (way->marked) str_add_bytes(out, &mark, 1);
        start = i + 3;
        i += 2;
    }
    add_safe(out, text + start, n - start, way->ascii);
}

void prose_wrap_marked(Str *out, const char *text, Index n, const char *first, const char *next,
                       int columns, bool ascii)
{
    Str marked = {0};
    prose_piece(&marked, text, n, &(ProseWay){.ascii = ascii, .marked = true});
    prose_wrap_safe(out, str_text(&marked), marked.len, first, next, columns);
    prose_used(out, &marked);
}

void prose_lines_marked(Str *out, const char *text, Index n, int columns, bool ascii)
{
    Str marked = {0};
    prose_piece(&marked, text, n, &(ProseWay){.ascii = ascii, .marked = true});
    prose_cut_lines(out, str_text(&marked), marked.len, "", columns);
    prose_used(out, &marked);
}

void prose_rule(Str *out, int columns, const ProseWay *way)
{
    bool line = way->marked && !way->ascii;
    if (way->marked) str_add_bytes(out, (const char[]){PROSE_MARK_DIM}, 1);
    for (int i = 0; i < columns; i++) str_add(out, line ? "\xe2\x94\x80" : "-");
    if (way->marked) str_add_bytes(out, (const char[]){PROSE_MARK_PLAIN}, 1);
}
