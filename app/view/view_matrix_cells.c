/* The matrix itself, as numbers or as shades, and what is said about it in words. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/view/look_parts.h"
#include "app/view/view_matrix.h"

enum { FACTS = 3, CUT_FACTS = 6, LABEL = 16 };

typedef enum Which { THE_MATRIX, THE_CUT, THE_REST } Which;

/* ---- numbers ---------------------------------------------------------------------------- */

void matrix_number(char out[32], double value, int columns)
{
    for (int digits = 6; digits > 0; digits--) {
        if (snprintf(out, 32, "%.*g", digits, value) <= columns) return;
    }
    for (int digits = 3; digits >= 0 && fabs(value) < 1000; digits--) {
        if (snprintf(out, 32, "%.*f", digits, value) <= columns) return;
    }
    snprintf(out, 32, "%s", value < 0 ? "-#" : "#");
}

/* ---- cells ------------------------------------------------------------------------------ */

typedef struct Block {
    const double *values, *minus; /* minus NULL: nothing is taken off */
    bool          selects;        /* else it is the result of arithmetic */
    int           slot;
    double        most;
} Block;

static double largest(const MatrixView *view)
{
    double most = 0;
    for (Index i = 0; i < view->rows * view->cols; i++) most = fmax(most, fabs(view->values[i]));
    return most;
}

static void draw_cell(MatrixView *view, const Look *look, Grid *grid, const Block *block, int row,
                      int col, Index i, Index j)
{
    char        text[32];
    Index       at = i * view->cols + j;
    double      value = block->values[at] - (block->minus != NULL ? block->minus[at] : 0);
    bool        here = block->selects && i == view->row && j == view->col;
    bool        active = here && view->pane == MATRIX_CELLS; /* a field elsewhere may be typed in */
    const char *shown = active && view->typed != NULL ? view->typed : text;

    /* What cancelled to nothing is nothing in four digits. */
    if (!block->selects && fabs(value) < 1e-9 * block->most) value = 0;
    matrix_number(text, value, !block->selects && block->slot > 8 ? 6 : block->slot - 2);
    look_right(look, grid, row, col + block->slot - 1, block->slot - 2,
               here ? INK_STRONG : INK_PLAIN, shown);
    if (!here) return;
    grid_put(grid, row, col, '[', active ? INK_KEY : INK_DIM);
    grid_put(grid, row, col + block->slot - 1, ']', active ? INK_KEY : INK_DIM);
    if (!active) return;
    grid_reverse(grid, (Rect){row, col, 1, block->slot});
    view->cursor_row = row;
    view->cursor_col = col + block->slot - 2;
}

static void draw_block(MatrixView *view, const Look *look, Grid *grid, Rect area,
                       const Block *block)
{
    bool airy = area.rows >= 2 * (int)view->rows + 1;
    for (Index i = 0; i < view->rows; i++) {
        int row = area.row + 2 + (int)i * (airy ? 2 : 1);
        if (row >= area.row + area.rows) break;
        for (Index j = 0; j < view->cols; j++) {
            draw_cell(view, look, grid, block, row, area.col + (int)j * block->slot, i, j);
        }
    }
}

void matrix_heading(Str *out, const MatrixView *view)
{
    const char *name = view->name != NULL ? view->name : "";
    str_addf(out, tr("%s, %td × %td"), name, view->rows, view->cols);
}

static void heading(const MatrixView *view, const Look *look, Grid *grid, Rect area, Which which)
{
    Str text = {0};
    if (which == THE_CUT) {
        str_addf(&text, tr("cut to rank %td, %td × %td"), view->r, view->rows, view->cols);
    } else if (which == THE_REST) {
        str_add(&text, tr("left out by the cut"));
    } else {
        matrix_heading(&text, view);
    }
    look_text(look, grid, area.row, area.col, area.cols, INK_STRONG, str_text(&text));
    grid->failed = grid->failed || text.failed;
    str_free(&text);
}

static void draw_matrix(MatrixView *view, const Look *look, Grid *grid, Rect area,
                        const MatrixLayout *at, Which which)
{
    const Figure *const heats[] = {view->heat, view->heat_cut, view->heat_rest};
    if (area.rows <= 0) return;
    heading(view, look, grid, area, which);
    if (which != THE_MATRIX && view->cut == NULL) {
        look_text(look, grid, area.row + 1, area.col, area.cols, INK_DIM,
                  view->working ? tr("working ...") : tr("too large to be drawn"));
    } else if (at->cells) {
        Block block = {.values = which == THE_CUT ? view->cut : view->values,
                       .minus = which == THE_REST ? view->cut : NULL,
                       .selects = which == THE_MATRIX,
                       .slot = at->slot,
                       .most = largest(view)};
        draw_block(view, look, grid, area, &block);
    } else if (heats[which] != NULL) {
        look_figure(look, grid, heats[which], rect_rows(area, 1, area.rows - 1));
    }
}

void view_matrix_cells(MatrixView *view, const Look *look, Grid *grid, const MatrixLayout *layout)
{
    draw_matrix(view, look, grid, layout->matrix, layout, THE_MATRIX);
    draw_matrix(view, look, grid, layout->cut, layout, THE_CUT);
    draw_matrix(view, look, grid, layout->rest, layout, THE_REST);
}

/* ---- words ------------------------------------------------------------------------------ */

typedef struct Facts {
    MatrixView *view;
    const Look *look;
    Grid       *grid;
    Rect        area;
    int         row; /* the next one */
} Facts;

/* The longer of two explanations that fits behind a value. */
static const char *fitting(const Facts *f, int cols, const char *more, const char *brief)
{
    if (f->look->projector) return NULL;
    if (more != NULL && look_columns(f->look, more) <= cols) return more;
    return brief != NULL && look_columns(f->look, brief) <= cols ? brief : NULL;
}

/* label and value, and what is said behind it; field: the pane whose number it is. */
typedef struct Fact {
    const char *label, *value, *more, *brief;
    bool        measured;
    int         field;
} Fact;

static void fact(Facts *f, Fact said)
{
    const char *label = said.label, *value = said.value;
    bool        measured = said.measured;
    int         field = said.field;
    bool        here = (int)f->view->pane == field, typed = here && f->view->typed != NULL;
    int         row = f->area.row + f->row, col = f->area.col + LABEL, cols = f->area.cols - LABEL;
    if (f->row++ >= f->area.rows || cols <= 0) return;
    look_text(f->look, f->grid, row, f->area.col, LABEL - 1, here ? INK_STRONG : INK_PLAIN, label);
    int used =
        look_text(f->look, f->grid, row, col, cols, INK_STRONG, typed ? f->view->typed : value);
    if (measured && !typed) grid_measured(f->grid, (Rect){row, col, 1, used});
    if (here) {
        grid_reverse(f->grid, (Rect){row, col, 1, used > 0 ? used : 1});
        f->view->cursor_row = row;
        f->view->cursor_col = col + used;
    }
    const char *more = fitting(f, cols - used - 2, said.more, said.brief);
    if (more != NULL) {
        look_text(f->look, f->grid, row, col + used + 2, cols - used - 2, INK_DIM, more);
    }
}

static void rank_facts(Facts *f)
{
    const MatrixView *v = f->view;
    Str               value = {0}, more = {0};
    char              number[32];

    str_addf(&value, "%td", v->rank);
    str_addf(&more, tr("of %td"), v->count);
    fact(f, (Fact){tr("numeric rank"), str_text(&value), str_text(&more), NULL, false, -1});
    str_clear(&value);
    if (v->exact >= 0) str_addf(&value, "%td", v->exact);
    fact(f, (Fact){tr("exact rank"), v->exact >= 0 ? str_text(&value) : tr("not computed"),
                   v->exact >= 0 ? tr("to the last bit") : tr("over 262,144 numbers"), NULL, false,
                   -1});
    snprintf(number, sizeof number, "%.2g", v->tolerance);
    str_clear(&more);
    if (v->own_tolerance) {
        str_add(&more, tr("chosen; Delete: the usual one"));
    } else {
        str_addf(&more, tr("= %td·ε·σ₁, %s"), v->rows > v->cols ? v->rows : v->cols,
                 v->eps > 1e-10 ? "float32" : "float64");
    }
    fact(f, (Fact){tr("tolerance"), number, str_text(&more), tr("< >"), false, MATRIX_TOLERANCE});
    str_free(&value);
    str_free(&more);
}

/* Too narrow for an error and its bound in one row. */
static bool bounds_apart(int cols)
{
    return cols - LABEL < 26;
}

/* An error and the value that no matrix of this rank can be below. */
static void error_fact(Facts *f, const char *label, double error, double bound)
{
    char number[32], least[32];
    Str  more = {0}, brief = {0};
    bool noise = bound < 1e-9 * f->view->s[0], apart = bounds_apart(f->area.cols);

    snprintf(number, sizeof number, "%.4g", error);
    snprintf(least, sizeof least, "%.4g", bound);
    str_addf(&more, tr("Eckart-Young bound %s%s%s"), noise ? MEASURED_BEGIN : "", least,
             noise ? MEASURED_END : "");
    str_addf(&brief, tr("bound %s%s%s"), noise ? MEASURED_BEGIN : "", least,
             noise ? MEASURED_END : "");
    fact(f, (Fact){label, number, apart ? NULL : str_text(&more), apart ? NULL : str_text(&brief),
                   noise, -1});
    if (apart) fact(f, (Fact){tr(" lower bound"), least, tr("Eckart-Young"), NULL, noise, -1});
    str_free(&more);
    str_free(&brief);
}

static void cut_facts(Facts *f)
{
    const MatrixView *v = f->view;
    Str               value = {0}, more = {0}, brief = {0}, whole = {0};

    if (f->row < f->area.rows) { /* what a cut is, in the row that divides */
        look_text(f->look, f->grid, f->area.row + f->row, f->area.col, f->area.cols, INK_DIM,
                  tr("nearest of its rank (Eckart, Young):"));
    }
    f->row++;
    str_addf(&value, "%td", v->r);
    fact(f, (Fact){tr("cut to rank r"), str_text(&value), tr("+ - change it"), "+ -", false,
                   MATRIX_RANK});
    error_fact(f, tr("Frobenius error"), v->error_frobenius, v->bound_frobenius);
    error_fact(f, tr("spectral error"), v->error_spectral, v->bound_spectral);
    str_clear(&value);
    str_addf(&value, "%.2f %%", 100 * v->kept);
    fact(f, (Fact){tr("kept"), str_text(&value), tr("of the squared norm"), tr("of norm²"), false,
                   -1});
    str_clear(&value);
    str_add_grouped(&value, v->r * (v->rows + v->cols));
    str_add_grouped(&whole, v->rows * v->cols);
    str_addf(&more, tr("in two factors; %s whole"), str_text(&whole));
    str_addf(&brief, tr("of %s"), str_text(&whole));
    fact(f, (Fact){tr("numbers"), str_text(&value), str_text(&more), str_text(&brief), false, -1});
    str_free(&brief);
    str_free(&whole);
    str_free(&value);
    str_free(&more);
}

int matrix_fact_rows(const MatrixView *view, int cols)
{
    int cut = view->r > 0 ? CUT_FACTS + (bounds_apart(cols) ? 2 : 0) : 0;
    return FACTS + cut + (view->fault != NULL ? 2 : 0);
}

void view_matrix_facts(MatrixView *view, const Look *look, Grid *grid, Rect area)
{
    Facts f = {.view = view, .look = look, .grid = grid, .area = area, .row = 0};
    if (view->s != NULL) {
        rank_facts(&f);
        if (view->r > 0) cut_facts(&f);
        if (view->working) {
            look_text(look, grid, area.row, area.col + area.cols - 8, 8, INK_KEY, tr("working"));
        }
    }
    if (view->fault == NULL || area.rows <= 0) return;
    int last = f.row < area.rows ? f.row : area.rows - 1;
    look_text(look, grid, area.row + last, area.col, area.cols, INK_BAD, view->fault);
}
