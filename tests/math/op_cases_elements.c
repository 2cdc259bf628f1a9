/* Ops that work element by element: activations, sums, dropout, the optimizers. */

#include "tests/math/op_cases.h"

#include <math.h>

#include "core/math/dropout_bits.h"

/* ---- swiglu: n, y aliases 0 nothing, 1 gate, 2 up ---------------------------------------- */

static void swiglu_build(OpCase *c)
{
    Index n = c->size[0], alias = c->size[1];
    case_tensor(c, "gate", alias == 1 ? ROLE_INOUT : ROLE_IN, 1, n);
    case_tensor(c, "up", alias == 2 ? ROLE_INOUT : ROLE_IN, 1, n);
    if (alias == 0) case_tensor(c, "y", ROLE_OUT, 1, n);
    for (Index i = 0; i < n; i++) c->tensor[0].value[i] *= 4.0f;
    if (n > 4) c->tensor[0].value[1] = -200.0f, c->tensor[0].value[2] = 200.0f;
}

static void swiglu_call(Backend *be, OpCase *c, float *const *p)
{
    float *y = c->size[1] == 0 ? p[2] : p[c->size[1] - 1];
    be->swiglu(be, y, p[0], p[1], c->size[0]);
}

static void swiglu_grad_build(OpCase *c)
{
    Index n = c->size[0];
    case_tensor(c, "dgate", ROLE_ADD, 1, n);
    case_tensor(c, "dup", ROLE_ADD, 1, n);
    case_tensor(c, "dy", ROLE_IN, 1, n);
    CaseTensor *gate = case_tensor(c, "gate", ROLE_IN, 1, n);
    case_tensor(c, "up", ROLE_IN, 1, n);
    if (n > 4) gate->value[1] = -200.0f, gate->value[2] = 200.0f;
}

static void swiglu_grad_call(Backend *be, OpCase *c, float *const *p)
{
    be->swiglu_grad(be, p[0], p[1], p[2], p[3], p[4], c->size[0]);
}

/* ---- activation: n, kind ----------------------------------------------------------------- */

static void activation_build(OpCase *c)
{
    case_tensor(c, "y", ROLE_OUT, 1, c->size[0]);
    CaseTensor *x = case_tensor(c, "x", ROLE_IN, 1, c->size[0]);
    if (c->size[0] > 4) x->value[1] = -100.0f, x->value[2] = 100.0f;
}

static void activation_call(Backend *be, OpCase *c, float *const *p)
{
    be->activation(be, (Activation)c->size[1], p[0], p[1], c->size[0]);
}

static void activation_grad_build(OpCase *c)
{
    Index n = c->size[0];
    case_tensor(c, "dx", ROLE_ADD, 1, n);
    CaseTensor *dy = case_tensor(c, "dy", ROLE_IN, 1, n);
    CaseTensor *x = case_tensor(c, "x", ROLE_IN, 1, n);
    if (n > 4) x->value[1] = -100.0f, x->value[2] = 100.0f;
    if (c->size[1] != ACT_RELU) return;
    x->value[0] = 0.75f; /* where relu's slope is 1, a NaN of dy must show; */
    case_nan_at(dy, 0);  /* that a NaN of x shows is the forward's duty */
    case_nan_at(x, -1);
}

static void activation_grad_call(Backend *be, OpCase *c, float *const *p)
{
    be->activation_grad(be, (Activation)c->size[1], p[0], p[1], p[2], c->size[0]);
}

/* ---- add: n, y aliases 0 nothing, 1 a, 2 b ------------------------------------------------ */

static void add_build(OpCase *c)
{
    Index n = c->size[0], alias = c->size[1];
    case_tensor(c, "a", alias == 1 ? ROLE_INOUT : ROLE_IN, 1, n);
    case_tensor(c, "b", alias == 2 ? ROLE_INOUT : ROLE_IN, 1, n);
    if (alias == 0) case_tensor(c, "y", ROLE_OUT, 1, n);
    c->tol = 0.0; /* one rounding, the same everywhere */
}

static void add_call(Backend *be, OpCase *c, float *const *p)
{
    float *y = c->size[1] == 0 ? p[2] : p[c->size[1] - 1];
    be->add(be, y, p[0], p[1], c->size[0]);
}

static void axpy_build(OpCase *c)
{
    case_tensor(c, "y", ROLE_SUM, 1, c->size[0]);
    case_tensor(c, "x", ROLE_IN, 1, c->size[0]);
}

static void axpy_call(Backend *be, OpCase *c, float *const *p)
{
    be->axpy(be, p[0], -0.71f, p[1], c->size[0]);
}

static void scale_build(OpCase *c)
{
    case_tensor(c, "y", ROLE_INOUT, 1, c->size[0]);
}

static void scale_call(Backend *be, OpCase *c, float *const *p)
{
    be->scale(be, p[0], 1.37f, c->size[0]);
}

/* ---- dropout: N, D, p*8, add ------------------------------------------------------------- */

static void dropout_build(OpCase *c)
{
    Index     N = c->size[0], D = c->size[1];
    uint64_t *key = case_array(c, N, sizeof *key);
    for (Index n = 0; n < N; n++) key[n] = n % 2 == 0 ? (uint64_t)n : UINT64_MAX - (uint64_t)n;
    c->drop = (Dropout){(float)c->size[2] * 0.125f, 1234567890123u, 42, key};

    case_tensor(c, "y", c->size[3] ? ROLE_SUM : ROLE_OUT, N, D);
    CaseTensor *x = case_tensor(c, "x", ROLE_IN, N, D);
    case_nan_at(x, -1);
    for (Index i = 0; i < N * D; i++) { /* only a kept element passes its NaN on */
        if (dropout_keep4(&c->drop, key[i / D], i % D / 4 * 4) >> i % D % 4 & 1u) {
            case_nan_at(x, i);
        }
    }
}

static void dropout_call(Backend *be, OpCase *c, float *const *p)
{
    be->dropout(be, p[0], p[1], c->drop, c->size[0], c->size[1], c->size[3] != 0);
}

/* ---- sum_squares: n ---------------------------------------------------------------------- */

static void sum_squares_build(OpCase *c)
{
    case_tensor(c, "x", ROLE_IN, 1, c->size[0]);
    case_host(c, 1, 1e-13);
}

static void sum_squares_call(Backend *be, OpCase *c, float *const *p)
{
    c->host[0].value[0] = be->sum_squares(be, p[0], c->size[0]);
}

/* ---- adamw: n, step; sgd: n, momentum*8, first ------------------------------------------- */

static void adamw_build(OpCase *c)
{
    case_tensor(c, "w", ROLE_INOUT, 1, c->size[0]);
    case_tensor(c, "m", ROLE_INOUT, 1, c->size[0]);
    CaseTensor *v = case_tensor(c, "v", ROLE_INOUT, 1, c->size[0]);
    case_tensor(c, "g", ROLE_IN, 1, c->size[0]);
    for (Index i = 0; i < c->size[0]; i++) {
        v->value[i] *= v->value[i];
        if (c->size[1] == 1) c->tensor[1].value[i] = v->value[i] = 0.0f;
        if (i % 7 == 3) c->tensor[3].value[i] *= 1e-6f; /* where epsilon weighs */
    }
}

static void adamw_call(Backend *be, OpCase *c, float *const *p)
{
    double step = (double)c->size[1];
    AdamW  adamw = {.learning_rate = 0.013f,
                    .beta1 = 0.87f,
                    .beta2 = 0.973f,
                    .epsilon = 1e-5f,
                    .weight_decay = 0.17f,
                    .grad_scale = 0.61f,
                    .correction1 = (float)(1.0 - pow(0.87, step)),
                    .correction2 = (float)(1.0 - pow(0.973, step))};
    be->adamw(be, p[0], p[1], p[2], p[3], c->size[0], adamw);
}

static void sgd_build(OpCase *c)
{
    Index n = c->size[0];
    case_tensor(c, "w", ROLE_INOUT, 1, n);
    case_tensor(c, "g", ROLE_IN, 1, n);
    CaseTensor *buf = case_tensor(c, "buf", ROLE_INOUT, c->size[1] != 0, c->size[1] ? n : 0);
    if (c->size[2]) case_nan_at(buf, -1);
}

static void sgd_call(Backend *be, OpCase *c, float *const *p)
{
    Sgd sgd = {.learning_rate = 0.13f,
               .momentum = (float)c->size[1] * 0.125f,
               .weight_decay = 0.17f,
               .grad_scale = 0.61f,
               .first = c->size[2] != 0};
    be->sgd(be, p[0], p[2], p[1], c->size[0], sgd);
}

static const Op swiglu = {"swiglu", offsetof(Backend, swiglu), swiglu_build, swiglu_call};
static const Op swiglu_grad = {"swiglu_grad", offsetof(Backend, swiglu_grad), swiglu_grad_build,
                               swiglu_grad_call};
static const Op activation = {"activation", offsetof(Backend, activation), activation_build,
                              activation_call};
static const Op activation_grad = {"activation_grad", offsetof(Backend, activation_grad),
                                   activation_grad_build, activation_grad_call};
static const Op add = {"add", offsetof(Backend, add), add_build, add_call};
static const Op axpy = {"axpy", offsetof(Backend, axpy), axpy_build, axpy_call};
static const Op scale = {"scale", offsetof(Backend, scale), scale_build, scale_call};
static const Op dropout = {"dropout", offsetof(Backend, dropout), dropout_build, dropout_call};
static const Op sum_squares = {"sum_squares", offsetof(Backend, sum_squares), sum_squares_build,
                               sum_squares_call};
static const Op adamw = {"adamw", offsetof(Backend, adamw), adamw_build, adamw_call};
static const Op sgd = {"sgd", offsetof(Backend, sgd), sgd_build, sgd_call};

/* 20,011 is more than two chunks of any backend and a multiple of nothing. */
static const CaseRow rows[] = {
    {&swiglu, {1, 0}},
    {&swiglu, {33, 0}},
    {&swiglu, {33, 1}},
    {&swiglu, {20011, 2}},
    {&swiglu, {0, 0}},
    {&swiglu_grad, {1}},
    {&swiglu_grad, {33}},
    {&swiglu_grad, {20011}},
    {&swiglu_grad, {0}},
    {&activation, {1, ACT_RELU}},
    {&activation, {37, ACT_RELU}},
    {&activation, {37, ACT_GELU}},
    {&activation, {37, ACT_SILU}},
    {&activation, {37, ACT_TANH}},
    {&activation, {20011, ACT_GELU}},
    {&activation, {0, ACT_GELU}},
    {&activation_grad, {1, ACT_RELU}},
    {&activation_grad, {37, ACT_RELU}},
    {&activation_grad, {37, ACT_GELU}},
    {&activation_grad, {37, ACT_SILU}},
    {&activation_grad, {37, ACT_TANH}},
    {&activation_grad, {20011, ACT_SILU}},
    {&activation_grad, {0, ACT_SILU}},
    {&add, {1, 0}},
    {&add, {37, 1}},
    {&add, {20011, 2}},
    {&add, {0, 0}},
    {&axpy, {1}},
    {&axpy, {37}},
    {&axpy, {20011}},
    {&axpy, {0}},
    {&scale, {1}},
    {&scale, {37}},
    {&scale, {20011}},
    {&scale, {0}},
    {&dropout, {1, 1, 4, 0}},
    {&dropout, {5, 33, 4, 0}},
    {&dropout, {5, 34, 2, 1}},
    {&dropout, {5, 35, 0, 0}},
    {&dropout, {270, 70, 7, 1}},
    {&dropout, {3, 300, 4, 1}},
    {&dropout, {0, 3, 4, 0}},
    {&sum_squares, {0}},
    {&sum_squares, {1}},
    {&sum_squares, {37}},
    {&sum_squares, {200003}},
    {&adamw, {1, 1}},
    {&adamw, {37, 1}},
    {&adamw, {37, 3}},
    {&adamw, {20011, 100}},
    {&adamw, {0, 1}},
    {&sgd, {1, 0, 0}},
    {&sgd, {37, 0, 1}},
    {&sgd, {37, 7, 1}},
    {&sgd, {37, 7, 0}},
    {&sgd, {20011, 7, 0}},
    {&sgd, {0, 0, 0}},
};

CaseGroup cases_of_elements(void)
{
    return (CaseGroup){rows, sizeof rows / sizeof rows[0]};
}
