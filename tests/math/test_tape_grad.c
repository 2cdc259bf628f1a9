/*
 * Every op of the tape: gradients against finite differences on ref, cpu against ref, and every
 * choice of frozen inputs against the run where all are trained.
 */

#include <stdio.h>
#include <string.h>

#include "tests/math/test_tape_rig.h"

#define LEAVES(...) {__VA_ARGS__}

static const int32_t  ids[] = {3, 0, 4, 3, 1, 3};
static const int32_t  positions[] = {0, 1, 2, 0, 1, 2};
static const uint64_t keys[] = {11, 12, 13, 21, 22, 23};
static const Index    rows[] = {0, 2, 5};
static const Index    q_at[] = {0, 3, 5}, k_at[] = {0, 3, 7};

static Dropout some_dropout(void)
{
    return (Dropout){.p = 0.4f, .seed = 5, .stream = 9, .row_key = keys};
}

static Dropout no_dropout(void)
{
    return (Dropout){.p = 0.0f};
}

/* ---- one op each ------------------------------------------------------------------------- */

static Tensor *embed(Rig *rig)
{
    return tape_embed(rig->tape, rig_weight(rig, 0), ids, 6);
}

static Tensor *rmsnorm(Rig *rig)
{
    return tape_rmsnorm(rig->tape, rig_leaf(rig, 0), rig_vector(rig, 1), 1e-6f);
}

static Tensor *linear(Rig *rig)
{
    return tape_linear(rig->tape, rig_leaf(rig, 0), rig_weight(rig, 1), rig_vector(rig, 2));
}

static Tensor *linear_without_bias(Rig *rig)
{
    return tape_linear(rig->tape, rig_leaf(rig, 0), rig_weight(rig, 1), rig_no_vector());
}

static Tensor *lowrank(Rig *rig)
{
    return tape_lowrank(rig->tape, rig_input(rig, 0), rig_leaf(rig, 1), rig_leaf(rig, 2),
                        rig_leaf(rig, 3), rig_leaf(rig, 4), 1.7f, no_dropout());
}

static Tensor *lowrank_dropout(Rig *rig)
{
    return tape_lowrank(rig->tape, rig_input(rig, 0), rig_leaf(rig, 1), rig_leaf(rig, 2),
                        rig_leaf(rig, 3), NULL, 1.7f, some_dropout());
}

static Tensor *materialized(Rig *rig)
{
    return tape_lowrank_materialized(rig->tape, rig_leaf(rig, 0), rig_weight(rig, 1),
                                     rig_vector(rig, 2), rig_leaf(rig, 3), rig_leaf(rig, 4), 1.7f);
}

static Tensor *embed_lowrank(Rig *rig)
{
    return tape_embed_lowrank(rig->tape, rig_input(rig, 0), ids, rig_leaf(rig, 1),
                              rig_leaf(rig, 2), 1.7f);
}

/* Angles of three positions, K = 4. */
static const float cosines[] = {1.0f, 1.0f, 0.54f, 0.99995f, -0.416f, 0.9998f};
static const float sines[] = {0.0f, 0.0f, 0.841f, 0.01f, 0.909f, 0.02f};

static Tensor *rope(Rig *rig)
{
    return tape_rope(rig->tape, rig_input(rig, 0), cosines, sines, positions, 2, 4);
}

static AttnShape two_segments(Index P)
{
    return (AttnShape){.S = 2,
                       .q_at = q_at,
                       .k_at = k_at,
                       .H = 4,
                       .G = 2,
                       .K = 2,
                       .P = P,
                       .scale = 0.8f};
}

static Tensor *attention(Rig *rig)
{
    return tape_attention(rig->tape, rig_leaf(rig, 0), rig_leaf(rig, 1), rig_leaf(rig, 2), NULL,
                          NULL, two_segments(0));
}

static Tensor *attention_prefix(Rig *rig)
{
    return tape_attention(rig->tape, rig_leaf(rig, 0), rig_leaf(rig, 1), rig_leaf(rig, 2),
                          rig_leaf(rig, 3), rig_leaf(rig, 4), two_segments(2));
}

static Tensor *swiglu(Rig *rig)
{
    return tape_swiglu(rig->tape, rig_leaf(rig, 0), rig_leaf(rig, 1));
}

static Tensor *gelu(Rig *rig)
{
    return tape_activation(rig->tape, ACT_GELU, rig_leaf(rig, 0));
}

static Tensor *tanh_activation(Rig *rig)
{
    return tape_activation(rig->tape, ACT_TANH, rig_leaf(rig, 0));
}

static Tensor *add(Rig *rig)
{
    return tape_add(rig->tape, rig_input(rig, 0), rig_leaf(rig, 1));
}

static Tensor *dropout(Rig *rig)
{
    return tape_dropout(rig->tape, rig_leaf(rig, 0), some_dropout());
}

static Tensor *gather(Rig *rig)
{
    return tape_gather(rig->tape, rig_leaf(rig, 0), rows, 3);
}

/* ---- losses ------------------------------------------------------------------------------ */

enum { MANY = 2 * TAPE_HEAD_CHUNK + 3 };

static const int32_t *labels(Index V)
{
    static int32_t label[MANY];
    for (int i = 0; i < MANY; i++) label[i] = (int32_t)((i * 7 + 1) % V);
    return label;
}

static LossSpec spec_of(Rig *rig, Index V)
{
    return (LossSpec){.labels = labels(V), .grad_scale = 1.0f, .loss_sum = &rig->loss};
}

static Tensor *head_loss(Rig *rig)
{
    tape_head_loss(rig->tape, rig_leaf(rig, 0), rig_weight(rig, 1), rig_vector(rig, 2),
                   spec_of(rig, rig->leaf[1].shape.rows));
    return NULL;
}

static Tensor *cross_entropy(Rig *rig)
{
    Tensor *logits = rig_input(rig, 0);
    tape_cross_entropy(rig->tape, logits, spec_of(rig, logits->cols));
    return NULL;
}

static Tensor *cross_entropy_held(Rig *rig)
{
    Tensor *logits = rig_leaf(rig, 0);
    tape_hold(rig->tape, logits);
    tape_cross_entropy(rig->tape, logits, spec_of(rig, logits->cols));
    return NULL;
}

static Tensor *two_losses(Rig *rig)
{
    Tensor *x = rig_leaf(rig, 0);
    tape_cross_entropy(rig->tape, x, spec_of(rig, 5));
    Tensor *again = rig_leaf(rig, 1);
    WeightRef head = rig_weight(rig, 2);
    tape_head_loss(rig->tape, again, head, rig_no_vector(), spec_of(rig, 4));
    tape_head_loss(rig->tape, again, head, rig_no_vector(), spec_of(rig, 3));
    return NULL;
}

/* ---- several ops: what in-place ops, shared inputs and residuals do together ------------- */

/* q = linear(x), LoRA and rotation in place; x is used three times. */
static Tensor *in_place_chain(Rig *rig)
{
    Tape   *tape = rig->tape;
    Tensor *x = rig_leaf(rig, 0);
    Tensor *q = tape_linear(tape, x, rig_weight(rig, 1), rig_vector(rig, 2));
    q = tape_lowrank(tape, q, x, rig_leaf(rig, 3), rig_leaf(rig, 4), NULL, 0.6f, some_dropout());
    q = tape_rope(tape, q, cosines, sines, positions, 2, 4);
    return tape_add(tape, q, x);
}

/* The residual's x goes on into a later op and an earlier one: accumulation on a shared buffer. */
static Tensor *residual(Rig *rig)
{
    Tape   *tape = rig->tape;
    Tensor *x = rig_leaf(rig, 0);
    Tensor *n = tape_rmsnorm(tape, x, rig_vector(rig, 1), 1e-6f);
    Tensor *y = tape_linear(tape, n, rig_weight(rig, 2), rig_no_vector());
    tape_done(tape, n);
    Tensor *between = tape_activation(tape, ACT_SILU, x);
    y = tape_add(tape, y, x);
    Tensor *z = tape_swiglu(tape, y, between);
    tape_done(tape, between);
    z = tape_add(tape, z, y);
    tape_done(tape, y);
    return z;
}

/* dx shares dq when the rotation must turn dq back. */
static Tensor *rope_under_residual(Rig *rig)
{
    Tape   *tape = rig->tape;
    Tensor *x = rig_leaf(rig, 0);
    Tensor *q = tape_linear(tape, x, rig_weight(rig, 1), rig_no_vector());
    q = tape_rope(tape, q, cosines, sines, positions, 2, 4);
    return tape_add(tape, q, x);
}

/* Three tensors share one gradient. */
static Tensor *three_summands(Rig *rig)
{
    Tape   *tape = rig->tape;
    Tensor *a = rig_leaf(rig, 0), *b = rig_leaf(rig, 1);
    Tensor *y = tape_activation(tape, ACT_TANH, a);
    y = tape_add(tape, y, a);
    y = tape_add(tape, y, b);
    y = tape_add(tape, y, b);
    Tensor *z = tape_dropout(tape, y, some_dropout());
    tape_done(tape, y);
    return z;
}

/* Attention with keys and values from one linear map each and a trained prefix. */
static Tensor *block(Rig *rig)
{
    Tape   *tape = rig->tape;
    Tensor *x = rig_leaf(rig, 0);
    static const Index at[] = {0, 3, 6};
    AttnShape shape = {.S = 2, .q_at = at, .k_at = at, .H = 2, .G = 1, .K = 4, .scale = 0.5f};

    Tensor *n = tape_rmsnorm(tape, x, rig_vector(rig, 1), 1e-6f);
    Tensor *q = tape_linear(tape, n, rig_weight(rig, 2), rig_no_vector());
    Tensor *k = tape_linear(tape, n, rig_weight(rig, 3), rig_no_vector());
    Tensor *v = tape_linear(tape, n, rig_weight(rig, 4), rig_vector(rig, 5));
    v = tape_lowrank(tape, v, n, rig_leaf(rig, 6), rig_leaf(rig, 7), NULL, 2.0f, no_dropout());
    tape_done(tape, n);
    q = tape_rope(tape, q, cosines, sines, positions, 2, 4);
    k = tape_rope(tape, k, cosines, sines, positions, 1, 4);
    Tensor *o = tape_attention(tape, q, k, v, NULL, NULL, shape);
    tape_done(tape, q);
    tape_done(tape, k);
    tape_done(tape, v);
    Tensor *y = tape_linear(tape, o, rig_weight(rig, 8), rig_no_vector());
    tape_done(tape, o);
    y = tape_add(tape, y, x);
    Tensor *picked = tape_gather(tape, y, rows, 3);
    tape_done(tape, y);
    tape_head_loss(tape, picked, rig_weight(rig, 9), rig_no_vector(), spec_of(rig, 5));
    tape_done(tape, picked);
    return NULL;
}

static const RigCase cases[] = {
    {"embed", embed, LEAVES({5, 3}), 0},
    {"rmsnorm", rmsnorm, LEAVES({4, 5}, {1, 5}), 0},
    {"linear", linear, LEAVES({4, 5}, {3, 5}, {1, 3}), 0},
    {"linear without bias", linear_without_bias, LEAVES({4, 5}, {3, 5}), 0},
    {"lowrank", lowrank, LEAVES({6, 3}, {6, 5}, {2, 5}, {3, 2}, {1, 3}), 0},
    {"lowrank, dropout", lowrank_dropout, LEAVES({6, 3}, {6, 5}, {2, 5}, {3, 2}), 0},
    {"materialized", materialized, LEAVES({4, 5}, {3, 5}, {1, 3}, {2, 5}, {3, 2}), 0},
    {"embed_lowrank", embed_lowrank, LEAVES({6, 3}, {2, 5}, {3, 2}), 0},
    {"rope", rope, LEAVES({6, 8}), 0},
    {"attention", attention, LEAVES({5, 8}, {7, 4}, {7, 4}), 0},
    {"attention, prefix", attention_prefix,
     LEAVES({5, 8}, {7, 4}, {7, 4}, {2, 4}, {2, 4}), 0},
    {"swiglu", swiglu, LEAVES({4, 5}, {4, 5}), 0},
    {"gelu", gelu, LEAVES({4, 5}), 0},
    {"tanh", tanh_activation, LEAVES({4, 5}), 0},
    {"add", add, LEAVES({4, 5}, {4, 5}), 0},
    {"dropout", dropout, LEAVES({6, 5}), 0},
    {"gather", gather, LEAVES({6, 5}), 0},
    {"head_loss", head_loss, LEAVES({4, 5}, {3, 5}, {1, 3}), 0},
    {"head_loss, several chunks", head_loss, LEAVES({MANY, 2}, {3, 2}, {1, 3}), 3e-3},
    {"cross_entropy", cross_entropy, LEAVES({4, 6}), 0},
    {"cross_entropy, several chunks", cross_entropy, LEAVES({MANY, 3}), 3e-3},
    {"cross_entropy, logits held", cross_entropy_held, LEAVES({MANY, 3}), 3e-3},
    {"two losses", two_losses, LEAVES({4, 6}, {5, 3}, {5, 3}), 0},
    {"in-place chain", in_place_chain, LEAVES({6, 8}, {8, 8}, {1, 8}, {2, 8}, {8, 2}), 0},
    {"residual", residual, LEAVES({4, 5}, {1, 5}, {5, 5}), 0},
    {"rope under residual", rope_under_residual, LEAVES({6, 8}, {8, 8}), 0},
    {"three summands", three_summands, LEAVES({6, 4}, {6, 4}), 0},
    {"block", block,
     LEAVES({6, 8}, {1, 8}, {8, 8}, {4, 8}, {4, 8}, {1, 4}, {2, 8}, {4, 2}, {8, 8}, {5, 8}), 0},
};
enum { CASES = sizeof cases / sizeof *cases };

/* ---- the tests --------------------------------------------------------------------------- */

static Index leaf_count(const RigLeaf *leaf)
{
    return leaf->shape.rows * leaf->shape.cols;
}

/* The central difference for element j of leaf i. */
static double slope(Rig *rig, const RigCase *c, int i, Index j)
{
    Error  err = {0};
    float *value = &rig->leaf[i].value[j], old = *value;
    double up = 0.0, down = 0.0;
    float  h = 0.004f;
    *value = old + h;
    float high = *value;
    bool  ok = rig_value(rig, c->forward, &up, &err);
    *value = old - h;
    float low = *value;
    ok = ok && rig_value(rig, c->forward, &down, &err);
    *value = old;
    assert_ok(&err);
    assert_true(ok);
    return (up - down) / ((double)high - (double)low);
}

static void check_leaf(Rig *rig, const RigCase *c, int i)
{
    static float want[4096], got[4096];
    Index        n = leaf_count(&rig->leaf[i]), step = n > 200 ? n / 50 : 1, m = 0;
    for (Index j = 0; j < n; j += step, m++) {
        want[m] = (float)slope(rig, c, i, j);
        got[m] = rig->leaf[i].grad[j];
    }
    double off = test_relative_error(got, want, m);
    double tolerance = c->tolerance > 0 ? c->tolerance : 1e-3;
    if (!(off <= tolerance)) fail_msg("%s: leaf %d is off by %g", c->name, i, off);
}

static void gradients_match_finite_differences(void **state)
{
    (void)state;
    Error err = {0};
    for (int n = 0; n < 2 * CASES; n++) {
        const RigCase *c = &cases[n / 2];
        Rig           *rig = rig_create(true, &err);
        assert_ok(&err);
        rig->as_params = n % 2 != 0;
        assert_true(rig_leaves(rig, c->leaf, &err));
        double recorded = 0.0, plain = 0.0;
        assert_true(rig_gradients(rig, c->forward, &recorded, &err));
        assert_true(rig_value(rig, c->forward, &plain, &err));
        if (recorded != plain) fail_msg("%s: recording changes the value", c->name);
        for (int i = 0; i < rig->leaves; i++) check_leaf(rig, c, i);
        assert_int_equal(arena_live(rig->tape->arena), 0);
        rig_free(rig);
    }
}

static void cpu_agrees_with_ref(void **state)
{
    (void)state;
    Error err = {0};
    for (int n = 0; n < CASES; n++) {
        const RigCase *c = &cases[n];
        Rig           *ref = rig_create(true, &err), *cpu = rig_create(false, &err);
        assert_ok(&err);
        assert_true(rig_leaves(ref, c->leaf, &err) && rig_leaves(cpu, c->leaf, &err));
        double want = 0.0, got = 0.0;
        assert_true(rig_gradients(ref, c->forward, &want, &err));
        assert_true(rig_gradients(cpu, c->forward, &got, &err));
        assert_close(got, want, 1e-5 * (1.0 + (want < 0 ? -want : want)));
        for (int i = 0; i < ref->leaves; i++) {
            double off = test_relative_error(cpu->leaf[i].grad, ref->leaf[i].grad,
                                             leaf_count(&ref->leaf[i]));
            if (!(off <= 2e-5)) fail_msg("%s: leaf %d is off by %g", c->name, i, off);
        }
        rig_free(ref);
        rig_free(cpu);
    }
}

/* With some leaves frozen: no gradient for them, the same gradients for the others. */
static void check_frozen(Rig *rig, const RigCase *c, float *const all[RIG_LEAVES])
{
    Error  err = {0};
    double value;
    assert_true(rig_gradients(rig, c->forward, &value, &err));
    for (int i = 0; i < rig->leaves; i++) {
        const RigLeaf *leaf = &rig->leaf[i];
        Index          n = leaf_count(leaf);
        if ((rig->frozen >> i & 1u) == 0) {
            double off = test_relative_error(leaf->grad, all[i], n);
            if (!(off <= 1e-6)) {
                fail_msg("%s: with %x frozen leaf %d is off by %g", c->name, rig->frozen, i, off);
            }
            continue;
        }
        for (Index j = 0; j < n; j++) {
            if (leaf->grad[j] != 0) fail_msg("%s: frozen leaf %d has a gradient", c->name, i);
        }
    }
}

static void every_choice_of_frozen_inputs_gives_the_other_gradients(void **state)
{
    (void)state;
    Error err = {0};
    for (int n = 0; n < 2 * CASES; n++) {
        const RigCase *c = &cases[n / 2];
        Rig           *rig = rig_create(true, &err), *all = rig_create(true, &err);
        float         *want[RIG_LEAVES] = {NULL};
        double         value;
        assert_ok(&err);
        rig->as_params = n % 2 != 0;
        assert_true(rig_leaves(rig, c->leaf, &err) && rig_leaves(all, c->leaf, &err));
        assert_true(rig_gradients(all, c->forward, &value, &err));
        for (int i = 0; i < all->leaves; i++) want[i] = all->leaf[i].grad;
        for (unsigned mask = 0; mask < 1u << rig->leaves; mask++) {
            rig->frozen = mask;
            check_frozen(rig, c, want);
        }
        rig_free(rig);
        rig_free(all);
    }
}

TEST_GROUP(tape_gradients, cmocka_unit_test(gradients_match_finite_differences),
           cmocka_unit_test(cpu_agrees_with_ref),
           cmocka_unit_test(every_choice_of_frozen_inputs_gives_the_other_gradients));
