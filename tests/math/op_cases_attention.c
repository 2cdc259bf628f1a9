/*
 * Attention: one token, odd lengths, lengths around and above a block, several segments, groups
 * of 1, 2 and 4 heads, a cache (fewer queries than keys), prefix rows, rows behind the last segment
 * (which hold NaNs wherever an op must not look).
 */

#include "tests/math/op_cases.h"

#include <math.h>
#include <string.h>

#include "tests/test.h"

/* size: pattern of segments, H, G, K, P, rows of filling */
static const Index patterns[][8][2] = {
    {{1, 1}},                 /* one token */
    {{5, 5}},                 /* one sequence */
    {{3, 3}, {1, 1}, {7, 7}}, /* several */
    {{1, 9}},                 /* decoding with a cache */
    {{2, 6}, {0, 3}, {4, 4}}, /* a cache, and a segment without queries */
    {{64, 64}},               /* exactly a block of most kernels */
    {{70, 70}, {3, 67}},
    {{150, 150}},
    {{0, 0}}, /* nothing at all */
};
enum { ONE, FIVE, SEVERAL, DECODE, CACHED, BLOCK, TAILS, LONG, NOTHING };

enum { O, LSE, Q, KEY, VALUE, PREFIX_K, PREFIX_V, DOUT, DQ, DK, DV, DPK, DPV };

static void build_shape(OpCase *c)
{
    Index *q_at = case_array(c, 9, sizeof *q_at), *k_at = case_array(c, 9, sizeof *k_at);
    c->attention_keys = 1;
    Index S = 0;
    for (; S < 8 && patterns[c->size[0]][S][1] > 0; S++) {
        Index n_q = patterns[c->size[0]][S][0], n_k = patterns[c->size[0]][S][1];
        q_at[S + 1] = q_at[S] + n_q;
        k_at[S + 1] = k_at[S] + n_k;
        if (n_k + c->size[4] > c->attention_keys) c->attention_keys = n_k + c->size[4];
    }
    Index K = c->size[3];
    c->attention_width = K;
    c->shape = (AttnShape){.S = S,
                           .q_at = q_at,
                           .k_at = k_at,
                           .H = c->size[1],
                           .G = c->size[2],
                           .K = K,
                           .P = c->size[4],
                           .scale = (float)(1.0 / sqrt((double)K)),
                           .fill = c->size[5]};
}

/* A tensor of `rows` rows and the filling behind them, which nobody may read. */
static CaseTensor *filled(OpCase *c, const char *name, Role role, Index rows, Index cols)
{
    Index       real = rows * cols, all = (rows + c->shape.fill) * cols;
    CaseTensor *t = case_tensor(c, name, role, rows + c->shape.fill, cols);
    for (Index i = real; i < all && role == ROLE_IN; i++) t->value[i] = NAN;
    t->nan_at[0] = real > 0 ? 0 : -1;
    t->nan_at[1] = real > 0 ? real / 2 : -1;
    t->nan_at[2] = real - 1;
    return t;
}

static void build_inputs(OpCase *c, Role results)
{
    build_shape(c);
    const AttnShape *shape = &c->shape;
    Index            Nq = shape->q_at[shape->S], Nk = shape->k_at[shape->S], S = shape->S;
    Index            H = shape->H, width = shape->G * shape->K;
    filled(c, "o", results, Nq, H * shape->K);
    filled(c, "lse", results, Nq, H);
    filled(c, "q", ROLE_IN, Nq, H * shape->K);
    CaseTensor *k = filled(c, "k", ROLE_IN, Nk, width);
    CaseTensor *v = filled(c, "v", ROLE_IN, Nk, width);
    CaseTensor *pk = case_tensor(c, "pk", ROLE_IN, shape->P, shape->P ? width : 0);
    CaseTensor *pv = case_tensor(c, "pv", ROLE_IN, shape->P, shape->P ? width : 0);
    if (Nq == 0) case_nan_at(pk, -1), case_nan_at(pv, -1);
    for (Index s = 0; s < S; s++) { /* the first key of a segment that somebody looks at */
        if (shape->q_at[s] < shape->q_at[s + 1]) {
            case_nan_at(k, shape->k_at[s] * width);
            case_nan_at(v, shape->k_at[s] * width + width - 1);
        }
    }
    c->tol = 3e-6;
}

static void attention_build(OpCase *c)
{
    build_inputs(c, ROLE_OUT);
}

static void attention_call(Backend *be, OpCase *c, float *const *p)
{
    be->attention(be, &c->shape, p[O], p[LSE], p[Q], p[KEY], p[VALUE], p[PREFIX_K], p[PREFIX_V]);
}

/* o and lse must fit to q, k and v: they come from ref. */
static void attention_grad_build(OpCase *c)
{
    build_inputs(c, ROLE_IN);
    Index Nq = c->shape.q_at[c->shape.S], Nk = c->shape.k_at[c->shape.S], P = c->shape.P;
    Index width = c->shape.G * c->shape.K;
    filled(c, "dout", ROLE_IN, Nq, c->shape.H * c->shape.K);
    filled(c, "dq", ROLE_ADD, Nq, c->shape.H * c->shape.K);
    filled(c, "dk", ROLE_ADD, Nk, width);
    filled(c, "dv", ROLE_ADD, Nk, width);
    case_tensor(c, "dpk", ROLE_ADD, P, P ? width : 0);
    case_tensor(c, "dpv", ROLE_ADD, P, P ? width : 0);

    Error    err = {0};
    Backend *ref = backend_ref_create(&err);
    assert_ok(&err);
    Index bytes = ref->attention_workspace(c->attention_keys, c->attention_width);
    bool  ok = ref->reserve(ref, bytes, &err);
    assert_true(ok);
    ref->attention(ref, &c->shape, c->tensor[O].value, c->tensor[LSE].value, c->tensor[Q].value,
                   c->tensor[KEY].value, c->tensor[VALUE].value, c->tensor[PREFIX_K].value,
                   c->tensor[PREFIX_V].value);
    ref->free(ref);
}

static void attention_grad_call(Backend *be, OpCase *c, float *const *p)
{
    be->attention_grad(be, &c->shape, p[DQ], p[DK], p[DV], p[DPK], p[DPV], p[DOUT], p[O], p[LSE],
                       p[Q], p[KEY], p[VALUE], p[PREFIX_K], p[PREFIX_V]);
}

static const Op attention = {"attention", offsetof(Backend, attention), attention_build,
                             attention_call};
static const Op attention_grad = {"attention_grad", offsetof(Backend, attention_grad),
                                  attention_grad_build, attention_grad_call};

static const Index shapes[][CASE_SIZES] = {
    {ONE, 1, 1, 1, 0},        {ONE, 4, 1, 6, 0},        {ONE, 2, 1, 4, 3},
    {FIVE, 1, 1, 3, 0},       {FIVE, 2, 2, 8, 0},       {FIVE, 4, 2, 5, 0},
    {FIVE, 4, 1, 8, 2},       {SEVERAL, 4, 2, 8, 0},    {SEVERAL, 4, 4, 6, 5},
    {SEVERAL, 8, 2, 4, 1},    {DECODE, 4, 2, 8, 0},     {DECODE, 4, 1, 7, 3},
    {CACHED, 2, 1, 6, 0},     {CACHED, 4, 2, 6, 2},     {BLOCK, 2, 1, 16, 0},
    {TAILS, 2, 1, 16, 0},     {TAILS, 4, 2, 10, 9},     {LONG, 2, 2, 33, 0},
    {LONG, 2, 1, 12, 70},     {NOTHING, 2, 1, 4, 0},    {NOTHING, 2, 1, 4, 2},
    {ONE, 2, 1, 4, 3, 2},     {SEVERAL, 4, 2, 8, 0, 5}, {CACHED, 4, 2, 6, 2, 1},
    {TAILS, 4, 2, 10, 9, 63}, {NOTHING, 2, 1, 4, 0, 7}, {NOTHING, 2, 1, 4, 2, 7},
    {DECODE, 4, 2, 8, 0, 3},
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

CaseGroup cases_of_attention(void)
{
    static CaseRow rows[2 * SHAPES];
    for (int i = 0; i < 2 * SHAPES; i++) {
        rows[i].op = i < SHAPES ? &attention : &attention_grad;
        memcpy(rows[i].size, shapes[i % SHAPES], sizeof rows[i].size);
    }
    return (CaseGroup){rows, 2 * SHAPES};
}
