#include <errno.h>
#include <fcntl.h>
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

static void assert_content(const char *path, const char *want)
{
    Error err = {0};
    Index len;
    char *text = file_read_all(path, 1 << 20, &len, &err);
    assert_ok(&err);
    assert_int_equal(len, strlen(want));
    assert_string_equal(text, want);
    mem_free(text);
}

static Index entries_in(const char *folder)
{
    Error  err = {0};
    char **names;
    Index  count;
    assert_true(folder_list(folder, &names, &count, &err));
    for (Index i = 0; i < count; i++) mem_free(names[i]);
    mem_free(names);
    return count;
}

/* ---- reading ---------------------------------------------------------------------------- */

static void parts_of_a_file_can_be_read(void **state)
{
    (void)state;
    Error       err = {0};
    char        part[8] = "";
    const char *path = test_path("a");
    put(path, "0123456789");
    File *file = file_open(path, &err);
    assert_int_equal(file_size(file), 10);
    assert_string_equal(file_path(file), path);
    assert_true(file_read_at(file, part, 4, 3, &err));
    assert_string_equal(part, "3456");
    assert_true(file_read_at(file, part, 0, 10, &err));
    assert_false(file_read_at(file, part, 4, 8, &err));
    assert_error(&err, ERR_INPUT, "4 bytes wanted at offset 8, 2 are there");
    file_close(file);
    file_close(NULL);
}

static void a_file_that_shrinks_is_an_error(void **state)
{
    (void)state;
    Error       err = {0};
    char        all[10];
    const char *path = test_path("a");
    put(path, "0123456789");
    File *file = file_open(path, &err);
    assert_int_equal(truncate(path, 4), 0);
    assert_false(file_read_at(file, all, 10, 0, &err));
    assert_error(&err, ERR_INPUT, "4 are there");
    file_close(file);
}

static void assert_unreadable(const char *path, const char *words)
{
    Error err = {0};
    assert_null(file_open(path, &err));
    assert_error(&err, ERR_INPUT, words);
    assert_non_null(strstr(err.message, path));
}

static void only_regular_files_are_read(void **state)
{
    (void)state;
    assert_unreadable(test_path("absent"), "No such file");
    assert_unreadable(test_folder(), "is a folder");
    assert_unreadable("/dev/zero", "is a device");
    assert_int_equal(mkfifo(test_path("fifo"), 0600), 0);
    assert_unreadable(test_path("fifo"), "is a pipe"); /* and nobody waits for a writer */
    put(test_path("file"), "x");
    assert_unreadable(test_path("file/below"), "Not a directory");
    assert_int_equal(symlink("loop", test_path("loop")), 0);
    assert_unreadable(test_path("loop"), "symbolic link");
    assert_int_equal(symlink("file", test_path("link")), 0);
    assert_content(test_path("link"), "x"); /* links are followed when reading */
}

static void sizes_are_limited(void **state)
{
    (void)state;
    Error       err = {0};
    Index       len;
    const char *path = test_path("a");
    put(path, "0123456789");
    assert_null(file_read_all(path, 9, &len, &err));
    assert_error(&err, ERR_INPUT, "is 10 bytes long; at most 9 bytes are read here");
    put(path, "");
    assert_content(path, "");
}

/* ---- writing ---------------------------------------------------------------------------- */

static void a_new_content_replaces_the_old_on_commit(void **state)
{
    (void)state;
    Error       err = {0};
    const char *path = test_path("a");
    put(path, "old");
    FileWriter *writer = file_create(path, &err);
    assert_true(file_write(writer, "new ", 4, &err));
    assert_content(path, "old");
    assert_true(file_write(writer, "text", 4, &err));
    assert_true(file_commit(writer, &err));
    assert_content(path, "new text");
    assert_int_equal(entries_in(test_folder()), 1);
}

static void pieces_of_all_sizes_are_put_together(void **state)
{
    (void)state;
    static char bytes[300000], back[300000];
    Error       err = {0};
    for (int i = 0; i < (int)sizeof bytes; i++) bytes[i] = (char)(i * 31 / 7);
    const char *path = test_path("a");
    FileWriter *writer = file_create(path, &err);
    Index       at = 0;
    for (Index n = 0; at < (Index)sizeof bytes; n = n * 3 + 1) {
        Index left = (Index)sizeof bytes - at;
        Index piece = n % 140000 < left ? n % 140000 : left;
        assert_true(file_write(writer, bytes + at, piece, &err));
        at += piece;
    }
    assert_true(file_commit(writer, &err));
    File *file = file_open(path, &err);
    assert_int_equal(file_size(file), sizeof bytes);
    assert_true(file_read_at(file, back, sizeof back, 0, &err));
    assert_memory_equal(bytes, back, sizeof bytes);
    file_close(file);
}

static void an_abandoned_file_leaves_nothing(void **state)
{
    (void)state;
    Error       err = {0};
    FileWriter *writer = file_create(test_path("a"), &err);
    assert_true(file_write(writer, "x", 1, &err));
    assert_int_equal(entries_in(test_folder()), 1);
    file_abandon(writer);
    file_abandon(NULL);
    assert_int_equal(entries_in(test_folder()), 0);
}

static void a_link_is_replaced_and_not_written_through(void **state)
{
    (void)state;
    put(test_path("victim"), "untouched");
    assert_int_equal(symlink("victim", test_path("a")), 0);
    put(test_path("a"), "mine");
    assert_content(test_path("victim"), "untouched");
    assert_content(test_path("a"), "mine");
    /* A link in the place of the temporary is neither followed nor a way to stop us. */
    assert_int_equal(symlink("victim", test_path(".b.tmp0")), 0);
    put(test_path("b"), "mine too");
    assert_content(test_path("victim"), "untouched");
}

static void places_that_cannot_be_written_are_named(void **state)
{
    (void)state;
    const char *const paths[] = {test_path("no/such/folder/a"), test_folder(), test_path("a/"), ""};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        Error err = {0};
        assert_null(file_create(paths[i], &err));
        assert_error(&err, ERR_INPUT, NULL);
        assert_true(err.message[0] != '\0');
    }
}

static void two_writers_do_not_mix(void **state)
{
    (void)state;
    Error       err = {0};
    const char *path = test_path("a");
    FileWriter *one = file_create(path, &err), *two = file_create(path, &err);
    assert_true(file_write(one, "one", 3, &err));
    assert_true(file_write(two, "two", 3, &err));
    assert_true(file_commit(two, &err));
    assert_content(path, "two");
    assert_true(file_commit(one, &err));
    assert_content(path, "one");
    assert_int_equal(entries_in(test_folder()), 1);
}

/* ---- faults ----------------------------------------------------------------------------- */

static void replace(void *context, Error *err)
{
    if (file_write_all(context, "new", 3, err)) assert_true(path_exists(context));
}

static void writing_survives_every_failed_allocation(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s", test_path("a"));
    assert_true(torture(replace, path) >= 4);
    assert_int_equal(entries_in(test_folder()), 1);
}

static void read_all(void *context, Error *err)
{
    Index len;
    mem_free(file_read_all(context, 100, &len, err));
}

static void reading_survives_every_failed_allocation(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s", test_path("a"));
    put(path, "x");
    assert_int_equal(torture(read_all, path), 3);
}

static void every_failed_disk_operation_leaves_old_or_new(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s", test_path("a"));
    assert_true(torture_disk(replace, path) >= 5); /* open, write, fsync, rename, fsync */

    int old = 0, fresh = 0;
    for (int64_t n = 0; n < 5; n++) {
        Error err = {0};
        put(path, "old");
        file_fail_after(n, ENOSPC, true);
        assert_false(file_write_all(path, "new", 3, &err));
        file_fail_off();
        assert_error(&err, ERR_DISK, "No space left");
        assert_non_null(strstr(err.hint, "are free"));
        Index len;
        char *text = file_read_all(path, 100, &len, &err);
        old += strcmp(text, "old") == 0;
        fresh += strcmp(text, "new") == 0;
        mem_free(text);
        assert_int_equal(entries_in(test_folder()), 1);
    }
    assert_int_equal(old, 4);
    assert_int_equal(fresh, 1); /* only the folder's own fsync comes after the rename */
}

static void an_interrupted_operation_is_taken_up_again(void **state)
{
    (void)state;
    for (int64_t n = 0; n < 5; n++) {
        Error err = {0};
        file_fail_after(n, EINTR, false);
        assert_true(file_write_all(test_path("a"), "text", 4, &err));
        assert_true(file_fail_off() > 5);
        assert_content(test_path("a"), "text");
    }
}

static void a_full_device_is_no_silent_success(void **state)
{
    (void)state;
    Error    err = {0};
    LineLog *log = linelog_open("/dev/full", true, &err);
    assert_non_null(log);
    assert_false(linelog_write(log, "x", 1, &err));
    assert_error(&err, ERR_DISK, "No space left");
    linelog_close(log);
}

/* Killed at operation n, a writer leaves the old content or the new; what it leaves besides is
 * one temporary, and the next writer clears that away. */
static void killing_a_writer_leaves_old_or_new(void **state)
{
    (void)state;
    const char *path = test_path("a");
    int         killed = 0, old = 0, fresh = 0;
    for (int64_t n = 0; n < 8; n++) {
        put(path, "old");
        assert_int_equal(entries_in(test_folder()), 1);
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
            Error err = {0};
            file_fail_after(n, 0, false);
            bool done = file_write_all(path, "new", 3, &err);
            _exit(done ? 0 : 1);
        }
        int status;
        waitpid(child, &status, 0);
        bool was_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        assert_true(was_killed || status == 0);
        killed += was_killed;
        Error err = {0};
        Index len;
        char *text = file_read_all(path, 100, &len, &err);
        assert_int_equal(len, 3);
        old += strcmp(text, "old") == 0;
        fresh += strcmp(text, "new") == 0;
        mem_free(text);
        assert_in_range(entries_in(test_folder()), 1, 2);
    }
    assert_int_equal(killed, 5); /* so the rig did kill */
    assert_int_equal(old, 4);
    assert_int_equal(fresh, 4);
}

TEST_GROUP(file, cmocka_unit_test(parts_of_a_file_can_be_read),
           cmocka_unit_test(a_file_that_shrinks_is_an_error),
           cmocka_unit_test(only_regular_files_are_read), cmocka_unit_test(sizes_are_limited),
           cmocka_unit_test(a_new_content_replaces_the_old_on_commit),
           cmocka_unit_test(pieces_of_all_sizes_are_put_together),
           cmocka_unit_test(an_abandoned_file_leaves_nothing),
           cmocka_unit_test(a_link_is_replaced_and_not_written_through),
           cmocka_unit_test(places_that_cannot_be_written_are_named),
           cmocka_unit_test(two_writers_do_not_mix),
           cmocka_unit_test(writing_survives_every_failed_allocation),
           cmocka_unit_test(reading_survives_every_failed_allocation),
           cmocka_unit_test(every_failed_disk_operation_leaves_old_or_new),
           cmocka_unit_test(an_interrupted_operation_is_taken_up_again),
           cmocka_unit_test(a_full_device_is_no_silent_success),
           cmocka_unit_test(killing_a_writer_leaves_old_or_new));
