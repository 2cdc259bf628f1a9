/*
 * The acceptance on a GPU cannot run here, but what carries it can: parts that are fine, fail, hang
 * or are skipped, the report, and the comparison of losses that it rests on.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "tests/app/program.h"
#include "tests/test.h"

static void write_text(const char *name, const char *text)
{
    Error err = {0};
    assert_true(file_write_all(test_path(name), text, (Index)strlen(text), &err));
}

/* sh with these words, in a program's place. */
static int run_sh(Program *p, const char *const *words)
{
    setenv("LORALAB_BIN", "/bin/sh", 1);
    int status = program_run_argv(p, words);
    unsetenv("LORALAB_BIN");
    return status;
}

static void make_parts(void)
{
    Error err = {0};
    assert_true(folder_make(test_path("parts"), &err));
    write_text("parts/1-fine.sh", "# title: fine\n# limit: 20 s\necho '- 3 of 3'\n");
    write_text("parts/2-hangs.sh", "# title: hangs\n# limit: 1 s\necho '- begun'\nsleep 60\n");
    write_text("parts/3-wrong.sh", "# title: wrong\n# limit: 20 s\necho cause >&2\nexit 1\n");
    write_text("parts/4-none.sh", "# title: none\n# limit: 20 s\necho 'no such tool'\nexit 77\n");
}

/* The script's status; its report, which the caller frees. */
static int accept_parts(const char *only, const char *seconds, char **report)
{
    Error   err = {0};
    char    parts[600], chosen[64], bound[64], path[512];
    Program p = {0};
    snprintf(parts, sizeof parts, "LORALAB_ACCEPT_PARTS=%s", test_path("parts"));
    snprintf(chosen, sizeof chosen, "LORALAB_ACCEPT_ONLY=%s", only);
    snprintf(bound, sizeof bound, "LORALAB_ACCEPT_SECONDS=%s", seconds);
    snprintf(path, sizeof path, "%s", test_path("reports/report.md"));
    p.env[0] = "LORALAB_ACCEPT_BACKEND=cpu";
    p.env[1] = parts;
    p.env[2] = chosen;
    p.env[3] = bound;
    Index len = 0;
    int   status = run_sh(&p, (const char *const[64]){"sh", "tests/gpu/accept", path, NULL});
    *report = file_read_all(path, 1 << 20, &len, &err);
    assert_ok(&err);
    program_free(&p);
    return status;
}

static void skip_elsewhere(void)
{
    if (access("tests/gpu/accept", R_OK) != 0) skip();
}

static void a_report_tells_what_became_of_each_part(void **state)
{
    (void)state;
    char *report;
    skip_elsewhere();
    make_parts();
    assert_int_equal(accept_parts("", "60", &report), 1);
    assert_non_null(strstr(report, "1 ok, 2 FAILED, 1 skipped, 0 not reached"));
    assert_non_null(strstr(report, "## 1. fine: ok ("));
    assert_non_null(strstr(report, "- 3 of 3\n"));
    assert_non_null(strstr(report, "## 2. hangs: FAILED: stopped after its 1 s\n\n- begun\n"));
    assert_non_null(strstr(report, "## 3. wrong: FAILED ("));
    assert_non_null(strstr(report, "    cause\n"));
    assert_non_null(strstr(report, "## 4. none: skipped: no such tool\n"));
    assert_non_null(strstr(report, "proves nothing of a GPU"));
    mem_free(report);
}

static void it_succeeds_when_nothing_failed(void **state)
{
    (void)state;
    char *report;
    skip_elsewhere();
    make_parts();
    assert_int_equal(accept_parts("1 4", "60", &report), 0);
    assert_null(strstr(report, "wrong"));
    mem_free(report);
}

static void no_time_left_is_a_failure(void **state)
{
    (void)state;
    char *report;
    skip_elsewhere();
    make_parts();
    assert_int_equal(accept_parts("1", "4", &report), 1);
    assert_non_null(strstr(report, "## 1. fine: FAILED: no time left"));
    mem_free(report);
}

/* ---- losses ------------------------------------------------------------------------------ */

#define STEP(n, loss) "{\"type\": \"step\", \"step\": " #n ", \"epoch\": 0.1, \"loss\": " loss "}\n"

static int compare(const char *mine, const char *theirs, char out[64])
{
    char    command[1400];
    Program p = {0};
    write_text("mine", mine);
    write_text("theirs", theirs);
    snprintf(command, sizeof command, "awk -f tests/gpu/losses.awk %s %s", test_path("mine"),
             test_path("theirs"));
    int status = run_sh(&p, (const char *const[64]){"sh", "-c", command, NULL});
    snprintf(out, 64, "%s", str_text(&p.out));
    program_free(&p);
    return status;
}

static void losses_are_compared_step_by_step(void **state)
{
    (void)state;
    char        out[64];
    const char *theirs = "{\"type\": \"start\"}\n" STEP(1, "3.5") STEP(2, "2") STEP(10, "1e-1");
    skip_elsewhere();
    assert_int_equal(compare(theirs, theirs, out), 0);
    assert_string_equal(out, "3 0 0 0.1000\n");
    assert_int_equal(compare(STEP(1, "3.5") STEP(2, "2.01") STEP(10, "0.1"), theirs, out), 0);
    assert_string_equal(out, "3 0.01 0.005 0.1000\n");
    assert_int_equal(compare(STEP(1, "3.5") STEP(2, "1.98") STEP(10, "0.11"), theirs, out), 0);
    assert_string_equal(out, "3 0.02 0.1 0.1000\n");
    assert_int_equal(compare(STEP(1, "3.5") STEP(2, "2"), theirs, out), 1);
    assert_int_equal(compare(theirs, STEP(1, "3.5"), out), 1);
    assert_int_equal(compare(STEP(1, "3.5") STEP(2, "null") STEP(10, "0.1"), theirs, out), 1);
    assert_int_equal(compare("", "", out), 1);
}

TEST_GROUP(accept, cmocka_unit_test(a_report_tells_what_became_of_each_part),
           cmocka_unit_test(it_succeeds_when_nothing_failed),
           cmocka_unit_test(no_time_left_is_a_failure),
           cmocka_unit_test(losses_are_compared_step_by_step));
