/*
 * The table of bytes at the top of tape.c, op by op: what is kept when the caller has done with
 * everything, and how high the counters rise on the way forward and back. Inputs are params
 * here, so that only the op's own arrays are counted; births of gradients have their own test.
 */

#include "tests/math/test_tape_rig.h"

typedef struct OpBytes {
    const char *name;
    unsigned    frozen;             /* bits of leaves */
    Index       in, out;            /* floats of tape inputs (ops in place) and of a new result */
    Index       own, scratch;       /* forward: arrays besides */
    Index       kept;               /* after the forward */
    Index       back, back_scratch; /* backward: arrays beside kept and the gradient of out */
} OpBytes;

/* Sizes are those of the case of this name; N = 6, r = 2, in = 5, out = 3 where they matter. */
static const OpBytes table[] = {
    {"embed", 0, 0, 18, 0, 0, 0, 0, 0},
    {"embed", 1, 0, 18, 0, 0, 0, 0, 0},
    {"rmsnorm", 0, 0, 20, 4, 0, 4, 0, 0},
    {"rmsnorm", 3, 0, 20, 4, 0, 0, 0, 0},
    {"linear", 0, 0, 12, 0, 0, 0, 0, 0},
    {"lowrank", 0, 18, 0, 12, 6, 12, 0, 12},
    {"lowrank", 0x10, 18, 0, 12, 6, 12, 0, 12},
    {"lowrank", 0x08, 18, 0, 12, 6, 0, 0, 12},
    {"lowrank", 0x16, 18, 0, 12, 6, 12, 0, 0},
    {"lowrank, dropout", 0, 18, 0, 12, 30, 12, 0, 12 + 30},
    {"lowrank, dropout", 0xf, 18, 0, 12, 30, 0, 0, 0},
    {"materialized", 0, 0, 12, 15, 0, 15, 15, 0},
    {"materialized", 0x1a, 0, 12, 15, 0, 15, 0, 0},
    {"embed_lowrank", 0, 18, 0, 12, 0, 12, 0, 12},
    {"embed_lowrank", 2, 18, 0, 12, 0, 12, 0, 0},
    {"rope", 0, 48, 0, 0, 0, 0, 0, 0},
    {"attention", 0, 0, 40, 20, 0, 60, 0, 0},
    {"attention, prefix", 0x7, 0, 40, 20, 0, 60, 0, 0},
    {"attention", 0x7, 0, 40, 20, 0, 0, 0, 0},
    {"swiglu", 0, 0, 20, 0, 0, 0, 0, 0},
    {"gelu", 0, 0, 20, 0, 0, 0, 0, 0},
    {"add", 0, 20, 0, 0, 0, 0, 0, 0},
    {"dropout", 0, 0, 30, 0, 0, 0, 0, 0},
    {"gather", 0, 0, 15, 0, 0, 0, 0, 0},
};

static Index floats_now(const Rig *rig, MemPurpose purpose)
{
    return (Index)(mem_use(rig->account, MEM_HOST, purpose).in_use / (int64_t)sizeof(float));
}

static Index floats_peak(const Rig *rig, MemPurpose purpose)
{
    return (Index)(mem_use(rig->account, MEM_HOST, purpose).peak_in_use / (int64_t)sizeof(float));
}

static void expect(const OpBytes *row, const char *what, Index got, Index want)
{
    if (got == want) return;
    fail_msg("%s, frozen %x: %s %d floats, expected %d", row->name, row->frozen, what, (int)got,
             (int)want);
}

static void seed_gradient(Rig *rig, Tensor *y)
{
    bool add;
    assert_true(tape_grad_write(rig->tape, y, &add));
    rig->be->put(rig->be, y->grad, rig_random(y->rows * y->cols, 7),
                 y->rows * y->cols * (Index)sizeof(float));
}

static void check_row(Rig *rig, const OpBytes *row, const RigCase *c)
{
    Tape *tape = rig->tape;
    rig->frozen = row->frozen;
    mem_reset_peaks(rig->account);
    rig_begin(rig, true);
    Tensor *y = c->forward(rig);
    assert_true(tape_ok(tape, NULL));
    expect(row, "forward peak", floats_peak(rig, MEM_ACTIVATIONS), row->in + row->out + row->own);
    expect(row, "forward scratch", floats_peak(rig, MEM_SCRATCH), row->scratch);

    Index n = y->rows * y->cols;
    bool  needs = y->needs_grad;
    tape_done(tape, y);
    expect(row, "kept", floats_now(rig, MEM_ACTIVATIONS),
           row->kept); /* out, too, where the op keeps it */
    if (needs) {
        seed_gradient(rig, y);
        mem_reset_peaks(rig->account);
        tape_walk_back(tape, 0);
        expect(row, "backward peak", floats_peak(rig, MEM_ACTIVATIONS), row->kept + n + row->back);
        expect(row, "backward scratch", floats_peak(rig, MEM_SCRATCH), row->back_scratch);
        /* The gradient of a leaf that the op worked on in place stays until the reset. */
        bool leaf = row->in > 0 && (row->frozen & 1u) == 0;
        expect(row, "after", floats_now(rig, MEM_ACTIVATIONS), leaf ? n : 0);
    }
    assert_int_equal(floats_now(rig, MEM_SCRATCH), 0);
    tape_reset(tape);
    assert_int_equal(floats_now(rig, MEM_ACTIVATIONS), 0);
}

static void every_op_takes_the_bytes_of_the_table(void **state)
{
    (void)state;
    Error err = {0};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        Rig           *rig = rig_create(true, &err);
        const RigCase *c = rig_case(table[i].name);
        assert_ok(&err);
        assert_true(rig_leaves(rig, c->leaf, &err));
        rig->as_params = true;
        check_row(rig, &table[i], c);
        rig_free(rig);
    }
}

/* ---- lifetimes along a chain ------------------------------------------------------------- */

/* x [4, 5] -> tanh -> a -> tanh -> b: what is alive after each event, in units of 20 floats. */
static void data_and_gradients_live_from_first_to_last_use(void **state)
{
    (void)state;
    Error          err = {0};
    const RigShape shape[RIG_LEAVES] = {{4, 5}};
    Rig           *rig = rig_create(true, &err);
    assert_true(rig_leaves(rig, shape, &err));
    Tape *tape = rig->tape;

    rig_begin(rig, true);
    Tensor *x = rig_input(rig, 0);
    Tensor *a = tape_activation(tape, ACT_TANH, x);
    Tensor *b = tape_activation(tape, ACT_TANH, a);
    tape_done(tape, x);
    tape_done(tape, a);
    assert_int_equal(floats_now(rig, MEM_ACTIVATIONS), 60); /* x and a kept, b the caller's */
    seed_gradient(rig, b);
    tape_done(tape, b);
    assert_int_equal(floats_now(rig, MEM_ACTIVATIONS), 60); /* x, a, db */

    mem_reset_peaks(rig->account);
    tape_walk_back(tape, 1);
    assert_int_equal(floats_peak(rig, MEM_ACTIVATIONS), 80); /* and da */
    assert_int_equal(floats_now(rig, MEM_ACTIVATIONS), 40);  /* x, da */
    tape_walk_back(tape, 0);
    assert_int_equal(floats_now(rig, MEM_ACTIVATIONS), 20); /* dx, a leaf's */
    tape_reset(tape);
    assert_int_equal(arena_live(tape->arena), 0);

    rig_begin(rig, false); /* without recording each is gone when done */
    x = rig_input(rig, 0);
    a = tape_activation(tape, ACT_TANH, x);
    tape_hold(tape, x);
    tape_done(tape, x);
    assert_int_equal(floats_now(rig, MEM_ACTIVATIONS), 40);
    tape_done(tape, x);
    tape_done(tape, a);
    assert_int_equal(arena_live(tape->arena), 0);
    rig_free(rig);
}

static void a_frozen_linear_keeps_nothing(void **state)
{
    (void)state;
    Error          err = {0};
    const RigCase *c = rig_case("linear");
    Rig           *rig = rig_create(true, &err);
    assert_true(rig_leaves(rig, c->leaf, &err));
    const WeightRef frozen = {.frozen = {rig_random(15, 3), DTYPE_F32, 3, 5}};
    rig_begin(rig, true);
    Tensor *x = rig_input(rig, 0);
    Tensor *y = tape_linear(rig->tape, x, frozen, rig_no_vector());
    tape_done(rig->tape, x);
    assert_true(y->needs_grad && rig->tape->nodes.count == 1);
    assert_int_equal(floats_now(rig, MEM_ACTIVATIONS), 12);
    tape_done(rig->tape, y);
    rig_free(rig);
}

/* y = tanh(x) + z: going back, dz is dy's buffer, and z's alone once y lets go. */
static void a_residual_hands_its_gradient_over(void **state)
{
    (void)state;
    Error          err = {0};
    const RigShape shape[RIG_LEAVES] = {{4, 5}, {4, 5}};
    Rig           *rig = rig_create(true, &err);
    assert_true(rig_leaves(rig, shape, &err));
    Tape *tape = rig->tape;

    rig_begin(rig, true);
    Tensor *x = rig_input(rig, 0), *z = rig_input(rig, 1);
    Tensor *y = tape_activation(tape, ACT_TANH, x); /* node 0 */
    y = tape_add(tape, y, z);                       /* node 1 */
    seed_gradient(rig, y);
    const float *buffer = y->grad;
    mem_reset_peaks(rig->account);
    Index before = floats_now(rig, MEM_ACTIVATIONS);
    tape_walk_back(tape, 1);
    assert_true(z->grad == buffer && y->grad == buffer);
    assert_int_equal(floats_peak(rig, MEM_ACTIVATIONS), before);
    tape_walk_back(tape, 0); /* dx is born, y lets go, z alone has the buffer */
    assert_true(z->grad == buffer && z->grad_next == NULL && y->grad == NULL);
    assert_int_equal(floats_now(rig, MEM_ACTIVATIONS), before + 20);
    tape_reset(tape);
    assert_int_equal(arena_live(tape->arena), 0);
    rig_free(rig);
}

static void logits_become_their_gradient_without_new_bytes(void **state)
{
    (void)state;
    Error          err = {0};
    const RigCase *c = rig_case("cross_entropy");
    Rig           *rig = rig_create(true, &err);
    assert_true(rig_leaves(rig, c->leaf, &err));
    mem_reset_peaks(rig->account);
    double value;
    assert_true(rig_gradients(rig, c->forward, &value, &err));
    assert_int_equal(mem_peak_in_use_total(rig->account), 24 * (Index)sizeof(float));
    rig_free(rig);
}

static void the_head_needs_one_chunk_of_logits(void **state)
{
    (void)state;
    Error          err = {0};
    const RigCase *c = rig_case("head_loss, several chunks");
    Rig           *rig = rig_create(true, &err);
    assert_true(rig_leaves(rig, c->leaf, &err));
    Index M = c->leaf[0].rows, D = c->leaf[0].cols, V = c->leaf[1].rows;
    rig->frozen = 6;
    mem_reset_peaks(rig->account);
    double value;
    assert_true(rig_gradients(rig, c->forward, &value, &err));
    assert_int_equal(floats_peak(rig, MEM_SCRATCH), TAPE_HEAD_CHUNK * V);
    /* x and its gradient; the weight and the bias are tape tensors here. */
    assert_int_equal(floats_peak(rig, MEM_ACTIVATIONS), 2 * M * D + V * D + V);
    mem_reset_peaks(rig->account);
    assert_true(rig_value(rig, c->forward, &value, &err));
    assert_int_equal(floats_peak(rig, MEM_ACTIVATIONS), M * D + V * D + V);
    rig_free(rig);
}

TEST_GROUP(tape_bytes, cmocka_unit_test(every_op_takes_the_bytes_of_the_table),
           cmocka_unit_test(data_and_gradients_live_from_first_to_last_use),
           cmocka_unit_test(a_frozen_linear_keeps_nothing),
           cmocka_unit_test(a_residual_hands_its_gradient_over),
           cmocka_unit_test(logits_become_their_gradient_without_new_bytes),
           cmocka_unit_test(the_head_needs_one_chunk_of_logits));
