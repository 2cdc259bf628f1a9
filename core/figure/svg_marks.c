/* SVG: lines with their bands and labels, and stacks. */

#include <math.h>
#include <string.h>

#include "core/figure/svg.h"

/* ---- lines ------------------------------------------------------------------------------ */

static bool shown(const Svg *svg, const FigureSeries *series, Index i)
{
    return point_shown(series, i, svg->x.log, svg->y.log);
}

static void write_path(Svg *svg, const FigureSeries *series, Index number)
{
    bool joined = false;
    str_add(svg->out, "<path fill=\"none\" stroke-width=\"2.2\" stroke-linejoin=\"round\"");
    if (series->guess) str_add(svg->out, " stroke-dasharray=\"7 5\"");
    svg_paint(svg, "stroke", number);
    str_add(svg->out, " d=\"");
    for (Index i = 0; i < series->n; i++) {
        bool here = shown(svg, series, i);
        if (here) {
            str_addf(svg->out, "%c%.1f %.1f", joined ? 'L' : 'M', svg_x(svg, series->x[i]),
                     svg_y(svg, series->y[i]));
        }
        joined = here;
    }
    str_add(svg->out, "\"/>\n");
}

static bool band_shown(const Svg *svg, const FigureSeries *series, Index i)
{
    bool x = isfinite(series->x[i]) && (!svg->x.log || series->x[i] > 0);
    return x && isfinite(series->y[i]) && isfinite(series->low[i]) && isfinite(series->high[i]);
}

/* What a log axis cannot show lies at its lower end. */
static double edge_y(const Svg *svg, double value)
{
    double y = svg->y.log && value <= 0 ? svg->bottom : svg_y(svg, value);
    return fmin(fmax(y, svg->top), svg->bottom);
}

/* One closed outline for each run of points without a gap. */
static void write_band(Svg *svg, const FigureSeries *series, Index number)
{
    str_add(svg->out, "<path stroke=\"none\" fill-opacity=\".18\"");
    svg_paint(svg, "fill", number);
    str_add(svg->out, " d=\"");
    for (Index from = 0, to; from < series->n; from = to + 1) {
        for (to = from; to < series->n && band_shown(svg, series, to); to++) {
            str_addf(svg->out, "%c%.1f %.1f", to == from ? 'M' : 'L', svg_x(svg, series->x[to]),
                     edge_y(svg, series->high[to]));
        }
        for (Index i = to - 1; i >= from; i--) {
            str_addf(svg->out, "L%.1f %.1f", svg_x(svg, series->x[i]), edge_y(svg, series->low[i]));
        }
        if (to > from) str_add(svg->out, "Z");
    }
    str_add(svg->out, "\"/>\n");
}

static void write_markers(Svg *svg, const FigureSeries *series, Index number)
{
    bool   all = series->points || series->n <= 24;
    double next = svg->left + (double)(number % MARKERS) * 14 + 10, apart = 8 * 14;
    for (Index i = 0; i < series->n; i++) {
        if (!shown(svg, series, i)) continue;
        double x = svg_x(svg, series->x[i]), y = svg_y(svg, series->y[i]);
        bool   left = i > 0 && shown(svg, series, i - 1);
        bool   right = i + 1 < series->n && shown(svg, series, i + 1);
        bool   due = svg->figure->count > 1 && x >= next;
        if (!all && !due && (left || right)) continue;
        if (y < svg->top - 1 || y > svg->bottom + 1) continue;
        if (due) next = x + apart;
        svg_marker(svg, number, x, y);
    }
}

/* ---- labels at the ends ----------------------------------------------------------------- */

typedef struct EndLabel {
    Index  series;
    double x, y; /* where the line ends */
} EndLabel;

static int find_ends(const Svg *svg, EndLabel ends[LABELS_MAX])
{
    int n = 0;
    for (Index i = 0; i < svg->figure->count && n < LABELS_MAX; i++) {
        const FigureSeries *series = &svg->figure->series[i];
        Index               last = series_end(series, svg->x.log, svg->y.log);
        if (last < 0) continue;
        double y = fmin(fmax(svg_y(svg, series->y[last]), svg->top), svg->bottom);
        int    at = n++;
        for (; at > 0 && ends[at - 1].y > y; at--) ends[at] = ends[at - 1];
        ends[at] = (EndLabel){i, fmin(svg_x(svg, series->x[last]), svg->right), y};
    }
    return n;
}

static void write_labels(Svg *svg)
{
    EndLabel ends[LABELS_MAX];
    double   y[LABELS_MAX], font = svg->font;
    int      n = find_ends(svg, ends);
    if (svg->figure->count == 1 && svg_longest_label(svg->figure) == 0) return;
    for (int i = 0; i < n; i++) y[i] = ends[i].y;
    spread(y, n, 1.15 * font, svg->top, svg->bottom);
    for (int i = 0; i < n; i++) {
        const FigureSeries *series = &svg->figure->series[ends[i].series];
        if (fabs(y[i] - ends[i].y) > 2 && svg->right - ends[i].x < font) { /* lead the eye */
            str_addf(svg->out,
                     "<path d=\"M%.1f %.1fL%.1f %.1f\" stroke=\"currentColor\" fill=\"none\" "
                     "stroke-opacity=\".35\"/>\n",
                     ends[i].x + 2, ends[i].y, svg->right + 0.5 * font, y[i]);
        }
        svg_marker(svg, ends[i].series, svg->right + font, y[i]);
        svg_text(svg, svg->right + 1.8 * font, y[i] + 0.35 * font, "start", "", series->label, 24);
    }
}

/* The part of the plot that a fixed axis leaves. A nested picture clips without an id. */
static void open_plot(Svg *svg)
{
    double margin = svg->font / 2, wide = svg->right - svg->left + 2 * margin;
    double high = svg->bottom - svg->top + 2 * margin;
    str_addf(svg->out,
             "<svg x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
             "viewBox=\"%.1f %.1f %.1f %.1f\">\n",
             svg->left - margin, svg->top - margin, wide, high, svg->left - margin,
             svg->top - margin, wide, high);
}

void svg_lines(Svg *svg)
{
    const Figure *figure = svg->figure;
    open_plot(svg);
    for (Index i = 0; i < figure->count; i++) {
        if (has_band(&figure->series[i])) write_band(svg, &figure->series[i], i);
    }
    for (int front = 0; front < 2; front++) {
        for (Index i = 0; i < figure->count; i++) {
            const FigureSeries *series = &figure->series[i];
            if (series->front != (front > 0)) continue;
            if (!series->points) write_path(svg, series, i);
            write_markers(svg, series, i);
        }
    }
    str_add(svg->out, "</svg>\n");
    write_labels(svg);
}

/* ---- stacks ----------------------------------------------------------------------------- */

enum { SAMPLES = 400 }; /* of stacks whose series do not share their x */

static double below(const Figure *figure, Index series, double x)
{
    double sum = 0;
    for (Index i = 0; i < series; i++) sum += stack_part(&figure->series[i], x);
    return fmin(sum, 1e308);
}

static double outline_x(const Svg *svg, bool common, Index i)
{
    if (common) return svg->figure->series[0].x[i];
    return scale_value(&svg->x, (double)i / (SAMPLES - 1));
}

static void write_part(Svg *svg, Index number)
{
    const Figure *figure = svg->figure;
    bool          common = stack_common(figure), begun = false;
    Index         n = common ? figure->series[0].n : SAMPLES;
    str_add(svg->out, "<path stroke=\"none\" fill-opacity=\".85\"");
    svg_paint(svg, "fill", stack_rank(figure, number));
    str_add(svg->out, " d=\"");
    for (Index step = 0; step < 2 * n; step++) { /* along its top, back along its bottom */
        bool   top = step < n;
        double x = outline_x(svg, common, top ? step : 2 * n - 1 - step);
        if (!isfinite(scale_at(&svg->x, x))) continue;
        double y = svg_y(svg, below(figure, number + top, x));
        str_addf(svg->out, "%c%.1f %.1f", begun ? 'L' : 'M', svg_x(svg, x), y);
        begun = true;
    }
    str_add(svg->out, begun ? "Z\"/>\n" : "\"/>\n");
}

void svg_stack(Svg *svg)
{
    const Figure *figure = svg->figure;
    double        y[LABELS_MAX], font = svg->font, peak = stack_peak(figure);
    int           n = figure->count < LABELS_MAX ? (int)figure->count : LABELS_MAX;
    open_plot(svg);
    for (Index i = 0; i < figure->count; i++) write_part(svg, i);
    str_add(svg->out, "</svg>\n");
    for (int i = 0; i < n; i++) { /* names from the top down, beside the highest total */
        double middle = below(figure, n - 1 - i, peak) / 2 + below(figure, n - i, peak) / 2;
        y[i] = svg_y(svg, middle);
    }
    spread(y, n, 1.3 * font, svg->top, svg->bottom);
    for (int i = 0; i < n; i++) {
        Index series = n - 1 - i;
        str_addf(svg->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"",
                 svg->right + 0.6 * font, y[i] - 0.4 * font, 0.8 * font, 0.8 * font);
        svg_paint(svg, "fill", stack_rank(figure, series));
        str_add(svg->out, "/>\n");
        svg_text(svg, svg->right + 1.8 * font, y[i] + 0.35 * font, "start", "",
                 figure->series[series].label, 24);
    }
}
