#ifndef CORE_FIGURE_SCALE_H
#define CORE_FIGURE_SCALE_H

/*
 * From values to places along an axis, and the round numbers written beside it. Private to
 * core/figure. A scale is finite and never empty: a constant is given some room around it.
 */

#include "core/figure/figure.h"

enum { TICKS_MAX = 32, NUMBER_BYTES = 32 };

typedef struct Scale {
    bool   log;
    double lo, hi; /* lo < hi; on a log axis lo > 0 */
    int    count;
    double tick[TICKS_MAX]; /* rising, all within lo .. hi */
    char   text[TICKS_MAX][NUMBER_BYTES];
} Scale;

/* What a figure's data reach along one axis. */
typedef struct Reach {
    bool   any;     /* there is a value at all */
    bool   whole;   /* all are integers */
    double lo, hi;  /* of those that can be shown */
    double least;   /* on a log axis what lies below this does not count */
    double seen[8]; /* the distinct values in order of appearance, when there are so few */
    int    distinct;
} Reach;

/* The data's reach; log: values that are not positive do not count. On a bar or stack chart y
 * starts at zero unless log. */
Reach figure_reach(const Figure *figure, char which, bool log);
/* Whether an axis really is logarithmic: asked for, and there is a positive value. */
bool figure_log(const Figure *figure, char which);
/* Where a log axis of values (y) ends although there are lower ones: rounding leaves numbers that
 * stand for zero, and they would take all of the height. 0: nothing is cut off. */
double figure_cut(const Figure *figure);
/* The axis' scale, without ticks. */
Scale figure_scale(const Figure *figure, char which);
bool  axis_bytes(const FigureAxis *axis); /* its unit is "bytes" */

/* Choose at most `most` ticks. whole: no steps below 1. With `widen` a linear scale grows to the
 * next half step, so that its ends are round. */
void scale_ticks(Scale *scale, int most, bool whole, bool bytes, bool widen);
/* Ticks at these very values, where they lie inside. */
void scale_ticks_at(Scale *scale, const double *values, int n, bool bytes);
/* 0 at lo, 1 at hi, outside beyond; NaN for what cannot be shown. */
double scale_at(const Scale *scale, double value);

/* The value at a fraction of the scale: the inverse. */
double scale_value(const Scale *scale, double fraction);

/* A number for people: three digits, 919,680, 1.1e-16, 14.3 MB where bytes. */
void number_text(char out[NUMBER_BYTES], double value, bool bytes);

/* Point i can be drawn: x and y finite, and positive on a log axis. */
bool point_shown(const FigureSeries *series, Index i, bool log_x, bool log_y);
/* y at any x, joined linearly between points; x must rise. NaN outside and in gaps. */
double series_at(const FigureSeries *series, double x);
/* The height of a stack at x; negative and missing parts count as nothing. */
double stack_part(const FigureSeries *series, double x);
double stack_total(const Figure *figure, double x);
/* The series share their x: the i-th values belong together. */
bool stack_common(const Figure *figure);
/* The x where the total is highest, the first such; NaN without values. */
double stack_peak(const Figure *figure);
/* Where the mark of a part stands in the order of marks: counted from the top, where names begin,
 * so that the part on top is the full one. */
Index stack_rank(const Figure *figure, Index series);

/* A bar chart's categories: those named, and those that have a value. */
Index bar_categories(const Figure *figure);
/* The value over category c; NaN: none. */
double bar_value(const FigureSeries *series, Index c);
/* Its name, or its number. */
void category_name(Str *out, const Figure *figure, Index c);

#endif
