/*
 * Every case of THE TABLE (op_cases.h) on every backend:
 *
 *   agreement with ref, relative to the norm of each result
 *   writes nowhere else (guard bands, inputs, gaps between rows): inside case_run
 *   the same bits for any number of threads
 *   any d-output may be NULL, and the others are as before
 *   d-outputs are added to: two calls give twice one, and what stood there before stays
 *   a NaN in any input comes out
 */

#include <math.h>
#include <string.h>

#include "tests/math/cuda_rig.h"
#include "tests/math/op_cases.h"
#include "tests/test.h"

CaseGroup case_group(int i)
{
    static CaseGroup (*const groups[CASE_GROUPS])(void) = {cases_of_products, cases_of_rows,
                                                           cases_of_elements, cases_of_attention};
    return groups[i]();
}

/* So little workspace that every op that cuts its work into pieces does. */
static const CudaSpec tight = {.workspace = 1 << 14, .staging = 1 << 14};

static const struct {
    const char *name;
    int         threads;
} backends[] = {{"ref", 1}, {"cpu", 1}, {"cpu", 2}, {"cpu", 3}, {"cuda", 1}};
enum { BACKENDS = sizeof backends / sizeof backends[0] };

static Backend *create(const char *name, int threads)
{
    Error err = {0};
    if (strcmp(name, "cuda") == 0) use_cuda(&tight);
    Backend *be = backend_create(name, threads, &err);
    assert_ok(&err);
    assert_non_null(be);
    return be;
}

/* Call visit(be, case) for every case, on every backend. */
typedef void Visit(Backend *be, OpCase *c);

static void visit_all(Backend *be, Visit *visit)
{
    for (int g = 0; g < CASE_GROUPS; g++) {
        CaseGroup group = case_group(g);
        for (Index i = 0; i < group.count; i++) {
            OpCase c;
            op_case_init(&c, group.row[i].op, group.row[i].size);
            visit(be, &c);
            op_case_free(&c);
        }
    }
}

static void on_every_backend(Visit *visit)
{
    for (int b = 0; b < BACKENDS; b++) {
        Backend *be = create(backends[b].name, backends[b].threads);
        visit_all(be, visit);
        be->free(be);
    }
}

static void complain(const Backend *be, const OpCase *c, const char *what, double err, double tol)
{
    fail_msg("%s, %d threads: %s: %s: off by %.3g, allowed is %.3g", be->name, be->threads,
             op_case_name(c), what, err, tol);
}

/* ---- agreement --------------------------------------------------------------------------- */

static Backend *oracle; /* of the running test */

static void compare(Backend *be, OpCase *c)
{
    CaseResult got, want;
    case_run(oracle, c, 0, 1, &want);
    case_run(be, c, 0, 1, &got);
    for (int i = 0; i < c->tensors; i++) {
        if (!case_is_result(c, i)) continue;
        double err = case_error_f32(got.value[i], want.value[i], case_count(&c->tensor[i]));
        if (!(err <= c->tol)) complain(be, c, c->tensor[i].name, err, c->tol);
    }
    for (int i = 0; i < c->hosts; i++) {
        double err = case_error(got.host[i], want.host[i], c->host[i].n);
        if (!(err <= c->host[i].tol)) complain(be, c, "host result", err, c->host[i].tol);
    }
    case_result_free(&got);
    case_result_free(&want);
}

static void every_backend_agrees_with_ref_in_every_op(void **state)
{
    (void)state;
    oracle = create("ref", 1);
    on_every_backend(compare);
    oracle->free(oracle);
}

/* Products of rounded inputs, everything else as before. */
static void compare_rounded(Backend *be, OpCase *c)
{
    double exact = c->tol;
    if (c->tol < 1e-2) c->tol = 1e-2;
    compare(be, c);
    c->tol = exact;
}

static void cuda_agrees_with_ref_in_rounded_precisions_too(void **state)
{
    (void)state;
    static const Precision rounded[] = {PRECISION_TF32, PRECISION_BF16};
    use_cuda(&tight);
    oracle = create("ref", 1);
    for (int i = 0; i < 2; i++) {
        Error    err = {0};
        Backend *be = backend_open(&(BackendSpec){"cuda", 1, rounded[i]}, &err);
        assert_ok(&err);
        visit_all(be, compare_rounded);
        be->free(be);
    }
    oracle->free(oracle);
}

/* ---- the same bits ----------------------------------------------------------------------- */

static void check_same(const Backend *be, const OpCase *c, const CaseResult *a, const CaseResult *b)
{
    for (int i = 0; i < c->tensors; i++) {
        size_t bytes = (size_t)case_count(&c->tensor[i]) * sizeof(float);
        if (a->value[i] == NULL || memcmp(a->value[i], b->value[i], bytes) == 0) continue;
        fail_msg("%s: %s: %s has other bits with %d threads", be->name, op_case_name(c),
                 c->tensor[i].name, be->threads);
    }
    for (int i = 0; i < c->hosts; i++) {
        size_t bytes = (size_t)c->host[i].n * sizeof(double);
        if (memcmp(a->host[i], b->host[i], bytes) == 0) continue;
        fail_msg("%s: %s: the host result has other bits with %d threads", be->name,
                 op_case_name(c), be->threads);
    }
}

static void compare_bits(Backend *be, OpCase *c)
{
    CaseResult one, many;
    case_run(oracle, c, 0, 1, &one);
    case_run(be, c, 0, 1, &many);
    check_same(be, c, &one, &many);
    case_result_free(&one);
    case_result_free(&many);
}

static void the_cpu_gives_the_same_bits_with_1_2_and_3_threads(void **state)
{
    (void)state;
    oracle = create("cpu", 1);
    for (int threads = 1; threads <= 3; threads++) {
        Backend *be = create("cpu", threads);
        visit_all(be, compare_bits);
        be->free(be);
    }
    oracle->free(oracle);
}

/* Run without the tensors of `absent`; what is left must be as in `all`. */
static void leave_out_these(Backend *be, OpCase *c, unsigned absent, const CaseResult *all)
{
    CaseResult some;
    case_run(be, c, absent, 1, &some);
    for (int i = 0; i < c->tensors; i++) {
        if (some.value[i] == NULL || !case_is_result(c, i)) continue;
        double err = case_error_f32(some.value[i], all->value[i], case_count(&c->tensor[i]));
        if (!(err <= c->tol)) complain(be, c, "with a d-output NULL", err, c->tol);
    }
    case_result_free(&some);
}

static void leave_out(Backend *be, OpCase *c)
{
    CaseResult all;
    unsigned   optional = 0;
    for (int i = 0; i < c->tensors; i++) {
        if (c->tensor[i].role == ROLE_ADD) optional |= 1u << i;
    }
    if (optional == 0) return;

    case_run(be, c, 0, 1, &all);
    leave_out_these(be, c, optional, &all);
    for (int i = 0; i < c->tensors; i++) {
        if (!(optional >> i & 1u)) continue;
        leave_out_these(be, c, 1u << i, &all);
        leave_out_these(be, c, optional & ~(1u << i), &all);
    }
    case_result_free(&all);
}

static void any_d_output_may_be_null(void **state)
{
    (void)state;
    on_every_backend(leave_out);
}

/* ---- adding ------------------------------------------------------------------------------ */

static bool adds(const OpCase *c, int i)
{
    Role role = c->tensor[i].role;
    return c->tensor[i].value != NULL && (role == ROLE_ADD || role == ROLE_SUM);
}

/* got = a * x + b * y within the tolerance of the case */
static void check_sum(const Backend *be, const OpCase *c, int i, const float *got, float a,
                      const float *x, float b, const float *y)
{
    Index  n = case_count(&c->tensor[i]);
    double off = 0.0, norm = 0.0, tol = c->tol + 1e-6;
    for (Index j = 0; j < n; j++) {
        double want = (double)a * (double)x[j] + (double)b * (double)y[j];
        off += pow((double)got[j] - want, 2.0);
        norm += want * want;
    }
    double err = norm > 0.0 ? sqrt(off / norm) : sqrt(off);
    if (!(err <= tol)) complain(be, c, "adding", err, tol);
}

static void add_twice(Backend *be, OpCase *c)
{
    CaseResult started, once, twice;
    float     *start[CASE_TENSORS] = {0};
    bool       any = false;
    for (int i = 0; i < c->tensors; i++) any = any || adds(c, i);
    if (!any) return;

    case_run(be, c, 0, 1, &started);
    for (int i = 0; i < c->tensors; i++) {
        if (!adds(c, i)) continue;
        size_t bytes = (size_t)case_count(&c->tensor[i]) * sizeof(float);
        start[i] = test_malloc(bytes + 1);
        memcpy(start[i], c->tensor[i].value, bytes);
        memset(c->tensor[i].value, 0, bytes);
    }
    case_run(be, c, 0, 1, &once);
    case_run(be, c, 0, 2, &twice);
    for (int i = 0; i < c->tensors; i++) {
        if (!adds(c, i)) continue;
        check_sum(be, c, i, twice.value[i], 2.0f, once.value[i], 0.0f, start[i]);
        check_sum(be, c, i, started.value[i], 1.0f, once.value[i], 1.0f, start[i]);
        test_free(start[i]);
    }
    case_result_free(&started);
    case_result_free(&once);
    case_result_free(&twice);
}

static void d_outputs_are_added_to(void **state)
{
    (void)state;
    on_every_backend(add_twice);
}

/* ---- NaN --------------------------------------------------------------------------------- */

static bool any_nan(const OpCase *c, const CaseResult *r)
{
    /* A number for people must show it, whatever the tensors do. */
    for (int i = 0; i < c->hosts; i++) {
        for (Index j = 0; j < c->host[i].n; j++) {
            if (isnan(r->host[i][j])) return true;
        }
    }
    for (int i = 0; i < c->tensors && c->hosts == 0; i++) {
        if (!case_is_result(c, i)) continue;
        for (Index j = 0; j < case_count(&c->tensor[i]); j++) {
            if (isnan(r->value[i][j])) return true;
        }
    }
    return false;
}

static void poke(Backend *be, OpCase *c, CaseTensor *t, Index at)
{
    float      before = t->value[at];
    CaseResult r;
    t->value[at] = NAN;
    case_run(be, c, 0, 1, &r);
    if (!any_nan(c, &r)) {
        fail_msg("%s: %s: a NaN in %s[%td] does not come out", be->name, op_case_name(c), t->name,
                 at);
    }
    case_result_free(&r);
    t->value[at] = before;
}

static void poke_all(Backend *be, OpCase *c)
{
    for (int i = 0; i < c->tensors; i++) {
        CaseTensor *t = &c->tensor[i];
        if (t->value == NULL || t->role == ROLE_OUT) continue;
        for (int j = 0; j < CASE_NANS; j++) {
            bool again = j > 0 && t->nan_at[j] == t->nan_at[j - 1];
            if (t->nan_at[j] >= 0 && !again) poke(be, c, t, t->nan_at[j]);
        }
    }
}

static void a_nan_in_gives_a_nan_out(void **state)
{
    (void)state;
    on_every_backend(poke_all);
}

/* ---- the workspace and the table --------------------------------------------------------- */

static void run_on_fresh(Backend *be, OpCase *c)
{
    CaseResult r;
    if (c->attention_keys == 0 && c->mat_cols == 0) return;
    Backend *fresh = create(be->name, be->threads);
    case_run(fresh, c, 0, 1, &r); /* CHECKs inside the backend */
    case_result_free(&r);
    fresh->free(fresh);
}

static void no_op_needs_more_workspace_than_it_says(void **state)
{
    (void)state;
    on_every_backend(run_on_fresh);
}

static void every_op_of_the_table_has_a_case(void **state)
{
    (void)state;
    size_t slot = offsetof(Backend, gemm), end = offsetof(Backend, sgd);
    for (; slot <= end; slot += sizeof(void (*)(void))) {
        bool found = false;
        for (int g = 0; g < CASE_GROUPS; g++) {
            CaseGroup group = case_group(g);
            for (Index i = 0; i < group.count; i++) found |= group.row[i].op->slot == slot;
        }
        if (!found) fail_msg("the op at offset %zu of struct Backend has no case", slot);
    }
}

static void every_backend_fills_its_table(void **state)
{
    (void)state;
    for (int b = 0; b < BACKENDS; b++) {
        Backend *be = create(backends[b].name, backends[b].threads);
        assert_string_equal(be->name, backends[b].name);
        assert_true(be->description[0] != '\0');
        assert_int_equal(be->threads, backends[b].threads);
        size_t slot = offsetof(Backend, free), end = offsetof(Backend, sgd);
        for (; slot <= end; slot += sizeof(void (*)(void))) {
            static const unsigned char zeros[sizeof(void (*)(void))];
            bool empty = memcmp((unsigned char *)be + slot, zeros, sizeof zeros) == 0;
            if (empty) fail_msg("%s: slot at offset %zu is empty", be->name, slot);
        }
        be->free(be);
    }
}

TEST_GROUP(ops, cmocka_unit_test(every_op_of_the_table_has_a_case),
           cmocka_unit_test(every_backend_fills_its_table),
           cmocka_unit_test(every_backend_agrees_with_ref_in_every_op),
           cmocka_unit_test(cuda_agrees_with_ref_in_rounded_precisions_too),
           cmocka_unit_test(the_cpu_gives_the_same_bits_with_1_2_and_3_threads),
           cmocka_unit_test(any_d_output_may_be_null), cmocka_unit_test(d_outputs_are_added_to),
           cmocka_unit_test(a_nan_in_gives_a_nan_out),
           cmocka_unit_test(no_op_needs_more_workspace_than_it_says));
