/*
 * SwiGLU. With s = sigmoid(gate), silu(gate) = gate*s and its slope s + gate*s*(1 - s).
 */

#include "core/math/cpu/cpu_ops.h"
#include "core/math/cpu/exp.h"

typedef struct Swiglu {
    float       *y, *dgate, *dup;
    const float *gate, *up, *dy;
} Swiglu;

static void swiglu_span(void *context, Index from, Index to)
{
    const Swiglu *p = context;
    float        *y = p->y; /* may be gate or up: every element is read before it is written */
    const float  *gate = p->gate, *up = p->up;
#pragma omp simd
    for (Index i = from; i < to; i++) y[i] = gate[i] * cpu_sigmoid(gate[i]) * up[i];
}

void cpu_swiglu(Backend *be, float *y, const float *gate, const float *up, Index n)
{
    cpu_for(be, n, CPU_CHUNK, swiglu_span, &(Swiglu){.y = y, .gate = gate, .up = up});
}

static void both_span(void *context, Index from, Index to)
{
    const Swiglu *p = context;
    float *restrict dgate = p->dgate, *restrict dup = p->dup;
    const float *restrict gate = p->gate, *restrict up = p->up, *restrict dy = p->dy;
    for (Index i = from; i < to; i++) {
        float s = cpu_sigmoid(gate[i]), silu = gate[i] * s;
        dgate[i] += dy[i] * up[i] * (s + silu * (1.0f - s));
        dup[i] += dy[i] * silu;
    }
}

static void gate_span(void *context, Index from, Index to)
{
    const Swiglu *p = context;
    float *restrict dgate = p->dgate;
    const float *restrict gate = p->gate, *restrict up = p->up, *restrict dy = p->dy;
    for (Index i = from; i < to; i++) {
        float s = cpu_sigmoid(gate[i]), silu = gate[i] * s;
        dgate[i] += dy[i] * up[i] * (s + silu * (1.0f - s));
    }
}

static void up_span(void *context, Index from, Index to)
{
    const Swiglu *p = context;
    float *restrict dup = p->dup;
    const float *restrict gate = p->gate, *restrict dy = p->dy;
    for (Index i = from; i < to; i++) {
        float s = cpu_sigmoid(gate[i]), silu = gate[i] * s;
        dup[i] += dy[i] * silu;
    }
}

void cpu_swiglu_grad(Backend *be, float *dgate, float *dup, const float *dy, const float *gate,
                     const float *up, Index n)
{
    if (dgate == NULL && dup == NULL) return;
    CpuSpan *span = dup == NULL ? gate_span : dgate == NULL ? up_span : both_span;
    Swiglu   p = {.dgate = dgate, .dup = dup, .gate = gate, .up = up, .dy = dy};
    cpu_for(be, n, CPU_CHUNK, span, &p);
}
