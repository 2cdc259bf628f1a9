/* A figure in words, for who cannot see it: what is shown, from where to where, the extremes. */

#include <math.h>
#include <string.h>

#include "core/base/text.h"
#include "core/figure/chart.h"

enum { NAMED_MOST = 4, LISTED_MOST = 8 };

/* Names come from files: nothing hidden in them reaches a terminal or breaks the line. */
static void add_name(Str *out, const char *name)
{
    safe_text(out, name, (Index)strlen(name), false, 120);
}

static void add_number(Str *out, double value, const FigureAxis *axis)
{
    char text[NUMBER_BYTES];
    number_text(text, value, axis_bytes(axis));
    str_add(out, text);
}

/* "step 180", "r = 8", or the name of a category. */
static void add_x(Str *out, const Figure *figure, double x)
{
    const char *title = figure->x.title;
    bool        titled = title != NULL && *title != '\0';
    if (x >= 0 && x < (double)figure->categories && x == floor(x)) {
        add_name(out, figure->category[(Index)x]);
        return;
    }
    /* A name like r or alpha reads as an equation, a word like step as a place. */
    if (titled) add_name(out, title);
    str_add(out, !titled ? "x = " : strlen(title) < 3 ? " = " : " ");
    add_number(out, x, &figure->x);
}

static void add_label(Str *out, const Figure *figure, Index i)
{
    const char *label = figure->series[i].label;
    if (*label == '\0' && figure->y.title != NULL) label = figure->y.title;
    if (*label != '\0') {
        add_name(out, label);
    } else {
        str_addf(out, tr("series %td"), i + 1);
    }
    if (figure->series[i].guess) str_add(out, tr(" (prediction)"));
}

/* ---- lines ------------------------------------------------------------------------------ */

typedef struct Course {
    Index first, last, lowest, highest; /* of the points that can be drawn; -1: none */
    Index missing;
} Course;

static Course course_of(const FigureSeries *series, bool log_x, bool log_y)
{
    Course course = {.first = -1, .last = -1, .lowest = -1, .highest = -1};
    for (Index i = 0; i < series->n; i++) {
        if (!point_shown(series, i, log_x, log_y)) {
            course.missing++;
            continue;
        }
        if (course.first < 0) course.first = course.lowest = course.highest = i;
        course.last = i;
        if (series->y[i] < series->y[course.lowest]) course.lowest = i;
        if (series->y[i] > series->y[course.highest]) course.highest = i;
    }
    return course;
}

static Course course_at(const Figure *figure, Index i)
{
    return course_of(&figure->series[i], figure_log(figure, 'x'), figure_log(figure, 'y'));
}

/* "loss falls from 4.1 to 0.31" */
static void add_course(Str *out, const Figure *figure, Index i, const Course *course)
{
    const FigureSeries *series = &figure->series[i];
    char                from[NUMBER_BYTES], to[NUMBER_BYTES];
    add_label(out, figure, i);
    if (course->first < 0) {
        str_add(out, tr(" has no values"));
        return;
    }
    double first = series->y[course->first], last = series->y[course->last];
    number_text(from, first, axis_bytes(&figure->y));
    number_text(to, last, axis_bytes(&figure->y));
    if (course->first == course->last) {
        str_addf(out, tr(" is %s at "), to);
        add_x(out, figure, series->x[course->last]);
    } else if (series->y[course->lowest] == series->y[course->highest]) {
        str_addf(out, tr(" stays at %s"), to);
    } else if (strcmp(from, to) == 0) {
        str_addf(out, tr(" begins and ends at %s"), to);
    } else {
        str_addf(out, last < first ? tr(" falls from %s to %s") : tr(" rises from %s to %s"), from,
                 to);
    }
    if (course->missing == 0) return;
    bool ends = course->last < series->n - 1 &&
                course->last - course->first + 1 + course->missing == series->n;
    if (ends) {
        str_add(out, tr(" and has no values after "));
        add_x(out, figure, series->x[course->last]);
    } else {
        bool log = figure_log(figure, 'y') || figure_log(figure, 'x');
        str_addf(out, log ? tr(" with %td missing or not positive") : tr(" with %td missing"),
                 course->missing);
    }
}

static void add_range(Str *out, const Figure *figure)
{
    Reach reach = figure_reach(figure, 'x', figure_log(figure, 'x'));
    if (!reach.any || !(reach.lo < reach.hi)) return;
    str_add(out, tr(", between "));
    add_x(out, figure, reach.lo);
    str_add(out, tr(" and "));
    add_x(out, figure, reach.hi);
}

/* Where the only line is lowest and highest, if not at its ends, and its band at the end. */
static void add_extremes(Str *out, const Figure *figure, const Course *course)
{
    const FigureSeries *series = &figure->series[0];
    if (course->first < 0) return;
    Index places[2] = {course->lowest, course->highest};
    for (int i = 0; i < 2; i++) {
        double value = series->y[places[i]];
        if (value == series->y[course->first] || value == series->y[course->last]) continue;
        str_add(out, i == 0 ? tr("; lowest ") : tr("; highest "));
        add_number(out, value, &figure->y);
        str_add(out, tr(" at "));
        add_x(out, figure, series->x[places[i]]);
    }
    if (!has_band(series)) return;
    double low = series->low[course->last], high = series->high[course->last];
    if (!isfinite(low) || !isfinite(high)) return;
    str_add(out, tr("; the band at the end reaches from "));
    add_number(out, low, &figure->y);
    str_add(out, tr(" to "));
    add_number(out, high, &figure->y);
}

static void add_end(Str *out, const Figure *figure, Index series, Index point)
{
    add_label(out, figure, series);
    str_add(out, " (");
    add_number(out, figure->series[series].y[point], &figure->y);
    str_add(out, ")");
}

/* Which of several lines ends lowest and which highest. */
static void add_ranking(Str *out, const Figure *figure)
{
    Index low = -1, high = -1, low_at = 0, high_at = 0;
    for (Index i = 0; i < figure->count; i++) {
        Course        course = course_at(figure, i);
        const double *y = figure->series[i].y;
        if (course.last < 0) continue;
        if (low < 0 || y[course.last] < figure->series[low].y[low_at]) {
            low = i;
            low_at = course.last;
        }
        if (high < 0 || y[course.last] > figure->series[high].y[high_at]) {
            high = i;
            high_at = course.last;
        }
    }
    if (low < 0 || figure->series[low].y[low_at] == figure->series[high].y[high_at]) return;
    str_add(out, tr("; lowest at the end: "));
    add_end(out, figure, low, low_at);
    str_add(out, tr(", highest: "));
    add_end(out, figure, high, high_at);
}

static void add_lines(Str *out, const Figure *figure)
{
    if (figure->count > NAMED_MOST) {
        str_addf(out, tr("%td lines"), figure->count);
    } else {
        for (Index i = 0; i < figure->count; i++) {
            Course course = course_at(figure, i);
            if (i > 0) str_add(out, ", ");
            add_course(out, figure, i, &course);
        }
    }
    add_range(out, figure);
    if (figure->count == 1) {
        Course course = course_at(figure, 0);
        add_extremes(out, figure, &course);
    } else {
        add_ranking(out, figure);
    }
}

/* ---- bars ------------------------------------------------------------------------------- */

static void add_category(Str *out, const Figure *figure, Index c)
{
    if (c < figure->categories) {
        add_name(out, figure->category[c]);
    } else {
        add_x(out, figure, (double)c);
    }
}

static void add_bars_extremes(Str *out, const Figure *figure, const FigureSeries *series, Index n)
{
    Index low = -1, high = -1, missing = 0;
    for (Index c = 0; c < n; c++) {
        double value = bar_value(series, c);
        if (!isfinite(value)) {
            missing++;
            continue;
        }
        if (low < 0 || value < bar_value(series, low)) low = c;
        if (high < 0 || value > bar_value(series, high)) high = c;
    }
    if (low < 0) {
        str_add(out, tr("no values"));
        return;
    }
    Index places[2] = {high, low};
    for (int i = 0; i < 2; i++) {
        str_add(out, i == 0 ? tr("highest ") : tr(", lowest "));
        add_category(out, figure, places[i]);
        str_add(out, " (");
        add_number(out, bar_value(series, places[i]), &figure->y);
        str_add(out, ")");
    }
    str_addf(out, tr(" of %td"), n);
    if (missing > 0) str_addf(out, tr(", %td missing"), missing);
}

static void add_bars_listed(Str *out, const Figure *figure, const FigureSeries *series, Index n)
{
    for (Index c = 0; c < n; c++) {
        double value = bar_value(series, c);
        if (c > 0) str_add(out, ", ");
        add_category(out, figure, c);
        str_add(out, " ");
        if (isfinite(value)) {
            add_number(out, value, &figure->y);
        } else {
            str_add(out, tr("missing"));
        }
    }
}

static void add_bars(Str *out, const Figure *figure)
{
    Index n = bar_categories(figure);
    for (Index i = 0; i < figure->count && i < NAMED_MOST; i++) {
        if (i > 0) str_add(out, "; ");
        if (figure->count > 1 || *figure->series[i].label != '\0') {
            add_label(out, figure, i);
            str_add(out, ": ");
        }
        if (n <= LISTED_MOST && n > 0) {
            add_bars_listed(out, figure, &figure->series[i], n);
        } else {
            add_bars_extremes(out, figure, &figure->series[i], n);
        }
    }
    if (figure->count > NAMED_MOST) str_addf(out, tr("; and %td more"), figure->count - NAMED_MOST);
}

/* ---- matrices and stacks ---------------------------------------------------------------- */

static void add_heat(Str *out, const Figure *figure)
{
    Index low = -1, high = -1, missing = 0, cells = figure->rows * figure->cols;
    for (Index i = 0; i < cells; i++) {
        double value = figure->heat[i];
        if (!isfinite(value)) {
            missing++;
            continue;
        }
        if (low < 0 || value < figure->heat[low]) low = i;
        if (high < 0 || value > figure->heat[high]) high = i;
    }
    str_addf(out, tr("%td rows by %td columns"), figure->rows, figure->cols);
    Index places[2] = {low, high};
    for (int i = 0; i < 2 && low >= 0; i++) {
        str_add(out, i == 0 ? tr("; lowest ") : tr(", highest "));
        add_number(out, figure->heat[places[i]], &figure->y);
        str_addf(out, tr(" at row %td, column %td"), places[i] / figure->cols + 1,
                 places[i] % figure->cols + 1);
    }
    if (missing > 0) str_addf(out, tr("; %td missing"), missing);
}

static void add_stack(Str *out, const Figure *figure)
{
    double x = stack_peak(figure), total = stack_total(figure, x);
    if (!isfinite(x)) {
        str_add(out, tr("no values"));
        return;
    }
    str_add(out, tr("highest total "));
    add_number(out, total, &figure->y);
    str_add(out, tr(" at "));
    add_x(out, figure, x);
    for (Index i = 0; i < figure->count; i++) {
        str_add(out, i == 0 ? ": " : ", ");
        add_label(out, figure, i);
        str_add(out, " ");
        add_number(out, stack_part(&figure->series[i], x), &figure->y);
    }
    Reach reach = figure_reach(figure, 'x', figure_log(figure, 'x'));
    if (!reach.any || !(reach.lo < reach.hi)) return;
    str_add(out, tr("; total at the start "));
    add_number(out, stack_total(figure, reach.lo), &figure->y);
    str_add(out, tr(", at the end "));
    add_number(out, stack_total(figure, reach.hi), &figure->y);
}

/* ---- together --------------------------------------------------------------------------- */

static bool has_values(const Figure *figure)
{
    return figure_reach(figure, 'y', figure_log(figure, 'y')).any;
}

void figure_sentence(Str *out, const Figure *figure)
{
    if (*figure->title != '\0') {
        add_name(out, figure->title);
        str_add(out, ": ");
    }
    bool matrix = figure->kind == FIGURE_HEAT && figure->rows > 0 && figure->cols > 0;
    if (!has_values(figure) && !matrix) {
        str_add(out, tr("no values"));
    } else if (figure->kind == FIGURE_LINE) {
        add_lines(out, figure);
    } else if (figure->kind == FIGURE_BAR) {
        add_bars(out, figure);
    } else if (figure->kind == FIGURE_HEAT) {
        add_heat(out, figure);
    } else {
        add_stack(out, figure);
    }
    str_add(out, ".");
}
