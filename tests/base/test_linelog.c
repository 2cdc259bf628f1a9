#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "tests/test.h"

static void put(const char *path, const char *text)
{
    Error err = {0};
    assert_true(file_write_all(path, text, (Index)strlen(text), &err));
}

/* ---- lines ------------------------------------------------------------------------------ */

static void assert_content(const char *path, const char *want)
{
    Error err = {0};
    Index len;
    char *text = file_read_all(path, 1 << 20, &len, &err);
    assert_ok(&err);
    assert_string_equal(text, want);
    mem_free(text);
}

static void lines_are_appended_whole(void **state)
{
    (void)state;
    Error    err = {0};
    LineLog *log = linelog_open(test_path("log"), false, &err);
    assert_true(linelog_write(log, "one", 3, &err));
    assert_true(linelog_write(log, "", 0, &err));
    assert_content(test_path("log"), "one\n\n"); /* there before anything is closed */
    linelog_close(log);
    log = linelog_open(test_path("log"), true, &err);
    assert_true(linelog_write(log, "two", 3, &err));
    linelog_close(log);
    assert_content(test_path("log"), "one\n\ntwo\n");
    log = linelog_open(test_path("log"), false, &err);
    linelog_close(log);
    linelog_close(NULL);
    assert_content(test_path("log"), "");
}

static void a_torn_last_line_is_cut_off(void **state)
{
    (void)state;
    char  text[10000];
    Error err = {0};
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    memcpy(text, "whole\n", 6);
    const char *const before[] = {"whole\ntor", "whole\n", "torn", "", text};
    const char *const after[] = {"whole\nnext\n", "whole\nnext\n", "next\n", "next\n",
                                 "whole\nnext\n"};
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        put(test_path("log"), before[i]);
        LineLog *log = linelog_open(test_path("log"), true, &err);
        assert_true(linelog_write(log, "next", 4, &err));
        linelog_close(log);
        assert_content(test_path("log"), after[i]);
    }
}

static void a_log_is_not_written_through_a_link(void **state)
{
    (void)state;
    Error err = {0};
    put(test_path("victim"), "untouched");
    assert_int_equal(symlink("victim", test_path("log")), 0);
    assert_null(linelog_open(test_path("log"), true, &err));
    assert_error(&err, ERR_INPUT, "symbolic link");
    assert_content(test_path("victim"), "untouched");
}

static void log_twice(void *context, Error *err)
{
    LineLog *log = linelog_open(context, true, err);
    if (log == NULL) return;
    if (linelog_write(log, "a", 1, err)) (void)!linelog_write(log, "b", 1, err);
    linelog_close(log);
}

static void logs_survive_every_fault(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s", test_path("log"));
    assert_int_equal(torture(log_twice, path), 3);
    assert_int_equal(torture_disk(log_twice, path), 3);
}

/* ---- the lock --------------------------------------------------------------------------- */

static void a_locked_folder_has_one_owner(void **state)
{
    (void)state;
    Error       err = {0}, none = {0};
    FolderLock *lock = folder_lock(test_folder(), &none);
    assert_non_null(lock);
    assert_null(folder_lock(test_folder(), &err));
    assert_error(&err, ERR_LOCKED, test_folder());
    char owner[32];
    snprintf(owner, sizeof owner, "process %ld", (long)getpid());
    assert_error(&err, ERR_LOCKED, owner);
    folder_unlock(lock);
    lock = folder_lock(test_folder(), &none);
    assert_non_null(lock);
    folder_unlock(lock);
    folder_unlock(NULL);
    assert_null(folder_lock(test_path("absent"), &none));
    assert_error(&none, ERR_INPUT, "absent");
}

static void a_lock_ends_with_its_process(void **state)
{
    (void)state;
    Error       err = {0};
    const char *folder = test_folder();
    int         ends[2], status;
    char        taken = 0;
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        taken = folder_lock(folder, &err) != NULL;
        if (write(ends[1], &taken, 1) != 1) _exit(1);
        for (;;) pause();
    }
    assert_int_equal(read(ends[0], &taken, 1), 1);
    assert_int_equal(taken, 1);
    assert_null(folder_lock(folder, &err)); /* the positive control: it was locked */
    assert_error(&err, ERR_LOCKED, NULL);
    kill(child, 9);
    waitpid(child, &status, 0);
    Error       none = {0};
    FolderLock *lock = folder_lock(folder, &none);
    assert_ok(&none);
    folder_unlock(lock);
    close(ends[0]);
    close(ends[1]);
}

static void lock(void *context, Error *err)
{
    folder_unlock(folder_lock(context, err));
}

static void locks_survive_every_failed_allocation(void **state)
{
    (void)state;
    char folder[512];
    snprintf(folder, sizeof folder, "%s", test_folder());
    assert_int_equal(torture(lock, folder), 2);
}

TEST_GROUP(linelog, cmocka_unit_test(lines_are_appended_whole),
           cmocka_unit_test(a_torn_last_line_is_cut_off),
           cmocka_unit_test(a_log_is_not_written_through_a_link),
           cmocka_unit_test(logs_survive_every_fault),
           cmocka_unit_test(a_locked_folder_has_one_owner),
           cmocka_unit_test(a_lock_ends_with_its_process),
           cmocka_unit_test(locks_survive_every_failed_allocation));
