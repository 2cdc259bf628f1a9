/*
 * Fewer points that draw the same picture: of each bucket of x the lowest and the highest, and
 * one missing value where there is one, so that a gap stays. First and last are always kept.
 */

#include <math.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/figure/scale.h"

typedef struct Pick {
    Index lowest, highest, gap; /* points of the bucket in work; -1: none yet */
} Pick;

static const Pick nothing = {-1, -1, -1};

static bool rises(const FigureSeries *series)
{
    for (Index i = 0; i < series->n; i++) {
        if (!isfinite(series->x[i])) return false;
        if (i > 0 && series->x[i] < series->x[i - 1]) return false;
    }
    return series->n > 0 && series->x[0] < series->x[series->n - 1];
}

/* Buckets are equal parts of x where x rises, else of the points' count. */
static Index bucket_of(const FigureSeries *series, bool rising, Index buckets, Index i)
{
    double part = (double)i / (double)series->n;
    if (rising) {
        double lo = series->x[0] / 2, hi = series->x[series->n - 1] / 2;
        if (lo < hi) part = (series->x[i] / 2 - lo) / (hi - lo); /* else too small to halve */
    }
    Index bucket = (Index)(part * (double)buckets);
    return bucket < 0 ? 0 : bucket >= buckets ? buckets - 1 : bucket;
}

static void keep_pick(bool *keep, const Pick *pick)
{
    if (pick->lowest >= 0) keep[pick->lowest] = true;
    if (pick->highest >= 0) keep[pick->highest] = true;
    if (pick->gap >= 0) keep[pick->gap] = true;
}

/* Marks the points to keep: at most `most` of them. height[i] is what extremes are taken of. */
static void choose(const FigureSeries *series, const double *height, Index most, bool *keep)
{
    Index n = series->n, gaps = 0;
    for (Index i = 0; i < n; i++) gaps += !isfinite(height[i]);
    Index buckets = (most - 2) / (gaps > 0 ? 3 : 2), now = -1;
    bool  rising = rises(series);
    Pick  pick = nothing;
    for (Index i = 0; i < n && buckets > 0; i++) {
        Index bucket = bucket_of(series, rising, buckets, i);
        if (bucket != now) {
            keep_pick(keep, &pick);
            pick = nothing;
            now = bucket;
        }
        if (!isfinite(height[i])) {
            pick.gap = pick.gap < 0 ? i : pick.gap;
        } else {
            if (pick.lowest < 0 || height[i] < height[pick.lowest]) pick.lowest = i;
            if (pick.highest < 0 || height[i] > height[pick.highest]) pick.highest = i;
        }
    }
    keep_pick(keep, &pick);
    keep[0] = keep[n - 1] = true;
}

static Index squeeze(double *values, const bool *keep, Index n)
{
    Index kept = 0;
    for (Index i = 0; values != NULL && i < n; i++) {
        if (keep[i]) values[kept++] = values[i];
    }
    return kept;
}

static void squeeze_series(FigureSeries *series, const bool *keep)
{
    Index n = series->n;
    series->n = squeeze(series->x, keep, n);
    squeeze(series->y, keep, n);
    squeeze(series->low, keep, n);
    squeeze(series->high, keep, n);
}

static bool thin_one(FigureSeries *series, Index most, Error *err)
{
    if (series->n <= most) return true;
    bool *keep = mem_alloc(mem_program(), MEM_SCRATCH, series->n, sizeof *keep, err);
    if (keep == NULL) return false;
    choose(series, series->y, most, keep);
    squeeze_series(series, keep);
    mem_free(keep);
    return true;
}

/* The parts of a stack belong together: the same points of all, chosen by their sum. */
static bool thin_stack(Figure *figure, Index most, Error *err)
{
    FigureSeries *first = figure->series;
    Index         n = first->n;
    if (n <= most) return true;
    bool   *keep = mem_alloc(mem_program(), MEM_SCRATCH, n, sizeof *keep, err);
    double *total = mem_alloc(mem_program(), MEM_SCRATCH, n, sizeof *total, err);
    if (keep != NULL && total != NULL) {
        for (Index s = 0; s < figure->count; s++) {
            for (Index i = 0; i < n; i++) total[i] += figure->series[s].y[i];
        }
        choose(first, total, most, keep);
        for (Index s = 0; s < figure->count; s++) squeeze_series(&figure->series[s], keep);
    }
    bool done = keep != NULL && total != NULL;
    mem_free(keep);
    mem_free(total);
    return done;
}

bool figure_thin(Figure *figure, Index buckets, Error *err)
{
    CHECK(buckets > 0);
    if (figure->kind == FIGURE_BAR || figure->kind == FIGURE_HEAT) return true;
    bool common = figure->kind == FIGURE_STACK && figure->count > 0 && stack_common(figure);
    if (common) return thin_stack(figure, buckets * 2, err);
    for (Index i = 0; i < figure->count; i++) {
        if (!thin_one(&figure->series[i], buckets * 2, err)) return false;
    }
    return true;
}
