/* The matrix verbs, against numpy and torch. */

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

/* ---- every verb returns what it declares, and nothing else ---- */

static void assert_like(const Datum *got, const Datum *blank)
{
    assert_int_equal(got->count, blank->count);
    for (Index i = 0; i < blank->count; i++) {
        const Datum *member = datum_member(got, blank->keys[i]);
        if (member == NULL) fail_msg("no member %s", blank->keys[i]);
        assert_int_equal(member->kind, blank->items[i]->kind);
        assert_true(same_unit(member->unit, blank->items[i]->unit));
    }
}

static void results_are_as_declared(void **state)
{
    (void)state;
    static const char *const lines[] = {"A = matrix rows=\"1 2; 3 4; 5 6\"",
                                        "rank A",
                                        "svd A",
                                        "truncate A r=1",
                                        "matmul A \"A[1..2,*]\"",
                                        "compare A A"};
    BenchRig                 rig;
    open_seeded(&rig, 0);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        VerbLine *line = verb_line_parse(lines[i], (Index)strlen(lines[i]), NULL, &rig.err);
        assert_ok(&rig.err);
        Datum *blank = verb_blank(line->verb, &rig.err);
        verb_line_free(line);
        assert_like(bench_must(&rig, lines[i]), blank);
        datum_drop(blank);
    }
    bench_rig_close(&rig);
}

/* ---- matrix ---- */

static void matrices_are_made_in_five_ways(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        Index       rows, cols;
        double      values[6];
    } rows[] = {
        {"A = matrix rows=\"1 2 3; 4 5 6\"", 2, 3, {1, 2, 3, 4, 5, 6}},
        {"A = matrix rows=\" 1,2 ; -3 4e-1 ;\"", 2, 2, {1, 2, -3, 0.4}},
        {"A = matrix rows=7", 1, 1, {7}},
        {"A = matrix identity=2", 2, 2, {1, 0, 0, 1}},
        {"B = matrix of=2*A-1", 2, 2, {1, -1, -1, 1}},
        {"B = matrix of=A[1,*]", 2, 1, {1, 0}},
        {"B = matrix of=A set=\"1,2=5; 2,1=1e-14;\"", 2, 2, {1, 5, 1e-14, 1}},
        {"B = matrix identity=2 set=2,2={A[1,1]+2}", 2, 2, {1, 0, 0, 3}},
    };
    BenchRig rig;
    open_seeded(&rig, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const Datum *record = bench_must(&rig, rows[i].line);
        Index        n = rows[i].rows * rows[i].cols;
        assert_all_close(record, "matrix", rows[i].values, n, 0);
        assert_true(member_number(record, "rows") == (double)rows[i].rows);
        assert_true(member_number(record, "cols") == (double)rows[i].cols);
        assert_true(member_number(record, "numbers") == (double)n);
    }
    bench_must(&rig, "A = matrix identity=2"); /* of= and set= change a copy */
    bench_must(&rig, "B = matrix of=A set=1,1=9");
    assert_true(bench_number(&rig, "A[1,1]") == 1);
    bench_rig_close(&rig);
}

static void wrong_matrices_are_refused(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"matrix", "needs one of rows, random"},
        {"matrix identity=2 rows=1", "rows or from identity, not both"},
        {"matrix rows=\"1 2; 3\"", "row 2 has 1 numbers, the first row 2"},
        {"matrix rows=\"1 2;; 3 4\"", "row 2 has 0"},
        {"matrix rows=\" \"", "row 1 has 0"},
        {"matrix rows=\"1 two\"", "\"two\" should begin with a number"},
        {"matrix rows=\"nan\"", "should begin with a number"},
        {"matrix rows=\"1e999\"", "should begin with a number"},
        {"matrix rows=0x10", "should begin with a number"},
        {"matrix random=x", "must be like 10x2"},
        {"matrix random=0x2", "must be like 10x2"},
        {"matrix random=2x3x4", "must be like 10x2"},
        {"matrix random=4096x4096", "too large"},
        {"matrix random=9999999999", "must be like 10x2"},
        {"matrix identity=0", "must lie in 1..1024"},
        {"matrix picture=cat", "one of the known names"},
        {"matrix of=nosuch", "no value \"nosuch\""},
        {"matrix of=3", "3 is a number, not a matrix"},
        {"matrix identity=2 set=3,1=0", "no entry 3,1 in a matrix of 2 x 2"},
        {"matrix identity=2 set=0,1=0", "should be like 2,3=0.5"},
        {"matrix identity=2 set=1=0", "should be like 2,3=0.5"},
        {"matrix identity=2 set=1,1=x", "should begin with a number"},
        {"matrix identity=2 set=\"1,1=1 2,2=2\"", "\";\" should stand before"},
    };
    BenchRig rig;
    open_seeded(&rig, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bench_refuses(&rig, rows[i][0], ERR_INPUT, rows[i][1]);
    }
    bench_rig_close(&rig);
}

static void read_fixture(const char *key, double *out, Index n)
{
    Error           err = {0};
    Json           *json = json_read(test_fixture("rng/matrix.json"), 1 << 20, &err);
    const JsonNode *array = json_get(json_root(json), key);
    assert_int_equal(json_count(array), n);
    for (Index i = 0; i < n; i++) out[i] = json_number(json_at(array, i));
    json_free(json);
}

static void random_matrices_continue_torchs_sequence(void **state)
{
    (void)state;
    /* y = W x of a published example with torch.manual_seed(0), as printed there. */
    static const char *const printed[] = {"3.3896",  "1.0296",  "1.5606",  "-2.3891", "-0.4213",
                                          "-2.4668", "-4.4379", "-0.0375", "-3.2790", "-2.9361"};
    double                   left[20], right[20], W[100];
    BenchRig                 rig;
    open_seeded(&rig, 0);
    read_fixture("left_10x2", left, 20);
    read_fixture("right_2x10", right, 20);
    read_fixture("W_10x10", W, 100);
    assert_all_close(bench_must(&rig, "a = matrix random=10x2"), "matrix", left, 20, 1e-6);
    assert_all_close(bench_must(&rig, "b = matrix random=2x10"), "matrix", right, 20, 1e-6);
    assert_all_close(bench_must(&rig, "W = matmul a b"), "matrix", W, 100, 5e-6);
    bench_must(&rig, "x = matrix random=10");
    const Datum *y = datum_member(bench_must(&rig, "y = matmul W x"), "matrix");
    const Datum *short_way =
        datum_member(bench_must(&rig, "z = matmul a \"b.matrix\" x"), "matrix");
    for (Index i = 0; i < 10; i++) {
        Str out = {0};
        str_addf(&out, "%.4f", y->values[i]);
        assert_string_equal(str_text(&out), printed[i]);
        str_free(&out);
        assert_close(short_way->values[i], y->values[i], 1e-14);
    }
    assert_true(bench_number(&rig, "rank(W)") == 2);
    bench_rig_close(&rig);
}

static void a_seed_begins_a_sequence_of_its_own(void **state)
{
    (void)state;
    BenchRig rig;
    open_seeded(&rig, 5);
    bench_must(&rig, "a = matrix random=3x3 seed=0");
    bench_must(&rig, "b = matrix random=3x3");
    bench_must(&rig, "c = matrix random=3x3 seed=0");
    assert_true(bench_number(&rig, "all(a == c)") == 1);
    assert_true(bench_number(&rig, "any(a == b)") == 0);
    BenchRig other;
    open_seeded(&other, 5); /* what was drawn under other seeds has not moved the bench's */
    bench_must(&other, "b = matrix random=3x3");
    const Datum *one = datum_member(bench_get(rig.bench, "b"), "matrix");
    const Datum *two = datum_member(bench_get(other.bench, "b"), "matrix");
    assert_memory_equal(one->values, two->values, 9 * sizeof(double));
    bench_rig_close(&other);
    bench_rig_close(&rig);
}

static void pictures_are_shades_and_differ_in_rank(void **state)
{
    (void)state;
    static double pixels[128 * 128], again[128 * 128];
    Index         ranks[3];
    for (int p = 0; matrix_pictures[p] != NULL; p++) {
        Error err = {0};
        for (Index size = 8; size <= 128; size *= 4) {
            matrix_picture(pixels, size, matrix_pictures[p]);
            matrix_picture(again, size, matrix_pictures[p]);
            assert_memory_equal(pixels, again, (size_t)(size * size) * sizeof(double));
            for (Index i = 0; i < size * size; i++) assert_true(pixels[i] >= 0 && pixels[i] <= 1);
        }
        matrix_picture(pixels, 32, matrix_pictures[p]);
        assert_true(matrix_numeric_rank(&ranks[p], pixels, 32, 32, &err));
    }
    assert_int_equal(ranks[2], 2);             /* stripes */
    assert_true(ranks[0] > 8 && ranks[1] > 4); /* letters, rings */
}

/* ---- svd, truncate, compare ---- */

static void singular_values_and_vectors_are_numpys(void **state)
{
    (void)state;
    /* numpy.linalg.svd of [[1, 2], [3, 4], [5, 6]] */
    static const double s[] = {9.525518091565107, 0.5143005806586443};
    static const double energy[] = {0.9970933506893866, 1};
    BenchRig            rig;
    open_seeded(&rig, 0);
    bench_must(&rig, "A = matrix rows=\"1 2; 3 4; 5 6\"");
    const Datum *d = bench_must(&rig, "d = svd A");
    assert_all_close(d, "singular", s, 2, 1e-13);
    assert_all_close(d, "energy", energy, 2, 1e-14);
    assert_close(member_number(d, "frobenius"), 9.539392014169456, 1e-13);
    assert_close(member_number(d, "spectral"), s[0], 1e-13);
    assert_close(member_number(d, "effective_rank"), 1.2239822297792071, 1e-13);
    assert_true(member_number(d, "rank") == 2);
    assert_true(bench_number(&rig, "d.U.rows") == 3 && bench_number(&rig, "d.U.cols") == 2);
    assert_true(bench_number(&rig, "d.V.rows") == 2 && bench_number(&rig, "d.V.cols") == 2);
    /* The matrix is s1 u1 v1' + s2 u2 v2', entry by entry. */
    for (int i = 1; i <= 3; i++) {
        for (int j = 1; j <= 2; j++) {
            Str text = {0};
            str_addf(&text, "sum(d.singular * d.U[%d,*] * d.V[%d,*]) - A[%d,%d]", i, j, i, j);
            assert_close(bench_number(&rig, str_text(&text)), 0, 1e-13);
            str_free(&text);
        }
    }
    bench_rig_close(&rig);
}

static void zero_and_extreme_matrices_have_an_svd(void **state)
{
    (void)state;
    BenchRig rig;
    open_seeded(&rig, 0);
    bench_must(&rig, "Z = matrix rows=\"0 0; 0 0\"");
    bench_must(&rig, "z = svd Z");
    assert_true(bench_number(&rig, "z.rank") == 0 && bench_number(&rig, "z.frobenius") == 0);
    assert_true(bench_number(&rig, "z.effective_rank") == 0);
    assert_true(bench_number(&rig, "z.energy[1]") == 1);
    bench_must(&rig, "t = truncate Z r=1");
    assert_true(bench_number(&rig, "t.kept") == 1 && bench_number(&rig, "t.error_frobenius") == 0);
    bench_must(&rig, "c = compare Z Z");
    assert_true(bench_number(&rig, "c.relative") == 0 && bench_number(&rig, "c.equal") == 1);
    bench_must(&rig, "H = matrix rows=\"3e200 0; 0 4e200\"");
    bench_must(&rig, "h = svd H");
    assert_close(bench_number(&rig, "h.frobenius / 1e200"), 5, 1e-14);
    bench_rig_close(&rig);
}

static void truncation_is_eckart_and_youngs(void **state)
{
    (void)state;
    /* numpy: (u[:, :1] * s[:1]) @ vt[:1] and norms of the difference */
    static const double T[] = {1.3566281871073667, 1.7184623504771461, 3.0971970714453483,
                               3.9232684458926688, 4.83776595578333,   6.128074541308192};
    BenchRig            rig;
    open_seeded(&rig, 0);
    bench_must(&rig, "A = matrix rows=\"1 2; 3 4; 5 6\"");
    const Datum *t = bench_must(&rig, "t = truncate A r=1");
    assert_all_close(t, "matrix", T, 6, 1e-13);
    assert_close(member_number(t, "error_frobenius"), 0.5143005806586445, 1e-14);
    assert_close(member_number(t, "error_spectral"), 0.5143005806586445, 1e-14);
    assert_close(member_number(t, "bound_frobenius"), 0.5143005806586445, 1e-14);
    assert_close(member_number(t, "bound_spectral"), 0.5143005806586445, 1e-14);
    assert_close(member_number(t, "kept"), 0.9970933506893866, 1e-14);
    assert_true(member_number(t, "numbers") == 5);
    assert_int_equal(datum_member(t, "discarded")->rows, 1);
    bench_must(&rig, "p = matmul t.B t.A");
    assert_true(bench_number(&rig, "all(p ~= t +- 0)") == 1);
    bench_must(&rig, "full = truncate A r=2");
    assert_true(bench_number(&rig, "count(full.discarded)") == 0);
    assert_true(bench_number(&rig, "full.bound_spectral") == 0);
    assert_close(bench_number(&rig, "full.error_frobenius"), 0, 1e-14);
    bench_refuses(&rig, "truncate A r=3", ERR_INPUT, "has 2 singular values");
    bench_refuses(&rig, "truncate A", ERR_INPUT, "needs r=");
    bench_rig_close(&rig);
}

static void both_bounds_are_met_at_every_rank(void **state)
{
    (void)state;
    BenchRig rig;
    open_seeded(&rig, 3);
    bench_must(&rig, "M = matrix random=12x9");
    bench_must(&rig, "s = sweep r=1,2,3,5,8 : truncate M");
    assert_true(bench_number(&rig, "all(s.error_frobenius ~= s.bound_frobenius +- 1e-12)") == 1);
    assert_true(bench_number(&rig, "all(s.error_spectral ~= s.bound_spectral +- 1e-12)") == 1);
    assert_true(bench_number(&rig, "all(s.error_frobenius > s.error_spectral - 1e-12)") == 1);
    assert_true(bench_number(&rig, "argmin(s.error_frobenius)") == 8);
    assert_true(bench_number(&rig, "s[r=5].numbers") == 105);
    bench_rig_close(&rig);
}

static void differences_are_numpys(void **state)
{
    (void)state;
    BenchRig rig;
    open_seeded(&rig, 0);
    bench_must(&rig, "A = matrix rows=\"1 2; 3 4; 5 6\"");
    bench_must(&rig, "B = matrix rows=\"1 0; 0 -1; 2 2\"");
    const Datum *c = bench_must(&rig, "c = compare A B");
    assert_true(member_number(c, "max") == 5);
    assert_close(member_number(c, "frobenius"), 7.937253933193772, 1e-14);
    assert_close(member_number(c, "spectral"), 7.854101966249684, 1e-14);
    assert_close(member_number(c, "relative"), 0.8320502943378437, 1e-15);
    assert_true(member_number(c, "equal") == 0);
    bench_refuses(&rig, "compare A \"A[1..2,*]\"", ERR_INPUT, "3 x 2 numbers cannot be compared");
    bench_refuses(&rig, "compare A", ERR_INPUT, "needs MATRIX MATRIX");
    bench_rig_close(&rig);
}

static void products_have_the_right_sizes_and_counts(void **state)
{
    (void)state;
    static const double AB[] = {5, 0, 11, 0, 17, 0};
    BenchRig            rig;
    open_seeded(&rig, 0);
    bench_must(&rig, "A = matrix rows=\"1 2; 3 4; 5 6\"");
    bench_must(&rig, "B = matrix rows=\"1 0; 2 0\"");
    const Datum *p = bench_must(&rig, "p = matmul A B");
    assert_all_close(p, "matrix", AB, 6, 0);
    assert_true(member_number(p, "multiplications") == 12);
    const Datum *q = bench_must(&rig, "q = matmul A B B[*,1]");
    assert_true(member_number(q, "rows") == 3 && member_number(q, "cols") == 1);
    assert_true(member_number(q, "multiplications") == 12 + 6);
    bench_refuses(&rig, "matmul B A", ERR_INPUT, "2 x 2 times 3 x 2: the inner sizes differ");
    bench_refuses(&rig, "matmul A word", ERR_INPUT, "no value \"word\"");
    bench_refuses(&rig, "matmul A B B B", ERR_INPUT, "does not know what to do with \"B\"");
    bench_rig_close(&rig);
}

static void every_verb(void *context, Error *err)
{
    static const char *const lines[] = {"A = matrix rows=\"1 2; 3 4; 5 6\" set=1,1=2",
                                        "x = matrix random=2",
                                        "rank A",
                                        "svd A",
                                        "truncate A r=1",
                                        "matmul A x",
                                        "compare A A",
                                        "matrix of=A",
                                        "rank nosuch",
                                        "matmul A A"};
    Bench                   *bench = context;
    Scope                    scope = bench_scope(bench);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0] && err->code == ERR_NONE; i++) {
        Error     why = {0};
        VerbLine *line = verb_line_parse(lines[i], (Index)strlen(lines[i]), NULL, &why);
        Args     *args = line != NULL ? verb_line_args(line, NULL, &scope, NULL, &why) : NULL;
        VerbCall  call = {.bench = bench, .args = args, .scope = &scope};
        Datum    *result = args != NULL ? line->verb->run(&call, &why) : NULL;
        if (result != NULL && line->name != NULL) {
            if (!bench_put(bench, line->name, datum_hold(result), NULL, &why)) CHECK(why.code != 0);
        }
        datum_drop(result);
        args_free(args);
        verb_line_free(line);
        if (why.code == ERR_MEMORY) *err = why;
    }
}

static void matrix_verbs_survive_every_failed_allocation(void **state)
{
    (void)state;
    BenchRig rig;
    open_seeded(&rig, 0);
    Error err = {0};
    every_verb(rig.bench, &err); /* names exist from now on, so a run leaves nothing new behind */
    assert_ok(&err);
    assert_true(torture(every_verb, rig.bench) > 100);
    bench_rig_close(&rig);
}

TEST_GROUP(matrix, cmocka_unit_test(results_are_as_declared),
           cmocka_unit_test(matrices_are_made_in_five_ways),
           cmocka_unit_test(wrong_matrices_are_refused),
           cmocka_unit_test(random_matrices_continue_torchs_sequence),
           cmocka_unit_test(a_seed_begins_a_sequence_of_its_own),
           cmocka_unit_test(pictures_are_shades_and_differ_in_rank),
           cmocka_unit_test(singular_values_and_vectors_are_numpys),
           cmocka_unit_test(zero_and_extreme_matrices_have_an_svd),
           cmocka_unit_test(truncation_is_eckart_and_youngs),
           cmocka_unit_test(both_bounds_are_met_at_every_rank),
           cmocka_unit_test(differences_are_numpys),
           cmocka_unit_test(products_have_the_right_sizes_and_counts),
           cmocka_unit_test(matrix_verbs_survive_every_failed_allocation));
