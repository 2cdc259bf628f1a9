/*
 * Appending to the list, and sending it off.
 */

#include "core/math/cuda/device/queue.cuh"

#include <string.h>

/* ---- appending ---------------------------------------------------------------------------- */

static Index round16(Index bytes)
{
    return (bytes + 15) / 16 * 16;
}

/* The list is sent off between two ops only (op_begin), for what an op has staged must still be
 * there when its last command runs. So within an op it grows. */
static bool make_room(Device *d, Index bytes)
{
    Queue *q = d->queue;
    if (q->list_bytes + bytes <= q->list_room) return true;
    Index room = 2 * q->list_room + bytes;
    char *grown = (char *)d->host->alloc(room, NULL);
    if (grown == NULL) return device_fail(d, "too much work at once", "no memory for its list");
    memcpy(grown, q->list, (size_t)q->list_bytes);
    d->host->release(q->list);
    q->list = grown;
    q->list_room = room;
    return true;
}

/* Room for a command with `bytes` of arguments, all zero; NULL after a failure. */
static Command *append(Device *d, CommandKind kind, Index bytes)
{
    Queue *q = d->queue;
    Index  size = (Index)sizeof(Command) + round16(bytes);
    if (d->failed || !make_room(d, size)) return NULL;

    Command *c = (Command *)(void *)(q->list + q->list_bytes);
    memset(c, 0, (size_t)size);
    c->kind = kind;
    c->bytes = bytes;
    q->last = q->list_bytes;
    q->list_bytes += size;
    q->commands++;
    return c;
}

const void *queue_last(const Device *d, const void *kernel)
{
    const Queue *q = d->queue;
    if (q->last < 0) return NULL;
    const Command *c = (const Command *)(const void *)(q->list + q->last);
    return c->kind == COMMAND_KERNEL && c->kernel == kernel ? c + 1 : NULL;
}

void queue_take_back(Device *d)
{
    Queue *q = d->queue;
    q->list_bytes = q->last;
    q->last = -1;
    q->commands--;
}

void queue_kernel(Device *d, const void *kernel, KernelCall *call, Grid grid, const void *args,
                  Index bytes)
{
    if (grid.x == 0 || grid.y == 0) return;
    Command *c = append(d, COMMAND_KERNEL, bytes);
    if (c == NULL) return;
    c->kernel = kernel;
    c->call = call;
    c->x = grid.x;
    c->y = grid.y;
    c->threads = grid.threads;
    memcpy(c + 1, args, (size_t)bytes);
}

void queue_product(Device *d, const Product *p)
{
    Command *c = append(d, COMMAND_PRODUCT, (Index)sizeof *p);
    if (c != NULL) memcpy(c + 1, p, sizeof *p);
}

static void queue_transfer(Device *d, CommandKind kind, void *dst, const void *src, Index bytes)
{
    if (bytes == 0) return;
    Transfer transfer = {dst, src, bytes};
    Command *c = append(d, kind, (Index)sizeof transfer);
    if (c != NULL) memcpy(c + 1, &transfer, sizeof transfer);
}

void queue_copy(Device *d, void *dst, const void *src, Index bytes)
{
    queue_transfer(d, COMMAND_COPY, dst, src, bytes);
}

void queue_zero(Device *d, void *dst, Index bytes)
{
    queue_transfer(d, COMMAND_ZERO, dst, NULL, bytes);
}

/* ---- sending off -------------------------------------------------------------------------- */

static void upload_staged(Device *d)
{
    Queue *q = d->queue;
    if (q->staged_bytes == 0) return;
    if (!device_check(d,
                      cudaMemcpyAsync(q->staged, q->pinned[q->turn], (size_t)q->staged_bytes,
                                      cudaMemcpyHostToDevice, d->stream),
                      "copying to the GPU")) {
        return;
    }
    (void)device_check(d, cudaEventRecord(q->copied[q->turn], d->stream), "marking the copy");
    q->turn = 1 - q->turn;
    q->turn_waited = false;
}

static void clear_list(Queue *q)
{
    q->list_bytes = 0;
    q->commands = 0;
    q->last = -1;
    q->staged_bytes = 0;
    q->shared_count = 0;
}

void queue_flush(Device *d)
{
    Queue *q = d->queue;
    if (q->commands > 0 && !d->failed) {
        q->flushes++;
        upload_staged(d);
        if (!replay_list(d)) {
            issue_list(d);
            q->one_by_one++;
        }
        (void)device_check(d, cudaGetLastError(), "launching work");
    }
    clear_list(q);
}

static void hand_out_results(Queue *q)
{
    for (int i = 0; i < q->result_count; i++) {
        const Result *r = &q->result[i];
        memcpy(r->host, q->results_pinned + r->offset, (size_t)r->bytes);
    }
}

bool queue_wait(Device *d)
{
    Queue *q = d->queue;
    queue_flush(d);
    if (!d->failed && q->results_bytes > 0) {
        (void)device_check(d,
                           cudaMemcpyAsync(q->results_pinned, q->results, (size_t)q->results_bytes,
                                           cudaMemcpyDeviceToHost, d->stream),
                           "copying from the GPU");
    }
    if (!d->failed) (void)device_check(d, cudaStreamSynchronize(d->stream), "computing");
    if (!d->failed) hand_out_results(q);
    q->results_bytes = 0;
    q->result_count = 0;
    return !d->failed;
}

/* ---- opening and closing ------------------------------------------------------------------ */

static bool open_areas(Device *d, Queue *q, Error *err)
{
    for (int i = 0; i < 2; i++) {
        q->pinned[i] = (char *)device_pinned(d, q->staging_bytes, err);
        if (q->pinned[i] == NULL) return false;
        if (!device_check(d, cudaEventCreateWithFlags(&q->copied[i], cudaEventDisableTiming),
                          "creating an event")) {
            return d->host->fail(err, ERR_DEVICE, d->failure, NULL);
        }
    }
    q->results_pinned = (char *)device_pinned(d, q->staging_bytes, err);
    if (q->results_pinned == NULL) return false;
    q->staged = (char *)device_alloc(d, q->staging_bytes, err);
    if (q->staged == NULL) return false;
    q->results = (char *)device_alloc(d, q->staging_bytes, err);
    return q->results != NULL;
}

bool queue_open(Device *d, Error *err)
{
    Queue *q = (Queue *)d->host->alloc((Index)sizeof(Queue), err);
    d->queue = q;
    if (q == NULL) return false;
    q->staging_bytes = d->spec.staging > 0 ? d->spec.staging : DEFAULT_STAGING;
    q->turn_waited = true;
    q->last = -1;
    q->list = (char *)d->host->alloc(LIST_BYTES, err);
    q->list_room = LIST_BYTES;
    return q->list != NULL && open_areas(d, q, err);
}

void queue_close(Device *d)
{
    Queue *q = d->queue;
    if (q == NULL) return;
    replay_close(d);
    for (int i = 0; i < 2; i++) {
        if (q->copied[i] != NULL) (void)cudaEventDestroy(q->copied[i]);
        device_unpin(d, q->pinned[i], q->staging_bytes);
    }
    device_unpin(d, q->results_pinned, q->staging_bytes);
    device_free(d, q->staged, q->staging_bytes);
    device_free(d, q->results, q->staging_bytes);
    d->host->release(q->list);
    d->host->release(q);
    d->queue = NULL;
}
