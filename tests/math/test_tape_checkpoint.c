/* Checkpoints: the same bits for fewer bytes. Failures inside them are in test_tape.c. */

#include <string.h>

#include "tests/math/test_tape_rig.h"

static int64_t peak_of(Rig *rig, const RigCase *c, double *loss)
{
    Error err = {0};
    mem_reset_peaks(rig->account);
    assert_true(rig_gradients(rig, c->forward, loss, &err));
    assert_ok(&err);
    return mem_peak_in_use_total(rig->account);
}

static Rig *net_rig(unsigned frozen, bool ref)
{
    Error err = {0};
    Rig  *rig = rig_create(ref, &err);
    assert_ok(&err);
    assert_true(rig_leaves(rig, rig_case("net")->leaf, &err));
    rig->frozen = frozen;
    rig->as_params = true;
    return rig;
}

static void assert_same_bits(const Rig *a, const Rig *b)
{
    for (int i = 0; i < a->leaves; i++) {
        Index n = a->leaf[i].shape.rows * a->leaf[i].shape.cols;
        assert_memory_equal(a->leaf[i].grad, b->leaf[i].grad, (size_t)n * sizeof(float));
    }
}

/* What trains: LoRA only; everything; everything but the embedding. */
static const unsigned frozen_sets[] = {0xfff & ~(1u << 5 | 1u << 6), 0, 1};

static void check_against_plain(const char *name, bool ref)
{
    for (size_t i = 0; i < sizeof frozen_sets / sizeof *frozen_sets; i++) {
        Rig    *plain = net_rig(frozen_sets[i], ref), *checked = net_rig(frozen_sets[i], ref);
        double  loss, loss_checked;
        int64_t peak = peak_of(plain, rig_case("net"), &loss);
        int64_t peak_checked = peak_of(checked, rig_case(name), &loss_checked);
        assert_true(loss == loss_checked);
        assert_same_bits(plain, checked);
        assert_true(peak_checked < peak);
        assert_int_equal(checked->tape->nodes.count, 0);
        rig_free(plain);
        rig_free(checked);
    }
}

static void checkpoints_give_the_same_bits_for_fewer_bytes(void **state)
{
    (void)state;
    check_against_plain("net, checkpoints", true);
    check_against_plain("net, checkpoints", false);
}

static void checkpoints_may_be_nested(void **state)
{
    (void)state;
    check_against_plain("net, nested checkpoints", true);
    check_against_plain("net, nested checkpoints", false);
}

/* Between forward and backward a checkpoint keeps its x and nothing else. */
static void a_checkpoint_keeps_only_its_input(void **state)
{
    (void)state;
    const RigCase *c = rig_case("net, checkpoints");
    Rig           *rig = net_rig(0, true);
    rig_begin(rig, true);
    (void)c->forward(rig);
    assert_int_equal(rig->tape->nodes.count, 5); /* embed and four layers */
    int64_t floats = mem_in_use_total(rig->account) / (int64_t)sizeof(float);
    assert_int_equal(floats, 4 * 48 + 48); /* four inputs, and the gradient of the last result */
    rig_free(rig);
}

static Tensor *tanh_twice(Tape *tape, void *context, Tensor *x)
{
    (void)context;
    Tensor *a = tape_activation(tape, ACT_TANH, x);
    Tensor *y = tape_activation(tape, ACT_TANH, a);
    tape_done(tape, a);
    return y;
}

/* In units of x: x, dy, the first tanh and the second, whose data go back before the walk; then
 * x, dy, the first tanh and its gradient. */
static void a_checkpoint_takes_the_bytes_of_the_table(void **state)
{
    (void)state;
    Rig  *rig = net_rig(0, true);
    Tape *tape = rig->tape;
    bool  add;
    rig_begin(rig, true);
    Tensor *x = rig_input(rig, 0);
    Tensor *y = tape_checkpoint(tape, tanh_twice, NULL, 0, x);
    tape_done(tape, x);
    assert_true(tape_grad_write(tape, y, &add));
    tape->be->zero(tape->be, y->grad, 40 * (Index)sizeof(float));
    tape_done(tape, y);
    mem_reset_peaks(rig->account);
    Index tensors = tape->tensors.count;
    tape_walk_back(tape, 0);
    assert_int_equal(mem_peak_in_use_total(rig->account), 4 * 40 * (Index)sizeof(float));
    assert_int_equal(mem_in_use_total(rig->account), 40 * (Index)sizeof(float)); /* dx */
    assert_int_equal(tape->tensors.count, tensors);
    rig_free(rig);
}

TEST_GROUP(tape_checkpoint, cmocka_unit_test(checkpoints_give_the_same_bits_for_fewer_bytes),
           cmocka_unit_test(checkpoints_may_be_nested),
           cmocka_unit_test(a_checkpoint_takes_the_bytes_of_the_table),
           cmocka_unit_test(a_checkpoint_keeps_only_its_input));
