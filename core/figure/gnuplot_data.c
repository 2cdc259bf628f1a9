/* Datablocks: numbers and NaN, nothing else, between our own end words. */

#include <math.h>

#include "core/figure/gnuplot.h"

enum { HEAT_MOST = 100 };

static void begin(Script *script)
{
    str_addf(script->out, "$d%d << %s\n", script->blocks, script->end_word);
}

static void add_number(Script *script, double value, char after)
{
    if (isfinite(value)) {
        str_addf(script->out, "%.9g%c", value, after);
    } else {
        str_addf(script->out, "NaN%c", after);
    }
}

/* The word that ends the block, and the beginning of its part of the plot command. */
static void end(Script *script, Str *plot)
{
    str_addf(script->out, "%s\n", script->end_word);
    str_addf(plot, "%s$d%d ", plot->len > 0 ? ", \\\n  " : "", script->blocks++);
}

/* ---- lines ------------------------------------------------------------------------------ */

static bool in_band(const Script *script, const FigureSeries *s, Index i)
{
    return point_shown(s, i, script->x.log, false) && isfinite(s->low[i]) && isfinite(s->high[i]);
}

static double edge(const Script *script, double value)
{
    return script->y.log && value <= script->y.lo ? script->y.lo : value;
}

static void write_band(Script *script, Str *plot, Index number)
{
    const FigureSeries *series = &script->figure->series[number];
    bool                any = false;
    for (Index i = 0; i < series->n; i++) any = any || in_band(script, series, i);
    if (!any) return;
    begin(script);
    for (Index i = 0; i < series->n; i++) {
        bool shown = in_band(script, series, i);
        add_number(script, shown ? series->x[i] : (double)NAN, ' ');
        add_number(script, shown ? edge(script, series->low[i]) : (double)NAN, ' ');
        add_number(script, shown ? edge(script, series->high[i]) : (double)NAN, '\n');
    }
    end(script, plot);
    str_addf(plot,
             "using 1:2:3 with filledcurves fill transparent solid 0.2 noborder "
             "linecolor rgb '%s' notitle",
             gnuplot_colour(script->figure, number));
}

static void write_line(Script *script, Str *plot, Index number)
{
    const FigureSeries *series = &script->figure->series[number];
    if (series_end(series, script->x.log, script->y.log) < 0) return;
    begin(script);
    for (Index i = 0; i < series->n; i++) {
        bool shown = point_shown(series, i, script->x.log, script->y.log);
        add_number(script, shown ? series->x[i] : (double)NAN, ' ');
        add_number(script, shown ? series->y[i] : (double)NAN, '\n');
    }
    end(script, plot);
    Index every = series->n <= 24 ? 1 : series->n / 8;
    str_addf(plot,
             "using 1:2 with %s pointtype %d pointinterval %td linewidth 2 dashtype %d "
             "linecolor rgb '%s' notitle",
             series->points ? "points" : "linespoints", gnuplot_point(number),
             series->points ? 1 : every, series->guess ? 2 : 1,
             gnuplot_colour(script->figure, number));
}

void gnuplot_lines(Script *script, Str *plot)
{
    const Figure *figure = script->figure;
    for (Index i = 0; i < figure->count; i++) {
        if (has_band(&figure->series[i])) write_band(script, plot, i);
    }
    for (int front = 0; front < 2; front++) {
        for (Index i = 0; i < figure->count; i++) {
            if (figure->series[i].front == (front > 0)) write_line(script, plot, i);
        }
    }
}

/* ---- bars ------------------------------------------------------------------------------- */

void gnuplot_bars(Script *script, Str *plot)
{
    const Figure *figure = script->figure;
    Index         categories = bar_categories(figure);
    if (figure->count > 1) {
        str_add(script->out, "set key outside right top noenhanced reverse Left\n");
    }
    for (Index s = 0; s < figure->count; s++) {
        double each = 0.8 / (double)figure->count, shift = ((double)s + 0.5) * each - 0.4;
        if (series_end(&figure->series[s], false, script->y.log) < 0) continue;
        begin(script);
        for (Index c = 0; c < categories; c++) {
            double value = bar_value(&figure->series[s], c);
            bool   shown = isfinite(scale_at(&script->y, value));
            add_number(script, (double)c + shift, ' ');
            add_number(script, shown ? value : (double)NAN, ' ');
            add_number(script, each * 0.95, '\n');
        }
        end(script, plot);
        str_addf(plot, "using 1:2:3 with boxes fill solid 0.85 noborder linecolor rgb '%s' title ",
                 gnuplot_colour(figure, s));
        gnuplot_quote(plot, figure->series[s].label, script->target->strict, 0);
        str_add(plot, " noenhanced");
    }
}

/* ---- stacks ----------------------------------------------------------------------------- */

enum { SAMPLES = 400 }; /* of stacks whose series do not share their x */

void gnuplot_stack(Script *script, Str *plot)
{
    const Figure *figure = script->figure;
    bool          common = stack_common(figure);
    Index         n = common ? figure->series[0].n : SAMPLES;
    for (Index s = 0; s < figure->count; s++) {
        begin(script);
        for (Index i = 0; i < n; i++) {
            double x = common ? figure->series[0].x[i]
                              : scale_value(&script->x, (double)i / (SAMPLES - 1));
            double low = 0;
            for (Index k = 0; k < s; k++) low += stack_part(&figure->series[k], x);
            if (!isfinite(scale_at(&script->x, x))) continue;
            add_number(script, x, ' ');
            add_number(script, low, ' ');
            add_number(script, low + stack_part(&figure->series[s], x), '\n');
        }
        end(script, plot);
        str_addf(plot,
                 "using 1:2:3 with filledcurves fill solid 0.85 noborder linecolor rgb '%s' "
                 "notitle",
                 gnuplot_colour(figure, stack_rank(figure, s)));
    }
}

/* ---- matrices --------------------------------------------------------------------------- */

/* A filled box each; missing values have none. An image would warn of them. */
void gnuplot_heat(Script *script, Str *plot)
{
    const Figure *figure = script->figure;
    Index         rows = figure->rows < HEAT_MOST ? figure->rows : HEAT_MOST;
    Index         cols = figure->cols < HEAT_MOST ? figure->cols : HEAT_MOST;
    double        high = (double)figure->rows / (double)rows / 2;
    double        wide = (double)figure->cols / (double)cols / 2;
    begin(script);
    for (Index r = 0; r < rows; r++) {
        for (Index c = 0; c < cols; c++) {
            double value = heat_value(figure, rows, cols, r, c);
            double x = (2 * (double)c + 1) * wide + 0.5, y = (2 * (double)r + 1) * high + 0.5;
            if (!isfinite(value)) continue;
            add_number(script, x, ' ');
            add_number(script, y, ' ');
            add_number(script, wide, ' ');
            add_number(script, high, ' ');
            add_number(script, value, '\n');
        }
    }
    end(script, plot);
    str_add(plot,
            "using 1:2:3:4:5 with boxxyerror fill solid 1 noborder linecolor palette notitle");
}
