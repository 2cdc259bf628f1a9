/*
 * What goes between the host and the list: arrays staged for kernels, results on their way back,
 * and the workspace.
 */

#include "core/math/cuda/device/queue.cuh"

#include <stdio.h>
#include <string.h>

enum { STAGE_ALIGN = 16 };

/* ---- host arrays -------------------------------------------------------------------------- */

/* The pinned area may be written again once its last copy is over. */
static void wait_for_turn(Device *d)
{
    Queue *q = d->queue;
    if (q->turn_waited) return;
    (void)device_check(d, cudaEventSynchronize(q->copied[q->turn]), "copying to the GPU");
    q->turn_waited = true;
}

/* Room for `bytes` in the pinned area, its offset, or -1 after a failure. */
static Index stage_room(Device *d, Index bytes)
{
    Queue *q = d->queue;
    Index  at = div_up(q->staged_bytes, STAGE_ALIGN) * STAGE_ALIGN;
    if (d->failed) return -1;
    if (bytes > q->staging_bytes - at) {
        char why[120];
        snprintf(why, sizeof why, "%td bytes of row numbers do not fit into %td", bytes,
                 q->staging_bytes - at);
        (void)device_fail(d, "a batch is too long for the GPU's staging area", why);
        return -1;
    }
    wait_for_turn(d);
    if (d->failed) return -1;
    q->staged_bytes = at + bytes;
    return at;
}

static void remember_array(Queue *q, const void *host, Index bytes, Index offset)
{
    if (q->shared_count == SHARED_ARRAYS) return;
    q->shared[q->shared_count++] = SharedArray{host, bytes, offset};
}

/* Every layer stages the same positions: the copy made first serves all. Compared by content, for
 * a stack address may hold something else by now. */
static const void *staged_before(const Queue *q, const void *host, Index bytes)
{
    for (int i = 0; i < q->shared_count; i++) {
        const SharedArray *a = &q->shared[i];
        if (a->host != host || a->bytes != bytes) continue;
        if (memcmp(q->pinned[q->turn] + a->offset, host, (size_t)bytes) == 0) {
            return q->staged + a->offset;
        }
    }
    return NULL;
}

const void *stage_bytes(Device *d, const void *host, Index bytes)
{
    Queue      *q = d->queue;
    const void *before = staged_before(q, host, bytes);
    if (before != NULL) return before;
    Index at = stage_room(d, bytes);
    if (at < 0) return NULL;
    memcpy(q->pinned[q->turn] + at, host, (size_t)bytes);
    remember_array(q, host, bytes, at);
    return q->staged + at;
}

/* Not remembered by address: what is staged differs from what stands there. */
const int32_t *stage_indices(Device *d, const Index *host, Index n)
{
    Queue *q = d->queue;
    Index  at = stage_room(d, n * (Index)sizeof(int32_t));
    if (at < 0) return NULL;
    int32_t *to = (int32_t *)(void *)(q->pinned[q->turn] + at);
    for (Index i = 0; i < n; i++) to[i] = (int32_t)host[i];
    return (const int32_t *)(const void *)(q->staged + at);
}

/* ---- results ------------------------------------------------------------------------------ */

void *deliver_bytes(Device *d, void *host, Index bytes)
{
    Queue *q = d->queue;
    Index  at = div_up(q->results_bytes, STAGE_ALIGN) * STAGE_ALIGN;
    if (d->failed) return NULL;
    if (bytes > q->staging_bytes - at || q->result_count == RESULTS) {
        (void)device_fail(d, "too many results at once", "the GPU's area for them is full");
        return NULL;
    }
    q->result[q->result_count++] = Result{host, bytes, at};
    q->results_bytes = at + bytes;
    return q->results + at;
}

/* ---- the op's own memory ------------------------------------------------------------------ */

void op_begin(Device *d)
{
    Queue *q = d->queue;
    d->workspace_used = 0;
    if (d->failed) return;
    if (q->results_bytes > q->staging_bytes / 2 || q->result_count > RESULTS / 2) {
        (void)queue_wait(d);
    } else if (q->staged_bytes > q->staging_bytes / 2 || q->list_bytes > LIST_BYTES) {
        queue_flush(d);
    }
}

void *work_bytes(Device *d, Index bytes)
{
    if (d->failed) return NULL;
    if (bytes > work_left(d)) {
        char why[120];
        snprintf(why, sizeof why, "%td bytes asked for, %td left of %td", bytes, work_left(d),
                 d->workspace_bytes);
        (void)device_fail(d, "the GPU's workspace is too small", why);
        return NULL;
    }
    void *piece = d->workspace + d->workspace_used;
    d->workspace_used += work_size(bytes);
    return piece;
}

Index work_left(const Device *d)
{
    return d->workspace_bytes - d->workspace_used;
}
