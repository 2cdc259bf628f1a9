#ifndef CORE_TRAIN_BATCH_H
#define CORE_TRAIN_BATCH_H

/*
 * From examples to rows: which examples make step k (a pure function of the seed, so that
 * resuming needs only the step number), and their tokens laid end to end without padding.
 */

#include "core/model/net.h"
#include "core/train/dataset.h"

/* The order of examples: shuffled anew each epoch from (seed, epoch), or file order. An epoch
 * is batches of `batch` rows; a row is one example, or with packing as many consecutive ones as
 * fit max_length (attention stays inside each example). The last batch of an epoch may be short. */
typedef struct Order Order;
typedef struct OrderSpec {
    uint64_t seed;
    bool     shuffle, packing;
    Index    batch, max_length;
} OrderSpec;
NODISCARD Order *order_create(const Dataset *data, OrderSpec spec, Error *err);
void             order_free(Order *order);
Index            order_batches_per_epoch(Order *order); /* of epoch 0; packing may vary it */
/* The examples of micro-batch number b = 0, 1, 2 ... (over all epochs): indices into the
 * dataset, valid until the next call. *serial is the number of its first example over all
 * epochs, for dropout keys. */
NODISCARD bool order_batch(Order *order, Index b, const Index **examples, Index *count,
                           uint64_t *serial, double *epoch, Error *err);

/* One micro-batch as the network wants it; arrays are reused from batch to batch. */
typedef struct Batch {
    Rows     rows;            /* pick: the M rows whose next token is a target */
    int32_t *labels;          /* [M]; -1 in the rows filled up */
    Index    longest;         /* tokens of the longest segment */
    Index    tokens, targets; /* rows and picked rows, those filled up not counted */
    /* A backend's row_bucket, set before batch_fill: rows and picked rows are filled up to that
     * many, so that a device meets few shapes. NULL: nothing is filled up. */
    Index (*row_bucket)(Index N);
    /* storage that rows points into */
    int32_t  *ids, *position;
    Index    *at, *pick;
    uint64_t *row_key, *pick_key;
    Index     cap_rows, cap_segments;
} Batch;
/* A target at position t is predicted by row t-1. The last row of a segment without a target
 * behind it is not computed at all when no later row needs it. */
NODISCARD bool batch_fill(Batch *batch, const Dataset *data, const Index *examples, Index count,
                          uint64_t serial, Error *err);
void           batch_free(Batch *batch);

#endif
