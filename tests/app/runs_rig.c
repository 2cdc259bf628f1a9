/* Logs as a training writes them, with losses that a test can compute. */

#define _POSIX_C_SOURCE 200809L /* utimensat */
#include "tests/app/runs_rig.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/file.h"
#include "tests/test.h"

/* ---- logs ------------------------------------------------------------------------------- */

static void add_start(Str *log, const char *data, int r, int seed)
{
    str_addf(log,
             "{\"type\": \"start\", \"learning_rate\": 0.005, \"method\": \"lora\", \"seed\": %d, "
             "\"lora\": {\"r\": %d, \"lora_alpha\": 16}, \"data\": \"%s\", \"steps\": 40, "
             "\"repeat\": \"loralab train --data %s --r %d --seed %d\"}\n",
             seed, r, data, data, r, seed);
}

double recorded_loss(int r, int seed, int step)
{
    return 4.0 / (1.0 + step * r / 10.0) + 0.01 * seed;
}

static void add_steps(Str *log, int r, int seed, int steps)
{
    for (int i = 1; i <= steps; i++) {
        str_addf(log,
                 "{\"type\": \"step\", \"step\": %d, \"loss\": %.17g, \"grad_norm\": 2, "
                 "\"learning_rate\": %.17g, \"tokens\": 3, \"seconds\": 1}\n",
                 i, recorded_loss(r, seed, i), 0.001 * i);
    }
}

static void write_log(const char *name, const Str *log, double age)
{
    Error           err = {0};
    char            path[300];
    struct timespec time = {.tv_sec = (time_t)(RUNS_NOW - age)}, times[2] = {time, time};
    snprintf(path, sizeof path, "loralab/runs/%s", name);
    assert_true(folder_make(test_path(path), &err));
    snprintf(path, sizeof path, "loralab/runs/%s/run.jsonl", name);
    assert_true(file_write_all(test_path(path), str_text(log), log->len, &err));
    assert_int_equal(utimensat(AT_FDCWD, test_path(path), times, 0), 0);
}

void record_run(const char *name, const char *data, int r, int seed, int steps, bool ended,
                double age)
{
    Str log = {0};
    add_start(&log, data, r, seed);
    str_add(&log, "{\"type\": \"eval\", \"step\": 0, \"loss\": 4.5}\n");
    add_steps(&log, r, seed, steps);
    if (ended) {
        str_addf(&log, "{\"type\": \"eval\", \"step\": %d, \"loss\": %.6f}\n{\"type\": \"end\"}\n",
                 steps, recorded_loss(r, seed, steps) + 0.1);
    }
    write_log(name, &log, age);
    str_free(&log);
}

void record_usual_runs(void)
{
    record_run("sql-lora-1", "sql", 4, 42, 40, true, 7200);
    record_run("sql-lora-2", "sql", 4, 43, 40, true, 3600);
    record_run("sql-lora-3", "sql", 4, 44, 40, true, 1800);
    record_run("sql-lora-4", "sql", 8, 42, 40, true, 600);
    record_run("sql-lora-5", "sql", 16, 42, 12, false, 3);
}

/* ---- the rig ---------------------------------------------------------------------------- */

void shelf_rig_open(ShelfRig *rig)
{
    *rig = (ShelfRig){0};
    lab_rig_open(&rig->lab);
    shelf_open(&rig->shelf, rig->lab.lab);
}

void shelf_rig_close(ShelfRig *rig)
{
    shelf_close(&rig->shelf);
    run_scan_free(&rig->scan);
    lab_rig_close(&rig->lab);
}

void shelf_rig_scan(ShelfRig *rig)
{
    RunNews news;
    assert_true(run_scan(&rig->scan, rig->lab.lab, &news, &rig->err));
    assert_true(shelf_take(&rig->shelf, &news, &rig->err));
}

void shelf_rig_press(ShelfRig *rig, const char *names)
{
    char name[24];
    while (*names != '\0') {
        size_t n = strcspn(names, " ");
        Key    key;
        assert_true(n < sizeof name);
        memcpy(name, names, n);
        name[n] = '\0';
        assert_true(key_parse(name, &key));
        if (!shelf_act(&rig->shelf, keymap_action(ROOM_RUNS, key, false)))
            fail_msg("%s does nothing", name);
        names += n + strspn(names + n, " ");
    }
}

void draw_shelf(void *shelf, const Look *look, Grid *grid, Rect area)
{
    RunsView view;
    shelf_view(shelf, &view, RUNS_NOW);
    view.folder = "STATE"; /* the test's folder has another name each time */
    view_runs(&view, look, grid, area);
}
