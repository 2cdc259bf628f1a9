/*
 * The frame of a gnuplot script. Ranges and ticks are our own, so that every writer shows the
 * same axes and gnuplot has nothing to warn about (empty or constant data, a log axis without
 * positive values).
 */

#include "core/figure/gnuplot.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "core/base/text.h"

static bool is(const Script *script, const char *terminal)
{
    return strcmp(script->target->terminal, terminal) == 0;
}

static bool is_window(const Script *script)
{
    return is(script, "qt") || is(script, "x11") || is(script, "wxt");
}

const char *gnuplot_colour(const Figure *figure, Index series)
{
    static const char *const colours[MARKERS] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                 "#e69f00", "#56b4e9", "#4a3f7f", "#5c3a1e"};
    return figure->series[series].guess ? "#808080" : colours[series % MARKERS];
}

int gnuplot_point(Index series)
{
    static const int points[MARKERS] = {6, 2, 1, 3, 4, 7, 12, 8}; /* o x + * # @ % & */
    return points[series % MARKERS];
}

static void quote(Script *script, const char *text, int tick)
{
    gnuplot_quote(script->out, text, script->target->strict, tick);
}

/* ---- terminal --------------------------------------------------------------------------- */

static void write_terminal(Script *script)
{
    const GnuplotTarget *target = script->target;
    Str                 *out = script->out;
    int                  width = target->width, height = target->height;
    if (is(script, "pdfcairo")) {
        str_addf(out, "set terminal pdfcairo noenhanced size %.2fin,%.2fin font 'sans,11'\n",
                 width / 100.0, height / 100.0);
    } else if (is(script, "dumb")) {
        str_addf(out, "set terminal dumb noenhanced size %d,%d\n", width, height);
    } else if (is(script, "svg")) {
        str_addf(out, "set terminal svg noenhanced size %d,%d font 'sans-serif,13'\n", width,
                 height);
    } else if (is(script, "pngcairo")) {
        str_addf(out, "set terminal pngcairo noenhanced size %d,%d font 'sans,11'\n", width,
                 height);
    } else {
        CHECK(is_window(script));
        str_addf(out, "set terminal %s 0 noenhanced size %d,%d title 'loralab' noraise nopersist\n",
                 target->terminal, width, height);
    }
    if (target->file == NULL) {
        str_add(out, "set output\n");
        return;
    }
    str_add(out, "set output ");
    gnuplot_quote(out, target->file, false, 0);
    str_add(out, "\n");
}

/* ---- axes ------------------------------------------------------------------------------- */

static void write_range(Script *script, const char *axis, const Scale *scale, bool reversed)
{
    str_addf(script->out, "set %srange [%.17g:%.17g] noextend\n", axis,
             reversed ? scale->hi : scale->lo, reversed ? scale->lo : scale->hi);
    if (scale->log) str_addf(script->out, "set logscale %s\n", axis);
}

static void write_ticks(Script *script, const char *axis, const Scale *scale)
{
    str_addf(script->out, "set %stics nomirror noenhanced (", axis);
    for (int i = 0; i < scale->count; i++) {
        if (i > 0) str_add(script->out, ", ");
        quote(script, scale->text[i], NUMBER_BYTES);
        str_addf(script->out, " %.17g", scale->tick[i]);
    }
    str_add(script->out, ")\n");
}

static void write_categories(Script *script)
{
    Index n = script->figure->categories, most = is(script, "dumb") ? 8 : 16;
    Index stride = (n + most - 1) / most, written = 0, shown = (n + stride - 1) / stride;
    /* A character is some eight pixels wide, with a blank on either side. */
    int columns = is(script, "dumb") ? script->target->width : script->target->width / 8;
    int room = columns * 3 / 4 / (int)shown - 2;
    if (room < 3) room = 3;
    str_add(script->out, "set xtics nomirror noenhanced (");
    for (Index i = 0; i < n; i += stride) {
        if (!((double)i >= script->x.lo && (double)i <= script->x.hi)) continue;
        if (written++ > 0) str_add(script->out, ", ");
        quote(script, script->figure->category[i], room);
        str_addf(script->out, " %td", i);
    }
    str_add(script->out, ")\n");
}

static void choose_x_ticks(Script *script)
{
    const FigureAxis *axis = &script->figure->x;
    Reach             reach = figure_reach(script->figure, 'x', script->x.log);
    int               few = (int)(sizeof reach.seen / sizeof *reach.seen);
    if (reach.distinct <= few && (reach.whole || script->x.log)) {
        scale_ticks_at(&script->x, reach.seen, reach.distinct, axis_bytes(axis));
    }
    if (script->x.count == 0) {
        scale_ticks(&script->x, is(script, "dumb") ? 5 : 7, reach.whole, axis_bytes(axis), false);
    }
}

static void write_axes(Script *script)
{
    const Figure *figure = script->figure;
    bool          whole = figure_reach(figure, 'y', script->y.log).whole;
    scale_ticks(&script->y, 6, whole, axis_bytes(&figure->y), !figure->y.fixed);
    choose_x_ticks(script);
    if (figure->kind == FIGURE_BAR && script->y.log && !figure->y.fixed) {
        script->y.lo = fmax(script->y.lo * pow(script->y.lo / script->y.hi, 0.1), 5e-324);
    }
    write_range(script, "x", &script->x, false);
    write_range(script, "y", &script->y, false);
    write_ticks(script, "y", &script->y);
    if (figure->categories > 0) {
        write_categories(script);
    } else {
        write_ticks(script, "x", &script->x);
    }
    str_add(script->out, "set border 3\nset grid ytics linecolor rgb '#d0d0d0'\n");
}

/* Rows and columns of a matrix, counted from 1, the first row on top. */
static void write_heat_axes(Script *script)
{
    const Figure *figure = script->figure;
    Reach         reach = figure_reach(figure, 'y', false);
    script->x = (Scale){.lo = 0.5, .hi = (double)figure->cols + 0.5};
    script->y = (Scale){.lo = 0.5, .hi = (double)figure->rows + 0.5};
    scale_ticks(&script->x, 10, true, false, false);
    scale_ticks(&script->y, 8, true, false, false);
    write_range(script, "x", &script->x, false);
    write_range(script, "y", &script->y, true);
    write_ticks(script, "x", &script->x);
    write_ticks(script, "y", &script->y);

    Scale value = figure_scale(figure, 'y');
    bool  signs = reach.lo < 0 && reach.hi > 0;
    if (signs) { /* zero in the middle of the colours */
        value.hi = fmax(-reach.lo, reach.hi);
        value.lo = -value.hi;
    }
    str_addf(script->out, "set cbrange [%.17g:%.17g]\n", value.lo, value.hi);
    str_add(script->out, signs ? "set palette defined (0 '#1f6ab0', 1 '#f4f2ee', 2 '#c25a00')\n"
                               : "set palette defined (0 '#f2f0e6', 1 '#41a0b8', 2 '#1d2c6b')\n");
    str_add(script->out, "set border 15\nunset grid\n");
}

/* ---- text ------------------------------------------------------------------------------- */

static void write_heading(Script *script, const char *what, char which)
{
    Str heading = {0};
    axis_heading(&heading, script->figure, which);
    str_addf(script->out, "set %s ", what);
    quote(script, str_text(&heading), 0);
    str_add(script->out, " noenhanced\n");
    script->out->failed = script->out->failed || heading.failed;
    str_free(&heading);
}

typedef struct EndLabel {
    Index  series;
    double height; /* 0 to 1 */
} EndLabel;

/* Where series end, sorted from the bottom; of a stack the middle of each part at the right. */
static int find_ends(const Script *script, EndLabel ends[LABELS_MAX])
{
    const Figure *figure = script->figure;
    int           n = 0;
    double        sum = 0;
    for (Index i = 0; i < figure->count && n < LABELS_MAX; i++) {
        const FigureSeries *series = &figure->series[i];
        Index               last = series_end(series, script->x.log, script->y.log);
        double              part = stack_part(series, script->x.hi), value = sum + part / 2;
        sum += part;
        if (figure->kind == FIGURE_LINE) {
            if (last < 0) continue;
            value = series->y[last];
        }
        double height = fmin(fmax(scale_at(&script->y, value), 0), 1);
        int    at = n++;
        for (; at > 0 && ends[at - 1].height > height; at--) ends[at] = ends[at - 1];
        ends[at] = (EndLabel){i, height};
    }
    return n;
}

static void write_labels(Script *script)
{
    const Figure *figure = script->figure;
    EndLabel      ends[LABELS_MAX];
    double        height[LABELS_MAX], lines = script->target->height / 18.0;
    int           n = find_ends(script, ends), longest = 0;
    if (is(script, "dumb")) lines = script->target->height;
    for (int i = 0; i < n; i++) {
        const char *label = figure->series[ends[i].series].label;
        int         wide = text_columns(label, (Index)strlen(label));
        height[i] = ends[i].height;
        if (wide > longest) longest = wide;
    }
    if (longest == 0 && n < 2) return;
    spread(height, n, 1.2 / fmax(lines - 5, 1), 0, 1);
    str_addf(script->out, "set rmargin %d\n", (longest > 30 ? 30 : longest) + 5);
    for (int i = 0; i < n; i++) {
        Index series = ends[i].series;
        str_addf(script->out, "set label %d ", i + 1);
        quote(script, figure->series[series].label, 0);
        bool stack = figure->kind == FIGURE_STACK;
        str_addf(script->out,
                 " at graph 1.02, graph %.4f left noenhanced point pointtype %d linecolor rgb "
                 "'%s' offset 1,0\n",
                 height[i], stack ? 5 : gnuplot_point(series),
                 gnuplot_colour(figure, stack ? stack_rank(figure, series) : series));
    }
}

/* ---- together --------------------------------------------------------------------------- */

static void write_no_data(Script *script)
{
    str_add(script->out, "set xrange [0:1]\nset yrange [0:1]\nunset xtics\nunset ytics\n"
                         "set label 1 ");
    quote(script, tr("no data"), 0);
    str_add(script->out, " at graph 0.5, graph 0.5 center noenhanced\nplot 2 notitle\n");
}

static void write_plot(Script *script)
{
    Str  plot = {0};
    bool heat = script->figure->kind == FIGURE_HEAT, bars = script->figure->kind == FIGURE_BAR;
    if (heat) {
        write_heat_axes(script);
        gnuplot_heat(script, &plot);
    } else {
        write_axes(script);
        if (bars) {
            gnuplot_bars(script, &plot);
        } else {
            write_labels(script);
            if (script->figure->kind == FIGURE_LINE) gnuplot_lines(script, &plot);
            if (script->figure->kind == FIGURE_STACK) gnuplot_stack(script, &plot);
        }
    }
    str_addf(script->out, plot.len > 0 ? "plot %s\n" : "plot %s2 notitle\n", str_text(&plot));
    script->out->failed = script->out->failed || plot.failed;
    str_free(&plot);
}

void figure_gnuplot(Str *out, const Figure *figure, const GnuplotTarget *target,
                    const char *end_word)
{
    CHECK(*end_word != '\0' && target->width > 0 && target->height > 0);
    for (const char *c = end_word; *c != '\0'; c++) CHECK(isalpha((unsigned char)*c));
    Script script = {.out = out, .figure = figure, .target = target, .end_word = end_word};
    script.x = figure_scale(figure, 'x');
    script.y = figure_scale(figure, 'y');
    str_add(out, "reset\nundefine $*\nset encoding utf8\nset decimalsign '.'\n");
    write_terminal(&script);
    str_add(out, "set title ");
    quote(&script, figure->title, 0);
    str_add(out, " noenhanced\n");
    write_heading(&script, "xlabel", 'x');
    write_heading(&script, "ylabel", 'y');
    str_add(out, "unset key\n");
    if (figure_reach(figure, 'y', script.y.log).any) {
        write_plot(&script);
    } else {
        write_no_data(&script);
    }
    if (target->file != NULL) str_add(out, "unset output\n");
}
