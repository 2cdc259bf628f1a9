/*
 * Lines of at most so many columns. A line may break at a blank (but see prose_keep.c), and between
 * dense characters (Chinese, Japanese), but not before what closes and not after what opens. A word
 * that is wider than a line is cut.
 *
 * One pass: `place` remembers the last allowed break of the line under way.
 */

#include "lessons/engine/prose_parts.h"

#include <string.h>

#include "core/base/text.h"

/* ---- characters ------------------------------------------------------------------------- */

static bool in_list(const uint32_t *list, uint32_t cp)
{
    while (*list != 0 && *list != cp) list++;
    return *list != 0;
}

bool prose_is_dense(uint32_t cp)
{
    return (cp >= 0x2e80 && cp <= 0xa4cf) ||   /* radicals, kana, ideographs, their punctuation */
           (cp >= 0xf900 && cp <= 0xfaff) ||   /* compatibility ideographs */
           (cp >= 0xfe30 && cp <= 0xfe4f) ||   /* vertical forms */
           (cp >= 0xff00 && cp <= 0xffef) ||   /* full-width forms */
           (cp >= 0x20000 && cp <= 0x3ffff) || /* further ideographs */
           cp == 0x2014 || cp == 0x2026;       /* long dash and ellipsis: wide in Chinese text */
}

/* No line begins with these (closing marks, small kana, marks of repetition). */
static bool closes(uint32_t cp)
{
    static const uint32_t list[] = {
        '!',    ')',    ',',    '.',    ':',    ';',    '?',    ']',    '}',    '%',
        0xb0,   0x2019, 0x201d, 0x2014, 0x2026, 0x2030, 0x3001, 0x3002, 0x3005, 0x3009,
        0x300b, 0x300d, 0x300f, 0x3011, 0x3015, 0x3017, 0x3041, 0x3043, 0x3045, 0x3047,
        0x3049, 0x3063, 0x3083, 0x3085, 0x3087, 0x30a1, 0x30a3, 0x30a5, 0x30a7, 0x30a9,
        0x30c3, 0x30e3, 0x30e5, 0x30e7, 0x30fb, 0x30fc, 0xff01, 0xff05, 0xff09, 0xff0c,
        0xff0e, 0xff1a, 0xff1b, 0xff1f, 0xff3d, 0xff5d, 0xff5e, 0xff61, 0};
    return in_list(list, cp);
}

/* No line ends with these. */
static bool opens(uint32_t cp)
{
    static const uint32_t list[] = {'(',    '[',    '{',    0x2018, 0x201c, 0x3008, 0x300a, 0x300c,
                                    0x300e, 0x3010, 0x3014, 0x3016, 0xff08, 0xff3b, 0xff5b, 0};
    return in_list(list, cp);
}

static bool may_break(uint32_t before, uint32_t after)
{
    if (!prose_is_dense(before) && !prose_is_dense(after)) return false;
    return !opens(before) && !closes(after);
}

/* ---- lines ------------------------------------------------------------------------------ */

/* Where a line may end, and where the next one then goes on. */
typedef struct Place {
    bool  is;
    Index end, resume;
    int   width; /* of text[start, resume) */
} Place;

typedef struct Wrap {
    Str        *out;
    const char *text, *next_indent;
    int         columns, indent_columns;
    Index       start; /* of the line under way, in text */
    int         width; /* of text[start, now) */
    Place       place; /* the last allowed one */
    Place       last;  /* where there is no other: a blank that should be kept */
    bool        any;   /* a line was written */
    uint32_t    before;
    ProseMarks  marks; /* at start */
} Wrap;

static void put_line(Wrap *wrap, Index end)
{
    if (wrap->any) str_add(wrap->out, wrap->next_indent);
    prose_marks_open(wrap->out, &wrap->marks);
    str_add_bytes(wrap->out, wrap->text + wrap->start, end - wrap->start);
    prose_marks_pass(&wrap->marks, wrap->text + wrap->start, end - wrap->start);
    prose_marks_close(wrap->out, &wrap->marks);
    str_add(wrap->out, "\n");
    if (!wrap->any)
        wrap->indent_columns = text_columns(wrap->next_indent, (Index)strlen(wrap->next_indent));
    wrap->any = true;
}

static int room(const Wrap *wrap)
{
    return wrap->columns - wrap->indent_columns;
}

static void begin_line(Wrap *wrap, Index start, int width)
{
    wrap->start = start;
    wrap->width = width;
    wrap->place.is = wrap->last.is = false;
}

/* End the line before text[at], at its last allowed break if it has one. */
static void break_line(Wrap *wrap, Index at)
{
    Place place = wrap->place.is ? wrap->place : wrap->last;
    if (!place.is) place = (Place){true, at, at, wrap->width};
    put_line(wrap, place.end);
    begin_line(wrap, place.resume, wrap->width - place.width);
}

static void hard_break(Wrap *wrap, Index at)
{
    put_line(wrap, at);
    begin_line(wrap, at + 1, 0);
    wrap->before = ' ';
}

/* A break that swallows the blank. */
static void blank_at(Wrap *wrap, Index at, bool kept)
{
    wrap->width++;
    *(kept ? &wrap->last : &wrap->place) = (Place){true, at, at + 1, wrap->width};
    wrap->before = ' ';
}

static void put_char(Wrap *wrap, Index at, uint32_t cp, int width)
{
    bool apart = width > 0 && at > wrap->start && wrap->before != ' ';
    if (apart && may_break(wrap->before, cp)) {
        wrap->place = (Place){true, at, at, wrap->width};
    }
    if (width > 0 && at > wrap->start && wrap->width + width > room(wrap)) break_line(wrap, at);
    wrap->width += width;
    if (width > 0) wrap->before = cp;
}

static void wrap_text(Wrap *wrap, Index n)
{
    for (Index i = 0; i < n;) {
        uint32_t cp;
        int      length = utf8_decode(wrap->text + i, n - i, &cp);
        CHECK(length > 0);
        if (cp == PROSE_BREAK) {
            hard_break(wrap, i);
        } else if (cp == ' ') {
            blank_at(wrap, i, prose_keeps(wrap->text, n, i, room(wrap)));
        } else {
            put_char(wrap, i, cp, text_columns(wrap->text + i, length));
        }
        i += length;
    }
    if (wrap->start < n || !wrap->any) put_line(wrap, n);
}

/* Single blanks between words, none at the ends of lines. */
static void flatten(Str *flat, const char *text, Index n)
{
    bool blank = false;
    for (Index i = 0; i < n; i++) {
        char c = text[i];
        if (c == ' ' || c == '\n' || c == '\t') {
            blank = true;
            continue;
        }
        bool at_start = flat->len == 0 || flat->data[flat->len - 1] == PROSE_BREAK;
        if (blank && !at_start && c != PROSE_BREAK) str_add_bytes(flat, " ", 1);
        str_add_bytes(flat, &c, 1);
        blank = false;
    }
}

void prose_used(Str *out, Str *scratch)
{
    if (scratch->failed) out->failed = true;
    str_free(scratch);
}

/* Indents leave at least half of the line. */
static void wrap_lines(Str *out, const char *text, Index n, const char *first, const char *next,
                       int columns)
{
    Str  flat = {0};
    Wrap wrap = {.out = out,
                 .next_indent = next,
                 .columns = columns,
                 .indent_columns = text_columns(first, (Index)strlen(first)),
                 .before = ' '};
    flatten(&flat, text, n);
    wrap.text = str_text(&flat);
    str_add(out, first);
    if (!flat.failed) wrap_text(&wrap, flat.len);
    prose_used(out, &flat);
}

void prose_wrap_safe(Str *out, const char *text, Index n, const char *first, const char *next,
                     int columns)
{
    if (columns < PROSE_MIN_COLUMNS) columns = PROSE_MIN_COLUMNS;
    if (text_columns(first, (Index)strlen(first)) > columns / 2) first = "";
    if (text_columns(next, (Index)strlen(next)) > columns / 2) next = "";
    wrap_lines(out, text, n, first, next, columns);
}

void prose_wrap_column(Str *out, const char *text, Index n, int width)
{
    wrap_lines(out, text, n, "", "", width);
}

void prose_wrap(Str *out, const char *text, Index n, const char *first, const char *next,
                int columns)
{
    Str safe = {0};
    safe_text(&safe, text, n, true, 0);
    prose_wrap_safe(out, str_text(&safe), safe.len, first, next, columns);
    prose_used(out, &safe);
}

/* One line of [from, to), what holds there taken along. */
static void put_cut(Str *out, const char *text, Index n, const char *indent, ProseMarks *marks)
{
    str_add(out, indent);
    prose_marks_open(out, marks);
    for (Index i = 0; i < n; i++) str_add_bytes(out, text[i] == '\t' ? " " : text + i, 1);
    prose_marks_pass(marks, text, n);
    prose_marks_close(out, marks);
    str_add(out, "\n");
}

void prose_cut_lines(Str *out, const char *text, Index n, const char *indent, int columns)
{
    int        width = columns < PROSE_MIN_COLUMNS ? PROSE_MIN_COLUMNS : columns;
    int        used = 0;
    Index      start = 0;
    ProseMarks marks = {0};
    width -= text_columns(indent, (Index)strlen(indent));
    for (Index i = 0; i < n;) {
        uint32_t cp;
        int      length = utf8_decode(text + i, n - i, &cp);
        CHECK(length > 0);
        int wide = cp == '\n' ? 0 : cp == '\t' ? 1 : text_columns(text + i, length);
        if (cp == '\n' || (used > 0 && used + wide > width)) {
            put_cut(out, text + start, i - start, indent, &marks);
            start = cp == '\n' ? i + 1 : i;
            used = 0;
        }
        used += wide;
        i += length;
    }
    put_cut(out, text + start, n - start, indent, &marks);
}
