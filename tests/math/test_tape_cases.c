/*
 * The forwards that tests of the tape run: each op alone, the losses, and small nets in which
 * ops in place, shared inputs and residuals meet.
 */

#include "tests/math/test_tape_rig.h"

#include <string.h>

#define LEAVES(...)                                                                                \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

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
    return tape_embed_lowrank(rig->tape, rig_input(rig, 0), ids, rig_leaf(rig, 1), rig_leaf(rig, 2),
                              1.7f);
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
    return (AttnShape){
        .S = 2, .q_at = q_at, .k_at = k_at, .H = 4, .G = 2, .K = 2, .P = P, .scale = 0.8f};
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
    tape_cross_entropy(rig->tape, logits, spec_of(rig, rig->leaf[0].shape.cols));
    return NULL;
}

static Tensor *cross_entropy_held(Rig *rig)
{
    Tensor *logits = rig_leaf(rig, 0);
    tape_hold(rig->tape, logits);
    tape_cross_entropy(rig->tape, logits, spec_of(rig, rig->leaf[0].shape.cols));
    return NULL;
}

static Tensor *four_losses(Rig *rig)
{
    Tensor *x = rig_leaf(rig, 0);
    tape_cross_entropy(rig->tape, x, spec_of(rig, 5));
    Tensor   *again = rig_leaf(rig, 1);
    WeightRef head = rig_weight(rig, 2);
    tape_head_loss(rig->tape, again, head, rig_no_vector(), spec_of(rig, 4));
    tape_head_loss(rig->tape, again, head, rig_no_vector(), spec_of(rig, 3));
    tape_cross_entropy(rig->tape, again, spec_of(rig, 3));
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

/* No loss depends on what tanh gives. */
static Tensor *unused_result(Rig *rig)
{
    Tensor *x = rig_leaf(rig, 0);
    Tensor *y = tape_activation(rig->tape, ACT_GELU, x);
    tape_done(rig->tape, tape_activation(rig->tape, ACT_TANH, x));
    return y;
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
    Tape              *tape = rig->tape;
    Tensor            *x = rig_leaf(rig, 0);
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

/* ---- a net of four layers that share their weights -------------------------------------- */

enum { TABLE, GAIN, WQ, WK, WV, LORA_A, LORA_B, WO, GATE, UP, DOWN, HEAD };

/* Attention with LoRA on q, then SwiGLU with a branch beside it; each with its residual. */
static Tensor *net_attention(Tape *tape, Rig *rig, Tensor *x)
{
    static const Index at[] = {0, 3, 6};
    AttnShape shape = {.S = 2, .q_at = at, .k_at = at, .H = 2, .G = 1, .K = 4, .scale = 0.5f};

    Tensor *n = tape_rmsnorm(tape, x, rig_vector(rig, GAIN), 1e-6f);
    Tensor *q = tape_linear(tape, n, rig_weight(rig, WQ), rig_no_vector());
    Tensor *k = tape_linear(tape, n, rig_weight(rig, WK), rig_no_vector());
    Tensor *v = tape_linear(tape, n, rig_weight(rig, WV), rig_no_vector());
    q = tape_lowrank(tape, q, n, rig_leaf(rig, LORA_A), rig_leaf(rig, LORA_B), NULL, 2.0f,
                     some_dropout());
    tape_done(tape, n);
    q = tape_rope(tape, q, cosines, sines, positions, 2, 4);
    k = tape_rope(tape, k, cosines, sines, positions, 1, 4);
    Tensor *o = tape_attention(tape, q, k, v, NULL, NULL, shape);
    tape_done(tape, q);
    tape_done(tape, k);
    tape_done(tape, v);
    Tensor *y = tape_linear(tape, o, rig_weight(rig, WO), rig_no_vector());
    tape_done(tape, o);
    return tape_add(tape, y, x);
}

static Tensor *net_layer(Tape *tape, void *context, Tensor *x)
{
    Rig    *rig = context;
    Tensor *h = net_attention(tape, rig, x);
    Tensor *n = tape_rmsnorm(tape, h, rig_vector(rig, GAIN), 1e-6f);
    Tensor *gate = tape_linear(tape, n, rig_weight(rig, GATE), rig_no_vector());
    Tensor *up = tape_linear(tape, n, rig_weight(rig, UP), rig_no_vector());
    tape_done(tape, n);
    Tensor *s = tape_swiglu(tape, gate, up);
    tape_done(tape, gate);
    tape_done(tape, up);
    Tensor *y = tape_linear(tape, s, rig_weight(rig, DOWN), rig_no_vector());
    tape_done(tape, s);
    y = tape_add(tape, y, h);
    tape_done(tape, h);
    return y;
}

static Tensor *net_layer_checked(Tape *tape, void *context, Tensor *x)
{
    return tape_checkpoint(tape, net_layer, context, 1, x);
}

/* Two layers, each a checkpoint inside the caller's. */
static Tensor *net_two_layers(Tape *tape, void *context, Tensor *x)
{
    Tensor *h = net_layer_checked(tape, context, x);
    Tensor *y = net_layer_checked(tape, context, h);
    tape_done(tape, h);
    return y;
}

static Tensor *net_loss(Rig *rig, TapePart *part, int parts, bool checkpoint)
{
    Tape *tape = rig->tape;
    for (int i = 0; i < rig->leaves; i++) { /* outside of the parts, and alive for their rerun */
        Tensor *t = rig_leaf(rig, i);
        if (checkpoint) tape_hold(tape, t);
    }
    Tensor *x = tape_embed(tape, rig_weight(rig, TABLE), ids, 6);
    for (int i = 0; i < parts; i++) {
        tape_at_layer(tape, i);
        Tensor *y = checkpoint ? tape_checkpoint(tape, part, rig, i, x) : part(tape, rig, x);
        tape_done(tape, x);
        x = y;
    }
    tape_at_layer(tape, -1);
    tape_head_loss(tape, x, rig_weight(rig, HEAD), rig_no_vector(), spec_of(rig, 5));
    tape_done(tape, x);
    return NULL;
}

static Tensor *net_plain(Rig *rig)
{
    return net_loss(rig, net_layer, 4, false);
}

static Tensor *net_checkpoints(Rig *rig)
{
    return net_loss(rig, net_layer, 4, true);
}

static Tensor *net_nested(Rig *rig)
{
    return net_loss(rig, net_two_layers, 2, true);
}

#define NET_LEAVES                                                                                 \
    LEAVES({5, 8}, {1, 8}, {8, 8}, {4, 8}, {4, 8}, {2, 8}, {8, 2}, {8, 8}, {12, 8}, {12, 8},       \
           {8, 12}, {5, 8})

const RigCase rig_cases[] = {
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
    {"attention, prefix", attention_prefix, LEAVES({5, 8}, {7, 4}, {7, 4}, {2, 4}, {2, 4}), 0},
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
    {"four losses", four_losses, LEAVES({4, 6}, {5, 3}, {5, 3}), 0},
    {"in-place chain", in_place_chain, LEAVES({6, 8}, {8, 8}, {1, 8}, {2, 8}, {8, 2}), 0},
    {"residual", residual, LEAVES({4, 5}, {1, 5}, {5, 5}), 0},
    {"rope under residual", rope_under_residual, LEAVES({6, 8}, {8, 8}), 0},
    {"unused result", unused_result, LEAVES({4, 5}), 0},
    {"three summands", three_summands, LEAVES({6, 4}, {6, 4}), 0},
    {"block", block,
     LEAVES({6, 8}, {1, 8}, {8, 8}, {4, 8}, {4, 8}, {1, 4}, {2, 8}, {4, 2}, {8, 8}, {5, 8}), 0},
    {"net", net_plain, NET_LEAVES, 3e-3},
    {"net, checkpoints", net_checkpoints, NET_LEAVES, 3e-3},
    {"net, nested checkpoints", net_nested, NET_LEAVES, 3e-3},
};
const int rig_case_count = sizeof rig_cases / sizeof *rig_cases;

const RigCase *rig_case(const char *name)
{
    for (int i = 0; i < rig_case_count; i++) {
        if (strcmp(rig_cases[i].name, name) == 0) return &rig_cases[i];
    }
    fail_msg("no case is called %s", name);
    return NULL;
}
