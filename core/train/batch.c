/*
 * The order of examples and the rows of a batch. Everything about micro-batch b follows from
 * the dataset, the seed and b alone, so a training resumes from a step number.
 */

#include "core/train/batch.h"

#include <string.h>

#include "core/base/random.h"

#define ORDER_STREAM 0x6f72646572u /* the permutations' place among the counter-based numbers */

struct Order {
    const Dataset *data;
    OrderSpec      spec;
    Index          epoch;       /* that `sequence` and `starts` describe; -1: none yet */
    Index          first_batch; /* number of the epoch's first batch over all epochs */
    int64_t       *sequence;    /* [count] the epoch's examples in order */
    Index         *starts;      /* [batches + 1] a batch's first place in sequence */
    Index          batches;
    Index         *picked; /* [count] the answer of order_batch */
};

Order *order_create(const Dataset *data, OrderSpec spec, Error *err)
{
    CHECK(data->count > 0 && spec.batch > 0);
    MemAccount *program = mem_program();

    Order *order = mem_alloc(program, MEM_TEXT, 1, sizeof *order, err);
    if (order == NULL) return NULL;
    order->data = data;
    order->spec = spec;
    order->epoch = -1;
    order->sequence = mem_alloc(program, MEM_TEXT, data->count, sizeof(int64_t), err);
    if (order->sequence == NULL) goto fail;
    order->starts = mem_alloc(program, MEM_TEXT, data->count + 1, sizeof(Index), err);
    if (order->starts == NULL) goto fail;
    order->picked = mem_alloc(program, MEM_TEXT, data->count, sizeof(Index), err);
    if (order->picked == NULL) goto fail;
    return order;

fail:
    order_free(order);
    return NULL;
}

void order_free(Order *order)
{
    if (order == NULL) return;
    mem_free(order->sequence);
    mem_free(order->starts);
    mem_free(order->picked);
    mem_free(order);
}

/* The place behind the row that starts at `place`: one example, or as many as fit. */
static Index row_end(const Order *order, Index place)
{
    const Dataset *data = order->data;
    Index          tokens = data->examples[order->sequence[place]].count;

    place++;
    if (!order->spec.packing) return place;
    while (place < data->count) {
        tokens += data->examples[order->sequence[place]].count;
        if (tokens > order->spec.max_length) break;
        place++;
    }
    return place;
}

static void plan_epoch(Order *order, Index epoch)
{
    const Dataset *data = order->data;

    if (order->spec.shuffle) {
        random_permutation(order->spec.seed, ORDER_STREAM + (uint64_t)epoch, order->sequence,
                           data->count);
    } else {
        for (Index i = 0; i < data->count; i++) order->sequence[i] = i;
    }
    order->batches = 0;
    for (Index place = 0; place < data->count;) {
        order->starts[order->batches++] = place;
        for (Index row = 0; row < order->spec.batch && place < data->count; row++) {
            place = row_end(order, place);
        }
    }
    order->starts[order->batches] = data->count;
    order->epoch = epoch;
}

/* Move to the epoch that holds batch b. Packing may give epochs different lengths, so they are
 * walked one by one then, and going back starts over. */
static void seek(Order *order, Index b)
{
    if (order->epoch < 0 || (order->spec.packing && b < order->first_batch)) {
        plan_epoch(order, 0);
        order->first_batch = 0;
    }
    if (!order->spec.packing) {
        Index epoch = b / order->batches;
        if (epoch != order->epoch) plan_epoch(order, epoch);
        order->first_batch = epoch * order->batches;
        return;
    }
    while (b >= order->first_batch + order->batches) {
        Index next = order->first_batch + order->batches;
        plan_epoch(order, order->epoch + 1);
        order->first_batch = next;
    }
}

Index order_batches_per_epoch(Order *order)
{
    seek(order, 0);
    return order->batches;
}

bool order_batch(Order *order, Index b, const Index **examples, Index *count, uint64_t *serial,
                 double *epoch, Error *err)
{
    if (b < 0) return error_set(err, ERR_INPUT, "batch %td does not exist", b);
    seek(order, b);
    Index k = b - order->first_batch;
    Index from = order->starts[k], to = order->starts[k + 1];
    for (Index i = from; i < to; i++) order->picked[i - from] = (Index)order->sequence[i];
    *examples = order->picked;
    *count = to - from;
    *serial = (uint64_t)(order->epoch * order->data->count + from);
    *epoch = (double)order->epoch + (double)to / (double)order->data->count;
    return true;
}

/* ---- rows ---- */

static bool grow_array(void *array_pointer, Index count, Index size, Error *err)
{
    void **array = array_pointer;
    void  *larger = mem_resize(*array, mem_program(), MEM_SCRATCH, count, size, err);
    if (larger == NULL) return false;
    *array = larger;
    return true;
}

static bool make_room(Batch *batch, Index rows, Index segments, Error *err)
{
    if (rows > batch->cap_rows) {
        if (!grow_array(&batch->ids, rows, sizeof(int32_t), err)) return false;
        if (!grow_array(&batch->position, rows, sizeof(int32_t), err)) return false;
        if (!grow_array(&batch->labels, rows, sizeof(int32_t), err)) return false;
        if (!grow_array(&batch->pick, rows, sizeof(Index), err)) return false;
        if (!grow_array(&batch->row_key, rows, sizeof(uint64_t), err)) return false;
        if (!grow_array(&batch->pick_key, rows, sizeof(uint64_t), err)) return false;
        batch->cap_rows = rows;
    }
    if (segments > batch->cap_segments) {
        if (!grow_array(&batch->at, segments + 1, sizeof(Index), err)) return false;
        batch->cap_segments = segments;
    }
    return true;
}

/* Rows of an example that the network must see: up to the one that predicts its last target. */
static Index rows_needed(const Example *example)
{
    Index last = example->count - 1;
    while (last > 0 && example->labels[last] < 0) last--;
    return last;
}

static void add_example(Batch *batch, const Example *example, Index rows, uint64_t serial)
{
    Rows *out = &batch->rows;

    for (Index t = 0; t < rows; t++) {
        Index    n = out->N + t;
        uint64_t key = serial << 32 | (uint64_t)t;
        batch->ids[n] = example->ids[t];
        batch->position[n] = (int32_t)t;
        batch->row_key[n] = key;
        if (example->labels[t + 1] < 0) continue;
        batch->pick[out->M] = n;
        batch->pick_key[out->M] = key;
        batch->labels[out->M++] = example->labels[t + 1];
    }
    batch->at[out->S] = out->N;
    out->N += rows;
    batch->at[++out->S] = out->N;
    if (rows > batch->longest) batch->longest = rows;
}

/* How many more rows and picked rows; where all are picked, all will be. The rows that are picked
 * more must be among the rows there are more of. */
static void more_rows(const Batch *batch, Index *rows, Index *picked)
{
    const Rows *r = &batch->rows;
    bool        all = r->M == r->N;
    *picked = all ? 0 : batch->row_bucket(r->M) - r->M;
    *rows = batch->row_bucket(r->N + *picked) - r->N;
    if (all) *picked = *rows;
}

/* Rows that belong to no segment and have no label: nobody sees them, and what they compute adds
 * nothing to any gradient. */
static bool fill_up(Batch *batch, Error *err)
{
    Rows *out = &batch->rows;
    Index rows, picked;
    if (batch->row_bucket == NULL || out->N == 0) return true;
    more_rows(batch, &rows, &picked);
    if (!make_room(batch, out->N + rows, out->S, err)) return false;
    for (Index i = 0; i < rows; i++) {
        Index n = out->N + i;
        batch->ids[n] = 0;
        batch->position[n] = 0;
        batch->row_key[n] = 0;
    }
    for (Index i = 0; i < picked; i++) {
        batch->pick[out->M + i] = out->N + i;
        batch->pick_key[out->M + i] = 0;
        batch->labels[out->M + i] = -1;
    }
    out->N += rows;
    out->M += picked;
    out->fill = rows;
    return true;
}

bool batch_fill(Batch *batch, const Dataset *data, const Index *examples, Index count,
                uint64_t serial, Error *err)
{
    Index rows = 0;
    for (Index i = 0; i < count; i++) rows += rows_needed(&data->examples[examples[i]]);
    if (!make_room(batch, rows, count, err)) return false;

    batch->rows = (Rows){0};
    batch->longest = 0;
    for (Index i = 0; i < count; i++) {
        const Example *example = &data->examples[examples[i]];
        Index          n = rows_needed(example);
        if (n > 0) add_example(batch, example, n, serial + (uint64_t)i);
    }
    batch->tokens = batch->rows.N;
    batch->targets = batch->rows.M;
    if (!fill_up(batch, err)) return false;
    batch->rows.ids = batch->ids;
    batch->rows.position = batch->position;
    batch->rows.at = batch->at;
    batch->rows.row_key = batch->row_key;
    batch->rows.pick_key = batch->pick_key;
    /* Every row picked is the same as picking none, and cheaper. */
    batch->rows.pick = batch->rows.M < batch->rows.N ? batch->pick : NULL;
    return true;
}

void batch_free(Batch *batch)
{
    mem_free(batch->ids);
    mem_free(batch->position);
    mem_free(batch->labels);
    mem_free(batch->pick);
    mem_free(batch->row_key);
    mem_free(batch->pick_key);
    mem_free(batch->at);
    *batch = (Batch){0};
}
