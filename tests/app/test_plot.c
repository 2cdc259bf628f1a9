/* `plot` and `train --plot` as users see them: with gnuplot, without, and with it dying. */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/gnuplot/cage.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/pool.h"
#include "tests/app/gnuplot_rig.h"
#include "tests/app/program.h"
#include "tests/test.h"

#define TRAIN                                                                               \
    "train --base tests/fixtures/models/qwen2-tied --data tests/fixtures/train/data.jsonl " \
    "--save_steps 0 --target_modules q_proj,v_proj "

static void pause_for(double seconds)
{
    struct timespec pause = {.tv_sec = (time_t)seconds,
                             .tv_nsec = (long)(1e9 * (seconds - (double)(time_t)seconds))};
    nanosleep(&pause, NULL);
}

/* ---- a log that this test writes while the program follows it ---- */

static void log_line(const char *line)
{
    int fd = open(test_path("live/run.jsonl"), O_WRONLY | O_CREAT | O_APPEND, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, line, strlen(line)), (ssize_t)strlen(line));
    close(fd);
}

static void log_steps(int from, int to)
{
    for (int i = from; i <= to; i++) {
        char line[200];
        snprintf(line, sizeof line, "{\"type\": \"step\", \"step\": %d, \"loss\": %g}\n", i,
                 4.0 / i);
        log_line(line);
    }
}

static void log_begin(void)
{
    Error err = {0};
    assert_true(folder_make(test_path("live"), &err));
    log_line("{\"type\": \"start\", \"steps\": 10, \"method\": \"lora\"}\n");
    log_line("{\"type\": \"eval\", \"step\": 0, \"loss\": 5}\n");
    log_steps(1, 3);
}

static void log_end(void)
{
    log_line("{\"type\": \"eval\", \"step\": 10, \"loss\": 0.5}\n{\"type\": \"end\"}\n");
}

static void assert_has(const Str *text, const char *words)
{
    if (strstr(str_text(text), words) == NULL) fail_msg("no \"%s\" in: %s", words, str_text(text));
}

static Index times(const Str *text, const char *words)
{
    Index count = 0;
    for (const char *at = str_text(text); (at = strstr(at, words)) != NULL; at++) count++;
    return count;
}

static void followed_on_a_pipe_lines_are_appended_until_the_end(void **state)
{
    (void)state;
    Program p = {0};
    log_begin();
    program_start(&p, "plot %s/live --follow --charset ascii");
    pause_for(0.5);
    log_steps(4, 7);
    /* Half a line, as a reader may find it. */
    log_line("{\"type\": \"step\", \"st");
    pause_for(0.5);
    log_line("ep\": 8, \"loss\": 0.5}\n");
    log_steps(9, 10);
    log_end();
    assert_int_equal(program_wait(&p), 0);
    assert_has(&p.out, "step 0  held-out loss 5.0000\nstep 1  loss 4.0000\nstep 2  loss 2.0000\n");
    assert_has(&p.out, "step 8  loss 0.5000\nstep 9  loss 0.4444\n");
    assert_has(&p.out, "step 10  held-out loss 0.5000\n");
    assert_int_equal(times(&p.out, "step 5  loss"), 1);
    assert_int_equal(times(&p.out, "loss of live\n"), 1); /* the chart, once */
    assert_null(strchr(str_text(&p.out), '\033'));
    assert_null(strchr(str_text(&p.out), '\r'));
    program_free(&p);
}

static void following_stops_on_request_and_when_nobody_writes(void **state)
{
    (void)state;
    Program p = {0};
    Error   err = {0};
    log_begin();
    program_start(&p, "plot %s/live --follow");
    pause_for(0.5);
    double begin = clock_seconds();
    kill(p.pid, SIGINT);
    assert_int_equal(program_wait(&p), 0);
    if (clock_seconds() - begin > 0.5) fail_msg("it took %.2f s", clock_seconds() - begin);
    assert_has(&p.out, "loss of live");
    /* Left: the lock of its folder is free. Somebody who holds it keeps it waiting. */
    FolderLock *lock = folder_lock(test_path("live"), &err);
    assert_non_null(lock);
    program_start(&p, "plot %s/live --follow");
    pause_for(6.5);
    assert_int_equal(kill(p.pid, 0), 0);
    folder_unlock(lock);
    assert_int_equal(program_wait(&p), 0);
    assert_has(&p.err, "nobody writes");
    assert_true(p.seconds > 6.5);
    program_free(&p);
}

/* A training in one process, its curve in another. */
static void another_process_is_followed_to_its_end(void **state)
{
    (void)state;
    Program run = {0}, plot = {0};
    /* The two write their output to files of one name, which no test reads of the first. */
    program_start(&run, TRAIN "--max_steps 60 --eval_steps 20 --out %s/other --quiet");
    program_await(test_path("other/run.jsonl"));
    program_start(&plot, "plot %s/other --follow --charset ascii");
    assert_int_equal(program_wait(&plot), 0);
    assert_int_equal(program_wait(&run), 0);
    assert_has(&plot.out, "step 60");
    assert_has(&plot.out, "loss of other");
    program_free(&run);
    program_free(&plot);
}

/* ---- without gnuplot ---- */

static void without_gnuplot_everything_else_works(void **state)
{
    (void)state;
    Program p = {0};
    log_begin();
    log_end();
    rig_no_gnuplot();
    assert_status(&p, "plot %s/live --charset ascii", 0);
    assert_status(&p, "plot %s/live --out %s/a.svg", 0);
    assert_status(&p, "plot %s/live --format csv", 0);
    assert_status(&p, "plot %s/live --out %s/a.png", 3);
    assert_int_equal(times(&p.err, "\n"), 2); /* one sentence, one hint */
    assert_has(&p.err, "install gnuplot-nox");
    assert_false(path_exists(test_path("a.png")));
    assert_status(&p, "plot %s/live --format window", 3);
    assert_status(&p, "doctor", 0);
    assert_has(&p.out, "gnuplot    not found");
    assert_status(&p, "plot %s/live --follow --format window --charset ascii", 0);
    assert_int_equal(times(&p.err, "going on as text"), 1);
    assert_has(&p.out, "loss of live");
    program_free(&p);
}

static void in_the_c_locale_charts_are_ascii(void **state)
{
    (void)state;
    Program p = {.env = {"LC_ALL=C"}};
    log_begin();
    log_steps(4, 10);
    log_end();
    assert_status(&p, "plot %s/live", 0);
    for (Index i = 0; i < p.out.len; i++) assert_true((unsigned char)p.out.data[i] < 128);
    /* The control: in UTF-8 they are not. */
    Program utf = {.env = {"LC_ALL=C.UTF-8", "TERM=xterm"}};
    assert_status(&utf, "plot %s/live", 0);
    assert_has(&utf.out, "\342\240"); /* braille */
    program_free(&p);
    program_free(&utf);
}

/* ---- train --plot ---- */

static void a_training_is_drawn_on_stderr_and_results_stay(void **state)
{
    (void)state;
    Program p = {.env = {"LC_ALL=C"}}, plain = {0};
    rig_no_gnuplot();
    assert_status(&plain, TRAIN "--max_steps 6 --eval_steps 3 --out %s/a --json", 0);
    assert_status(&p, TRAIN "--max_steps 6 --eval_steps 3 --out %s/b --json --plot", 0);
    assert_has(&p.err, "no window");
    assert_has(&p.err, "trained and frozen parameters");
    assert_has(&p.err, "held out");
    assert_null(strstr(str_text(&plain.err), "trained and frozen"));
    assert_int_equal(times(&p.out, "\n"), 1);
    assert_has(&p.out, "\"trainable\"");
    program_free(&p);
    program_free(&plain);
}

static double steps_seconds(const char *name)
{
    Error err = {0};
    Index n = 0;
    char  path[100];
    snprintf(path, sizeof path, "%s/run.jsonl", name);
    char       *log = file_read_all(test_path(path), 1 << 24, &n, &err);
    const char *last = NULL;
    assert_ok(&err);
    for (const char *at = log; (at = strstr(at, "\"type\": \"end\"")) != NULL; at++) last = at;
    assert_non_null(last);
    const char *seconds = strstr(last, "\"seconds\": ");
    assert_non_null(seconds);
    double value = strtod(seconds + strlen("\"seconds\": "), NULL);
    mem_free(log);
    return value;
}

/* Whatever gnuplot does, the steps take as long, and the end comes as soon. */
static void a_gnuplot_that_never_answers_delays_nothing(void **state)
{
    (void)state;
    Program p = {0};
    rig_needs_landlock();
    rig_fake("deaf");
    setenv("DISPLAY", ":99", 1);
    assert_status(&p, TRAIN "--max_steps 300 --eval_steps 0 --out %s/deaf-run --plot", 0);
    double deaf = p.seconds;
    unsetenv("DISPLAY");
    assert_status(&p, TRAIN "--max_steps 300 --eval_steps 0 --out %s/plain-run", 0);
    double steps = steps_seconds("deaf-run"), plain = steps_seconds("plain-run");
    if (steps > 1.5 * plain + 0.3) fail_msg("steps took %.2f s instead of %.2f s", steps, plain);
    if (deaf > p.seconds + 2.5) fail_msg("%.2f s instead of %.2f s", deaf, p.seconds);
    program_free(&p);
}

/* A picture that is written to a file holds no key up: it is said that it is being written. */
static void the_lab_goes_on_while_a_file_is_written(void **state)
{
    (void)state;
    static const char lines[] = "key v\nwait numeric rank\nkey g\nwait No window here\n"
                                "type x.png\nkey Enter\nsee writing x.png\nkey g\n"
                                "see writing x.png\nkey t\nsee cut to rank\n";
    Program           p = {0};
    Error             err = {0};
    unsetenv("DISPLAY");
    rig_fake("deaf");
    assert_true(file_write_all(test_path("script"), lines, sizeof lines - 1, &err));
    assert_status(&p, "lab --charset braille --script %s/script --save %s", 0);
    if (p.seconds > 1.9) fail_msg("it took %.1f s", p.seconds);
    program_free(&p);
    assert_false(path_exists("x.png"));
}

static void stopped_while_gnuplot_hangs_it_ends_at_once(void **state)
{
    (void)state;
    Program p = {0};
    rig_needs_landlock();
    rig_fake("stubborn");
    setenv("DISPLAY", ":99", 1);
    log_begin();
    program_start(&p, "plot %s/live --follow --format window");
    pause_for(1.0);
    double begin = clock_seconds();
    kill(p.pid, SIGTERM);
    program_wait(&p);
    double took = clock_seconds() - begin;
    if (took > 1.0) fail_msg("ending took %.2f s", took);
    assert_int_equal(p.status, 0);
    program_free(&p);
}

/* ---- a window ---- */

/* The child of the program that follows. */
static int gnuplot_of(pid_t program)
{
    for (int i = 0; i < 100; i++) {
        int pids[8], count = rig_children_of((int)program, pids, 8);
        if (count > 0) return pids[0];
        pause_for(0.05);
    }
    fail_msg("no gnuplot was started");
    return 0;
}

static void killing_gnuplot_stops_no_following(void **state)
{
    (void)state;
    Program      p = {0};
    GnuplotOffer offer;
    rig_real();
    const char *display = rig_xvfb_start();
    if (display == NULL) {
        printf("no Xvfb: install xvfb to follow in a window\n");
        skip();
    }
    setenv("DISPLAY", display, 1);
    gnuplot_offer(&offer);
    if (offer.window == CAGE_NONE) {
        printf("no window can be opened: %s\n", offer.sentence);
        skip();
    }
    log_begin();
    program_start(&p, "plot %s/live --follow --format window --charset ascii");
    pause_for(1.5);
    assert_true(rig_xvfb_lit() > 10000);
    kill(gnuplot_of(p.pid), SIGKILL);
    pause_for(0.5);
    log_steps(4, 10);
    log_end();
    assert_int_equal(program_wait(&p), 0);
    assert_int_equal(times(&p.err, "going on as text"), 1);
    assert_has(&p.err, "gnuplot ended (signal 9)");
    assert_has(&p.out, "step 10");
    assert_has(&p.out, "loss of live");
    program_free(&p);
}

static void a_training_opens_its_windows(void **state)
{
    (void)state;
    Program      p = {0};
    GnuplotOffer offer;
    rig_real();
    const char *display = rig_xvfb_start();
    if (display == NULL) {
        printf("no Xvfb: install xvfb to train with a window\n");
        skip();
    }
    setenv("DISPLAY", display, 1);
    gnuplot_offer(&offer);
    if (offer.window == CAGE_NONE) {
        printf("no window can be opened: %s\n", offer.sentence);
        skip();
    }
    program_start(&p, TRAIN "--max_steps 100000 --eval_steps 0 --out %s/long --plot");
    for (int i = 0; i < 100 && rig_xvfb_lit() < 10000; i++) pause_for(0.1);
    assert_true(rig_xvfb_lit() > 10000);
    double begin = clock_seconds();
    kill(p.pid, SIGINT);
    assert_int_equal(program_wait(&p), 130);
    if (clock_seconds() - begin > 3) fail_msg("%.2f s", clock_seconds() - begin);
    assert_null(strstr(str_text(&p.err), "no window"));
    assert_has(&p.err, "trained and frozen parameters");
    program_free(&p);
}

TEST_GROUP(plot, GNUPLOT_TEST(followed_on_a_pipe_lines_are_appended_until_the_end),
           GNUPLOT_TEST(following_stops_on_request_and_when_nobody_writes),
           GNUPLOT_TEST(another_process_is_followed_to_its_end),
           GNUPLOT_TEST(without_gnuplot_everything_else_works),
           GNUPLOT_TEST(in_the_c_locale_charts_are_ascii),
           GNUPLOT_TEST(a_training_is_drawn_on_stderr_and_results_stay),
           GNUPLOT_TEST(a_gnuplot_that_never_answers_delays_nothing),
           GNUPLOT_TEST(stopped_while_gnuplot_hangs_it_ends_at_once),
           GNUPLOT_TEST(the_lab_goes_on_while_a_file_is_written),
           GNUPLOT_TEST(killing_gnuplot_stops_no_following),
           GNUPLOT_TEST(a_training_opens_its_windows));
