#ifndef APP_ROOMS_RUNS_RUNS_OVERLAY_H
#define APP_ROOMS_RUNS_RUNS_OVERLAY_H

/*
 * Several runs on shared axes. Runs that differ in nothing but their seed are one curve, the mean
 * of them at each step, in a band from the lowest to the highest.
 */

#include "core/lab/run_figure.h"

enum { OVERLAY_MOST = 8 }; /* curves that can be told apart */

/* group[i]: number of the group that run i belongs to, 0, 1 ... in the order of their first runs;
 * returns how many groups there are, -1 without memory. */
Index overlay_groups(const RunSet *runs, int *group, int most);
/* One of RUN_LOSS .. RUN_GRAD_NORM. NULL without an error where none of it is recorded. */
NODISCARD Figure *overlay_figure(const RunSet *runs, const RunFigureSpec *spec, Error *err);
/* The settings that people ask for first come first. */
void runs_sort_settings(const char **names, Index count);
/* RUN_MODULES or RUN_MEMORY of one run, or what any run has of the others. */
NODISCARD Figure *single_figure(const Run *run, const RunFigureSpec *spec, Error *err);

#endif
