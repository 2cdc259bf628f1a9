/*
 * Runs a grid, thread by thread. Each warp goes as far as it can before the next one starts, so
 * that warps which should have waited for each other are as far apart as they can be; its lanes,
 * the warps of a block and the blocks of a grid come in an order drawn anew for every launch.
 *
 * A thread that never waits costs no switch: the fiber that ends it starts the next one.
 */

#include <stdio.h>

#include "tests/cuda/emulator/internal.h"

uint3 threadIdx, blockIdx;
dim3  blockDim, gridDim;

static Thread        thread[THREADS_MAX];
static int           threads, warps; /* of the running block */
static Thread       *running;        /* NULL outside kernels */
static const Launch *launch;
static const void   *arguments;

static Fiber *idle[THREADS_MAX]; /* fibers without a thread */
static int    idle_count;

static int order[LANES]; /* lanes of the running warp, and how many have had their turn */
static int order_count, order_next, order_base;

/* ---- order -------------------------------------------------------------------------------- */

static uint64_t random_state = 1;

/* xorshift64* (Vigna 2016) */
static uint64_t random_next(void)
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * UINT64_C(0x2545f4914f6cdd1d);
}

static uint64_t random_below(uint64_t n)
{
    return (uint64_t)(((random_next() >> 32) * n) >> 32);
}

void block_seed(uint64_t seed)
{
    random_state = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1;
    for (int i = 0; i < 8; i++) random_next();
}

static void shuffle(int *list, int n)
{
    for (int i = 0; i < n; i++) {
        int j = (int)random_below((uint64_t)i + 1);
        list[i] = list[j];
        list[j] = i;
    }
}

/* ---- threads ------------------------------------------------------------------------------ */

Thread *block_thread(void)
{
    return running;
}

const char *block_where(void)
{
    static char where[96];
    if (launch == NULL) return "in no kernel";
    snprintf(where, sizeof where, "block %u,%u,%u thread %u,%u,%u", blockIdx.x, blockIdx.y,
             blockIdx.z, threadIdx.x, threadIdx.y, threadIdx.z);
    return where;
}

static void become(Thread *t)
{
    unsigned i = (unsigned)(t - thread);
    running = t;
    threadIdx.x = i % blockDim.x;
    threadIdx.y = i / blockDim.x % blockDim.y;
    threadIdx.z = i / (blockDim.x * blockDim.y);
}

/* The next lane in order, if it has not started yet: it can use this fiber. */
static bool take_next(Fiber *fiber)
{
    if (order_next == order_count) return false;
    Thread *t = &thread[order_base + order[order_next]];
    if (t->state != THREAD_NEW) return false;
    order_next++;
    t->fiber = fiber;
    become(t);
    return true;
}

static void fiber_body(void)
{
    for (;;) {
        Fiber *fiber = running->fiber;
        do {
            launch->call(launch->kernel, arguments);
            running->state = THREAD_DONE;
            running->fiber = NULL;
        } while (take_next(fiber));
        idle[idle_count++] = fiber;
        fiber_yield();
    }
}

static void resume(Thread *t)
{
    become(t);
    if (t->fiber == NULL) t->fiber = idle_count > 0 ? idle[--idle_count] : fiber_create(fiber_body);
    fiber_resume(t->fiber);
    running = NULL;
}

static void wait_as(ThreadState state, const char *file, int line)
{
    Thread *t = running;
    t->state = state;
    t->file = file;
    t->line = line;
    fiber_yield();
}

static void check_inside(const char *file, int line)
{
    if (running == NULL) fault("%s:%d runs in no kernel", file, line);
}

void emulated_syncthreads(const char *file, int line)
{
    check_inside(file, line);
    wait_as(THREAD_AT_BARRIER, file, line);
}

uint64_t emulated_exchange(EmulatedExchange how, unsigned mask, uint64_t value, int operand,
                           int width, const char *file, int line)
{
    check_inside(file, line);
    Thread *t = running;
    t->offer = (Offer){how, mask, value, 0, operand, width};
    wait_as(THREAD_AT_EXCHANGE, file, line);
    return t->offer.result;
}

/* ---- warps -------------------------------------------------------------------------------- */

static int lanes_of(int warp)
{
    return threads - warp * LANES < LANES ? threads - warp * LANES : LANES;
}

/* The first lane that waits for an exchange; -1: all wait at a barrier or are done. */
static int waiting_lane(const Thread *warp, int lanes)
{
    for (int i = 0; i < lanes; i++) {
        if (warp[i].state == THREAD_AT_EXCHANGE) return i;
    }
    return -1;
}

static void run_warp(int warp)
{
    Thread *first = thread + warp * LANES;
    for (;;) {
        order_base = warp * LANES;
        order_count = lanes_of(warp);
        order_next = 0;
        shuffle(order, order_count);
        while (order_next < order_count) {
            Thread *t = &first[order[order_next++]];
            if (t->state == THREAD_NEW || t->state == THREAD_READY) resume(t);
        }
        int waiting = waiting_lane(first, lanes_of(warp));
        if (waiting < 0) return;
        exchange(first, lanes_of(warp), waiting);
    }
}

/* ---- blocks ------------------------------------------------------------------------------- */

static void complain_of_barrier(const Thread *here, const Thread *other)
{
    int at = (int)(here - thread), i = (int)(other - thread);
    if (other->state == THREAD_DONE)
        fault("a barrier is not reached by all: thread %d waits at %s:%d, thread %d has returned "
              "(%s)",
              at, here->file, here->line, i, block_where());
    fault("a barrier is not the same for all: thread %d waits at %s:%d, thread %d at %s:%d (%s)",
          at, here->file, here->line, i, other->file, other->line, block_where());
}

/* All threads have come to rest. True: all were at one barrier and go on; false: all are done. */
static bool pass_barrier(void)
{
    const Thread *here = NULL;
    for (int i = 0; i < threads && here == NULL; i++) {
        if (thread[i].state == THREAD_AT_BARRIER) here = &thread[i];
    }
    if (here == NULL) return false;
    for (int i = 0; i < threads; i++) {
        const Thread *t = &thread[i];
        if (t->state == THREAD_DONE || t->line != here->line) complain_of_barrier(here, t);
    }
    for (int i = 0; i < threads; i++) thread[i].state = THREAD_READY;
    return true;
}

static void run_block(void)
{
    int warp_order[THREADS_MAX / LANES];
    for (int i = 0; i < threads; i++) {
        thread[i].state = THREAD_NEW;
        thread[i].shared_calls = 0;
    }
    shared_begin();
    do {
        shuffle(warp_order, warps);
        for (int i = 0; i < warps; i++) run_warp(warp_order[i]);
    } while (pass_barrier());
    shared_end();
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Every block once: a walk round the grid in steps that have no divisor in common with it. */
void block_run_grid(const Launch *l, const void *args)
{
    uint64_t x = l->grid.x, y = l->grid.y, blocks = x * y * l->grid.z;
    uint64_t step = 1 + random_below(blocks), at = random_below(blocks);
    while (common_divisor(step, blocks) != 1) step++;

    launch = l;
    arguments = args;
    blockDim = l->block;
    gridDim = l->grid;
    threads = (int)(l->block.x * l->block.y * l->block.z);
    warps = (threads + LANES - 1) / LANES;
    for (uint64_t i = 0; i < blocks; i++) {
        blockIdx.x = (unsigned)(at % x);
        blockIdx.y = (unsigned)(at / x % y);
        blockIdx.z = (unsigned)(at / (x * y));
        run_block();
        at = (at + step) % blocks;
    }
    launch = NULL;
    arguments = NULL;
}
