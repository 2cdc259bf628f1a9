/*
 * Cross-entropy of rows of logits. With M the largest logit and Z = sum_j exp(z_j - M),
 *
 *     loss = M + log Z - z_t,      dz_j = scale * (exp(z_j - M)/Z - [j = t])
 *
 * The exponentials are left in z when the gradient is wanted, so that they are taken once.
 */

#include "core/math/cpu/cpu_ops.h"

#include <math.h>
#include <string.h>

typedef struct Entropy {
    float         *z;
    double        *loss;
    int32_t       *best;
    const int32_t *label;
    Index          V;
    float          grad_scale;
} Entropy;

/* Where this value stands first; 0 when it stands nowhere (NaN). */
static Index find(const float *z, Index n, float value)
{
    enum { BLOCK = 64 };
    for (Index i = 0; i < n; i += BLOCK) {
        Index end = cpu_min(i + BLOCK, n);
        int   hits = 0;
#pragma omp simd reduction(+ : hits)
        for (Index j = i; j < end; j++) hits += z[j] == value;
        for (Index j = i; j < end && hits > 0; j++) {
            if (z[j] == value) return j;
        }
    }
    return 0;
}

static void entropy_row(const Entropy *p, Index n)
{
    Index   V = p->V;
    float  *z = p->z + n * V;
    int32_t t = p->label[n];
    bool    grad = p->grad_scale != 0.0f;
    CHECK(t >= -1 && t < V);

    float m = cpu_largest(z, V);
    if (p->best != NULL) p->best[n] = (int32_t)find(z, V, m);
    if (p->loss != NULL) p->loss[n] = 0.0;
    if (t < 0) {
        if (grad) memset(z, 0, (size_t)V * sizeof *z);
        return;
    }
    double target = (double)z[t];
    double sum = cpu_sum_exp(z, V, m, grad);
    if (p->loss != NULL) p->loss[n] = (double)m + log(sum) - target;
    if (!grad) return;
    float factor = (float)((double)p->grad_scale / sum);
    for (Index j = 0; j < V; j++) z[j] *= factor;
    z[t] -= p->grad_scale;
}

static void entropy_span(void *context, Index from, Index to)
{
    for (Index n = from; n < to; n++) entropy_row(context, n);
}

void cpu_cross_entropy(Backend *be, float *z, double *loss, int32_t *best, const int32_t *label,
                       Index N, Index V, float grad_scale)
{
    CHECK(V > 0);
    Entropy p = {z, loss, best, label, V, grad_scale};
    cpu_for(be, N, cpu_rows(V), entropy_span, &p);
}
