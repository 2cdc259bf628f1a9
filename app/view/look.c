/* The small parts: text on one line, rules, bars, signs, rectangles. */

#include "app/view/look.h"

#include <math.h>
#include <string.h>

#include "app/view/look_parts.h"
#include "core/base/text.h"
#include "lessons/engine/prose.h"

/* ---- text ------------------------------------------------------------------------------- */

Ink look_ink(const Look *look, Ink ink)
{
    return look->projector && ink == INK_DIM ? INK_PLAIN : ink;
}

/* What was just written, as a projector shows it. */
static void finish(const Look *look, Grid *grid, int row, int col, int cols)
{
    if (look->projector) grid_bold(grid, (Rect){row, col, 1, cols});
}

static void add_clean(const Look *look, Str *out, const char *text, Index n)
{
    Str spelled = {0};
    if (look->ascii) {
        prose_ascii(&spelled, text, n);
        text = str_text(&spelled);
        n = spelled.len;
    }
    safe_text(out, text, n, false, 0);
    out->failed = out->failed || spelled.failed;
    str_free(&spelled);
}

/* Length of the mark of measurement at text, 0 when there is none. */
static Index mark_length(const char *text)
{
    bool is = strncmp(text, MEASURED_BEGIN, 3) == 0 || strncmp(text, MEASURED_END, 3) == 0;
    return is ? 3 : 0;
}

static Index plain_length(const char *text)
{
    Index n = 0;
    while (text[n] != '\0' && mark_length(text + n) == 0) n++;
    return n;
}

void look_clean(const Look *look, Str *out, const char *text)
{
    while (*text != '\0') {
        Index n = plain_length(text);
        add_clean(look, out, text, n);
        text += n;
        text += mark_length(text);
    }
}

static int columns(const Str *text)
{
    return text_columns(str_text(text), text->len);
}

/* The columns [0, used) of a text that is on the grid, where its marks say so. */
static void mark_measured(const Look *look, Grid *grid, int row, int col, int used,
                          const char *text)
{
    Str  before = {0};
    bool measured = false;
    while (*text != '\0') {
        Index n = plain_length(text);
        int   from = columns(&before);
        add_clean(look, &before, text, n);
        int to = columns(&before) < used ? columns(&before) : used;
        if (measured && from < to) grid_measured(grid, (Rect){row, col + from, 1, to - from});
        text += n;
        measured = strncmp(text, MEASURED_BEGIN, 3) == 0;
        text += mark_length(text);
    }
    grid->failed = grid->failed || before.failed;
    str_free(&before);
}

int look_text(const Look *look, Grid *grid, int row, int col, int cols, Ink ink, const char *text)
{
    Str  clean = {0};
    bool marked = text[plain_length(text)] != '\0';
    look_clean(look, &clean, text);
    int used = grid_text(grid, row, col, cols, look_ink(look, ink), str_text(&clean));
    grid->failed = grid->failed || clean.failed;
    if (marked) mark_measured(look, grid, row, col, used, text);
    finish(look, grid, row, col, used);
    str_free(&clean);
    return used;
}

int look_textf(const Look *look, Grid *grid, int row, int col, int cols, Ink ink, const char *fmt,
               ...)
{
    Str     text = {0};
    va_list args;
    va_start(args, fmt);
    str_vaddf(&text, fmt, args);
    va_end(args);
    grid->failed = grid->failed || text.failed;
    int used = look_text(look, grid, row, col, cols, ink, str_text(&text));
    str_free(&text);
    return used;
}

int look_number(const Look *look, Grid *grid, int row, int col, int cols, Ink ink, const char *fmt,
                ...)
{
    Str     text = {0};
    va_list args;
    va_start(args, fmt);
    str_vaddf(&text, fmt, args);
    va_end(args);
    grid->failed = grid->failed || text.failed;
    int used = look_text(look, grid, row, col, cols, ink, str_text(&text));
    grid_measured(grid, (Rect){row, col, 1, used});
    str_free(&text);
    return used;
}

/* Shown as it is. */
static bool is_clean(const Look *look, const char *text)
{
    Index n = (Index)strlen(text);
    for (Index i = 0; i < n;) {
        uint32_t cp;
        int      length = utf8_decode(text + i, n - i, &cp);
        if (length < 0 || text_is_hidden(cp) || (look->ascii && cp >= 0x80)) return false;
        i += length;
    }
    return true;
}

int look_columns(const Look *look, const char *text)
{
    Str clean = {0};
    int wide = text_columns(text, (Index)strlen(text));
    if (is_clean(look, text)) return wide;
    look_clean(look, &clean, text);
    if (!clean.failed) wide = columns(&clean);
    str_free(&clean);
    return wide;
}

int look_right(const Look *look, Grid *grid, int row, int col, int cols, Ink ink, const char *text)
{
    int wide = look_columns(look, text);
    if (wide > cols) wide = cols;
    return wide <= 0 ? 0 : look_text(look, grid, row, col - wide, wide, ink, text);
}

/* ---- lines and bars --------------------------------------------------------------------- */

bool look_plain_signs(const Look *look)
{
    return look->ascii || look->charset == CHARSET_ASCII;
}

void look_rule(const Look *look, Grid *grid, int row, int col, int cols)
{
    uint32_t cp = look_plain_signs(look) ? '-' : 0x2500;
    for (int i = 0; i < cols; i++) grid_put(grid, row, col + i, cp, look_ink(look, INK_DIM));
}

void look_divider(const Look *look, Grid *grid, int row, int col, int rows)
{
    uint32_t cp = look_plain_signs(look) ? '|' : 0x2502;
    for (int i = 0; i < rows; i++) grid_put(grid, row + i, col, cp, look_ink(look, INK_DIM));
}

/* Anything above nothing shows at least its thinnest piece. */
void look_bar(const Look *look, Grid *grid, int row, int col, int cols, double share, Ink ink)
{
    if (!(share > 0.0) || cols <= 0) return;
    if (share > 1.0) share = 1.0;
    bool plain = look_plain_signs(look);
    int  parts = plain ? 1 : 8, filled = (int)lround(share * cols * parts);
    for (int i = 0; i < cols && i < filled / parts; i++) {
        grid_put(grid, row, col + i, plain ? '#' : 0x2588, ink);
    }
    int rest = filled % parts, at = filled / parts;
    if (filled == 0) rest = 1;
    if (rest == 0) return;
    grid_put(grid, row, col + at, plain ? ':' : 0x2590u - (uint32_t)rest, ink);
}

const char *look_sign(const Look *look, Sign sign)
{
    static const char *const signs[][2] = {
        [SIGN_HERE] = {"▸", ">"}, [SIGN_DONE] = {"✓", "*"},  [SIGN_BEGUN] = {"◐", "~"},
        [SIGN_OPEN] = {"○", "o"}, [SIGN_WRONG] = {"✗", "x"}, [SIGN_UP] = {"▴", "^"},
        [SIGN_DOWN] = {"▾", "v"}, [SIGN_RUN] = {"▶", ">"},   [SIGN_PAUSE] = {"‖", "="}};
    return signs[sign][look_plain_signs(look) ? 1 : 0];
}

void look_scroll(const Look *look, Grid *grid, Rect area, int top, int total)
{
    int col = area.col + area.cols - 1;
    if (area.rows <= 0 || area.cols <= 0) return;
    if (top > 0) look_text(look, grid, area.row, col, 1, INK_DIM, look_sign(look, SIGN_UP));
    if (top + area.rows < total) {
        look_text(look, grid, area.row + area.rows - 1, col, 1, INK_DIM,
                  look_sign(look, SIGN_DOWN));
    }
}

/* ---- rectangles ------------------------------------------------------------------------- */

static int within(int value, int most)
{
    return value < 0 ? 0 : value > most ? most : value;
}

Rect rect_rows(Rect area, int from, int rows)
{
    from = within(from, area.rows);
    return (Rect){area.row + from, area.col, within(rows, area.rows - from), area.cols};
}

Rect rect_cols(Rect area, int from, int cols)
{
    from = within(from, area.cols);
    return (Rect){area.row, area.col + from, area.rows, within(cols, area.cols - from)};
}

Rect rect_inset(Rect area, int rows, int cols)
{
    Rect inner = rect_rows(area, rows, area.rows - 2 * rows);
    return rect_cols(inner, cols, area.cols - 2 * cols);
}

bool rect_inside(Rect inner, Rect outer)
{
    return inner.row >= outer.row && inner.col >= outer.col && inner.rows >= 0 && inner.cols >= 0 &&
           inner.row + inner.rows <= outer.row + outer.rows &&
           inner.col + inner.cols <= outer.col + outer.cols;
}

bool rect_overlap(Rect a, Rect b)
{
    bool empty = a.rows <= 0 || a.cols <= 0 || b.rows <= 0 || b.cols <= 0;
    return !empty && a.row < b.row + b.rows && b.row < a.row + a.rows && a.col < b.col + b.cols &&
           b.col < a.col + a.cols;
}
