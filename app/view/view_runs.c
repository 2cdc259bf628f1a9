/* The list of runs, their curves, the table of differences: where they lie and how they look. */

#include "app/view/view_runs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/view/look_parts.h"

enum { MIN_ROWS = 4, MIN_COLS = 24, BESIDE_COLS = 100, MARGIN = 1 };

/* ---- layout ----------------------------------------------------------------------------- */

static int at_most(int a, int b)
{
    return a < b ? a : b;
}

static void lay_beside(const RunsView *view, RunsLayout *at, Rect area)
{
    int list = area.cols >= 170 ? 84 : area.cols >= 130 ? 62 : 48;
    at->beside = true;
    at->list = rect_cols(area, 0, list);
    Rect right = rect_cols(area, list + 3, area.cols - list - 3);
    int  table = runs_table_rows(&view->table, list), used = view->count + 2;
    if (table > 0 && used + table <= area.rows) { /* below the list, which leaves it room */
        at->table = rect_cols(rect_rows(area, used, table), 0, list);
        at->list = rect_rows(at->list, 0, used - 1);
        at->chart = right;
        return;
    }
    table = at_most(runs_table_rows(&view->table, right.cols), right.rows / 3);
    at->chart = rect_rows(right, 0, right.rows - table);
    at->table = rect_rows(right, right.rows - table, table);
}

/* The list with the chart below it, or one of the others alone. */
static void lay_stacked(const RunsView *view, RunsLayout *at, Rect area)
{
    int list = at_most(view->count + 1, area.rows / 3 > 5 ? area.rows / 3 : 5);
    if (view->pane == RUNS_CHART) {
        at->chart = area;
    } else if (view->pane == RUNS_TABLE) {
        at->table = area;
    } else if (area.rows >= 14 && view->count > 0) {
        at->list = rect_rows(area, 0, list);
        at->chart = rect_rows(area, list + 1, area.rows - list - 1);
    } else {
        at->list = area;
    }
}

RunsLayout runs_layout(const RunsView *view, Rect area)
{
    RunsLayout at = {0};
    Rect       inner = rect_cols(area, MARGIN, area.cols - 2 * MARGIN);
    if (area.rows < MIN_ROWS || area.cols < MIN_COLS) {
        at.need_rows = MIN_ROWS;
        at.need_cols = MIN_COLS;
    } else if (area.cols >= BESIDE_COLS && view->pane != RUNS_CHART) {
        lay_beside(view, &at, inner);
    } else {
        lay_stacked(view, &at, inner);
    }
    at.by_run = runs_by_run(&view->table, at.table.cols);
    return at;
}

/* ---- the list --------------------------------------------------------------------------- */

void runs_age(char out[32], double seconds)
{
    if (seconds < 0) {
        out[0] = '\0';
    } else if (seconds < 100) {
        snprintf(out, 32, tr("%.0f s ago"), seconds);
    } else if (seconds < 6000) {
        snprintf(out, 32, tr("%.0f min ago"), seconds / 60);
    } else if (seconds < 100.0 * 3600) {
        snprintf(out, 32, tr("%.0f h ago"), seconds / 3600);
    } else {
        snprintf(out, 32, tr("%.0f d ago"), seconds / 86400);
    }
}

/* Columns of the list; 0: no room for it. */
typedef struct Columns {
    int name, data, method, steps, loss, age, settings;
} Columns;

static int widest_settings(const RunsView *view, const Look *look)
{
    int widest = 0;
    for (int i = 0; i < view->count; i++) {
        int wide = look_columns(look, view->rows[i].settings);
        if (wide > widest) widest = wide;
    }
    return widest;
}

static bool one_method(const RunsView *view)
{
    for (int i = 1; i < view->count; i++) {
        if (strcmp(view->rows[i].method, view->rows[0].method) != 0) return false;
    }
    return true;
}

static Columns columns_for(const RunsView *view, const Look *look, int cols)
{
    Columns c = {.name = 4, .loss = cols >= 82 ? 20 : 16};
    for (int i = 0; i < view->count; i++) {
        int wide = look_columns(look, view->rows[i].name);
        if (wide > c.name) c.name = wide;
    }
    int name_most = cols >= 70 ? 22 : 16;
    if (c.name > name_most) c.name = name_most;
    int left = cols - 5 - c.name - c.loss;
    if (left < 0) {
        c.loss = 0;
        c.name = cols - 6;
        return c;
    }
    left--; /* of the scroll bar */
    int        differ = widest_settings(view, look) + 1;
    bool       methods = !one_method(view);
    int *const wanted[] = {&c.settings, &c.age, &c.data, &c.steps, &c.method};
    /* What they differ in says more than when they were, and than what they share. */
    const int size[] = {differ == 1 ? 0 : at_most(differ < 9 ? 9 : differ, 20), 12, 9, 8,
                        methods ? 6 : 0};
    for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
        if (left < size[i]) continue;
        *wanted[i] = size[i];
        left -= size[i];
    }
    if (c.method == 0 && left >= 6) {
        c.method = 6;
        left -= 6;
    }
    if (c.settings > 0) c.settings += left;
    return c;
}

static void draw_head(const Look *look, Grid *grid, Rect line, const Columns *c)
{
    int col = line.col + 4;
    look_text(look, grid, line.row, col, c->name, INK_STRONG, tr("run"));
    col += c->name + 1;
    if (c->data > 0) look_text(look, grid, line.row, col, c->data - 1, INK_STRONG, tr("task"));
    col += c->data;
    if (c->method > 0) look_text(look, grid, line.row, col, c->method, INK_STRONG, tr("by"));
    col += c->method;
    if (c->steps > 0) {
        look_right(look, grid, line.row, col + c->steps - 1, c->steps, INK_STRONG, tr("steps"));
    }
    col += c->steps;
    if (c->loss > 0) look_text(look, grid, line.row, col, c->loss, INK_STRONG, tr("loss"));
    col += c->loss;
    if (c->age > 0) {
        look_right(look, grid, line.row, col + c->age - 2, c->age, INK_STRONG, tr("changed"));
    }
    col += c->age;
    if (c->settings > 0) {
        look_text(look, grid, line.row, col, c->settings, INK_STRONG, tr("settings"));
    }
}

static void add_steps(Str *out, const RunRow *row)
{
    str_addf(out, "%td", row->steps);
    if (!row->ended && row->planned > row->steps) str_addf(out, "/%td", row->planned);
}

static void draw_losses(const Look *look, Grid *grid, int at, int col, int cols, const RunRow *row)
{
    if (isnan(row->after)) {
        look_text(look, grid, at, col, cols, INK_DIM, tr("nothing yet"));
        return;
    }
    look_number(look, grid, at, col, cols, INK_PLAIN, "%.3f → %.3f%s", row->before, row->after,
                row->held_out || cols < 19 ? "" : tr(" train"));
}

static void draw_run(RunsView *view, const Look *look, Grid *grid, Rect line, int i,
                     const Columns *c)
{
    const RunRow *row = &view->rows[i];
    bool          here = i == view->selected;
    int           at = line.row, col = line.col + 4;
    Str           steps = {0};
    char          age[32];

    if (here) look_text(look, grid, at, line.col, 2, INK_KEY, look_sign(look, SIGN_HERE));
    look_text(look, grid, at, line.col + 2, 1, row->marked ? INK_GOOD : INK_DIM,
              row->growing  ? look_sign(look, SIGN_RUN)
              : row->marked ? look_sign(look, SIGN_DONE)
                            : " ");
    if (row->growing && row->marked) grid_reverse(grid, (Rect){at, line.col + 2, 1, 1});
    runs_draw_name(look, grid, at, col, c->name, INK_PLAIN, row->name);
    int used = at_most(look_columns(look, row->name), c->name);
    if (here) {
        grid_reverse(grid, (Rect){at, col, 1, used});
        view->cursor_row = at;
        view->cursor_col = col;
    }
    col += c->name + 1;
    if (c->data > 0) look_text(look, grid, at, col, c->data - 1, INK_PLAIN, row->data);
    col += c->data;
    if (c->method > 0) look_text(look, grid, at, col, c->method - 1, INK_PLAIN, row->method);
    col += c->method;
    add_steps(&steps, row);
    if (c->steps > 0) {
        look_right(look, grid, at, col + c->steps - 1, c->steps - 1, INK_PLAIN, str_text(&steps));
    }
    col += c->steps;
    if (c->loss > 0) draw_losses(look, grid, at, col, c->loss - 1, row);
    col += c->loss;
    runs_age(age, row->age);
    if (c->age > 0) {
        int wide = look_right(look, grid, at, col + c->age - 2, c->age - 2, INK_DIM, age);
        grid_measured(grid, (Rect){at, col + c->age - 2 - wide, 1, wide});
    }
    col += c->age;
    if (c->settings > 0) look_text(look, grid, at, col, c->settings, INK_DIM, row->settings);
    str_free(&steps);
}

static int list_top(const RunsView *view, int rows)
{
    int top = view->selected - rows / 2;
    if (top > view->count - rows) top = view->count - rows;
    return top > 0 ? top : 0;
}

static void draw_empty(const RunsView *view, const Look *look, Grid *grid, Rect area)
{
    if (view->reading) {
        look_text(look, grid, area.row, area.col + 2, area.cols - 2, INK_PLAIN,
                  tr("reading the recorded runs ..."));
        return;
    }
    look_text(look, grid, area.row, area.col + 2, area.cols - 2, INK_STRONG,
              tr("No runs are recorded yet."));
    look_text(look, grid, area.row + 1, area.col + 2, area.cols - 2, INK_PLAIN,
              tr("w opens the workbench, which records them;"));
    look_text(look, grid, area.row + 2, area.col + 2, area.cols - 2, INK_PLAIN,
              tr("in a shell: loralab train --data sql"));
    if (area.rows > 3) {
        look_textf(look, grid, area.row + 3, area.col + 2, area.cols - 2, INK_DIM,
                   tr("they lie in %s"), view->folder);
    }
}

static void draw_list(RunsView *view, const Look *look, Grid *grid, Rect area)
{
    if (area.rows <= 0) return;
    if (view->count == 0) {
        draw_empty(view, look, grid, area);
        return;
    }
    Columns c = columns_for(view, look, area.cols);
    Rect    list = rect_rows(area, 1, area.rows - 1);
    draw_head(look, grid, rect_rows(area, 0, 1), &c);
    view->top = list_top(view, list.rows);
    for (int i = 0; i < list.rows && view->top + i < view->count; i++) {
        draw_run(view, look, grid, rect_rows(list, i, 1), view->top + i, &c);
    }
    look_scroll(look, grid, list, view->top, view->count);
}

/* ---- curves ----------------------------------------------------------------------------- */

static void draw_chart(const RunsView *view, const Look *look, Grid *grid, Rect area)
{
    if (area.rows <= 0 || view->count == 0) return;
    if (view->figure != NULL) {
        look_figure(look, grid, view->figure, area);
        return;
    }
    look_text(look, grid, area.row, area.col, area.cols, INK_STRONG, view->what);
    look_text(look, grid, area.row + 1, area.col, area.cols, INK_DIM,
              tr("nothing of it is recorded; c draws something else"));
}

void view_runs(RunsView *view, const Look *look, Grid *grid, Rect area)
{
    RunsLayout at = runs_layout(view, area);
    view->cursor_row = -1;
    view->cursor_col = 0;
    if (at.need_rows > 0) {
        look_textf(look, grid, area.row, area.col, area.cols, INK_PLAIN,
                   tr("needs %dx%d, has %dx%d"), at.need_cols, at.need_rows, area.cols, area.rows);
        return;
    }
    draw_list(view, look, grid, at.list);
    if (at.beside) {
        look_divider(look, grid, area.row, at.chart.col - 2, area.rows);
    } else if (at.list.rows > 0 && at.chart.rows > 0) {
        look_rule(look, grid, at.chart.row - 1, area.col, area.cols);
    }
    draw_chart(view, look, grid, at.chart);
    runs_draw_table(view, look, grid, &at);
}
