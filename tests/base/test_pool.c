#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/pool.h"
#include "tests/test.h"

enum { TASKS = 37, ROW = 501 };

typedef struct Work {
    float       sums[TASKS];
    atomic_int  runs[TASKS];
    atomic_uint workers; /* bit set of worker numbers seen */
    atomic_int  wrong_mask;
} Work;

/* A sum whose bits depend on its order, so that a different cut would show. */
static void sum_row(void *context, Index task, int worker)
{
    Work *work = context;
    float sum = 0.0f;
    for (int i = 0; i < ROW; i++) sum += sinf((float)(task * ROW + i)) * 1e3f;
    work->sums[task] = sum;
    work->runs[task]++;
    atomic_fetch_or(&work->workers, 1u << worker);
}

static void results_have_the_same_bits_for_any_number_of_threads(void **state)
{
    (void)state;
    static Work one, many;
    Error       err = {0};
    for (int threads = 1; threads <= 5; threads++) {
        Work *work = threads == 1 ? &one : &many;
        memset(work, 0, sizeof *work);
        Pool *pool = pool_create(threads, &err);
        assert_non_null(pool);
        assert_int_equal(pool_threads(pool), threads);
        for (int i = 0; i < 50; i++) pool_run(pool, TASKS, sum_row, work);
        pool_free(pool);
        for (int t = 0; t < TASKS; t++) assert_int_equal(work->runs[t], 50);
        assert_true(work->workers < 1u << threads);
        assert_memory_equal(one.sums, work->sums, sizeof one.sums);
    }
}

static void any_number_of_tasks_will_do(void **state)
{
    (void)state;
    static Work work;
    Error       err = {0};
    Pool       *pool = pool_create(3, &err);
    memset(&work, 0, sizeof work);
    for (Index count = 0; count <= TASKS; count++) pool_run(pool, count, sum_row, &work);
    pool_free(pool);
    for (int t = 0; t < TASKS; t++) assert_int_equal(work.runs[t], TASKS - t);
}

static void nothing(void *context, Index task, int worker)
{
    (void)task, (void)worker;
    atomic_fetch_add((_Atomic int64_t *)context, 1);
}

/* Many short jobs, some after a pause in which the workers fall asleep. */
static void sleeping_and_waking_loses_no_task(void **state)
{
    (void)state;
    Error           err = {0};
    _Atomic int64_t count = 0;
    Pool           *pool = pool_create(4, &err);
    for (int i = 0; i < 3000; i++) {
        pool_run(pool, 4, nothing, &count);
        if (i % 100 == 0) {
            for (double start = clock_seconds(); clock_seconds() - start < 0.0005;) continue;
        }
    }
    pool_free(pool);
    assert_int_equal(count, 12000);
}

static void look_at_mask(void *context, Index task, int worker)
{
    (void)task;
    Work    *work = context;
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    bool asks = sigismember(&mask, SIGINT) && sigismember(&mask, SIGTERM);
    bool faults = sigismember(&mask, SIGSEGV) || sigismember(&mask, SIGBUS);
    if (worker > 0 && (!asks || faults)) work->wrong_mask++;
    atomic_fetch_or(&work->workers, 1u << worker);
}

static void workers_leave_signals_to_the_main_thread(void **state)
{
    (void)state;
    static Work work;
    Error       err = {0};
    Pool       *pool = pool_create(3, &err);
    memset(&work, 0, sizeof work);
    /* Until a worker got a turn at all. */
    double start = clock_seconds();
    while (work.workers <= 1 && clock_seconds() - start < 60.0) {
        pool_run(pool, 64, look_at_mask, &work);
    }
    pool_free(pool);
    assert_true(work.workers > 1);
    assert_int_equal(work.wrong_mask, 0);
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    assert_false(sigismember(&mask, SIGINT)); /* the caller's own is as before */
}

static void create_and_run(void *context, Error *err)
{
    Pool *pool = pool_create(4, err);
    if (pool != NULL) pool_run(pool, 9, nothing, context);
    pool_free(pool);
}

static void pools_survive_every_failed_start(void **state)
{
    (void)state;
    _Atomic int64_t count = 0;
    assert_int_equal(torture(create_and_run, &count), 4); /* one block and three threads */
    pool_free(NULL);
}

static void a_cancel_is_seen(void **state)
{
    (void)state;
    Cancel cancel = {0};
    assert_false(cancel_requested(NULL));
    assert_false(cancel_requested(&cancel));
    cancel_request(&cancel);
    assert_true(cancel_requested(&cancel));
}

static void the_default_fits_the_machine(void **state)
{
    (void)state;
    int threads = pool_default_threads();
    assert_in_range(threads, 1, 16);
    double a = clock_seconds(), b = clock_seconds();
    assert_true(b >= a);
}

TEST_GROUP(pool, cmocka_unit_test(results_have_the_same_bits_for_any_number_of_threads),
           cmocka_unit_test(any_number_of_tasks_will_do),
           cmocka_unit_test(sleeping_and_waking_loses_no_task),
           cmocka_unit_test(workers_leave_signals_to_the_main_thread),
           cmocka_unit_test(pools_survive_every_failed_start), cmocka_unit_test(a_cancel_is_seen),
           cmocka_unit_test(the_default_fits_the_machine));
