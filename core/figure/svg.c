/*
 * SVG: the frame, titles, ticks and labels. Text and axes take the colour of the page
 * (currentColor), series one of eight colours that stay apart for the colour-blind, a marker each
 * and their name at the end of the line. No ids and no style sheet: many figures share a page.
 */

#include "core/figure/svg.h"

#include <math.h>
#include <string.h>

#include "core/base/text.h"

double svg_x(const Svg *svg, double value)
{
    double at = fmin(fmax(scale_at(&svg->x, value), -9), 10);
    return svg->left + at * (svg->right - svg->left);
}

double svg_y(const Svg *svg, double value)
{
    double at = fmin(fmax(scale_at(&svg->y, value), -9), 10);
    return svg->bottom - at * (svg->bottom - svg->top);
}

/* ---- text ------------------------------------------------------------------------------- */

void svg_escape(Str *out, const char *text, int columns)
{
    Index n = (Index)strlen(text);
    int   used = 0;
    bool  cut = columns > 0 && text_columns(text, n) > columns;
    for (Index i = 0; i < n;) {
        uint32_t cp = 0;
        int      length = utf8_decode(text + i, n - i, &cp), step = length < 0 ? -length : length;
        bool     hidden = length < 0 || text_is_hidden(cp) || (cp & 0xfffe) == 0xfffe;
        used += hidden ? 1 : text_columns(text + i, step);
        if (cut && used > columns - 1) break;
        if (hidden) {
            str_add(out, " ");
        } else {
            text_xml(out, text + i, step);
        }
        i += step;
    }
    if (cut) str_add(out, "\xe2\x80\xa6");
}

void svg_text(Svg *svg, double x, double y, const char *anchor, const char *more, const char *text,
              int columns)
{
    str_addf(svg->out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s%s>", x, y, anchor,
             *more == '\0' ? "" : " ", more);
    svg_escape(svg->out, text, columns);
    str_add(svg->out, "</text>\n");
}

double svg_columns(const Svg *svg, int columns)
{
    return 0.58 * svg->font * columns; /* sans-serif letters, on the wide side */
}

/* ---- colours and markers ---------------------------------------------------------------- */

void svg_paint(Svg *svg, const char *attribute, Index series)
{
    static const char *const colours[MARKERS] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                 "#e69f00", "#56b4e9", "#4a3f7f", "#5c3a1e"};

    Index       slot = series % MARKERS;
    const char *colour = colours[slot];
    if (series < svg->figure->count && svg->figure->series[series].guess) {
        str_addf(svg->out, " %s=\"#808080\" style=\"%s:var(--figure-guess,#808080)\"", attribute,
                 attribute);
        return;
    }
    str_addf(svg->out, " %s=\"%s\" style=\"%s:var(--figure-%td,%s)\"", attribute, colour, attribute,
             slot + 1, colour);
}

/* The shapes of o x + * # @ % & as far as they can be drawn with one stroke. */
void svg_marker(Svg *svg, Index series, double x, double y)
{
    static const char *const shapes[MARKERS] = {
        "M-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0",
        "M-3-3L3 3M-3 3L3-3",
        "M-4 0H4M0-4V4",
        "M-4 0H4M-2-3.5L2 3.5M-2 3.5L2-3.5",
        "M-3-3H3V3H-3Z",
        "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0M-1 0H1",
        "M0-4.5L4.5 0L0 4.5L-4.5 0Z",
        "M0-4L4 3H-4Z",
    };

    double size = svg->font / 14;
    str_addf(svg->out,
             "<path d=\"%s\" transform=\"translate(%.1f %.1f) scale(%.2f)\" fill=\"none\" "
             "stroke-width=\"1.8\"",
             shapes[series % MARKERS], x, y, size);
    svg_paint(svg, "stroke", series);
    str_add(svg->out, "/>\n");
}

int svg_longest_label(const Figure *figure)
{
    int longest = 0;
    for (Index i = 0; i < figure->count; i++) {
        const char *label = figure->series[i].label;
        int         wide = text_columns(label, (Index)strlen(label));
        if (wide > longest) longest = wide;
    }
    return longest < 24 ? longest : 24;
}

/* ---- axes ------------------------------------------------------------------------------- */

static void write_y_axis(Svg *svg)
{
    for (int i = 0; i < svg->y.count; i++) {
        double y = svg_y(svg, svg->y.tick[i]);
        str_addf(svg->out,
                 "<path d=\"M%.1f %.1fH%.1f\" stroke=\"currentColor\" stroke-opacity=\".15\"/>\n",
                 svg->left, y, svg->right);
        svg_text(svg, svg->left - 0.4 * svg->font, y + 0.35 * svg->font, "end",
                 "fill-opacity=\".75\"", svg->y.text[i], 0);
    }
}

static void write_x_tick(Svg *svg, double x, const char *text, int columns)
{
    str_addf(svg->out,
             "<path d=\"M%.1f %.1fv%.1f\" stroke=\"currentColor\" stroke-opacity=\".5\"/>\n", x,
             svg->bottom, 0.3 * svg->font);
    svg_text(svg, x, svg->bottom + 1.3 * svg->font, "middle", "fill-opacity=\".75\"", text,
             columns);
}

static void write_categories(Svg *svg)
{
    Index  n = svg->figure->categories, stride = 1;
    double apart = n > 1 ? fabs(svg_x(svg, 1) - svg_x(svg, 0)) : svg->right - svg->left;
    int    longest = 3;
    for (Index i = 0; i < n; i++) {
        const char *name = svg->figure->category[i];
        int         wide = text_columns(name, (Index)strlen(name));
        if (wide > longest) longest = wide;
    }
    if (longest > 14) longest = 14;
    while (stride < n && apart * (double)stride < svg_columns(svg, longest + 2)) stride++;
    for (Index i = 0; i < n; i += stride) {
        double x = svg_x(svg, (double)i);
        if (x < svg->left - 1 || x > svg->right + 1) continue;
        write_x_tick(svg, x, svg->figure->category[i], 14);
    }
}

static void write_x_axis(Svg *svg)
{
    str_addf(svg->out,
             "<path d=\"M%.1f %.1fH%.1f\" stroke=\"currentColor\" stroke-opacity=\".5\"/>\n",
             svg->left, svg->bottom, svg->right);
    if (svg->figure->categories > 0) {
        write_categories(svg);
        return;
    }
    for (int i = 0; i < svg->x.count; i++) {
        write_x_tick(svg, svg_x(svg, svg->x.tick[i]), svg->x.text[i], 0);
    }
}

void svg_axes(Svg *svg)
{
    write_y_axis(svg);
    write_x_axis(svg);
}

/* ---- layout ----------------------------------------------------------------------------- */

static bool x_ticks_fit(const Svg *svg)
{
    double free_from = 0;
    for (int i = 0; i < svg->x.count; i++) {
        double half = svg_columns(svg, (int)strlen(svg->x.text[i])) / 2;
        double x = svg_x(svg, svg->x.tick[i]);
        if (x - half < free_from || x + half > svg->width) return false;
        free_from = x + half + svg->font;
    }
    return true;
}

static void choose_ticks(Svg *svg)
{
    const Figure *figure = svg->figure;
    bool          whole = figure_reach(figure, 'y', svg->y.log).whole;
    int           most = (int)((svg->bottom - svg->top) / (2.1 * svg->font));
    most = most < 2 ? 2 : most > 8 ? 8 : most;
    scale_ticks(&svg->y, most, whole, axis_bytes(&figure->y), !figure->y.fixed);
    int longest = 1;
    for (int i = 0; i < svg->y.count; i++) {
        int n = (int)strlen(svg->y.text[i]);
        if (n > longest) longest = n;
    }
    svg->left = svg_columns(svg, longest) + 0.9 * svg->font;

    const Scale bare = svg->x;
    Reach       reach = figure_reach(figure, 'x', bare.log);
    int         few = (int)(sizeof reach.seen / sizeof *reach.seen);
    if (reach.distinct <= few && (reach.whole || bare.log)) {
        scale_ticks_at(&svg->x, reach.seen, reach.distinct, axis_bytes(&figure->x));
        if (svg->x.count > 0 && x_ticks_fit(svg)) return;
    }
    for (most = 8; most > 0; most--) {
        svg->x = bare;
        scale_ticks(&svg->x, most, reach.whole, axis_bytes(&figure->x), false);
        if (x_ticks_fit(svg)) return;
    }
}

static void lay_out(Svg *svg)
{
    const Figure *figure = svg->figure;
    Str           heading = {0};
    axis_heading(&heading, figure, 'y');
    double labels = svg_columns(svg, svg_longest_label(figure)) + 2.2 * svg->font;
    bool   named = figure->count > 1 || svg_longest_label(figure) > 0;
    bool   beside = figure->kind == FIGURE_LINE || figure->kind == FIGURE_STACK;
    svg->top = 0.8 * svg->font;
    if (*figure->title != '\0') svg->top += 1.5 * svg->font;
    if (heading.len > 0) svg->top += 1.4 * svg->font;
    svg->out->failed = svg->out->failed || heading.failed;
    str_free(&heading);
    svg->bottom = svg->height - (figure->x.title != NULL ? 3.2 : 1.9) * svg->font;
    svg->right = svg->width - (beside && named ? fmin(labels, 0.4 * svg->width) : svg->font);
    svg->left = 3 * svg->font;
    if (svg->bottom < svg->top + svg->font) svg->bottom = svg->top + svg->font;
    if (svg->right < svg->left + svg->font) svg->right = svg->left + svg->font;
    svg->x = figure_scale(figure, 'x');
    svg->y = figure_scale(figure, 'y');
    choose_ticks(svg);
}

/* ---- together --------------------------------------------------------------------------- */

static void write_titles(Svg *svg)
{
    const Figure *figure = svg->figure;
    double        y = 1.4 * svg->font;
    int           columns = (int)(svg->width / svg_columns(svg, 1)) - 1;
    Str           heading = {0};
    if (*figure->title != '\0') {
        svg_text(svg, 0.3 * svg->font, y, "start", "font-weight=\"600\"", figure->title,
                 columns > 10 ? columns : 10);
        y += 1.4 * svg->font;
    }
    axis_heading(&heading, figure, 'y');
    if (heading.len > 0) {
        svg_text(svg, 0.3 * svg->font, y, "start", "fill-opacity=\".75\"", str_text(&heading),
                 columns);
    }
    svg->out->failed = svg->out->failed || heading.failed;
    str_free(&heading);
}

/* After the data: a matrix decides itself how wide it is. */
static void write_x_title(Svg *svg)
{
    Str heading = {0};
    axis_heading(&heading, svg->figure, 'x');
    if (heading.len > 0) {
        double middle = (svg->left + svg->right) / 2, y = svg->height - 0.5 * svg->font;
        int    columns = (int)(svg->width / svg_columns(svg, 1)) - 1;
        svg_text(svg, middle, y, "middle", "fill-opacity=\".75\"", str_text(&heading), columns);
    }
    svg->out->failed = svg->out->failed || heading.failed;
    str_free(&heading);
}

static void write_data(Svg *svg)
{
    bool axes = svg->figure->kind == FIGURE_LINE || svg->figure->kind == FIGURE_STACK;
    if (!figure_reach(svg->figure, 'y', svg->y.log).any) {
        svg_text(svg, (svg->left + svg->right) / 2, (svg->top + svg->bottom) / 2, "middle",
                 "fill-opacity=\".75\"", tr("no data"), 0);
        return;
    }
    if (axes) svg_axes(svg);
    switch (svg->figure->kind) {
    case FIGURE_LINE:
        svg_lines(svg);
        break;
    case FIGURE_BAR:
        svg_bars(svg);
        break;
    case FIGURE_HEAT:
        svg_heat(svg);
        break;
    case FIGURE_STACK:
        svg_stack(svg);
        break;
    }
}

static void write_svg(Str *out, const Figure *figure, int width, int height, bool alone)
{
    CHECK(width > 0 && height > 0);
    Svg svg = {.out = out, .figure = figure, .width = width, .height = height};
    Str sentence = {0};
    /* A phone shows the width in some 360 points: 1/38 of it stays readable there. */
    svg.font = fmin(fmax(width / 38.0, 9), 22);
    figure_sentence(&sentence, figure);
    str_addf(out,
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
             "height=\"%d\" role=\"img\" font-family=\"system-ui,sans-serif\" "
             "font-size=\"%.1f\"%s fill=\"currentColor\" style=\"max-width:100%%;height:auto\" "
             "aria-label=\"",
             width, height, width, height, svg.font, alone ? " color=\"#202124\"" : "");
    svg_escape(out, str_text(&sentence), 0);
    str_add(out, "\">\n<title>");
    svg_escape(out, figure->title, 0);
    str_add(out, "</title>\n<desc>");
    svg_escape(out, str_text(&sentence), 0);
    str_add(out, "</desc>\n");
    if (alone) str_add(out, "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
    out->failed = out->failed || sentence.failed;
    str_free(&sentence);
    lay_out(&svg);
    write_titles(&svg);
    write_data(&svg);
    write_x_title(&svg);
    str_add(out, "</svg>\n");
}

void figure_svg(Str *out, const Figure *figure, int width, int height)
{
    write_svg(out, figure, width, height, false);
}

void figure_svg_alone(Str *out, const Figure *figure, int width, int height)
{
    write_svg(out, figure, width, height, true);
}
