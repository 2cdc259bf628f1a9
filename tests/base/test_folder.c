#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "tests/test.h"

static void put(const char *path, const char *text)
{
    Error err = {0};
    assert_true(file_write_all(path, text, (Index)strlen(text), &err));
}

/* ---- paths and folders ------------------------------------------------------------------ */

static void paths_are_joined_and_split(void **state)
{
    (void)state;
    Error err = {0};
    char *path = path_join("a/b", "c", &err), *slashed = path_join("a/", "c", &err);
    assert_string_equal(path, "a/b/c");
    assert_string_equal(slashed, "a/c");
    assert_string_equal(path_base(path), "c");
    assert_string_equal(path_base("plain"), "plain");
    assert_string_equal(path_base("a/"), "");
    mem_free(path);
    mem_free(slashed);
}

static void folders_are_made_with_their_parents(void **state)
{
    (void)state;
    Error err = {0};
    assert_true(folder_make(test_path("a/b/c//"), &err));
    assert_true(folder_make(test_path("a/b/c"), &err));
    assert_true(path_is_folder(test_path("a/b/c")));
    put(test_path("a/file"), "x");
    assert_true(path_exists(test_path("a/file")) && !path_is_folder(test_path("a/file")));
    assert_false(folder_make(test_path("a/file"), &err));
    assert_error(&err, ERR_INPUT, "is not a folder");
    Error below = {0};
    assert_false(folder_make(test_path("a/file/deeper"), &below));
    assert_error(&below, ERR_INPUT, "a/file: exists and is not a folder");
}

static void make(void *context, Error *err)
{
    if (folder_make(context, err)) assert_true(path_is_folder(context));
}

static void making_survives_every_failed_allocation(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s", test_path("a/b"));
    assert_true(torture(make, path) >= 1);
}

static void names_are_listed_sorted(void **state)
{
    (void)state;
    Error  err = {0};
    char **names;
    Index  count;
    assert_true(folder_list(test_folder(), &names, &count, &err));
    assert_int_equal(count, 0);
    mem_free(names);
    for (int i = 0; i < 20; i++) {
        char name[8];
        snprintf(name, sizeof name, "f%02d", (i * 7) % 20);
        put(test_path(name), "x");
    }
    assert_true(folder_list(test_folder(), &names, &count, &err));
    assert_int_equal(count, 20);
    for (int i = 0; i < 20; i++) {
        char name[8];
        snprintf(name, sizeof name, "f%02d", i);
        assert_string_equal(names[i], name);
        mem_free(names[i]);
    }
    mem_free(names);
    assert_false(folder_list(test_path("absent"), &names, &count, &err));
    assert_error(&err, ERR_INPUT, "absent");
}

static void list(void *context, Error *err)
{
    char **names;
    Index  count;
    if (!folder_list(context, &names, &count, err)) return;
    for (Index i = 0; i < count; i++) mem_free(names[i]);
    mem_free(names);
}

static void listing_survives_every_failed_allocation(void **state)
{
    (void)state;
    char folder[512];
    snprintf(folder, sizeof folder, "%s", test_folder());
    put(test_path("a"), "x");
    put(test_path("b"), "x");
    put(test_path("c"), "x");
    assert_int_equal(torture(list, folder), 6);
}

static void removing_goes_one_level_deep_and_follows_no_link(void **state)
{
    (void)state;
    Error err = {0};
    put(test_path("outside"), "x");
    assert_true(folder_make(test_path("kept"), &err) && folder_make(test_path("d/sub"), &err));
    put(test_path("kept/file"), "x");
    put(test_path("d/a"), "x");
    put(test_path("d/sub/b"), "x");
    assert_int_equal(symlink("../kept", test_path("d/link")), 0);
    assert_int_equal(symlink("../../kept", test_path("d/sub/link")), 0);
    assert_true(folder_remove(test_path("d"), &err));
    assert_false(path_exists(test_path("d")));
    assert_true(path_exists(test_path("kept/file")));

    assert_int_equal(symlink("kept", test_path("link")), 0);
    assert_true(folder_remove(test_path("link"), &err));
    assert_false(path_exists(test_path("link")));
    assert_true(path_exists(test_path("kept/file")));
    assert_true(folder_remove(test_path("absent"), &err));

    assert_false(folder_remove(test_path("outside"), &err));
    assert_error(&err, ERR_INPUT, "Not a directory");
    assert_true(path_exists(test_path("outside")));
    Error deep = {0};
    assert_true(folder_make(test_path("e/1/2/3"), &deep));
    assert_false(folder_remove(test_path("e"), &deep));
    assert_int_not_equal(deep.code, ERR_NONE);
}

/* ---- staging ---------------------------------------------------------------------------- */

static bool publish(const char *path, Error *err)
{
    char *staged;
    if (!folder_stage(path, &staged, err)) return false;
    char *file = path_join(staged, "weights", err);
    bool  ok =
        file != NULL && file_write_all(file, "bytes", 5, err) && folder_commit(staged, path, err);
    mem_free(file);
    mem_free(staged);
    return ok;
}

static void a_staged_folder_appears_whole(void **state)
{
    (void)state;
    Error err = {0};
    char *staged;
    assert_true(folder_stage(test_path("out/"), &staged, &err));
    assert_string_equal(staged, test_path("out.tmp"));
    put(test_path("out.tmp/a"), "x");
    assert_false(path_exists(test_path("out")));
    assert_true(folder_commit(staged, test_path("out/"), &err));
    assert_true(path_exists(test_path("out/a")));
    assert_false(path_exists(staged));
    mem_free(staged);
}

static void a_leftover_of_a_killed_run_is_replaced(void **state)
{
    (void)state;
    Error err = {0};
    assert_true(folder_make(test_path("out.tmp/sub"), &err));
    put(test_path("out.tmp/sub/stale"), "x");
    assert_true(publish(test_path("out"), &err));
    assert_false(path_exists(test_path("out/sub")));
    assert_true(path_exists(test_path("out/weights")));
}

static void an_existing_folder_is_not_replaced(void **state)
{
    (void)state;
    Error err = {0};
    assert_true(folder_make(test_path("out"), &err)); /* empty: rename alone would replace it */
    assert_false(publish(test_path("out"), &err));
    assert_error(&err, ERR_INPUT, "exists already");
}

static void stage_again(void *context, Error *err)
{
    if (!folder_remove(context, err)) return;
    if (publish(context, err)) assert_true(path_is_folder(context));
}

static void staging_survives_every_fault(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s", test_path("out"));
    assert_true(torture_disk(stage_again, path) >= 8);
    assert_true(torture(stage_again, path) >= 8);
}

TEST_GROUP(folder, cmocka_unit_test(paths_are_joined_and_split),
           cmocka_unit_test(folders_are_made_with_their_parents),
           cmocka_unit_test(names_are_listed_sorted),
           cmocka_unit_test(listing_survives_every_failed_allocation),
           cmocka_unit_test(removing_goes_one_level_deep_and_follows_no_link),
           cmocka_unit_test(a_staged_folder_appears_whole),
           cmocka_unit_test(a_leftover_of_a_killed_run_is_replaced),
           cmocka_unit_test(an_existing_folder_is_not_replaced),
           cmocka_unit_test(making_survives_every_failed_allocation),
           cmocka_unit_test(staging_survives_every_fault));
