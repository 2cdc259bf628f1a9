/* lessons, run, check: as a learner, a teacher and a course's CI meet them. */

#define _XOPEN_SOURCE 700 /* symlink, realpath */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/pool.h"
#include "tests/app/program.h"
#include "tests/test.h"

#define PLAY "tests/lessons/play-small.md"
#define LATIN1 "LC_ALL=C"
#define UTF8 "LC_ALL=C.UTF-8"

static void assert_in(const Str *text, const char *words)
{
    if (strstr(str_text(text), words) == NULL) fail_msg("no \"%s\" in:\n%s", words, str_text(text));
}

static void assert_not_in(const Str *text, const char *words)
{
    if (strstr(str_text(text), words) != NULL) fail_msg("\"%s\" in:\n%s", words, str_text(text));
}

static void write_file(const char *path, const char *text)
{
    Error err = {0};
    assert_true(file_write_all(path, text, (Index)strlen(text), &err));
}

static char *read_file(const char *path)
{
    Error err = {0};
    Index n = 0;
    char *text = file_read_all(path, 1 << 20, &n, &err);
    assert_ok(&err);
    return text;
}

/* A copy of the lesson with one piece of its text replaced. */
static void write_changed(const char *to, const char *from, const char *by)
{
    char *text = read_file(PLAY);
    char *at = strstr(text, from);
    assert_non_null(at);
    Str changed = {0};
    str_add_bytes(&changed, text, at - text);
    str_addf(&changed, "%s%s", by, at + strlen(from));
    write_file(test_path(to), str_text(&changed));
    str_free(&changed);
    mem_free(text);
}

/* ---- check ---- */

static void mistakes_are_told_with_their_places(void **state)
{
    (void)state;
    Program p = {0};
    assert_status(&p, "check " PLAY, 0);
    assert_string_equal(str_text(&p.out), PLAY ": fine (2 steps, 4 predictions, 3 asserts)\n");
    write_changed("wrong.md", "a = rank A", "a = rink A");
    assert_status(&p, "check " PLAY " %s/wrong.md", 2);
    assert_in(&p.out, ": fine");
    assert_in(&p.out, "wrong.md:31:5: ");
    assert_in(&p.out, "a = rink A");
    assert_in(&p.err, "mistake");
    assert_status(&p, "check %s/wrong.md --json", 2);
    assert_in(&p.out, "\"line\": 31");
    assert_status(&p, "check nowhere.md", 2);
    assert_status(&p, "check", 2);
    program_free(&p);
}

/* ---- headless ---- */

static void without_a_screen_the_asserts_judge(void **state)
{
    (void)state;
    Program p = {0};
    assert_status(&p, "run " PLAY, 0);
    assert_in(&p.out, "ok     a.rank == 1 (1 == 1): the rows are multiples of the first\n");
    assert_in(&p.out, "prediction order: measured B (3); A (1) (not answered)\n");
    assert_in(&p.out, "play-small: 3 of 3 asserts hold, 4 predictions not answered, ");
    assert_in(&p.err, "step 1 of 2: Rows\n");
    write_changed("fails.md", "b.rank == 3", "b.rank == 2");
    assert_status(&p, "run %s/fails.md", 1);
    assert_int_equal(strncmp(str_text(&p.out), "FAILED b.rank == 2 (3 == 2)  ", 29), 0);
    assert_in(&p.out, "fails.md:42\n");
    assert_in(&p.err, "loralab: play-small: 1 assert failed: ");
    assert_status(&p, "run %s/fails.md --json --quiet", 1);
    assert_in(&p.out, "\"failed\": 1");
    assert_int_equal(strncmp(str_text(&p.err), "loralab: ", 9), 0);
    program_free(&p);
}

static void values_and_seeds_are_set(void **state)
{
    (void)state;
    Program p = {0};
    assert_status(&p, "run " PLAY " --set r=4 --set ranks=1,3 --seed 7 --report %s/r.jsonl", 0);
    char *report = read_file(test_path("r.jsonl"));
    assert_non_null(strstr(report, "\"seed\": 7"));
    assert_non_null(strstr(report, "r = 4, ranks = 1,3"));
    assert_non_null(strstr(report, "--set r=4 --set ranks=1,3"));
    assert_non_null(strstr(report, "0 0 4"));
    mem_free(report);
    static const char *const wrong[] = {"run " PLAY " --set r=9",
                                        "run " PLAY " --set r",
                                        "run " PLAY " --set q=1",
                                        "run " PLAY " --from 3",
                                        "run " PLAY " --report x.y",
                                        "run " PLAY " --answers nowhere",
                                        "run nowhere",
                                        "run nowhere.md",
                                        "run " PLAY " --charset brille"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) assert_status(&p, wrong[i], 2);
    program_free(&p);
}

static void prepared_answers_are_used(void **state)
{
    (void)state;
    Program p = {0};
    write_file(test_path("a.json"), "{\"number\": 1, \"choice\": \"1\", \"quiz\": 1}");
    assert_status(&p, "run " PLAY " --answers %s/a.json", 0);
    assert_in(&p.out, "prediction number: predicted 1, measured 1 (borne out)\n");
    assert_in(&p.out, "prediction choice: predicted A, measured B (not borne out)\n");
    assert_in(&p.out, "quiz quiz: wrong: its size is 3 x 3 all the same\n");
    program_free(&p);
}

static void reports_and_plots_are_written(void **state)
{
    (void)state;
    Program p = {0};
    assert_status(&p, "run " PLAY " --report %s/r.html --plots %s/plots", 0);
    char *page = read_file(test_path("r.html"));
    assert_non_null(strstr(page, "</html>"));
    assert_non_null(strstr(page, "<svg"));
    assert_null(strstr(page, "<script"));
    mem_free(page);
    assert_true(path_exists(test_path("plots/01-fall.svg")));
    assert_true(path_exists(test_path("plots/01-fall.csv")));
    program_free(&p);
}

/* ---- linear ---- */

#define BY_HAND "1; because I think\n2\n\n\n2 1\n4 2 1\n\n1\nhint\n2\n\n"

static void by_hand_the_text_only_grows(void **state)
{
    (void)state;
    Program p = {.in = BY_HAND, .env = {UTF8}};
    assert_status(&p, "run " PLAY " --linear", 0);
    static const char *const in_order[] = {"Step 1 of 2: Rows",
                                           "How many rows of A are independent?",
                                           "1. A",
                                           "2. B",
                                           "3. neither",
                                           "at most 20 s",
                                           "> a = rank A",
                                           "predicted: 1",
                                           "measured: 1",
                                           "borne out",
                                           "holds: a.rank == 1",
                                           "Step 2 of 2: Values",
                                           "at 1, 2, 3",
                                           "Singular values",
                                           "Not that one: its size is 3 x 3",
                                           "hint 1 of 2",
                                           "Right.",
                                           "3 of 3 asserts hold, 4 of 4 predictions borne out"};
    const char              *at = str_text(&p.out);
    for (size_t i = 0; i < sizeof in_order / sizeof *in_order; i++) {
        const char *next = strstr(at, in_order[i]);
        if (next == NULL) fail_msg("no \"%s\" after:\n%.2000s", in_order[i], at);
        at = next;
    }
    assert_not_in(&p.out, "\r");
    assert_not_in(&p.out, "\x1b");
    assert_in(&p.out, "⠑");                  /* a chart of braille ... */
    assert_in(&p.out, "falls from 14 to 0"); /* ... and its sentence */
    p.env[0] = LATIN1;
    assert_status(&p, "run " PLAY " --linear", 0);
    for (Index i = 0; i < p.out.len; i++) assert_true((p.out.data[i] & 0x80) == 0);
    assert_in(&p.out, "falls from 14 to 0");
    p.env[0] = UTF8;
    assert_status(&p, "run " PLAY " --linear --charset none", 0);
    assert_not_in(&p.out, "⠑");
    assert_in(&p.out, "falls from 14 to 0");
    program_free(&p);
}

static void no_line_is_wider_than_72_columns(void **state)
{
    (void)state;
    Program p = {.in = BY_HAND, .env = {LATIN1}};
    assert_status(&p, "run " PLAY " --linear", 0);
    for (const char *line = str_text(&p.out); *line != '\0';) {
        size_t n = strcspn(line, "\n");
        bool   prompt = memchr(line, '>', n) != NULL;
        if (!prompt && n > 72) fail_msg("%zu columns: %.*s", n, (int)n, line);
        line += n + (line[n] == '\n');
    }
    program_free(&p);
}

static void output_that_does_not_arrive_is_an_error(void **state)
{
    (void)state;
    Program p = {.in = BY_HAND, .out_path = "/dev/full"};
    assert_status(&p, "run " PLAY " --linear", 5);
    assert_status(&p, "run " PLAY, 5);
    program_free(&p);
}

/* ---- a shelf ---- */

static void link_data(const char *name)
{
    char  here[4096], from[5000];
    char *to = path_join(test_path("data"), name, NULL);
    assert_non_null(getcwd(here, sizeof here));
    snprintf(from, sizeof from, "%s/data/%s", here, name);
    assert_int_equal(symlink(from, to), 0);
    mem_free(to);
}

/* A data folder with one lesson of its own; the environment's words for it. */
static const char *make_shelf(void)
{
    static char word[1200];
    Error       err = {0};
    char       *lesson = read_file(PLAY);
    assert_true(folder_make(test_path("data/lessons"), &err));
    link_data("tasks");
    link_data("base");
    write_file(test_path("data/lessons/01-play-small.md"), lesson);
    mem_free(lesson);
    snprintf(word, sizeof word, "LORALAB_DATA=%s", test_path("data"));
    return word;
}

static void a_lesson_is_gone_on_with_where_it_was_left(void **state)
{
    (void)state;
    Program p = {.env = {make_shelf()}};
    assert_status(&p, "lessons", 0);
    assert_in(&p.out, "play-small");
    assert_in(&p.out, "not begun");
    p.in = "1; because I think\n2\n\n\n2 1\n"; /* then the input ends */
    assert_status(&p, "run play-small --linear", 0);
    assert_in(&p.out, "left after step 1 of 2; the same command goes on from there\n");
    assert_status(&p, "lessons", 0);
    assert_in(&p.out, "1 of 2 steps done");
    p.in = "4 2 1\n\n2\n\n";
    assert_status(&p, "run play-small --linear --report %s/r.jsonl", 0);
    assert_in(&p.err, "going on at step 2 of 2");
    assert_not_in(&p.out, "How many rows of A");
    assert_in(&p.out, "4 of 4 predictions borne out");
    char *report = read_file(test_path("r.jsonl"));
    assert_non_null(strstr(report, "I think"));
    mem_free(report);
    assert_status(&p, "lessons --json", 0);
    assert_in(&p.out, "\"done\": true");
    p.in = "quit\n";
    assert_status(&p, "run play-small --linear", 0); /* done: from the start */
    assert_in(&p.out, "How many rows of A");
    assert_status(&p, "lessons", 0);
    assert_in(&p.out, "done");
    program_free(&p);
}

static void what_was_done_is_forgotten_when_that_is_meant(void **state)
{
    (void)state;
    Program p = {.env = {make_shelf()}, .in = "1\n2\n\n\n"};
    assert_status(&p, "run play-small --linear", 0);
    assert_status(&p, "lessons --reset play-small", 2);
    assert_in(&p.err, "--yes");
    assert_status(&p, "lessons --reset play-smal --yes", 2);
    assert_status(&p, "lessons", 0);
    assert_in(&p.out, "1 of 2 steps done");
    assert_status(&p, "lessons --reset play-small --yes", 0);
    assert_status(&p, "lessons", 0);
    assert_in(&p.out, "not begun");
    assert_status(&p, "lessons --reset all --yes", 0);
    /* A newer program's file is left alone and everything else works. */
    const char *newer = "{\"version\": 9, \"lessons\": {}}";
    write_file(test_path("loralab/progress.json"), newer);
    assert_status(&p, "lessons", 0);
    assert_in(&p.err, "version 9");
    assert_status(&p, "lessons --reset all --yes", 8);
    assert_status(&p, "run play-small --linear", 0);
    char *kept = read_file(test_path("loralab/progress.json"));
    assert_string_equal(kept, newer);
    mem_free(kept);
    program_free(&p);
}

/* ---- Ctrl-C ---- */

/* The program with a standard input that stays open and silent; SIGINT once it asks. */
static int interrupt_at_a_question(double *seconds)
{
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    const char *out = test_path("asked");
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        signal(SIGINT, SIG_DFL);
        if (fd < 0 || dup2(pipes[0], 0) != 0 || dup2(fd, 1) != 1 || dup2(fd, 2) != 2) _exit(99);
        close(pipes[1]);
        setenv("LORALAB_DATA", "data", 1);
        execl(program_path(), "loralab", "run", PLAY, "--linear", (char *)NULL);
        _exit(98);
    }
    close(pipes[0]);
    struct timespec pause = {.tv_nsec = 20000000};
    bool            asked = false;
    for (int i = 0; i < 1000 && !asked; i++) {
        nanosleep(&pause, NULL);
        char *text = path_exists(out) ? read_file(out) : NULL;
        asked = text != NULL && strstr(text, "a number > ") != NULL;
        mem_free(text);
    }
    double begun = clock_seconds();
    int    status = 0;
    kill(pid, SIGINT);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    *seconds = clock_seconds() - begun;
    close(pipes[1]);
    assert_true(asked);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void ctrl_c_at_a_question_ends_at_once(void **state)
{
    (void)state;
    double seconds = 0;
    assert_int_equal(interrupt_at_a_question(&seconds), 130);
    assert_true(seconds < 1.0);
}

static void ctrl_c_while_computing_ends_soon(void **state)
{
    (void)state;
    char *text = read_file(PLAY);
    char *at = strstr(text, "a = rank A");
    Str   changed = {0};
    str_add_bytes(&changed, text, at - text);
    str_addf(&changed, "t = train data=sql max_steps=20000\n%s", at);
    write_file(test_path("long.md"), str_text(&changed));
    str_free(&changed);
    mem_free(text);
    Program p = {0};
    program_start(&p, "run %s/long.md");
    struct timespec pause = {.tv_nsec = 700000000};
    nanosleep(&pause, NULL);
    kill(p.pid, SIGINT);
    assert_int_equal(program_wait(&p), 130);
    assert_true(p.seconds < 5);
    program_free(&p);
}

TEST_GROUP(lessons, cmocka_unit_test(mistakes_are_told_with_their_places),
           cmocka_unit_test(without_a_screen_the_asserts_judge),
           cmocka_unit_test(values_and_seeds_are_set), cmocka_unit_test(prepared_answers_are_used),
           cmocka_unit_test(reports_and_plots_are_written),
           cmocka_unit_test(by_hand_the_text_only_grows),
           cmocka_unit_test(no_line_is_wider_than_72_columns),
           cmocka_unit_test(output_that_does_not_arrive_is_an_error),
           cmocka_unit_test(a_lesson_is_gone_on_with_where_it_was_left),
           cmocka_unit_test(what_was_done_is_forgotten_when_that_is_meant),
           cmocka_unit_test(ctrl_c_at_a_question_ends_at_once),
           cmocka_unit_test(ctrl_c_while_computing_ends_soon));
