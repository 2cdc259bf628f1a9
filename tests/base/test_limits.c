/* What ends a long work from outside: a deadline, an enclosing stop, a limit of memory. */

#include <pthread.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/pool.h"
#include "core/base/str.h"
#include "tests/test.h"

/* ---- deadlines -------------------------------------------------------------------------- */

static void a_deadline_is_a_stop_by_the_clock(void **state)
{
    (void)state;
    Cancel cancel = {.deadline = clock_seconds() + 1000};
    assert_false(cancel_requested(&cancel));
    assert_false(cancel_expired(&cancel));
    assert_false(cancel_expired(NULL));
    cancel.deadline = clock_seconds() + 0.02;
    double start = clock_seconds();
    while (!cancel_requested(&cancel)) assert_true(clock_seconds() - start < 10);
    assert_true(clock_seconds() >= cancel.deadline);
    assert_true(cancel_expired(&cancel));
}

static void who_asked_first_is_told_apart(void **state)
{
    (void)state;
    Cancel asked = {.deadline = clock_seconds() - 1};
    assert_true(cancel_expired(&asked));
    cancel_request(&asked);
    assert_true(cancel_requested(&asked));
    assert_false(cancel_expired(&asked));
    Cancel plain = {0};
    cancel_request(&plain);
    assert_false(cancel_expired(&plain));
}

static void an_enclosing_stop_reaches_inside(void **state)
{
    (void)state;
    Cancel outer = {0}, middle = {.outer = &outer}, inner = {.outer = &middle};
    assert_false(cancel_requested(&inner));
    cancel_request(&inner);
    assert_false(cancel_requested(&outer) || cancel_requested(&middle));
    inner = (Cancel){.outer = &middle};
    cancel_request(&outer);
    assert_true(cancel_requested(&inner) && cancel_requested(&middle));
    assert_false(cancel_expired(&inner));
    outer = (Cancel){.deadline = clock_seconds() - 1};
    assert_true(cancel_requested(&inner) && cancel_expired(&inner));
}

/* ---- memory ----------------------------------------------------------------------------- */

static void a_limit_refuses_what_goes_beyond_it(void **state)
{
    (void)state;
    Error   err = {0};
    int64_t live = mem_live_bytes(), blocks = mem_live_blocks();
    mem_set_limit(live + 10000);
    char *fits = mem_alloc(mem_program(), MEM_TEXT, 5000, 1, &err);
    assert_ok(&err);
    assert_true(mem_live_bytes() >= live + 5000);
    assert_null(mem_alloc(mem_program(), MEM_GRADIENTS, 6000, 1, &err));
    assert_error(&err, ERR_MEMORY, "6000 bytes for gradients");
    Str limit = {0};
    str_add(&limit, "the limit of ");
    str_addf(&limit, "%lld", (long long)live + 10000);
    assert_non_null(strstr(err.message, str_text(&limit)));
    str_free(&limit);
    assert_null(mem_resize(fits, mem_program(), MEM_TEXT, 9000, 1, NULL));
    mem_free(fits);
    err = (Error){0};
    fits = mem_alloc(mem_program(), MEM_GRADIENTS, 6000, 1, &err); /* room again */
    assert_ok(&err);
    mem_free(fits);
    mem_set_limit(0);
    assert_true(mem_live_bytes() == live && mem_live_blocks() == blocks);
    fits = mem_alloc(mem_program(), MEM_TEXT, 1000000, 1, &err);
    assert_ok(&err);
    mem_free(fits);
}

/* Several threads ask at once for a limit that holds three blocks. */
static void *take_and_give(void *context)
{
    _Atomic int *held = context;
    for (int i = 0; i < 20000; i++) {
        void *block = mem_alloc_raw(mem_program(), MEM_TEXT, 1000, 1, NULL);
        if (block == NULL) continue;
        CHECK(++*held <= 3);
        --*held;
        mem_free(block);
    }
    return NULL;
}

static void threads_share_a_limit(void **state)
{
    (void)state;
    enum { THREADS = 4 };
    pthread_t   threads[THREADS];
    _Atomic int held = 0;
    int64_t     live = mem_live_bytes();
    mem_set_limit(live + 3 * 1088); /* a block of 1000 takes 1024 and its header of 64 */
    for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, take_and_give, &held);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    mem_set_limit(0);
    assert_true(mem_live_bytes() == live);
}

TEST_GROUP(limits, cmocka_unit_test(a_deadline_is_a_stop_by_the_clock),
           cmocka_unit_test(who_asked_first_is_told_apart),
           cmocka_unit_test(an_enclosing_stop_reaches_inside),
           cmocka_unit_test(a_limit_refuses_what_goes_beyond_it),
           cmocka_unit_test(threads_share_a_limit));
