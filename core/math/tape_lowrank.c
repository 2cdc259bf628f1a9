/*
 * LoRA (Hu et al. 2021): a branch of rank r beside a frozen map, in place on its result.
 *
 *   h = drop(x) A^T            [N, r]
 *   y = y + scale h B^T [+ scale bias]
 *
 * Written so that nothing of the shape of y or of W = B A is ever built. With dy = dL/dy, which
 * is also the gradient of the old y and stays where it is:
 *
 *   dh    = scale dy B         [N, r]
 *   dB    = scale dy^T h
 *   dA    = dh^T drop(x)
 *   dx    = drop(dh A)         the mask is the same: a pure function of (seed, stream, row)
 *   dbias = scale * column sums of dy
 */

#include "core/math/tape_internal.h"

enum { LOWRANK_X, LOWRANK_A, LOWRANK_B, LOWRANK_BIAS };

/* ---- forward ----------------------------------------------------------------------------- */

/* h = drop(x) A^T */
static bool lowrank_down(Tape *tape, float *h, Tensor *x, const Tensor *A, Dropout drop)
{
    Backend *be = tape->be;
    Index    N = x->rows, in = x->cols, r = A->rows;
    Tensor  *xd = x;
    if (drop.p > 0.0f) {
        xd = tape_scratch(tape, N, in);
        if (tape_failed(tape)) return false;
        be->dropout(be, xd->data, x->data, drop, N, in, false);
    }
    be->gemm(be, false, true, N, r, in, 1, xd->data, in, A->data, in, 0, h, r);
    if (xd != x) tape_done(tape, xd);
    return true;
}

/* y += scale * bias in every row: the product of a column of ones with the bias. */
static bool lowrank_bias(Tape *tape, Tensor *y, const Tensor *bias, float scale)
{
    enum { STRIP = 256 };
    float strip[STRIP];
    for (int i = 0; i < STRIP; i++) strip[i] = 1.0f;

    Backend *be = tape->be;
    Index    N = y->rows, D = y->cols;
    Tensor  *ones = tape_scratch(tape, N, 1);
    if (tape_failed(tape)) return false;
    for (Index at = 0; at < N; at += STRIP) {
        Index n = N - at < STRIP ? N - at : STRIP;
        be->put(be, ones->data + at, strip, n * (Index)sizeof(float));
    }
    be->gemm(be, false, false, N, D, 1, scale, ones->data, 1, bias->data, D, 1, y->data, D);
    tape_done(tape, ones);
    return true;
}

/* ---- backward ---------------------------------------------------------------------------- */

/* bias_grad knows no scale, so it goes into a row of its own first. */
static void lowrank_bias_backward(Tape *tape, Tensor *bias, const Tensor *y, float scale)
{
    Backend *be = tape->be;
    Tensor  *db = tape_scratch(tape, 1, y->cols);
    if (tape_failed(tape) || !tape_grad_add(tape, bias)) return;
    be->zero(be, db->data, y->cols * (Index)sizeof(float));
    be->bias_grad(be, db->data, y->grad, y->rows, y->cols);
    be->axpy(be, bias->grad, scale, db->data, y->cols);
    tape_done(tape, db);
}

/* dA += dh^T drop(x), dx += drop(dh A); xd: a temporary [N, in] where there is dropout. */
static void lowrank_down_backward(Tape *tape, TapeNode *node, const Tensor *dh, Tensor *xd)
{
    Backend *be = tape->be;
    Tensor  *x = node->in[LOWRANK_X], *A = node->in[LOWRANK_A];
    Dropout  drop = node->as.lowrank.drop;
    Index    N = x->rows, in = x->cols, r = A->rows;
    if (tape_wants(node, LOWRANK_A)) {
        const float *input = x->data;
        if (xd != NULL) {
            be->dropout(be, xd->data, x->data, drop, N, in, false);
            input = xd->data;
        }
        if (!tape_grad_add(tape, A)) return;
        be->gemm(be, true, false, r, in, N, 1, dh->data, r, input, in, 1, A->grad, in);
    }
    bool add;
    if (!tape_wants(node, LOWRANK_X) || !tape_grad_write(tape, x, &add)) return;
    if (xd != NULL) {
        be->gemm(be, false, false, N, in, r, 1, dh->data, r, A->data, in, 0, xd->data, in);
        be->dropout(be, x->grad, xd->data, drop, N, in, add);
    } else {
        float beta = add ? 1.0f : 0.0f;
        be->gemm(be, false, false, N, in, r, 1, dh->data, r, A->data, in, beta, x->grad, in);
    }
}

static void lowrank_backward(Tape *tape, TapeNode *node)
{
    Backend *be = tape->be;
    Tensor  *x = node->in[LOWRANK_X], *A = node->in[LOWRANK_A], *B = node->in[LOWRANK_B];
    Tensor  *y = node->out;
    Index    N = y->rows, out = y->cols, r = A->rows;
    float    scale = node->as.lowrank.scale;

    if (tape_wants(node, LOWRANK_BIAS)) {
        lowrank_bias_backward(tape, node->in[LOWRANK_BIAS], y, scale);
    }
    if (tape_wants(node, LOWRANK_B)) {
        if (!tape_grad_add(tape, B)) return;
        be->gemm(be, true, false, out, r, N, scale, y->grad, out, node->saved->data, r, 1, B->grad,
                 r);
    }
    if (!tape_wants(node, LOWRANK_A) && !tape_wants(node, LOWRANK_X)) return;

    Tensor *dh = tape_scratch(tape, N, r), *xd = NULL;
    if (node->as.lowrank.drop.p > 0.0f) xd = tape_scratch(tape, N, x->cols);
    if (tape_failed(tape)) return;
    be->gemm(be, false, false, N, r, out, scale, y->grad, out, B->data, r, 0, dh->data, r);
    lowrank_down_backward(tape, node, dh, xd);
    tape_done(tape, xd);
    tape_done(tape, dh);
}

static const TapeOp lowrank_op = {"lowrank", "lowrank_grad", lowrank_backward};

/* ---- the op ------------------------------------------------------------------------------ */

static void lowrank_keep(TapeNode *node, Tensor *h)
{
    Tensor *x = node->in[LOWRANK_X], *A = node->in[LOWRANK_A], *B = node->in[LOWRANK_B];
    bool    dx = tape_wants(node, LOWRANK_X), dA = tape_wants(node, LOWRANK_A);
    if (dA) tape_keep(node, x);
    if (tape_wants(node, LOWRANK_B)) tape_keep(node, h);
    if (dx) tape_keep(node, A);
    if (dx || dA) tape_keep(node, B);
    node->saved = h;
}

Tensor *tape_lowrank(Tape *tape, Tensor *y, Tensor *x, Tensor *A, Tensor *B, Tensor *bias,
                     float scale, Dropout drop)
{
    if (!tape_enter(tape, &lowrank_op)) return &tape->dead;
    Index r = A->rows;
    tape_check_in_place(y);
    CHECK(y != x && y->rows == x->rows);
    CHECK(A->cols == x->cols && B->rows == y->cols && B->cols == r);

    Tensor *h = tape_tensor(tape, x->rows, r);
    if (tape_failed(tape) || !lowrank_down(tape, h->data, x, A, drop)) return &tape->dead;
    tape->be->gemm(tape->be, false, true, y->rows, y->cols, r, scale, h->data, r, B->data, r, 1,
                   y->data, y->cols);
    if (bias != NULL && !lowrank_bias(tape, y, bias, scale)) return &tape->dead;

    bool      needs = x->needs_grad || A->needs_grad || B->needs_grad || tape_needs(bias);
    TapeNode *node = tape_record(tape, &lowrank_op, y, needs);
    if (node != NULL) {
        tape_input(node, LOWRANK_X, x);
        tape_input(node, LOWRANK_A, A);
        tape_input(node, LOWRANK_B, B);
        tape_input(node, LOWRANK_BIAS, bias);
        node->as.lowrank.scale = scale;
        node->as.lowrank.drop = drop;
        lowrank_keep(node, h);
    }
    tape_done(tape, h);
    return tape_leave(tape, y);
}

/* ---- LoRA on an embedding ----------------------------------------------------------------
 *
 * h[n] = A[:, ids[n]] for A [r, V]. A row j of A, read as a table [V, 1], is a table of one
 * number per token, so the j-th row of h^T [r, N] is an embedding of its own: no transposed
 * copy of A. Then y += scale h B^T, and going back
 *
 *   dh^T = scale B^T dy^T,   dB = scale dy^T h,   dA[j][ids[n]] += dh^T[j][n]
 */

enum { EMBED_LOWRANK_A, EMBED_LOWRANK_B };

static void embed_lowrank_backward(Tape *tape, TapeNode *node)
{
    Backend *be = tape->be;
    Tensor  *A = node->in[EMBED_LOWRANK_A], *B = node->in[EMBED_LOWRANK_B], *y = node->out;
    Index    N = y->rows, D = y->cols, r = A->rows, V = A->cols;
    float    scale = node->as.embed.scale;

    if (tape_wants(node, EMBED_LOWRANK_B)) {
        if (!tape_grad_add(tape, B)) return;
        be->gemm(be, true, true, D, r, N, scale, y->grad, D, node->saved->data, N, 1, B->grad, r);
    }
    if (!tape_wants(node, EMBED_LOWRANK_A)) return;
    Tensor *dh = tape_scratch(tape, r, N);
    if (tape_failed(tape) || !tape_grad_add(tape, A)) return;
    be->gemm(be, true, true, r, N, D, scale, B->data, r, y->grad, D, 0, dh->data, N);
    for (Index j = 0; j < r; j++) {
        be->embed_grad(be, A->grad + j * V, dh->data + j * N, node->as.embed.ids, N, V, 1);
    }
    tape_done(tape, dh);
}

static const TapeOp embed_lowrank_op = {"embed_lowrank", "embed_lowrank_grad",
                                        embed_lowrank_backward};

Tensor *tape_embed_lowrank(Tape *tape, Tensor *y, const int32_t *ids, Tensor *A, Tensor *B,
                           float scale)
{
    if (!tape_enter(tape, &embed_lowrank_op)) return &tape->dead;
    Backend *be = tape->be;
    Index    N = y->rows, D = y->cols, r = A->rows, V = A->cols;
    tape_check_in_place(y);
    CHECK(B->rows == D && B->cols == r);

    Tensor *h = tape_tensor(tape, r, N);
    Mat     column = {A->data, DTYPE_F32, V, 1};
    if (tape_failed(tape) || !tape_reserve_mat(tape, column)) return &tape->dead;
    for (Index j = 0; j < r; j++) {
        column.data = A->data + j * V;
        be->embed(be, h->data + j * N, ids, column, N);
    }
    be->gemm(be, true, true, N, D, r, scale, h->data, N, B->data, r, 1, y->data, D);

    TapeNode *node = tape_record(tape, &embed_lowrank_op, y, A->needs_grad || B->needs_grad);
    if (node != NULL) {
        tape_input(node, EMBED_LOWRANK_A, A);
        tape_input(node, EMBED_LOWRANK_B, B);
        if (B->needs_grad) tape_keep(node, h);
        if (A->needs_grad) tape_keep(node, B);
        node->saved = h;
        node->as.embed.ids = ids;
        node->as.embed.scale = scale;
    }
    tape_done(tape, h);
    return tape_leave(tape, y);
}
