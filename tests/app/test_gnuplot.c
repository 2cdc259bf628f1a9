/* The pipe, with gnuplots that are missing, silent, slow, loud, stubborn, dying, and real. */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/gnuplot/gnuplot_internal.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/pool.h"
#include "tests/app/gnuplot_rig.h"
#include "tests/test.h"

static Figure *figure_titled(const char *title, Index points)
{
    Error   err = {0};
    Figure *figure = figure_create(FIGURE_LINE, title, &err);
    double *y = mem_alloc(mem_program(), MEM_TEXT, points, sizeof *y, &err);
    assert_ok(&err);
    for (Index i = 0; i < points; i++) y[i] = (double)(i % 17);
    figure_series(figure, "loss", NULL, y, points);
    mem_free(y);
    assert_true(figure_ok(figure, &err));
    return figure;
}

static void show(Gnuplot *g, const char *title, Index points, const char *path)
{
    Figure *figure = figure_titled(title, points);
    gnuplot_show(g, figure, 600, 400, path);
    figure_free(figure);
}

static Gnuplot *started(const char *terminal)
{
    Error    err = {0};
    Gnuplot *g = gnuplot_start(terminal, &err);
    assert_ok(&err);
    assert_non_null(g);
    return g;
}

/* Nothing that was started is left, not even a zombie, and the private folders are gone. */
static void assert_nothing_left(void)
{
    Error  err = {0};
    char **names;
    Index  count, folders = 0;
    int    pids[8];

    assert_int_equal(rig_children(pids, 8), 0);
    assert_true(folder_list(test_folder(), &names, &count, &err));
    for (Index i = 0; i < count; i++) {
        folders += strncmp(names[i], "loralab-", 8) == 0 && path_is_folder(test_path(names[i]));
        mem_free(names[i]);
    }
    mem_free(names);
    assert_int_equal(folders, 0);
}

static void stop_quickly(Gnuplot *g)
{
    double begin = clock_seconds();
    gnuplot_stop(g);
    double took = clock_seconds() - begin;
    if (took > 0.6) fail_msg("stopping took %.2f s", took);
    assert_nothing_left();
}

static void assert_holds(const char *path, const char *words)
{
    Error err = {0};
    Index n = 0;
    char *bytes = file_read_all(path, 1 << 24, &n, &err);
    assert_ok(&err);
    if (strstr(bytes, words) == NULL) fail_msg("%s holds \"%.100s\", not %s", path, bytes, words);
    mem_free(bytes);
}

/* ---- none ---- */

static void without_gnuplot_it_is_said_in_one_sentence(void **state)
{
    (void)state;
    Error        err = {0};
    GnuplotOffer offer;
    rig_no_gnuplot();
    gnuplot_offer(&offer);
    assert_false(offer.found);
    assert_non_null(strstr(offer.sentence, "install gnuplot-nox"));
    assert_null(gnuplot_start("png", &err));
    assert_error(&err, ERR_DEVICE, "not found");
    assert_nothing_left();
}

static void one_that_exits_at_once_is_not_offered(void **state)
{
    (void)state;
    Error  err = {0};
    double begin = clock_seconds();
    rig_fake("exits");
    assert_null(gnuplot_start("png", &err));
    assert_error(&err, ERR_DEVICE, "cannot be used");
    assert_true(clock_seconds() - begin < 4);
    assert_nothing_left();
}

static void what_it_offers_is_asked(void **state)
{
    (void)state;
    GnuplotOffer offer;
    rig_fake("good");
    gnuplot_offer(&offer);
    assert_true(offer.found && offer.caged);
    assert_string_equal(offer.version, "9.9.9");
    assert_int_equal(offer.window, CAGE_NONE);
    assert_non_null(strstr(offer.sentence, "DISPLAY is not set"));
    setenv("DISPLAY", ":99", 1);
    gnuplot_offer(&offer);
    assert_int_not_equal(offer.window, CAGE_NONE);
    Error err = {0};
    assert_null(gnuplot_start("wxt", &err));
    assert_error(&err, ERR_DEVICE, "no window");
}

/* ---- good ones ---- */

static void a_picture_goes_where_it_should(void **state)
{
    (void)state;
    Error err = {0};
    char  path[600];
    rig_fake("good");
    Gnuplot *g = started("png");
    snprintf(path, sizeof path, "%s", test_path("one.png"));
    show(g, "first", 3, path);
    assert_true(gnuplot_finish(g, 20, &err));
    assert_ok(&err);
    assert_holds(path, "first");
    /* Into a folder that is not there: the user's disk is named, and the next one works. */
    show(g, "second", 3, test_path("nowhere/two.png"));
    assert_false(gnuplot_finish(g, 20, &err));
    assert_error(&err, ERR_INPUT, "nowhere");
    show(g, "third", 3, path);
    err = (Error){0};
    assert_true(gnuplot_finish(g, 20, &err));
    assert_holds(path, "third");
    stop_quickly(g);
}

static void different_files_all_come_and_of_the_same_the_latest(void **state)
{
    (void)state;
    Error    err = {0};
    char     path[600], title[40];
    double   begin;
    Gnuplot *g;
    rig_fake("slow"); /* 0.3 s a picture */
    g = started("svg");
    begin = clock_seconds();
    for (int i = 0; i < 40; i++) {
        snprintf(title, sizeof title, "picture %d", i);
        show(g, title, 3, test_path("same.svg"));
    }
    double took = clock_seconds() - begin;
    if (took > 1) fail_msg("handing over 40 pictures took %.2f s", took);
    for (int i = 0; i < 3; i++) {
        snprintf(title, sizeof title, "other %d", i);
        snprintf(path, sizeof path, "%s/other-%d.svg", test_folder(), i);
        show(g, title, 3, path);
    }
    assert_true(gnuplot_finish(g, 30, &err));
    took = clock_seconds() - begin;
    if (took > 8) fail_msg("40 pictures were drawn, not the latest: %.2f s", took);
    assert_holds(test_path("same.svg"), "picture 39");
    assert_holds(test_path("other-0.svg"), "other 0");
    assert_holds(test_path("other-2.svg"), "other 2");
    stop_quickly(g);
}

/* ---- bad ones ---- */

static void one_that_never_reads_never_blocks(void **state)
{
    (void)state;
    int      read_fd, write_fd;
    Gnuplot *g;
    rig_fake("deaf");
    g = started("png");
    double begin = clock_seconds();
    for (int i = 0; i < 5; i++) {
        show(g, "large", 30000, test_path("x.png"));
        gnuplot_turn(g);
    }
    double took = clock_seconds() - begin;
    if (took > 2) fail_msg("handing over took %.2f s", took);
    /* The control: the pipe is full, so that a plain write would wait for ever. */
    gnuplot_poll_fds(g, &read_fd, &write_fd);
    assert_true(write_fd >= 0);
    assert_int_equal(write(write_fd, "\n", 1), -1);
    stop_quickly(g);
    assert_false(path_exists(test_path("x.png")));
}

static bool news_comes(Gnuplot *g, double seconds, const char *words)
{
    double until = clock_seconds() + seconds;
    while (clock_seconds() < until) {
        struct timespec pause = {.tv_nsec = 20000000};
        gnuplot_turn(g);
        const char *news = gnuplot_news(g);
        if (news != NULL && strstr(news, words) != NULL) return true;
        nanosleep(&pause, NULL);
    }
    return false;
}

static void silence_is_told_and_ended_even_where_sigterm_is_ignored(void **state)
{
    (void)state;
    rig_fake("stubborn");
    Gnuplot *g = started("png");
    double   begin = clock_seconds();
    show(g, "silence", 3, test_path("x.png"));
    assert_true(news_comes(g, 4, "not answering"));
    assert_true(clock_seconds() - begin >= GNUPLOT_SILENT_SECONDS);
    assert_true(gnuplot_alive(g));
    assert_true(news_comes(g, 6, "signal 9"));
    assert_true(clock_seconds() - begin >= GNUPLOT_KILL_SECONDS);
    stop_quickly(g);
}

static void after_three_deaths_there_are_no_more(void **state)
{
    (void)state;
    Error err = {0};
    rig_fake("crash");
    Gnuplot *g = started("png");
    double   begin = clock_seconds();
    show(g, "death", 3, test_path("x.png"));
    assert_false(gnuplot_finish(g, 20, &err));
    assert_int_equal(err.code, ERR_DEVICE);
    assert_true(clock_seconds() - begin < 10);
    assert_non_null(strstr(gnuplot_news(g), "3 times"));
    assert_false(gnuplot_alive(g));
    show(g, "again", 3, test_path("x.png"));
    assert_false(gnuplot_alive(g));
    stop_quickly(g);
}

static void what_it_prints_is_bounded_and_made_safe(void **state)
{
    (void)state;
    Error err = {0};
    rig_fake("garbage");
    Gnuplot *g = started("png");
    show(g, "garbage", 3, test_path("x.png"));
    assert_true(gnuplot_finish(g, 20, &err));
    assert_holds(test_path("x.png"), "garbage");
    assert_true(strlen(gnuplot_words(g)) < 4096);
    stop_quickly(g);

    rig_teardown(NULL);
    rig_fake("mute");
    g = started("png");
    show(g, "mute", 3, test_path("y.png"));
    assert_false(gnuplot_finish(g, 20, &err));
    assert_error(&err, ERR_DEVICE, "^[]0;taken^G no such terminal");
    assert_null(strchr(err.message, '\033'));
    assert_false(path_exists(test_path("y.png")));
    stop_quickly(g);
}

static void killed_in_the_middle_it_starts_again_for_files(void **state)
{
    (void)state;
    Error err = {0};
    int   pid = 0;
    rig_fake("slow");
    Gnuplot *g = started("png");
    show(g, "after death", 3, test_path("x.png"));
    assert_int_equal(rig_children(&pid, 1), 1);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_true(gnuplot_finish(g, 20, &err));
    assert_holds(test_path("x.png"), "after death");
    stop_quickly(g);
}

static void killed_in_the_middle_a_window_stays_closed(void **state)
{
    (void)state;
    int pid = 0;
    rig_needs_landlock();
    rig_fake("slow");
    setenv("DISPLAY", ":99", 1);
    Gnuplot *g = started("window");
    show(g, "window", 3, NULL);
    assert_int_equal(rig_children(&pid, 1), 1);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_true(news_comes(g, 5, "signal 9"));
    assert_false(gnuplot_alive(g));
    assert_null(gnuplot_news(g)); /* said once */
    stop_quickly(g);
}

static void make_left(const char *name, bool old)
{
    Error err = {0};
    assert_true(folder_make(test_path(name), &err));
    assert_int_equal(chmod(test_path(name), 0700), 0);
    char *file = path_join(test_path(name), "picture-1", &err);
    assert_true(file_write_all(file, "x", 1, &err));
    mem_free(file);
    struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_sec = time(NULL) - 60}};
    if (old) assert_int_equal(utimensat(AT_FDCWD, test_path(name), times, 0), 0);
}

static void folders_that_killed_labs_left_are_removed(void **state)
{
    (void)state;
    rig_fake("good");
    make_left("loralab-killed", true);
    make_left("loralab-youngs", false); /* it may be about to be held */
    make_left("loralab-used", true);    /* another's name */
    make_left("loralab-beside", true);
    Gnuplot *first = started("svg"); /* removes the one, and makes its own */
    assert_false(path_is_folder(test_path("loralab-killed")));
    assert_false(path_is_folder(test_path("loralab-beside")));
    assert_true(path_is_folder(test_path("loralab-youngs")));
    assert_true(path_is_folder(test_path("loralab-used")));
    struct timespec old[2] = {{.tv_nsec = UTIME_NOW}, {.tv_sec = time(NULL) - 60}};
    assert_int_equal(utimensat(AT_FDCWD, first->folder, old, 0), 0);
    Gnuplot *second = started("svg"); /* leaves the first one's alone: it is held */
    assert_true(path_is_folder(first->folder));
    close(first->held);
    first->held = -1; /* as if it had been killed */
    Gnuplot *third = started("svg");
    assert_false(path_is_folder(first->folder));
    gnuplot_stop(first);
    gnuplot_stop(second);
    gnuplot_stop(third);
    child_remove_folder(test_path("loralab-youngs"));
    child_remove_folder(test_path("loralab-used"));
    assert_nothing_left();
}

static void body_of_a_start(void *context, Error *err)
{
    (void)context;
    Gnuplot *g = gnuplot_open(CAGE_FILE, "svg", false, err);
    if (g == NULL) return;
    Figure *figure = figure_create(FIGURE_LINE, "a", err);
    double  y[] = {1, 2};
    if (figure != NULL) {
        figure_series(figure, "s", NULL, y, 2);
        if (figure_ok(figure, err)) gnuplot_show(g, figure, 300, 200, test_path("t.svg"));
    }
    figure_free(figure);
    bool done = gnuplot_finish(g, 10, err);
    gnuplot_stop(g);
    if (!done) return;
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    int pids[2];
    rig_fake("good");
    assert_true(torture(body_of_a_start, NULL) > 5);
    assert_int_equal(rig_children(pids, 2), 0);
}

/* ---- the real one ---- */

static void the_real_one_makes_png_svg_and_pdf(void **state)
{
    (void)state;
    static const struct {
        const char *terminal, *begins;
    } kinds[] = {{"png", "\x89PNG"}, {"pdf", "%PDF"}, {"svg", "<?xml"}};
    rig_real();
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        Error    err = {0};
        Index    n = 0;
        Gnuplot *g = started(kinds[i].terminal);
        show(g, "loss", 200, test_path("picture"));
        assert_true(gnuplot_finish(g, 30, &err));
        char *bytes = file_read_all(test_path("picture"), 1 << 24, &n, &err);
        assert_ok(&err);
        assert_true(n > 500);
        assert_memory_equal(bytes, kinds[i].begins, strlen(kinds[i].begins));
        mem_free(bytes);
        stop_quickly(g);
    }
}

/* Titles that would run something if a quote failed: every picture still comes. */
static void hostile_titles_run_nothing_and_lose_no_picture(void **state)
{
    (void)state;
    static const char *const titles[] = {
        "a'; system(\"touch trace\") #",
        "a\nsystem(\"touch trace\")\n",
        "`touch trace`",
        "''''\\'",
        "a\r\nEOD\nsystem(\"touch trace\")",
        "$(touch trace) \\",
        "{/Times=9e9 x}",
        "@x",
    };
    char     path[600];
    Gnuplot *g;
    rig_real();
    g = started("svg");
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++) {
        Error err = {0};
        snprintf(path, sizeof path, "%s/%zu.svg", test_folder(), i);
        show(g, titles[i], 5, path);
        if (!gnuplot_finish(g, 30, &err)) fail_msg("%s: %s", titles[i], err.message);
        assert_holds(path, "</svg>");
        assert_string_equal(gnuplot_words(g), "");
    }
    stop_quickly(g);
}

/* ---- a window ---- */

/* A cursor is some hundred pixels, a window some hundred thousand. */
static bool is_lit(void)
{
    return rig_xvfb_lit() > 10000;
}

static bool becomes(bool lit)
{
    for (int i = 0; i < 250; i++) {
        struct timespec pause = {.tv_nsec = 20000000};
        if (is_lit() == lit) return true;
        nanosleep(&pause, NULL);
    }
    return false;
}

static void a_window_opens_under_xvfb_and_closes(void **state)
{
    (void)state;
    Error        err = {0};
    GnuplotOffer offer;
    rig_real();
    const char *display = rig_xvfb_start();
    if (display == NULL) {
        printf("no Xvfb: install xvfb to see a window open\n");
        skip();
    }
    setenv("DISPLAY", display, 1);
    gnuplot_offer(&offer);
    if (offer.window == CAGE_NONE) {
        printf("no window can be opened: %s\n", offer.sentence);
        skip();
    }
    assert_false(is_lit());
    Gnuplot *g = started("window");
    show(g, "window", 50, NULL);
    assert_true(gnuplot_finish(g, 30, &err));
    assert_true(becomes(true));
    /* Killed, it takes its helper and so its window with it. */
    int pid = 0;
    assert_int_equal(rig_children(&pid, 1), 1);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_true(news_comes(g, 5, "signal 9"));
    assert_true(becomes(false));
    stop_quickly(g);
}

TEST_GROUP(gnuplot, GNUPLOT_TEST(without_gnuplot_it_is_said_in_one_sentence),
           GNUPLOT_TEST(one_that_exits_at_once_is_not_offered),
           GNUPLOT_TEST(what_it_offers_is_asked), GNUPLOT_TEST(a_picture_goes_where_it_should),
           GNUPLOT_TEST(different_files_all_come_and_of_the_same_the_latest),
           GNUPLOT_TEST(one_that_never_reads_never_blocks),
           GNUPLOT_TEST(silence_is_told_and_ended_even_where_sigterm_is_ignored),
           GNUPLOT_TEST(after_three_deaths_there_are_no_more),
           GNUPLOT_TEST(what_it_prints_is_bounded_and_made_safe),
           GNUPLOT_TEST(killed_in_the_middle_it_starts_again_for_files),
           GNUPLOT_TEST(killed_in_the_middle_a_window_stays_closed),
           GNUPLOT_TEST(folders_that_killed_labs_left_are_removed),
           GNUPLOT_TEST(memory_may_run_out_anywhere),
           GNUPLOT_TEST(the_real_one_makes_png_svg_and_pdf),
           GNUPLOT_TEST(hostile_titles_run_nothing_and_lose_no_picture),
           GNUPLOT_TEST(a_window_opens_under_xvfb_and_closes));
