/*
 * Sums and multiples of whole arrays, and dropout.
 */

#include "core/math/cpu/cpu.h"
#include "core/math/dropout_bits.h"

typedef struct Arrays {
    float       *y;
    const float *a, *b;
    float        factor;
} Arrays;

static void add_span(void *context, Index from, Index to)
{
    const Arrays *p = context;
    float        *y = p->y; /* may be a or b */
    const float  *a = p->a, *b = p->b;
#pragma omp simd
    for (Index i = from; i < to; i++) y[i] = a[i] + b[i];
}

void cpu_add(Backend *be, float *y, const float *a, const float *b, Index n)
{
    cpu_for(be, n, CPU_CHUNK, add_span, &(Arrays){y, a, b, 0.0f});
}

static void axpy_span(void *context, Index from, Index to)
{
    const Arrays *p = context;
    float        *y = p->y;
    const float  *x = p->a;
    float         a = p->factor;
#pragma omp simd
    for (Index i = from; i < to; i++) y[i] += a * x[i];
}

void cpu_axpy(Backend *be, float *y, float a, const float *x, Index n)
{
    cpu_for(be, n, CPU_CHUNK, axpy_span, &(Arrays){y, x, NULL, a});
}

static void scale_span(void *context, Index from, Index to)
{
    const Arrays *p = context;
    float        *y = p->y, a = p->factor;
    for (Index i = from; i < to; i++) y[i] *= a;
}

void cpu_scale(Backend *be, float *y, float a, Index n)
{
    cpu_for(be, n, CPU_CHUNK, scale_span, &(Arrays){y, NULL, NULL, a});
}

/* ---- dropout ---------------------------------------------------------------------------- */

typedef struct Drop {
    float         *y;
    const float   *x;
    const Dropout *drop;
    Index          D;
    bool           add;
} Drop;

static void drop_row(const Drop *p, Index n, float factor)
{
    const float *x = p->x + n * p->D;
    float       *y = p->y + n * p->D;
    for (Index d = 0; d < p->D; d += 4) {
        unsigned keep = dropout_keep4(p->drop, p->drop->row_key[n], d);
        for (Index i = d; i < cpu_min(d + 4, p->D); i++, keep >>= 1) {
            float kept = (keep & 1u) != 0 ? x[i] * factor : 0.0f;
            y[i] = p->add ? y[i] + kept : kept;
        }
    }
}

static void drop_span(void *context, Index from, Index to)
{
    const Drop *p = context;
    float       factor = 1.0f / (1.0f - p->drop->p);
    for (Index n = from; n < to; n++) drop_row(p, n, factor);
}

static void copy_rows(Backend *be, float *y, const float *x, Index n, bool add)
{
    if (add) {
        cpu_axpy(be, y, 1.0f, x, n);
    } else if (y != x) {
        be->copy(be, y, x, n * (Index)sizeof(float));
    }
}

void cpu_dropout(Backend *be, float *y, const float *x, Dropout drop, Index N, Index D, bool add)
{
    CHECK(drop.p >= 0.0f && drop.p < 1.0f);
    if (drop.p == 0.0f) {
        copy_rows(be, y, x, N * D, add);
        return;
    }
    cpu_for(be, N, cpu_rows(4 * D), drop_span, &(Drop){y, x, &drop, D, add});
}
