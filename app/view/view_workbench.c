/* The workbench: what is drawn where. */

#include "app/view/view_workbench.h"

#include <string.h>

#include "app/view/look_parts.h"
#include "app/view/page.h"

/* ---- text wrapped into an area ---- */

static int wrapped_rows(const Look *look, const char *text, int cols)
{
    Page page = {0};
    page_text(&page, look, INK_PLAIN, text, cols, 0, 0);
    int rows = page_rows(&page);
    page_clear(&page);
    return rows;
}

static void draw_wrapped(const Look *look, Grid *grid, Rect area, Ink ink, const char *text)
{
    Page page = {0};
    page_text(&page, look, ink, text, area.cols, 0, 2);
    page_draw(&page, look, grid, area, 0, 0);
    page_clear(&page);
}

/* ---- parts ---- */

/* Which part has the keys, and what Tab leads to. */
static void draw_tabs(const WorkbenchView *view, const Look *look, Grid *grid, Rect area)
{
    const char *const names[BENCH_PANES] = {
        [BENCH_SETTINGS] = tr("settings"),
        [BENCH_CURVES] = tr("curves"),
        [BENCH_MODULES] = tr("modules and memory"),
        [BENCH_TEXT] = tr("text"),
    };
    int col = area.col + 1, end = area.col + area.cols;
    for (int p = 0; area.rows > 0 && p < BENCH_PANES && col < end; p++) {
        bool here = view->pane == (BenchPane)p;
        int  used = look_textf(look, grid, area.row, col, end - col, here ? INK_STRONG : INK_DIM,
                              here ? "[%s]" : " %s ", names[p]);
        if (here) grid_bold(grid, (Rect){area.row, col, 1, used});
        col += used + 1;
    }
}

static void draw_sentence(const WorkbenchView *view, const Look *look, Grid *grid, Rect area)
{
    if (area.rows == 0 || view->sentence == NULL) return;
    const char *sign = look_sign(look, view->bad ? SIGN_WRONG : SIGN_HERE);
    Str         text = {0};
    str_addf(&text, "%s %s", sign, view->sentence);
    area.col++;
    area.cols -= area.cols > 1;
    draw_wrapped(look, grid, area, view->bad ? INK_BAD : INK_STRONG, str_text(&text));
    str_free(&text);
}

static void draw_chart(const WorkbenchView *view, const Look *look, Grid *grid, int which,
                       Rect area)
{
    static const char *const waits[BENCH_CHARTS] = {
        [CHART_LOSS] = "The loss is drawn here while it trains. p runs, s makes one step.",
        [CHART_RATE] = "The learning rate, step by step.",
        [CHART_TOTAL] = "The gradient's norm before it is clipped, step by step.",
        [CHART_GRADIENT] = "The gradient's norm, by kind of module.",
        [CHART_NORM] = "The norms of A, B and BA, by kind of module.",
        [CHART_MEMORY] = "Bytes in use within one step, by purpose.",
    };
    if (area.rows <= 0 || area.cols <= 0) return;
    if (view->chart[which] != NULL) {
        look_figure(look, grid, view->chart[which], area);
    } else {
        draw_wrapped(look, grid, rect_inset(area, area.rows > 4, 2), INK_DIM, tr(waits[which]));
    }
}

static void draw_repeat(const WorkbenchView *view, const Look *look, Grid *grid, Rect area)
{
    if (area.rows == 0 || view->repeat == NULL || view->repeat[0] == '\0') return;
    if (!view->repeat_open) {
        int used =
            look_text(look, grid, area.row, area.col + 1, area.cols - 2, INK_DIM, tr("repeat "));
        look_text(look, grid, area.row, area.col + 1 + used, area.cols - 2 - used, INK_PLAIN,
                  view->repeat);
        return;
    }
    draw_wrapped(look, grid, area, INK_STRONG, view->repeat);
    grid_reverse(grid, area);
}

static void draw_form(const WorkbenchView *view, const Look *look, Grid *grid,
                      const WorkbenchLayout *l, int *row, int *col)
{
    FormLayout parts = {.list = l->form, .help = l->form_help};
    if (l->form.rows == 0) return;
    if (l->form_help.rows > 0) {
        form_draw_in(view->form, look, grid, &parts, row, col);
    } else {
        form_draw(view->form, look, grid, l->form, row, col);
    }
}

/* ---- all ---- */

static bool too_small(const Look *look, Grid *grid, Rect body)
{
    if (body.rows >= BENCH_NEEDS_ROWS && body.cols >= BENCH_NEEDS_COLS) return false;
    Str text = {0};
    str_addf(&text, tr("needs %dx%d here, has %dx%d; keys still work"), BENCH_NEEDS_COLS,
             BENCH_NEEDS_ROWS, body.cols, body.rows);
    draw_wrapped(look, grid, body, INK_PLAIN, str_text(&text));
    str_free(&text);
    return true;
}

static WorkbenchShape shape_of(const WorkbenchView *view, const Look *look, Rect body)
{
    WorkbenchShape shape = {.body = body,
                            .pane = view->pane,
                            .slot = view->slot,
                            .table = view->table,
                            .repeat_rows = look->projector ? 0 : 1,
                            .kinds = view->plan->kind_count,
                            .projector = look->projector};
    if (!view->plan->known) shape.plan_cols = look_columns(look, view->plan->error);
    if (view->sentence != NULL) {
        int rows = wrapped_rows(look, view->sentence, body.cols > 8 ? body.cols - 4 : 4);
        shape.sentence_rows = rows > 2 ? 2 : rows;
    }
    if (view->repeat_open && view->repeat != NULL) {
        int rows = wrapped_rows(look, view->repeat, body.cols > 4 ? body.cols - 2 : 2);
        shape.repeat_rows = rows > 4 ? 4 : rows;
    }
    return shape;
}

void workbench_draw(const WorkbenchView *view, const Look *look, Grid *grid, Rect body, int *row,
                    int *col)
{
    WorkbenchLayout l;
    WorkbenchShape  shape = shape_of(view, look, body);

    *row = -1;
    *col = 0;
    if (too_small(look, grid, body)) return;
    workbench_layout(&shape, &l);
    draw_tabs(view, look, grid, l.tabs);
    draw_sentence(view, look, grid, l.sentence);
    if (l.divider.rows > 0) {
        look_divider(look, grid, l.divider.row, l.divider.col, l.divider.rows);
    }
    draw_form(view, look, grid, &l, row, col);
    if (view->pane != BENCH_SETTINGS) *row = -1;
    workbench_draw_plan(view, look, grid, l.plan);
    workbench_draw_kinds(view, look, grid, l.kinds);
    workbench_draw_memory(view, look, grid, l.memory);
    for (int c = 0; c < BENCH_CHARTS; c++) draw_chart(view, look, grid, c, l.chart[c]);
    workbench_draw_table(view, look, grid, l.table);
    workbench_draw_text(view, look, grid, l.text);
    draw_repeat(view, look, grid, l.repeat);
}
