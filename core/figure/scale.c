/* What the data reach, and places along an axis. */

#include "core/figure/scale.h"

#include <float.h>
#include <math.h>
#include <string.h>

bool axis_bytes(const FigureAxis *axis)
{
    return axis->unit != NULL && strcmp(axis->unit, "bytes") == 0;
}

/* ---- points ----------------------------------------------------------------------------- */

static bool shown(double value, bool log)
{
    return isfinite(value) && (!log || value > 0);
}

bool point_shown(const FigureSeries *series, Index i, bool log_x, bool log_y)
{
    return shown(series->x[i], log_x) && shown(series->y[i], log_y);
}

double series_at(const FigureSeries *series, double x)
{
    if (series->n == 0) return (double)NAN;
    Index lo = 0, hi = series->n - 1;
    if (!(x >= series->x[lo]) || !(x <= series->x[hi])) return (double)NAN;
    while (hi - lo > 1) { /* x[lo] <= x <= x[hi] */
        Index middle = lo + (hi - lo) / 2;
        if (series->x[middle] <= x) {
            lo = middle;
        } else {
            hi = middle;
        }
    }
    if (x >= series->x[hi]) return series->y[hi];
    double part = (x - series->x[lo]) / (series->x[hi] - series->x[lo]);
    if (part == 0) return series->y[lo]; /* a gap at the right is not ours */
    return series->y[lo] * (1 - part) + series->y[hi] * part;
}

static double part_of(double y)
{
    return isfinite(y) && y > 0 ? y : 0;
}

double stack_part(const FigureSeries *series, double x)
{
    return part_of(series_at(series, x));
}

double stack_total(const Figure *figure, double x)
{
    double total = 0;
    for (Index i = 0; i < figure->count; i++) total += stack_part(&figure->series[i], x);
    return total > DBL_MAX ? DBL_MAX : total;
}

/* Series of a stack nearly always share their x: then the i-th values belong together. */
bool stack_common(const Figure *figure)
{
    const FigureSeries *first = figure->series;
    for (Index i = 1; i < figure->count; i++) {
        const FigureSeries *other = &figure->series[i];
        if (other->n != first->n) return false;
        if (memcmp(other->x, first->x, (size_t)first->n * sizeof *first->x) != 0) return false;
    }
    return true;
}

Index stack_rank(const Figure *figure, Index series)
{
    return figure->count - 1 - series;
}

double stack_peak(const Figure *figure)
{
    double best = (double)NAN, most = -1;
    Index  walked = figure->count > 0 && stack_common(figure) ? 1 : figure->count;
    for (Index s = 0; s < walked; s++) {
        for (Index i = 0; i < figure->series[s].n; i++) {
            double x = figure->series[s].x[i], total = stack_total(figure, x);
            if (isfinite(x) && total > most) {
                most = total;
                best = x;
            }
        }
    }
    return best;
}

/* ---- reach ------------------------------------------------------------------------------ */

static void reach_value(Reach *reach, double value, bool log)
{
    if (!shown(value, log) || (log && value < reach->least)) return;
    if (!reach->any || value < reach->lo) reach->lo = value;
    if (!reach->any || value > reach->hi) reach->hi = value;
    reach->whole = (!reach->any || reach->whole) && value == floor(value);
    reach->any = true;

    int known = (int)(sizeof reach->seen / sizeof *reach->seen);
    if (reach->distinct > known) return;
    for (int i = 0; i < reach->distinct; i++) {
        if (reach->seen[i] == value) return;
    }
    if (reach->distinct < known) reach->seen[reach->distinct] = value;
    reach->distinct++;
}

static void reach_stack(Reach *reach, const Figure *figure)
{
    bool common = stack_common(figure);
    for (Index s = 0; s < (common ? 1 : figure->count); s++) {
        const FigureSeries *series = &figure->series[s];
        for (Index i = 0; i < series->n; i++) {
            double total = 0;
            if (!isfinite(series->x[i])) continue;
            for (Index k = 0; common && k < figure->count; k++) {
                total += part_of(figure->series[k].y[i]);
            }
            if (!common) total = stack_total(figure, series->x[i]);
            reach_value(reach, total > DBL_MAX ? DBL_MAX : total, false);
        }
    }
}

static void reach_series(Reach *reach, const Figure *figure, char which, bool log)
{
    for (Index s = 0; s < figure->count; s++) {
        const FigureSeries *series = &figure->series[s];
        for (Index i = 0; i < series->n; i++) {
            if (which == 'x') {
                if (isfinite(series->y[i])) reach_value(reach, series->x[i], log);
                continue;
            }
            if (!isfinite(series->x[i])) continue;
            reach_value(reach, series->y[i], log);
            if (series->low == NULL || series->high == NULL) continue;
            reach_value(reach, series->low[i], log);
            reach_value(reach, series->high[i], log);
        }
    }
}

/* least: on a log axis, of what counts. */
static Reach reach_from(const Figure *figure, char which, bool log, double least)
{
    Reach reach = {.least = least};
    if (figure->kind == FIGURE_HEAT) {
        Index cells = figure->heat == NULL ? 0 : figure->rows * figure->cols;
        for (Index i = 0; i < cells; i++) reach_value(&reach, figure->heat[i], false);
        return reach;
    }
    if (figure->kind == FIGURE_STACK && which == 'y' && figure->count > 0) {
        reach_stack(&reach, figure);
    } else {
        reach_series(&reach, figure, which, log);
    }
    bool bars = figure->kind == FIGURE_BAR || figure->kind == FIGURE_STACK;
    if (bars && which == 'y' && !log && reach.any) reach_value(&reach, 0, false);
    return reach;
}

Reach figure_reach(const Figure *figure, char which, bool log)
{
    return reach_from(figure, which, log, 0);
}

bool figure_log(const Figure *figure, char which)
{
    const FigureAxis *axis = which == 'x' ? &figure->x : &figure->y;
    if (!axis->log || figure->kind == FIGURE_STACK || figure->kind == FIGURE_HEAT) return false;
    if (which == 'x' && (figure->kind == FIGURE_BAR || figure->categories > 0)) return false;
    if (axis->fixed) return axis->lo > 0 && axis->hi > axis->lo && isfinite(axis->hi);
    return figure_reach(figure, which, true).any;
}

/* Single precision carries seven digits: beside 1, what is below 1e-8 is rounding. */
#define ZERO_LIKE 1e-8

static double least_shown(const Figure *figure)
{
    Reach all = reach_from(figure, 'y', true, 0);
    return all.any && all.lo < all.hi * ZERO_LIKE ? all.hi * ZERO_LIKE : 0;
}

double figure_cut(const Figure *figure)
{
    if (figure->y.fixed || !figure_log(figure, 'y')) return 0;
    double least = least_shown(figure);
    return least > 0 ? reach_from(figure, 'y', true, least).lo : 0;
}

/* ---- scales ----------------------------------------------------------------------------- */

/* Room around a constant, however large or small it is. */
static void give_room(Scale *scale, FigureKind kind)
{
    double value = scale->lo;
    if (value == 0 && (kind == FIGURE_BAR || kind == FIGURE_STACK)) {
        scale->hi = 1;
        return;
    }
    if (scale->log) {
        scale->lo = value / 2 > 0 ? value / 2 : value;
        scale->hi = value < DBL_MAX / 2 ? value * 2 : DBL_MAX;
        if (scale->lo < scale->hi) return;
    }
    double room = fabs(value) * 0.25;
    if (!(room > DBL_MIN)) room = 1;
    scale->lo = fmax(value - room, -DBL_MAX);
    scale->hi = fmin(value + room, DBL_MAX);
}

Scale figure_scale(const Figure *figure, char which)
{
    const FigureAxis *axis = which == 'x' ? &figure->x : &figure->y;
    Scale             scale = {.log = figure_log(figure, which)};
    bool              given = axis->fixed && isfinite(axis->lo) && isfinite(axis->hi);
    if (given && axis->lo < axis->hi) {
        scale.lo = axis->lo;
        scale.hi = axis->hi;
        return scale;
    }
    if (figure->kind == FIGURE_BAR && which == 'x') { /* half a category on either side */
        scale.lo = -0.5;
        scale.hi = (double)bar_categories(figure) - 0.5;
        if (scale.hi < 0) scale.hi = 0.5;
        return scale;
    }
    bool  cuts = scale.log && which == 'y' && !axis->fixed;
    Reach reach = reach_from(figure, which, scale.log, cuts ? least_shown(figure) : 0);
    scale.lo = reach.any ? reach.lo : 0;
    scale.hi = reach.any ? reach.hi : 1;
    if (!(scale.lo < scale.hi)) give_room(&scale, figure->kind);
    /* Numbers so close that nothing lies between them, or so small that their span is zero. */
    if (!scale.log && !(scale.hi / 2 - scale.lo / 2 > DBL_MIN)) {
        scale.lo -= 1;
        scale.hi += 1;
    }
    return scale;
}

double scale_at(const Scale *scale, double value)
{
    if (!shown(value, scale->log)) return (double)NAN;
    if (scale->log) return (log(value) - log(scale->lo)) / (log(scale->hi) - log(scale->lo));
    /* Halved, so that -1e308 .. 1e308 has a width. */
    return (value / 2 - scale->lo / 2) / (scale->hi / 2 - scale->lo / 2);
}

double scale_value(const Scale *scale, double fraction)
{
    if (!scale->log) return scale->lo * (1 - fraction) + scale->hi * fraction;
    return exp(log(scale->lo) * (1 - fraction) + log(scale->hi) * fraction);
}

/* ---- categories ------------------------------------------------------------------------- */

enum { CATEGORIES_MOST = 10000 }; /* a bar farther out is no category */

Index bar_categories(const Figure *figure)
{
    Index n = figure->categories;
    for (Index s = 0; s < figure->count; s++) {
        const FigureSeries *series = &figure->series[s];
        for (Index i = 0; i < series->n; i++) {
            double x = series->x[i];
            if (x >= (double)n && x < CATEGORIES_MOST && isfinite(series->y[i])) n = (Index)x + 1;
        }
    }
    return n;
}

double bar_value(const FigureSeries *series, Index c)
{
    double x = (double)c;
    if (c < series->n && series->x[c] == x) return series->y[c]; /* as they nearly always are */
    for (Index i = 0; i < series->n; i++) {
        if (series->x[i] == x) return series->y[i];
    }
    return (double)NAN;
}

void category_name(Str *out, const Figure *figure, Index c)
{
    if (c < figure->categories) {
        str_add(out, figure->category[c]);
    } else {
        str_addf(out, "%td", c);
    }
}
