#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/test.h"

static void the_first_failure_wins(void **state)
{
    (void)state;
    Error err = {0};
    assert_false(error_set(&err, ERR_INPUT, "line %d", 7));
    assert_false(error_set(&err, ERR_DISK, "later"));
    assert_error(&err, ERR_INPUT, "line 7");
}

static void a_missing_error_is_no_crash(void **state)
{
    (void)state;
    assert_false(error_set(NULL, ERR_INPUT, "x"));
    assert_false(error_hint(NULL, "x"));
    assert_false(error_prefix(NULL, "x"));
}

static void a_hint_needs_a_failure_and_is_given_once(void **state)
{
    (void)state;
    Error err = {0};
    error_hint(&err, "too early");
    assert_string_equal(err.hint, "");
    error_set(&err, ERR_INPUT, "x");
    error_hint(&err, "use --%s", "force");
    error_hint(&err, "another");
    assert_string_equal(err.hint, "use --force");
}

static void a_prefix_stands_before_the_message(void **state)
{
    (void)state;
    Error err = {0};
    error_prefix(&err, "nothing");
    assert_int_equal(err.code, ERR_NONE);
    error_set(&err, ERR_INPUT, "field \"r\" is 0");
    error_prefix(&err, "%s", "config.json");
    assert_string_equal(err.message, "config.json: field \"r\" is 0");
}

static void long_messages_are_cut_and_terminated(void **state)
{
    (void)state;
    char  longest[2000];
    Error err = {0};
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    error_set(&err, ERR_INPUT, "%s", longest);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
    error_prefix(&err, "%s", longest);
    assert_int_equal(strlen(err.message), sizeof err.message - 1);
    error_hint(&err, "%s", longest);
    assert_int_equal(strlen(err.hint), sizeof err.hint - 1);
}

static void say_goodbye(void)
{
    if (write(STDERR_FILENO, "hook ran\n", 9) != 9) _exit(1);
    bool a_hook_may_fail = false;
    CHECK(a_hook_may_fail);
}

static void a_failed_check_runs_the_hook_once_and_aborts(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        panic_set_hook(say_goodbye);
        CHECK(1 + 1 == 3);
        _exit(0);
    }
    close(ends[1]);
    char   text[1024] = "";
    FILE  *output = fdopen(ends[0], "r");
    size_t n = fread(text, 1, sizeof text - 1, output);
    int    status;
    waitpid(child, &status, 0);
    fclose(output);
    assert_true(n > 0);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), 6);
    assert_ptr_equal(strstr(text, "hook ran"), text);
    assert_non_null(strstr(text, "a_hook_may_fail"));
    assert_null(strstr(text + 1, "hook ran"));
}

TEST_GROUP(error, cmocka_unit_test(the_first_failure_wins),
           cmocka_unit_test(a_missing_error_is_no_crash),
           cmocka_unit_test(a_hint_needs_a_failure_and_is_given_once),
           cmocka_unit_test(a_prefix_stands_before_the_message),
           cmocka_unit_test(long_messages_are_cut_and_terminated),
           cmocka_unit_test(a_failed_check_runs_the_hook_once_and_aborts));
