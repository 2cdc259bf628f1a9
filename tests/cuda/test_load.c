/* The plug-in's file: which one is opened, and each reason to refuse one. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/math/cuda/file.h"
#include "tests/test.h"

/* ---- a library folder ---- */

/* $BUILD/tests/cuda/NAME, or $BUILD/NAME, by the place of the runner; mem_free it. */
static char *built(const char *folder, const char *name)
{
    char    path[4096];
    Str     text = {0};
    Error   err = {0};
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    assert_true(n > 0);
    path[n] = '\0';
    *strrchr(path, '/') = '\0';
    str_addf(&text, "%s/%s%s", path, folder, name);
    return str_take(&text, &err);
}

static void copy_file(const char *to, const char *from, mode_t mode)
{
    Error err = {0};
    Index n = 0;
    char *bytes = file_read_all(from, 64 << 20, &n, &err);
    assert_ok(&err);
    assert_true(file_write_all(to, bytes, n, &err));
    assert_int_equal(chmod(to, mode), 0);
    mem_free(bytes);
}

/* An empty folder lib/ in the test's own. */
static const char *library_folder(void)
{
    Error       err = {0};
    const char *folder = test_path("lib");
    assert_true(folder_remove(folder, &err) && folder_make(folder, &err));
    assert_int_equal(chmod(folder, 0755), 0);
    return folder;
}

static void place_as(const char *name, const char *library, mode_t mode)
{
    char *from = built("tests/cuda/", library);
    copy_file(test_path(name), from, mode);
    mem_free(from);
}

static void place(const char *library)
{
    place_as("lib/" CUDA_PLUGIN_FILE, library, 0644);
}

static const CudaPlugin *open_placed(Error *err)
{
    return cuda_plugin_open(test_path("lib/" CUDA_PLUGIN_FILE), test_path("lib"), err);
}

#define assert_loads() assert_loads_at(__LINE__)
static void assert_loads_at(int line)
{
    Error             err = {0};
    const CudaPlugin *plugin = open_placed(&err);
    if (plugin == NULL) fail_msg("line %d: %s", line, err.message);
    assert_int_equal(plugin->version, CUDA_PLUGIN_VERSION);
    char words[64];
    assert_false(plugin->probe(words, sizeof words));
    assert_string_equal(words, "a library for tests has no device");
}

/* Each reason is a sentence that fits behind "no GPU: ". */
#define assert_refused(words) assert_refused_at(words, __LINE__)
static void assert_refused_at(const char *words, int line)
{
    Error err = {0};
    if (open_placed(&err) != NULL) fail_msg("line %d: it is opened", line);
    if (strstr(err.message, words) == NULL) fail_msg("line %d: %s", line, err.message);
    assert_int_equal(err.code, ERR_DEVICE);
    assert_null(strchr(err.message, '\n'));
    assert_true(strlen(err.message) < 100);
    assert_true(err.hint[0] != '\0');
}

/* ---- what it must be ---- */

static void a_plug_in_in_its_folder_is_opened(void **state)
{
    (void)state;
    library_folder();
    place("library-fine.so");
    assert_loads();
    assert_loads();
}

static void a_missing_one_is_said_to_be_missing(void **state)
{
    (void)state;
    library_folder();
    assert_refused("is not there");
    assert_int_equal(symlink("nowhere", test_path("lib/" CUDA_PLUGIN_FILE)), 0);
    assert_refused("is not there");
    Error err = {0};
    assert_null(cuda_plugin_open("/nowhere/" CUDA_PLUGIN_FILE, "/nowhere", &err));
    assert_error(&err, ERR_DEVICE, "is not there");
}

static void what_is_no_plug_in_of_this_version_is_refused(void **state)
{
    (void)state;
    library_folder();
    place("library-version.so");
    assert_refused("is of version 99, this program needs 1");
    library_folder();
    place("library-table.so");
    assert_refused("another table (8 bytes");
    library_folder();
    place("library-symbol.so");
    assert_refused("no plug-in of loralab");
    library_folder();
    place("library-fine.so");
    assert_loads();
}

static void what_cannot_be_loaded_is_refused_in_one_sentence(void **state)
{
    (void)state;
    Error       err = {0};
    const char *text = "this is no library\n";
    library_folder();
    assert_true(
        file_write_all(test_path("lib/" CUDA_PLUGIN_FILE), text, (Index)strlen(text), &err));
    assert_int_equal(chmod(test_path("lib/" CUDA_PLUGIN_FILE), 0644), 0);
    assert_refused("cannot be loaded: file too short");
    library_folder();
    place("library-needs.so");
    assert_refused("needs libabsent.so.13, which is not found");
}

/* ---- where it must be, and whose ---- */

static void a_link_out_of_the_folder_is_refused(void **state)
{
    (void)state;
    Error err = {0};
    library_folder();
    assert_true(folder_make(test_path("elsewhere"), &err));
    place_as("elsewhere/" CUDA_PLUGIN_FILE, "library-fine.so", 0644);
    assert_int_equal(symlink("../elsewhere/" CUDA_PLUGIN_FILE, test_path("lib/" CUDA_PLUGIN_FILE)),
                     0);
    assert_refused("leads out of its folder");

    library_folder();
    place_as("lib/real.so", "library-fine.so", 0644);
    assert_int_equal(symlink("real.so", test_path("lib/" CUDA_PLUGIN_FILE)), 0);
    assert_loads(); /* within the folder a link is fine */
}

static void a_file_below_or_beside_the_folder_is_refused(void **state)
{
    (void)state;
    Error err = {0};
    library_folder();
    assert_true(folder_make(test_path("library"), &err));
    place_as("library/" CUDA_PLUGIN_FILE, "library-fine.so", 0644);
    assert_null(cuda_plugin_open(test_path("library/" CUDA_PLUGIN_FILE), test_path("lib"), &err));
    assert_error(&err, ERR_DEVICE, "leads out of its folder");

    err = (Error){0};
    assert_null(cuda_plugin_open(CUDA_PLUGIN_FILE, ".", &err));
    assert_error(&err, ERR_DEVICE, "relative");
}

static void a_folder_may_be_reached_by_a_link(void **state)
{
    (void)state;
    Error err = {0};
    library_folder();
    place("library-fine.so");
    assert_int_equal(symlink("lib", test_path("alias")), 0);
    assert_non_null(
        cuda_plugin_open(test_path("alias/" CUDA_PLUGIN_FILE), test_path("alias"), &err));
}

static void what_others_may_write_to_is_refused(void **state)
{
    (void)state;
    static const mode_t open_modes[] = {0666, 0664, 0646, 0602};
    library_folder();
    place("library-fine.so");
    for (size_t i = 0; i < sizeof open_modes / sizeof *open_modes; i++) {
        assert_int_equal(chmod(test_path("lib/" CUDA_PLUGIN_FILE), open_modes[i]), 0);
        assert_refused("others may write to the CUDA plug-in");
    }
    assert_int_equal(chmod(test_path("lib/" CUDA_PLUGIN_FILE), 0644), 0);
    assert_int_equal(chmod(test_path("lib"), 0777), 0);
    assert_refused("others may write to the folder");
    assert_int_equal(chmod(test_path("lib"), 01777), 0);
    assert_loads();
    assert_int_equal(chmod(test_path("lib"), 0755), 0);
    assert_loads();
}

static void another_users_file_is_refused(void **state)
{
    (void)state;
    library_folder();
    place("library-fine.so");
    if (geteuid() != 0) skip(); /* only root can give a file away */
    const char *path = test_path("lib/" CUDA_PLUGIN_FILE);
    assert_int_equal(chown(path, 12345, (gid_t)-1), 0);
    assert_refused("neither root nor this user");
    assert_int_equal(chown(path, 0, (gid_t)-1), 0);
    assert_loads();
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    Error err = {0};
    library_folder();
    assert_int_equal(mkfifo(test_path("lib/" CUDA_PLUGIN_FILE), 0600), 0);
    assert_refused("no regular file");
    library_folder();
    assert_true(folder_make(test_path("lib/" CUDA_PLUGIN_FILE), &err));
    assert_refused("no regular file");
}

static void the_library_folder_follows_the_program(void **state)
{
    (void)state;
    static const struct {
        const char *program, *folder;
    } cases[] = {
        {"/home/a/loralab/build/release/loralab", "/home/a/loralab/build/release"},
        {"/usr/local/bin/loralab", "/usr/local/lib/loralab"},
        {"/usr/bin/loralab", "/usr/lib/loralab"},
        {"/bin/loralab", "/lib/loralab"},
        {"/usr/cabin/loralab", "/usr/cabin"},
        {"/loralab", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char folder[256];
        cuda_library_folder(folder, sizeof folder, cases[i].program);
        assert_string_equal(folder, cases[i].folder);
    }
}

/* ---- the plug-in itself, where nvcc made it ---- */

static void the_real_plug_in_says_what_it_finds(void **state)
{
    (void)state;
    static const char *const folders[] = {"", "tests/cuda/"};
    const CudaPlugin        *plugin = NULL;
    for (int i = 0; i < 2 && plugin == NULL; i++) {
        Error err = {0};
        char *folder = built(folders[i], "."), *path = built(folders[i], CUDA_PLUGIN_FILE);
        if (path_exists(path)) {
            plugin = cuda_plugin_open(path, folder, &err);
            assert_ok(&err);
        }
        mem_free(folder);
        mem_free(path);
    }
    if (plugin == NULL) skip(); /* no nvcc, or a build that has none */
    char line[256] = "";
    bool usable = plugin->probe(line, sizeof line);
    assert_null(strchr(line, '\n'));
    assert_true(strlen(line) > 10 && strlen(line) < 120);
    if (!usable) assert_true(strstr(line, "driver") != NULL || strstr(line, "GPU") != NULL);
    print_message("%s: %s\n", usable ? "usable" : "not usable", line);
}

TEST_GROUP(cuda_load, cmocka_unit_test(a_plug_in_in_its_folder_is_opened),
           cmocka_unit_test(a_missing_one_is_said_to_be_missing),
           cmocka_unit_test(what_is_no_plug_in_of_this_version_is_refused),
           cmocka_unit_test(what_cannot_be_loaded_is_refused_in_one_sentence),
           cmocka_unit_test(a_link_out_of_the_folder_is_refused),
           cmocka_unit_test(a_file_below_or_beside_the_folder_is_refused),
           cmocka_unit_test(a_folder_may_be_reached_by_a_link),
           cmocka_unit_test(what_others_may_write_to_is_refused),
           cmocka_unit_test(another_users_file_is_refused),
           cmocka_unit_test(what_is_no_file_is_refused),
           cmocka_unit_test(the_library_folder_follows_the_program),
           cmocka_unit_test(the_real_plug_in_says_what_it_finds));
