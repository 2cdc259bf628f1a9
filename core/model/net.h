#ifndef CORE_MODEL_NET_H
#define CORE_MODEL_NET_H

/*
 * A Net is one run's view of a base model: the shared frozen weights, private trainable copies
 * that take their place, and hooks through which a way of adapting acts. Nothing here knows
 * LoRA or any other method: a new method is a new file in adapt/ that fills a Hooks.
 *
 * Places where a method may act:
 *   linear           after a linear map: module, its input x, its output y
 *   linear_instead   in place of one (DoRA, a materialised sum)
 *   embedding        after the token rows
 *   sublayer         a sub-layer's output before the residual (adapters of Houlsby et al.)
 *   prefix           keys and values before attention: extra rows that every token sees
 *   extra_loss       a further term of the loss; adds its gradients itself
 *   before_step, after_step   around the optimizer's step
 * Trainable tensors belong to a ParamSet (params.h) with their own rate and decay and may be
 * shared between modules; names on disk and merging are the method's own (adapt/method.h).
 */

#include "core/math/tape.h"
#include "core/model/model.h"

typedef enum SubLayer { SUBLAYER_ATTENTION, SUBLAYER_MLP } SubLayer;

typedef struct Hooks {
    void *self;
    /* Each may be NULL. Each may return y itself. Failures are the tape's sticky failure. */
    Tensor *(*linear)(void *self, Tape *tape, const Module *module, Tensor *x, Tensor *y);
    /* NULL result: not this module. At most one of a Net's hooks may answer for a module. */
    Tensor *(*linear_instead)(void *self, Tape *tape, const Module *module, WeightRef weight,
                              VectorRef bias, Tensor *x);
    Tensor *(*embedding)(void *self, Tape *tape, const Module *module, const int32_t *ids,
                         Tensor *y);
    Tensor *(*sublayer)(void *self, Tape *tape, int layer, SubLayer which, Tensor *y);
    /* Fill *k and *v [P, G*K] (keys as after rope) for a layer; false: none. Every layer must
     * give the same P, which `prefix_rows` tells beforehand: real positions start at P. */
    bool (*prefix)(void *self, Tape *tape, int layer, Tensor **k, Tensor **v);
    Index prefix_rows;
    /* Whether the module's linear hook will act: the head is then computed unfused. */
    bool (*acts_on)(void *self, const Module *module);
    bool (*extra_loss)(void *self, Tape *tape, float grad_scale, double *loss, Error *err);
    bool (*before_step)(void *self, Index step, Error *err);
    bool (*after_step)(void *self, Index step, Error *err);
} Hooks;

#define NET_MAX_HOOKS 8

typedef struct Net {
    Model   *model;
    /* Private copies, by module index in model->modules; NULL: the base's. Nothing is shared
     * by itself: who trains a tied embedding puts its copy at the head's place too. */
    Tensor **weight; /* linear, embedding, or a norm's gain [1, D] */
    Tensor **bias;
    const Hooks *hooks[NET_MAX_HOOKS]; /* applied in order; not owned */
    int      hook_count;
    /* Merged weights (no gradients): a frozen Mat that takes the place of the base's. */
    Mat     *merged; /* data NULL: the base's */
    bool     checkpointing; /* gradient checkpointing, one layer at a time */
    bool     training;      /* dropout acts (a checkpointed part runs unrecorded, but trains) */
    struct LayerContext *layers; /* [L], what a layer's forward needs besides x */
    /* Dropout keys of the rows that are being mapped right now; NULL when nothing is to drop. */
    const uint64_t *row_key;
} Net;

NODISCARD Net *net_create(Model *model, Error *err);
void           net_free(Net *net); /* frees its arrays, not copies, hooks or model */
NODISCARD bool net_add_hooks(Net *net, const Hooks *hooks, Error *err);
void           net_remove_hooks(Net *net, const Hooks *hooks);
WeightRef      net_weight(const Net *net, const Module *module);
VectorRef      net_bias(const Net *net, const Module *module);
Index          net_prefix_rows(const Net *net);

/* Keys and values of earlier positions of one sequence, all layers: [L][capacity, G*K]. */
typedef struct KvCache KvCache;
NODISCARD KvCache *kvcache_create(const Model *model, Index capacity, MemAccount *account,
                                  Error *err);
void  kvcache_free(KvCache *cache);
Index kvcache_length(const KvCache *cache);
Index kvcache_capacity(const KvCache *cache);
void  kvcache_truncate(KvCache *cache, Index length);

/*
 * Rows of tokens laid end to end without padding: segment s is rows at[s] .. at[s+1]-1 and
 * attends only to itself.
 */
typedef struct Rows {
    Index           N, S;
    Index           fill;     /* the last of the N rows, which belong to no segment */
    const int32_t  *ids;      /* [N], host */
    const int32_t  *position; /* [N], host: 0.. in each segment (prefix rows are added by us) */
    const Index    *at;       /* [S+1] */
    const uint64_t *row_key;  /* [N], for dropout; may be NULL when nothing drops */
    /* The rows whose hidden state is wanted, increasing; NULL: all N. The last layer computes
     * the others only as far as their keys and values. */
    const Index    *pick;     /* [M], host */
    const uint64_t *pick_key; /* [M], row_key of the picked rows; NULL like row_key */
    Index           M;
    KvCache        *cache;    /* NULL, or S = 1: rows continue the cache and are added to it */
} Rows;

/* The network without its head: hidden states after the last norm, [M, D] of the picked rows or
 * [N, D]. Call tape_begin before; rows must live until the backward is over. */
Tensor *net_forward(Net *net, Tape *tape, const Rows *rows);
/* Losses of those states against spec.labels [M] (and the gradients, when the tape records). */
void    net_loss(Net *net, Tape *tape, Tensor *hidden, LossSpec spec);
/* Logits [M, V] of hidden states. */
Tensor *net_logits(Net *net, Tape *tape, Tensor *hidden);
/* The workspace that these shapes will need, asked of the backend before a run: longest
 * segment (prefix and cache included). */
NODISCARD bool net_reserve(Net *net, Index longest, Error *err);

/* One linear map of the network with everything that acts on it. */
Tensor *net_linear(Net *net, Tape *tape, const Module *module, Tensor *x);

#endif
