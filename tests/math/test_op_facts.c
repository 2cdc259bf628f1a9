/*
 * Single facts about ops that a comparison with ref does not show: ref itself against numbers
 * known elsewhere, and properties that every backend must have exactly.
 */

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/math/dropout_bits.h"
#include "tests/math/cuda_rig.h"
#include "tests/math/op_cases.h"
#include "tests/test.h"

static const char *const names[] = {"ref", "cpu", "cuda"};

/* A backend by number. */
static Backend *backend(int i)
{
    Error err = {0};
    if (strcmp(names[i], "cuda") == 0) use_cuda(NULL);
    Backend *be = backend_create(names[i], 2, &err);
    assert_ok(&err);
    return be;
}

/* ---- numbers known elsewhere (ref) -------------------------------------------------------- */

static Backend *ref(void)
{
    Error    err = {0};
    Backend *be = backend_ref_create(&err);
    assert_ok(&err);
    bool ok = be->reserve(be, 4096, &err);
    assert_true(ok);
    return be;
}

static void activations_have_known_values(void **state)
{
    (void)state;
    Backend    *be = ref();
    const float x[] = {1.0f, -0.5f, 3.0f, -8.0f};
    const struct {
        Activation kind;
        float      want[4];
    } known[] = {
        {ACT_RELU, {1.0f, 0.0f, 3.0f, 0.0f}},
        {ACT_GELU, {0.84134475f, -0.15426877f, 2.9959503f, -4.9767969e-15f}},
        {ACT_SILU, {0.73105858f, -0.18877034f, 2.8577224f, -0.0026828011f}},
        {ACT_TANH, {0.76159416f, -0.46211716f, 0.99505475f, -0.99999977f}},
    };
    for (int k = 0; k < 4; k++) {
        float y[4];
        be->activation(be, known[k].kind, y, x, 4);
        assert_tensor_close(y, known[k].want, 4, 1e-7);
    }
    be->free(be);
}

static void rmsnorm_divides_by_the_root_mean_square(void **state)
{
    (void)state;
    Backend    *be = ref();
    const float x[] = {3.0f, 4.0f}, w[] = {1.0f, 2.0f};
    float       y[2], inv;
    be->rmsnorm(be, y, &inv, x, w, 1, 2, 0.0f);
    assert_close((double)inv, 1.0 / sqrt(12.5), 1e-7);
    assert_close((double)y[0], 3.0 / sqrt(12.5), 1e-7);
    assert_close((double)y[1], 8.0 / sqrt(12.5), 1e-6);
    be->free(be);
}

static void rope_turns_pairs_half_a_head_apart(void **state)
{
    (void)state;
    Backend      *be = ref();
    const float   cosine[] = {1.0f, 1.0f, 0.0f, 0.6f}, sine[] = {0.0f, 0.0f, 1.0f, 0.8f};
    const int32_t position[] = {0, 1};
    float         x[] = {1.1f, 1.2f, 1.3f, 1.4f, 2.0f, 3.0f, 5.0f, 7.0f};
    const float   want[] = {1.1f, 1.2f, 1.3f, 1.4f, -5.0f, -3.8f, 2.0f, 6.6f};
    be->rope(be, x, cosine, sine, position, 2, 1, 4, false);
    assert_tensor_close(x, want, 8, 1e-7);
    be->free(be);
}

static void attention_averages_values_by_softmax(void **state)
{
    (void)state;
    Backend    *be = ref();
    const Index at[] = {0, 2};
    AttnShape   shape = {.S = 1, .q_at = at, .k_at = at, .H = 1, .G = 1, .K = 1, .scale = 2.0f};
    const float q[] = {0.7f, 0.5f}, k[] = {0.3f, 1.3f}, v[] = {10.0f, 20.0f};
    float       o[2], lse[2];
    be->attention(be, &shape, o, lse, q, k, v, NULL, NULL);
    assert_close((double)o[0], 10.0, 1e-6); /* the first token sees only itself */
    assert_close((double)lse[0], 0.42, 1e-6);
    double p = 1.0 / (1.0 + exp(-1.0)); /* scores 0.3 and 1.3 */
    assert_close((double)o[1], 10.0 + 10.0 * p, 2e-6);
    assert_close((double)lse[1], log(exp(0.3) + exp(1.3)), 1e-6);
    be->free(be);
}

/* With zero moments and no decay the first step is lr * g / (|g| + eps / sqrt(c2)...): lr by sign.
 */
static void the_first_adamw_step_moves_by_the_learning_rate(void **state)
{
    (void)state;
    Backend *be = ref();
    float    w[] = {1.5f, -2.5f}, m[2] = {0}, v[2] = {0};
    AdamW    p = {.learning_rate = 0.25f,
                  .beta1 = 0.9f,
                  .beta2 = 0.999f,
                  .grad_scale = 1.0f,
                  .correction1 = 1.0f - 0.9f,
                  .correction2 = 1.0f - 0.999f};
    be->adamw(be, w, m, v, (const float[]){0.03f, -7.0f}, 2, p);
    assert_close((double)w[0], 1.25, 1e-5);
    assert_close((double)w[1], -2.25, 1e-5);

    /* The decay shrinks the weight itself, before the step; the gradient is zero here. */
    float heavy = 2.0f, none = 0.0f;
    p.weight_decay = 0.5f;
    p.epsilon = 1e-8f;
    be->adamw(be, &heavy, &none, &none, (const float[]){0.0f}, 1, p);
    assert_close((double)heavy, 2.0 * (1.0 - 0.25 * 0.5), 1e-7);
    be->free(be);
}

static void sgd_keeps_momentum_as_torch_does(void **state)
{
    (void)state;
    Backend *be = ref();
    float    w = 1.0f, buf = 99.0f; /* what stands in the buffer before step 1 is not read */
    Sgd      p = {.learning_rate = 0.1f, .momentum = 0.5f, .grad_scale = 1.0f, .first = true};
    be->sgd(be, &w, &buf, (const float[]){2.0f}, 1, p);
    assert_close((double)w, 0.8, 1e-7);
    p.first = false;
    be->sgd(be, &w, &buf, (const float[]){3.0f}, 1, p); /* buf = 0.5*2 + 3 = 4 */
    assert_close((double)buf, 4.0, 1e-7);
    assert_close((double)w, 0.4, 1e-7);
    be->free(be);
}

/* ---- attention: exact zeros --------------------------------------------------------------- */

static CaseTensor *tensor(OpCase *c, const char *name, int *at)
{
    for (int i = 0; i < c->tensors; i++) {
        *at = i;
        if (strcmp(c->tensor[i].name, name) == 0) return &c->tensor[i];
    }
    fail_msg("no tensor %s", name);
    return NULL;
}

static void clear(CaseTensor *t)
{
    if (t->value != NULL) memset(t->value, 0, (size_t)case_count(t) * sizeof(float));
}

/* dk or dv [Nk, G*K] may be non-zero only in rows from .. to-1, and must be in row to-1. */
static void check_zero_outside(const OpCase *c, const CaseResult *r, int i, Index from, Index to)
{
    Index width = c->tensor[i].cols;
    bool  any = false;
    for (Index j = 0; j < case_count(&c->tensor[i]); j++) {
        bool inside = j >= from * width && j < to * width;
        if (!inside && r->value[i][j] != 0.0f) {
            fail_msg("%s: %s row %td gets %g", op_case_name(c), c->tensor[i].name, j / width,
                     (double)r->value[i][j]);
        }
        any = any || (j >= (to - 1) * width && r->value[i][j] != 0.0f);
    }
    assert_true(any);
}

/* One query alone has a gradient: its keys end where it stands, within its own segment. */
static void one_query_alone(Backend *be, OpCase *c, Index s, Index n)
{
    int         dk = 0, dv = 0, dout = 0, at = 0;
    CaseResult  r;
    const char *sums[] = {"dq", "dk", "dv", "dpk", "dpv"};
    for (int i = 0; i < 5; i++) clear(tensor(c, sums[i], &at));
    (void)tensor(c, "dk", &dk);
    (void)tensor(c, "dv", &dv);
    CaseTensor *t = tensor(c, "dout", &dout);
    clear(t);
    for (Index d = 0; d < t->cols; d++) t->value[n * t->cols + d] = entropy(77, d);

    case_run(be, c, 0, 1, &r);
    const AttnShape *shape = &c->shape;
    Index            end = shape->k_at[s + 1] - (shape->q_at[s + 1] - n) + 1;
    check_zero_outside(c, &r, dv, shape->k_at[s], end);
    /* A softmax over one key alone is constant. */
    if (end - shape->k_at[s] > 1) check_zero_outside(c, &r, dk, shape->k_at[s], end);
    case_result_free(&r);
}

static void no_gradient_reaches_future_tokens_or_other_segments(void **state)
{
    (void)state;
    CaseGroup group = cases_of_attention();
    for (int b = 0; b < 3; b++) {
        Backend *be = backend(b);
        for (Index i = 0; i < group.count && be != NULL; i++) {
            if (strcmp(group.row[i].op->name, "attention_grad") != 0) continue;
            OpCase c;
            op_case_init(&c, group.row[i].op, group.row[i].size);
            for (Index s = 0; s < c.shape.S; s++) {
                Index q0 = c.shape.q_at[s], q1 = c.shape.q_at[s + 1];
                if (q0 == q1) continue;
                one_query_alone(be, &c, s, q0);
                one_query_alone(be, &c, s, q0 + (q1 - q0) / 2);
                one_query_alone(be, &c, s, q1 - 1);
            }
            op_case_free(&c);
        }
        if (be != NULL) be->free(be);
    }
}

/* ---- NaN and infinity -------------------------------------------------------------------- */

static void a_row_of_nan_logits_spoils_only_its_own_loss(void **state)
{
    (void)state;
    enum { N = 5, V = 20 };
    for (int b = 0; b < 2; b++) { /* host memory */
        Backend *be = backend(b);
        float    z[N * V], clean[N * V];
        double   loss[N], want[N];
        int32_t  best[N], label[N] = {1, 19, 7, 0, 4};
        for (Index i = 0; i < N * V; i++) z[i] = clean[i] = entropy(1, i);
        be->cross_entropy(be, clean, want, best, label, N, V, 1.0f);
        z[2 * V + 11] = NAN;
        z[3 * V + 11] = HUGE_VALF;
        be->cross_entropy(be, z, loss, best, label, N, V, 1.0f);
        assert_true(isnan(loss[2]) && !isfinite(loss[3]));
        assert_true(isnan(z[2 * V]) && best[2] >= 0 && best[2] < V);
        assert_int_equal(best[3], 11);
        for (int n = 0; n < N; n++) {
            if (n == 2 || n == 3) continue;
            assert_true(loss[n] == want[n]);
            assert_memory_equal(z + n * V, clean + n * V, V * sizeof *z);
        }
        be->free(be);
    }
}

static void the_sum_of_squares_is_finite_exactly_when_every_number_is(void **state)
{
    (void)state;
    static const Index sizes[] = {1, 7, 64, 1000, 20011};
    static const float bad[] = {NAN, HUGE_VALF, -HUGE_VALF};
    static float       x[20011];
    for (int b = 0; b < 2; b++) {
        Backend *be = backend(b);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            Index n = sizes[i];
            for (Index j = 0; j < n; j++) x[j] = j % 2 ? FLT_MAX : -FLT_MAX;
            double want = (double)n * (double)FLT_MAX * (double)FLT_MAX;
            assert_close(be->sum_squares(be, x, n) / want, 1.0, 1e-12);
            for (int k = 0; k < 9; k++) {
                Index at = k < 3 ? 0 : k < 6 ? n / 2 : n - 1;
                float old = x[at];
                x[at] = bad[k % 3];
                assert_true(!isfinite(be->sum_squares(be, x, n)));
                x[at] = old;
            }
        }
        be->free(be);
    }
}

/* ---- dropout ----------------------------------------------------------------------------- */

enum { DROP_N = 200, DROP_D = 101 };

static void dropout_numbers_belong_to_the_row_key_not_to_the_packing(void **state)
{
    (void)state;
    static float    x[DROP_N * DROP_D], all[DROP_N * DROP_D], some[3 * DROP_D];
    static uint64_t key[DROP_N];
    for (Index i = 0; i < DROP_N * DROP_D; i++) x[i] = 1.0f;
    for (Index n = 0; n < DROP_N; n++) key[n] = (uint64_t)n;
    Dropout drop = {.p = 0.25f, .seed = 11, .stream = 3, .row_key = key};

    for (int b = 0; b < 2; b++) {
        Backend *be = backend(b);
        be->dropout(be, all, x, drop, DROP_N, DROP_D, false);
        const uint64_t few[] = {150, 2, 77};
        Dropout        packed = {.p = 0.25f, .seed = 11, .stream = 3, .row_key = few};
        be->dropout(be, some, x, packed, 3, DROP_D, false);
        Index kept = 0;
        for (int i = 0; i < 3; i++) {
            assert_memory_equal(some + i * DROP_D, all + few[i] * DROP_D, DROP_D * sizeof *all);
        }
        for (Index i = 0; i < DROP_N * DROP_D; i++) {
            unsigned bits = dropout_keep4(&drop, key[i / DROP_D], i % DROP_D / 4 * 4);
            float    want = bits >> i % DROP_D % 4 & 1u ? 1.0f / 0.75f : 0.0f;
            assert_close((double)all[i], (double)want, 1e-6);
            kept += all[i] != 0.0f;
        }
        /* 20200 coins of 0.75: six standard deviations are 370. */
        assert_close((double)kept, 0.75 * DROP_N * DROP_D, 370.0);

        drop.stream = 4;
        be->dropout(be, some, x, drop, 3, DROP_D, false);
        drop.stream = 3;
        assert_memory_not_equal(some, all, sizeof some);
        be->free(be);
    }
}

static void dropout_of_zero_changes_nothing(void **state)
{
    (void)state;
    float    x[33], y[33];
    uint64_t key[] = {5};
    for (Index i = 0; i < 33; i++) x[i] = entropy(2, i);
    for (int b = 0; b < 2; b++) {
        Backend *be = backend(b);
        be->dropout(be, y, x, (Dropout){.p = 0.0f, .row_key = key}, 1, 33, false);
        assert_memory_equal(y, x, sizeof x);
        be->free(be);
    }
}

/* ---- backends ---------------------------------------------------------------------------- */

static void memory_goes_to_a_backend_and_comes_back(void **state)
{
    (void)state;
    for (int b = 0; b < 3; b++) {
        Backend *be = backend(b);
        if (be == NULL) continue;
        Error  err = {0};
        float  host[100], back[100], *p = be->alloc(be, sizeof host, &err);
        float *q = be->alloc(be, sizeof host, &err), *none = be->alloc(be, 0, &err);
        assert_ok(&err);
        assert_int_equal((uintptr_t)p % 64, 0);
        for (Index i = 0; i < 100; i++) host[i] = entropy(4, i);
        be->put(be, p, host, sizeof host);
        be->copy(be, q, p, sizeof host);
        be->zero(be, p, sizeof host / 2);
        be->get(be, back, q, sizeof host);
        assert_memory_equal(back, host, sizeof host);
        be->get(be, back, p, sizeof host);
        for (int i = 0; i < 50; i++) assert_true(back[i] == 0.0f);
        assert_memory_equal(back + 50, host + 50, sizeof host / 2);
        be->zero(be, q, 0);
        be->release(be, p);
        be->release(be, q);
        be->release(be, none);
        be->free(be);
    }
}

static void backends_are_found_by_name(void **state)
{
    (void)state;
    Error    err = {0};
    Backend *be = backend_create("auto", 0, &err);
    assert_ok(&err);
    assert_non_null(be);
    be->free(be);
    be = backend_create("gpu", 0, &err);
    assert_null(be);
    assert_error(&err, ERR_INPUT, "gpu");
}

static void ref_life(void *context, Error *err)
{
    Backend *be = backend_create(context, 2, err);
    if (be == NULL) return;
    bool  ok = be->reserve(be, 1 << 20, err);
    void *block = ok ? be->alloc(be, 1000, err) : NULL;
    if (block != NULL) be->release(be, block);
    be->free(be);
}

static void backends_survive_every_failed_allocation(void **state)
{
    (void)state;
    char ref_name[] = "ref", cpu_name[] = "cpu", cuda_name[] = "cuda";
    use_cuda(NULL);
    assert_true(torture(ref_life, ref_name) >= 4);
    assert_true(torture(ref_life, cpu_name) >= 4);
    assert_true(torture(ref_life, cuda_name) >= 4);
}

TEST_GROUP(op_facts, cmocka_unit_test(activations_have_known_values),
           cmocka_unit_test(rmsnorm_divides_by_the_root_mean_square),
           cmocka_unit_test(rope_turns_pairs_half_a_head_apart),
           cmocka_unit_test(attention_averages_values_by_softmax),
           cmocka_unit_test(the_first_adamw_step_moves_by_the_learning_rate),
           cmocka_unit_test(sgd_keeps_momentum_as_torch_does),
           cmocka_unit_test(no_gradient_reaches_future_tokens_or_other_segments),
           cmocka_unit_test(a_row_of_nan_logits_spoils_only_its_own_loss),
           cmocka_unit_test(the_sum_of_squares_is_finite_exactly_when_every_number_is),
           cmocka_unit_test(dropout_numbers_belong_to_the_row_key_not_to_the_packing),
           cmocka_unit_test(dropout_of_zero_changes_nothing),
           cmocka_unit_test(memory_goes_to_a_backend_and_comes_back),
           cmocka_unit_test(backends_are_found_by_name),
           cmocka_unit_test(backends_survive_every_failed_allocation));
