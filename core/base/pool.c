/*
 * The pool. A job is open while its tasks are handed out; a worker that notices it enters, draws
 * tasks from one atomic counter and leaves. The caller draws too, closes the job when no task is
 * left, and waits only for those who entered: a worker that is still waking up (or whose core is
 * taken by another program) holds nobody up.
 *
 * Entering, leaving, opening and closing happen under the mutex; only drawing a task and the
 * brief spinning look at atomics. Spinning some thousand pauses (20 to 50 ns each) bridges the gap
 * between two products of a step. Measured with a step of 7 ms and 300 jobs: after a thousand the
 * worker still fell asleep ten times a step, which cost 3 %; sixteen thousand gained nothing more.
 * None at all costs a tenth.
 */

#define _GNU_SOURCE /* sched_getaffinity */
#include "core/base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/mem.h"

enum { POOL_MAX_THREADS = 64, POOL_DEFAULT_MAX = 16, POOL_SPINS = 4000 };

typedef struct Worker {
    struct Pool *pool;
    pthread_t    thread;
    int          number; /* 1 .. threads-1; the caller is 0 */
} Worker;

struct Pool {
    int    threads;
    int    started; /* workers that run, at most threads-1 */
    Worker workers[POOL_MAX_THREADS];

    pthread_mutex_t mutex;
    pthread_cond_t  work; /* a job was opened, or stop */
    pthread_cond_t  idle; /* the last worker left a job */

    /* Changed under the mutex; atomic where somebody spins on it. */
    _Atomic uint64_t job; /* number of the latest job */
    _Atomic int      inside;
    bool             open, stop;
    int              asleep;

    PoolTask       *task;
    void           *context;
    Index           count;
    _Atomic int64_t next;
};

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void draw_tasks(Pool *pool, int worker)
{
    for (;;) {
        int64_t task = atomic_fetch_add(&pool->next, 1);
        if (task >= pool->count) return;
        pool->task(pool->context, task, worker);
    }
}

/* ---- workers ---------------------------------------------------------------------------- */

/* Wait for a job after number *seen. True: entered it. False: it was over already. */
static bool enter_job(Pool *pool, uint64_t *seen, bool *stop)
{
    for (int i = 0; i < POOL_SPINS && pool->job == *seen; i++) relax();

    pthread_mutex_lock(&pool->mutex);
    while (pool->job == *seen && !pool->stop) {
        pool->asleep++;
        pthread_cond_wait(&pool->work, &pool->mutex);
        pool->asleep--;
    }
    *seen = pool->job;
    *stop = pool->stop;
    bool entered = pool->open && !pool->stop;
    if (entered) pool->inside++;
    pthread_mutex_unlock(&pool->mutex);
    return entered;
}

static void leave_job(Pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    if (--pool->inside == 0) pthread_cond_signal(&pool->idle);
    pthread_mutex_unlock(&pool->mutex);
}

static void *worker_main(void *argument)
{
    Worker  *self = argument;
    uint64_t seen = 0;
    for (bool stop = false; !stop;) {
        if (!enter_job(self->pool, &seen, &stop)) continue;
        draw_tasks(self->pool, self->number);
        leave_job(self->pool);
    }
    return NULL;
}

/* Signals that ask for something belong to the main thread. Those that report a fault of the
 * very instruction stay open, or the handler that restores the terminal would not run. */
static void block_signals(sigset_t *before)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};

    sigset_t blocked;
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) sigdelset(&blocked, faults[i]);
    pthread_sigmask(SIG_SETMASK, &blocked, before);
}

static bool start_workers(Pool *pool, Error *err)
{
    sigset_t before;
    block_signals(&before); /* a thread inherits the mask of its creator */
    int failed = 0;
    while (failed == 0 && pool->started < pool->threads - 1) {
        Worker *worker = &pool->workers[pool->started];
        *worker = (Worker){.pool = pool, .number = pool->started + 1};
        failed =
            mem_may_allocate() ? pthread_create(&worker->thread, NULL, worker_main, worker) : -1;
        if (failed == 0) pool->started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed == 0) return true;

    error_set(err, ERR_MEMORY, "thread %d of %d could not be started", pool->started + 2,
              pool->threads);
    return error_hint(err, "ask for fewer threads with --threads");
}

/* ---- the pool --------------------------------------------------------------------------- */

Pool *pool_create(int threads, Error *err)
{
    CHECK(threads >= 1 && threads <= POOL_MAX_THREADS);

    Pool *pool = mem_alloc(mem_program(), MEM_SCRATCH, 1, sizeof *pool, err);
    if (pool == NULL) return NULL;

    pool->threads = threads;
    CHECK(pthread_mutex_init(&pool->mutex, NULL) == 0);
    CHECK(pthread_cond_init(&pool->work, NULL) == 0);
    CHECK(pthread_cond_init(&pool->idle, NULL) == 0);
    if (start_workers(pool, err)) return pool;

    pool_free(pool);
    return NULL;
}

void pool_free(Pool *pool)
{
    if (pool == NULL) return;

    pthread_mutex_lock(&pool->mutex);
    CHECK(!pool->open);
    pool->stop = true;
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->mutex);

    for (int i = 0; i < pool->started; i++) pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->idle);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->mutex);
    mem_free(pool);
}

int pool_threads(const Pool *pool)
{
    return pool->threads;
}

static void open_job(Pool *pool, Index count, PoolTask *task, void *context)
{
    pthread_mutex_lock(&pool->mutex);
    CHECK(!pool->open && pool->inside == 0); /* one caller at a time, and no task that calls */
    pool->task = task;
    pool->context = context;
    pool->count = count;
    pool->next = 0;
    pool->open = true;
    pool->job++;
    /* No more of them than there is work beside the caller's own. */
    Index woken = pool->asleep < count - 1 ? pool->asleep : count - 1;
    for (Index i = 0; i < woken; i++) pthread_cond_signal(&pool->work);
    pthread_mutex_unlock(&pool->mutex);
}

static void close_job(Pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    pool->open = false; /* from here on nobody enters */
    pthread_mutex_unlock(&pool->mutex);

    for (int i = 0; i < POOL_SPINS && pool->inside > 0; i++) relax();
    pthread_mutex_lock(&pool->mutex);
    while (pool->inside > 0) pthread_cond_wait(&pool->idle, &pool->mutex);
    pthread_mutex_unlock(&pool->mutex);
}

void pool_run(Pool *pool, Index count, PoolTask *task, void *context)
{
    CHECK(count >= 0);
    if (pool->threads == 1 || count <= 1) {
        for (Index i = 0; i < count; i++) task(context, i, 0);
        return;
    }
    open_job(pool, count, task, context);
    draw_tasks(pool, 0);
    close_job(pool);
}

/* ---- cores, cancelling, time ------------------------------------------------------------ */

/* A container's share of the processors (cgroup v2: "quota period" in microseconds, or "max"). */
static int quota_cores(void)
{
    int   cores = POOL_DEFAULT_MAX;
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "re");
    if (file == NULL) return cores;

    char line[64], *period;
    if (fgets(line, sizeof line, file) != NULL && strncmp(line, "max", 3) != 0) {
        double quota = strtod(line, &period);
        double share = quota / strtod(period, NULL);
        if (share >= 1.0 && share < cores) cores = (int)share;
        if (share < 1.0) cores = 1;
    }
    fclose(file);
    return cores;
}

int pool_default_threads(void)
{
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    int cores = sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? CPU_COUNT(&cpus) : 1;
    int quota = quota_cores();
    if (cores > quota) cores = quota;
    if (cores > POOL_DEFAULT_MAX) cores = POOL_DEFAULT_MAX;
    return cores < 1 ? 1 : cores;
}

void cancel_request(Cancel *cancel)
{
    cancel->requested = 1;
}

bool cancel_requested(const Cancel *cancel)
{
    for (; cancel != NULL; cancel = cancel->outer) {
        if (cancel->requested != 0) return true;
        if (cancel->deadline > 0 && clock_seconds() >= cancel->deadline) return true;
    }
    return false;
}

bool cancel_expired(const Cancel *cancel)
{
    bool expired = false;
    for (; cancel != NULL; cancel = cancel->outer) {
        if (cancel->requested != 0) return false;
        expired = expired || (cancel->deadline > 0 && clock_seconds() >= cancel->deadline);
    }
    return expired;
}

double clock_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
