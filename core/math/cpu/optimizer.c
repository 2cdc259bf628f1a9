/*
 * The optimizers' steps and the norm that clipping needs.
 */

#include "core/math/cpu/cpu_ops.h"

#include <math.h>

/* ---- sum of squares --------------------------------------------------------------------- */

typedef struct Squares {
    CpuState    *cpu;
    const float *x;
    Index        n, chunk;
} Squares;

static void squares_task(void *context, Index task, int worker)
{
    (void)worker;
    const Squares *p = context;
    const float   *x = p->x + task * p->chunk;
    Index          n = cpu_min(p->chunk, p->n - task * p->chunk);
    double         s = 0.0;
#pragma omp simd reduction(+ : s)
    for (Index i = 0; i < n; i++) s += (double)x[i] * (double)x[i];
    p->cpu->partial[task] = s;
}

/* A float squared is far inside the range of a double: only what is not finite gives more. */
double cpu_sum_squares(Backend *be, const float *x, Index n)
{
    Squares p = {cpu_state(be), x, n, 0};
    p.chunk = cpu_max(CPU_CHUNK, cpu_pieces(cpu_pieces(n, CPU_MAX_PARTIALS), 1024) * 1024);
    Index count = cpu_pieces(n, p.chunk);
    cpu_run(be, count, count <= 2, squares_task, &p);

    double sum = 0.0;
    for (Index i = 0; i < count; i++) sum += p.cpu->partial[i];
    return sum;
}

/* ---- AdamW ------------------------------------------------------------------------------ */

typedef struct Adam {
    float       *w, *m, *v;
    const float *g;
    AdamW        p;
} Adam;

static void adamw_span(void *context, Index from, Index to)
{
    const Adam *a = context;
    float *restrict w = a->w, *restrict m = a->m, *restrict v = a->v;
    const float *restrict g = a->g;
    float b1 = a->p.beta1, b2 = a->p.beta2, eps = a->p.epsilon, scale = a->p.grad_scale;
    float keep = 1.0f - a->p.learning_rate * a->p.weight_decay;
    float step = a->p.learning_rate / a->p.correction1, root = 1.0f / sqrtf(a->p.correction2);

    for (Index i = from; i < to; i++) {
        float gi = scale * g[i];
        float mi = b1 * m[i] + (1.0f - b1) * gi;
        float vi = b2 * v[i] + (1.0f - b2) * gi * gi;
        m[i] = mi;
        v[i] = vi;
        w[i] = keep * w[i] - step * mi / (sqrtf(vi) * root + eps);
    }
}

void cpu_adamw(Backend *be, float *w, float *m, float *v, const float *g, Index n, AdamW p)
{
    cpu_for(be, n, CPU_CHUNK, adamw_span, &(Adam){w, m, v, g, p});
}

/* ---- SGD -------------------------------------------------------------------------------- */

typedef struct Descent {
    float       *w, *buf;
    const float *g;
    Sgd          p;
} Descent;

static void sgd_span(void *context, Index from, Index to)
{
    const Descent *s = context;
    float *restrict w = s->w, *restrict buf = s->buf;
    const float *restrict g = s->g;
    float rate = s->p.learning_rate, decay = s->p.weight_decay, scale = s->p.grad_scale;
    float momentum = s->p.first ? 0.0f : s->p.momentum;

    for (Index i = from; i < to; i++) {
        float step = scale * g[i] + decay * w[i];
        if (buf != NULL) {
            if (!s->p.first) step += momentum * buf[i];
            buf[i] = step;
        }
        w[i] -= rate * step;
    }
}

void cpu_sgd(Backend *be, float *w, float *buf, const float *g, Index n, Sgd p)
{
    CHECK(buf != NULL || p.momentum == 0.0f);
    cpu_for(be, n, CPU_CHUNK, sgd_span, &(Descent){w, buf, g, p});
}
