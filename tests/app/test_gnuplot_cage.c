/*
 * The walls. Every way in which gnuplot is known to run a program is tried without the cage, where
 * it must succeed, and inside, where it must not: in the private folder itself, so that nothing
 * but the running is what is stopped.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/gnuplot/cage.h"
#include "app/gnuplot/gnuplot_internal.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "tests/app/gnuplot_rig.h"
#include "tests/app/program.h"
#include "tests/test.h"

/* @ stands for the command that leaves a trace. */
static const char *const vectors[] = {
    "system(\"@\")",
    "! @",
    "shell\n@\nexit",
    "x = `@`",
    "x = \"`@`\"",
    "x = \"\\\"`@`\"",
    "s = 'system(\"@\")'\neval s",
    "m = 'x = system(\"@\")'\nset macros\n@@m",
    "plot '< @'",
    "load '< @'",
    "set terminal svg\nset output '|@'\nplot sin(x)",
    "set print '|@'\nprint 1",
    "save '|@'",
    "plot '+' using (system(\"@\"), 1)",
    "set title 'a'; system(\"@\") #'",
    "set title 'a\nsystem(\"@\")\n'",
    "$d << EOD\n1\nEOD\nsystem(\"@\")\nEOD",
    "plot '-'\n1\ne\nsystem(\"@\")\ne",
};

enum { VECTORS = sizeof vectors / sizeof *vectors };

/* What shows that it runs, the vector with its command, and a last line that shows the end was
 * reached. */
static void script_of(Str *script, const char *vector)
{
    str_clear(script);
    str_add(script, "print 'began'\nset terminal dumb\n");
    for (const char *at = vector; *at != '\0'; at++) {
        if (at[0] == '@' && at[1] == '@') {
            str_add(script, "@");
            at++;
        } else if (*at == '@') {
            str_addf(script, "touch %s", test_path("cage/trace"));
        } else {
            str_add_bytes(script, at, 1);
        }
    }
    str_add(script, "\nset print\nprint 'ended'\n");
    assert_false(script->failed);
}

static void begin(void)
{
    Error err = {0};
    rig_real();
    assert_true(folder_make(test_path("cage"), &err));
}

static void run_caged(const char *kind, const char *script, const char *home, Str *words)
{
    char folder[600];
    snprintf(folder, sizeof folder, "%s", test_path("cage"));
    const char *argv[] = {program_path(), "--gnuplot-cage", kind, folder, NULL};
    str_clear(words);
    rig_run(argv, script, home, words);
    if (strstr(str_text(words), "began") == NULL) {
        fail_msg("gnuplot did not run in its cage: %s", str_text(words));
    }
}

static bool left_a_trace(void)
{
    bool trace = path_exists(test_path("cage/trace"));
    remove(test_path("cage/trace"));
    return trace;
}

/* The control's program may still be on its way when gnuplot has gone. */
static bool left_a_trace_soon(void)
{
    for (int i = 0; i < 100; i++) {
        if (left_a_trace()) return true;
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    }
    return false;
}

static void assert_harmless(const char *kind, const Str *script, int v)
{
    Str words = {0};
    run_caged(kind, str_text(script), test_folder(), &words);
    if (left_a_trace()) fail_msg("a program ran in the %s cage: %s", kind, vectors[v]);
    str_free(&words);
}

static void no_vector_runs_a_program_in_a_cage(void **state)
{
    (void)state;
    Str script = {0}, words = {0};
    begin();
    for (int v = 0; v < VECTORS; v++) {
        const char *argv[] = {"gnuplot", NULL};
        script_of(&script, vectors[v]);
        str_clear(&words);
        rig_run(argv, str_text(&script), test_folder(), &words);
        if (!left_a_trace_soon())
            fail_msg("the control does nothing: %s\n%s", vectors[v], words.data);
        assert_harmless("file", &script, v);
        if (cage_landlock_version() > 0) assert_harmless("window", &script, v);
    }
    str_free(&script);
    str_free(&words);
}

static void start_up_files_are_not_read(void **state)
{
    (void)state;
    Error       err = {0};
    Str         words = {0}, text = {0};
    const char *argv[] = {"gnuplot", NULL};
    begin();
    str_addf(&text, "system(\"touch %s\")\nprint 'start-up'\n", test_path("cage/trace"));
    assert_true(file_write_all(test_path(".gnuplot"), text.data, text.len, &err));
    assert_true(file_write_all(test_path("cage/.gnuplot"), text.data, text.len, &err));
    rig_run(argv, "print 'began'\n", test_folder(), &words);
    assert_true(left_a_trace());
    assert_non_null(strstr(words.data, "start-up"));
    run_caged("file", "print 'began'\n", test_folder(), &words);
    assert_false(left_a_trace());
    assert_null(strstr(words.data, "start-up"));
    str_free(&words);
    str_free(&text);
}

static void files_outside_are_neither_written_nor_read(void **state)
{
    (void)state;
    Error       err = {0};
    Str         words = {0}, script = {0};
    const char *argv[] = {"gnuplot", "-d", NULL};
    rig_needs_landlock();
    begin();
    assert_true(file_write_all(test_path("secret"), "print 'secret'\n", 15, &err));
    str_addf(&script, "print 'began'\nset table '%s'\nplot sin(x)\nunset table\nload '%s'\n",
             test_path("made"), test_path("secret"));
    rig_run(argv, script.data, NULL, &words);
    assert_true(path_exists(test_path("made")));
    assert_non_null(strstr(words.data, "\nsecret\n"));
    assert_int_equal(remove(test_path("made")), 0);
    run_caged("file", script.data, NULL, &words);
    assert_false(path_exists(test_path("made")));
    assert_null(strstr(words.data, "\nsecret\n"));
    str_free(&words);
    str_free(&script);
}

/* ---- the walls one by one, asked by a program that tries them all ---- */

static void probe(const char *kind, Str *words)
{
    Error err = {0};
    char  folder[600], program[600];

    rig_fake("probe");
    setenv("LORALAB_SECRET", "1", 1);
    snprintf(folder, sizeof folder, "%s", test_path("cage"));
    snprintf(program, sizeof program, "%s/gnuplot", test_path("probe"));
    assert_true(folder_make(folder, &err));
    assert_true(file_write_all(test_path("secret"), "x", 1, &err));
    const char *caged[] = {program_path(), "--gnuplot-cage", kind, folder, NULL};
    const char *plain[] = {"/bin/sh", "-c", "cd \"$0\" && exec \"$1\"", folder, program, NULL};
    rig_run(kind != NULL ? caged : plain, "", NULL, words);
    unsetenv("LORALAB_SECRET");
}

static void assert_line(const Str *words, const char *line)
{
    Str whole = {0}, text = {0};
    str_addf(&whole, "\n%s\n", line);
    str_addf(&text, "\n%s\n", str_text(words));
    if (strstr(text.data, whole.data) == NULL) fail_msg("\"%s\" is not in: %s", line, words->data);
    str_free(&whole);
    str_free(&text);
}

static void without_a_cage_the_probe_may_do_everything(void **state)
{
    (void)state;
    Str                      words = {0};
    static const char *const want[] = {
        "socket ok",       "unix ok", "write-here ok", "write-outside ok", "read-outside ok",
        "list-outside ok", "link ok", "env ok",        "fork ok",          "clone ok",
        "thread ok",       "kill ok", "open-200 ok",   "clone3 EINVAL"};
    probe(NULL, &words);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) assert_line(&words, want[i]);
    assert_null(strstr(words.data, "exec E")); /* it became /bin/true */
    str_free(&words);
}

static void in_the_cage_for_files_it_may_do_nothing_but_its_work(void **state)
{
    (void)state;
    Str                      words = {0};
    static const char *const want[] = {
        "socket EPERM", "unix EPERM",     "write-here ok",  "link EPERM",    "fd-3 EBADF",
        "env none",     "cpu limited",    "memory limited", "file limited",  "core limited",
        "fork EPERM",   "clone EPERM",    "clone3 ENOSYS",  "thread ok",     "ptrace EPERM",
        "kill EPERM",   "open-200 EBADF", "exec-200 EPERM", "exec-fd EPERM", "exec EPERM"};
    probe("file", &words);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) assert_line(&words, want[i]);
    assert_false(cage_landlock_version() > 0 && path_exists(test_path("outside")));
    if (cage_landlock_version() > 0) {
        assert_line(&words, "write-outside EACCES");
        assert_line(&words, "read-outside EACCES");
        assert_line(&words, "list-outside EACCES");
    }
    str_free(&words);
}

static void in_the_cage_for_windows_it_may_start_only_gnuplots_own(void **state)
{
    (void)state;
    Str                      words = {0};
    static const char *const want[] = {
        "socket EAFNOSUPPORT", "unix ok",     "write-here ok",  "write-outside EACCES",
        "read-outside EACCES", "fork ok",     "thread ok",      "ptrace EPERM",
        "kill EPERM",          "exec EACCES", "memory limited", "env none"};
    rig_needs_landlock();
    probe("window", &words);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) assert_line(&words, want[i]);
    str_free(&words);
}

static void what_is_no_program_is_refused(void **state)
{
    (void)state;
    Error err = {0};
    Str   words = {0};
    char  script[600], folder[600];
    rig_no_gnuplot();
    snprintf(script, sizeof script, "%s", test_path("empty/gnuplot"));
    snprintf(folder, sizeof folder, "%s", test_folder());
    const char *argv[] = {program_path(), "--gnuplot-cage", "file", folder, NULL};
    assert_int_equal(rig_run(argv, "", NULL, &words), ERR_DEVICE);
    assert_non_null(strstr(words.data, "gnuplot is not on PATH"));
    assert_true(file_write_all(script, "#!/bin/sh\ntouch trace\n", 22, &err));
    const char *chmod[] = {"/bin/chmod", "755", script, NULL};
    assert_int_equal(rig_run(chmod, "", NULL, &words), 0);
    str_clear(&words);
    assert_int_equal(rig_run(argv, "", NULL, &words), ERR_DEVICE);
    assert_non_null(strstr(words.data, "no cage"));
    const char *wrong[] = {program_path(), "--gnuplot-cage", "door", folder, NULL};
    assert_int_equal(rig_run(wrong, "", NULL, &words), ERR_INPUT);
    assert_false(path_exists(test_path("trace")));
    str_free(&words);
}

TEST_GROUP(gnuplot_cage, GNUPLOT_TEST(no_vector_runs_a_program_in_a_cage),

           GNUPLOT_TEST(start_up_files_are_not_read),
           GNUPLOT_TEST(files_outside_are_neither_written_nor_read),
           GNUPLOT_TEST(without_a_cage_the_probe_may_do_everything),
           GNUPLOT_TEST(in_the_cage_for_files_it_may_do_nothing_but_its_work),
           GNUPLOT_TEST(in_the_cage_for_windows_it_may_start_only_gnuplots_own),
           GNUPLOT_TEST(what_is_no_program_is_refused));
