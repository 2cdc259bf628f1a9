#ifndef CORE_FIGURE_CHART_H
#define CORE_FIGURE_CHART_H

/*
 * A figure being drawn onto cells. Private to core/figure: chart.c asks for what surrounds the
 * data (chart_frame.c) and for the data (chart_line.c, chart_bar.c ...).
 */

#include "core/figure/scale.h"

enum { LABELS_MAX = 64, MARKERS = 8 };

typedef struct Chart {
    const Figure *figure;
    Grid         *grid;
    Charset       charset;
    Rect          area; /* what is left to draw on: shrinks as titles are written */
    Rect          plot; /* the data */
    Scale         x, y;
} Chart;

/* ---- what surrounds the data: chart_frame.c, chart_labels.c ---- */

/* Title and the y axis' title; takes their rows from the area. */
void chart_heading(Chart *chart);
/* Scales and ticks, and the plot between the ticks at the left and `right` columns of labels. */
void chart_layout(Chart *chart, int right);
void chart_axes(Chart *chart);
/* One label under (or beside) the plot, kept within the area; returns its first column. */
int  chart_tick_label(Chart *chart, int row, int col, int cols, const char *text);
void chart_x_title(Chart *chart, int row);
void chart_no_data(Chart *chart);
/* Columns that the series' names need at the right; 0 for none. */
int chart_label_columns(const Chart *chart);
/* Names at the right, each as near to the end of its line as the others let it. */
void chart_end_labels(Chart *chart);

/* ---- the data ---- */

NODISCARD bool chart_line(Chart *chart, Error *err);
NODISCARD bool chart_bar(Chart *chart, Error *err);
void           chart_heat(Chart *chart);
void           chart_stack(Chart *chart);

/* ---- shared with the other writers ---- */

/* Series i's marker: o x + * # @ % & */
char chart_marker(Index i);
Ink  chart_ink(const FigureSeries *series, Index i);
/* Series i's filling of bars and stacks. */
uint32_t chart_fill(Charset charset, Index i);
/* What a cell shows where rows x cols cells stand for the whole matrix: of the values that it
 * stands for, the one farthest from zero. */
double heat_value(const Figure *figure, Index rows, Index cols, Index row, Index col);
/* Rows and columns are counted from 1. Of `count`, each `each` wide, every so manieth is named so
 * that the names are `apart` from one another: 1 2 3, 1 3 5, or 1 5 10 15. */
Index heat_step(double each, double apart, Index count);
Index heat_next(Index number, Index step);
/* "loss, nats/token (log)", or nothing. */
void axis_heading(Str *out, const Figure *figure, char which);
/* The last point that can be drawn, -1 without one. */
Index series_end(const FigureSeries *series, bool log_x, bool log_y);
bool  has_band(const FigureSeries *series);
/* Move rising places apart to at least `gap`, within lo .. hi, as little as possible. */
void spread(double *place, int n, double gap, double lo, double hi);

#endif
