#ifndef CORE_FIGURE_GNUPLOT_H
#define CORE_FIGURE_GNUPLOT_H

/* A gnuplot script being written. Private to core/figure: gnuplot.c frames, gnuplot_data.c writes
 * numbers and the plot command, gnuplot_quote.c is the only way for text into a script. */

#include "core/figure/chart.h"

typedef struct Script {
    Str                 *out;
    const Figure        *figure;
    const GnuplotTarget *target;
    const char          *end_word;
    Scale                x, y;
    int                  blocks; /* datablocks written so far: $d0, $d1 ... */
} Script;

/* 'text' with everything gone that could end the quotes or reach a terminal. tick: 0, or the
 * columns that a tick's label may take; there gnuplot reads % as a number's format, so it is
 * doubled. */
void gnuplot_quote(Str *out, const char *text, bool strict, int tick);

/* Datablocks; each returns what the plot command says of them, appended to `plot`. */
void gnuplot_lines(Script *script, Str *plot);
void gnuplot_bars(Script *script, Str *plot);
void gnuplot_stack(Script *script, Str *plot);
void gnuplot_heat(Script *script, Str *plot);

const char *gnuplot_colour(const Figure *figure, Index series);
int         gnuplot_point(Index series); /* its point type, the shape of the series' marker */

#endif
