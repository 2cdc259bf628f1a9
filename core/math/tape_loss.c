/*
 * The losses: where a walk back starts. They record no node. Their gradient is made while going
 * forward, chunk by chunk, because the chunk's logits are overwritten by it:
 *
 *   z = x H^T + b        [C, V]   C = min(M, TAPE_HEAD_CHUNK)
 *   dz = grad_scale * (softmax(z) - onehot)     in place
 *   dx = dz H,  dH += dz^T x,  db += column sums of dz
 *
 * so that of a vocabulary of 152,000 only C rows of logits ever exist.
 */

#include "core/math/tape_internal.h"

static const TapeOp head_loss_op = {"head_loss", "head_loss_grad", NULL};
static const TapeOp cross_entropy_op = {"cross_entropy", "cross_entropy_grad", NULL};

static Index smaller(Index a, Index b)
{
    return a < b ? a : b;
}

/* ---- what is owed ------------------------------------------------------------------------ */

/* Note that M losses are coming; where the caller wants none of them by row, into rows of our own.
 * NULL after a failure. */
static double *loss_rows(Tape *tape, const LossSpec *spec, Index M)
{
    TapeLoss *loss = tape_store_add(&tape->losses, &tape->error);
    if (loss == NULL) return NULL;
    *loss = (TapeLoss){.sum = spec->loss_sum, .rows = spec->row_loss};
    if (loss->rows == NULL) {
        loss->rows = mem_alloc(mem_program(), MEM_SCRATCH, M, (Index)sizeof(double), &tape->error);
        loss->own = loss->rows != NULL;
    }
    loss->n = loss->rows != NULL ? M : 0;
    return loss->rows;
}

void tape_settle_losses(Tape *tape, bool wanted)
{
    bool ok = tape->be->sync(tape->be, &tape->error) && wanted && !tape_failed(tape);
    for (Index i = 0; i < tape->losses.count; i++) {
        TapeLoss *loss = tape_store_at(&tape->losses, i);
        for (Index n = 0; ok && n < loss->n; n++) *loss->sum += loss->rows[n];
        if (loss->own) mem_free(loss->rows);
    }
    tape->losses.count = 0;
}

/* The losses of rows at .. at+n-1, whose logits are z, on their way to rows + at; turns z into its
 * gradient when scale != 0. */
static void chunk_loss(Tape *tape, float *z, Index V, const LossSpec *spec, double *rows, Index at,
                       Index n, float scale)
{
    int32_t *best = spec->best != NULL ? spec->best + at : NULL;
    tape->be->cross_entropy(tape->be, z, rows + at, best, spec->labels + at, n, V, scale);
}

/* ---- head and loss ----------------------------------------------------------------------- */

typedef struct Head {
    Tensor      *x, *W, *bias; /* NULL: wants no gradient (x: see dx) */
    Mat          weight;
    const float *b;
    float        scale;   /* 0: losses only */
    bool         dx, add; /* x wants a gradient; it holds one already */
    double      *rows;    /* [M] where the losses go */
} Head;

static void head_chunk(Tape *tape, const Head *head, const LossSpec *spec, float *z, Index at,
                       Index n)
{
    Backend *be = tape->be;
    Index    D = head->weight.cols, V = head->weight.rows;
    float   *x = head->x->data + at * D;
    be->linear(be, z, x, head->weight, head->b, n);
    chunk_loss(tape, z, V, spec, head->rows, at, n, head->scale);
    if (head->W != NULL) be->linear_dw(be, head->W->grad, z, x, n, V, D);
    if (head->bias != NULL) be->bias_grad(be, head->bias->grad, z, n, V);
    if (head->dx) be->linear_dx(be, head->x->grad + at * D, z, head->weight, n, head->add);
}

/* Decide which gradients are wanted, and make them ready. */
static bool head_prepare(Tape *tape, Head *head, WeightRef w, VectorRef bias, float grad_scale)
{
    bool wanted = tape->recording && grad_scale != 0.0f;
    if (wanted && head->x->needs_grad) head->dx = true;
    if (wanted && tape_needs(w.trained)) head->W = w.trained;
    if (wanted && tape_needs(bias.trained)) head->bias = bias.trained;
    if (head->dx || head->W != NULL || head->bias != NULL) head->scale = grad_scale;

    if (head->dx && !tape_grad_write(tape, head->x, &head->add)) return false;
    if (head->W != NULL && !tape_grad_add(tape, head->W)) return false;
    if (head->bias != NULL && !tape_grad_add(tape, head->bias)) return false;
    return tape_reserve_mat(tape, head->weight);
}

void tape_head_loss(Tape *tape, Tensor *x, WeightRef head, VectorRef bias, LossSpec spec)
{
    if (!tape_enter(tape, &head_loss_op)) return;
    Head h = {.x = x, .weight = tape_weight(head), .b = tape_vector(bias)};
    CHECK(x->cols == h.weight.cols && spec.loss_sum != NULL);
    if (!head_prepare(tape, &h, head, bias, spec.grad_scale)) return;

    Index M = x->rows;
    h.rows = loss_rows(tape, &spec, M);
    Tensor *z = tape_scratch(tape, smaller(M, TAPE_HEAD_CHUNK), h.weight.rows);
    if (tape_failed(tape)) return;
    for (Index at = 0; at < M; at += TAPE_HEAD_CHUNK) {
        if (at > 0 && !tape_enter(tape, &head_loss_op)) return;
        head_chunk(tape, &h, &spec, z->data, at, smaller(M - at, TAPE_HEAD_CHUNK));
    }
    tape_done(tape, z);
}

/* ---- loss of logits that exist ----------------------------------------------------------- */

/* Nobody else reads the logits' data, so they may become the gradient where they are. */
static void logits_become_grad(Tensor *logits)
{
    logits->grad = logits->data;
    logits->data = NULL;
    logits->has_grad = true;
}

/* Someone else still holds the logits, or their gradient has begun: work on copies of chunks. */
static void cross_entropy_on_copies(Tape *tape, Tensor *logits, const LossSpec *spec)
{
    Backend *be = tape->be;
    Index    M = logits->rows, V = logits->cols;
    if (!tape_grad_add(tape, logits)) return;
    double *rows = loss_rows(tape, spec, M);
    Tensor *z = tape_scratch(tape, smaller(M, TAPE_HEAD_CHUNK), V);
    if (tape_failed(tape)) return;
    for (Index at = 0; at < M; at += TAPE_HEAD_CHUNK) {
        Index  n = smaller(M - at, TAPE_HEAD_CHUNK);
        float *grad = logits->grad + at * V;
        be->copy(be, z->data, logits->data + at * V, n * V * (Index)sizeof(float));
        chunk_loss(tape, z->data, V, spec, rows, at, n, spec->grad_scale);
        be->add(be, grad, grad, z->data, n * V);
    }
    tape_done(tape, z);
}

void tape_cross_entropy(Tape *tape, Tensor *logits, LossSpec spec)
{
    if (!tape_enter(tape, &cross_entropy_op)) return;
    CHECK(spec.loss_sum != NULL);
    bool wanted = tape->recording && spec.grad_scale != 0.0f && logits->needs_grad;
    bool alone = !logits->is_param && logits->data_refs == 1 && !logits->has_grad;
    if (wanted && !alone) {
        cross_entropy_on_copies(tape, logits, &spec);
        return;
    }
    Index   M = logits->rows, V = logits->cols;
    float  *z = logits->data, scale = wanted ? spec.grad_scale : 0.0f;
    double *rows = loss_rows(tape, &spec, M);
    if (rows == NULL) return;
    for (Index at = 0; at < M; at += TAPE_HEAD_CHUNK) {
        chunk_loss(tape, z + at * V, V, &spec, rows, at, smaller(M - at, TAPE_HEAD_CHUNK), scale);
    }
    if (wanted) logits_become_grad(logits);
}
