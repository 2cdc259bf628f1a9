/* Lines, points and bands. */

#include <math.h>

#include "core/figure/chart.h"
#include "core/figure/raster.h"

typedef struct Place {
    double x, y; /* fractions of the plot */
} Place;

static Place place_of(const Chart *chart, const FigureSeries *series, Index i)
{
    return (Place){scale_at(&chart->x, series->x[i]), scale_at(&chart->y, series->y[i])};
}

/* ---- bands ------------------------------------------------------------------------------ */

/* An edge of the band as a fraction of the height; what a log axis cannot show lies below it. */
static double edge(const Chart *chart, double value)
{
    if (isnan(value)) return (double)NAN;
    if (chart->y.log && value <= 0) return 0;
    if (isinf(value)) return value > 0;
    return fmin(fmax(scale_at(&chart->y, value), 0), 1);
}

static void shade_column(Chart *chart, const Raster *raster, double x, double low, double high)
{
    int top, bottom, col;
    if (!(low <= high) || !raster_cell(raster, x, high, &top, &col)) return;
    if (!raster_cell(raster, x, low, &bottom, &col)) return;
    uint32_t shade = chart->charset == CHARSET_ASCII ? ':' : 0x2591;
    for (int row = top; row <= bottom; row++) grid_put(chart->grid, row, col, shade, raster->ink);
}

static void shade_between(Chart *chart, const Raster *raster, const FigureSeries *s, Index i,
                          Index k)
{
    double from = scale_at(&chart->x, s->x[i]), to = scale_at(&chart->x, s->x[k]);
    double low[2] = {edge(chart, s->low[i]), edge(chart, s->low[k])};
    double high[2] = {edge(chart, s->high[i]), edge(chart, s->high[k])};
    if (!isfinite(from) || !isfinite(to) || from > 1 || to < 0) return;
    int cols = chart->plot.cols;
    int first = (int)ceil(fmax(from, 0) * (cols - 1)), last = (int)floor(fmin(to, 1) * (cols - 1));
    shade_column(chart, raster, from, low[0], high[0]);
    for (int col = first; col <= last && from < to; col++) {
        double x = cols > 1 ? (double)col / (cols - 1) : 0, part = (x - from) / (to - from);
        shade_column(chart, raster, x, low[0] + part * (low[1] - low[0]),
                     high[0] + part * (high[1] - high[0]));
    }
    shade_column(chart, raster, to, low[1], high[1]);
}

static void draw_band(Chart *chart, const Raster *raster, const FigureSeries *series)
{
    for (Index i = 0; i < series->n; i++) {
        bool joined = i + 1 < series->n && isfinite(series->y[i]) && isfinite(series->y[i + 1]);
        if (isfinite(series->y[i])) shade_between(chart, raster, series, i, joined ? i + 1 : i);
    }
}

/* ---- lines ------------------------------------------------------------------------------ */

static void draw_joined(const Chart *chart, Raster *raster, const FigureSeries *series)
{
    raster->travelled = 0;
    Place before = {(double)NAN, (double)NAN};
    for (Index i = 0; i < series->n; i++) {
        Place here = {(double)NAN, (double)NAN};
        if (point_shown(series, i, chart->x.log, chart->y.log)) here = place_of(chart, series, i);
        raster_line(raster, before.x, before.y, here.x, here.y);
        before = here;
    }
}

/* ---- markers ---------------------------------------------------------------------------- */

enum { MARK_EVERY = 16 }; /* columns, on a line of many points */

/* Neither neighbour can be drawn: without a marker the point would not be seen. */
static bool lonely(const Chart *chart, const FigureSeries *series, Index i)
{
    bool left = i > 0 && point_shown(series, i - 1, chart->x.log, chart->y.log);
    bool right = i + 1 < series->n && point_shown(series, i + 1, chart->x.log, chart->y.log);
    return !left && !right;
}

/* Every point of a short series; of a long one a few, at other columns than its neighbours'. */
static void draw_markers(Chart *chart, const Raster *raster, const FigureSeries *series,
                         Index number)
{
    bool all = series->points || series->n * 5 <= chart->plot.cols;
    int  phase = (int)(number * 5 % MARK_EVERY), next = phase + 4;
    for (Index i = 0; i < series->n; i++) {
        int row, col;
        if (!point_shown(series, i, chart->x.log, chart->y.log)) continue;
        Place place = place_of(chart, series, i);
        if (!raster_cell(raster, place.x, place.y, &row, &col)) continue;
        bool due = chart->figure->count > 1 && col - chart->plot.col >= next;
        if (!all && !due && !lonely(chart, series, i)) continue;
        if (due)
            next = (col - chart->plot.col - phase) / MARK_EVERY * MARK_EVERY + MARK_EVERY + phase;
        grid_put(chart->grid, row, col, (uint32_t)chart_marker(number), chart_ink(series, number));
    }
}

/* ---- together --------------------------------------------------------------------------- */

/* In the order in which they lie over one another. */
static void draw_each(Chart *chart, Raster *raster, bool front,
                      void (*draw)(Chart *, Raster *, Index))
{
    for (Index i = 0; i < chart->figure->count; i++) {
        if (chart->figure->series[i].front == front) draw(chart, raster, i);
    }
}

static void draw_one(Chart *chart, Raster *raster, Index i)
{
    const FigureSeries *series = &chart->figure->series[i];
    raster->ink = chart_ink(series, i);
    raster->dashed = series->guess;
    if (has_band(series)) draw_band(chart, raster, series);
    if (!series->points) draw_joined(chart, raster, series);
}

static void mark_one(Chart *chart, Raster *raster, Index i)
{
    draw_markers(chart, raster, &chart->figure->series[i], i);
}

static bool draw_series(Chart *chart, Error *err)
{
    Raster raster;
    if (!raster_init(&raster, chart->plot, chart->charset, err)) return false;
    draw_each(chart, &raster, false, draw_one);
    draw_each(chart, &raster, true, draw_one);
    raster_paint(&raster, chart->grid);
    draw_each(chart, &raster, false, mark_one);
    draw_each(chart, &raster, true, mark_one);
    raster_free(&raster);
    return true;
}

bool chart_line(Chart *chart, Error *err)
{
    chart_heading(chart);
    chart_layout(chart, chart_label_columns(chart));
    bool empty = !figure_reach(chart->figure, 'y', chart->y.log).any;
    if (empty) chart->x.count = chart->y.count = 0; /* an axis of nothing has no numbers */
    chart_axes(chart);
    if (empty) {
        chart_no_data(chart);
        return true;
    }
    if (!draw_series(chart, err)) return false;
    chart_end_labels(chart);
    return true;
}
