/* The tree of modules: names first, and as many columns behind them as there is room for. */

#include <string.h>

#include "app/view/look_parts.h"
#include "app/view/view_model.h"

static const char *mark_text(const Look *look, ModelMark mark)
{
    if (mark == MARK_CANNOT) return " ";
    return look_sign(look, mark == MARK_IN     ? SIGN_DONE
                           : mark == MARK_PART ? SIGN_BEGUN
                                               : SIGN_OPEN);
}

/* brief: without the part of the layer that a module lies in. */
static void add_branch(Str *out, const ModelRow *row, bool brief)
{
    const char *dot = strrchr(row->label, '.');
    for (int i = 0; i < row->depth; i++) str_add(out, "  ");
    if (row->kind == MODEL_LAYER) str_add(out, row->open ? "- " : "+ ");
    if (row->kind == MODEL_MODULE && row->depth > 0) str_add(out, "  ");
    bool cut = brief && row->kind == MODEL_MODULE && row->depth > 0 && dot != NULL;
    str_add(out, cut ? dot + 1 : row->label);
    if (row->tied[0] != '\0') str_addf(out, tr(", tied to %s"), row->tied);
}

/* What is added: "r 8, +2,048"; of many "4 of 28, +77,824". */
static void add_state(Str *out, const ModelRow *row)
{
    if (row->mark == MARK_CANNOT || row->in == 0) return;
    if (row->kind == MODEL_MODULE) {
        str_addf(out, tr("r %td  +"), row->r);
    } else {
        str_addf(out, tr("%d of %d  +"), row->in, row->of);
    }
    str_add_grouped(out, row->added);
}

/* A tied matrix lies in memory once. */
static void add_size(Str *out, const ModelRow *row)
{
    if (row->kind != MODEL_TITLE && row->tied[0] == '\0') str_add_bytes_count(out, row->bytes);
}

enum { COLUMN_SHAPE, COLUMN_DTYPE, COLUMN_SIZE, COLUMN_STATE, COLUMNS };

/* What stands in the columns behind the name. */
static void add_column(Str *out, const ModelRow *row, int column)
{
    if (column == COLUMN_SHAPE) str_add(out, row->shape);
    if (column == COLUMN_DTYPE && row->tied[0] == '\0') str_add(out, row->dtype);
    if (column == COLUMN_SIZE) add_size(out, row);
    if (column == COLUMN_STATE) add_state(out, row);
}

/* Widths; 0: the column has no room. */
typedef struct Fit {
    bool brief;
    int  columns[COLUMNS];
} Fit;

static int widest(const ModelView *view, const Look *look, int column, bool brief)
{
    int wide = 0;
    for (int i = 0; i < view->count; i++) {
        const ModelRow *row = &view->rows[i];
        Str             text = {0};
        bool            named = row->mark != MARK_CANNOT && row->tied[0] == '\0';
        if (column < COLUMNS) add_column(&text, row, column);
        if (column == COLUMNS && named) add_branch(&text, row, brief);
        int cols = look_columns(look, str_text(&text));
        if (cols > wide) wide = cols;
        str_free(&text);
    }
    return wide;
}

enum { NAME_AT = 4, BETWEEN = 2, STATE_LEAST = 16 };

/* Names first, then what is added and the bytes, then shapes, then how they are stored. */
static Fit fit_columns(const ModelView *view, const Look *look, int cols)
{
    Fit fit = {.brief = false};
    int room = cols - NAME_AT - widest(view, look, COLUMNS, false);
    for (int c = 0; c < COLUMNS; c++) fit.columns[c] = widest(view, look, c, false);
    if (fit.columns[COLUMN_STATE] < STATE_LEAST) fit.columns[COLUMN_STATE] = STATE_LEAST;
    int least = fit.columns[COLUMN_STATE] + fit.columns[COLUMN_SIZE] + 2 * BETWEEN;
    int shape = fit.columns[COLUMN_SHAPE] + BETWEEN, stored = fit.columns[COLUMN_DTYPE] + BETWEEN;
    fit.brief = room < least + shape + stored;
    if (fit.brief) room = cols - NAME_AT - widest(view, look, COLUMNS, true);
    if (room < least + shape + stored) fit.columns[COLUMN_DTYPE] = 0;
    if (room < least + shape) fit.columns[COLUMN_SHAPE] = 0;
    if (room < least) fit.columns[COLUMN_SIZE] = 0;
    return fit;
}

/* From the right, as far as the row's own name leaves room: it is never cut for them. */
static void draw_columns(const Look *look, Grid *grid, Rect line, const ModelRow *row,
                         const Fit *fit, int name)
{
    int right = line.cols;
    for (int c = COLUMNS - 1; c >= 0; c--) {
        Str text = {0};
        Ink ink = c == COLUMN_DTYPE                  ? INK_DIM
                  : c == COLUMN_STATE && row->in > 0 ? INK_GOOD
                                                     : INK_PLAIN;
        if (fit->columns[c] == 0) continue;
        add_column(&text, row, c);
        int cols = look_columns(look, str_text(&text));
        if (right - cols > name) {
            look_right(look, grid, line.row, line.col + right, cols, ink, str_text(&text));
        }
        right -= fit->columns[c] + BETWEEN;
        grid->failed = grid->failed || text.failed;
        str_free(&text);
    }
}

static void draw_row(ModelView *view, const Look *look, Grid *grid, Rect line, int i,
                     const Fit *fit)
{
    const ModelRow *row = &view->rows[i];
    Str             label = {0};

    if (row->kind == MODEL_TITLE) {
        look_text(look, grid, line.row, line.col + 2, line.cols - 2, INK_STRONG, row->label);
        return;
    }
    add_branch(&label, row, fit->brief);
    if (i == view->selected) {
        look_text(look, grid, line.row, line.col, 2, INK_KEY, look_sign(look, SIGN_HERE));
    }
    look_text(look, grid, line.row, line.col + 2, 2, row->in > 0 ? INK_GOOD : INK_DIM,
              mark_text(look, row->mark));
    int used = look_text(look, grid, line.row, line.col + NAME_AT, line.cols - NAME_AT, INK_PLAIN,
                         str_text(&label));
    if (i == view->selected) {
        grid_reverse(grid, (Rect){line.row, line.col + NAME_AT, 1, used});
        view->cursor_row = line.row;
        view->cursor_col = line.col + NAME_AT;
    }
    draw_columns(look, grid, line, row, fit, NAME_AT + used);
    grid->failed = grid->failed || label.failed;
    str_free(&label);
}

/* The selected row stays in sight, and as much as possible of what is around it. */
static int tree_top(const ModelView *view, int rows)
{
    int top = view->selected - rows / 2;
    if (top > view->count - rows) top = view->count - rows;
    return top > 0 ? top : 0;
}

void view_model_tree(ModelView *view, const Look *look, Grid *grid, Rect area)
{
    Fit fit = fit_columns(view, look, area.cols - 1);
    view->top = tree_top(view, area.rows);
    for (int i = 0; i < area.rows && view->top + i < view->count; i++) {
        draw_row(view, look, grid, rect_rows(rect_cols(area, 0, area.cols - 1), i, 1),
                 view->top + i, &fit);
    }
    look_scroll(look, grid, area, view->top, view->count);
}
