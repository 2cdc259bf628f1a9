/* Factorizations: what they must rebuild, what must be orthogonal, and numbers known elsewhere. */

#include <math.h>
#include <string.h>

#include "core/base/json.h"
#include "core/math/linalg.h"
#include "tests/math/op_case.h"
#include "tests/test.h"

enum { MAX = 40, ROOM = MAX * MAX };

static void fill(float *x, Index n, uint64_t stream)
{
    for (Index i = 0; i < n; i++) x[i] = entropy(stream, i);
}

/* |X^T X - 1|, X [m,n]; with transposed, X is [n,m] in memory. */
static double off_orthogonal(const float *X, Index m, Index n, bool transposed)
{
    double worst = 0.0;
    for (Index a = 0; a < n; a++) {
        for (Index b = 0; b < n; b++) {
            double sum = a == b ? -1.0 : 0.0;
            for (Index i = 0; i < m; i++) {
                double xa = (double)(transposed ? X[a * m + i] : X[i * n + a]);
                double xb = (double)(transposed ? X[b * m + i] : X[i * n + b]);
                sum += xa * xb;
            }
            worst = fmax(worst, fabs(sum));
        }
    }
    return worst;
}

static void svd_rebuilds_the_matrix_from_orthogonal_factors(void **state)
{
    (void)state;
    static const Index sizes[][2] = {{1, 1}, {1, 7}, {7, 1}, {5, 3}, {3, 5}, {40, 17}, {17, 40}};
    static float       A[ROOM], U[ROOM], Vt[ROOM], again[ROOM];
    double             s[MAX], alone[MAX];
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        Index m = sizes[i][0], n = sizes[i][1], k = m < n ? m : n;
        Error err = {0};
        fill(A, m * n, i);
        bool ok = linalg_svd(s, U, Vt, A, m, n, &err);
        assert_ok(&err);
        assert_true(ok);
        for (Index r = 0; r < m * n; r++) {
            double sum = 0.0;
            for (Index l = 0; l < k; l++) {
                sum += (double)U[r / n * k + l] * s[l] * (double)Vt[l * n + r % n];
            }
            again[r] = (float)sum;
        }
        assert_tensor_close(again, A, m * n, 1e-6);
        assert_close(off_orthogonal(U, m, k, false), 0.0, 1e-6);
        assert_close(off_orthogonal(Vt, n, k, true), 0.0, 1e-6);

        ok = linalg_svd(alone, NULL, NULL, A, m, n, &err);
        assert_true(ok);
        for (Index l = 0; l < k; l++) {
            assert_close(alone[l], s[l], 1e-13 * s[0]);
            assert_true(s[l] >= 0.0 && (l == 0 || s[l - 1] >= s[l]));
        }
    }
}

static void svd_gives_either_factor_alone(void **state)
{
    (void)state;
    float  A[15], U[9], Vt[15], other[15];
    double s[3];
    Error  err = {0};
    fill(A, 15, 5);
    assert_true(linalg_svd(s, U, Vt, A, 3, 5, &err));
    assert_true(linalg_svd(s, other, NULL, A, 3, 5, &err));
    assert_memory_equal(other, U, sizeof U);
    assert_true(linalg_svd(s, NULL, other, A, 3, 5, &err));
    assert_memory_equal(other, Vt, sizeof Vt);
}

static void svd_knows_small_matrices(void **state)
{
    (void)state;
    Error  err = {0};
    double s[2];
    float  A[] = {3.0f, 0.0f, 4.0f, 5.0f}; /* Strang: sqrt(45), sqrt(5) */
    assert_true(linalg_svd(s, NULL, NULL, A, 2, 2, &err));
    assert_close(s[0], sqrt(45.0), 1e-14);
    assert_close(s[1], sqrt(5.0), 1e-14);

    float rank_one[] = {0.6f, 0.6f, 0.6f, 0.6f, 0.6f, 0.6f};
    assert_true(linalg_svd(s, NULL, NULL, rank_one, 3, 2, &err));
    assert_close(s[0], sqrt(6.0) * (double)0.6f, 1e-14);
    assert_close(s[1], 0.0, 1e-15);

    float zero[4] = {0};
    assert_true(linalg_svd(s, NULL, NULL, zero, 2, 2, &err));
    assert_true(s[0] == 0.0 && s[1] == 0.0);
}

static void svd_in_double_keeps_what_single_precision_loses(void **state)
{
    (void)state;
    /* A Hilbert matrix: numpy.linalg.svd(A, compute_uv=False) of A[i,j] = 1 / (i + j + 1). */
    static const double want[] = {1.567050691098231, 0.2085342186110134, 0.011407491623419804,
                                  0.00030589804015118606, 3.287928772171693e-06};
    double              A[25], copy[25], s[5], U[25], Vt[25], alone[25];
    Error               err = {0};
    for (int i = 0; i < 25; i++) copy[i] = A[i] = 1.0 / (i / 5 + i % 5 + 1);
    assert_true(linalg_svd_double(s, U, Vt, A, 5, 5, &err));
    assert_memory_equal(A, copy, sizeof A);
    for (int i = 0; i < 5; i++) assert_close(s[i], want[i], 1e-15);
    for (int i = 0; i < 25; i++) {
        double sum = 0;
        for (int l = 0; l < 5; l++) sum += U[i / 5 * 5 + l] * s[l] * Vt[l * 5 + i % 5];
        assert_close(sum, A[i], 1e-15);
    }
    assert_true(linalg_svd_double(s, alone, NULL, A, 5, 5, &err));
    assert_memory_equal(alone, U, sizeof U);
    assert_true(linalg_svd_double(s, NULL, alone, A, 5, 5, &err));
    assert_memory_equal(alone, Vt, sizeof Vt);

    double wide[] = {1, 0, 0, 0, 1e-12, 0}; /* 2 x 3; as float32 the second is lost beside noise */
    assert_true(linalg_svd_double(s, U, Vt, wide, 2, 3, &err));
    assert_close(s[1], 1e-12, 1e-27);
    wide[4] = (double)NAN;
    assert_false(linalg_svd_double(s, NULL, NULL, wide, 2, 3, &err));
    assert_error(&err, ERR_NUMERIC, "not finite");
}

/* ---- numbers of torch -------------------------------------------------------------------- */

static void read_numbers(const JsonNode *object, const char *key, double *out, Index n)
{
    const JsonNode *array = json_get(object, key);
    assert_int_equal(json_count(array), n);
    for (Index i = 0; i < n; i++) out[i] = json_number(json_at(array, i));
}

static void svd_agrees_with_torch_on_the_rank_2_example(void **state)
{
    (void)state;
    Error err = {0};
    Json *json = json_read(test_fixture("rng/matrix.json"), 1 << 20, &err);
    assert_ok(&err);
    double numbers[100], want[2], s[10];
    float  W[100], B[20], A[20];
    read_numbers(json_root(json), "W_10x10", numbers, 100);
    for (int i = 0; i < 100; i++) W[i] = (float)numbers[i];
    read_numbers(json_root(json), "left_10x2", numbers, 20);
    for (int i = 0; i < 20; i++) B[i] = (float)numbers[i];
    read_numbers(json_root(json), "right_2x10", numbers, 20);
    for (int i = 0; i < 20; i++) A[i] = (float)numbers[i];

    read_numbers(json_root(json), "singular_values_first_2", want, 2);
    assert_true(linalg_svd(s, NULL, NULL, W, 10, 10, &err));
    for (int i = 0; i < 2; i++) assert_close(s[i], want[i], 5e-6);
    for (int i = 2; i < 10; i++) assert_close(s[i], 0.0, 1e-6); /* rank 2 but for rounding */

    read_numbers(json_root(json), "singular_values_of_left_right_in_float64_first_2", want, 2);
    assert_true(linalg_svd_product(s, B, A, 10, 10, 2, &err));
    for (int i = 0; i < 2; i++) assert_close(s[i], want[i], 1e-6);
    json_free(json);
}

/* ---- QR, products ------------------------------------------------------------------------ */

static void qr_rebuilds_the_matrix(void **state)
{
    (void)state;
    static const Index sizes[][2] = {{1, 1}, {7, 1}, {5, 5}, {40, 17}};
    static float       A[ROOM], Q[ROOM], R[ROOM], again[ROOM];
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        Index m = sizes[i][0], n = sizes[i][1];
        Error err = {0};
        fill(A, m * n, 20 + i);
        assert_true(linalg_qr(Q, R, A, m, n, &err));
        for (Index a = 0; a < m; a++) {
            for (Index b = 0; b < n; b++) {
                double sum = 0.0;
                for (Index l = 0; l < n; l++) sum += (double)Q[a * n + l] * (double)R[l * n + b];
                again[a * n + b] = (float)sum;
            }
        }
        assert_tensor_close(again, A, m * n, 1e-6);
        assert_close(off_orthogonal(Q, m, n, false), 0.0, 1e-6);
        for (Index a = 1; a < n; a++) {
            for (Index b = 0; b < a; b++) assert_true(R[a * n + b] == 0.0f);
        }
    }
}

static void svd_of_a_product_is_that_of_the_matrix_built(void **state)
{
    (void)state;
    static const Index sizes[][3] = {{1, 1, 1},   {30, 20, 4}, {20, 30, 8},
                                     {3, 20, 5},  {20, 3, 5},  {2, 3, 6}, /* r above m or n */
                                     {12, 12, 12}};
    static float       A[ROOM], B[ROOM], W[ROOM];
    double             s[MAX], want[MAX];
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        Index m = sizes[i][0], n = sizes[i][1], r = sizes[i][2], k = m < n ? m : n;
        Error err = {0};
        fill(B, m * r, 40 + i);
        fill(A, r * n, 60 + i);
        for (Index j = 0; j < m * n; j++) {
            double sum = 0.0;
            for (Index l = 0; l < r; l++) {
                sum += (double)B[j / n * r + l] * (double)A[l * n + j % n];
            }
            W[j] = (float)sum;
        }
        assert_true(linalg_svd(want, NULL, NULL, W, m, n, &err));
        assert_true(linalg_svd_product(s, B, A, m, n, r, &err));
        for (Index l = 0; l < r; l++) {
            assert_close(s[l], l < k ? want[l] : 0.0, 1e-6 * want[0]);
        }
    }
}

static void a_fresh_adapter_with_b_zero_has_rank_zero(void **state)
{
    (void)state;
    float  B[30] = {0}, A[18];
    double s[3] = {1.0, 1.0, 1.0};
    Error  err = {0};
    fill(A, 18, 7);
    assert_true(linalg_svd_product(s, B, A, 10, 6, 3, &err));
    for (int i = 0; i < 3; i++) assert_true(s[i] == 0.0);
}

/* ---- failures ---------------------------------------------------------------------------- */

static void a_matrix_with_a_nan_or_infinity_is_refused(void **state)
{
    (void)state;
    const float bad[] = {NAN, HUGE_VALF, -HUGE_VALF};
    for (int i = 0; i < 3; i++) {
        float  A[6] = {1.3f, 0.7f, 2.1f, 0.4f, -1.1f, bad[i]}, fine[6], Q[6], R[4];
        double s[2];
        Error  err[4] = {{0}};
        fill(fine, 6, 1);
        assert_false(linalg_svd(s, NULL, NULL, A, 2, 3, &err[0]));
        assert_false(linalg_qr(Q, R, A, 3, 2, &err[1]));
        assert_false(linalg_svd_product(s, A, fine, 3, 3, 2, &err[2]));
        assert_false(linalg_svd_product(s, fine, A, 3, 3, 2, &err[3]));
        for (int j = 0; j < 4; j++) assert_error(&err[j], ERR_NUMERIC, "not finite");
    }
}

static void all_four(void *context, Error *err)
{
    (void)context;
    float  A[20], B[20], U[16], Vt[20], Q[20], R[16];
    double s[5];
    fill(A, 20, 3);
    fill(B, 20, 4);
    if (!linalg_svd(s, U, Vt, A, 4, 5, err)) return;
    if (!linalg_qr(Q, R, A, 5, 4, err)) return;
    if (!linalg_svd_product(s, B, A, 5, 5, 4, err)) return;
    double wide[20], left[16];
    for (int i = 0; i < 20; i++) wide[i] = (double)A[i];
    if (!linalg_svd_double(s, left, NULL, wide, 4, 5, err)) return;
    if (!linalg_singular_values(s, wide, 4, 5, NULL, err)) return;
}

static void factorizations_survive_every_failed_allocation(void **state)
{
    (void)state;
    assert_true(torture(all_four, NULL) > 10);
}

static void keep_percent(void *context, int percent)
{
    int *kept = context;
    assert_true(percent >= *kept && percent < 100);
    *kept = percent;
}

/* In panels as in one call: also where the last panel is narrow, and of low rank. */
static void singular_values_in_steps_are_the_same(void **state)
{
    (void)state;
    static const Index sizes[][2] = {{1, 1},   {1, 7},   {7, 1},     {33, 33},  {64, 31},
                                     {31, 64}, {65, 65}, {150, 100}, {100, 150}};
    static double      A[150 * 150];
    double             s[150], want[150];
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof sizes[0]; i++) {
        Index       m = sizes[i / 2][0], n = sizes[i / 2][1], k = m < n ? m : n;
        Error       err = {0};
        int         percent = 0;
        LinalgWatch watch = {.tell = keep_percent, .context = &percent};
        for (Index r = 0; r < m * n; r++) {
            A[r] = i % 2 == 0 ? (double)entropy(i, r) : (double)(r / n + 1) * (double)(r % n + 2);
        }
        assert_true(linalg_svd_double(want, NULL, NULL, A, m, n, &err));
        assert_true(linalg_singular_values(s, A, m, n, &watch, &err));
        for (Index l = 0; l < k; l++) assert_close(s[l], want[l], 1e-13 * want[0]);
        assert_int_equal(percent, 99);
    }
}

static void singular_values_stop_when_asked(void **state)
{
    (void)state;
    double      A[6] = {1, 2, 3, 4, 5, 6}, s[2];
    Cancel      cancel = {0};
    Error       err = {0};
    LinalgWatch watch = {.cancel = &cancel};
    cancel_request(&cancel);
    assert_false(linalg_singular_values(s, A, 2, 3, &watch, &err));
    assert_error(&err, ERR_CANCELLED, "stopped");
    err = (Error){0};
    A[3] = (double)NAN;
    assert_false(linalg_singular_values(s, A, 2, 3, NULL, &err));
    assert_error(&err, ERR_NUMERIC, "not finite");
}

TEST_GROUP(linalg, cmocka_unit_test(svd_rebuilds_the_matrix_from_orthogonal_factors),
           cmocka_unit_test(svd_gives_either_factor_alone),
           cmocka_unit_test(svd_knows_small_matrices),
           cmocka_unit_test(svd_in_double_keeps_what_single_precision_loses),
           cmocka_unit_test(svd_agrees_with_torch_on_the_rank_2_example),
           cmocka_unit_test(qr_rebuilds_the_matrix),
           cmocka_unit_test(svd_of_a_product_is_that_of_the_matrix_built),
           cmocka_unit_test(a_fresh_adapter_with_b_zero_has_rank_zero),
           cmocka_unit_test(a_matrix_with_a_nan_or_infinity_is_refused),
           cmocka_unit_test(singular_values_in_steps_are_the_same),
           cmocka_unit_test(singular_values_stop_when_asked),
           cmocka_unit_test(factorizations_survive_every_failed_allocation));
