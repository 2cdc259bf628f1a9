/* Text becomes lines: prose is wrapped by the engine, whose marks of style end up as pieces. */

#include <string.h>

#include "app/view/look_parts.h"
#include "app/view/page_parts.h"
#include "lessons/engine/prose.h"

/* ---- marks ------------------------------------------------------------------------------ */

/* The style that a mark begins. Code has no colour of its own: it would be taken for a curve. */
static Piece mark_style(char mark, Ink plain, bool measured)
{
    switch (mark) {
    case PROSE_MARK_EMPHASIS:
        return (Piece){.ink = INK_STRONG, .measured = measured};
    case PROSE_MARK_STRONG:
        return (Piece){.ink = INK_STRONG, .bold = true, .measured = measured};
    case PROSE_MARK_CODE:
        return (Piece){.ink = plain, .bold = true, .measured = measured};
    case PROSE_MARK_DIM:
        return (Piece){.ink = INK_DIM, .measured = measured};
    default:
        return (Piece){.ink = plain, .measured = measured};
    }
}

static bool is_style(char c)
{
    return c >= PROSE_MARK_PLAIN && c <= PROSE_MARK_DIM;
}

static bool is_mark(char c)
{
    return is_style(c) || c == PROSE_MARK_MEASURED || c == PROSE_MARK_GIVEN;
}

/* One line of marked text, without its newline. */
static void add_line(Page *page, const char *text, Index n, Ink ink)
{
    Line *line = page_add(page);
    char  style = PROSE_MARK_PLAIN;
    bool  measured = false;
    if (line == NULL) return;
    Index at = 0;
    while (at < n && text[at] == ' ') at++;
    line->indent = (int)at;
    while (at < n) {
        Index end = at;
        while (end < n && !is_mark(text[end])) end++;
        page_piece(page, line, text + at, end - at, mark_style(style, ink, measured));
        for (; end < n && is_mark(text[end]); end++) {
            if (is_style(text[end])) {
                style = text[end];
            } else {
                measured = text[end] == PROSE_MARK_MEASURED;
            }
        }
        at = end;
    }
}

static void add_lines(Page *page, Str *marked, Ink ink)
{
    page->failed = page->failed || marked->failed;
    const char *text = str_text(marked);
    while (*text != '\0') {
        Index n = (Index)strcspn(text, "\n");
        add_line(page, text, n, ink);
        text += text[n] == '\n' ? n + 1 : n;
    }
    str_free(marked);
}

/* ---- text ------------------------------------------------------------------------------- */

void page_prose(Page *page, const Look *look, const char *markdown, int cols)
{
    Prose prose = {0};
    Error err = {0};
    Str   marked = {0};
    if (prose_parse(&prose, markdown, (Index)strlen(markdown), &err)) {
        prose_marked(&marked, &prose, cols, look->ascii);
    } else if (err.code == ERR_MEMORY) {
        page->failed = true;
    } else { /* too much of it: shown as it was written */
        prose_lines_marked(&marked, markdown, (Index)strlen(markdown), cols, look->ascii);
    }
    add_lines(page, &marked, INK_PLAIN);
    prose_free(&prose);
}

/* Where a line ends amid what was measured, the next one goes on with it. */
static bool ends_measured(const char *text, Index n, bool measured)
{
    for (Index i = 0; i + 3 <= n; i++) {
        if (memcmp(text + i, MEASURED_BEGIN, 3) == 0) measured = true;
        if (memcmp(text + i, MEASURED_END, 3) == 0) measured = false;
    }
    return measured;
}

/* Line after line of a text, each handed to a writer of marked text. */
typedef struct Wrapping {
    const char *first, *next; /* NULL: lines stay as they are */
    int         cols;
    bool        ascii;
} Wrapping;

static void wrap_line(Str *out, const Wrapping *how, const Str *line, bool is_first)
{
    if (how->first == NULL) {
        prose_lines_marked(out, str_text(line), line->len, how->cols, how->ascii);
    } else {
        prose_wrap_marked(out, str_text(line), line->len, is_first ? how->first : how->next,
                          how->next, how->cols, how->ascii);
    }
    out->failed = out->failed || line->failed;
}

static void wrap_text(Str *out, const Wrapping *how, const char *text)
{
    bool measured = false, is_first = true;
    for (;;) {
        Index n = (Index)strcspn(text, "\n");
        Str   line = {0};
        if (measured) str_add(&line, MEASURED_BEGIN);
        str_add_bytes(&line, text, n);
        wrap_line(out, how, &line, is_first);
        str_free(&line);
        measured = ends_measured(text, n, measured);
        is_first = false;
        if (text[n] == '\0' || text[n + 1] == '\0') break;
        text += n + 1;
    }
}

void page_mark(Page *page, const Look *look, Ink ink, const char *first, const char *next,
               const char *text, int cols)
{
    Str      marked = {0}, safe_first = {0}, safe_next = {0};
    Wrapping how = {.cols = cols, .ascii = look->ascii};
    look_clean(look, &safe_first, first);
    look_clean(look, &safe_next, next);
    how.first = str_text(&safe_first);
    how.next = str_text(&safe_next);
    wrap_text(&marked, &how, text);
    marked.failed = marked.failed || safe_first.failed || safe_next.failed;
    add_lines(page, &marked, ink);
    str_free(&safe_first);
    str_free(&safe_next);
}

enum { INDENT_MAX = 40 };

static void blanks(char indent[INDENT_MAX + 1], int n)
{
    if (n < 0) n = 0;
    if (n > INDENT_MAX) n = INDENT_MAX;
    memset(indent, ' ', (size_t)n);
    indent[n] = '\0';
}

void page_text(Page *page, const Look *look, Ink ink, const char *text, int cols, int first,
               int next)
{
    char first_indent[INDENT_MAX + 1], next_indent[INDENT_MAX + 1];
    blanks(first_indent, first);
    blanks(next_indent, next);
    page_mark(page, look, ink, first_indent, next_indent, text, cols);
}

void page_lines(Page *page, const Look *look, Ink ink, const char *text, int cols, int indent)
{
    Str      marked = {0};
    Wrapping how = {.cols = cols - indent, .ascii = look->ascii};
    Index    from = page->count;
    wrap_text(&marked, &how, text);
    add_lines(page, &marked, ink);
    for (Index i = from; i < page->count; i++) page->lines[i].indent += indent;
}
