/* Ranks, numeric and exact. */

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/workbench/expr_internal.h"
#include "core/workbench/matrix_picture.h"
#include "core/workbench/matrix_work.h"
#include "tests/test.h"
#include "tests/workbench/matrix_rig.h"

/* ---- rank ---- */

static void ranks_are_numpys(void **state)
{
    (void)state;
    /* numpy.linalg.svd(A, compute_uv=False), numpy.linalg.matrix_rank(A) */
    static const struct {
        const char *rows;
        double      singular[3], rank, exact;
    } cases[] = {
        {"1 2 3; 2 4 6; 3 6 9", {14, 0, 0}, 1, 1},
        {"1 2 3; 4 5 6; 7 8 9", {16.84810335261421, 1.0683695145547103, 0}, 2, 2},
        {"2 0 1; 1 3 2; 1 1 1", {4.291409848417611, 1.8930931072993575, 0}, 2, 2},
        {"1 0 0; 0 1 0; 0 0 1e-14", {1, 1, 1e-14}, 3, 3},
        {"1 0 0; 0 1 0; 0 0 1e-16", {1, 1, 1e-16}, 2, 3},
        {"0 0 0; 0 0 0; 0 0 0", {0, 0, 0}, 0, 0},
    };
    BenchRig rig;
    open_seeded(&rig, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        Str line = {0};
        str_addf(&line, "A = matrix rows=\"%s\"", cases[i].rows);
        bench_must(&rig, str_text(&line));
        str_free(&line);
        const Datum *rank = bench_must(&rig, "r = rank A");
        assert_all_close(rank, "singular", cases[i].singular, 3, 1e-14);
        assert_true(member_number(rank, "rank") == cases[i].rank);
        assert_true(member_number(rank, "exact") == cases[i].exact);
        assert_true(member_number(rank, "deficient") == (cases[i].rank < 3));
        assert_true(member_number(rank, "factored") == 6 * cases[i].rank);
        assert_true(bench_number(&rig, "rank(A)") == cases[i].rank);
    }
    /* 0.2 and 0.6 are stored as exactly twice 0.1 and 0.3; three times 0.1 is not 0.3. */
    const Datum *decimal =
        (bench_must(&rig, "D = matrix rows=\"0.1 0.2; 0.3 0.6\""), bench_must(&rig, "rank D"));
    assert_true(member_number(decimal, "rank") == 1);
    assert_true(member_number(decimal, "exact") == 1);
    decimal = (bench_must(&rig, "D = matrix rows=\"0.1 0.3; 1 3\""), bench_must(&rig, "rank D"));
    assert_true(member_number(decimal, "rank") == 1);
    assert_true(member_number(decimal, "exact") == 2);
    bench_rig_close(&rig);
}

static void the_tolerance_can_be_chosen(void **state)
{
    (void)state;
    BenchRig rig;
    open_seeded(&rig, 0);
    bench_must(&rig, "A = matrix identity=3 set=\"2,2=1e-6; 3,3=1e-10\"");
    static const struct {
        const char *line;
        double      rank, tolerance;
    } rows[] = {{"rank A", 3, 3 * DBL_EPSILON},
                {"rank A eps=f32", 2, 3 * (double)FLT_EPSILON},
                {"rank A tolerance=1e-4", 1, 1e-4},
                {"rank A tolerance=1e-6", 1, 1e-6}, /* above, not at */
                {"rank A tolerance=0", 3, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const Datum *rank = bench_must(&rig, rows[i].line);
        assert_true(member_number(rank, "rank") == rows[i].rank);
        assert_close(member_number(rank, "tolerance"), rows[i].tolerance, 1e-18);
    }
    bench_refuses(&rig, "rank A tolerance=-1", ERR_INPUT, "must lie in 0..");
    bench_rig_close(&rig);
}

/* B A with small integers has rank r exactly, whatever the sizes; one changed entry adds one. */
static void exact_rank_is_that_of_the_factors(void **state)
{
    (void)state;
    static const Index sizes[][3] = {{1, 1, 1},    {5, 3, 2},    {3, 5, 2},  {40, 30, 7},
                                     {30, 40, 29}, {64, 64, 64}, {2, 50, 1}, {60, 60, 59}};
    static double      A[64 * 64];
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        Index m = sizes[i][0], n = sizes[i][1], r = sizes[i][2], found = -1;
        Error err = {0};
        memset(A, 0, sizeof A);
        for (Index l = 0; l < r; l++) {
            for (Index j = 0; j < m * n; j++) {
                double b = (double)random_below(1, (uint64_t)l, (uint64_t)(j / n), 2001) - 1000;
                double a = (double)random_below(2, (uint64_t)l, (uint64_t)(j % n), 2001) - 1000;
                A[j] += b * a;
            }
        }
        assert_true(matrix_exact_rank(&found, A, m, n, &err));
        assert_int_equal(found, r);
        for (Index j = 0; j < m * n; j++) A[j] *= 0x1p-1000; /* the same but for a power of two */
        assert_true(matrix_exact_rank(&found, A, m, n, &err));
        assert_int_equal(found, r);
        A[0] = nextafter(A[0], 1e300); /* the last bit of one number */
        assert_true(matrix_exact_rank(&found, A, m, n, &err));
        assert_int_equal(found, r < m && r < n ? r + 1 : r);
    }
}

static void exact_rank_takes_every_double_but_no_nan(void **state)
{
    (void)state;
    double wide[] = {DBL_MAX, DBL_TRUE_MIN, 1, 0, -DBL_MAX, -DBL_TRUE_MIN, -1, 0, 0, 0, 0, -0.0};
    Index  found;
    Error  err = {0};
    assert_true(matrix_exact_rank(&found, wide, 3, 4, &err));
    assert_int_equal(found, 1);
    wide[5] = DBL_TRUE_MIN;
    assert_true(matrix_exact_rank(&found, wide, 3, 4, &err));
    assert_int_equal(found, 2);
    wide[5] = (double)NAN;
    assert_false(matrix_exact_rank(&found, wide, 3, 4, &err));
    assert_error(&err, ERR_NUMERIC, "not finite");
    /* 2^61 - 1 divides this determinant, so one prime alone would be wrong. */
    double trap[] = {0x1p61, 1, 1, 1};
    err = (Error){0};
    assert_true(matrix_exact_rank(&found, trap, 2, 2, &err));
    assert_int_equal(found, 2);
}

TEST_GROUP(matrix_rank, cmocka_unit_test(ranks_are_numpys),
           cmocka_unit_test(the_tolerance_can_be_chosen),
           cmocka_unit_test(exact_rank_is_that_of_the_factors),
           cmocka_unit_test(exact_rank_takes_every_double_but_no_nan));
