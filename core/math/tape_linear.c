/*
 * Ops that look rows up in a matrix or multiply with one: embed, linear, and the materialised
 * LoRA product, which is kept for comparison with tape_lowrank.
 *
 * A frozen matrix costs nothing but the product with it: no gradient of its own, and x is not
 * kept, because only dW = dy^T x would read it.
 */

#include "core/math/tape_internal.h"

/* ---- embed: y[n] = table[ids[n]] --------------------------------------------------------- */

enum { EMBED_TABLE };

static void embed_backward(Tape *tape, TapeNode *node)
{
    Tensor *table = node->in[EMBED_TABLE], *y = node->out;
    if (!tape_grad_add(tape, table)) return;
    tape->be->embed_grad(tape->be, table->grad, y->grad, node->as.embed.ids, y->rows, table->rows,
                         table->cols);
}

static const TapeOp embed_op = {"embed", "embed_grad", embed_backward};

Tensor *tape_embed(Tape *tape, WeightRef table, const int32_t *ids, Index N)
{
    if (!tape_enter(tape, &embed_op)) return &tape->dead;
    Mat     W = tape_weight(table);
    Tensor *y = tape_tensor(tape, N, W.cols);
    if (tape_failed(tape) || !tape_reserve_mat(tape, W)) return &tape->dead;
    tape->be->embed(tape->be, y->data, ids, W, N);

    TapeNode *node = tape_record(tape, &embed_op, y, tape_needs(table.trained));
    if (node != NULL) {
        tape_input(node, EMBED_TABLE, table.trained);
        node->as.embed.ids = ids;
    }
    return tape_leave(tape, y);
}

/* ---- linear: y = x W^T + bias ------------------------------------------------------------ */

enum { LINEAR_X, LINEAR_W, LINEAR_BIAS };

/* dbias += column sums of dy; dx = dy W. What linear and lowrank_materialized share. */
static void linear_bias_backward(Tape *tape, TapeNode *node)
{
    Tensor *bias = node->in[LINEAR_BIAS], *y = node->out;
    if (!tape_wants(node, LINEAR_BIAS) || !tape_grad_add(tape, bias)) return;
    tape->be->bias_grad(tape->be, bias->grad, y->grad, y->rows, y->cols);
}

static void linear_x_backward(Tape *tape, TapeNode *node)
{
    Tensor *x = node->in[LINEAR_X], *y = node->out;
    bool    add;
    if (!tape_wants(node, LINEAR_X) || !tape_grad_write(tape, x, &add)) return;
    tape->be->linear_dx(tape->be, x->grad, y->grad, node->as.linear.weight, y->rows, add);
}

static void linear_backward(Tape *tape, TapeNode *node)
{
    Tensor *x = node->in[LINEAR_X], *W = node->in[LINEAR_W], *y = node->out;
    if (tape_wants(node, LINEAR_W)) {
        if (!tape_grad_add(tape, W)) return;
        tape->be->linear_dw(tape->be, W->grad, y->grad, x->data, y->rows, W->rows, W->cols);
    }
    linear_bias_backward(tape, node);
    linear_x_backward(tape, node);
}

static const TapeOp linear_op = {"linear", "linear_grad", linear_backward};

Tensor *tape_linear(Tape *tape, Tensor *x, WeightRef w, VectorRef bias)
{
    if (!tape_enter(tape, &linear_op)) return &tape->dead;
    Mat W = tape_weight(w);
    CHECK(x->cols == W.cols);
    Tensor *y = tape_tensor(tape, x->rows, W.rows);
    if (tape_failed(tape) || !tape_reserve_mat(tape, W)) return &tape->dead;
    tape->be->linear(tape->be, y->data, x->data, W, tape_vector(bias), x->rows);

    bool      dW = tape_needs(w.trained), dx = x->needs_grad;
    TapeNode *node = tape_record(tape, &linear_op, y, dx || dW || tape_needs(bias.trained));
    if (node != NULL) {
        tape_input(node, LINEAR_X, x);
        tape_input(node, LINEAR_W, w.trained);
        tape_input(node, LINEAR_BIAS, bias.trained);
        if (dW) tape_keep(node, x);
        if (dx) tape_keep(node, w.trained);
        node->as.linear.weight = W;
    }
    return tape_leave(tape, y);
}

/* ---- lowrank_materialized: y = x M^T + bias, M = W + scale B A -------------------------- */

enum { MATERIALIZED_A = LINEAR_BIAS + 1, MATERIALIZED_B };

/*
 * dM = dy^T x is as large as the matrix itself; then dB = scale dM A^T, dA = scale B^T dM, and
 * dW = dM where W is trained.
 */
static void materialized_weights_backward(Tape *tape, TapeNode *node)
{
    Backend *be = tape->be;
    Tensor  *x = node->in[LINEAR_X], *W = node->in[LINEAR_W], *y = node->out;
    Tensor  *A = node->in[MATERIALIZED_A], *B = node->in[MATERIALIZED_B];
    Index    out = y->cols, in = x->cols, r = A->rows;
    float    scale = node->as.linear.scale;

    Tensor *dM = tape_tensor(tape, out, in);
    if (tape_failed(tape)) return;
    be->zero(be, dM->data, out * in * (Index)sizeof(float));
    be->linear_dw(be, dM->data, y->grad, x->data, y->rows, out, in);
    if (tape_wants(node, MATERIALIZED_B)) {
        if (!tape_grad_add(tape, B)) return;
        be->gemm(be, false, true, out, r, in, scale, dM->data, in, A->data, in, 1, B->grad, r);
    }
    if (tape_wants(node, MATERIALIZED_A)) {
        if (!tape_grad_add(tape, A)) return;
        be->gemm(be, true, false, r, in, out, scale, B->data, r, dM->data, in, 1, A->grad, in);
    }
    if (tape_wants(node, LINEAR_W)) {
        if (!tape_grad_add(tape, W)) return;
        be->axpy(be, W->grad, 1.0f, dM->data, out * in);
    }
    tape_done(tape, dM);
}

static void materialized_backward(Tape *tape, TapeNode *node)
{
    if (tape_wants(node, MATERIALIZED_A) || tape_wants(node, MATERIALIZED_B) ||
        tape_wants(node, LINEAR_W)) {
        materialized_weights_backward(tape, node);
    }
    linear_bias_backward(tape, node);
    linear_x_backward(tape, node);
}

static const TapeOp materialized_op = {"lowrank_materialized", "lowrank_materialized_grad",
                                       materialized_backward};

/* W + scale B A as a new [out, in]. */
static Tensor *materialize(Tape *tape, Mat W, const Tensor *A, const Tensor *B, float scale)
{
    Tensor *M = tape_tensor(tape, W.rows, W.cols);
    if (tape_failed(tape) || !tape_reserve_mat(tape, W)) return &tape->dead;
    Index r = A->rows;
    tape->be->mat_rows(tape->be, M->data, W, 0, W.rows);
    tape->be->gemm(tape->be, false, false, W.rows, W.cols, r, scale, B->data, r, A->data, W.cols, 1,
                   M->data, W.cols);
    return M;
}

Tensor *tape_lowrank_materialized(Tape *tape, Tensor *x, WeightRef w, VectorRef bias, Tensor *A,
                                  Tensor *B, float scale)
{
    if (!tape_enter(tape, &materialized_op)) return &tape->dead;
    Mat W = tape_weight(w);
    CHECK(x->cols == W.cols && A->cols == W.cols && B->rows == W.rows && A->rows == B->cols);
    Tensor *M = materialize(tape, W, A, B, scale);
    Tensor *y = tape_tensor(tape, x->rows, W.rows);
    if (tape_failed(tape)) return &tape->dead;
    Mat sum = {M->data, DTYPE_F32, W.rows, W.cols};
    tape->be->linear(tape->be, y->data, x->data, sum, tape_vector(bias), x->rows);

    bool      dM = A->needs_grad || B->needs_grad || tape_needs(w.trained);
    bool      needs = dM || x->needs_grad || tape_needs(bias.trained);
    TapeNode *node = tape_record(tape, &materialized_op, y, needs);
    if (node != NULL) {
        tape_input(node, LINEAR_X, x);
        tape_input(node, LINEAR_W, w.trained);
        tape_input(node, LINEAR_BIAS, bias.trained);
        tape_input(node, MATERIALIZED_A, A);
        tape_input(node, MATERIALIZED_B, B);
        tape_keep(node, M);
        if (dM) tape_keep(node, x);
        if (B->needs_grad) tape_keep(node, A);
        if (A->needs_grad) tape_keep(node, B);
        node->as.linear.weight = sum;
        node->as.linear.scale = scale;
    }
    tape_done(tape, M);
    return tape_leave(tape, y);
}
