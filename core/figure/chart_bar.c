/* Bars: lying, with their number at the end, while there are few; standing when there are many;
 * joined to a line when there are more than columns. */

#include <math.h>
#include <string.h>

#include "core/base/text.h"
#include "core/figure/chart.h"

/* Neighbours differ in weight: full, light, dark, stripes, middle, stripes the other way. */
uint32_t chart_fill(Charset charset, Index i)
{
    static const uint16_t blocks[MARKERS] = {0x2588, 0x2591, 0x2593, 0x258c,
                                             0x2592, 0x2584, '+',    ':'};
    return charset == CHARSET_ASCII ? (uint32_t) "#=+:o*-%"[i % MARKERS] : blocks[i % MARKERS];
}

/* ---- lying ------------------------------------------------------------------------------ */

typedef struct Lying {
    Index categories;
    int   name_cols, number_cols, bar_cols;
    int   zero; /* column of zero within the bars */
} Lying;

static void name_of(Chart *chart, Index c, Str *out)
{
    str_clear(out);
    category_name(out, chart->figure, c);
    chart->grid->failed = chart->grid->failed || out->failed;
}

static Lying measure(Chart *chart, Index categories)
{
    Lying lying = {.categories = categories};
    Str   name = {0};
    char  number[NUMBER_BYTES];
    for (Index c = 0; c < categories; c++) {
        name_of(chart, c, &name);
        int wide = text_columns(str_text(&name), name.len);
        if (wide > lying.name_cols) lying.name_cols = wide;
        for (Index s = 0; s < chart->figure->count; s++) {
            number_text(number, bar_value(&chart->figure->series[s], c),
                        axis_bytes(&chart->figure->y));
            int n = (int)strlen(number);
            if (n > lying.number_cols) lying.number_cols = n;
        }
    }
    str_free(&name);
    int most = chart->area.cols / 3;
    if (lying.name_cols > most) lying.name_cols = most;
    lying.bar_cols = chart->area.cols - lying.name_cols - lying.number_cols - 3;
    if (lying.bar_cols < 1) lying.bar_cols = 1;
    double zero = chart->y.log ? 0 : fmin(fmax(scale_at(&chart->y, 0), 0), 1);
    lying.zero = (int)round(zero * lying.bar_cols);
    return lying;
}

/* Cells from `from` on, in eighths where the filling is solid. Returns the column after. */
static int lay_right(Chart *chart, int row, int from, double cells, Index number, Ink ink)
{
    uint32_t fill = chart_fill(chart->charset, number);
    bool     fine = fill == 0x2588;
    int      eighths = (int)round(cells * 8), whole = fine ? eighths / 8 : (int)round(cells);
    for (int i = 0; i < whole; i++) grid_put(chart->grid, row, from + i, fill, ink);
    int rest = fine ? eighths % 8 : 0;
    if (whole == 0 && rest == 0 && cells > 0) rest = 1; /* not zero: a trace */
    if (rest == 0) return from + whole;
    uint32_t part = chart->charset == CHARSET_ASCII ? '|' : 0x2590 - (uint32_t)rest;
    grid_put(chart->grid, row, from + whole, part, ink);
    return from + whole + 1;
}

static void lay_bar(Chart *chart, const Lying *lying, int row, Index c, Index number)
{
    const FigureSeries *series = &chart->figure->series[number];
    double              value = bar_value(series, c);
    Ink                 ink = chart_ink(series, number);
    int                 left = chart->area.col + lying->name_cols + 1, zero = left + lying->zero;
    char                text[NUMBER_BYTES];
    number_text(text, value, axis_bytes(&chart->figure->y));
    int    end = zero;
    double at = fmin(fmax(scale_at(&chart->y, value), 0), 1) * lying->bar_cols;
    if (isfinite(value) && isfinite(at) && at > lying->zero) {
        end = lay_right(chart, row, zero, at - lying->zero, number, ink);
    } else if (isfinite(value) && value < 0 && !chart->y.log) {
        int first = (int)round(at);
        if (first == lying->zero) first--;
        for (int i = first < 0 ? 0 : first; i < lying->zero; i++) {
            grid_put(chart->grid, row, left + i, chart_fill(chart->charset, number), ink);
        }
    } else if (isfinite(value) && value > 0) {
        end = lay_right(chart, row, zero, 1e-9, number, ink);
    }
    grid_text(chart->grid, row, end + 1, chart->area.col + chart->area.cols - end - 1, INK_PLAIN,
              isfinite(value) ? text : tr("missing"));
}

static void draw_lying(Chart *chart, Index categories)
{
    Lying lying = measure(chart, categories);
    Index count = chart->figure->count;
    bool  apart = categories * (count + 1) - 1 <= chart->area.rows && count > 1;
    bool  airy = count == 1 && categories * 2 - 1 <= chart->area.rows && categories <= 4;
    Str   name = {0};
    int   row = chart->area.row;
    for (Index c = 0; c < categories; c++) {
        name_of(chart, c, &name);
        grid_text(chart->grid, row, chart->area.col, lying.name_cols, INK_PLAIN, str_text(&name));
        for (Index s = 0; s < count; s++) lay_bar(chart, &lying, row++, c, s);
        if (apart || airy) row++;
    }
    str_free(&name);
}

/* ---- standing --------------------------------------------------------------------------- */

static void stand_bar(Chart *chart, int col, int cols, double value, Index number)
{
    if (!isfinite(scale_at(&chart->y, value))) return;
    Rect     plot = chart->plot;
    double   zero = chart->y.log ? 0 : fmin(fmax(scale_at(&chart->y, 0), 0), 1) * plot.rows;
    double   end = fmin(fmax(scale_at(&chart->y, value), 0), 1) * plot.rows;
    double   low = fmin(zero, end), high = fmax(zero, end);
    uint32_t fill = chart_fill(chart->charset, number);
    Ink      ink = chart_ink(&chart->figure->series[number], number);
    bool     seen = false;
    for (int row = 0; row < plot.rows; row++) { /* from the bottom */
        double   covered = fmin(high - row, 1) - fmax(low - row, 0);
        int      eighths = (int)round(covered * 8);
        bool     tip = fill == 0x2588 && value > 0 && row + 1 >= high;
        uint32_t cp = tip ? 0x2580 + (uint32_t)eighths : fill;
        if (eighths < 1 || (!tip && eighths < 4)) continue;
        for (int i = 0; i < cols; i++) {
            grid_put(chart->grid, plot.row + plot.rows - 1 - row, col + i, cp, ink);
        }
        seen = true;
    }
    if (seen || value == 0) return;
    /* Not zero: a trace, at the row of zero. */
    int trace = (int)fmin(zero, plot.rows - 1);
    for (int i = 0; i < cols; i++) {
        grid_put(chart->grid, plot.row + plot.rows - 1 - trace, col + i,
                 chart->charset == CHARSET_ASCII ? '_' : 0x2581, ink);
    }
}

static void draw_standing(Chart *chart, Index categories)
{
    Index count = chart->figure->count;
    int   slot = (int)(chart->plot.cols / categories); /* of one category */
    int   wide = slot > count ? slot - 1 : slot;       /* air between categories */
    for (Index c = 0; c < categories; c++) {
        int from = chart->plot.col + (int)c * slot;
        for (Index s = 0; s < count; s++) {
            int a = (int)(s * wide / count), b = (int)((s + 1) * wide / count);
            stand_bar(chart, from + a, b - a, bar_value(&chart->figure->series[s], c), s);
        }
    }
}

/* ---- together --------------------------------------------------------------------------- */

/* One row that tells the fillings apart. */
static void draw_legend(Chart *chart)
{
    if (chart->figure->count < 2) return;
    int col = chart->area.col, end = col + chart->area.cols;
    for (Index i = 0; i < chart->figure->count && col + 3 < end; i++) {
        const FigureSeries *series = &chart->figure->series[i];
        grid_put(chart->grid, chart->area.row, col, chart_fill(chart->charset, i),
                 chart_ink(series, i));
        col += 2;
        col +=
            grid_text(chart->grid, chart->area.row, col, end - col, INK_PLAIN, series->label) + 3;
    }
    chart->area.row++, chart->area.rows--;
}

/* On a log axis bars begin below the least value, so that it has a length too. */
static void begin_below(Scale *scale)
{
    if (scale->log) scale->lo = fmax(scale->lo * pow(scale->lo / scale->hi, 0.1), 5e-324);
}

bool chart_bar(Chart *chart, Error *err)
{
    Index categories = bar_categories(chart->figure), count = chart->figure->count;
    Chart whole = *chart;
    chart_heading(chart);
    draw_legend(chart);
    chart->y = figure_scale(chart->figure, 'y');
    if (!chart->figure->y.fixed) begin_below(&chart->y);
    if (categories == 0 || count == 0) {
        chart->plot = chart->area;
        chart_no_data(chart);
        return true;
    }
    if (categories <= chart->area.rows / count) {
        draw_lying(chart, categories);
        return true;
    }
    chart_layout(chart, 0);
    if (!chart->figure->y.fixed && chart->y.log) begin_below(&chart->y);
    if (categories <= chart->plot.cols / count) {
        int rest = (int)(chart->plot.cols % categories);
        chart_layout(chart, rest); /* all equally wide */
        if (!chart->figure->y.fixed && chart->y.log) begin_below(&chart->y);
        chart_axes(chart);
        draw_standing(chart, categories);
        return true;
    }
    grid_clear(chart->grid, whole.area);
    return chart_line(&whole, err);
}
