/* Matrix products: gemm and the linear map with its gradients, in all three storage types. */

#include "tests/math/op_cases.h"

/* ---- gemm: ta*2+tb, m, n, k, alpha*4, beta*4, gap at the end of the rows ------------------ */

static void gemm_build(OpCase *c)
{
    bool  ta = c->size[0] & 2, tb = c->size[0] & 1;
    Index m = c->size[1], n = c->size[2], k = c->size[3], beta = c->size[5], gap = c->size[6];
    Role  role = beta == 0 ? ROLE_OUT : beta == 4 ? ROLE_SUM : ROLE_INOUT;

    case_tensor(c, "C", role, m, n)->stride += gap;
    case_tensor(c, "A", ROLE_IN, ta ? k : m, ta ? m : k)->stride += gap;
    case_tensor(c, "B", ROLE_IN, tb ? n : k, tb ? k : n)->stride += 2 * gap;
    if (m == 0) case_nan_at(&c->tensor[2], -1);
}

static void gemm_call(Backend *be, OpCase *c, float *const *p)
{
    const Index *s = c->size;
    be->gemm(be, s[0] & 2, s[0] & 1, s[1], s[2], s[3], (float)s[4] * 0.25f, p[1],
             c->tensor[1].stride, p[2], c->tensor[2].stride, (float)s[5] * 0.25f, p[0],
             c->tensor[0].stride);
}

/* ---- linear: N, in, out, dtype, bias or add ---------------------------------------------- */

static void add_weight(OpCase *c)
{
    CaseTensor *W = case_tensor(c, "W", ROLE_IN, c->size[2], c->size[1]);
    case_store_as(W, (DType)c->size[3]);
    if (c->size[0] == 0) case_nan_at(W, -1);
    c->mat_dtype = (DType)c->size[3];
    c->mat_cols = c->size[1];
}

static Mat weight(const OpCase *c, const float *p)
{
    return (Mat){p, (DType)c->size[3], c->size[2], c->size[1]};
}

static void linear_build(OpCase *c)
{
    Index N = c->size[0], in = c->size[1], out = c->size[2];
    case_tensor(c, "y", ROLE_OUT, N, out);
    case_tensor(c, "x", ROLE_IN, N, in);
    add_weight(c);
    CaseTensor *bias = case_tensor(c, "bias", ROLE_IN, c->size[4], c->size[4] ? out : 0);
    if (N == 0) case_nan_at(bias, -1);
}

static void linear_call(Backend *be, OpCase *c, float *const *p)
{
    be->linear(be, p[0], p[1], weight(c, p[2]), p[3], c->size[0]);
}

static void linear_dx_build(OpCase *c)
{
    Index N = c->size[0], in = c->size[1], out = c->size[2];
    case_tensor(c, "dx", c->size[4] ? ROLE_SUM : ROLE_OUT, N, in);
    case_tensor(c, "dy", ROLE_IN, N, out);
    add_weight(c);
}

static void linear_dx_call(Backend *be, OpCase *c, float *const *p)
{
    be->linear_dx(be, p[0], p[1], weight(c, p[2]), c->size[0], c->size[4] != 0);
}

static void linear_dw_build(OpCase *c)
{
    Index N = c->size[0], in = c->size[1], out = c->size[2];
    case_tensor(c, "dW", ROLE_ADD, out, in);
    case_tensor(c, "dy", ROLE_IN, N, out);
    case_tensor(c, "x", ROLE_IN, N, in);
}

static void linear_dw_call(Backend *be, OpCase *c, float *const *p)
{
    be->linear_dw(be, p[0], p[1], p[2], c->size[0], c->size[2], c->size[1]);
}

static void bias_grad_build(OpCase *c)
{
    case_tensor(c, "db", ROLE_ADD, 1, c->size[1]);
    case_tensor(c, "dy", ROLE_IN, c->size[0], c->size[1]);
}

static void bias_grad_call(Backend *be, OpCase *c, float *const *p)
{
    be->bias_grad(be, p[0], p[1], c->size[0], c->size[1]);
}

/* ---- mat_rows: first row, cols, rows of the matrix, dtype, rows wanted -------------------- */

static void mat_rows_build(OpCase *c)
{
    case_tensor(c, "out", ROLE_OUT, c->size[4], c->size[1]);
    add_weight(c);
    case_nan_at(&c->tensor[1], c->size[0] * c->size[1]);
    c->tol = 0.0; /* widening is exact */
}

static void mat_rows_call(Backend *be, OpCase *c, float *const *p)
{
    be->mat_rows(be, p[0], weight(c, p[1]), c->size[0], c->size[4]);
}

static const Op gemm = {"gemm", offsetof(Backend, gemm), gemm_build, gemm_call};
static const Op linear = {"linear", offsetof(Backend, linear), linear_build, linear_call};
static const Op linear_dx = {"linear_dx", offsetof(Backend, linear_dx), linear_dx_build,
                             linear_dx_call};
static const Op linear_dw = {"linear_dw", offsetof(Backend, linear_dw), linear_dw_build,
                             linear_dw_call};
static const Op bias_grad = {"bias_grad", offsetof(Backend, bias_grad), bias_grad_build,
                             bias_grad_call};
static const Op mat_rows = {"mat_rows", offsetof(Backend, mat_rows), mat_rows_build, mat_rows_call};

static const CaseRow rows[] = {
    {&gemm, {0, 1, 1, 1, 4, 0, 0}},
    {&gemm, {0, 3, 5, 7, 3, 0, 0}},
    {&gemm, {1, 3, 5, 7, 4, 4, 3}},
    {&gemm, {2, 3, 5, 7, -2, 2, 1}},
    {&gemm, {3, 3, 5, 7, 4, -4, 2}},
    {&gemm, {0, 17, 33, 65, 4, 0, 5}},
    {&gemm, {1, 130, 70, 257, 4, 0, 0}},
    {&gemm, {2, 70, 130, 129, 2, 4, 1}},
    {&gemm, {3, 31, 64, 100, 4, 0, 0}},
    {&gemm, {1, 300, 12, 19, 4, 4, 0}},
    {&gemm, {0, 600, 9, 40, 4, 4, 0}},
    {&gemm, {2, 8, 96, 520, 4, 4, 0}},
    {&gemm, {2, 8, 40, 1100, 4, 4, 3}},
    {&gemm, {2, 40, 8, 1100, 4, 0, 0}},
    {&gemm, {0, 1, 200, 64, 4, 0, 0}},
    {&gemm, {1, 1, 200, 64, 4, 0, 0}},
    {&gemm, {0, 4, 6, 0, 4, 0, 1}},
    {&gemm, {1, 4, 6, 0, 4, 4, 1}},
    {&gemm, {0, 0, 6, 3, 4, 0, 0}},
    {&linear, {1, 1, 1, DTYPE_F32, 0}},
    {&linear, {1, 64, 100, DTYPE_F32, 1}},
    {&linear, {7, 33, 19, DTYPE_F32, 1}},
    {&linear, {7, 33, 19, DTYPE_F16, 1}},
    {&linear, {7, 33, 19, DTYPE_BF16, 0}},
    {&linear, {1, 65, 130, DTYPE_BF16, 1}},
    {&linear, {300, 24, 40, DTYPE_F32, 1}},
    {&linear, {270, 24, 300, DTYPE_F16, 0}},
    {&linear, {0, 24, 40, DTYPE_F32, 1}},
    {&linear_dx, {1, 1, 1, DTYPE_F32, 0}},
    {&linear_dx, {7, 33, 19, DTYPE_F32, 0}},
    {&linear_dx, {7, 33, 19, DTYPE_F32, 1}},
    {&linear_dx, {7, 33, 19, DTYPE_F16, 0}},
    {&linear_dx, {7, 33, 19, DTYPE_BF16, 1}},
    {&linear_dx, {300, 24, 40, DTYPE_F32, 1}},
    {&linear_dx, {270, 24, 300, DTYPE_BF16, 0}},
    {&linear_dx, {270, 24, 300, DTYPE_F16, 1}},
    {&linear_dx, {0, 24, 40, DTYPE_F32, 1}},
    {&linear_dw, {1, 1, 1}},
    {&linear_dw, {7, 33, 19}},
    {&linear_dw, {600, 24, 8}},
    {&linear_dw, {600, 8, 24}},
    {&linear_dw, {1100, 5, 3}},
    {&linear_dw, {3, 90, 300}},
    {&linear_dw, {0, 5, 3}},
    {&bias_grad, {1, 1}},
    {&bias_grad, {7, 33}},
    {&bias_grad, {1030, 65}},
    {&bias_grad, {2, 3000}},
    {&bias_grad, {0, 3}},
    {&mat_rows, {0, 1, 1, DTYPE_F32, 1}},
    {&mat_rows, {3, 33, 19, DTYPE_F32, 5}},
    {&mat_rows, {3, 33, 19, DTYPE_F16, 5}},
    {&mat_rows, {0, 129, 70, DTYPE_BF16, 70}},
    {&mat_rows, {18, 33, 19, DTYPE_BF16, 1}},
};

CaseGroup cases_of_products(void)
{
    return (CaseGroup){rows, sizeof rows / sizeof rows[0]};
}
