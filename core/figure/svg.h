#ifndef CORE_FIGURE_SVG_H
#define CORE_FIGURE_SVG_H

/* An SVG being written. Private to core/figure: svg.c frames, svg_marks.c draws the data. */

#include "core/figure/chart.h"

typedef struct Svg {
    Str          *out;
    const Figure *figure;
    double        width, height, font;
    double        left, top, right, bottom; /* the plot */
    Scale         x, y;
} Svg;

double svg_x(const Svg *svg, double value);
double svg_y(const Svg *svg, double value);
/* Text without what XML or a terminal could stumble over; cut to `columns` (0: not). */
void svg_escape(Str *out, const char *text, int columns);
/* anchor: "start", "middle", "end". more: further attributes, ours. */
void svg_text(Svg *svg, double x, double y, const char *anchor, const char *more, const char *text,
              int columns);
/* ` stroke="#..." style="stroke:var(--figure-1,#...)"`: the attribute is for readers of SVG that
 * know no variables. */
void svg_paint(Svg *svg, const char *attribute, Index series);
void svg_marker(Svg *svg, Index series, double x, double y);
/* The room that text of so many columns takes. */
double svg_columns(const Svg *svg, int columns);
int    svg_longest_label(const Figure *figure);

void svg_axes(Svg *svg);
void svg_lines(Svg *svg);
void svg_bars(Svg *svg);
void svg_heat(Svg *svg);
void svg_stack(Svg *svg);

#endif
