/*
 * The emulated cuBLAS against the formula with its subscripts written out: column-major, so that
 * element (i, j) of a matrix is at i + j * ld.
 */

#include <math.h>
#include <string.h>

#include "core/math/convert.h"
#include "tests/cuda/emulator/cublas_v2.h"
#include "tests/cuda/emulator_rig.h"
#include "tests/test.h"

enum { SPACE = 400, BATCH = 2 };

typedef struct Case {
    cublasOperation_t ta, tb;
    int               m, n, k, lda, ldb, ldc;
    float             alpha, beta;
} Case;

static const Case cases[] = {
    {CUBLAS_OP_N, CUBLAS_OP_N, 3, 5, 4, 3, 4, 3, 1.0f, 0.0f},
    {CUBLAS_OP_N, CUBLAS_OP_N, 3, 5, 4, 6, 9, 7, 0.5f, 2.0f},
    {CUBLAS_OP_T, CUBLAS_OP_N, 3, 5, 4, 5, 4, 3, 1.0f, 1.0f},
    {CUBLAS_OP_N, CUBLAS_OP_T, 3, 5, 4, 3, 6, 3, -1.0f, 0.0f},
    {CUBLAS_OP_T, CUBLAS_OP_T, 7, 2, 9, 9, 2, 8, 1.5f, 0.0f},
    {CUBLAS_OP_N, CUBLAS_OP_N, 3, 5, 0, 3, 1, 3, 1.0f, 0.5f},
};
enum { CASES = sizeof cases / sizeof cases[0] };

typedef struct Rig {
    cudaStream_t   stream;
    cublasHandle_t blas;
    float          a[SPACE], b[SPACE], c[SPACE]; /* on the host ... */
    float         *A, *B, *C;                    /* ... and on the device */
} Rig;

static void rig_open(Rig *r)
{
    r->stream = device_open();
    assert_int_equal(cublasCreate(&r->blas), CUBLAS_STATUS_SUCCESS);
    assert_int_equal(cublasSetStream(r->blas, r->stream), CUBLAS_STATUS_SUCCESS);
    for (int i = 0; i < SPACE; i++) {
        r->a[i] = sinf((float)i + 0.3f);
        r->b[i] = cosf(1.7f * (float)i);
        r->c[i] = sinf(0.4f * (float)i);
    }
    r->A = device_copy_of(r->a, SPACE, sizeof(float));
    r->B = device_copy_of(r->b, SPACE, sizeof(float));
    r->C = device_copy_of(r->c, SPACE, sizeof(float));
}

static void rig_close(Rig *r)
{
    device_free(r->A);
    device_free(r->B);
    device_free(r->C);
    assert_int_equal(cublasDestroy(r->blas), CUBLAS_STATUS_SUCCESS);
    device_close(r->stream);
}

static cublasStatus_t multiply(const Rig *r, const Case *c)
{
    return cublasGemmEx(r->blas, c->ta, c->tb, c->m, c->n, c->k, &c->alpha, r->A, CUDA_R_32F,
                        c->lda, r->B, CUDA_R_32F, c->ldb, &c->beta, r->C, CUDA_R_32F, c->ldc,
                        CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT);
}

/* What C becomes, from copies of A, B and C; elements outside keep their values. */
static void formula(const Case *c, const float *a, const float *b, float *out)
{
    for (int j = 0; j < c->n; j++) {
        for (int i = 0; i < c->m; i++) {
            double sum = 0.0;
            for (int p = 0; p < c->k; p++) {
                float x = c->ta == CUBLAS_OP_N ? a[i + p * c->lda] : a[p + i * c->lda];
                float y = c->tb == CUBLAS_OP_N ? b[p + j * c->ldb] : b[j + p * c->ldb];
                sum += (double)x * (double)y;
            }
            float *to = &out[i + j * c->ldc];
            sum *= (double)c->alpha;
            *to = (float)(c->beta == 0.0f ? sum : sum + (double)c->beta * (double)*to);
        }
    }
}

static void check(const Rig *r, const float *want)
{
    float got[SPACE];
    device_read(got, r->C, SPACE, sizeof(float));
    for (int i = 0; i < SPACE; i++) assert_close((double)got[i], (double)want[i], 1e-5);
}

static void products_follow_the_column_major_formula(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++) {
        Rig   r;
        float want[SPACE];
        rig_open(&r);
        memcpy(want, r.c, sizeof want);
        formula(&cases[i], r.a, r.b, want);
        assert_int_equal(multiply(&r, &cases[i]), CUBLAS_STATUS_SUCCESS);
        check(&r, want);
        rig_close(&r);
    }
}

static void batches_step_by_their_strides(void **state)
{
    (void)state;
    const Case c = cases[1];
    Rig        r;
    float      want[SPACE];
    rig_open(&r);
    memcpy(want, r.c, sizeof want);
    for (int b = 0; b < BATCH; b++) formula(&c, r.a + b * 50, r.b + b * 3, want + b * 60);
    assert_int_equal(cublasGemmStridedBatchedEx(r.blas, c.ta, c.tb, c.m, c.n, c.k, &c.alpha, r.A,
                                                CUDA_R_32F, c.lda, 50, r.B, CUDA_R_32F, c.ldb, 3,
                                                &c.beta, r.C, CUDA_R_32F, c.ldc, 60, BATCH,
                                                CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT),
                     CUBLAS_STATUS_SUCCESS);
    check(&r, want);
    rig_close(&r);
}

static void with_beta_zero_c_is_not_read(void **state)
{
    (void)state;
    Rig   r;
    float got[SPACE];
    rig_open(&r);
    assert_cuda(cudaMemset(r.C, 0xff, sizeof got)); /* NaN */
    assert_int_equal(multiply(&r, &cases[0]), CUBLAS_STATUS_SUCCESS);
    device_read(got, r.C, SPACE, sizeof(float));
    for (int i = 0; i < 15; i++) assert_true(isfinite(got[i]));
    Case adds = cases[0];
    adds.beta = 1.0f;
    assert_cuda(cudaMemset(r.C, 0xff, sizeof got));
    assert_int_equal(multiply(&r, &adds), CUBLAS_STATUS_SUCCESS);
    device_read(got, r.C, SPACE, sizeof(float));
    for (int i = 0; i < 15; i++) assert_true(isnan(got[i]));
    rig_close(&r);
}

/* ---- types -------------------------------------------------------------------------------- */

/* One product of two 1 x 1 matrices shows to what the factors were rounded. */
static float one_product(const Rig *r, float x, cudaDataType type, cublasComputeType_t compute)
{
    const float one = 1.0f, none = 0.0f;
    float       got = 0.0f, unit = 1.0f;
    uint16_t    half[2] = {bf16_from_f32(x), bf16_from_f32(unit)};
    if (type == CUDA_R_16F) {
        half[0] = f16_from_f32(x);
        half[1] = f16_from_f32(unit);
    }
    bool   wide = type == CUDA_R_32F;
    size_t bytes = wide ? 4 : 2;
    assert_cuda(cudaMemcpy(r->A, wide ? (const void *)&x : half, bytes, cudaMemcpyHostToDevice));
    assert_cuda(
        cudaMemcpy(r->B, wide ? (const void *)&unit : half + 1, bytes, cudaMemcpyHostToDevice));
    assert_int_equal(cublasGemmEx(r->blas, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, &one, r->A, type, 1,
                                  r->B, type, 1, &none, r->C, CUDA_R_32F, 1, compute,
                                  CUBLAS_GEMM_DEFAULT),
                     CUBLAS_STATUS_SUCCESS);
    device_read(&got, r->C, 1, sizeof got);
    return got;
}

static void factors_are_rounded_to_their_type(void **state)
{
    (void)state;
    const float x = 1.0f + 0x1p-8f + 0x1p-10f + 0x1p-11f + 0x1p-13f;
    const struct {
        cudaDataType        type;
        cublasComputeType_t compute;
        float               want;
    } rows[] = {
        {CUDA_R_32F, CUBLAS_COMPUTE_32F, x},
        {CUDA_R_32F, CUBLAS_COMPUTE_32F_PEDANTIC, x},
        {CUDA_R_32F, CUBLAS_COMPUTE_32F_FAST_TF32, 1.0f + 0x1p-8f + 0x1p-9f}, /* up at 2^-11 */
        {CUDA_R_16F, CUBLAS_COMPUTE_32F, 1.0f + 0x1p-8f + 0x1p-9f},
        {CUDA_R_16BF, CUBLAS_COMPUTE_32F, 1.0f + 0x1p-7f},
    };
    Rig r;
    rig_open(&r);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        float got = one_product(&r, x, rows[i].type, rows[i].compute);
        assert_close((double)got, (double)rows[i].want, 0.0);
    }
    assert_int_equal(cublasSetMathMode(r.blas, CUBLAS_TF32_TENSOR_OP_MATH), CUBLAS_STATUS_SUCCESS);
    assert_close((double)one_product(&r, x, CUDA_R_32F, CUBLAS_COMPUTE_32F), (double)rows[2].want,
                 0.0);
    rig_close(&r);
}

/* ---- refusals ----------------------------------------------------------------------------- */

static void what_cublas_refuses_is_refused(void **state)
{
    (void)state;
    const float one = 1.0f;
    Rig         r;
    rig_open(&r);
    const Case good = cases[1];
    const Case bad[] = {
        {CUBLAS_OP_N, CUBLAS_OP_N, -1, 5, 4, 6, 9, 7, 1.0f, 0.0f},
        {CUBLAS_OP_N, CUBLAS_OP_N, 3, 5, 4, 2, 9, 7, 1.0f, 0.0f}, /* lda < m */
        {CUBLAS_OP_T, CUBLAS_OP_N, 3, 5, 4, 3, 9, 7, 1.0f, 0.0f}, /* lda < k */
        {CUBLAS_OP_N, CUBLAS_OP_N, 3, 5, 4, 6, 3, 7, 1.0f, 0.0f}, /* ldb < k */
        {CUBLAS_OP_N, CUBLAS_OP_T, 3, 5, 4, 6, 4, 7, 1.0f, 0.0f}, /* ldb < n */
        {CUBLAS_OP_N, CUBLAS_OP_N, 3, 5, 4, 6, 9, 2, 1.0f, 0.0f}, /* ldc < m */
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(multiply(&r, &bad[i]), CUBLAS_STATUS_INVALID_VALUE);
    assert_int_equal(multiply(&r, &good), CUBLAS_STATUS_SUCCESS);
    assert_int_equal(cublasGemmEx(r.blas, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, &one, r.A, CUDA_R_16BF,
                                  1, r.B, CUDA_R_16BF, 1, &one, r.C, CUDA_R_32F, 1,
                                  CUBLAS_COMPUTE_32F_FAST_TF32, CUBLAS_GEMM_DEFAULT),
                     CUBLAS_STATUS_NOT_SUPPORTED);
    emulated_fail_call(0, cudaErrorLaunchFailure);
    assert_int_equal(multiply(&r, &good), CUBLAS_STATUS_EXECUTION_FAILED);
    emulated_fail_off();
    cudaFree(r.A), cudaFree(r.B), cudaFree(r.C);
    cublasDestroy(r.blas);
    cudaStreamDestroy(r.stream);
    emulated_reset();
}

/* ---- what leaves its blocks --------------------------------------------------------------- */

typedef struct Wild {
    const Rig *rig;
    Case       c;
} Wild;

static void multiply_wild(void *context)
{
    const Wild *w = context;
    if (multiply(w->rig, &w->c) == CUBLAS_STATUS_SUCCESS) cudaStreamSynchronize(w->rig->stream);
}

static void products_outside_device_memory_are_caught(void **state)
{
    (void)state;
    Rig r, with_host;
    rig_open(&r);
    Wild w = {&r, cases[1]};
    assert_lives(multiply_wild, &w);
    w.c.ldb = SPACE;
    assert_dies(multiply_wild, &w, "cublas: B, 4 x 5 (leading dimension 400, batch 1)");
    w.c = cases[1];
    with_host = r;
    with_host.A = with_host.a;
    w.rig = &with_host;
    assert_dies(multiply_wild, &w, "cublas: A");
    rig_close(&r);
}

TEST_GROUP(emulator_blas, cmocka_unit_test(products_follow_the_column_major_formula),
           cmocka_unit_test(batches_step_by_their_strides),
           cmocka_unit_test(with_beta_zero_c_is_not_read),
           cmocka_unit_test(factors_are_rounded_to_their_type),
           cmocka_unit_test(what_cublas_refuses_is_refused),
           cmocka_unit_test(products_outside_device_memory_are_caught));
