/*
 * The harness of the benches.
 */

#include "tests/bench/bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/pool.h"

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* How many calls fill a slice; the calls made to find out warm the caches. */
static int calls_per_slice(const BenchCase *c, double slice)
{
    for (int calls = 1;; calls *= 2) {
        double start = clock_seconds();
        for (int i = 0; i < calls; i++) c->body(c->context);
        double took = clock_seconds() - start;
        if (took >= slice / 2) {
            int fit = (int)((double)calls * slice / took);
            return fit < 1 ? 1 : fit;
        }
    }
}

void bench_run(BenchCase *cases, int count, int rounds, double slice)
{
    static double seconds[BENCH_MAX_CASES][BENCH_MAX_ROUNDS];
    int           calls[BENCH_MAX_CASES];
    CHECK(count >= 1 && count <= BENCH_MAX_CASES && rounds >= 1 && rounds <= BENCH_MAX_ROUNDS);

    for (int c = 0; c < count; c++) calls[c] = calls_per_slice(&cases[c], slice);
    for (int round = 0; round < rounds; round++) {
        for (int c = 0; c < count; c++) {
            double start = clock_seconds();
            for (int i = 0; i < calls[c]; i++) cases[c].body(cases[c].context);
            seconds[c][round] = (clock_seconds() - start) / calls[c];
        }
    }
    for (int c = 0; c < count; c++) {
        qsort(seconds[c], (size_t)rounds, sizeof seconds[c][0], by_size);
        cases[c].seconds = seconds[c][rounds / 2];
        cases[c].best = seconds[c][0];
    }
}

double bench_quantile(double *x, int n, double f)
{
    CHECK(n > 0 && f >= 0.0 && f <= 1.0);
    qsort(x, (size_t)n, sizeof *x, by_size);
    return x[(int)(f * (n - 1) + 0.5)];
}

void bench_target(const char *name, double *x, int n, double target, bool least)
{
    double value = bench_quantile(x, n, 0.5);
    bool   good = least ? value >= target : value <= target;
    printf("%-44s %8.3f  (quartiles %.3f .. %.3f)  target %s %g  %s\n", name, value,
           bench_quantile(x, n, 0.25), bench_quantile(x, n, 0.75), least ? ">=" : "<=", target,
           good ? "PASS" : "MISS");
    fflush(stdout);
}

void bench_fill(float *x, Index n, uint32_t seed)
{
    uint32_t state = seed * 2654435761u + 12345u;
    for (Index i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        x[i] = (float)(state >> 8) * 0x1p-23f - 1.0f;
    }
}

float *bench_floats(Index n, uint32_t seed)
{
    float *x = aligned_alloc(64, ((size_t)n * sizeof *x / 64 + 1) * 64);
    CHECK(x != NULL);
    bench_fill(x, n, seed);
    return x;
}
