/*
 * Rotary positions and attention. Attention keeps its inputs, its result and one number per row
 * and head (lse), from which the backward computes the probabilities again: the T x T matrix
 * never exists whole.
 */

#include "core/math/tape_internal.h"

/* ---- rope, in place ----------------------------------------------------------------------
 * A rotation's gradient is the inverse rotation, in place on the gradient. */

enum { ROPE_X };

static void rope_backward(Tape *tape, TapeNode *node)
{
    Tensor *x = node->out;
    if (!tape_grad_add(tape, x)) return; /* it has one; a shared one is copied */
    tape->be->rope(tape->be, x->grad, node->as.rope.cos, node->as.rope.sin, node->as.rope.position,
                   x->rows, node->as.rope.heads, node->as.rope.K, true);
}

static const TapeOp rope_op = {"rope", "rope_grad", rope_backward};

Tensor *tape_rope(Tape *tape, Tensor *x, const float *cos, const float *sin,
                  const int32_t *position, Index heads, Index K)
{
    if (!tape_enter(tape, &rope_op)) return &tape->dead;
    tape_check_in_place(x);
    CHECK(x->cols == heads * K);
    tape->be->rope(tape->be, x->data, cos, sin, position, x->rows, heads, K, false);

    TapeNode *node = tape_record(tape, &rope_op, x, x->needs_grad);
    if (node != NULL) {
        tape_input(node, ROPE_X, x);
        node->as.rope.cos = cos;
        node->as.rope.sin = sin;
        node->as.rope.position = position;
        node->as.rope.heads = heads;
        node->as.rope.K = K;
    }
    return tape_leave(tape, x);
}

/* ---- attention --------------------------------------------------------------------------- */

enum { ATTN_Q, ATTN_K, ATTN_V, ATTN_PK, ATTN_PV, ATTN_INPUTS };

static const float *data_of(const Tensor *t)
{
    return t != NULL ? t->data : NULL;
}

static void attention_backward(Tape *tape, TapeNode *node)
{
    float *grad[ATTN_INPUTS] = {NULL};
    for (int i = 0; i < ATTN_INPUTS; i++) {
        if (!tape_wants(node, i)) continue;
        if (!tape_grad_add(tape, node->in[i])) return;
        grad[i] = node->in[i]->grad;
    }
    Tensor *const *in = node->in;
    tape->be->attention_grad(tape->be, &node->as.attn, grad[ATTN_Q], grad[ATTN_K], grad[ATTN_V],
                             grad[ATTN_PK], grad[ATTN_PV], node->out->grad, node->out->data,
                             node->saved->data, in[ATTN_Q]->data, in[ATTN_K]->data,
                             in[ATTN_V]->data, data_of(in[ATTN_PK]), data_of(in[ATTN_PV]));
}

static const TapeOp attention_op = {"attention", "attention_grad", attention_backward};

static void attention_check(Tensor *const in[ATTN_INPUTS], const AttnShape *s)
{
    CHECK(in[ATTN_Q] != in[ATTN_K] && in[ATTN_Q] != in[ATTN_V] && in[ATTN_K] != in[ATTN_V]);
    Index n_q = s->q_at[s->S] + s->fill, n_k = s->k_at[s->S] + s->fill, kv = s->G * s->K;
    CHECK(in[ATTN_Q]->rows == n_q && in[ATTN_Q]->cols == s->H * s->K);
    CHECK(in[ATTN_K]->rows == n_k && in[ATTN_K]->cols == kv);
    CHECK(in[ATTN_V]->rows == n_k && in[ATTN_V]->cols == kv);
    CHECK((in[ATTN_PK] == NULL) == (s->P == 0) && (in[ATTN_PV] == NULL) == (s->P == 0));
    for (int i = ATTN_PK; i <= ATTN_PV; i++) {
        CHECK(in[i] == NULL || (in[i]->rows == s->P && in[i]->cols == kv));
    }
}

/* The workspace for the longest segment, forward and backward. */
static bool attention_reserve(Tape *tape, const AttnShape *shape)
{
    Index longest = 0;
    for (Index s = 0; s < shape->S; s++) {
        Index n_k = shape->k_at[s + 1] - shape->k_at[s];
        if (n_k > longest) longest = n_k;
    }
    Backend *be = tape->be;
    Index    bytes = be->attention_workspace(longest + shape->P, shape->K);
    return be->reserve(be, bytes, &tape->error);
}

Tensor *tape_attention(Tape *tape, Tensor *q, Tensor *k, Tensor *v, Tensor *pk, Tensor *pv,
                       AttnShape shape)
{
    if (!tape_enter(tape, &attention_op)) return &tape->dead;
    Tensor *in[ATTN_INPUTS] = {q, k, v, pk, pv};
    attention_check(in, &shape);
    Tensor *o = tape_tensor(tape, q->rows, q->cols);
    Tensor *lse = tape_tensor(tape, q->rows, shape.H);
    if (tape_failed(tape) || !attention_reserve(tape, &shape)) return &tape->dead;
    tape->be->attention(tape->be, &shape, o->data, lse->data, q->data, k->data, v->data,
                        data_of(pk), data_of(pv));

    bool needs = false;
    for (int i = 0; i < ATTN_INPUTS; i++) needs = needs || tape_needs(in[i]);
    TapeNode *node = tape_record(tape, &attention_op, o, needs);
    for (int i = 0; node != NULL && i < ATTN_INPUTS; i++) {
        tape_input(node, i, in[i]);
        tape_keep(node, in[i]);
    }
    if (node != NULL) {
        tape_keep(node, o);
        tape_keep(node, lse);
        node->saved = lse;
        node->as.attn = shape;
    }
    tape_done(tape, lse);
    return tape_leave(tape, o);
}
