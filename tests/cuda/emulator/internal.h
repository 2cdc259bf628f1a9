#ifndef TESTS_CUDA_EMULATOR_INTERNAL_H
#define TESTS_CUDA_EMULATOR_INTERNAL_H

/* What the emulator's files share. All of it runs under the lock that call_begin takes. */

#include <stdbool.h>

#include "core/base/error.h"
#include "tests/cuda/emulator/emulator.h"
#include "tests/cuda/emulator/threads.h"

#if defined(__SANITIZE_ADDRESS__)
#define EMULATED_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EMULATED_ASAN 1
#endif
#endif
#ifndef EMULATED_ASAN
#define EMULATED_ASAN 0
#endif

enum {
    THREADS_MAX = 1024, /* of a block */
    LANES = 32,
    BAND = 256, /* bytes on both sides of a block of device memory that nobody may store into */
};

/* Two bytes that repeat: a NaN in every type, and unlike fresh memory, whose bits are all set. */
#define BAND_LOW ((unsigned char)0xe5)
#define BAND_HIGH ((unsigned char)0xff)
#define FRESH 0xff

/* ---- fault.c ------------------------------------------------------------------------------ */

/* "emulator: ..." and abort. */
_Noreturn void fault(const char *format, ...) PRINTF_LIKE(1, 2);
/* Name wild accesses before the process dies of them. */
void fault_watch(void);

/* Fill with the pattern of a band; the first byte that was changed since, or -1. */
void      band_fill(void *at, size_t bytes);
ptrdiff_t band_damage(const void *at, size_t bytes);

/* ---- fiber.c ------------------------------------------------------------------------------ */

/* A stack of its own. Fibers are never freed; body never returns. */
typedef struct Fiber Fiber;
Fiber               *fiber_create(void (*body)(void));
void                 fiber_resume(Fiber *fiber); /* from the scheduler, until the fiber yields */
void                 fiber_yield(void);          /* from the fiber that runs, to the scheduler */

/* ---- block.c, exchange.c, shared.c ---------------------------------------------------------- */

typedef enum ThreadState {
    THREAD_NEW,
    THREAD_READY,
    THREAD_AT_BARRIER,
    THREAD_AT_EXCHANGE, /* of its warp */
    THREAD_DONE,
} ThreadState;

/* What a thread brings to an exchange of its warp, and what it takes away. */
typedef struct Offer {
    EmulatedExchange how;
    unsigned         mask;
    uint64_t         value, result;
    int              operand, width;
} Offer;

typedef struct Thread {
    ThreadState state;
    unsigned    shared_calls;
    Fiber      *fiber; /* NULL: not started, or done */
    const char *file;  /* where it waits */
    int         line;
    Offer       offer;
} Thread;

typedef struct Launch {
    EmulatedCall *call;
    const void   *kernel;
    dim3          grid, block;
    size_t        bytes; /* of arguments: work_more */
} Launch;

void        block_run_grid(const Launch *launch, const void *args);
const char *block_where(void);  /* "block 3,0,0 thread 17,0,0", or "in no kernel" */
Thread     *block_thread(void); /* the running one; NULL: none */
void        block_seed(uint64_t seed);
/* All lanes of a warp have come to rest and some wait for an exchange: do it, or complain. */
void exchange(Thread *warp, int lanes, int first);
void shared_begin(void);
void shared_end(void);

/* ---- memory.c ----------------------------------------------------------------------------- */

void   *memory_alloc(size_t bytes); /* NULL: the imaginary device is full */
bool    memory_free(void *block);
bool    memory_is_device(const void *p);           /* somewhere in the device's addresses */
bool    memory_holds(const void *p, size_t bytes); /* inside one live block */
void    memory_open(void);                         /* for kernels and copies ... */
void    memory_close(void);                        /* ... and closed for host code */
void    memory_open_at(const void *p);             /* the block there, if one is */
void    memory_close_at(const void *p);
void    memory_check(const char *what, const void *by); /* all bands; a damaged one is a fault */
size_t  memory_used(void);
int64_t memory_blocks(void);
bool    pinned_add(void **block, size_t bytes);
bool    pinned_remove(void *block);
bool    pinned_holds(const void *p, size_t bytes);
int64_t pinned_count(void);

/* ---- call.c ------------------------------------------------------------------------------- */

/* Every function of the API: begin takes the lock and says whether the call fails by arrangement;
 * end gives it back and remembers an error. */
cudaError_t call_begin(void);
cudaError_t call_end(cudaError_t error);
/* An operation is about to be done: whether it fails by arrangement. */
cudaError_t call_work(void);
/* From now on every call says so, if this is such an error. */
void               call_spoil(cudaError_t error);
extern EmulatedUse emulated_counts;

/* ---- work.c ------------------------------------------------------------------------------- */

/* An operation: a function and the plain bytes it needs. */
typedef void Work(const void *args);

/* Operations in a row, as records in one piece of memory. */
typedef struct WorkList {
    unsigned char *bytes;
    size_t         used, room;
} WorkList;

/* `more` lies behind the args, at the next multiple of 16: work_more. */
void        work_append(WorkList *list, Work *run, const void *args, size_t bytes, const void *more,
                        size_t more_bytes);
void        work_append_all(WorkList *list, const WorkList *other);
const void *work_more(const void *args, size_t bytes);
cudaError_t work_do(const WorkList *list); /* until one fails */
void        work_free(WorkList *list);

/* ---- stream.c ----------------------------------------------------------------------------- */

struct EmulatedStream {
    WorkList               list;
    bool                   blocking, capturing, invalid;
    int                    mode;
    uintptr_t              owner; /* host thread that captures */
    struct EmulatedStream *next;
};

cudaStream_t stream_find(cudaStream_t stream); /* NULL is the default stream; others must live */
/* Append, to what is captured or to what is done later. */
void stream_add(cudaStream_t stream, Work *run, const void *args, size_t bytes, const void *more,
                size_t more_bytes);
cudaError_t stream_flush(cudaStream_t stream); /* do all of it */
cudaError_t stream_flush_all(bool only_blocking);
/* Calls that a capture forbids: spoils the capture. */
cudaError_t stream_may_block(void);

#endif
