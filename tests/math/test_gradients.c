/*
 * Every gradient of the ref backend against four-point differences with a random cotangent.
 * (The other backends are compared with ref, op by op, in test_ops.c.)
 */

#include <math.h>

#include "tests/math/gradcheck.h"
#include "tests/math/op_case.h"
#include "tests/test.h"

static void check(const GradCheck *g, Index workspace)
{
    Error    err = {0};
    Backend *be = backend_ref_create(&err);
    assert_ok(&err);
    bool ok = be->reserve(be, workspace, &err);
    assert_true(ok);
    gradcheck(be, g);
    be->free(be);
}

/* ---- linear: x, W, bias ------------------------------------------------------------------ */

typedef struct Sizes {
    Index N, in, out;
} Sizes;

static void linear_forward(Backend *be, const void *context, float *y, float *const *x)
{
    const Sizes *s = context;
    be->linear(be, y, x[0], (Mat){x[1], DTYPE_F32, s->out, s->in}, x[2], s->N);
}

static void linear_backward(Backend *be, const void *context, float *const *dx, const float *dy,
                            float *const *x)
{
    const Sizes *s = context;
    be->linear_dx(be, dx[0], dy, (Mat){x[1], DTYPE_F32, s->out, s->in}, s->N, true);
    be->linear_dw(be, dx[1], dy, x[0], s->N, s->out, s->in);
    be->bias_grad(be, dx[2], dy, s->N, s->out);
}

static void linear_gradients_match_differences(void **state)
{
    (void)state;
    static const Sizes sizes[] = {{1, 1, 1}, {3, 5, 4}, {6, 3, 7}};
    for (int i = 0; i < 3; i++) {
        Sizes s = sizes[i];
        check(&(GradCheck){.name = "linear",
                           .inputs = 3,
                           .n = {s.N * s.in, s.out * s.in, s.out},
                           .out = s.N * s.out,
                           .context = &s,
                           .tol = 1e-5,
                           .forward = linear_forward,
                           .backward = linear_backward},
              0);
    }
}

/* ---- embed, gather ----------------------------------------------------------------------- */

static const int32_t ids[] = {2, 0, 2, 4, 2};

static void embed_forward(Backend *be, const void *context, float *y, float *const *x)
{
    (void)context;
    be->embed(be, y, ids, (Mat){x[0], DTYPE_F32, 5, 3}, 5);
}

static void embed_backward(Backend *be, const void *context, float *const *dx, const float *dy,
                           float *const *x)
{
    (void)context, (void)x;
    be->embed_grad(be, dx[0], dy, ids, 5, 5, 3);
}

static const Index picked[] = {1, 2, 5};

static void gather_forward(Backend *be, const void *context, float *y, float *const *x)
{
    (void)context;
    be->gather(be, y, x[0], picked, 3, 4);
}

static void gather_backward(Backend *be, const void *context, float *const *dx, const float *dy,
                            float *const *x)
{
    (void)context, (void)x;
    be->gather_grad(be, dx[0], dy, picked, 3, 4);
}

static void picking_gradients_match_differences(void **state)
{
    (void)state;
    check(&(GradCheck){.name = "embed",
                       .inputs = 1,
                       .n = {15},
                       .out = 15,
                       .tol = 1e-5,
                       .forward = embed_forward,
                       .backward = embed_backward},
          0);
    check(&(GradCheck){.name = "gather",
                       .inputs = 1,
                       .n = {24},
                       .out = 12,
                       .tol = 1e-5,
                       .forward = gather_forward,
                       .backward = gather_backward},
          0);
}

/* ---- rmsnorm: x, w ----------------------------------------------------------------------- */

#define EPS 0.37f /* as large as the mean square, so that a wrong place for it shows */

static void rmsnorm_forward(Backend *be, const void *context, float *y, float *const *x)
{
    const Sizes *s = context;
    float        inv[8];
    be->rmsnorm(be, y, inv, x[0], x[1], s->N, s->in, EPS);
}

static void rmsnorm_backward(Backend *be, const void *context, float *const *dx, const float *dy,
                             float *const *x)
{
    const Sizes *s = context;
    float        inv[8], y[8 * 16];
    be->rmsnorm(be, y, inv, x[0], x[1], s->N, s->in, EPS);
    be->rmsnorm_grad(be, dx[0], dx[1], dy, x[0], x[1], inv, s->N, s->in);
}

static void rmsnorm_gradients_match_differences(void **state)
{
    (void)state;
    static const Sizes sizes[] = {{1, 1, 0}, {4, 7, 0}, {8, 16, 0}};
    for (int i = 0; i < 3; i++) {
        Sizes s = sizes[i];
        check(&(GradCheck){.name = "rmsnorm",
                           .inputs = 2,
                           .n = {s.N * s.in, s.in},
                           .out = s.N * s.in,
                           .context = &s,
                           .tol = 3e-5,
                           .forward = rmsnorm_forward,
                           .backward = rmsnorm_backward},
              0);
    }
}

/* ---- rope: the gradient is the inverse rotation ------------------------------------------- */

enum { ROPE_N = 4, ROPE_HEADS = 2, ROPE_K = 6, ROPE_ALL = ROPE_N * ROPE_HEADS * ROPE_K };
static const int32_t position[ROPE_N] = {3, 0, 2, 3};

static void rope(Backend *be, float *x, bool inverse)
{
    float c[4 * ROPE_K / 2], s[4 * ROPE_K / 2];
    for (int i = 0; i < 4 * ROPE_K / 2; i++) {
        double angle = 0.7 * (i / 3) / (1 + i % 3);
        c[i] = (float)cos(angle);
        s[i] = (float)sin(angle);
    }
    be->rope(be, x, c, s, position, ROPE_N, ROPE_HEADS, ROPE_K, inverse);
}

static void rope_forward(Backend *be, const void *context, float *y, float *const *x)
{
    (void)context;
    be->copy(be, y, x[0], ROPE_ALL * sizeof *y);
    rope(be, y, false);
}

static void rope_backward(Backend *be, const void *context, float *const *dx, const float *dy,
                          float *const *x)
{
    (void)context, (void)x;
    be->copy(be, dx[0], dy, ROPE_ALL * sizeof *dy);
    rope(be, dx[0], true);
}

static void rope_gradient_is_the_inverse_rotation(void **state)
{
    (void)state;
    check(&(GradCheck){.name = "rope",
                       .inputs = 1,
                       .n = {ROPE_ALL},
                       .out = ROPE_ALL,
                       .tol = 1e-5,
                       .forward = rope_forward,
                       .backward = rope_backward},
          0);
}

/* ---- elementwise ------------------------------------------------------------------------- */

enum { ELEMENTS = 41 };

static void swiglu_forward(Backend *be, const void *context, float *y, float *const *x)
{
    (void)context;
    be->swiglu(be, y, x[0], x[1], ELEMENTS);
}

static void swiglu_backward(Backend *be, const void *context, float *const *dx, const float *dy,
                            float *const *x)
{
    (void)context;
    be->swiglu_grad(be, dx[0], dx[1], dy, x[0], x[1], ELEMENTS);
}

static void activation_forward(Backend *be, const void *context, float *y, float *const *x)
{
    be->activation(be, *(const Activation *)context, y, x[0], ELEMENTS);
}

static void activation_backward(Backend *be, const void *context, float *const *dx, const float *dy,
                                float *const *x)
{
    be->activation_grad(be, *(const Activation *)context, dx[0], dy, x[0], ELEMENTS);
}

static const uint64_t row_key[] = {4};
static const Dropout  half = {.p = 0.5f, .seed = 3, .stream = 5, .row_key = row_key};

static void dropout_forward(Backend *be, const void *context, float *y, float *const *x)
{
    (void)context;
    be->dropout(be, y, x[0], half, 1, ELEMENTS, false);
}

static void dropout_backward(Backend *be, const void *context, float *const *dx, const float *dy,
                             float *const *x)
{
    (void)context, (void)x;
    be->dropout(be, dx[0], dy, half, 1, ELEMENTS, true);
}

static void elementwise_gradients_match_differences(void **state)
{
    (void)state;
    GradCheck g = {.name = "swiglu",
                   .inputs = 2,
                   .n = {ELEMENTS, ELEMENTS},
                   .out = ELEMENTS,
                   .tol = 1e-5,
                   .forward = swiglu_forward,
                   .backward = swiglu_backward};
    check(&g, 0);

    g.inputs = 1;
    g.forward = activation_forward;
    g.backward = activation_backward;
    static const char *const names[] = {"relu", "gelu", "silu", "tanh"};
    for (Activation kind = ACT_RELU; kind <= ACT_TANH; kind++) {
        g.name = names[kind];
        g.context = &kind;
        check(&g, 0);
    }

    g.name = "dropout";
    g.forward = dropout_forward;
    g.backward = dropout_backward;
    check(&g, 0);
}

/* ---- attention: q, k, v, pk, pv ---------------------------------------------------------- */

static void attention_forward(Backend *be, const void *context, float *y, float *const *x)
{
    float lse[64];
    be->attention(be, context, y, lse, x[0], x[1], x[2], x[3], x[4]);
}

static void attention_backward(Backend *be, const void *context, float *const *dx, const float *dy,
                               float *const *x)
{
    float lse[64], o[512];
    be->attention(be, context, o, lse, x[0], x[1], x[2], x[3], x[4]);
    be->attention_grad(be, context, dx[0], dx[1], dx[2], dx[3], dx[4], dy, o, lse, x[0], x[1], x[2],
                       x[3], x[4]);
}

static void attention_gradients_match_differences(void **state)
{
    (void)state;
    static const Index     one[] = {0, 1}, six[] = {0, 6}, q3[] = {0, 4, 5, 8}, k3[] = {0, 4, 5, 8};
    static const Index     q_cache[] = {0, 1, 1, 4}, k_cache[] = {0, 5, 7, 12};
    static const AttnShape shapes[] = {
        {1, one, one, 1, 1, 1, 0, 0.8f, 0},         {1, one, one, 2, 1, 3, 2, 0.8f, 0},
        {1, six, six, 2, 2, 4, 0, 0.5f, 0},         {3, q3, k3, 4, 2, 3, 0, 0.5f, 0},
        {3, q3, k3, 4, 1, 5, 3, 0.4f, 0},           {3, q_cache, k_cache, 2, 1, 4, 0, 0.5f, 0},
        {3, q_cache, k_cache, 4, 2, 4, 1, 0.5f, 0},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        const AttnShape *s = &shapes[i];
        Index            Nq = s->q_at[s->S], Nk = s->k_at[s->S], width = s->G * s->K;
        check(&(GradCheck){.name = "attention",
                           .inputs = 5,
                           .n = {Nq * s->H * s->K, Nk * width, Nk * width, s->P * width,
                                 s->P * width},
                           .out = Nq * s->H * s->K,
                           .context = s,
                           .tol = 2e-5,
                           .forward = attention_forward,
                           .backward = attention_backward},
              4096);
    }
}

/* ---- cross-entropy: the loss is a double and the gradient comes in place of the logits ----- */

enum { CE_N = 4, CE_V = 7 };
static const int32_t labels[CE_N] = {3, -1, 0, 6};

typedef struct Logits {
    Backend *be;
    float    z[CE_N * CE_V];
} Logits;

static double summed_loss(void *context)
{
    Logits *logits = context;
    double  loss[CE_N], sum = 0.0;
    logits->be->cross_entropy(logits->be, logits->z, loss, NULL, labels, CE_N, CE_V, 0.0f);
    for (int n = 0; n < CE_N; n++) sum += loss[n];
    return sum;
}

static void cross_entropy_gradient_matches_differences(void **state)
{
    (void)state;
    Error  err = {0};
    Logits logits = {.be = backend_ref_create(&err)};
    assert_ok(&err);
    float slope[CE_N * CE_V], dz[CE_N * CE_V];
    for (int i = 0; i < CE_N * CE_V; i++) logits.z[i] = entropy(3, i);
    for (int i = 0; i < CE_N * CE_V; i++) {
        dz[i] = logits.z[i];
        slope[i] = 0.37f * (float)gradcheck_slope(&logits.z[i], summed_loss, &logits);
    }
    logits.be->cross_entropy(logits.be, dz, NULL, NULL, labels, CE_N, CE_V, 0.37f);
    assert_tensor_close(dz, slope, CE_N * CE_V, 1e-6);
    logits.be->free(logits.be);
}

TEST_GROUP(gradients, cmocka_unit_test(linear_gradients_match_differences),
           cmocka_unit_test(picking_gradients_match_differences),
           cmocka_unit_test(rmsnorm_gradients_match_differences),
           cmocka_unit_test(rope_gradient_is_the_inverse_rotation),
           cmocka_unit_test(elementwise_gradients_match_differences),
           cmocka_unit_test(attention_gradients_match_differences),
           cmocka_unit_test(cross_entropy_gradient_matches_differences));
