/*
 * SwiGLU (Shazeer 2020): y = silu(gate) * up, silu(z) = z s(z), s the sigmoid. Its gradient, in one
 * pass over memory:
 *
 *   dgate += dy up (s + gate s (1 - s)),    dup += dy gate s
 */

#include "core/math/cuda/device/quad.cuh"

typedef struct SwigluArgs {
    float       *y;           /* forward */
    float       *dgate, *dup; /* gradient; NULL: not wanted */
    const float *dy, *gate, *up;
    Span         span;
} SwigluArgs;

static __device__ float sigmoid(float z)
{
    return 1.0f / (1.0f + expf(-z));
}

static __global__ void swiglu_elements(SwigluArgs a)
{
    FOR_EACH(q, a.span.quads)
    {
        Quad gate = load_quad(a.gate, q, a.span), up = load_quad(a.up, q, a.span);
        for (int k = 0; k < 4; k++) up.v[k] *= gate.v[k] * sigmoid(gate.v[k]);
        store_quad(a.y, q, a.span, up);
    }
}

static __global__ void add_swiglu_grad(SwigluArgs a)
{
    FOR_EACH(q, a.span.quads)
    {
        Quad gate = load_quad(a.gate, q, a.span), dy = load_quad(a.dy, q, a.span);
        Quad s;
        for (int k = 0; k < 4; k++) s.v[k] = sigmoid(gate.v[k]);
        if (a.dgate != NULL) {
            Quad dgate = load_quad(a.up, q, a.span);
            for (int k = 0; k < 4; k++) {
                float slope = s.v[k] + gate.v[k] * s.v[k] * (1.0f - s.v[k]);
                dgate.v[k] *= dy.v[k] * slope;
            }
            add_quad(a.dgate, q, a.span, dgate);
        }
        if (a.dup != NULL) {
            Quad dup;
            for (int k = 0; k < 4; k++) dup.v[k] = dy.v[k] * gate.v[k] * s.v[k];
            add_quad(a.dup, q, a.span, dup);
        }
    }
}

void cuda_swiglu(Backend *be, float *y, const float *gate, const float *up, Index n)
{
    Device    *d = device_of(be);
    SwigluArgs a = {};
    a.y = y;
    a.gate = gate;
    a.up = up;
    a.span = flat_span(n, y, gate, up);
    launch(d, swiglu_elements, grid_for(d, a.span.quads), a);
}

void cuda_swiglu_grad(Backend *be, float *dgate, float *dup, const float *dy, const float *gate,
                      const float *up, Index n)
{
    Device *d = device_of(be);
    if (dgate == NULL && dup == NULL) return;
    SwigluArgs a = {};
    a.dgate = dgate;
    a.dup = dup;
    a.dy = dy;
    a.gate = gate;
    a.up = up;
    a.span = flat_span(n, dgate, dup, dy, gate, up);
    launch(d, add_swiglu_grad, grid_for(d, a.span.quads), a);
}
