/* SVG: bars and matrices. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/text.h"
#include "core/figure/svg.h"

enum { LYING_MOST = 24, HEAT_MOST = 100, RAMP_STEPS = 24 };

static void write_rect(Svg *svg, double x, double y, double width, double height, Index series)
{
    str_addf(svg->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"", x, y,
             fmax(width, 0.5), fmax(height, 0.5));
    svg_paint(svg, "fill", series);
    str_add(svg->out, "/>\n");
}

/* ---- bars ------------------------------------------------------------------------------- */

static void write_legend(Svg *svg)
{
    const Figure *figure = svg->figure;
    double        x = 0.3 * svg->font, y = svg->top;
    if (figure->count < 2) return;
    for (Index i = 0; i < figure->count && x < svg->width; i++) {
        const char *label = figure->series[i].label;
        int         wide = text_columns(label, (Index)strlen(label));
        if (wide > 24) wide = 24;
        write_rect(svg, x, y - 0.4 * svg->font, 0.8 * svg->font, 0.8 * svg->font, i);
        svg_text(svg, x + 1.1 * svg->font, y + 0.35 * svg->font, "start", "", label, 24);
        x += svg_columns(svg, wide) + 2.4 * svg->font;
    }
    svg->top += 1.2 * svg->font;
}

static int longest_name(Svg *svg, Index categories)
{
    Str name = {0};
    int longest = 1;
    for (Index c = 0; c < categories; c++) {
        str_clear(&name);
        category_name(&name, svg->figure, c);
        svg->out->failed = svg->out->failed || name.failed;
        int wide = text_columns(str_text(&name), name.len);
        if (wide > longest) longest = wide;
    }
    str_free(&name);
    return longest < 24 ? longest : 24;
}

/* A bar from zero (or the lower end of a log axis) and its number. */
static void write_lying(Svg *svg, double y, double high, double value, Index series)
{
    char   text[NUMBER_BYTES];
    double at = svg->y.log ? 0 : fmin(fmax(scale_at(&svg->y, 0), 0), 1);
    double to = fmin(fmax(scale_at(&svg->y, value), 0), 1), wide = svg->right - svg->left;
    double end = svg->left + at * wide;
    number_text(text, value, axis_bytes(&svg->figure->y));
    if (isfinite(scale_at(&svg->y, value))) {
        write_rect(svg, svg->left + fmin(at, to) * wide, y, fabs(to - at) * wide, high, series);
        end = svg->left + fmax(at, to) * wide;
    }
    svg_text(svg, end + 0.4 * svg->font, y + high / 2 + 0.35 * svg->font, "start", "",
             isfinite(value) ? text : tr("missing"), 0);
}

static void write_all_lying(Svg *svg, Index categories)
{
    const Figure *figure = svg->figure;
    Str           name = {0};
    int           longest = longest_name(svg, categories);
    double        step = (svg->bottom - svg->top) / (double)categories;
    double        high = fmin(step * 0.75, 2.4 * svg->font * (double)figure->count);
    svg->left = svg_columns(svg, longest) + 0.9 * svg->font;
    svg->right = fmax(svg->width - svg_columns(svg, 10), svg->left + svg->font);
    for (Index c = 0; c < categories; c++) {
        double top = svg->top + (double)c * step + (step - high) / 2;
        str_clear(&name);
        category_name(&name, figure, c);
        svg->out->failed = svg->out->failed || name.failed;
        svg_text(svg, svg->left - 0.5 * svg->font, top + high / 2 + 0.35 * svg->font, "end", "",
                 str_text(&name), 24);
        for (Index s = 0; s < figure->count; s++) {
            double each = high / (double)figure->count;
            write_lying(svg, top + (double)s * each, each * 0.92, bar_value(&figure->series[s], c),
                        s);
        }
    }
    str_free(&name);
}

static void write_standing(Svg *svg, Index categories)
{
    const Figure *figure = svg->figure;
    double        slot = (svg->right - svg->left) / (double)categories;
    double        each = slot * 0.8 / (double)figure->count;
    double zero = svg->y.log ? svg->bottom : fmin(fmax(svg_y(svg, 0), svg->top), svg->bottom);
    for (Index c = 0; c < categories; c++) {
        for (Index s = 0; s < figure->count; s++) {
            double value = bar_value(&figure->series[s], c);
            if (!isfinite(scale_at(&svg->y, value))) continue;
            double y = fmin(fmax(svg_y(svg, value), svg->top), svg->bottom);
            double x = svg->left + (double)c * slot + slot * 0.1 + (double)s * each;
            write_rect(svg, x, fmin(y, zero), each, fabs(y - zero), s);
        }
    }
}

void svg_bars(Svg *svg)
{
    Index categories = bar_categories(svg->figure);
    if (categories == 0 || svg->figure->count == 0) return;
    if (svg->y.log && !svg->figure->y.fixed) { /* so that the least bar has a length */
        svg->y.lo = fmax(svg->y.lo * pow(svg->y.lo / svg->y.hi, 0.1), 5e-324);
    }
    write_legend(svg);
    if (categories <= LYING_MOST / svg->figure->count) {
        if (svg->figure->x.title == NULL) svg->bottom += svg->font;
        write_all_lying(svg, categories);
        return;
    }
    svg_axes(svg);
    write_standing(svg, categories);
}

/* ---- matrices --------------------------------------------------------------------------- */

/* Values of one sign from light to dark; of both signs blue below zero and orange above. */
static void colour_of(char colour[8], const Reach *reach, double value)
{
    static const int one[3][3] = {{0xf2, 0xf0, 0xe6}, {0x41, 0xa0, 0xb8}, {0x1d, 0x2c, 0x6b}};
    static const int two[3][3] = {{0x1f, 0x6a, 0xb0}, {0xf4, 0xf2, 0xee}, {0xc2, 0x5a, 0x00}};

    bool   signs = reach->lo < 0 && reach->hi > 0;
    double most = fmax(fabs(reach->lo), fabs(reach->hi)), span = reach->hi / 2 - reach->lo / 2;
    double part = signs      ? value / most / 2 + 0.5
                  : span > 0 ? (value / 2 - reach->lo / 2) / span
                             : 0.5;
    part = fmin(fmax(part, 0), 1) * 2;
    int below = part >= 1;
    const int(*stops)[3] = signs ? two : one;
    int rgb[3];
    for (int i = 0; i < 3; i++) {
        double from = stops[below][i], to = stops[below + 1][i];
        rgb[i] = (int)round(from + (part - below) * (to - from));
    }
    snprintf(colour, 8, "#%02x%02x%02x", rgb[0] & 255, rgb[1] & 255, rgb[2] & 255);
}

static void write_cells(Svg *svg, const Reach *reach, Index rows, Index cols, double size)
{
    char colour[8];
    for (Index r = 0; r < rows; r++) {
        for (Index c = 0; c < cols; c++) {
            double value = heat_value(svg->figure, rows, cols, r, c);
            double x = svg->left + (double)c * size, y = svg->top + (double)r * size;
            if (!isfinite(value)) { /* missing: an empty frame with a stroke through it */
                str_addf(svg->out,
                         "<path d=\"M%.2f %.2fh%.2fv%.2fh-%.2fzl%.2f %.2f\" fill=\"none\" "
                         "stroke=\"currentColor\" stroke-opacity=\".4\"/>\n",
                         x, y, size, size, size, size, size);
                continue;
            }
            colour_of(colour, reach, value);
            str_addf(svg->out,
                     "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"%s\" "
                     "shape-rendering=\"crispEdges\"/>\n",
                     x, y, size, size, colour);
        }
    }
}

static void write_ramp(Svg *svg, const Reach *reach, double x)
{
    char   colour[8], text[NUMBER_BYTES];
    double high = fmin(svg->bottom - svg->top, 12 * svg->font), each = high / RAMP_STEPS;
    bool   bytes = axis_bytes(&svg->figure->y);
    for (int i = 0; i < RAMP_STEPS; i++) {
        double part = (i + 0.5) / RAMP_STEPS; /* from the top: the highest first */
        colour_of(colour, reach, reach->hi * (1 - part) + reach->lo * part);
        str_addf(svg->out,
                 "<rect x=\"%.1f\" y=\"%.2f\" width=\"%.1f\" height=\"%.2f\" fill=\"%s\" "
                 "shape-rendering=\"crispEdges\"/>\n",
                 x, svg->top + i * each, svg->font, each, colour);
    }
    number_text(text, reach->hi, bytes);
    svg_text(svg, x + 1.4 * svg->font, svg->top + 0.8 * svg->font, "start", "", text, 0);
    number_text(text, reach->lo, bytes);
    svg_text(svg, x + 1.4 * svg->font, svg->top + high, "start", "", text, 0);
}

static void write_numbers(Svg *svg, Index rows, Index cols, double size)
{
    const Figure *figure = svg->figure;
    char          text[NUMBER_BYTES];
    double        each = size * (double)rows / (double)figure->rows;
    Index         step = heat_step(each, 1.3 * svg->font, figure->rows);
    for (Index r = 1; r <= figure->rows; r = heat_next(r, step)) {
        double at = ((double)r - 0.5) * each;
        number_text(text, (double)r, false);
        svg_text(svg, svg->left - 0.4 * svg->font, svg->top + at + 0.35 * svg->font, "end",
                 "fill-opacity=\".75\"", text, 0);
    }
    each = size * (double)cols / (double)figure->cols;
    step = heat_step(each, 2.6 * svg->font, figure->cols);
    for (Index c = 1; c <= figure->cols; c = heat_next(c, step)) {
        double at = ((double)c - 0.5) * each;
        number_text(text, (double)c, false);
        svg_text(svg, svg->left + at, svg->top + (double)rows * size + 1.2 * svg->font, "middle",
                 "fill-opacity=\".75\"", text, 0);
    }
}

void svg_heat(Svg *svg)
{
    const Figure *figure = svg->figure;
    Reach         reach = figure_reach(figure, 'y', false);
    Index         rows = figure->rows < HEAT_MOST ? figure->rows : HEAT_MOST;
    Index         cols = figure->cols < HEAT_MOST ? figure->cols : HEAT_MOST;
    svg->left = svg_columns(svg, 5);
    double wide = svg->width - svg->left - svg_columns(svg, 12), high = svg->bottom - svg->top;
    double size = fmax(fmin(wide / (double)cols, high / (double)rows), 0.5);
    svg->right = svg->left + size * (double)cols;
    write_cells(svg, &reach, rows, cols, size);
    write_numbers(svg, rows, cols, size);
    write_ramp(svg, &reach, svg->right + svg->font);
    if (rows == figure->rows && cols == figure->cols) return;
    Str note = {0};
    str_addf(&note, tr("1 cell: max |v| of %td x %td"), (figure->rows + rows - 1) / rows,
             (figure->cols + cols - 1) / cols);
    svg_text(svg, svg->width - 0.3 * svg->font, svg->height - 0.5 * svg->font, "end",
             "fill-opacity=\".75\"", str_text(&note), 0);
    svg->out->failed = svg->out->failed || note.failed;
    str_free(&note);
}
