#ifndef TESTS_MODEL_NET_RIG_H
#define TESTS_MODEL_NET_RIG_H

/*
 * A fixture model on a bench: loaded on a backend, with a Net and a Tape, and small batches of
 * token ids to send through it. Every helper fails the running test when something goes wrong.
 */

#include "core/base/json.h"
#include "core/model/net.h"
#include "core/model/params.h"
#include "core/model/safetensors.h"
#include "tests/test.h"

enum { NET_BATCH_ROWS = 128, NET_BATCH_SEGMENTS = 8 };

typedef struct NetRig {
    Backend    *be;
    MemAccount *account; /* of the tape and of what a test creates */
    Model      *model;
    Net        *net;
    Tape       *tape;
} NetRig;

/* ref == true: the oracle; else the cpu backend with 2 threads. model: under fixtures/models. */
void net_rig_open(NetRig *rig, bool ref, const char *model);
void net_rig_close(NetRig *rig);

/* Segments laid end to end. label[t] is what row t-1 shall predict; -1 or -100: nothing. */
typedef struct NetBatch {
    int32_t  ids[NET_BATCH_ROWS], position[NET_BATCH_ROWS], labels[NET_BATCH_ROWS];
    uint64_t key[NET_BATCH_ROWS], pick_key[NET_BATCH_ROWS];
    Index    at[NET_BATCH_SEGMENTS + 1], pick[NET_BATCH_ROWS];
    Rows     rows; /* picks the rows with a target; keys are not set */
} NetBatch;

/* Add n ids; labels NULL: every next token is a target. serial makes the rows' dropout keys. */
void net_batch_add(NetBatch *batch, const int32_t *ids, const int32_t *labels, Index n,
                   uint64_t serial);
/* Let dropout act on this batch. */
void net_batch_drop(NetBatch *batch);

/* Logits of all rows, [N, V] on the host (mem_free). */
float *net_rig_logits(NetRig *rig, const NetBatch *batch);
/* Mean loss over the targets. */
double net_rig_loss(NetRig *rig, const NetBatch *batch);
/* The same with gradients: those of set, which may be NULL, start from zero. */
double net_rig_gradients(NetRig *rig, const NetBatch *batch, ParamSet *set);
/* A parameter's gradient on the host (mem_free). */
float *net_rig_gradient(const ParamSet *set, const Param *param);

/* ---- fixtures --------------------------------------------------------------------------- */

Json       *fixture_json(const char *name);
TensorFile *fixture_tensors(const char *name);
/* A list of integers; returns how many. */
Index fixture_ids(const JsonNode *list, int32_t out[NET_BATCH_ROWS]);
/* A tensor as float32 (mem_free); *n its number of values. */
float *fixture_tensor(TensorFile *file, const char *name, Index *n);
double largest_difference(const float *a, const float *b, Index n); /* NaN when there is one */

#endif
