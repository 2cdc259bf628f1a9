/*
 * What every product passes before it is queued: sizes of nothing, and C alone scaled when k is 0.
 */

#include "core/math/cuda/device/device.cuh"

struct ScaleRows {
    float *C;
    Index  m, n, ldc, stride, batch;
    float  beta, unused;
};

/* C = beta * C, without reading it when beta is 0. */
static __global__ void scale_rows(ScaleRows a)
{
    FOR_EACH(i, a.batch * a.m * a.n)
    {
        Index  b = i / (a.m * a.n), row = i / a.n % a.m, col = i % a.n;
        float *c = a.C + b * a.stride + row * a.ldc + col;
        *c = a.beta == 0.0f ? 0.0f : a.beta * *c;
    }
}

void product(Device *d, const Product *p)
{
    if (d->failed || p->m == 0 || p->n == 0 || p->batch == 0) return;
    if (p->k > 0) {
        queue_product(d, p);
        return;
    }
    ScaleRows a = {};
    a.C = p->C;
    a.m = p->m;
    a.n = p->n;
    a.ldc = p->ldc;
    a.stride = p->stride_c;
    a.batch = p->batch;
    a.beta = p->beta;
    launch(d, scale_rows, grid_for(d, p->batch * p->m * p->n), a);
}
