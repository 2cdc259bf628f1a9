/* Ranks and energies of matrices that are known elsewhere, and the theorem on truncation. */

#include <math.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/random.h"
#include "core/study/spectrum.h"
#include "tests/test.h"

static void fill(float *x, Index n, uint64_t seed)
{
    TorchRng rng;
    torch_seed(&rng, seed);
    torch_normal(&rng, x, n, 0.0, 1.3);
}

static Spectrum spectrum_made(const float *A, Index rows, Index cols)
{
    Error    err = {0};
    Spectrum spectrum;
    bool     ok = spectrum_of(&spectrum, A, rows, cols, &err);
    assert_ok(&err);
    assert_true(ok);
    return spectrum;
}

static double frobenius(const float *A, Index n)
{
    double sum = 0.0;
    for (Index i = 0; i < n; i++) sum += (double)A[i] * (double)A[i];
    return sqrt(sum);
}

/* ---- known matrices ---------------------------------------------------------------------- */

/* The three matrices of the lesson "what is a rank". */
static void the_three_matrices_have_ranks_1_2_3(void **state)
{
    (void)state;
    static const float matrices[3][9] = {
        {1, 2, 3, 2, 4, 6, 3, 6, 9}, {1, 2, 3, 7, 11, 5, 8, 13, 8}, {1, 0, 0, 0, 1, 0, 0, 0, 1}};
    for (int i = 0; i < 3; i++) {
        Spectrum spectrum = spectrum_made(matrices[i], 3, 3);
        assert_int_equal(spectrum.count, 3);
        assert_int_equal(spectrum_rank(&spectrum, 0), i + 1);
        assert_close(spectrum_energy(&spectrum, i + 1), 1.0, 1e-12);
        assert_true(spectrum_energy(&spectrum, i) < 1.0);
        spectrum_free(&spectrum);
    }
}

static void the_effective_rank_counts_equal_values(void **state)
{
    (void)state;
    static const float one[] = {0.7f, 1.4f, -2.1f, -4.2f};            /* rank 1 */
    static const float two[] = {0.0f, 1.7f, 0.0f, -1.7f, 0.0f, 0.0f}; /* two equal values */
    Spectrum           spectrum = spectrum_made(one, 2, 2);
    assert_close(spectrum_effective_rank(&spectrum), 1.0, 1e-5);
    assert_close(spectrum_energy(&spectrum, 1), 1.0, 1e-12);
    spectrum_free(&spectrum);

    spectrum = spectrum_made(two, 2, 3);
    assert_close(spectrum_effective_rank(&spectrum), 2.0, 1e-6);
    assert_close(spectrum_energy(&spectrum, 1), 0.5, 1e-7);
    assert_close(spectrum_energy(&spectrum, 0), 0.0, 0.0);
    assert_close(spectrum_energy(&spectrum, 9), 1.0, 0.0);
    spectrum_free(&spectrum);

    /* p = 3/4, 1/4 */
    static const float uneven[] = {0.0f, 3.3f, 1.1f, 0.0f};
    spectrum = spectrum_made(uneven, 2, 2);
    assert_close(spectrum_effective_rank(&spectrum), exp(-0.75 * log(0.75) - 0.25 * log(0.25)),
                 1e-6);
    spectrum_free(&spectrum);
}

static void a_zero_matrix_has_rank_0_and_lacks_nothing(void **state)
{
    (void)state;
    const float zero[6] = {0};
    Spectrum    spectrum = spectrum_made(zero, 3, 2);
    assert_int_equal(spectrum_rank(&spectrum, 0), 0);
    assert_close(spectrum_effective_rank(&spectrum), 0.0, 0.0);
    assert_close(spectrum_energy(&spectrum, 1), 1.0, 0.0);
    spectrum_free(&spectrum);
}

static void a_tolerance_given_replaces_the_usual_one(void **state)
{
    (void)state;
    static const float A[] = {2.5f, 0.0f, 0.0f, 1e-3f};
    Spectrum           spectrum = spectrum_made(A, 2, 2);
    assert_int_equal(spectrum_rank(&spectrum, 0), 2);
    assert_int_equal(spectrum_rank(&spectrum, 0.01), 1);
    assert_int_equal(spectrum_rank(&spectrum, 3.0), 0);
    spectrum_free(&spectrum);
}

/* ---- numbers of torch -------------------------------------------------------------------- */

static void read_floats(const Json *json, const char *key, float *out, Index n)
{
    const JsonNode *array = json_get(json_root(json), key);
    assert_int_equal(json_count(array), n);
    for (Index i = 0; i < n; i++) out[i] = (float)json_number(json_at(array, i));
}

static void the_rank_2_example_of_torch_is_rebuilt_from_two_values(void **state)
{
    (void)state;
    Error err = {0};
    Json *json = json_read(test_fixture("rng/matrix.json"), 1 << 20, &err);
    assert_ok(&err);
    float W[100], B[20], A[20], x[10], y[10], again[100];
    read_floats(json, "W_10x10", W, 100);
    read_floats(json, "left_10x2", B, 20);
    read_floats(json, "right_2x10", A, 20);
    read_floats(json, "x", x, 10);
    read_floats(json, "y", y, 10);

    Spectrum built = spectrum_made(W, 10, 10), product;
    assert_int_equal(spectrum_rank(&built, 0), json_integer(json_get(json_root(json), "rank")));
    assert_true(spectrum_of_product(&product, B, A, 10, 10, 2, &err));
    assert_int_equal(product.count, 2);
    assert_int_equal(spectrum_rank(&product, 0), 2);
    for (int i = 0; i < 2; i++) assert_close(product.s[i], built.s[i], 1e-5);
    assert_close(spectrum_energy(&product, 1), spectrum_energy(&built, 1), 1e-6);

    assert_true(spectrum_truncate(again, W, 10, 10, 2, &err));
    assert_tensor_close(again, W, 100, 1e-6);
    for (Index i = 0; i < 10; i++) {
        double sum = 0.0;
        for (Index j = 0; j < 10; j++) sum += (double)again[i * 10 + j] * (double)x[j];
        assert_close(sum, (double)y[i], 1e-5);
    }
    spectrum_free(&built);
    spectrum_free(&product);
    json_free(json);
}

/* ---- Eckart, Young ------------------------------------------------------------------------ */

enum { ROWS = 9, COLS = 14, SIZE = ROWS * COLS };

static void truncation_leaves_exactly_the_values_cut_off(void **state)
{
    (void)state;
    float A[SIZE], cut[SIZE], rest[SIZE];
    Error err = {0};
    fill(A, SIZE, 3);
    Spectrum all = spectrum_made(A, ROWS, COLS);
    for (Index k = 0; k <= ROWS; k++) {
        assert_true(spectrum_truncate(cut, A, ROWS, COLS, k, &err));
        for (Index i = 0; i < SIZE; i++) rest[i] = A[i] - cut[i];
        double squares = 0.0;
        for (Index i = k; i < ROWS; i++) squares += all.s[i] * all.s[i];
        assert_close(frobenius(rest, SIZE), sqrt(squares), 2e-6 * all.s[0]);
        Spectrum error = spectrum_made(rest, ROWS, COLS);
        assert_close(error.s[0], k < ROWS ? all.s[k] : 0.0, 2e-6 * all.s[0]);
        spectrum_free(&error);
        Spectrum kept = spectrum_made(cut, ROWS, COLS);
        assert_int_equal(spectrum_rank(&kept, 1e-5 * all.s[0]), k);
        spectrum_free(&kept);
    }
    spectrum_free(&all);
}

/* Other matrices of rank k, also ones close to the best, are no nearer in either norm. */
static void no_other_matrix_of_that_rank_is_nearer(void **state)
{
    (void)state;
    enum { K = 3 };
    float A[SIZE], best[SIZE], rest[SIZE], B[ROWS * K], C[K * COLS], noise[SIZE];
    Error err = {0};
    fill(A, SIZE, 4);
    Spectrum all = spectrum_made(A, ROWS, COLS);
    for (uint64_t trial = 0; trial < 20; trial++) {
        fill(noise, SIZE, 100 + trial);
        for (Index i = 0; i < SIZE; i++) noise[i] = A[i] + 0.05f * (float)trial * noise[i];
        assert_true(spectrum_truncate(best, noise, ROWS, COLS, K, &err));
        if (trial >= 15) {
            fill(B, ROWS * K, 200 + trial);
            fill(C, K * COLS, 300 + trial);
            for (Index i = 0; i < SIZE; i++) {
                best[i] = 0.0f;
                for (Index l = 0; l < K; l++) {
                    best[i] += B[i / COLS * K + l] * C[l * COLS + i % COLS];
                }
            }
        }
        for (Index i = 0; i < SIZE; i++) rest[i] = A[i] - best[i];
        Spectrum error = spectrum_made(rest, ROWS, COLS);
        double   squares = 0.0;
        for (Index i = K; i < ROWS; i++) squares += all.s[i] * all.s[i];
        assert_true(error.s[0] >= all.s[K] * (1 - 1e-6));
        assert_true(frobenius(rest, SIZE) >= sqrt(squares) * (1 - 1e-6));
        spectrum_free(&error);
    }
    spectrum_free(&all);
}

/* ---- failures ---------------------------------------------------------------------------- */

static void all_of_it(void *context, Error *err)
{
    float   *A = context, out[12];
    Spectrum one, two;
    if (!spectrum_of(&one, A, 4, 3, err)) return;
    if (spectrum_of_product(&two, A, A, 3, 4, 3, err)) {
        bool ok = spectrum_truncate(out, A, 4, 3, 2, err);
        assert_true(ok == (err->code == ERR_NONE));
        spectrum_free(&two);
    }
    spectrum_free(&one);
}

static void running_out_of_memory_leaves_nothing_behind(void **state)
{
    (void)state;
    float A[12];
    fill(A, 12, 5);
    torture(all_of_it, A);
}

static void a_matrix_that_is_not_finite_is_refused(void **state)
{
    (void)state;
    float    A[4] = {1.5f, 0.3f, NAN, 2.2f}, out[4];
    Spectrum spectrum;
    Error    err = {0};
    assert_false(spectrum_of(&spectrum, A, 2, 2, &err));
    assert_error(&err, ERR_NUMERIC, "finite");
    assert_null(spectrum.s);
    err = (Error){0};
    assert_false(spectrum_truncate(out, A, 2, 2, 1, &err));
    assert_error(&err, ERR_NUMERIC, "finite");
}

TEST_GROUP(spectrum, cmocka_unit_test(the_three_matrices_have_ranks_1_2_3),
           cmocka_unit_test(the_effective_rank_counts_equal_values),
           cmocka_unit_test(a_zero_matrix_has_rank_0_and_lacks_nothing),
           cmocka_unit_test(a_tolerance_given_replaces_the_usual_one),
           cmocka_unit_test(the_rank_2_example_of_torch_is_rebuilt_from_two_values),
           cmocka_unit_test(truncation_leaves_exactly_the_values_cut_off),
           cmocka_unit_test(no_other_matrix_of_that_rank_is_nearer),
           cmocka_unit_test(running_out_of_memory_leaves_nothing_behind),
           cmocka_unit_test(a_matrix_that_is_not_finite_is_refused));
