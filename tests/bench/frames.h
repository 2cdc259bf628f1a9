#ifndef TESTS_BENCH_FRAMES_H
#define TESTS_BENCH_FRAMES_H

/* How often the lab draws, counted on a display that shows nothing. */

#include "core/base/error.h"

/* Frames in the busiest second of a training on all cores; in 2 s of rest before it; in a second of
 * it on the average. */
bool frames_count(double *most, double *rest, double *mean);

#endif
