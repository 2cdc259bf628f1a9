/* Every lesson that comes along: no mistake in it, and what it claims is so, in its quick form. */

#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "tests/app/program.h"
#include "tests/test.h"

enum {
    LESSONS = 8, /* at least so many stand on the shelf */
    PARTS = 4    /* that they are run in, so that no one test takes minutes */
};

static void assert_line(const char *path, const char *command, const char *options)
{
    char    line[512];
    Program p = {0};
    snprintf(line, sizeof line, "%s %s %s", command, path, options);
    if (program_run(&p, line) != 0) {
        fail_msg("loralab %s\n%s%s", line, str_text(&p.out), str_text(&p.err));
    }
    program_free(&p);
}

/* Lessons whose numbers give this rest when divided by PARTS; below 0: all of them. */
static void each_lesson(const char *command, const char *options, int part)
{
    glob_t found = {0};
    assert_int_equal(glob("lessons/[0-9]*.md", 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= LESSONS);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        bool chosen = part < 0 || (int)(i % PARTS) == part;
        if (chosen) assert_line(found.gl_pathv[i], command, options);
    }
    globfree(&found);
}

static void no_lesson_has_mistakes(void **state)
{
    (void)state;
    each_lesson("check", "", -1);
    assert_line("lessons/template.md", "check", "");
}

static void every_claim_holds_1(void **state)
{
    (void)state;
    each_lesson("run", "--quick --quiet", 0);
}

static void every_claim_holds_2(void **state)
{
    (void)state;
    each_lesson("run", "--quick --quiet", 1);
}

static void every_claim_holds_3(void **state)
{
    (void)state;
    each_lesson("run", "--quick --quiet", 2);
}

static void every_claim_holds_4(void **state)
{
    (void)state;
    each_lesson("run", "--quick --quiet", 3);
}

/* The same command with an assert that is not so must fail: what the two tests above lean on. */
static void a_claim_that_does_not_hold_is_seen(void **state)
{
    (void)state;
    Program p = {0};
    assert_status(&p, "run tests/lessons/false-claim.md --quick --quiet", 1);
    assert_non_null(strstr(str_text(&p.out), "FAILED a.rank == 2 (1 == 2)"));
    program_free(&p);
}

TEST_GROUP(shelf, cmocka_unit_test(no_lesson_has_mistakes),
           cmocka_unit_test(a_claim_that_does_not_hold_is_seen),
           cmocka_unit_test(every_claim_holds_1), cmocka_unit_test(every_claim_holds_2),
           cmocka_unit_test(every_claim_holds_3), cmocka_unit_test(every_claim_holds_4));
