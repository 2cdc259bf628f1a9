#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/pool.h"
#include "tests/test.h"

static MemAccount *account_of_test(void)
{
    Error       err = {0};
    MemAccount *account = mem_account_create("test", &err);
    assert_non_null(account);
    return account;
}

static void blocks_are_aligned_zeroed_and_counted(void **state)
{
    (void)state;
    Error       err = {0};
    MemAccount *account = account_of_test();
    for (Index n = 0; n < 200; n += 7) {
        char *block = mem_alloc(account, MEM_ADAPTER, n, 3, &err);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % 64, 0);
        for (Index i = 0; i < 3 * n; i++) assert_int_equal(block[i], 0);
        if (n > 0) memset(block, 0xee, (size_t)(3 * n)); /* the next must be zero all the same */
        MemUse use = mem_use(account, MEM_HOST, MEM_ADAPTER);
        assert_int_equal(use.in_use, 3 * n);
        assert_true(use.reserved >= 3 * n + 64 && use.reserved <= 3 * n + 128);
        mem_free(block);
    }
    assert_int_equal(mem_in_use_total(account), 0);
    mem_account_free(account);
}

static void resize_keeps_the_content_and_clears_the_rest(void **state)
{
    (void)state;
    Error err = {0};
    char *text = mem_resize(NULL, mem_program(), MEM_TEXT, 4, 1, &err);
    memcpy(text, "abcd", 4);
    text = mem_resize(text, mem_program(), MEM_TEXT, 300, 1, &err);
    assert_memory_equal(text, "abcd", 4);
    for (int i = 4; i < 300; i++) assert_int_equal(text[i], 0);
    text = mem_resize(text, mem_program(), MEM_TEXT, 2, 1, &err);
    assert_memory_equal(text, "ab", 2);
    text = mem_resize(text, mem_program(), MEM_TEXT, 0, 1, &err);
    assert_non_null(text);
    mem_free(text);
}

static void a_failed_resize_leaves_the_block(void **state)
{
    (void)state;
    Error err = {0};
    char *text = mem_strdup("kept", &err);
    mem_fail_after(0, false);
    assert_null(mem_resize(text, mem_program(), MEM_TEXT, 100, 1, &err));
    mem_fail_off();
    assert_error(&err, ERR_MEMORY, "for text");
    assert_string_equal(text, "kept");
    mem_free(text);
}

static void products_that_overflow_are_refused(void **state)
{
    (void)state;
    const Index sizes[][2] = {{PTRDIFF_MAX, 2},
                              {INT64_C(1) << 33, INT64_C(1) << 33},
                              {PTRDIFF_MAX, 1},
                              {PTRDIFF_MAX - 100, 1}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        Error err = {0};
        assert_null(mem_alloc(mem_program(), MEM_WEIGHTS, sizes[i][0], sizes[i][1], &err));
        assert_error(&err, ERR_MEMORY, "weights");
        assert_true(err.hint[0] != '\0');
    }
}

static void the_peak_by_purpose_is_that_of_one_moment(void **state)
{
    (void)state;
    Error       err = {0};
    MemAccount *account = account_of_test();
    void       *a = mem_alloc(account, MEM_ACTIVATIONS, 700, 1, &err);
    void       *b = mem_alloc(account, MEM_GRADIENTS, 300, 1, &err);
    mem_free(a);
    void *c = mem_alloc(account, MEM_GRADIENTS, 600, 1, &err); /* 900 now, 1000 before */

    int64_t bytes[MEM_PURPOSE_COUNT];
    mem_peak_by_purpose(account, bytes);
    assert_int_equal(mem_peak_in_use_total(account), 1000);
    assert_int_equal(bytes[MEM_ACTIVATIONS], 700);
    assert_int_equal(bytes[MEM_GRADIENTS], 300);
    assert_int_equal(mem_use(account, MEM_HOST, MEM_GRADIENTS).peak_in_use, 900);

    mem_reset_peaks(account);
    mem_peak_by_purpose(account, bytes);
    assert_int_equal(mem_peak_in_use_total(account), 900);
    assert_int_equal(bytes[MEM_ACTIVATIONS], 0);
    assert_int_equal(mem_use(account, MEM_HOST, MEM_ACTIVATIONS).peak_in_use, 0);
    mem_free(b);
    mem_free(c);
    mem_account_free(account);
}

static void spaces_are_counted_apart(void **state)
{
    (void)state;
    MemAccount *account = account_of_test();
    mem_count(account, MEM_DEVICE, MEM_WEIGHTS, 1000, 2048);
    mem_count(account, MEM_PINNED, MEM_WEIGHTS, 10, 16);
    assert_int_equal(mem_use(account, MEM_DEVICE, MEM_WEIGHTS).reserved, 2048);
    assert_int_equal(mem_use(account, MEM_HOST, MEM_WEIGHTS).in_use, 0);
    assert_int_equal(mem_in_use_total(account), 1010);
    mem_count(account, MEM_DEVICE, MEM_WEIGHTS, -1000, -2048);
    mem_count(account, MEM_PINNED, MEM_WEIGHTS, -10, -16);
    mem_account_free(account);
}

static void the_time_line_names_every_mark_until_it_is_full(void **state)
{
    (void)state;
    Error            err = {0};
    MemAccount      *account = account_of_test();
    const MemSample *samples;
    mem_mark(account, "before", -1);
    assert_int_equal(mem_timeline(account, &samples), 0);

    assert_true(mem_timeline_start(account, 2, &err));
    mem_mark(account, "rmsnorm", 3);
    void *block = mem_alloc(account, MEM_SCRATCH, 50, 1, &err);
    mem_mark(account, "linear", -1);
    mem_mark(account, "one too many", 0);
    assert_int_equal(mem_timeline(account, &samples), 2);
    assert_string_equal(samples[0].op, "rmsnorm");
    assert_int_equal(samples[0].layer, 3);
    assert_int_equal(samples[0].bytes[MEM_SCRATCH], 0);
    assert_int_equal(samples[1].serial, 1);
    assert_int_equal(samples[1].bytes[MEM_SCRATCH], 50);
    assert_int_equal(mem_in_use_total(account), 50); /* the samples are not on this account */

    mem_timeline_stop(account);
    assert_int_equal(mem_timeline(account, &samples), 0);
    mem_free(block);
    mem_account_free(account);
}

static void leave_without_paying(void)
{
    Error       err = {0};
    MemAccount *account = account_of_test();
    void       *block = mem_alloc(account, MEM_TEXT, 1, 1, &err);
    assert_non_null(block);
    mem_account_free(account);
}

static void free_a_stranger(void)
{
    static char strange[256];
    mem_free(strange + 128);
}

static void give_back_too_much(void)
{
    mem_count(mem_program(), MEM_DEVICE, MEM_WEIGHTS, -1, 0);
}

static void misuse_of_memory_is_a_failed_check(void **state)
{
    (void)state;
    void (*const misuses[])(void) = {leave_without_paying, free_a_stranger, give_back_too_much};
    for (size_t i = 0; i < sizeof misuses / sizeof *misuses; i++) {
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
            misuses[i]();
            _exit(0);
        }
        int status;
        waitpid(child, &status, 0);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == 6);
    }
}

static void create_account(void *context, Error *err)
{
    (void)context;
    MemAccount *account = mem_account_create("tortured", err);
    if (account != NULL && mem_timeline_start(account, 8, err)) mem_mark(account, "op", 0);
    mem_account_free(account);
}

static void accounts_survive_every_failed_allocation(void **state)
{
    (void)state;
    assert_int_equal(torture(create_account, NULL), 2);
}

static void churn(void *context, Index task, int worker)
{
    (void)worker;
    Error err = {0};
    for (int i = 0; i < 200; i++) {
        void *block = mem_alloc(context, (MemPurpose)(task % MEM_PURPOSE_COUNT), 1 + i, 8, &err);
        mem_mark(context, "churn", i);
        mem_free(block);
    }
}

static void counting_is_exact_with_several_threads(void **state)
{
    (void)state;
    Error       err = {0};
    MemAccount *account = account_of_test();
    Pool       *pool = pool_create(4, &err);
    assert_true(mem_timeline_start(account, 100, &err));
    pool_run(pool, 16, churn, account);
    pool_free(pool);
    assert_int_equal(mem_in_use_total(account), 0);
    assert_true(mem_peak_in_use_total(account) >= 1600);
    mem_account_free(account);
}

static void the_process_knows_its_peak(void **state)
{
    (void)state;
    assert_true(mem_process_peak_bytes() > 100000);
}

static void every_purpose_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(mem_purpose_name(MEM_WEIGHTS), "weights");
    assert_string_equal(mem_purpose_name(MEM_TEXT), "text");
}

TEST_GROUP(mem, cmocka_unit_test(blocks_are_aligned_zeroed_and_counted),
           cmocka_unit_test(resize_keeps_the_content_and_clears_the_rest),
           cmocka_unit_test(a_failed_resize_leaves_the_block),
           cmocka_unit_test(products_that_overflow_are_refused),
           cmocka_unit_test(the_peak_by_purpose_is_that_of_one_moment),
           cmocka_unit_test(spaces_are_counted_apart),
           cmocka_unit_test(the_time_line_names_every_mark_until_it_is_full),
           cmocka_unit_test(misuse_of_memory_is_a_failed_check),
           cmocka_unit_test(accounts_survive_every_failed_allocation),
           cmocka_unit_test(counting_is_exact_with_several_threads),
           cmocka_unit_test(the_process_knows_its_peak),
           cmocka_unit_test(every_purpose_has_a_name));
