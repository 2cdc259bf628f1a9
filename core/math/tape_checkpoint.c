/*
 * Gradient checkpointing (Chen et al. 2016): bytes against time.
 *
 * Forward, the part runs without recording, so all it made but its result goes back at once;
 * only x is kept. Going back over the checkpoint's node, the part runs again, now recording
 * behind that node; its new result takes over the gradient of the old one; the walk goes back
 * over the new nodes only; then all the part made is dropped:
 *
 *   nodes    | ... | checkpoint |                    before
 *            | ... | checkpoint | part's nodes |     while the walk is inside
 *            | ... | checkpoint |                    after
 *
 * x is the same tensor both times and gradients are added in the same order as without a
 * checkpoint, so every gradient has the same bits. A part may contain checkpoints.
 */

#include "core/math/tape_internal.h"

/* `to` gets the gradient of `from`, which has none afterwards. */
static void grad_move(Tape *tape, Tensor *to, Tensor *from)
{
    tape_grad_share(to, from);
    tape_grad_release(tape, from);
}

static Tensor *run_part(Tape *tape, const TapeNode *node, Tensor *x)
{
    tape->layer = node->as.checkpoint.layer;
    return node->as.checkpoint.part(tape, node->as.checkpoint.context, x);
}

static void checkpoint_backward(Tape *tape, TapeNode *node)
{
    Index   first_tensor = tape->tensors.count, first_node = tape->nodes.count;
    Tensor *again = run_part(tape, node, node->in[0]);
    if (tape_failed(tape)) return;
    CHECK(again != node->in[0] && again->needs_grad);
    tape_done(tape, again);
    grad_move(tape, again, node->out);
    tape_walk_back(tape, first_node);
    if (!tape_failed(tape)) tape_drop_tensors(tape, first_tensor);
}

static const TapeOp checkpoint_op = {"checkpoint", "checkpoint_grad", checkpoint_backward};

/* Run the part with x kept, so that an op in place on x is caught here and not in the walk. */
static Tensor *run_unrecorded(Tape *tape, TapePart *part, void *context, Tensor *x)
{
    tape->recording = false;
    x->kept++;
    Tensor *y = part(tape, context, x);
    x->kept--;
    tape->recording = true;
    return y;
}

Tensor *tape_checkpoint(Tape *tape, TapePart *part, void *context, int layer, Tensor *x)
{
    if (!tape_enter(tape, &checkpoint_op)) return &tape->dead;
    int outside = tape->layer;
    tape->layer = layer;
    Tensor *y = tape->recording ? run_unrecorded(tape, part, context, x) : part(tape, context, x);
    tape->layer = outside;
    if (tape_failed(tape) || !tape->recording) return tape_leave(tape, y);

    CHECK(y != x && y != NULL);
    TapeNode *node = tape_record(tape, &checkpoint_op, y, y->needs_grad);
    if (node != NULL) {
        tape_input(node, 0, x);
        tape_keep(node, x);
        node->as.checkpoint.part = part;
        node->as.checkpoint.context = context;
        node->as.checkpoint.layer = layer;
    }
    return tape_leave(tape, y);
}
