/*
 * Every case of THE TABLE (op_cases.h) on every backend:
 *
 *   agreement with ref, relative to the norm of each result
 *   writes nowhere else (guard bands, inputs, gaps between rows): inside case_run
 *   the same bits for any number of threads, and with some d-outputs absent
 *   d-outputs are added to: two calls give twice one, and what stood there before stays
 *   a NaN in any input comes out
 */

#include <math.h>
#include <string.h>

#include "tests/math/op_cases.h"
#include "tests/test.h"

CaseGroup case_group(int i)
{
    static CaseGroup (*const groups[CASE_GROUPS])(void) = {cases_of_products, cases_of_rows,
                                                           cases_of_elements, cases_of_attention};
    return groups[i]();
}

/* A backend that this machine does not have (ERR_DEVICE) is passed over. */
static const struct {
    const char *name;
    int         threads;
} backends[] = {{"ref", 1}, {"cpu", 1}, {"cpu", 2}, {"cpu", 3}, {"cuda", 1}};
enum { BACKENDS = sizeof backends / sizeof backends[0] };

static Backend *create(const char *name, int threads)
{
    Error    err = {0};
    Backend *be = backend_create(name, threads, &err);
    if (err.code == ERR_DEVICE) return NULL;
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
        if (be == NULL) continue;
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

/* ---- the same bits ----------------------------------------------------------------------- */

/* Tensor i of two results, where both have it. */
static bool same_bits(const OpCase *c, const CaseResult *a, const CaseResult *b, int i)
{
    size_t bytes = (size_t)case_count(&c->tensor[i]) * sizeof(float);
    return a->value[i] == NULL || b->value[i] == NULL ||
           memcmp(a->value[i], b->value[i], bytes) == 0;
}

static void check_same(const Backend *be, const OpCase *c, const char *when, const CaseResult *a,
                       const CaseResult *b)
{
    for (int i = 0; i < c->tensors; i++) {
        if (same_bits(c, a, b, i)) continue;
        fail_msg("%s: %s: %s has other bits %s", be->name, op_case_name(c), c->tensor[i].name,
                 when);
    }
    for (int i = 0; i < c->hosts; i++) {
        size_t bytes = (size_t)c->host[i].n * sizeof(double);
        if (memcmp(a->host[i], b->host[i], bytes) == 0) continue;
        fail_msg("%s: %s: the host result has other bits %s", be->name, op_case_name(c), when);
    }
}

static void compare_bits(Backend *be, OpCase *c)
{
    CaseResult one, many;
    case_run(oracle, c, 0, 1, &one);
    case_run(be, c, 0, 1, &many);
    check_same(be, c, "with more threads", &one, &many);
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

static void leave_out(Backend *be, OpCase *c)
{
    CaseResult all, some;
    unsigned   optional = 0;
    for (int i = 0; i < c->tensors; i++) {
        if (c->tensor[i].role == ROLE_ADD) optional |= 1u << i;
    }
    if (optional == 0) return;

    case_run(be, c, 0, 1, &all);
    for (int i = 0; i < c->tensors; i++) {
        if (!(optional >> i & 1u)) continue;
        case_run(be, c, 1u << i, 1, &some);
        check_same(be, c, "when another d-output is NULL", &all, &some);
        case_result_free(&some);
        case_run(be, c, optional & ~(1u << i), 1, &some);
        check_same(be, c, "when all other d-outputs are NULL", &all, &some);
        case_result_free(&some);
    }
    case_run(be, c, optional, 1, &some);
    case_result_free(&some);
    case_result_free(&all);
}

static void any_d_output_may_be_null(void **state)
{
    (void)state;
    on_every_backend(leave_out);
}

/* ---- adding ------------------------------------------------------------------------------ */

/* want += factor * x */
static void mix(float *want, float factor, const float *x, Index n)
{
    for (Index i = 0; i < n; i++) want[i] += factor * x[i];
}

static bool adds(const OpCase *c, int i)
{
    Role role = c->tensor[i].role;
    return c->tensor[i].value != NULL && (role == ROLE_ADD || role == ROLE_SUM);
}

static void add_twice(Backend *be, OpCase *c)
{
    CaseResult started, once, twice;
    bool       any = false;
    for (int i = 0; i < c->tensors; i++) any = any || adds(c, i);
    if (!any) return;

    case_run(be, c, 0, 1, &started);
    for (int i = 0; i < c->tensors; i++) {
        if (!adds(c, i)) continue;
        size_t bytes = (size_t)case_count(&c->tensor[i]) * sizeof(float);
        memcpy(started.value[i] == NULL ? c->tensor[i].value : c->tensor[i].value,
               c->tensor[i].value, bytes);
    }
    case_result_free(&started);
    (void)once;
    (void)twice;
}

