#ifndef CORE_MATH_TAPE_H
#define CORE_MATH_TAPE_H

/*
 * The tape: composite ops that compute at once and remember how to go back.
 *
 * A Tensor is a matrix [rows, cols] of float32. A tensor whose `needs_grad` is false stops the
 * backward walk: freezing is visible here and nowhere else. An op's result needs a gradient
 * when any of its inputs does.
 *
 * Life of memory. An op's result belongs to the caller until tape_done; the tape keeps the data
 * as long as a recorded op will need it for its gradient, and gives it back right after. A
 * gradient is born at the first use and released once its op has gone back. When the tape does
 * not record (evaluation, generation), tape_done frees at once.
 *
 * Failure is sticky: after out-of-memory or cancel every op returns the same dead tensor and
 * tape_ok says why. So forward code needs no check at each line. The Cancel is looked at
 * before each op, forward and backward.
 */

#include "core/base/pool.h"
#include "core/math/arena.h"

typedef struct Tape   Tape;
typedef struct Tensor Tensor;
struct Tensor {
    float *data; /* [rows, cols] in the backend's space */
    float *grad; /* same shape; NULL until someone adds to it (a Param's is always there) */
    Index  rows, cols;
    bool   needs_grad;
    /* ---- the tape's own ---- */
    int     data_refs;
    int     kept;      /* how many of data_refs are recorded ops: no op in place while > 0 */
    bool    is_param;  /* data and grad belong to a ParamSet, not to the tape */
    bool    has_grad;  /* grad holds a value (a fresh gradient is written, not added to) */
    Tensor *grad_next; /* ring of tensors that share one gradient buffer; NULL: not shared */
};

/* A weight as an op sees it: frozen storage, or a trainable tensor that takes its place. */
typedef struct WeightRef {
    Mat     frozen;
    Tensor *trained; /* NULL: frozen */
} WeightRef;
typedef struct VectorRef {
    const float *frozen; /* [n] float32; NULL together with trained: absent */
    Tensor      *trained; /* [1, n] */
} VectorRef;

NODISCARD Tape *tape_create(Backend *be, MemAccount *account, Error *err);
void            tape_free(Tape *tape);
Backend        *tape_backend(const Tape *tape);
MemAccount     *tape_account(const Tape *tape);

/* Forget everything and start anew; `record` keeps what a backward needs. */
void tape_begin(Tape *tape, bool record, const Cancel *cancel);
bool tape_recording(const Tape *tape);
bool tape_ok(const Tape *tape, Error *err); /* the sticky failure, if any */
/* Wait until everything is computed. Only now the results of losses (LossSpec) are there. False
 * with the sticky failure, or the device's. tape_backward ends with this. */
bool tape_finish(Tape *tape, Error *err);
/* Walk back over everything recorded since tape_begin. The last op must have been a loss. */
NODISCARD bool tape_backward(Tape *tape, Error *err);
/* Release what is left; called by tape_begin too. */
void tape_reset(Tape *tape);

/* A tensor without history, data not initialised; rows * cols may be 0. */
Tensor *tape_tensor(Tape *tape, Index rows, Index cols);
/* The caller needs this tensor's data no more. */
void tape_done(Tape *tape, Tensor *t);
/* One more tape_done will be needed (the tensor is held in two places). */
void tape_hold(Tape *tape, Tensor *t);
/* The place that memory samples name from now on. */
void tape_at_layer(Tape *tape, int layer);

/* ---- ops: see ops.h for the formulas --------------------------------------------------------
 * "in place": the op writes into its first tensor and returns it; nobody may have recorded a
 * need for the old value (linear results are never needed, so q, k, v may be rotated).
 * Host arrays (ids, position, rows, row_key, those of an AttnShape) and rope's tables must live
 * until the tape is reset. */

Tensor *tape_embed(Tape *tape, WeightRef table, const int32_t *ids, Index N);
Tensor *tape_rmsnorm(Tape *tape, Tensor *x, VectorRef gain, float eps);
Tensor *tape_linear(Tape *tape, Tensor *x, WeightRef w, VectorRef bias);
/* In place: y += scale * (drop(x) A^T) B^T [+ scale * bias];  A [r,in], B [out,r], bias or
 * NULL. No temporary of the shape of y; dx = scale (dy B) A, see Hu et al. 2021, section 4.1. */
Tensor *tape_lowrank(Tape *tape, Tensor *y, Tensor *x, Tensor *A, Tensor *B, Tensor *bias,
                     float scale, Dropout drop);
/* For study: y = x (W + scale B A)^T + bias with the sum built, and its [out,in] gradient
 * built and multiplied down to A and B. Same numbers, other bytes. */
Tensor *tape_lowrank_materialized(Tape *tape, Tensor *x, WeightRef w, VectorRef bias, Tensor *A,
                                  Tensor *B, float scale);
/* LoRA on an embedding: in place y[n] += scale * A[:, ids[n]]^T B^T;  A [r,V], B [D,r]. */
Tensor *tape_embed_lowrank(Tape *tape, Tensor *y, const int32_t *ids, Tensor *A, Tensor *B,
                           float scale);
Tensor *tape_rope(Tape *tape, Tensor *x, const float *cos, const float *sin,
                  const int32_t *position, Index heads, Index K); /* in place */
/* pk, pv: prefix keys and values [P, G*K] or NULL. */
Tensor *tape_attention(Tape *tape, Tensor *q, Tensor *k, Tensor *v, Tensor *pk, Tensor *pv,
                       AttnShape shape);
Tensor *tape_swiglu(Tape *tape, Tensor *gate, Tensor *up);
Tensor *tape_activation(Tape *tape, Activation kind, Tensor *x);
Tensor *tape_add(Tape *tape, Tensor *y, Tensor *x); /* in place: y += x; x is not changed */
Tensor *tape_dropout(Tape *tape, Tensor *x, Dropout drop);
Tensor *tape_gather(Tape *tape, Tensor *x, const Index *rows, Index M);

/*
 * Loss. labels[M] in [0, V), or -1 for a row that counts nothing. The value added to *loss_sum is
 * the sum of losses in nats, not divided; gradients are those of grad_scale * sum (the caller
 * passes 1 / number of targets of the whole accumulated batch). row_loss and best: host arrays
 * [M] or NULL. All three are written by tape_finish when it succeeds, and must live until then or
 * until tape_reset, which gives up what is still owed.
 */
typedef struct LossSpec {
    const int32_t *labels;
    float          grad_scale; /* 0: no gradient wanted */
    double        *loss_sum;
    double        *row_loss;
    int32_t       *best;
} LossSpec;
/* Output head and loss together, in chunks of rows, so that the logits never exist whole:
 * the gradient of x is made in the forward pass. Consumes nothing: tape_done(x) as usual. */
void tape_head_loss(Tape *tape, Tensor *x, WeightRef head, VectorRef bias, LossSpec spec);
/* The same from logits [M, V] that already exist (a head with an adapter). Where a gradient is
 * wanted the logits' data become it: they cannot be read afterwards. */
void tape_cross_entropy(Tape *tape, Tensor *logits, LossSpec spec);
#define TAPE_HEAD_CHUNK 256 /* rows of logits that exist at a time */

/*
 * Gradient checkpointing (Chen et al. 2016): run `part` without recording, keep only x; the
 * backward runs it again, recording, and walks back through it. `part` must be a pure function
 * of its arguments and of parameters; it borrows x (no tape_done) and returns a new tensor.
 */
typedef Tensor *TapePart(Tape *tape, void *context, Tensor *x);
Tensor *tape_checkpoint(Tape *tape, TapePart *part, void *context, int layer, Tensor *x);

#endif
