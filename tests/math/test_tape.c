/* The tape's life: what it records, how it fails, and that nothing is ever left behind. */

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/math/test_tape_rig.h"

static Rig *rig_for(const RigCase *c)
{
    Error err = {0};
    Rig  *rig = rig_create(true, &err);
    assert_ok(&err);
    assert_true(rig_leaves(rig, c->leaf, &err));
    rig->as_params = true;
    return rig;
}

static Index leaf_bytes(const RigLeaf *leaf)
{
    return leaf->shape.rows * leaf->shape.cols * (Index)sizeof(float);
}

/* All values, or all gradients, one after the other. */
static Index snapshot(const Rig *rig, bool gradients, char *out, Index room)
{
    Index at = 0;
    for (int i = 0; i < rig->leaves; i++) {
        const RigLeaf *leaf = &rig->leaf[i];
        assert_true(at + leaf_bytes(leaf) <= room);
        memcpy(out + at, gradients ? leaf->grad : leaf->value, (size_t)leaf_bytes(leaf));
        at += leaf_bytes(leaf);
    }
    return at;
}

enum { ROOM = 1 << 14, NET_FROZEN = 0xfff & ~(1u << 5 | 1u << 6) }; /* only LoRA's A and B train */

/* ---- what is recorded -------------------------------------------------------------------- */

static void frozen_inputs_stop_the_walk(void **state)
{
    (void)state;
    const RigCase *c = rig_case("net");
    Rig           *rig = rig_for(c);
    rig->frozen = 0xfff;
    rig_begin(rig, true);
    (void)c->forward(rig);
    assert_int_equal(rig->tape->nodes.count, 0);
    assert_int_equal(arena_live(rig->tape->arena), 0);

    /* In the first layer nothing below the adapter is remembered: norm, q, k and v are not. */
    rig->frozen = NET_FROZEN;
    rig_begin(rig, true);
    (void)c->forward(rig);
    const TapeNode *first = tape_store_at(&rig->tape->nodes, 0);
    assert_string_equal(first->op->name, "lowrank");
    assert_false(tape_wants(first, 0));
    assert_true(first->ends_grad);
    /* lowrank, rope, attention, linear | norm, gate, up, swiglu, down, add; later layers: 16,
     * without the linear and the rope of k and the linear of v none */
    assert_int_equal(rig->tape->nodes.count, 10 + 3 * 16);
    rig_free(rig);
}

static void without_recording_nothing_is_kept(void **state)
{
    (void)state;
    const RigCase *c = rig_case("net, checkpoints");
    Rig           *rig = rig_for(c);
    rig_begin(rig, false);
    (void)c->forward(rig);
    assert_true(tape_ok(rig->tape, NULL));
    assert_int_equal(rig->tape->nodes.count, 0);
    assert_int_equal(arena_live(rig->tape->arena), 0);
    rig_free(rig);
}

static void steps_repeat_bit_for_bit_without_new_memory(void **state)
{
    (void)state;
    static char    first[ROOM], again[ROOM];
    Error          err = {0};
    const RigCase *c = rig_case("net");
    Rig           *rig = rig_for(c);
    double         loss, loss_again;
    assert_true(rig_gradients(rig, c->forward, &loss, &err));
    Index   n = snapshot(rig, true, first, ROOM);
    int64_t blocks = mem_live_blocks();
    int64_t reserved = mem_use(rig->account, MEM_HOST, MEM_ACTIVATIONS).reserved;
    Index   chunks = rig->tape->tensors.chunks + rig->tape->nodes.chunks;
    for (int step = 0; step < 3; step++) {
        assert_true(rig_gradients(rig, c->forward, &loss_again, &err));
        assert_int_equal(snapshot(rig, true, again, ROOM), n);
        assert_true(loss == loss_again);
        assert_memory_equal(first, again, (size_t)n);
        assert_int_equal(arena_live(rig->tape->arena), 0);
    }
    assert_int_equal(mem_live_blocks(), blocks);
    assert_int_equal(mem_use(rig->account, MEM_HOST, MEM_ACTIVATIONS).reserved, reserved);
    assert_int_equal(rig->tape->tensors.chunks + rig->tape->nodes.chunks, chunks);
    rig_free(rig);
}

static void gradients_of_params_are_added_to(void **state)
{
    (void)state;
    const RigCase *c = rig_case("linear");
    Rig           *rig = rig_for(c);
    static char    once[ROOM];
    Error          err = {0};
    double         loss;
    assert_true(rig_gradients(rig, c->forward, &loss, &err));
    snapshot(rig, true, once, ROOM);
    rig->keep_gradients = true; /* the owner did not zero them */
    assert_true(rig_gradients(rig, c->forward, &loss, &err));
    Index at = 0;
    for (int i = 0; i < rig->leaves; i++) {
        float one[ROOM / sizeof(float)];
        memcpy(one, once + at, (size_t)leaf_bytes(&rig->leaf[i]));
        Index n = leaf_bytes(&rig->leaf[i]) / (Index)sizeof(float);
        for (Index j = 0; j < n; j++) one[j] *= 2.0f;
        assert_tensor_close(rig->leaf[i].grad, one, n, 1e-6);
        at += leaf_bytes(&rig->leaf[i]);
    }
    rig_free(rig);
}

/* ---- failure and cancel ------------------------------------------------------------------ */

static void torture_net(void *context, Error *err)
{
    const RigCase *c = context;
    Rig           *rig = rig_create(true, err);
    double         loss;
    if (rig != NULL && rig_leaves(rig, c->leaf, err)) {
        for (int step = 0; step < 2 && err->code == ERR_NONE; step++) {
            (void)rig_gradients(rig, c->forward, &loss, err);
        }
        CHECK(arena_live(rig->tape->arena) == 0);
        CHECK(mem_in_use_total(rig->account) == 0);
    }
    rig_free(rig);
}

static void every_failed_allocation_leaves_a_clean_tape(void **state)
{
    (void)state;
    for (int i = 0; i < rig_case_count; i++) {
        RigCase c = rig_cases[i];
        assert_true(torture(torture_net, &c) > 3);
    }
}

static void check_cancel(const RigCase *c)
{
    static char values[ROOM], now[ROOM], gradients[ROOM];
    Rig        *rig = rig_for(c);
    Error       err = {0};
    double      loss;
    assert_true(rig_gradients(rig, c->forward, &loss, &err));
    int64_t looks = rig->tape->looks;
    assert_true(looks > 0);
    Index n = snapshot(rig, false, values, ROOM);
    snapshot(rig, true, gradients, ROOM);
    for (int64_t at = 0; at < looks; at++) {
        rig->tape->cancel_at = at;
        Error cancelled = {0};
        assert_false(rig_gradients(rig, c->forward, &loss, &cancelled));
        assert_error(&cancelled, ERR_CANCELLED, NULL);
        assert_int_equal(arena_live(rig->tape->arena), 0);
        snapshot(rig, false, now, ROOM);
        assert_memory_equal(values, now, (size_t)n);
    }
    rig->tape->cancel_at = -1;
    assert_true(rig_gradients(rig, c->forward, &loss, &err));
    assert_int_equal(rig->tape->looks, looks);
    snapshot(rig, true, now, ROOM);
    assert_memory_equal(gradients, now, (size_t)n);
    rig_free(rig);
}

static void a_cancel_at_any_op_leaves_a_clean_tape(void **state)
{
    (void)state;
    for (int i = 0; i < rig_case_count; i++) check_cancel(&rig_cases[i]);
}

static void a_request_stops_the_next_op_and_all_after_it(void **state)
{
    (void)state;
    Rig   *rig = rig_for(rig_case("linear"));
    Tape  *tape = rig->tape;
    Cancel cancel = {0};
    Error  err = {0};
    tape_begin(tape, true, &cancel);
    Tensor *x = tape_tensor(tape, 4, 5);
    cancel_request(&cancel);
    Tensor *dead = tape_activation(tape, ACT_TANH, x);
    assert_null(dead->data);
    assert_ptr_equal(tape_add(tape, dead, x), dead);
    assert_ptr_equal(tape_tensor(tape, 1, 1), dead);
    tape_hold(tape, dead);
    tape_done(tape, dead);
    assert_false(tape_backward(tape, &err));
    assert_error(&err, ERR_CANCELLED, NULL);
    assert_false(tape_ok(tape, NULL));
    tape_begin(tape, true, NULL);
    assert_true(tape_ok(tape, NULL));
    rig_free(rig);
}

/* ---- numbers ----------------------------------------------------------------------------- */

static Tensor *factored(Rig *rig)
{
    Tensor *x = rig_leaf(rig, 0);
    Tensor *y = tape_linear(rig->tape, x, rig_weight(rig, 1), rig_vector(rig, 2));
    return tape_lowrank(rig->tape, y, x, rig_leaf(rig, 3), rig_leaf(rig, 4), NULL, 1.7f,
                        (Dropout){.p = 0.0f});
}

static void the_materialized_product_has_the_same_gradients_and_other_bytes(void **state)
{
    (void)state;
    Error          err = {0};
    const RigCase *c = rig_case("materialized");
    Rig           *one = rig_for(c), *two = rig_for(c);
    double         loss_one, loss_two;
    one->frozen = two->frozen = 6;
    assert_true(rig_gradients(one, c->forward, &loss_one, &err));
    assert_true(rig_gradients(two, factored, &loss_two, &err));
    assert_close(loss_one, loss_two, 1e-5);
    for (int i = 0; i < one->leaves; i++) {
        Index n = leaf_bytes(&one->leaf[i]) / (Index)sizeof(float);
        assert_tensor_close(two->leaf[i].grad, one->leaf[i].grad, n, 1e-5);
    }
    assert_int_not_equal(mem_peak_in_use_total(one->account), mem_peak_in_use_total(two->account));
    rig_free(one);
    rig_free(two);
}

/* x = 1 and dy = 1: the result and dx are both the mask divided by 1 - p. */
static void dropout_goes_back_through_the_same_mask(void **state)
{
    (void)state;
    Rig           *rig = rig_for(rig_case("dropout"));
    Tape          *tape = rig->tape;
    const uint64_t keys[] = {4, 8, 15, 16, 23, 42};
    Dropout        drop = {.p = 0.5f, .seed = 3, .stream = 1, .row_key = keys};
    bool           add;
    rig_begin(rig, true);
    Tensor *x = rig_input(rig, 0);
    for (Index i = 0; i < 30; i++) x->data[i] = 1.0f;
    Tensor *y = tape_dropout(tape, x, drop);
    assert_true(tape_grad_write(tape, y, &add));
    memcpy(y->grad, x->data, 30 * sizeof(float));
    tape_walk_back(tape, 0);
    assert_memory_equal(x->grad, y->data, 30 * sizeof(float));
    double sum = 0.0;
    for (Index i = 0; i < 30; i++) sum += (double)y->data[i];
    assert_true(sum > 10.0 && sum < 50.0);
    rig_free(rig);
}

/* bf16 holds these weights exactly, so both storages must give the same bits. */
static void a_frozen_half_weight_goes_both_ways(void **state)
{
    (void)state;
    Rig        *rig = rig_for(rig_case("linear"));
    Tape       *tape = rig->tape;
    const float wide[15] = {0.5f, -1, 2, 0.25f, 1.5f, -0.75f, 3, 1, -2, 0.125f, 1, 4, -1, 2, 8};
    uint16_t    half[15];
    float       grads[2][20];
    for (int i = 0; i < 15; i++) {
        uint32_t bits;
        memcpy(&bits, &wide[i], sizeof bits);
        half[i] = (uint16_t)(bits >> 16);
    }
    const WeightRef weights[2] = {{.frozen = {wide, DTYPE_F32, 3, 5}},
                                  {.frozen = {half, DTYPE_BF16, 3, 5}}};
    rig->as_params = false;
    for (int i = 0; i < 2; i++) {
        double  loss = 0.0;
        int32_t labels[4] = {0, 2, 1, 2};
        Error   err = {0};
        rig_begin(rig, true);
        Tensor  *x = rig_leaf(rig, 0);
        Tensor  *y = tape_linear(tape, x, weights[i], rig_no_vector());
        LossSpec spec = {.labels = labels, .grad_scale = 0.25f, .loss_sum = &loss};
        tape_cross_entropy(tape, y, spec);
        assert_true(tape_backward(tape, &err));
        assert_true(loss > 0.0);
        memcpy(grads[i], x->grad, sizeof grads[i]);
    }
    assert_memory_equal(grads[0], grads[1], sizeof grads[0]);
    rig_free(rig);
}

static void row_losses_and_best_guesses_are_given_back(void **state)
{
    (void)state;
    Rig        *rig = rig_for(rig_case("cross_entropy"));
    const float z[6] = {0.0f, 3.0f, 0.0f, 5.0f, 0.0f, 0.0f};
    double      loss = 1.0, rows[2];
    int32_t     best[2], labels[2] = {1, 2};
    rig_begin(rig, true);
    Tensor *logits = tape_tensor(rig->tape, 2, 3);
    memcpy(logits->data, z, sizeof z);
    tape_cross_entropy(rig->tape, logits, (LossSpec){labels, 0.0f, &loss, rows, best});
    assert_true(tape_finish(rig->tape, NULL));
    assert_close(rows[0], 0.0949230, 1e-5); /* log(e^3 + 2) - 3 */
    assert_close(rows[1], 5.0133859, 1e-5); /* log(e^5 + 2) */
    assert_close(loss, 1.0 + rows[0] + rows[1], 1e-12);
    assert_true(best[0] == 1 && best[1] == 0);
    assert_memory_equal(logits->data, z, sizeof z); /* no gradient wanted: left alone */
    rig_free(rig);
}

/* A sum asked for by a function that has returned must not be written to any more. */
static void a_reset_gives_up_what_is_owed(void **state)
{
    (void)state;
    Rig    *rig = rig_for(rig_case("cross_entropy"));
    double  loss = 1.0;
    int32_t labels[2] = {1, 2};
    for (int finish = 0; finish < 2; finish++) {
        rig_begin(rig, true);
        Tensor *logits = tape_tensor(rig->tape, 2, 3);
        memset(logits->data, 0, 6 * sizeof(float));
        tape_cross_entropy(rig->tape, logits, (LossSpec){labels, 0.0f, &loss, NULL, NULL});
        if (finish) assert_true(tape_finish(rig->tape, NULL));
        tape_reset(rig->tape);
        assert_close(loss, finish ? 1.0 + 2.0 * 1.0986123 : 1.0, 1e-6); /* log(3) each */
    }
    rig_free(rig);
}

static void no_rows_are_fine(void **state)
{
    (void)state;
    const RigShape shapes[RIG_LEAVES] = {{0, 5}, {1, 5}, {5, 5}};
    const RigCase *c = rig_case("residual");
    Error          err = {0};
    Rig           *rig = rig_create(true, &err);
    double         loss;
    assert_true(rig_leaves(rig, shapes, &err));
    assert_true(rig_gradients(rig, c->forward, &loss, &err));
    assert_close(loss, 0.0, 0.0);
    rig_free(rig);
}

/* ---- samples and misuse ------------------------------------------------------------------ */

static void the_time_line_names_every_op_and_layer(void **state)
{
    (void)state;
    const RigCase *c = rig_case("net");
    Rig           *rig = rig_for(c);
    Error          err = {0};
    double         loss;
    assert_true(mem_timeline_start(rig->account, 1000, &err));
    assert_true(rig_gradients(rig, c->forward, &loss, &err));
    const MemSample *sample;
    Index            n = mem_timeline(rig->account, &sample);
    assert_int_equal(n, rig->tape->looks);
    assert_string_equal(sample[0].op, "embed");
    assert_int_equal(sample[0].layer, -1);
    assert_string_equal(sample[1].op, "rmsnorm");
    assert_int_equal(sample[1].layer, 0);
    assert_string_equal(sample[n - 1].op, "embed_grad");
    assert_string_equal(sample[n - 2].op, "rmsnorm_grad");
    assert_int_equal(sample[n - 2].layer, 0);
    mem_timeline_stop(rig->account);
    rig_free(rig);
}

static void rotate_kept_data(Rig *rig)
{
    Tensor *x = rig_input(rig, 0);
    (void)tape_activation(rig->tape, ACT_TANH, x);
    (void)tape_rope(rig->tape, x, NULL, NULL, NULL, 2, 4);
}

static void back_without_a_loss(Rig *rig)
{
    (void)tape_activation(rig->tape, ACT_TANH, rig_leaf(rig, 0));
    Error err = {0};
    if (!tape_backward(rig->tape, &err)) _exit(1);
}

static void done_too_often(Rig *rig)
{
    Tensor *x = rig_input(rig, 0);
    (void)tape_activation(rig->tape, ACT_TANH, x);
    tape_done(rig->tape, x);
    tape_done(rig->tape, x);
}

/* In a process of its own, because CHECK aborts. */
static bool panics(void (*misuse)(Rig *rig))
{
    Rig *rig = rig_for(rig_case("rope"));
    rig_begin(rig, true);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(STDERR_FILENO);
        misuse(rig);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    rig_free(rig);
    return WIFSIGNALED(status);
}

static void misuse_is_caught(void **state)
{
    (void)state;
    assert_true(panics(rotate_kept_data));
    assert_true(panics(back_without_a_loss));
    assert_true(panics(done_too_often));
}

TEST_GROUP(tape, cmocka_unit_test(frozen_inputs_stop_the_walk),
           cmocka_unit_test(without_recording_nothing_is_kept),
           cmocka_unit_test(steps_repeat_bit_for_bit_without_new_memory),
           cmocka_unit_test(gradients_of_params_are_added_to),
           cmocka_unit_test(every_failed_allocation_leaves_a_clean_tape),
           cmocka_unit_test(a_cancel_at_any_op_leaves_a_clean_tape),
           cmocka_unit_test(a_request_stops_the_next_op_and_all_after_it),
           cmocka_unit_test(the_materialized_product_has_the_same_gradients_and_other_bytes),
           cmocka_unit_test(dropout_goes_back_through_the_same_mask),
           cmocka_unit_test(a_frozen_half_weight_goes_both_ways),
           cmocka_unit_test(row_losses_and_best_guesses_are_given_back),
           cmocka_unit_test(a_reset_gives_up_what_is_owed), cmocka_unit_test(no_rows_are_fine),
           cmocka_unit_test(the_time_line_names_every_op_and_layer),
           cmocka_unit_test(misuse_is_caught));
