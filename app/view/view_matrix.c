/* Where the parts of the matrix view lie, the singular values as bars, the list of matrices. */

#include "app/view/view_matrix.h"

#include <math.h>
#include <string.h>

#include "app/view/look_parts.h"
#include "core/base/text.h"

enum {
    MIN_ROWS = 6,
    MIN_COLS = 24,
    SLOT_MOST = 10,
    SLOT_LEAST = 7,
    SIDE_LEAST = 38, /* columns of values beside the matrix */
    BELOW_LEAST = 7, /* rows of values below it */
    LEFT_LEAST = 24,
    WAITING_ROWS = 3,
    MARGIN = 2,
    HEAT_ROWS = 20,
    VALUES_MOST = 96, /* columns of values: longer bars only lead their numbers away */
    BARS_MOST = 24    /* more are a chart */
};

/* ---- layout ----------------------------------------------------------------------------- */

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Columns of a cell so that all fit, 0: they do not. */
static int slot_for(const MatrixView *view, int cols)
{
    if (view->cols <= 0 || view->cols > cols) return 0;
    int slot = cols / (int)view->cols;
    return slot < SLOT_LEAST ? 0 : least(slot, SLOT_MOST);
}

static bool looks_at_cut(const MatrixView *view)
{
    return view->pane == MATRIX_RANK && view->r > 0;
}

/* As many of them in a column of the screen as it holds: the matrix, the cut one, what is left. */
static void place_matrices(const MatrixView *view, MatrixLayout *at, Rect column)
{
    int each = at->cells ? (int)view->rows + 2 : HEAT_ROWS;
    int fit = view->r > 0 ? least((column.rows + 1) / (each + 1), 3) : 1;
    if (fit < 2) {
        *(looks_at_cut(view) ? &at->cut : &at->matrix) = column;
        return;
    }
    int rows = at->cells ? each : (column.rows - fit + 1) / fit;
    at->matrix = rect_rows(column, 0, rows);
    at->cut = rect_rows(column, rows + 1, rows);
    if (fit == 3) at->rest = rect_rows(column, 2 * rows + 2, rows);
}

static void place_values(const MatrixView *view, MatrixLayout *at, Rect column)
{
    int facts = least(matrix_fact_rows(view, column.cols), column.rows);
    int above = column.rows - facts - 1;
    int bars = (int)view->count + 1;
    int wanted = view->count <= BARS_MOST && bars <= above ? bars : above;
    if (view->s == NULL) wanted = WAITING_ROWS; /* what is done meanwhile */
    if (wanted < 2) wanted = 0;
    at->spectrum = rect_rows(column, 0, wanted);
    at->facts = rect_rows(column, wanted > 0 ? wanted + 1 : 0, facts);
}

static void lay_beside(const MatrixView *view, MatrixLayout *at, Rect area, int left)
{
    at->mode = MATRIX_BESIDE;
    place_matrices(view, at, rect_cols(area, 0, left));
    place_values(view, at, rect_cols(area, left + 3, least(area.cols - left - 3, VALUES_MOST)));
}

/* Columns of the left part: the cells, and what stands above them. */
static int left_columns(const MatrixView *view, int cells, int most)
{
    Str text = {0};
    matrix_heading(&text, view);
    int wanted = text_columns(str_text(&text), text.len);
    str_free(&text);
    if (wanted < LEFT_LEAST) wanted = LEFT_LEAST; /* "cut to rank 12, 12 × 12" */
    if (wanted > most) wanted = most;
    return cells > wanted ? cells : wanted;
}

/* The matrix over the whole width; bars and facts side by side below it, or facts alone. */
static void lay_below(const MatrixView *view, MatrixLayout *at, Rect area)
{
    int top = (int)view->rows + 2, bars = area.cols >= 60 ? area.cols * 2 / 5 : 0;
    at->mode = MATRIX_BELOW;
    *(looks_at_cut(view) ? &at->cut : &at->matrix) = rect_rows(area, 0, top);
    int  gap = top + 1 + (int)view->count + 1 <= area.rows ? 1 : 0;
    Rect rest = rect_rows(area, top + gap, area.rows - top - gap);
    if (bars > 0) at->spectrum = rect_cols(rest, 0, bars);
    at->facts = rect_cols(rest, bars > 0 ? bars + 2 : 0, area.cols);
}

static void lay_alone(const MatrixView *view, MatrixLayout *at, Rect area)
{
    at->mode = MATRIX_ALONE;
    if (view->pane == MATRIX_TOLERANCE) {
        place_values(view, at, area);
    } else {
        place_matrices(view, at, area);
    }
}

MatrixLayout matrix_layout(const MatrixView *view, Rect area)
{
    MatrixLayout at = {0};
    Rect         inner = rect_cols(area, MARGIN, area.cols - 2 * MARGIN);
    if (area.rows < MIN_ROWS || area.cols < MIN_COLS) {
        at.need_rows = MIN_ROWS;
        at.need_cols = MIN_COLS;
        return at;
    }
    int  side = inner.cols >= 96 ? 48 : SIDE_LEAST;
    int  beside = slot_for(view, inner.cols - side), whole = slot_for(view, inner.cols);
    bool tall = view->rows + 2 <= inner.rows;
    if (tall && beside > 0) {
        int left = beside * (int)view->cols;
        at.cells = true;
        at.slot = beside;
        lay_beside(view, &at, inner, left_columns(view, left, inner.cols - side));
    } else if (tall && whole > 0 && view->rows + 2 + BELOW_LEAST <= inner.rows) {
        at.cells = true;
        at.slot = whole;
        lay_below(view, &at, inner);
    } else if (tall && whole > 0) {
        at.cells = true;
        at.slot = whole;
        lay_alone(view, &at, inner);
    } else if (inner.cols >= 2 * SIDE_LEAST - 4) {
        lay_beside(view, &at, inner, (inner.cols - 3) / 2);
    } else {
        lay_alone(view, &at, inner);
    }
    return at;
}

/* ---- singular values -------------------------------------------------------------------- */

static void sigma(Str *out, Index i)
{
    char digits[24];
    int  n = 0;
    for (Index k = i; k > 0; k /= 10) digits[n++] = (char)('0' + k % 10);
    str_add(out, "σ");
    while (n > 0) { /* U+2080 is the small zero */
        char small[4] = {(char)0xE2, (char)0x82, (char)(0x80 + digits[--n] - '0'), '\0'};
        str_add(out, small);
    }
}

/* What lies near the rounding differs from machine to machine. */
static bool is_noise(const MatrixView *view, double s)
{
    return s < 1e-9 * view->s[0];
}

static void draw_bar(const MatrixView *view, const Look *look, Grid *grid, Rect line, Index i)
{
    Str    name = {0};
    char   number[32];
    double s = view->s[i], share = view->s[0] > 0 ? s / view->s[0] : 0;
    bool   dropped = view->r > 0 && i >= view->r;

    sigma(&name, view->count);
    int label = look_columns(look, str_text(&name)) + 3; /* "σ₁₂ - " */
    int bar = line.cols - label - 11;
    str_clear(&name);
    sigma(&name, i + 1);
    look_text(look, grid, line.row, line.col, label - 1, dropped ? INK_DIM : INK_PLAIN,
              str_text(&name));
    if (s <= view->rounding) {
        look_text(look, grid, line.row, line.col + label, bar, INK_DIM, tr("zero to rounding"));
    } else {
        look_bar(look, grid, line.row, line.col + label, bar, share,
                 dropped ? INK_DIM : INK_SERIES_1);
    }
    matrix_number(number, s, 9);
    look_right(look, grid, line.row, line.col + line.cols, 10, dropped ? INK_DIM : INK_PLAIN,
               number);
    if (dropped) look_text(look, grid, line.row, line.col + label - 2, 1, INK_PLAIN, "-");
    if (is_noise(view, s)) {
        grid_measured(grid, (Rect){line.row, line.col + line.cols - 10, 1, 10});
    }
    str_free(&name);
}

static Index above_rounding(const MatrixView *view)
{
    Index count = 0;
    while (count < view->count && view->s[count] > view->rounding) count++;
    return count;
}

static void draw_waiting(const MatrixView *view, const Look *look, Grid *grid, Rect area)
{
    if (!view->working) return;
    int used = look_text(look, grid, area.row, area.col, area.cols, INK_PLAIN,
                         tr("computing the singular values"));
    look_number(look, grid, area.row, area.col + used, area.cols - used, INK_PLAIN, tr(", %d %%"),
                view->percent);
    look_bar(look, grid, area.row + 1, area.col, area.cols, view->percent / 100.0, INK_SERIES_1);
    grid_measured(grid, rect_rows(area, 1, 1));
    look_text(look, grid, area.row + 2, area.col, area.cols, INK_DIM, tr("Esc gives it up"));
}

static void draw_spectrum(const MatrixView *view, const Look *look, Grid *grid, Rect area)
{
    if (area.rows <= 0 || area.cols < 20) return;
    if (view->s == NULL) {
        draw_waiting(view, look, grid, area);
        return;
    }
    Index sound = above_rounding(view), shown = view->count;
    if (view->count >= area.rows) shown = sound + 1 < area.rows ? sound : area.rows - 1;
    bool bars = view->count <= BARS_MOST && (shown == view->count || shown == sound);
    if (!bars && view->spectrum != NULL && area.rows >= 6) {
        look_figure(look, grid, view->spectrum, area);
        return;
    }
    int used =
        look_text(look, grid, area.row, area.col, area.cols, INK_STRONG, tr("singular values"));
    if (shown < view->count && shown != sound) {
        look_textf(look, grid, area.row, area.col + used, area.cols - used, INK_DIM,
                   tr(", the first %td of %td"), shown, view->count);
    } else if (view->r > 0 && view->r < view->count) {
        look_text(look, grid, area.row, area.col + used, area.cols - used, INK_DIM,
                  tr(", - dropped"));
    }
    for (Index i = 0; i < shown; i++) {
        draw_bar(view, look, grid, rect_rows(area, (int)i + 1, 1), i);
    }
    if (shown < view->count && shown == sound) {
        look_textf(look, grid, area.row + 1 + (int)shown, area.col, area.cols, INK_DIM,
                   tr("%td more are zero to rounding"), view->count - shown);
    }
}

/* ---- the list --------------------------------------------------------------------------- */

Index matrix_choice_top(const MatrixView *view, int rows)
{
    Index top = view->choice - rows / 2;
    if (top > view->choice_count - rows) top = view->choice_count - rows;
    return top > 0 ? top : 0;
}

static void draw_choice(MatrixView *view, const Look *look, Grid *grid, Rect line, Index i)
{
    const MatrixChoice *choice = &view->choices[i];
    bool                here = i == view->choice;
    if (choice->heading) {
        look_text(look, grid, line.row, line.col, line.cols, INK_STRONG, choice->label);
        return;
    }
    if (here) {
        look_text(look, grid, line.row, line.col, 2, INK_KEY, look_sign(look, SIGN_HERE));
        view->cursor_row = line.row;
        view->cursor_col = line.col + 2;
    }
    int wide = line.cols > 60 ? 40 : line.cols * 3 / 5;
    int used = look_text(look, grid, line.row, line.col + 2, wide, INK_PLAIN, choice->label);
    if (here) grid_reverse(grid, (Rect){line.row, line.col + 2, 1, used});
    if (choice->detail != NULL) {
        look_text(look, grid, line.row, line.col + wide + 3, line.cols - wide - 4, INK_DIM,
                  choice->detail);
    }
}

static void draw_choices(MatrixView *view, const Look *look, Grid *grid, Rect area)
{
    Rect  inner = rect_cols(area, MARGIN, area.cols - 2 * MARGIN);
    Rect  list = rect_rows(inner, 2, inner.rows - 2);
    Index top = matrix_choice_top(view, list.rows);
    int   used =
        look_text(look, grid, inner.row, inner.col, inner.cols, INK_STRONG, view->choice_title);
    look_text(look, grid, inner.row, inner.col + used + 3, inner.cols - used - 3, INK_DIM,
              tr("Enter takes one, Esc goes back"));
    for (int i = 0; i < list.rows && top + i < view->choice_count; i++) {
        draw_choice(view, look, grid, rect_rows(list, i, 1), top + i);
    }
    look_scroll(look, grid, list, (int)top, (int)view->choice_count);
}

/* ---- all of it -------------------------------------------------------------------------- */

void view_matrix(MatrixView *view, const Look *look, Grid *grid, Rect area)
{
    MatrixLayout at = matrix_layout(view, area);
    view->cursor_row = -1;
    view->cursor_col = 0;
    if (at.need_rows > 0) {
        look_textf(look, grid, area.row, area.col, area.cols, INK_PLAIN,
                   tr("needs %dx%d, has %dx%d"), at.need_cols, at.need_rows, area.cols, area.rows);
        return;
    }
    if (view->choices != NULL) {
        draw_choices(view, look, grid, area);
        return;
    }
    view_matrix_cells(view, look, grid, &at);
    if (at.mode == MATRIX_BESIDE) {
        look_divider(look, grid, area.row, at.facts.col - 2, area.rows);
    }
    if (at.spectrum.rows > 0) draw_spectrum(view, look, grid, at.spectrum);
    if (at.facts.rows > 0) view_matrix_facts(view, look, grid, at.facts);
}
