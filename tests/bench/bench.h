#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

/*
 * Timings that mean something on a machine with neighbours: the things to compare take turns,
 * round by round, and what is reported are medians and their ratios, never one lone time.
 */

#include "core/base/error.h"

typedef void BenchBody(void *context);

enum { BENCH_MAX_CASES = 8, BENCH_MAX_ROUNDS = 101 };

typedef struct BenchCase {
    const char *name;
    BenchBody  *body;
    void       *context;
    double      seconds; /* out: median of one call */
    double      best;    /* out: the fastest round */
} BenchCase;

/* Run every case in turn for this many rounds. In a round a case is called as often as fills
 * about `slice` seconds. */
void bench_run(BenchCase *cases, int count, int rounds, double slice);

/* The value below which a share f of x[n] lies; sorts x. */
double bench_quantile(double *x, int n, double f);
/* One line: the median of x[n], its quartiles, its target and PASS or MISS; sorts x. `least`: the
 * target is the least it may be, else the most. Nothing is asserted: a bench only tells. */
void bench_target(const char *name, double *x, int n, double target, bool least);

/* Pseudo-random numbers in (-1, 1), the same every time. */
void bench_fill(float *x, Index n, uint32_t seed);
/* n floats, filled; the process ends where memory does. Freed by free(). */
float *bench_floats(Index n, uint32_t seed);

#endif
