/*
 * Norm, activations, residual, dropout and rows picked out: ops of one line of mathematics,
 * whose formulas stand in ops.h.
 */

#include "core/math/tape_internal.h"

/* ---- rmsnorm ----------------------------------------------------------------------------- */

enum { NORM_X, NORM_GAIN };

static void rmsnorm_backward(Tape *tape, TapeNode *node)
{
    Tensor *x = node->in[NORM_X], *gain = node->in[NORM_GAIN];
    float  *dx = NULL, *dgain = NULL;
    if (tape_wants(node, NORM_X)) {
        if (!tape_grad_add(tape, x)) return;
        dx = x->grad;
    }
    if (tape_wants(node, NORM_GAIN)) {
        if (!tape_grad_add(tape, gain)) return;
        dgain = gain->grad;
    }
    tape->be->rmsnorm_grad(tape->be, dx, dgain, node->out->grad, x->data, node->as.gain,
                           node->saved->data, x->rows, x->cols);
}

static const TapeOp rmsnorm_op = {"rmsnorm", "rmsnorm_grad", rmsnorm_backward};

Tensor *tape_rmsnorm(Tape *tape, Tensor *x, VectorRef gain, float eps)
{
    if (!tape_enter(tape, &rmsnorm_op)) return &tape->dead;
    CHECK(gain.trained == NULL || gain.trained->cols == x->cols);
    const float *w = tape_vector(gain);
    Tensor      *y = tape_tensor(tape, x->rows, x->cols);
    Tensor      *inv = tape_tensor(tape, x->rows, 1);
    if (tape_failed(tape)) return &tape->dead;
    tape->be->rmsnorm(tape->be, y->data, inv->data, x->data, w, x->rows, x->cols, eps);

    bool      needs = x->needs_grad || tape_needs(gain.trained);
    TapeNode *node = tape_record(tape, &rmsnorm_op, y, needs);
    if (node != NULL) {
        tape_input(node, NORM_X, x);
        tape_input(node, NORM_GAIN, gain.trained);
        tape_keep(node, x);
        tape_keep(node, inv);
        tape_keep(node, gain.trained);
        node->saved = inv;
        node->as.gain = w;
    }
    tape_done(tape, inv);
    return tape_leave(tape, y);
}

/* ---- swiglu ------------------------------------------------------------------------------ */

enum { SWIGLU_GATE, SWIGLU_UP };

static void swiglu_backward(Tape *tape, TapeNode *node)
{
    Tensor *gate = node->in[SWIGLU_GATE], *up = node->in[SWIGLU_UP];
    float  *dgate = NULL, *dup = NULL;
    if (tape_wants(node, SWIGLU_GATE)) {
        if (!tape_grad_add(tape, gate)) return;
        dgate = gate->grad;
    }
    if (tape_wants(node, SWIGLU_UP)) {
        if (!tape_grad_add(tape, up)) return;
        dup = up->grad;
    }
    tape->be->swiglu_grad(tape->be, dgate, dup, node->out->grad, gate->data, up->data,
                          tape_count(gate));
}

static const TapeOp swiglu_op = {"swiglu", "swiglu_grad", swiglu_backward};

Tensor *tape_swiglu(Tape *tape, Tensor *gate, Tensor *up)
{
    if (!tape_enter(tape, &swiglu_op)) return &tape->dead;
    CHECK(gate != up && gate->rows == up->rows && gate->cols == up->cols);
    Tensor *y = tape_tensor(tape, gate->rows, gate->cols);
    if (tape_failed(tape)) return &tape->dead;
    tape->be->swiglu(tape->be, y->data, gate->data, up->data, tape_count(gate));

    TapeNode *node = tape_record(tape, &swiglu_op, y, gate->needs_grad || up->needs_grad);
    if (node != NULL) {
        tape_input(node, SWIGLU_GATE, gate);
        tape_input(node, SWIGLU_UP, up);
        tape_keep(node, gate);
        tape_keep(node, up);
    }
    return tape_leave(tape, y);
}

/* ---- activation -------------------------------------------------------------------------- */

static void activation_backward(Tape *tape, TapeNode *node)
{
    Tensor *x = node->in[0];
    if (!tape_grad_add(tape, x)) return;
    tape->be->activation_grad(tape->be, node->as.activation, x->grad, node->out->grad, x->data,
                              tape_count(x));
}

static const TapeOp activation_op = {"activation", "activation_grad", activation_backward};

Tensor *tape_activation(Tape *tape, Activation kind, Tensor *x)
{
    if (!tape_enter(tape, &activation_op)) return &tape->dead;
    Tensor *y = tape_tensor(tape, x->rows, x->cols);
    if (tape_failed(tape)) return &tape->dead;
    tape->be->activation(tape->be, kind, y->data, x->data, tape_count(x));

    TapeNode *node = tape_record(tape, &activation_op, y, x->needs_grad);
    if (node != NULL) {
        tape_input(node, 0, x);
        tape_keep(node, x);
        node->as.activation = kind;
    }
    return tape_leave(tape, y);
}

/* ---- add: y += x, in place ---------------------------------------------------------------
 * dx = dy, and the gradient of the old y is dy too, where it stands. x takes the same buffer
 * when it has no gradient yet; see tape_tensor.c for what happens at the next write. */

static void add_backward(Tape *tape, TapeNode *node)
{
    Tensor *x = node->in[0], *y = node->out;
    if (!x->has_grad && !x->is_param) {
        tape_grad_share(x, y);
    } else if (tape_grad_add(tape, x)) {
        tape->be->add(tape->be, x->grad, x->grad, y->grad, tape_count(x));
    }
}

static const TapeOp add_op = {"add", "add_grad", add_backward};

Tensor *tape_add(Tape *tape, Tensor *y, Tensor *x)
{
    if (!tape_enter(tape, &add_op)) return &tape->dead;
    tape_check_in_place(y);
    CHECK(y != x && y->rows == x->rows && y->cols == x->cols);
    tape->be->add(tape->be, y->data, y->data, x->data, tape_count(x));

    TapeNode *node = tape_record(tape, &add_op, y, x->needs_grad);
    if (node != NULL) tape_input(node, 0, x);
    return tape_leave(tape, y);
}

/* ---- dropout ----------------------------------------------------------------------------- */

static void dropout_backward(Tape *tape, TapeNode *node)
{
    Tensor *x = node->in[0];
    bool    add;
    if (!tape_grad_write(tape, x, &add)) return;
    tape->be->dropout(tape->be, x->grad, node->out->grad, node->as.drop, x->rows, x->cols, add);
}

static const TapeOp dropout_op = {"dropout", "dropout_grad", dropout_backward};

Tensor *tape_dropout(Tape *tape, Tensor *x, Dropout drop)
{
    if (!tape_enter(tape, &dropout_op)) return &tape->dead;
    Tensor *y = tape_tensor(tape, x->rows, x->cols);
    if (tape_failed(tape)) return &tape->dead;
    tape->be->dropout(tape->be, y->data, x->data, drop, x->rows, x->cols, false);

    TapeNode *node = tape_record(tape, &dropout_op, y, x->needs_grad);
    if (node != NULL) {
        tape_input(node, 0, x);
        node->as.drop = drop;
    }
    return tape_leave(tape, y);
}

/* ---- gather: y[m] = x[rows[m]] ----------------------------------------------------------- */

static void gather_backward(Tape *tape, TapeNode *node)
{
    Tensor *x = node->in[0], *y = node->out;
    if (!tape_grad_add(tape, x)) return;
    tape->be->gather_grad(tape->be, x->grad, y->grad, node->as.rows, y->rows, y->cols);
}

static const TapeOp gather_op = {"gather", "gather_grad", gather_backward};

Tensor *tape_gather(Tape *tape, Tensor *x, const Index *rows, Index M)
{
    if (!tape_enter(tape, &gather_op)) return &tape->dead;
    Tensor *y = tape_tensor(tape, M, x->cols);
    if (tape_failed(tape)) return &tape->dead;
    tape->be->gather(tape->be, y->data, x->data, rows, M, x->cols);

    TapeNode *node = tape_record(tape, &gather_op, y, x->needs_grad);
    if (node != NULL) {
        tape_input(node, 0, x);
        node->as.rows = rows;
    }
    return tape_leave(tape, y);
}
