#ifndef LESSONS_ENGINE_FIGURE_POINTS_H
#define LESSONS_ENGINE_FIGURE_POINTS_H

/*
 * A vector with axes as curves: its elements sorted into groups (one a curve), over x, and over a
 * band where several elements share an x.
 */

#include "lessons/engine/engine_internal.h"

typedef struct PointGroup {
    Index   row; /* an element of it, for labels */
    double *x, *y, *low, *high;
    Index   n;
} PointGroup;

typedef struct Points {
    bool        words;  /* in: x is always a category, as bars want it */
    const char *x_name; /* the axis that x is; NULL: positions */
    PointGroup *group;
    Index       groups;
    char      **category; /* words of the x axis where it has no numbers */
    Index       category_count;
} Points;

/* What the line says of y, a vector: vs, band. points_free in any case. */
NODISCARD bool points_make(Points *points, const PlotLine *line, const Datum *y, const Scope *scope,
                           Error *err);
void           points_free(Points *points);
/* Axis a of y varies and is neither what x is nor the band's: it divides the curves. */
bool points_across(const PlotLine *line, const Datum *y, Index a);

/* A scope in which the axes of rows (or NULL) are this row's numbers and words. */
typedef struct RowView {
    const Scope *below;
    const Datum *rows;
    Index        row;
    bool         whole; /* each axis as a vector over all rows */
    Datum       *made[8];
} RowView;
Scope row_scope(RowView *view);
void  row_view_free(RowView *view);

#endif
