/* The tree at the left; what the targets cost at the right, or below where it is narrow. */

#include "app/view/view_model.h"

#include <string.h>

#include "app/view/look_parts.h"

enum {
    MIN_ROWS = 4,
    MIN_COLS = 24,
    BESIDE_COLS = 100,
    COUNTS_COLS = 40,
    COUNTS_ROWS = 5, /* below the tree */
    TREE_MOST = 84,  /* columns over which a row can still be followed */
    MARGIN = 2,
    LABEL = 13
};

ModelLayout model_layout(Rect area)
{
    ModelLayout at = {0};
    Rect        inner = rect_cols(area, MARGIN, area.cols - 2 * MARGIN);
    if (area.rows < MIN_ROWS || area.cols < MIN_COLS) {
        at.need_rows = MIN_ROWS;
        at.need_cols = MIN_COLS;
        return at;
    }
    at.beside = area.cols >= BESIDE_COLS;
    if (at.beside) {
        int counts = inner.cols / 3 > COUNTS_COLS ? inner.cols / 3 : COUNTS_COLS;
        if (inner.cols - counts - 3 > TREE_MOST) counts = inner.cols - 3 - TREE_MOST;
        at.tree = rect_cols(inner, 0, inner.cols - counts - 3);
        at.counts = rect_cols(inner, inner.cols - counts, counts);
    } else if (area.rows >= COUNTS_ROWS + 8) {
        at.tree = rect_rows(inner, 0, inner.rows - COUNTS_ROWS - 1);
        at.counts = rect_rows(inner, inner.rows - COUNTS_ROWS, COUNTS_ROWS);
    } else {
        at.tree = inner;
    }
    return at;
}

/* ---- what it costs ---------------------------------------------------------------------- */

typedef struct Column {
    const ModelView *view;
    const Look      *look;
    Grid            *grid;
    Rect             area;
    int              row;
} Column;

static void line(Column *c, Ink ink, const char *text)
{
    if (c->row < c->area.rows) {
        look_text(c->look, c->grid, c->area.row + c->row, c->area.col, c->area.cols, ink, text);
    }
    c->row++;
}

static void add_share(Str *out, const ModelView *view)
{
    str_add_grouped(out, view->trainable);
    str_add(out, tr(" of "));
    str_add_grouped(out, view->all);
    str_addf(out, tr(" trained · %.4f %%"), view->percent);
}

static void add_bytes_of(Str *out, const ModelView *view, MemPurpose purpose)
{
    str_addf(out, "%s ", tr(mem_purpose_name(purpose)));
    str_add_bytes_count(out, view->bytes[purpose]);
}

static void bytes_line(Column *c, const char *label, int64_t bytes)
{
    Str text = {0};
    if (c->row < c->area.rows) {
        int row = c->area.row + c->row;
        look_text(c->look, c->grid, row, c->area.col, LABEL, INK_PLAIN, label);
        str_add_bytes_count(&text, bytes);
        look_right(c->look, c->grid, row, c->area.col + LABEL + 10, 10, INK_PLAIN, str_text(&text));
        look_bar(c->look, c->grid, row, c->area.col + LABEL + 12, c->area.cols - LABEL - 12,
                 (double)bytes / (double)(c->view->bytes_total > 0 ? c->view->bytes_total : 1),
                 INK_SERIES_1);
    }
    c->row++;
    str_free(&text);
}

/* A row of names, cut behind a comma where it does not fit. */
static size_t fitting_names(const char *names, size_t most)
{
    size_t n = strlen(names);
    if (n <= most) return n;
    for (n = most; n > 0 && names[n - 1] != ',';) n--;
    return n > 0 ? n : most;
}

static void targets_lines(Column *c, const char *before)
{
    const char *at = c->view->targets[0] != '\0' ? c->view->targets : tr("none");
    while (at[0] != '\0' && c->row < c->area.rows) {
        Str    text = {0};
        size_t used = strlen(before), most = (size_t)c->area.cols;
        size_t n = fitting_names(at, most > used ? most - used : 1);
        str_add(&text, before);
        str_add_bytes(&text, at, (Index)n);
        line(c, INK_STRONG, str_text(&text));
        str_free(&text);
        at += n;
        before = "";
    }
}

/* The selected row in full: at the left there may be no room for it. */
static void selected_lines(Column *c)
{
    const ModelRow *row = &c->view->rows[c->view->selected];
    Str             text = {0};
    c->row++;
    line(c, INK_STRONG, row->label);
    if (row->tied[0] != '\0') {
        str_addf(&text, tr("tied: the matrix of %s"), row->tied);
    } else {
        if (row->shape[0] != '\0') str_addf(&text, "%s · %s · ", row->shape, row->dtype);
        str_add_bytes_count(&text, row->bytes);
        if (row->kind == MODEL_KIND) str_addf(&text, tr(" in %d modules"), row->of);
    }
    line(c, INK_PLAIN, str_text(&text));
    str_free(&text);
}

static void pair_lines(Column *c)
{
    const ModelView *v = c->view;
    Str              text = {0};
    if (v->pair_in == 0) return;
    str_addf(&text, tr("its pair: A %td × %td, B %td × %td"), v->r, v->pair_in, v->pair_out, v->r);
    line(c, INK_PLAIN, str_text(&text));
    str_clear(&text);
    str_add(&text, tr("r·(d_in + d_out) = "));
    str_add_grouped(&text, v->r * (v->pair_in + v->pair_out));
    str_add(&text, tr(" parameters"));
    line(c, INK_PLAIN, str_text(&text));
    str_free(&text);
}

static void draw_beside(Column *c)
{
    const ModelView *v = c->view;
    Str              text = {0};
    str_addf(&text, tr("r %td · lora_alpha %g · scale %g"), v->r, v->alpha,
             v->alpha / (double)v->r);
    line(c, INK_STRONG, str_text(&text));
    str_clear(&text);
    add_share(&text, v);
    line(c, INK_STRONG, str_text(&text));
    look_bar(c->look, c->grid, c->area.row + c->row, c->area.col, c->area.cols, v->percent / 100,
             INK_GOOD);
    c->row += 2;
    if (v->fault != NULL) line(c, INK_BAD, v->fault);
    if (v->planned) {
        str_clear(&text);
        str_addf(&text, tr("peak of a step of %td × %td tokens"), v->batch, v->length);
        line(c, INK_STRONG, str_text(&text));
        for (int p = 0; p < MEM_PURPOSE_COUNT; p++) {
            if (v->bytes[p] > 0) bytes_line(c, tr(mem_purpose_name((MemPurpose)p)), v->bytes[p]);
        }
        bytes_line(c, tr("together"), v->bytes_total);
        c->row++;
    }
    line(c, INK_DIM, "--target_modules");
    targets_lines(c, "");
    selected_lines(c);
    pair_lines(c);
    c->row++;
    line(c, INK_DIM, tr("w takes these to the workbench"));
    str_free(&text);
}

static void draw_below(Column *c)
{
    const ModelView *v = c->view;
    Str              text = {0};
    str_addf(&text, "r %td · ", v->r);
    add_share(&text, v);
    line(c, INK_STRONG, str_text(&text));
    str_clear(&text);
    if (v->fault != NULL) {
        line(c, INK_BAD, v->fault);
    } else if (v->planned) {
        add_bytes_of(&text, v, MEM_ADAPTER);
        str_add(&text, " · ");
        add_bytes_of(&text, v, MEM_GRADIENTS);
        str_add(&text, " · ");
        add_bytes_of(&text, v, MEM_OPTIMIZER);
        line(c, INK_PLAIN, str_text(&text));
        str_clear(&text);
        add_bytes_of(&text, v, MEM_ACTIVATIONS);
        str_addf(&text, tr(" · peak of a step of %td × %td tokens "), v->batch, v->length);
        str_add_bytes_count(&text, v->bytes_total);
        line(c, INK_PLAIN, str_text(&text));
    }
    str_clear(&text);
    targets_lines(c, "--target_modules ");
    if (v->pair_in > 0 && c->row < c->area.rows) {
        str_addf(&text, tr("r·(d_in + d_out) = %td·(%td + %td) = "), v->r, v->pair_in, v->pair_out);
        str_add_grouped(&text, v->r * (v->pair_in + v->pair_out));
        line(c, INK_DIM, str_text(&text));
    }
    str_free(&text);
}

void view_model(ModelView *view, const Look *look, Grid *grid, Rect area)
{
    ModelLayout at = model_layout(area);
    view->cursor_row = -1;
    view->cursor_col = 0;
    if (at.need_rows > 0) {
        look_textf(look, grid, area.row, area.col, area.cols, INK_PLAIN,
                   tr("needs %dx%d, has %dx%d"), at.need_cols, at.need_rows, area.cols, area.rows);
        return;
    }
    view_model_tree(view, look, grid, at.tree);
    if (at.counts.rows == 0) return;
    Column column = {.view = view, .look = look, .grid = grid, .area = at.counts};
    if (at.beside) {
        look_divider(look, grid, area.row, at.counts.col - 2, area.rows);
        draw_beside(&column);
    } else {
        look_rule(look, grid, at.counts.row - 1, at.counts.col, at.counts.cols);
        draw_below(&column);
    }
}
