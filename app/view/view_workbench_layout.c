/* Where the parts of the workbench lie, from the size alone. */

#include <string.h>

#include "app/view/view_workbench.h"

enum { ALL_ROWS = 27, ALL_COLS = 116, WIDE_COLS = 108, MEMORY_ROWS = 8 };
enum { BESIDE_COLS = 72, LIST_COLS = 42, HELP_ROWS = 5, PROJECTED_ROWS = 10 };

static int at_least(int a, int b)
{
    return a > b ? a : b;
}

static int at_most(int a, int b)
{
    return a < b ? a : b;
}

/* Takes rows from the end, and leaves the rest in *area. */
static Rect take_below(Rect *area, int rows)
{
    rows = at_most(rows, area->rows);
    Rect part = rect_rows(*area, area->rows - rows, rows);
    area->rows -= rows;
    return part;
}

static Rect take_above(Rect *area, int rows)
{
    rows = at_most(rows, area->rows);
    Rect part = rect_rows(*area, 0, rows);
    area->row += rows;
    area->rows -= rows;
    return part;
}

/* Part i of n beside one another, a blank column between two. */
static Rect share(Rect area, int i, int n)
{
    int from = i * (area.cols + 1) / n, end = (i + 1) * (area.cols + 1) / n - 1;
    return rect_cols(area, from, end - from);
}

/* ---- one part ---- */

/* A rule, and the counts; or why a value is refused, to its end. */
static int plan_rows(const WorkbenchShape *shape, int cols, int usual)
{
    int wanted = shape->plan_cols > 0 ? 2 + shape->plan_cols / at_least(cols - 10, 8) : 0;
    return at_most(at_least(wanted, usual), 8);
}

static void put_settings(const WorkbenchShape *shape, WorkbenchLayout *l, Rect area)
{
    int rows = plan_rows(shape, area.cols, 3);
    if (area.rows >= rows + 8) l->plan = take_below(&area, rows);
    l->form = area;
}

/* Beside the list, which has all rows: what the selected setting means, and what all come to. */
static void put_settings_beside(const WorkbenchShape *shape, WorkbenchLayout *l, Rect area)
{
    Rect right = rect_cols(area, LIST_COLS + 1, area.cols - LIST_COLS - 1);
    l->form = rect_cols(area, 0, LIST_COLS - 1);
    l->divider = rect_cols(area, LIST_COLS - 1, 1);
    l->plan = take_below(&right, plan_rows(shape, right.cols, 4));
    if (right.rows >= HELP_ROWS + MEMORY_ROWS) {
        l->memory = take_below(&right, MEMORY_ROWS);
    } else if (right.rows >= HELP_ROWS + GROUP_COUNT + 1) {
        l->kinds = take_below(&right, GROUP_COUNT + 1);
    }
    l->form_help = right;
}

/* The settings that are wanted most, a line about one of them, and one of counts. */
static void put_projected_settings(WorkbenchLayout *l, Rect area)
{
    if (area.rows >= 8) l->plan = take_below(&area, 2);
    l->form = take_above(&area, at_most(PROJECTED_ROWS, area.rows - 1));
    l->form_help = rect_rows(area, area.rows > 1, 1);
}

static void put_curves(const WorkbenchShape *shape, WorkbenchLayout *l, Rect area)
{
    bool more = area.rows >= 15 && area.cols >= 70 && !shape->projector;
    if (more) {
        Rect below = take_below(&area, at_least(7, area.rows * 2 / 5));
        l->chart[CHART_RATE] = share(below, 0, 2);
        l->chart[CHART_TOTAL] = share(below, 1, 2);
        l->chart[CHART_LOSS] = area;
        return;
    }
    /* Only one fits: Left and Right choose which. */
    BenchChart one =
        shape->slot == CHART_RATE || shape->slot == CHART_GRADIENT ? shape->slot : CHART_LOSS;
    l->chart[one] = area;
}

/* What Left and Right choose; the memory's chart only where it has no place of its own. */
static void put_slot(const WorkbenchShape *shape, WorkbenchLayout *l, Rect area)
{
    bool taken = shape->slot == CHART_MEMORY && l->chart[CHART_MEMORY].rows > 0;
    if (shape->table) {
        l->table = area;
    } else {
        l->chart[taken ? CHART_NORM : shape->slot] = area;
    }
}

static void put_narrow_modules(const WorkbenchShape *shape, WorkbenchLayout *l, Rect area)
{
    int kinds = at_most(shape->kinds, 12) + 1;
    if (area.rows < kinds + MEMORY_ROWS + 8) kinds = at_most(kinds, GROUP_COUNT + 1);
    l->kinds = take_above(&area, kinds);
    if (area.rows >= MEMORY_ROWS) l->memory = take_above(&area, MEMORY_ROWS);
    if (area.rows >= 6) put_slot(shape, l, area);
}

static void put_modules(const WorkbenchShape *shape, WorkbenchLayout *l, Rect area)
{
    int tables = at_least(at_most(shape->kinds, 12) + 1, MEMORY_ROWS);
    if (shape->projector) { /* one thing at a time */
        if (area.rows >= 6) put_slot(shape, l, area);
        return;
    }
    if (area.cols < 70) {
        put_narrow_modules(shape, l, area);
        return;
    }
    if (area.rows < tables + 9) tables = MEMORY_ROWS;
    bool both = area.rows >= tables + 6;
    Rect above = both ? take_above(&area, tables) : area;
    l->kinds = share(above, 0, 2);
    l->memory = share(above, 1, 2);
    if (!both) return;
    if (!shape->table) l->chart[CHART_MEMORY] = share(area, 1, 2);
    put_slot(shape, l, shape->table ? area : share(area, 0, 2));
}

static void put_part(const WorkbenchShape *shape, WorkbenchLayout *l, BenchPane pane, Rect area)
{
    switch (pane) {
    case BENCH_SETTINGS:
        if (shape->projector) {
            put_projected_settings(l, area);
        } else if (area.cols >= BESIDE_COLS && area.rows >= 12) {
            put_settings_beside(shape, l, area);
        } else {
            put_settings(shape, l, area);
        }
        break;
    case BENCH_CURVES:
        put_curves(shape, l, area);
        break;
    case BENCH_MODULES:
        put_modules(shape, l, area);
        break;
    case BENCH_TEXT:
    case BENCH_PANES:
        l->text = area;
        break;
    }
}

/* ---- everything ---- */

/* Where rate and gradients have places of their own, the norms stay in this one. */
static void put_wide_slot(const WorkbenchShape *shape, WorkbenchLayout *l, Rect area)
{
    if (shape->table) {
        l->table = area;
    } else {
        l->chart[shape->slot == CHART_TOTAL ? CHART_TOTAL : CHART_NORM] = area;
    }
}

static void put_right(const WorkbenchShape *shape, WorkbenchLayout *l, Rect area)
{
    bool wide = area.cols >= WIDE_COLS;
    l->text = take_below(&area, area.rows >= 44 ? 9 : 6);
    Rect below = take_below(&area, area.rows * 9 / 20);

    if (wide) {
        int loss = area.cols * 3 / 5;
        l->chart[CHART_LOSS] = rect_cols(area, 0, loss);
        l->chart[CHART_RATE] = rect_cols(area, loss + 1, area.cols - loss - 1);
        l->chart[CHART_GRADIENT] = share(below, 0, 3);
        put_wide_slot(shape, l, share(below, 1, 3));
        l->chart[CHART_MEMORY] = share(below, 2, 3);
        return;
    }
    l->chart[CHART_LOSS] = area;
    l->chart[CHART_MEMORY] = share(below, 1, 2);
    put_slot(shape, l, share(below, 0, 2));
}

static void put_left(const WorkbenchShape *shape, WorkbenchLayout *l, Rect area)
{
    l->memory = take_below(&area, MEMORY_ROWS);
    /* Each kind where there is room for it, else groups of them. */
    int kinds = at_most(shape->kinds, 12) + 1;
    if (area.rows < kinds + 24) kinds = GROUP_COUNT + 1;
    if (area.rows >= kinds + 15) l->kinds = take_below(&area, kinds);
    put_settings(shape, l, area);
}

void workbench_layout(const WorkbenchShape *shape, WorkbenchLayout *l)
{
    Rect area = shape->body;
    memset(l, 0, sizeof *l);
    l->all = area.rows >= ALL_ROWS && area.cols >= ALL_COLS && !shape->projector;
    if (area.rows >= 10) l->tabs = take_above(&area, 1);
    if (area.rows >= 10) l->repeat = take_below(&area, shape->repeat_rows);
    if (area.rows >= 9) l->sentence = take_above(&area, shape->sentence_rows);

    if (area.cols < BENCH_TWO_COLS) {
        put_part(shape, l, shape->pane, area);
        return;
    }
    int left = area.cols >= 160 ? 52 : area.cols >= ALL_COLS ? 42 : 40;
    l->divider = rect_cols(area, left, 1);
    Rect settings = rect_cols(area, 0, left - 1);
    Rect rest = rect_cols(area, left + 2, area.cols - left - 2);
    if (l->all) {
        put_left(shape, l, settings);
        put_right(shape, l, rest);
        return;
    }
    if (shape->projector) {
        put_projected_settings(l, settings);
    } else {
        put_settings(shape, l, settings);
    }
    put_part(shape, l, shape->pane == BENCH_SETTINGS ? BENCH_CURVES : shape->pane, rest);
}
