/*
 * The tape: its life, what all ops share, and the walk back.
 *
 * How a node lives
 *
 *   An op computes at once. If its result needs a gradient and the tape records, it appends a
 *   node: the kind of op, the result `out`, the inputs, which of them want a gradient now
 *   (`wants`: an op in place later may change needs_grad), and the tensors whose data the
 *   gradient will read (`kept`: one data_ref each). The walk back takes the last node, lets its
 *   op add to the gradients of the wanted inputs, gives the kept data back, and forgets it. A
 *   node whose result no loss depends on has no gradient and is only given back.
 *
 *   Data lives as long as data_refs > 0: one for the caller until tape_done, one per node that
 *   keeps it. An op in place writes into its first tensor, so it CHECKs that no node keeps it.
 *
 *   A gradient is born when the first node adds to it and released when the node that ends_grad
 *   has gone back: the first one recorded with that tensor as its result. For y = linear(x)
 *   followed by lowrank and rope in place on y that is the linear, or the lowrank where the
 *   linear had nothing to remember. A tensor without any such node (a leaf that the caller gave
 *   needs_grad) keeps its gradient until tape_reset. A Param's is the owner's and never
 *   released here.
 *
 *   y += x (tape_add) gives x the gradient of y without copying; see tape_tensor.c.
 *
 * Failure. The first one is kept in tape->error; from then on every op returns tape->dead and
 * the walk stops. Nothing is unwound where it happened: every piece of the arena belongs to a
 * tensor of the tape, saved arrays and temporaries included, so tape_reset finds all of them.
 *
 * Bytes. Every array is float32, 4 bytes an element, counted under MEM_ACTIVATIONS; those in
 * [brackets] are temporaries under MEM_SCRATCH. Arrays are born in the order written. `out` is
 * the op's result: the caller's, alive until tape_done.
 *
 *   op                    born in forward          kept for the backward (only if recorded)
 *   embed                 out N*D                  -
 *   rmsnorm               out N*D, inv N           x, inv
 *   linear                out N*o                  x if W is trained
 *   lowrank               h N*r, [xd N*in], [ones] x if A is trained, h if B is trained
 *   lowrank_materialized  M o*in, out N*o          M; x if A, B or W is trained
 *   embed_lowrank         h r*N                    h if B is trained
 *   rope, add             -                        -
 *   attention             out N*H*K, lse N*H       q, k, v, pk, pv, out, lse
 *   swiglu                out N*F                  gate, up
 *   activation            out N*F                  x
 *   dropout, gather       out                      -
 *   head_loss             dx, [z C*V]              - (dx is the gradient of x)
 *   cross_entropy         -                        - (the logits' data become their gradient)
 *   checkpoint            what `part` bears        x
 *
 *   inv, lse, h, M that are not kept (no node, or frozen) go back before the op returns. xd is
 *   there only with dropout and goes back before the product with B; ones [N] only with a bias,
 *   last. Of [z], C = min(M, TAPE_HEAD_CHUNK); it goes back before head_loss returns; dx only
 *   where x needs a gradient, grad_scale is not 0 and the tape records. cross_entropy takes a
 *   copy dz [M*V] and a temporary [z C*V] only where someone else still holds the logits.
 *
 *   op                    born in backward, beside the gradients below
 *   lowrank               [db o] (trained bias), [dh N*r], [xd N*in] (with dropout)
 *   lowrank_materialized  dM o*in
 *   embed_lowrank         [dh r*N]
 *   checkpoint            what recording `part` bears, less its result, then its backward
 *   all others            -
 *
 *   [db] goes back before [dh] is born. [dh] and [xd] are there where A is trained or x wants a
 *   gradient; they are alive while the gradient of x is born and go back after it. dM goes back
 *   before the gradient of x is born.
 *
 *   Gradients: at its backward an op gives birth to the gradient (as large as the data) of each
 *   input that wants one and has none yet, in the order x; q, k, v, pk, pv; gate, up. add gives
 *   x the buffer of y: no new bytes, unless x has a gradient already (then it is added) or a
 *   sharer is written to while the other is alive (then the writer takes a copy); a shared
 *   buffer goes back when its last sharer lets go. After the op's arithmetic, kept arrays go
 *   back, then the gradient of `out` if this node ends it. Trained tensors have gradients of
 *   their own (MEM_GRADIENTS, the owner's).
 *
 *   checkpoint: in its backward the gradient of `out` passes to the new result, not copied, and
 *   the result's data go back before the walk.
 *
 *   The structs themselves (tensors, nodes, a few hundred bytes each) are the program's memory,
 *   not the account's. A memory sample is taken before each op, head_loss once per chunk; going
 *   back its op is called "..._grad".
 */

#include "core/math/tape_internal.h"

/* ---- life ------------------------------------------------------------------------------- */

Tape *tape_create(Backend *be, MemAccount *account, Error *err)
{
    Tape *tape = mem_alloc(mem_program(), MEM_SCRATCH, 1, sizeof *tape, err);
    if (tape == NULL) return NULL;
    tape->be = be;
    tape->account = account;
    tape->tensors.item_bytes = (Index)sizeof(Tensor);
    tape->nodes.item_bytes = (Index)sizeof(TapeNode);
    tape->losses.item_bytes = (Index)sizeof(TapeLoss);
    tape->layer = -1;
    tape->cancel_at = -1;
    tape->arena = arena_create(be, account, err);
    if (tape->arena == NULL) {
        tape_free(tape);
        return NULL;
    }
    return tape;
}

void tape_free(Tape *tape)
{
    if (tape == NULL) return;
    tape_reset(tape);
    tape_store_free(&tape->tensors);
    tape_store_free(&tape->nodes);
    tape_store_free(&tape->losses);
    arena_free(tape->arena);
    mem_free(tape);
}

Backend *tape_backend(const Tape *tape)
{
    return tape->be;
}

MemAccount *tape_account(const Tape *tape)
{
    return tape->account;
}

/* A device may still write losses to where they were asked to go: not after this. */
void tape_reset(Tape *tape)
{
    if (tape->losses.count > 0) tape_settle_losses(tape, false);
    tape_drop_tensors(tape, 0);
    tape->nodes.count = 0;
    tape->loss_last = false;
}

void tape_begin(Tape *tape, bool record, const Cancel *cancel)
{
    tape_reset(tape);
    tape->error = (Error){.code = ERR_NONE};
    tape->recording = record;
    tape->cancel = cancel;
    tape->layer = -1;
    tape->looks = 0;
}

bool tape_recording(const Tape *tape)
{
    return tape->recording;
}

void tape_at_layer(Tape *tape, int layer)
{
    tape->layer = layer;
}

bool tape_failed(const Tape *tape)
{
    return tape->error.code != ERR_NONE;
}

bool tape_ok(const Tape *tape, Error *err)
{
    if (!tape_failed(tape)) return true;
    (void)error_set(err, tape->error.code, "%s", tape->error.message);
    if (tape->error.hint[0] != '\0') (void)error_hint(err, "%s", tape->error.hint);
    return false;
}

bool tape_finish(Tape *tape, Error *err)
{
    tape_settle_losses(tape, true);
    return tape_ok(tape, err);
}

/* ---- the parts of an op ----------------------------------------------------------------- */

/* Between any two ops: go on? Names the memory samples from here on. */
static bool look(Tape *tape, const char *name, int layer)
{
    if (tape_failed(tape)) return false;
    if (cancel_requested(tape->cancel) || tape->looks++ == tape->cancel_at) {
        return error_set(&tape->error, ERR_CANCELLED, tr("stopped on request"));
    }
    mem_mark(tape->account, name, layer);
    return true;
}

bool tape_enter(Tape *tape, const TapeOp *op)
{
    if (!look(tape, op->name, tape->layer)) return false;
    tape->loss_last = op->backward == NULL;
    return true;
}

Tensor *tape_leave(Tape *tape, Tensor *y)
{
    return tape_failed(tape) ? &tape->dead : y;
}

TapeNode *tape_record(Tape *tape, const TapeOp *op, Tensor *out, bool needs)
{
    if (!needs || tape_failed(tape)) return NULL;
    bool first = !out->needs_grad;
    out->needs_grad = true;
    if (!tape->recording) return NULL;
    TapeNode *node = tape_store_add(&tape->nodes, &tape->error);
    if (node == NULL) return NULL;
    node->op = op;
    node->out = out;
    node->layer = tape->layer;
    node->ends_grad = first;
    return node;
}

void tape_input(TapeNode *node, int i, Tensor *t)
{
    CHECK(i >= 0 && i < TAPE_INPUTS);
    node->in[i] = t;
    if (tape_needs(t)) node->wants |= 1u << i;
}

bool tape_wants(const TapeNode *node, int i)
{
    return (node->wants >> i & 1u) != 0;
}

void tape_keep(TapeNode *node, Tensor *t)
{
    if (t == NULL || t->is_param) return;
    CHECK(node->kept_count < TAPE_KEPT && t->data_refs > 0);
    node->kept[node->kept_count++] = t;
    t->data_refs++;
    t->kept++;
}

void tape_check_in_place(const Tensor *y)
{
    CHECK(!y->is_param && y->kept == 0);
}

bool tape_needs(const Tensor *t)
{
    return t != NULL && t->needs_grad;
}

Mat tape_weight(WeightRef w)
{
    if (w.trained == NULL) return w.frozen;
    return (Mat){w.trained->data, DTYPE_F32, w.trained->rows, w.trained->cols};
}

const float *tape_vector(VectorRef v)
{
    return v.trained != NULL ? v.trained->data : v.frozen;
}

bool tape_reserve_mat(Tape *tape, Mat w)
{
    Backend *be = tape->be;
    return be->reserve(be, be->mat_workspace(w.dtype, w.cols), &tape->error);
}

/* ---- the walk back ---------------------------------------------------------------------- */

static void node_release(Tape *tape, TapeNode *node)
{
    for (int i = 0; i < node->kept_count; i++) {
        node->kept[i]->kept--;
        tape_done(tape, node->kept[i]);
    }
    if (node->ends_grad) tape_grad_release(tape, node->out);
}

void tape_walk_back(Tape *tape, Index base)
{
    while (tape->nodes.count > base) {
        /* A checkpoint appends nodes behind this one and takes them away again. */
        TapeNode *node = tape_store_at(&tape->nodes, tape->nodes.count - 1);
        if (!look(tape, node->op->grad_name, node->layer)) return;
        if (node->out->has_grad) node->op->backward(tape, node);
        if (tape_failed(tape)) return;
        node_release(tape, node);
        tape->nodes.count--;
    }
}

bool tape_backward(Tape *tape, Error *err)
{
    if (!tape_failed(tape)) {
        CHECK(tape->recording && tape->loss_last);
        tape->loss_last = false;
        tape_walk_back(tape, 0);
    }
    return tape_finish(tape, err);
}
