/* Streams, events and graphs. A stream's work is done when somebody waits for it. */

#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "tests/cuda/emulator/internal.h"

struct EmulatedEvent {
    cudaStream_t stream;   /* where it was recorded */
    bool         recorded; /* since its creation */
    int64_t      pending;  /* records that have not been reached */
    double       seconds;  /* when it was reached last */
};

struct EmulatedGraph {
    WorkList list;
};

struct EmulatedGraphExec {
    WorkList list;
};

static struct EmulatedStream default_stream = {.blocking = true};

/* ---- streams ------------------------------------------------------------------------------ */

cudaStream_t stream_find(cudaStream_t stream)
{
    if (stream == NULL) return &default_stream;
    for (cudaStream_t s = default_stream.next; s != NULL; s = s->next) {
        if (s == stream) return s;
    }
    fault("a stream that does not exist is used: %p", (void *)stream);
}

void stream_add(cudaStream_t stream, Work *run, const void *args, size_t bytes, const void *more,
                size_t more_bytes)
{
    work_append(&stream_find(stream)->list, run, args, bytes, more, more_bytes);
}

cudaError_t stream_flush(cudaStream_t stream)
{
    WorkList list = stream->list;
    if (stream->capturing || list.used == 0) return cudaSuccess;
    stream->list = (WorkList){NULL, 0, 0};
    memory_open();
    cudaError_t error = work_do(&list);
    memory_close();
    work_free(&list);
    call_spoil(error);
    return error;
}

cudaError_t stream_flush_all(bool only_blocking)
{
    cudaError_t error = cudaSuccess;
    for (cudaStream_t s = &default_stream; s != NULL; s = s->next) {
        cudaError_t one = s->blocking || !only_blocking ? stream_flush(s) : cudaSuccess;
        if (error == cudaSuccess) error = one;
    }
    return error;
}

cudaError_t stream_may_block(void)
{
    cudaError_t error = cudaSuccess;
    for (cudaStream_t s = &default_stream; s != NULL; s = s->next) {
        bool mine = s->owner == (uintptr_t)pthread_self();
        bool hit = s->mode == cudaStreamCaptureModeGlobal ||
                   (s->mode == cudaStreamCaptureModeThreadLocal && mine);
        if (!s->capturing || !hit) continue;
        s->invalid = true;
        error = cudaErrorStreamCaptureUnsupported;
    }
    return error;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags)
{
    cudaError_t error = call_begin();
    if (error != cudaSuccess) return call_end(error);
    struct EmulatedStream *s = calloc(1, sizeof *s);
    if (s == NULL) fault("no memory for a stream");
    s->blocking = (flags & cudaStreamNonBlocking) == 0;
    s->next = default_stream.next;
    default_stream.next = s;
    emulated_counts.streams++;
    *stream = s;
    return call_end(cudaSuccess);
}

cudaError_t cudaStreamCreate(cudaStream_t *stream)
{
    return cudaStreamCreateWithFlags(stream, cudaStreamDefault);
}

cudaError_t cudaStreamDestroy(cudaStream_t stream)
{
    cudaError_t  error = call_begin();
    cudaStream_t s = stream_find(stream), *link = &default_stream.next;
    if (s == &default_stream) return call_end(cudaErrorInvalidResourceHandle);
    if (error == cudaSuccess) error = stream_flush(s);
    while (*link != s) link = &(*link)->next;
    *link = s->next;
    work_free(&s->list);
    free(s);
    emulated_counts.streams--;
    return call_end(error);
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream)
{
    cudaError_t  error = call_begin();
    cudaStream_t s = stream_find(stream);
    if (error == cudaSuccess && s->capturing) {
        s->invalid = true;
        error = cudaErrorStreamCaptureUnsupported;
    }
    if (error == cudaSuccess) error = stream_flush(s);
    return call_end(error);
}

cudaError_t cudaDeviceSynchronize(void)
{
    cudaError_t error = call_begin();
    if (error == cudaSuccess) error = stream_may_block();
    if (error == cudaSuccess) error = stream_flush_all(false);
    return call_end(error);
}

/* ---- events ------------------------------------------------------------------------------- */

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags)
{
    (void)flags;
    cudaError_t error = call_begin();
    if (error != cudaSuccess) return call_end(error);
    *event = calloc(1, sizeof **event);
    if (*event == NULL) fault("no memory for an event");
    emulated_counts.events++;
    return call_end(cudaSuccess);
}

cudaError_t cudaEventCreate(cudaEvent_t *event)
{
    return cudaEventCreateWithFlags(event, cudaEventDefault);
}

static void reach_event(const void *args)
{
    struct timespec now;
    cudaEvent_t     event = *(const cudaEvent_t *)args;
    clock_gettime(CLOCK_MONOTONIC, &now);
    event->seconds = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
    event->pending--;
}

/* In what is captured a record only orders branches, of which there are none here. */
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream)
{
    cudaError_t  error = call_begin();
    cudaStream_t s = stream_find(stream);
    if (error == cudaSuccess && !s->capturing) {
        stream_add(stream, reach_event, &event, sizeof(cudaEvent_t), NULL, 0);
        event->stream = s;
        event->recorded = true;
        event->pending++;
    }
    return call_end(error);
}

cudaError_t cudaEventSynchronize(cudaEvent_t event)
{
    cudaError_t error = call_begin();
    if (error == cudaSuccess && event->pending > 0) error = stream_flush(event->stream);
    return call_end(error);
}

cudaError_t cudaEventQuery(cudaEvent_t event)
{
    cudaError_t error = call_begin();
    if (error == cudaSuccess && event->pending > 0) error = cudaErrorNotReady;
    return call_end(error);
}

cudaError_t cudaEventElapsedTime(float *milliseconds, cudaEvent_t start, cudaEvent_t end)
{
    cudaError_t error = call_begin();
    if (error == cudaSuccess && !(start->recorded && end->recorded))
        error = cudaErrorInvalidResourceHandle;
    if (error == cudaSuccess && start->pending + end->pending > 0) error = cudaErrorNotReady;
    if (error == cudaSuccess) *milliseconds = (float)(1e3 * (end->seconds - start->seconds));
    return call_end(error);
}

cudaError_t cudaEventDestroy(cudaEvent_t event)
{
    cudaError_t error = call_begin();
    if (event->pending > 0) stream_flush(event->stream);
    free(event);
    emulated_counts.events--;
    return call_end(error);
}

/* ---- graphs ------------------------------------------------------------------------------- */

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, enum cudaStreamCaptureMode mode)
{
    cudaError_t  error = call_begin();
    cudaStream_t s = stream_find(stream);
    if (error == cudaSuccess && (s == &default_stream || s->capturing))
        error = cudaErrorStreamCaptureUnsupported;
    if (error == cudaSuccess) error = stream_flush(s);
    if (error == cudaSuccess) {
        s->capturing = true;
        s->invalid = false;
        s->mode = (int)mode;
        s->owner = (uintptr_t)pthread_self();
    }
    return call_end(error);
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph)
{
    cudaError_t  error = call_begin();
    cudaStream_t s = stream_find(stream);
    if (!s->capturing) return call_end(error == cudaSuccess ? cudaErrorInvalidValue : error);
    if (error == cudaSuccess && s->invalid) error = cudaErrorStreamCaptureInvalidated;
    *graph = NULL;
    if (error == cudaSuccess) {
        *graph = calloc(1, sizeof **graph);
        if (*graph == NULL) fault("no memory for a graph");
        work_append_all(&(*graph)->list, &s->list);
        emulated_counts.graphs++;
    }
    work_free(&s->list);
    s->capturing = false;
    return call_end(error);
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *exec, cudaGraph_t graph, unsigned long long flags)
{
    cudaError_t error = call_begin();
    if (error == cudaSuccess && flags != 0) error = cudaErrorInvalidValue;
    if (error != cudaSuccess) return call_end(error);
    *exec = calloc(1, sizeof **exec);
    if (*exec == NULL) fault("no memory for a graph");
    work_append_all(&(*exec)->list, &graph->list);
    emulated_counts.graphs++;
    return call_end(cudaSuccess);
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream)
{
    cudaError_t error = call_begin();
    if (error == cudaSuccess) {
        work_append_all(&stream_find(stream)->list, &exec->list);
        emulated_counts.graph_launches++;
    }
    return call_end(error);
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec)
{
    cudaError_t error = call_begin();
    work_free(&exec->list);
    free(exec);
    emulated_counts.graphs--;
    return call_end(error);
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph)
{
    cudaError_t error = call_begin();
    work_free(&graph->list);
    free(graph);
    emulated_counts.graphs--;
    return call_end(error);
}
