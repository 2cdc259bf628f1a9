#ifndef APP_SHOW_PLOT_H
#define APP_SHOW_PLOT_H

/* The parts of `plot` that need a screen, gnuplot or time; see Lab.show_plot. */

#include "core/lab/plot_job.h"

NODISCARD bool show_plot(PlotJob *job, Error *err);
/* follow_plot.c: redraw while the logs grow. */
NODISCARD bool follow_plot(PlotJob *job, Error *err);
/* doctor's line about gnuplot. */
void show_gnuplot(bool *fine, Str *what, Str *advice);
/* Columns of the terminal behind a descriptor; 0 when it is none. */
int show_columns(int fd);

#endif
