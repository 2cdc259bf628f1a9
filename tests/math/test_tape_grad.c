/*
 * Every op of the tape: gradients against finite differences on ref, cpu against ref, and every
 * choice of frozen inputs against the run where all are trained.
 */

#include "tests/math/test_tape_rig.h"

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
    for (int n = 0; n < 2 * rig_case_count; n++) {
        const RigCase *c = &rig_cases[n / 2];
        Rig           *rig = rig_create(true, &err);
        assert_ok(&err);
        rig->as_params = n % 2 != 0;
        rig->poison = true;
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
    for (int n = 0; n < rig_case_count; n++) {
        const RigCase *c = &rig_cases[n];
        Rig           *ref = rig_create(true, &err), *cpu = rig_create(false, &err);
        assert_ok(&err);
        assert_true(rig_leaves(ref, c->leaf, &err) && rig_leaves(cpu, c->leaf, &err));
        cpu->poison = true;
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
    for (int n = 0; n < 2 * rig_case_count; n++) {
        const RigCase *c = &rig_cases[n / 2];
        Rig           *rig = rig_create(true, &err), *all = rig_create(true, &err);
        float         *want[RIG_LEAVES] = {NULL};
        double         value;
        assert_ok(&err);
        rig->as_params = n % 2 != 0;
        rig->poison = true;
        assert_true(rig_leaves(rig, c->leaf, &err) && rig_leaves(all, c->leaf, &err));
        assert_true(rig_gradients(all, c->forward, &value, &err));
        for (int i = 0; i < all->leaves; i++) want[i] = all->leaf[i].grad;
        unsigned step = rig->leaves > 8 ? 37 : 1;
        for (unsigned mask = 0; mask < 1u << rig->leaves; mask += step) {
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
