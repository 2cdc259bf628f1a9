/*
 * Lists that come again become graphs: the first time a list is issued command by command, the
 * second time it is captured, from then on replayed with one launch.
 */

#include "core/math/cuda/device/queue.cuh"

#include <string.h>

/* 64 bits of the list; only a first sieve, for equality is decided by the bytes. (FNV-1a's way, on
 * words: the list's length is a multiple of 16.) */
static uint64_t hash_list(const Queue *q)
{
    uint64_t hash = 14695981039346656037u;
    for (Index i = 0; i < q->list_bytes; i += (Index)sizeof hash) {
        uint64_t word;
        memcpy(&word, q->list + i, sizeof word);
        hash = (hash ^ word) * 1099511628211u;
        hash ^= hash >> 29;
    }
    return hash;
}

static Replay *find(Queue *q, uint64_t hash)
{
    for (int i = 0; i < GRAPHS; i++) {
        Replay *r = &q->replay[i];
        bool    same = r->list != NULL && r->hash == hash && r->bytes == q->list_bytes &&
                    memcmp(r->list, q->list, (size_t)r->bytes) == 0;
        if (same) return r;
    }
    return NULL;
}

static bool seen_before(Queue *q, uint64_t hash)
{
    for (int i = 0; i < SEEN; i++) {
        if (q->seen[i] == hash) return true;
    }
    q->seen[q->seen_at] = hash;
    q->seen_at = (q->seen_at + 1) % SEEN;
    return false;
}

static void drop(Device *d, Replay *r)
{
    if (r->graph != NULL) (void)cudaGraphExecDestroy(r->graph);
    d->host->release(r->list);
    *r = Replay{};
}

/* A free place, or that of the graph used longest ago; it may still be running. */
static Replay *place(Device *d)
{
    Replay *oldest = &d->queue->replay[0];
    for (int i = 0; i < GRAPHS; i++) {
        Replay *r = &d->queue->replay[i];
        if (r->list == NULL) return r;
        if (r->used < oldest->used) oldest = r;
    }
    (void)device_check(d, cudaStreamSynchronize(d->stream), "computing");
    drop(d, oldest);
    return oldest;
}

/* What the commands would do, as a graph; NULL when they cannot be captured. */
static cudaGraphExec_t capture(Device *d)
{
    cudaGraph_t     graph = NULL;
    cudaGraphExec_t ready = NULL;
    if (cudaStreamBeginCapture(d->stream, cudaStreamCaptureModeThreadLocal) != cudaSuccess) {
        return NULL;
    }
    issue_list(d);
    bool ok = cudaStreamEndCapture(d->stream, &graph) == cudaSuccess && !d->failed;
    d->failed = false; /* nothing has run: what cannot be captured is issued instead */
    ok = ok && cudaGraphInstantiate(&ready, graph, 0) == cudaSuccess;
    if (graph != NULL) (void)cudaGraphDestroy(graph);
    return ok ? ready : NULL;
}

/* Graphs only save time: without memory or without capture the commands are issued as they are. */
static Replay *learn(Device *d, uint64_t hash)
{
    Queue  *q = d->queue;
    Replay *r = place(d);
    r->list = (char *)d->host->alloc(q->list_bytes, NULL);
    if (r->list == NULL) return NULL;
    r->graph = capture(d);
    if (r->graph == NULL) {
        (void)cudaGetLastError(); /* the capture's, not the work's */
        d->spec.no_graphs = true;
        drop(d, r);
        return NULL;
    }
    memcpy(r->list, q->list, (size_t)q->list_bytes);
    r->bytes = q->list_bytes;
    r->hash = hash;
    return r;
}

bool replay_list(Device *d)
{
    Queue *q = d->queue;
    if (d->failed || d->spec.no_graphs || q->commands < GRAPH_COMMANDS) return false;
    uint64_t hash = hash_list(q);
    Replay  *r = find(q, hash);
    if (r == NULL && seen_before(q, hash)) r = learn(d, hash);
    if (r == NULL) return false;
    r->used = q->flushes;
    q->as_graph++;
    return device_check(d, cudaGraphLaunch(r->graph, d->stream), "launching a graph");
}

void replay_close(Device *d)
{
    for (int i = 0; i < GRAPHS; i++) {
        if (d->queue->replay[i].list != NULL) drop(d, &d->queue->replay[i]);
    }
}
