#ifndef CORE_MATH_TAPE_INTERNAL_H
#define CORE_MATH_TAPE_INTERNAL_H

/*
 * What the files of the tape share: nodes, their storage, and the few verbs an op is made of.
 * Life of memory and the bytes of each op: see the top of tape.c.
 */

#include "core/math/tape.h"

enum { TAPE_INPUTS = 5, TAPE_KEPT = 8 };

typedef struct TapeNode TapeNode;

/* A kind of op. The names go into memory samples and must be static. */
typedef struct TapeOp {
    const char *name, *grad_name;
    /* Add to the gradients of the inputs that want one; node->out->grad is complete. Failure
     * is the tape's sticky one. NULL for a loss, which has its gradient made going forward. */
    void (*backward)(Tape *tape, TapeNode *node);
} TapeOp;

struct TapeNode {
    const TapeOp *op;
    Tensor       *out;
    Tensor       *in[TAPE_INPUTS]; /* in the op's own order; NULL: none, or frozen */
    Tensor       *kept[TAPE_KEPT]; /* whose data stays until this node has gone back */
    Tensor       *saved;           /* one of `kept` that is the op's own; NULL: none */
    int           kept_count;
    int           layer;
    unsigned      wants;     /* bit i: in[i] wanted a gradient when the op was recorded */
    bool          ends_grad; /* the first op that made `out` need a gradient: releases it */
    union {
        const float *gain;       /* rmsnorm */
        AttnShape    attn;       /* attention */
        Activation   activation; /* activation */
        Dropout      drop;       /* dropout */
        const Index *rows;       /* gather */
        struct {
            Mat   weight; /* what x was multiplied with */
            float scale;  /* of lowrank_materialized */
        } linear;
        struct {
            float   scale;
            Dropout drop;
        } lowrank;
        struct {
            const int32_t *ids;
            float          scale;
        } embed;
        struct {
            const float   *cos, *sin;
            const int32_t *position;
            Index          heads, K;
        } rope;
        struct {
            TapePart *part;
            void     *context;
            int       layer;
        } checkpoint;
    } as;
};

/* Items of one size in chunks whose addresses never change; kept from step to step. */
typedef struct TapeStore {
    char **chunk;
    Index  chunks, count, item_bytes;
} TapeStore;

/* A loss whose rows the device may still owe; its sum is taken when they are there. */
typedef struct TapeLoss {
    double *sum, *rows; /* rows [n] */
    Index   n;
    bool    own; /* rows is ours to free, the caller's else */
} TapeLoss;

struct Tape {
    Backend      *be;
    MemAccount   *account;
    Arena        *arena;
    const Cancel *cancel;
    Error         error; /* sticky; code ERR_NONE while all is well */
    Tensor        dead;  /* what every op returns after a failure */
    TapeStore     tensors, nodes, losses;
    int           layer;
    bool          recording;
    bool          loss_last; /* the last op was a loss */
    int64_t       looks;     /* how often the cancel was looked at since tape_begin */
    int64_t       cancel_at; /* for tests: the look that finds a cancel; -1: none */
};

/* ---- tape_tensor.c: storage, data, gradients -------------------------------------------- */

NODISCARD void *tape_store_add(TapeStore *store, Error *err); /* a zeroed item, or NULL */
void           *tape_store_at(const TapeStore *store, Index i);
void            tape_store_free(TapeStore *store);

/* A temporary [rows, cols] counted as MEM_SCRATCH; give it back with tape_done. */
Tensor *tape_scratch(Tape *tape, Index rows, Index cols);
/* Give back data and gradient of every tensor from number `first` on, and forget them. */
void tape_drop_tensors(Tape *tape, Index first);

/* Make t->grad ready to be added to: born and zeroed if there is none, copied if shared. */
NODISCARD bool tape_grad_add(Tape *tape, Tensor *t);
/* The same for an op that can overwrite: with *add false the content is undefined. */
NODISCARD bool tape_grad_write(Tape *tape, Tensor *t, bool *add);
/* `to`, which has none, gets the gradient of `from`: one buffer until either is written. */
void tape_grad_share(Tensor *to, Tensor *from);
void tape_grad_release(Tape *tape, Tensor *t);

/* ---- tape.c: the parts of an op --------------------------------------------------------- */

bool tape_failed(const Tape *tape);
/* Begin an op: false after a failure or cancel. Takes the memory sample. */
NODISCARD bool tape_enter(Tape *tape, const TapeOp *op);
/* End an op: y, or the dead tensor after a failure. */
Tensor *tape_leave(Tape *tape, Tensor *y);
/* out is the result of op; `needs`: some input asks for it. The node, where one is recorded;
 * NULL otherwise, failure included. */
TapeNode *tape_record(Tape *tape, const TapeOp *op, Tensor *out, bool needs);
void      tape_input(TapeNode *node, int i, Tensor *t); /* t may be NULL */
bool      tape_wants(const TapeNode *node, int i);
/* The node needs t's data for its gradient; NULL and params are fine. */
void tape_keep(TapeNode *node, Tensor *t);
/* Walk back over the nodes from the last one down to number `base`. */
void tape_walk_back(Tape *tape, Index base);

/* CHECK that an op may write into y's data: not a weight, and needed by no recorded op. */
void tape_check_in_place(const Tensor *y);

/* ---- tape_loss.c ------------------------------------------------------------------------ */

/* Wait for the device; when `wanted` and nothing failed, add up the losses that were asked for.
 * Forget them. */
void tape_settle_losses(Tape *tape, bool wanted);

/* Small readings of an argument. */
bool         tape_needs(const Tensor *t); /* false for NULL */
Mat          tape_weight(WeightRef w);
const float *tape_vector(VectorRef v); /* NULL: absent */
Index        tape_count(const Tensor *t);
/* The backend's workspace for ops on this Mat. */
NODISCARD bool tape_reserve_mat(Tape *tape, Mat w);

#endif
