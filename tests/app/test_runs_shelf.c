/* Marked runs as curves with bands, as a table, as files; runs that grow. */

#define _POSIX_C_SOURCE 200809L /* nanosleep */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/file.h"
#include "core/base/pool.h"
#include "tests/app/gnuplot_rig.h"
#include "tests/app/runs_rig.h"
#include "tests/test.h"

/* ---- curves ----------------------------------------------------------------------------- */

static void seeds_become_one_curve_in_a_band(void **state)
{
    (void)state;
    ShelfRig rig;
    shelf_rig_open(&rig);
    record_usual_runs();
    shelf_rig_scan(&rig);
    assert_true(shelf_select(&rig.shelf, "sql-lora-1"));
    assert_true(shelf_select(&rig.shelf, "sql-lora-2"));
    assert_true(shelf_select(&rig.shelf, "sql-lora-3"));
    assert_true(shelf_select(&rig.shelf, "sql-lora-4"));
    const Figure *figure = shelf_figure(&rig.shelf);
    assert_non_null(figure);
    assert_int_equal(figure->count, 2);
    const FigureSeries *one = &figure->series[0], *three = &figure->series[1];
    assert_string_equal(one->label, "r=8"); /* newest first */
    assert_null(one->low);
    assert_string_equal(three->label, "r=4, 3 seeds");
    assert_int_equal(three->n, 40);
    for (int i = 0; i < 40; i++) {
        assert_true(three->x[i] == i + 1);
        assert_close(three->y[i], recorded_loss(4, 43, i + 1), 1e-12);
        assert_close(three->low[i], recorded_loss(4, 42, i + 1), 1e-12);
        assert_close(three->high[i], recorded_loss(4, 44, i + 1), 1e-12);
    }
    shelf_rig_close(&rig);
}

static void other_differences_are_other_curves(void **state)
{
    (void)state;
    ShelfRig rig;
    int      group[8];
    shelf_rig_open(&rig);
    record_usual_runs();
    /* another seed, but another task, too */
    record_run("label-lora-1", "label", 4, 45, 40, false, 0);
    shelf_rig_scan(&rig);
    /* newest first: label, 16, 8, and three of r = 4 */
    assert_int_equal(overlay_groups(&rig.shelf.runs, group, 8), 4);
    static const int want[] = {0, 1, 2, 3, 3, 3};
    assert_memory_equal(group, want, sizeof want);
    shelf_rig_close(&rig);
}

static const char *label(ShelfRig *rig, Index i)
{
    const Figure *figure = shelf_figure(&rig->shelf);
    assert_true(i < figure->count);
    return figure->series[i].label;
}

/* What tells one run apart stands in its own label; what nothing tells apart has its name. */
static void labels_say_no_more_than_they_need(void **state)
{
    (void)state;
    ShelfRig rig;
    shelf_rig_open(&rig);
    record_run("sql-lora-1", "sql", 4, 42, 40, true, 500);
    record_run("sql-lora-2", "sql", 8, 42, 40, true, 400);
    record_run("sql-lora-3", "sql", 16, 42, 40, true, 300);
    record_run("sql-lora-4", "label", 16, 42, 40, true, 200);
    shelf_rig_scan(&rig);
    for (int i = 1; i <= 4; i++) {
        char name[20];
        snprintf(name, sizeof name, "sql-lora-%d", i);
        assert_true(shelf_select(&rig.shelf, name));
    }
    assert_string_equal(label(&rig, 0), "data=label");
    assert_string_equal(label(&rig, 1), "data=sql r=16");
    assert_string_equal(label(&rig, 2), "data=sql r=8");
    assert_string_equal(label(&rig, 3), "data=sql r=4");
    record_run("sql-lora-5", "sql", 8, 42, 40, true, 100);
    shelf_rig_scan(&rig);
    assert_true(shelf_select(&rig.shelf, "sql-lora-5"));
    assert_non_null(strstr(label(&rig, 0), ", sql-lora-5"));
    assert_non_null(strstr(label(&rig, 3), ", sql-lora-2"));
    assert_string_equal(label(&rig, 4), "data=sql r=4");
    shelf_rig_close(&rig);
}

static void what_is_drawn_goes_round(void **state)
{
    (void)state;
    ShelfRig rig;
    Grid     grid;
    shelf_rig_open(&rig);
    record_usual_runs();
    shelf_rig_scan(&rig);
    shelf_rig_press(&rig, "Down x");
    assert_string_equal(shelf_figure(&rig.shelf)->y.title, "loss");
    assert_true(shelf_figure(&rig.shelf)->y.log);
    shelf_rig_press(&rig, "y S");
    assert_false(shelf_figure(&rig.shelf)->y.log);
    assert_close(shelf_figure(&rig.shelf)->series[0].y[4],
                 (recorded_loss(8, 42, 1) + recorded_loss(8, 42, 2) + recorded_loss(8, 42, 3) +
                  recorded_loss(8, 42, 4) + recorded_loss(8, 42, 5)) /
                     5,
                 1e-12);
    assert_true(grid_init(&grid, 20, 80, NULL));
    draw_shelf(&rig.shelf, &look_braille, &grid, (Rect){0, 0, 20, 80});
    assert_shows(&grid, "training loss, mean of 5 steps");
    grid_free(&grid);
    static const char *const names[] = {"eval", "lr", "grad_norm", "modules", "memory", "loss"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        shelf_rig_press(&rig, "c");
        assert_string_equal(shelf_what(&rig.shelf), names[i]);
        if (i < 3) assert_non_null(shelf_figure(&rig.shelf));
        if (i == 3) assert_null(shelf_figure(&rig.shelf)); /* this log has none */
    }
    shelf_rig_close(&rig);
}

static void differences_stand_in_a_table(void **state)
{
    (void)state;
    ShelfRig rig;
    RunsView view;
    shelf_rig_open(&rig);
    record_usual_runs();
    shelf_rig_scan(&rig);
    assert_true(shelf_select(&rig.shelf, "sql-lora-1"));
    assert_true(shelf_select(&rig.shelf, "sql-lora-4"));
    shelf_view(&rig.shelf, &view, RUNS_NOW);
    assert_int_equal(view.table.setting_count, 1);
    assert_int_equal(view.table.run_count, 2);
    assert_string_equal(view.table.settings[0], "r");
    assert_string_equal(view.table.runs[0], "sql-lora-4");
    assert_string_equal(view.table.cells[0], "8");
    assert_string_equal(view.table.cells[1], "4");
    assert_true(shelf_select(&rig.shelf, "sql-lora-2"));
    shelf_view(&rig.shelf, &view, RUNS_NOW);
    assert_int_equal(view.table.setting_count, 2);
    shelf_rig_close(&rig);
}

static void the_line_repeats_what_is_drawn(void **state)
{
    (void)state;
    ShelfRig rig;
    Str      line = {0};
    shelf_rig_open(&rig);
    record_usual_runs();
    shelf_rig_scan(&rig);
    assert_true(shelf_select(&rig.shelf, "sql-lora-1"));
    assert_true(shelf_select(&rig.shelf, "sql-lora-4"));
    shelf_rig_press(&rig, "S");
    shelf_repeat(&rig.shelf, &line);
    assert_string_equal(str_text(&line),
                        "loralab plot sql-lora-4 sql-lora-1 --what loss --smooth 5 --log_y");
    lab_must(&rig.lab, str_text(&line) + strlen("loralab "));
    str_free(&line);
    shelf_rig_close(&rig);
}

/* ---- files ------------------------------------------------------------------------------ */

static void assert_file_has(const char *path, const char *words)
{
    Error err = {0};
    char *text = file_read_all(path, 1 << 24, &(Index){0}, &err);
    assert_ok(&err);
    if (strstr(text, words) == NULL) fail_msg("\"%s\" is not in %s:\n%s", words, path, text);
    mem_free(text);
}

static bool exported(RunShelf *shelf, const char *path, Error *err)
{
    Export what;
    bool   ok = shelf_export(shelf, path, &what, err) && export_write(&what, err);
    export_free(&what);
    return ok;
}

static void files_are_written_by_their_ending(void **state)
{
    (void)state;
    ShelfRig rig;
    shelf_rig_open(&rig);
    record_usual_runs();
    record_run("evil|`x`\033[2J", "sql", 3, 42, 4, true, 1);
    shelf_rig_scan(&rig);
    assert_true(shelf_select(&rig.shelf, "sql-lora-1"));
    assert_true(shelf_select(&rig.shelf, "sql-lora-2"));
    assert_true(shelf_select(&rig.shelf, "evil|`x`\033[2J"));
    assert_true(exported(&rig.shelf, test_path("a.svg"), &rig.err));
    assert_file_has(test_path("a.svg"), "<svg");
    assert_file_has(test_path("a.svg"), "r=4, 2 seeds");
    assert_file_has(test_path("a.svg"), "fill=\"#ffffff\""); /* read on any ground */
    assert_true(exported(&rig.shelf, test_path("a.csv"), &rig.err));
    assert_file_has(test_path("a.csv"), "r=4, 2 seeds");
    assert_true(exported(&rig.shelf, test_path("a.md"), &rig.err));
    assert_file_has(test_path("a.md"), "| sql-lora-1 | sql | lora | 40 | 4.5000 | 0.7553 |");
    assert_file_has(test_path("a.md"), "    loralab train --data sql --r 4 --seed 43");
    assert_file_has(test_path("a.md"), "evil\\|\\`x\\`^\\[\\[2J"); /* nothing of it acts */
    assert_false(exported(&rig.shelf, test_path("a.doc"), &rig.err));
    assert_error(&rig.err, ERR_INPUT, ".svg");
    rig.err = (Error){0};
    assert_false(exported(&rig.shelf, test_path("none/a.svg"), &rig.err));
    assert_error(&rig.err, ERR_INPUT, "none");
    shelf_rig_close(&rig);
}

static void write_report(void *context, Error *err)
{
    ShelfRig *rig = context;
    (void)!exported(&rig->shelf, test_path("b.csv"), err);
}

static void a_full_disk_leaves_no_half_file(void **state)
{
    (void)state;
    ShelfRig rig;
    shelf_rig_open(&rig);
    record_usual_runs();
    shelf_rig_scan(&rig);
    assert_non_null(shelf_figure(&rig.shelf));
    assert_true(torture_disk(write_report, &rig) > 2);
    shelf_rig_close(&rig);
}

/* ---- the watch -------------------------------------------------------------------------- */

static void count_wake(void *context)
{
    atomic_fetch_add((_Atomic int *)context, 1);
}

static bool await_file(ExportJob *job, Export *what, Error *err)
{
    double until = clock_seconds() + 20;
    while (clock_seconds() < until) {
        if (export_job_take(job, what, err)) return true;
        struct timespec moment = {.tv_nsec = 5000000};
        nanosleep(&moment, NULL);
    }
    return false;
}

/* A gnuplot that does not answer takes seconds, and the screen none of them. */
static void a_slow_gnuplot_holds_nobody_up(void **state)
{
    (void)state;
    ShelfRig    rig;
    Export      what;
    Error       err = {0};
    _Atomic int wakes = 0;
    rig_fake("deaf");
    shelf_rig_open(&rig);
    record_usual_runs();
    shelf_rig_scan(&rig);
    ExportJob *job = export_job_create(count_wake, &wakes, &err);
    assert_non_null(job);
    assert_null(export_job_path(job));
    double begun = clock_seconds();
    assert_true(shelf_export(&rig.shelf, test_path("a.png"), &what, &err));
    assert_true(export_job_start(job, &what, &err));
    assert_true(clock_seconds() - begun < 0.3);
    assert_string_equal(export_job_path(job), test_path("a.png"));
    assert_false(export_job_take(job, &what, &err));
    assert_non_null(shelf_figure(&rig.shelf)); /* the shelf has one of its own again */
    shelf_rig_press(&rig, "Down y");
    assert_true(await_file(job, &what, &err));
    assert_true(clock_seconds() - begun > 1);
    assert_error(&err, ERR_DEVICE, "gnuplot");
    assert_int_equal(wakes, 1);
    export_free(&what);

    /* the next file is written all the same */
    err = (Error){0};
    assert_true(shelf_export(&rig.shelf, test_path("a.svg"), &what, &err));
    assert_true(export_job_start(job, &what, &err));
    assert_true(await_file(job, &what, &err));
    assert_ok(&err);
    export_free(&what);
    assert_file_has(test_path("a.svg"), "<svg");
    export_job_free(job);
    shelf_rig_close(&rig);
}

static bool await_news(RunWatch *watch, RunNews *news)
{
    double until = clock_seconds() + 20;
    while (clock_seconds() < until) {
        if (run_watch_take(watch, news)) return true;
        struct timespec moment = {.tv_nsec = 5000000};
        nanosleep(&moment, NULL);
    }
    return false;
}

static void the_watch_tells_what_grows_while_it_is_looked_at(void **state)
{
    (void)state;
    ShelfRig    rig;
    RunNews     news;
    _Atomic int wakes = 0;
    shelf_rig_open(&rig);
    record_usual_runs();
    RunWatch *watch = run_watch_create(rig.lab.lab, count_wake, &wakes, &rig.err);
    assert_non_null(watch);
    assert_true(await_news(watch, &news));
    assert_true(news.first);
    assert_int_equal(news.fresh.count, 5);
    run_news_free(&news);
    assert_int_equal(wakes, 1);
    record_run("sql-lora-5", "sql", 16, 42, 30, false, 0);
    run_watch_seen(watch);
    assert_true(await_news(watch, &news));
    assert_int_equal(news.fresh.count, 1);
    assert_int_equal(news.fresh.list[0].data->step_count, 30);
    run_news_free(&news);
    double started = clock_seconds();
    run_watch_free(watch); /* at once, though it rests a second at a time */
    assert_true(clock_seconds() - started < 0.5);
    shelf_rig_close(&rig);
}

TEST_GROUP(runs_shelf, cmocka_unit_test(labels_say_no_more_than_they_need),
           cmocka_unit_test(seeds_become_one_curve_in_a_band),
           cmocka_unit_test(other_differences_are_other_curves),
           cmocka_unit_test(what_is_drawn_goes_round),
           cmocka_unit_test(differences_stand_in_a_table),
           cmocka_unit_test(the_line_repeats_what_is_drawn),
           cmocka_unit_test(files_are_written_by_their_ending),
           cmocka_unit_test(a_full_disk_leaves_no_half_file),
           GNUPLOT_TEST(a_slow_gnuplot_holds_nobody_up),
           cmocka_unit_test(the_watch_tells_what_grows_while_it_is_looked_at));
