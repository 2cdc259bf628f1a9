/* Ops that work row by row: picking rows, normalizing, rotating, the loss. */

#include "tests/math/op_cases.h"

#include <math.h>

/* ---- embed: N, D, V, dtype --------------------------------------------------------------- */

static int32_t *add_ids(OpCase *c, Index N, Index V)
{
    int32_t *ids = case_array(c, N, sizeof *ids);
    for (Index n = 0; n < N; n++) ids[n] = (int32_t)entropy_below(9, n, V);
    return ids;
}

static void embed_build(OpCase *c)
{
    Index       N = c->size[0], D = c->size[1], V = c->size[2];
    int32_t    *ids = add_ids(c, N, V);
    CaseTensor *table;
    case_tensor(c, "y", ROLE_OUT, N, D);
    table = case_tensor(c, "table", ROLE_IN, V, D);
    case_store_as(table, (DType)c->size[3]);
    case_nan_at(table, N > 0 ? ids[N - 1] * D + D / 2 : -1);
    c->mat_dtype = (DType)c->size[3];
    c->mat_cols = D;
    c->tol = 0.0;
}

static void embed_call(Backend *be, OpCase *c, float *const *p)
{
    Mat table = {p[1], (DType)c->size[3], c->size[2], c->size[1]};
    be->embed(be, p[0], c->array[0], table, c->size[0]);
}

static void embed_grad_build(OpCase *c)
{
    add_ids(c, c->size[0], c->size[2]);
    case_tensor(c, "dtable", ROLE_ADD, c->size[2], c->size[1]);
    case_tensor(c, "dy", ROLE_IN, c->size[0], c->size[1]);
    c->tol = 0.0; /* the order of the sums is part of the contract */
}

static void embed_grad_call(Backend *be, OpCase *c, float *const *p)
{
    be->embed_grad(be, p[0], p[1], c->array[0], c->size[0], c->size[2], c->size[1]);
}

/* ---- gather: M of N rows, D -------------------------------------------------------------- */

static Index *add_rows(OpCase *c)
{
    Index  M = c->size[0], N = c->size[1];
    Index *rows = case_array(c, M, sizeof *rows);
    for (Index m = 0; m < M; m++) rows[m] = m * N / M + (N > M ? entropy_below(8, m, N / M) : 0);
    return rows;
}

static void gather_build(OpCase *c)
{
    Index       M = c->size[0], N = c->size[1], D = c->size[2];
    Index      *rows = add_rows(c);
    CaseTensor *x;
    case_tensor(c, "y", ROLE_OUT, M, D);
    x = case_tensor(c, "x", ROLE_IN, N, D);
    case_nan_at(x, M > 0 ? rows[M / 2] * D + D - 1 : -1);
    c->tol = 0.0;
}

static void gather_call(Backend *be, OpCase *c, float *const *p)
{
    be->gather(be, p[0], p[1], c->array[0], c->size[0], c->size[2]);
}

static void gather_grad_build(OpCase *c)
{
    add_rows(c);
    case_tensor(c, "dx", ROLE_ADD, c->size[1], c->size[2]);
    case_tensor(c, "dy", ROLE_IN, c->size[0], c->size[2]);
    c->tol = 0.0;
}

static void gather_grad_call(Backend *be, OpCase *c, float *const *p)
{
    be->gather_grad(be, p[0], p[1], c->array[0], c->size[0], c->size[2]);
}

/* ---- rmsnorm: N, D ----------------------------------------------------------------------- */

#define EPS 1e-3f /* large enough to be missed */

static void rmsnorm_build(OpCase *c)
{
    Index N = c->size[0], D = c->size[1];
    case_tensor(c, "y", ROLE_OUT, N, D);
    case_tensor(c, "inv", ROLE_OUT, N, 1);
    CaseTensor *x = case_tensor(c, "x", ROLE_IN, N, D);
    CaseTensor *w = case_tensor(c, "w", ROLE_IN, 1, D);
    if (N == 0) case_nan_at(w, -1);
    for (Index d = 0; d < D && N > 1; d++) x->value[d] *= 1e-3f; /* a row where eps weighs */
}

static void rmsnorm_call(Backend *be, OpCase *c, float *const *p)
{
    be->rmsnorm(be, p[0], p[1], p[2], p[3], c->size[0], c->size[1], EPS);
}

static void rmsnorm_grad_build(OpCase *c)
{
    Index N = c->size[0], D = c->size[1];
    case_tensor(c, "dx", ROLE_ADD, N, D);
    case_tensor(c, "dw", ROLE_ADD, 1, D);
    case_tensor(c, "dy", ROLE_IN, N, D);
    CaseTensor *x = case_tensor(c, "x", ROLE_IN, N, D);
    CaseTensor *w = case_tensor(c, "w", ROLE_IN, 1, D);
    CaseTensor *inv = case_tensor(c, "inv", ROLE_IN, N, 1);
    if (N == 0) case_nan_at(w, -1);
    for (Index n = 0; n < N; n++) {
        double squares = 0.0;
        for (Index d = 0; d < D; d++) squares += pow((double)x->value[n * D + d], 2.0);
        inv->value[n] = (float)(1.0 / sqrt(squares / (double)D + (double)EPS));
    }
}

static void rmsnorm_grad_call(Backend *be, OpCase *c, float *const *p)
{
    be->rmsnorm_grad(be, p[0], p[1], p[2], p[3], p[4], p[5], c->size[0], c->size[1]);
}

/* ---- rope: N, heads, K, positions, inverse ----------------------------------------------- */

static void rope_build(OpCase *c)
{
    Index    N = c->size[0], heads = c->size[1], half = c->size[2] / 2, positions = c->size[3];
    int32_t *position = case_array(c, N, sizeof *position);
    for (Index n = 0; n < N; n++) position[n] = (int32_t)entropy_below(7, n, positions);

    case_tensor(c, "x", ROLE_INOUT, N, heads * 2 * half);
    CaseTensor *cosine = case_tensor(c, "cos", ROLE_IN, positions, half);
    CaseTensor *sine = case_tensor(c, "sin", ROLE_IN, positions, half);
    for (Index i = 0; i < positions * half; i++) {
        double angle = (double)(i / half) * pow(100.0, -(double)(i % half) / (double)half);
        cosine->value[i] = (float)cos(angle);
        sine->value[i] = (float)sin(angle);
    }
    case_nan_at(cosine, N > 0 ? position[N - 1] * half : -1);
    case_nan_at(sine, N > 0 ? position[0] * half + half - 1 : -1);
}

static void rope_call(Backend *be, OpCase *c, float *const *p)
{
    be->rope(be, p[0], p[1], p[2], c->array[0], c->size[0], c->size[1], c->size[2],
             c->size[4] != 0);
}

/* ---- cross_entropy: N, V, grad_scale*8, kind of labels, without loss and best ------------- */

enum { LABELS_ALL, LABELS_SOME, LABELS_NONE };

static void cross_entropy_build(OpCase *c)
{
    Index       N = c->size[0], V = c->size[1];
    CaseTensor *z = case_tensor(c, "z", ROLE_INOUT, N, V);
    int32_t    *label = case_array(c, N, sizeof *label);
    case_array(c, N, sizeof(int32_t)); /* best */
    case_host(c, N, 1e-6);             /* loss */
    case_host(c, N, 0.0);              /* best, to be compared */

    for (Index n = 0; n < N; n++) {
        label[n] = (int32_t)entropy_below(6, n, V);
        if (c->size[3] == LABELS_NONE || (c->size[3] == LABELS_SOME && n % 3 == 1)) label[n] = -1;
        float *row = z->value + n * V;
        for (Index j = 0; j < V; j++) {
            if (n % 5 == 1) row[j] *= 50.0f; /* all probability on one */
            if (n % 5 == 2) row[j] += 1e4f;  /* overflows without subtracting the largest */
            if (n % 5 == 3) row[j] *= 1e30f;
            if (n % 5 == 4) row[j] -= 300.0f; /* underflows without it */
        }
        if (V > 4 && n % 5 == 3) row[V / 2] = row[V - 1] = 2.5e30f; /* the first one is best */
    }
    case_nan_at(z, N > 0 && label[0] >= 0 && c->size[4] == 0 ? V - 1 : -1);
}

static void cross_entropy_call(Backend *be, OpCase *c, float *const *p)
{
    int32_t *best = c->array[1];
    bool     wanted = c->size[4] == 0;
    be->cross_entropy(be, p[0], wanted ? c->host[0].value : NULL, wanted ? best : NULL, c->array[0],
                      c->size[0], c->size[1], (float)c->size[2] * 0.125f);
    for (Index n = 0; n < c->size[0]; n++) c->host[1].value[n] = (double)best[n];
}

static const Op embed = {"embed", offsetof(Backend, embed), embed_build, embed_call};
static const Op embed_grad = {"embed_grad", offsetof(Backend, embed_grad), embed_grad_build,
                              embed_grad_call};
static const Op gather = {"gather", offsetof(Backend, gather), gather_build, gather_call};
static const Op gather_grad = {"gather_grad", offsetof(Backend, gather_grad), gather_grad_build,
                               gather_grad_call};
static const Op rmsnorm = {"rmsnorm", offsetof(Backend, rmsnorm), rmsnorm_build, rmsnorm_call};
static const Op rmsnorm_grad = {"rmsnorm_grad", offsetof(Backend, rmsnorm_grad), rmsnorm_grad_build,
                                rmsnorm_grad_call};
static const Op rope = {"rope", offsetof(Backend, rope), rope_build, rope_call};
static const Op cross_entropy = {"cross_entropy", offsetof(Backend, cross_entropy),
                                 cross_entropy_build, cross_entropy_call};

static const CaseRow rows[] = {
    {&embed, {1, 1, 1, DTYPE_F32}},
    {&embed, {9, 33, 5, DTYPE_F32}},
    {&embed, {9, 33, 50, DTYPE_F16}},
    {&embed, {300, 40, 20, DTYPE_BF16}},
    {&embed, {0, 3, 5, DTYPE_F32}},
    {&embed_grad, {1, 1, 1}},
    {&embed_grad, {9, 33, 5}},
    {&embed_grad, {300, 7, 20}},
    {&embed_grad, {40, 130, 3}},
    {&embed_grad, {0, 3, 5}},
    {&gather, {1, 1, 1}},
    {&gather, {3, 10, 33}},
    {&gather, {10, 10, 7}},
    {&gather, {150, 700, 65}},
    {&gather, {5, 9, 260}},
    {&gather, {0, 4, 3}},
    {&gather_grad, {1, 1, 1}},
    {&gather_grad, {3, 10, 33}},
    {&gather_grad, {150, 700, 65}},
    {&gather_grad, {5, 9, 260}},
    {&gather_grad, {0, 4, 3}},
    {&rmsnorm, {1, 1}},
    {&rmsnorm, {3, 33}},
    {&rmsnorm, {5, 8}},
    {&rmsnorm, {270, 70}},
    {&rmsnorm, {2, 1030}},
    {&rmsnorm, {0, 5}},
    {&rmsnorm_grad, {1, 1}},
    {&rmsnorm_grad, {3, 33}},
    {&rmsnorm_grad, {5, 8}},
    {&rmsnorm_grad, {570, 70}},
    {&rmsnorm_grad, {2, 1030}},
    {&rmsnorm_grad, {0, 5}},
    {&rope, {1, 1, 2, 1, 0}},
    {&rope, {3, 2, 6, 9, 0}},
    {&rope, {3, 2, 6, 9, 1}},
    {&rope, {130, 3, 34, 200, 0}},
    {&rope, {130, 1, 64, 200, 1}},
    {&rope, {5, 9, 64, 40, 1}},
    {&rope, {0, 2, 4, 3, 0}},
    {&cross_entropy, {1, 1, 8, LABELS_ALL}},
    {&cross_entropy, {1, 7, 0, LABELS_ALL}},
    {&cross_entropy, {11, 33, 3, LABELS_ALL}},
    {&cross_entropy, {11, 33, 3, LABELS_SOME}},
    {&cross_entropy, {11, 33, 0, LABELS_SOME}},
    {&cross_entropy, {11, 33, 5, LABELS_SOME, 1}},
    {&cross_entropy, {5, 33, 3, LABELS_NONE}},
    {&cross_entropy, {300, 65, -2, LABELS_SOME}},
    {&cross_entropy, {6, 2050, 1, LABELS_ALL}},
    {&cross_entropy, {3, 1500, 2, LABELS_ALL}},
    {&cross_entropy, {3, 5001, 1, LABELS_ALL}},
    {&cross_entropy, {0, 5, 1, LABELS_ALL}},
};

CaseGroup cases_of_rows(void)
{
    return (CaseGroup){rows, sizeof rows / sizeof rows[0]};
}
