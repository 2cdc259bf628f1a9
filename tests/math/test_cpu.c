/*
 * The cpu backend beyond what tests/math/test_ops.c compares with ref: its own exp and widening,
 * concurrent products, the same bits for any number of threads at full size, the routes that a
 * product may take, and rows far longer than a block.
 */

#include "tests/test.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/random.h"
#include "core/math/cpu/cpu.h"
#include "core/math/cpu/exp.h"
#include "core/math/cpu/half.h"

static Backend *cpu(int threads)
{
    Error    err = {0};
    Backend *be = backend_cpu_create(threads, &err);
    assert_ok(&err);
    return be;
}

static float *numbers(uint64_t seed, Index n)
{
    float *x = test_malloc(((size_t)n + 1) * sizeof *x);
    for (Index i = 0; i < n; i++) x[i] = 2.0f * random_unit(seed, 0, (uint64_t)i) - 1.0f;
    return x;
}

static bool same_bits(const float *a, const float *b, Index n)
{
    return memcmp(a, b, (size_t)n * sizeof *a) == 0;
}

/* ---- numbers one by one ----------------------------------------------------------------- */

static void exp_is_within_two_units_of_the_last_place(void **state)
{
    (void)state;
    double worst = 0.0;
    for (double x = -87.0; x < 88.7; x += 0.000731) {
        float  at = (float)x;
        double want = exp((double)at), unit = ldexp(1.0, ilogb(want) - 23);
        double off = fabs((double)cpu_exp(at) - want) / unit;
        if (!(off <= worst)) worst = off;
    }
    assert_close(worst, 0.0, 2.0);
    for (float x = -104.0f; x < -87.0f; x += 0.01f) { /* subnormal results: whole units */
        assert_close((double)cpu_exp(x), exp((double)x), 2.0 * 0x1p-149 + 2e-7 * exp((double)x));
    }
}

static void exp_keeps_what_is_not_finite(void **state)
{
    (void)state;
    assert_true(isnan(cpu_exp(NAN)));
    assert_true(isinf(cpu_exp(INFINITY)) && cpu_exp(INFINITY) > 0.0f);
    assert_true(cpu_exp(-INFINITY) == 0.0f);
    assert_true(isinf(cpu_exp(88.8f)) && isfinite(cpu_exp(88.7f)));
    assert_true(cpu_exp(-1e30f) == 0.0f && isinf(cpu_exp(1e30f)));
    assert_true(cpu_exp(0.0f) == 1.0f && cpu_exp(-0.0f) == 1.0f);
    assert_true(cpu_sigmoid(-INFINITY) == 0.0f && cpu_sigmoid(INFINITY) == 1.0f);
}

static void halves_widen_to_the_same_bits_as_convert(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 65536; i++) {
        float got[2] = {cpu_from_f16((uint16_t)i), cpu_from_bf16((uint16_t)i)};
        float want[2] = {f32_from_f16((uint16_t)i), f32_from_bf16((uint16_t)i)};
        if (!same_bits(got, want, 2)) fail_msg("0x%04x widens to other bits", i);
    }
}

/* ---- products --------------------------------------------------------------------------- */

enum { SIDE = 41, LOTS = 10000 };

typedef struct Concurrent {
    const float *A, *B, *want;
    _Atomic int  wrong;
} Concurrent;

static void one_product(float *C, const float *A, const float *B)
{
    cpu_sgemm(&(Product){.tb = true,
                         .m = SIDE,
                         .n = SIDE,
                         .k = SIDE,
                         .alpha = 1.0f,
                         .A = A,
                         .lda = SIDE,
                         .B = B,
                         .ldb = SIDE,
                         .C = C,
                         .ldc = SIDE});
}

static void product_task(void *context, Index task, int worker)
{
    (void)task;
    (void)worker;
    Concurrent *c = context;
    float       C[SIDE * SIDE];
    one_product(C, c->A, c->B);
    if (!same_bits(C, c->want, SIDE * SIDE)) c->wrong++;
}

static void ten_thousand_concurrent_products_give_the_same_bits(void **state)
{
    (void)state;
    Backend   *be = cpu(4);
    float     *A = numbers(1, SIDE * SIDE), *B = numbers(2, SIDE * SIDE), want[SIDE * SIDE];
    Concurrent c = {.A = A, .B = B, .want = want};
    one_product(want, A, B);
    pool_run(cpu_state(be)->pool, LOTS, product_task, &c);
    assert_int_equal(c.wrong, 0);
    test_free(A);
    test_free(B);
    be->free(be);
}

typedef struct Shape {
    bool  ta, tb;
    Index m, n, k;
    float beta;
} Shape;

/* alpha op(A) op(B) + beta C in double. */
static void naive(double *want, const Shape *s, const float *A, const float *B, const float *C)
{
    for (Index i = 0; i < s->m; i++) {
        for (Index j = 0; j < s->n; j++) {
            double sum = 0.0;
            for (Index k = 0; k < s->k; k++) {
                double a = (double)(s->ta ? A[k * s->m + i] : A[i * s->k + k]);
                sum += a * (double)(s->tb ? B[j * s->k + k] : B[k * s->n + j]);
            }
            double old = s->beta != 0.0f ? (double)s->beta * (double)C[i * s->n + j] : 0.0;
            want[i * s->n + j] = 0.5 * sum + old;
        }
    }
}

static void check_product(Backend *be, const Shape *s)
{
    Index   size = s->m * s->n;
    float  *A = numbers(3, s->m * s->k), *B = numbers(4, s->k * s->n), *C = numbers(5, size);
    double *want = test_malloc(((size_t)size + 1) * sizeof *want);
    if (s->beta == 0.0f) C[0] = C[size - 1] = NAN; /* is not read */
    C[size] = 77.0f;                               /* is not written */
    naive(want, s, A, B, C);
    be->gemm(be, s->ta, s->tb, s->m, s->n, s->k, 0.5f, A, s->ta ? s->m : s->k, B,
             s->tb ? s->k : s->n, s->beta, C, s->n);
    double off = 0.0;
    for (Index i = 0; i < size; i++) {
        double here = fabs((double)C[i] - want[i]);
        if (!(here <= off)) off = here;
    }
    if (!(off <= 1e-6 * (1.0 + sqrt((double)s->k))) || C[size] != 77.0f) {
        fail_msg("[%d,%d] x [%d,%d], ta %d, tb %d, beta %g: off by %g", (int)s->m, (int)s->k,
                 (int)s->k, (int)s->n, s->ta, s->tb, (double)s->beta, off);
    }
    test_free(A);
    test_free(B);
    test_free(C);
    test_free(want);
}

static void every_route_of_a_product_agrees_with_the_naive_one(void **state)
{
    (void)state;
    static const Index sides[] = {1, 8, 13, 64, 100, 304};
    enum { SIDES = sizeof sides / sizeof sides[0] };
    Backend *be = cpu(2);
    for (int i = 0; i < SIDES * SIDES * SIDES * 4; i++) {
        int   trio = i / 4;
        Shape s = {i % 2 != 0,
                   i / 2 % 2 != 0,
                   sides[trio % SIDES],
                   sides[trio / SIDES % SIDES],
                   sides[trio / SIDES / SIDES],
                   trio % 2 == 0 ? 0.0f : -0.7f};
        check_product(be, &s);
    }
    be->free(be);
}

static void few_rows_agree_with_many(void **state)
{
    (void)state;
    enum { OUT = 203, IN = 151, MANY = 9 };
    Backend  *be = cpu(2);
    float    *w = numbers(6, OUT * IN), *x = numbers(7, MANY * IN), *bias = numbers(8, OUT);
    float    *many = numbers(9, MANY * OUT), *few = numbers(10, MANY * OUT);
    uint16_t *half = test_malloc(sizeof *half * OUT * IN);

    for (DType dtype = DTYPE_F32; dtype < DTYPE_COUNT; dtype++) {
        Mat W = {w, dtype, OUT, IN};
        if (dtype != DTYPE_F32) {
            convert_from_f32(half, dtype, w, OUT * IN);
            W.data = half;
        }
        be->linear(be, many, x, W, bias, MANY);
        for (Index N = 1; N <= 4; N++) {
            be->linear(be, few, x, W, bias, N);
            assert_tensor_close(few, many, N * OUT, 1e-6);
        }
    }
    test_free(w);
    test_free(x);
    test_free(bias);
    test_free(many);
    test_free(few);
    test_free(half);
    be->free(be);
}

/* ---- full size, any number of threads --------------------------------------------------- */

enum { N = 1100, D = 256, F = 704, H = 4, G = 2, K = 64, R = 8, V = 1024, OUTPUTS = N * 1000 };

typedef void FullSize(Backend *be, float *out, const float *a, const float *b);

static void full_linear(Backend *be, float *out, const float *a, const float *b)
{
    be->linear(be, out, a, (Mat){b, DTYPE_F32, F, D}, b, N);
}

static void full_linear_bf16(Backend *be, float *out, const float *a, const float *b)
{
    be->linear(be, out, a, (Mat){b, DTYPE_BF16, F, D}, b, N);
}

static void full_dx(Backend *be, float *out, const float *a, const float *b)
{
    be->linear_dx(be, out, a, (Mat){b, DTYPE_F32, F, D}, N, true);
}

static void full_dw(Backend *be, float *out, const float *a, const float *b)
{
    be->linear_dw(be, out, a, b, N, F, D);
}

static void full_low_rank(Backend *be, float *out, const float *a, const float *b)
{
    float *h = out, *y = h + N * R, *dA = y + N * D, *dB = dA + R * D;
    be->gemm(be, false, true, N, R, D, 1.0f, a, D, b, D, 0.0f, h, R);
    be->gemm(be, false, true, N, D, R, 2.0f, h, R, b, R, 1.0f, y, D);
    be->gemm(be, true, false, R, D, N, 1.0f, h, R, a, D, 1.0f, dA, D);
    be->gemm(be, true, false, D, R, N, 1.0f, a, D, h, R, 1.0f, dB, R);
}

static void full_attention(Backend *be, float *out, const float *a, const float *b)
{
    Error       err = {0};
    const Index at[] = {0, 300, 301, 301, 812, N};
    AttnShape   s = {5, at, at, H, G, K, 0, 0.125f, 0};
    float      *o = out, *lse = o + N * D, *dq = lse + N * H;
    assert_true(be->reserve(be, be->attention_workspace(600, K), &err));
    be->attention(be, &s, o, lse, a, b, a, NULL, NULL);
    be->attention_grad(be, &s, dq, dq + N * D, dq + N * D + N * G * K, NULL, NULL, b, o, lse, a, b,
                       a, NULL, NULL);
}

static void full_rows(Backend *be, float *out, const float *a, const float *b)
{
    float *inv = out + N * D, *dx = inv + N;
    be->rmsnorm(be, out, inv, a, b, N, D, 1e-6f);
    be->rmsnorm_grad(be, dx, dx + N * D, a, b, a, inv, N, D);
    out[OUTPUTS - 1] = (float)be->sum_squares(be, a, N * F);
}

static void the_bits_do_not_depend_on_the_number_of_threads(void **state)
{
    (void)state;
    static FullSize *const ops[] = {full_linear,   full_linear_bf16, full_dx,  full_dw,
                                    full_low_rank, full_attention,   full_rows};
    float *a = numbers(11, N * F), *b = numbers(12, N * F), *start = numbers(13, OUTPUTS);
    float *want = numbers(14, OUTPUTS), *got = numbers(15, OUTPUTS);

    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        for (int threads = 1; threads <= 3; threads++) {
            Backend *be = cpu(threads);
            float   *out = threads == 1 ? want : got;
            memcpy(out, start, OUTPUTS * sizeof *out);
            ops[i](be, out, a, b);
            be->free(be);
            if (!same_bits(out, want, OUTPUTS)) {
                fail_msg("op %zu: %d threads give other bits than one", i, threads);
            }
        }
    }
    test_free(a);
    test_free(b);
    test_free(start);
    test_free(want);
    test_free(got);
}

/* ---- long rows -------------------------------------------------------------------------- */

/* o of one query and one key head, as the formula reads; width W, n keys. */
static void naive_attention(double *o, const float *q, const float *k, const float *v, Index n,
                            Index W)
{
    double sum = 0.0;
    for (Index j = 0; j < W; j++) o[j] = 0.0;
    for (Index t = 0; t < n; t++) {
        double score = 0.0;
        for (Index j = 0; j < W; j++) score += (double)q[j] * (double)k[t * W + j];
        double p = exp(score);
        sum += p;
        for (Index j = 0; j < W; j++) o[j] += p * (double)v[t * W + j];
    }
    for (Index j = 0; j < W; j++) o[j] /= sum;
}

static void check_long_rows(Backend *be, Index queries, Index keys, Index W)
{
    Error       err = {0};
    const Index q_at[] = {0, queries}, k_at[] = {0, keys};
    AttnShape   s = {1, q_at, k_at, 1, 1, W, 0, 1.0f, 0};
    float *q = numbers(16, queries * W), *k = numbers(17, keys * W), *v = numbers(18, keys * W);
    float *o = numbers(19, queries * W), *lse = numbers(20, queries);
    assert_true(be->reserve(be, be->attention_workspace(keys, W), &err));
    be->attention(be, &s, o, lse, q, k, v, NULL, NULL);
    for (Index i = 0; i<queries; i += queries> 7 ? 97 : 1) {
        double want[64];
        naive_attention(want, q + i * W, k, v, keys - queries + i + 1, W);
        for (Index j = 0; j < W; j++) assert_close((double)o[i * W + j], want[j], 2e-6);
    }
    test_free(q);
    test_free(k);
    test_free(v);
    test_free(o);
    test_free(lse);
}

static void attention_over_long_rows_agrees_with_the_formula(void **state)
{
    (void)state;
    Backend *be = cpu(2);
    check_long_rows(be, 1, 40000, 64);
    check_long_rows(be, 3, 5000, 24);
    check_long_rows(be, 700, 3000, 40);
    check_long_rows(be, 195, 195, 64);
    be->free(be);
}

/* ---- the backend itself ----------------------------------------------------------------- */

static void sum_of_squares_tells_what_is_not_finite(void **state)
{
    (void)state;
    Backend *be = cpu(2);
    Index    n = 100001;
    float   *x = numbers(21, n);
    x[17] = FLT_MAX;
    assert_true(isfinite(be->sum_squares(be, x, n)));
    x[n - 1] = -INFINITY;
    assert_true(!isfinite(be->sum_squares(be, x, n)));
    x[n - 1] = NAN;
    assert_true(!isfinite(be->sum_squares(be, x, n)));
    assert_true(be->sum_squares(be, x, 0) == 0.0);
    test_free(x);
    be->free(be);
}

static void create_and_use(void *context, Error *err)
{
    (void)context;
    Backend *be = backend_cpu_create(2, err);
    if (be == NULL) return;
    bool  grown = be->reserve(be, 1 << 20, err);
    void *block = grown ? be->alloc(be, 1000, err) : NULL;
    be->release(be, block);
    be->free(be);
}

static void the_backend_survives_every_failed_allocation(void **state)
{
    (void)state;
    assert_true(torture(create_and_use, NULL) >= 5);
}

TEST_GROUP(cpu, cmocka_unit_test(exp_is_within_two_units_of_the_last_place),
           cmocka_unit_test(exp_keeps_what_is_not_finite),
           cmocka_unit_test(halves_widen_to_the_same_bits_as_convert),
           cmocka_unit_test(ten_thousand_concurrent_products_give_the_same_bits),
           cmocka_unit_test(every_route_of_a_product_agrees_with_the_naive_one),
           cmocka_unit_test(few_rows_agree_with_many),
           cmocka_unit_test(the_bits_do_not_depend_on_the_number_of_threads),
           cmocka_unit_test(attention_over_long_rows_agrees_with_the_formula),
           cmocka_unit_test(sum_of_squares_tells_what_is_not_finite),
           cmocka_unit_test(the_backend_survives_every_failed_allocation));
