#ifndef CORE_MATH_CUDA_DEVICE_QUEUE_CUH
#define CORE_MATH_CUDA_DEVICE_QUEUE_CUH

/*
 * The list of commands that wait to be issued, the graphs of lists issued before, the staging area
 * and the results that the next sync delivers.
 *
 *   ops ──append──▶ list ──flush──▶ upload of staged arrays, then the list: as a graph when the
 * same bytes were issued before, else command by command sync = flush, copy of results to the host,
 * wait
 *
 * Two lists are the same when their bytes are: kernels, grids, arguments, addresses. The tape takes
 * its tensors from an arena that hands out the same addresses for the same sequence of sizes, so a
 * training step whose batch has the same (filled up) shape repeats its list.
 */

#include "core/math/cuda/device/device.cuh"

enum {
    LIST_BYTES = 1 << 20, /* a longer list is issued, between two ops */
    GRAPH_COMMANDS = 8,   /* shorter lists are not worth a graph */
    GRAPHS = 32,          /* kept; the one that was used longest ago goes */
    SEEN = 64,            /* hashes of lists issued once, the oldest forgotten */
    SHARED_ARRAYS = 64,   /* staged arrays that are looked through for the same again */
    RESULTS = 1024,       /* host results of one sync */
};

enum CommandKind { COMMAND_KERNEL, COMMAND_PRODUCT, COMMAND_COPY, COMMAND_ZERO };

/* A command's head in the list; `bytes` of arguments follow: a kernel's struct, a Product, or a
 * Transfer. Heads and arguments begin at multiples of 16. */
typedef struct Command {
    int64_t     kind;
    Index       bytes;
    const void *kernel;
    KernelCall *call;
    Index       x, y, threads;
    Index       unused; /* keeps the head a multiple of 16 */
} Command;

typedef struct Transfer {
    void       *dst;
    const void *src; /* NULL: zeros */
    Index       bytes;
} Transfer;

typedef struct Replay {
    char           *list; /* NULL: free */
    Index           bytes;
    uint64_t        hash;
    cudaGraphExec_t graph;
    int64_t         used; /* number of the flush that used it last */
} Replay;

typedef struct SharedArray {
    const void *host;
    Index       bytes, offset;
} SharedArray;

typedef struct Result {
    void *host;
    Index bytes, offset;
} Result;

struct Queue {
    char *list;
    Index list_bytes, list_room, commands;
    Index last; /* where the last command begins; -1: the list is empty */

    /* Host arrays. Two pinned areas take turns: one is written while the other is still being
     * copied. The device's side is one, at fixed addresses. */
    char       *pinned[2];
    cudaEvent_t copied[2];
    int         turn;
    bool        turn_waited; /* pinned[turn] may be written */
    char       *staged;
    Index       staging_bytes, staged_bytes;
    SharedArray shared[SHARED_ARRAYS];
    int         shared_count;

    char  *results_pinned, *results; /* host, device; as large as the staging area */
    Index  results_bytes;
    Result result[RESULTS];
    int    result_count;

    Replay   replay[GRAPHS];
    uint64_t seen[SEEN];
    int      seen_at;
    int64_t  flushes, as_graph, one_by_one;
};

bool queue_open(Device *d, Error *err); /* closed by queue_close, also half open */
void queue_close(Device *d);
/* Issue what is on the list. */
void queue_flush(Device *d);
/* Flush, deliver results, wait. False after a failure. */
bool queue_wait(Device *d);

/* ---- replay.cu ---- */

/* Issue the list as a graph if it was seen before; false: issue it command by command. */
bool replay_list(Device *d);
void replay_close(Device *d);

/* ---- issue.cu ---- */

/* Every command of the list onto the stream. */
void issue_list(Device *d);
void issue_product(Device *d, const Product *p);

/* ---- memory of the device, counted (state.cu) ---- */

void *device_alloc(Device *d, Index bytes, Error *err);  /* cudaMalloc */
void *device_pinned(Device *d, Index bytes, Error *err); /* cudaMallocHost */
void  device_free(Device *d, void *block, Index bytes);  /* NULL-safe */
void  device_unpin(Device *d, void *block, Index bytes); /* NULL-safe */

#endif
