/* Titles, axes and ticks. A tick that would touch another is left out by asking for fewer. */

#include <math.h>
#include <string.h>

#include "core/base/text.h"
#include "core/figure/chart.h"

static int columns(const char *text)
{
    return text_columns(text, (Index)strlen(text));
}

/* ---- titles ----------------------------------------------------------------------------- */

void axis_heading(Str *out, const Figure *figure, char which)
{
    const FigureAxis *axis = which == 'x' ? &figure->x : &figure->y;
    const char       *title = axis->title == NULL ? "" : axis->title;
    const char       *unit = axis->unit == NULL || axis_bytes(axis) ? "" : axis->unit;
    bool              titled = *title != '\0', united = *unit != '\0';
    str_addf(out, "%s%s%s", title, titled && united ? ", " : "", unit);
    bool lines = figure->kind == FIGURE_LINE, bars = figure->kind == FIGURE_BAR;
    bool logs = which == 'y' ? lines || bars : lines && figure->categories == 0;
    if (!axis->log || !logs) return;
    if (!figure_log(figure, which)) {
        str_add(out, titled || united ? tr(" (no positive value: not log)") : tr("not log"));
        return;
    }
    double cut = which == 'y' ? figure_cut(figure) : 0;
    char   number[NUMBER_BYTES];
    if (cut > 0) {
        number_text(number, cut, axis_bytes(axis));
        str_addf(out,
                 titled || united ? tr(" (log, cut off below %s)") : tr("log, cut off below %s"),
                 number);
        return;
    }
    str_add(out, titled || united ? tr(" (log)") : tr("log scale"));
}

void chart_heading(Chart *chart)
{
    Rect       *area = &chart->area;
    const char *title = chart->figure->title;
    Str         heading = {0};
    bool        roomy = area->rows >= 9;
    int         used = 0;
    axis_heading(&heading, chart->figure, 'y');
    if (*title != '\0') {
        used = grid_text(chart->grid, area->row, area->col, area->cols, INK_STRONG, title);
    }
    if (used > 0 && (roomy || heading.len == 0)) {
        area->row++, area->rows--;
        used = 0;
    }
    if (heading.len > 0) {
        int gap = used > 0 ? used + 2 : 0, wide = columns(str_text(&heading));
        if (gap == 0 || wide <= area->cols - gap)
            grid_text(chart->grid, area->row, area->col + gap, area->cols - gap, INK_DIM,
                      str_text(&heading));
        area->row++, area->rows--;
    }
    chart->grid->failed = chart->grid->failed || heading.failed;
    str_free(&heading);
}

void chart_x_title(Chart *chart, int row)
{
    Str heading = {0};
    axis_heading(&heading, chart->figure, 'x');
    int wide = columns(str_text(&heading)), col = chart->plot.col + (chart->plot.cols - wide) / 2;
    if (wide > 0)
        chart_tick_label(chart, row, col + wide / 2, chart->area.cols, str_text(&heading));
    chart->grid->failed = chart->grid->failed || heading.failed;
    str_free(&heading);
}

void chart_no_data(Chart *chart)
{
    const char *text = tr("no data");
    int         wide = columns(text), col = chart->plot.col + (chart->plot.cols - wide) / 2;
    if (col < chart->plot.col) col = chart->plot.col;
    int row = chart->plot.row + (chart->plot.rows - 1) / 2;
    grid_text(chart->grid, row, col, chart->plot.cols, INK_DIM, text);
}

/* ---- the y axis ------------------------------------------------------------------------- */

/* The row of a height, 0 at the bottom, with the finer rounding of the line's dots. */
static int row_of(const Chart *chart, double height)
{
    static const int down[] = {[CHARSET_ASCII] = 3, [CHARSET_BLOCK] = 2, [CHARSET_BRAILLE] = 4};

    int    dots = chart->plot.rows * down[chart->charset];
    double dot = round((1 - fmin(fmax(height, 0), 1)) * (dots - 1));
    return chart->plot.row + (int)dot / down[chart->charset];
}

static int y_tick_row(const Chart *chart, int tick)
{
    return row_of(chart, scale_at(&chart->y, chart->y.tick[tick]));
}

static bool y_ticks_touch(const Chart *chart)
{
    int apart = chart->plot.rows >= 4 ? 2 : 1;
    for (int i = 1; i < chart->y.count; i++) {
        if (y_tick_row(chart, i - 1) - y_tick_row(chart, i) < apart) return true;
    }
    return false;
}

/* One number alone is no scale: of more of them, those that leave room, from the lowest on. */
static void spare_y_ticks(Chart *chart, const Scale *bare, bool whole)
{
    const FigureAxis *axis = &chart->figure->y;
    const Scale       had = chart->y;
    for (int most = 3; most <= 8 && chart->y.count < 2; most++) {
        chart->y = *bare;
        scale_ticks(&chart->y, most, whole, axis_bytes(axis), !axis->fixed);
        int kept = 0;
        for (int i = 0; i < chart->y.count; i++) {
            if (kept > 0 && y_tick_row(chart, kept - 1) - y_tick_row(chart, i) < 2) continue;
            chart->y.tick[kept] = chart->y.tick[i];
            memmove(chart->y.text[kept++], chart->y.text[i], sizeof *chart->y.text);
        }
        chart->y.count = kept;
    }
    if (chart->y.count < 2) chart->y = had;
}

/* Returns the columns that the texts need. */
static int choose_y_ticks(Chart *chart)
{
    const FigureAxis *axis = &chart->figure->y;
    const Scale       bare = chart->y;
    int               most = chart->plot.rows / 3 + 1, wide = 0;
    const Reach       reach = figure_reach(chart->figure, 'y', bare.log);
    bool              whole = reach.whole;
    if (axis->fixed && axis->hi != floor(axis->hi)) whole = false; /* what is to come is not */
    for (most = most > 8 ? 8 : most; most > 0; most--) {
        chart->y = bare;
        scale_ticks(&chart->y, most, whole, axis_bytes(axis), !axis->fixed);
        if (!y_ticks_touch(chart)) break;
    }
    if (most == 0) chart->y.count = 1; /* two that touch even so: the lower one stays */
    if (chart->y.count < 2 && reach.distinct > 1 && chart->plot.rows >= 4) {
        spare_y_ticks(chart, &bare, whole);
    }
    for (int i = 0; i < chart->y.count; i++) {
        int n = columns(chart->y.text[i]);
        if (n > wide) wide = n;
    }
    if (wide <= chart->area.cols / 3) return wide;
    chart->y.count = 0; /* a number cut short would be another number */
    return 0;
}

static void draw_y_axis(Chart *chart)
{
    bool ascii = chart->charset == CHARSET_ASCII;
    int  col = chart->plot.col - 1;
    for (int row = 0; row < chart->plot.rows; row++) {
        grid_put(chart->grid, chart->plot.row + row, col, ascii ? '|' : 0x2502, INK_DIM);
    }
    for (int i = 0; i < chart->y.count; i++) {
        int row = y_tick_row(chart, i), wide = columns(chart->y.text[i]);
        grid_text(chart->grid, row, col - wide, wide, INK_DIM, chart->y.text[i]);
        grid_put(chart->grid, row, col, ascii ? '+' : 0x2524, INK_DIM);
    }
}

/* ---- the x axis ------------------------------------------------------------------------- */

static int x_tick_col(const Chart *chart, double value)
{
    static const int across[] = {[CHARSET_ASCII] = 1, [CHARSET_BLOCK] = 1, [CHARSET_BRAILLE] = 2};

    double at = scale_at(&chart->x, value);
    int    dots = chart->plot.cols * across[chart->charset];
    return chart->plot.col + (int)round(fmin(fmax(at, 0), 1) * (dots - 1)) / across[chart->charset];
}

/* Where a text centred on a column begins, moved inside the area. */
static int centred(const Chart *chart, int col, int wide)
{
    int left = col - (wide - 1) / 2, end = chart->area.col + chart->area.cols;
    if (left + wide > end) left = end - wide;
    return left < chart->area.col ? chart->area.col : left;
}

int chart_tick_label(Chart *chart, int row, int col, int cols, const char *text)
{
    int wide = columns(text);
    if (wide > cols) wide = cols;
    int left = centred(chart, col, wide);
    grid_text(chart->grid, row, left, wide, INK_DIM, text);
    return left;
}

static bool x_ticks_touch(const Chart *chart)
{
    int free_from = chart->area.col;
    for (int i = 0; i < chart->x.count; i++) {
        int wide = columns(chart->x.text[i]);
        int left = centred(chart, x_tick_col(chart, chart->x.tick[i]), wide);
        if (left < free_from || wide > chart->area.cols) return true;
        free_from = left + wide + 2;
    }
    return false;
}

/* The values themselves where they are few (ranks 1, 2, 4, 8), else round numbers. */
static void choose_x_ticks(Chart *chart)
{
    const FigureAxis *axis = &chart->figure->x;
    const Scale       bare = chart->x;
    Reach             reach = figure_reach(chart->figure, 'x', bare.log);
    bool              bytes = axis_bytes(axis);
    int               few = (int)(sizeof reach.seen / sizeof *reach.seen);
    if (!axis->fixed && reach.distinct <= few && (reach.whole || bare.log)) {
        scale_ticks_at(&chart->x, reach.seen, reach.distinct, bytes);
        if (chart->x.count > 0 && !x_ticks_touch(chart)) return;
    }
    int most = chart->plot.cols / 10 + 1;
    for (most = most > 8 ? 8 : most; most > 0; most--) {
        chart->x = bare;
        scale_ticks(&chart->x, most, reach.whole, bytes, false);
        if (!x_ticks_touch(chart)) return;
    }
    chart->x.count = 1;
    if (x_ticks_touch(chart)) chart->x.count = 0;
}

static void draw_categories(Chart *chart, int row)
{
    Index n = chart->figure->categories, stride = 1;
    int   slot = 0, longest = 1;
    for (Index i = 0; i < n; i++) {
        int wide = columns(chart->figure->category[i]);
        if (wide > longest) longest = wide;
    }
    if (longest > 12) longest = 12;
    for (; stride < n; stride++) {
        double from = scale_at(&chart->x, 0), to = scale_at(&chart->x, (double)stride);
        slot = (int)(fmin(fabs(to - from), 1) * (chart->plot.cols - 1));
        if (slot >= longest + 2) break;
    }
    if (stride >= n) slot = chart->area.cols + 2;
    for (Index i = 0; i < n; i += stride) {
        double at = scale_at(&chart->x, (double)i);
        if (!(at >= 0 && at <= 1)) continue;
        int col = x_tick_col(chart, (double)i);
        grid_put(chart->grid, row - 1, col, chart->charset == CHARSET_ASCII ? '+' : 0x252c,
                 INK_DIM);
        chart_tick_label(chart, row, col, slot - 2, chart->figure->category[i]);
    }
}

static void draw_x_axis(Chart *chart)
{
    bool ascii = chart->charset == CHARSET_ASCII;
    int  row = chart->plot.row + chart->plot.rows, col = chart->plot.col;
    grid_put(chart->grid, row, col - 1, ascii ? '+' : 0x2514, INK_DIM);
    for (int i = 0; i < chart->plot.cols; i++) {
        grid_put(chart->grid, row, col + i, ascii ? '-' : 0x2500, INK_DIM);
    }
    if (chart->figure->categories > 0) {
        draw_categories(chart, row + 1);
        return;
    }
    for (int i = 0; i < chart->x.count; i++) {
        int at = x_tick_col(chart, chart->x.tick[i]);
        grid_put(chart->grid, row, at, ascii ? '+' : 0x252c, INK_DIM);
        chart_tick_label(chart, row + 1, at, chart->area.cols, chart->x.text[i]);
    }
}

/* ---- together --------------------------------------------------------------------------- */

void chart_layout(Chart *chart, int right)
{
    const FigureAxis *x = &chart->figure->x;
    bool titled = (x->title != NULL && *x->title != '\0') || figure_log(chart->figure, 'x');
    int  below = titled && chart->area.rows >= 7 ? 3 : 2;
    chart->x = figure_scale(chart->figure, 'x');
    chart->y = figure_scale(chart->figure, 'y');
    chart->plot = chart->area;
    chart->plot.rows = chart->area.rows - below;
    int left = choose_y_ticks(chart) + 1;
    chart->plot.col += left;
    chart->plot.cols -= left + right;
    choose_x_ticks(chart);
}

void chart_axes(Chart *chart)
{
    draw_y_axis(chart);
    draw_x_axis(chart);
    int below = chart->plot.row + chart->plot.rows + 2;
    if (below < chart->area.row + chart->area.rows) chart_x_title(chart, below);
}
