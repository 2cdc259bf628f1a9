/* The runs room: its screens, the list of recorded runs. */

#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "tests/app/runs_rig.h"
#include "tests/test.h"

static void shown(ShelfRig *rig, Grid *grid, int rows, int cols)
{
    assert_true(grid_init(grid, rows, cols, NULL));
    draw_shelf(&rig->shelf, &look_braille, grid, (Rect){0, 0, rows, cols});
}

/* ---- screens ---------------------------------------------------------------------------- */

static void looks_as_meant(void **state)
{
    (void)state;
    ShelfRig rig;
    shelf_rig_open(&rig);
    shelf_rig_scan(&rig);
    assert_screen("runs-none-80x24", &look_braille, 20, 80, draw_shelf, &rig.shelf);
    record_usual_runs();
    shelf_rig_scan(&rig);
    assert_screens("runs", draw_shelf, &rig.shelf);
    for (int i = 1; i <= 4; i++) {
        char name[20];
        snprintf(name, sizeof name, "sql-lora-%d", i);
        assert_true(shelf_select(&rig.shelf, name));
    }
    assert_screens("runs-marked", draw_shelf, &rig.shelf);
    shelf_rig_press(&rig, "Tab Tab");
    assert_screen("runs-table-80x24", &look_braille, 20, 80, draw_shelf, &rig.shelf);
    shelf_rig_close(&rig);
}

static void stays_inside_at_any_size(void **state)
{
    (void)state;
    ShelfRig rig;
    shelf_rig_open(&rig);
    assert_stays_inside(500, draw_shelf, &rig.shelf); /* being read */
    record_usual_runs();
    shelf_rig_scan(&rig);
    assert_true(shelf_select(&rig.shelf, "sql-lora-1"));
    assert_true(shelf_select(&rig.shelf, "sql-lora-4"));
    assert_stays_inside(1500, draw_shelf, &rig.shelf);
    shelf_rig_press(&rig, "Tab Tab");
    assert_stays_inside(500, draw_shelf, &rig.shelf);
    shelf_rig_close(&rig);
}

static void parts_do_not_overlap(void **state)
{
    (void)state;
    uint64_t    seed = 11;
    const char *texts[12 * 12];
    for (int i = 0; i < 12 * 12; i++) texts[i] = i % 5 == 0 ? "learning_rate" : "sql-lora-12";
    for (int i = 0; i < 10000; i++) {
        RunsView view = {.count = next_random(&seed, 40),
                         .pane = (RunsPane)next_random(&seed, RUNS_PANES)};
        view.table =
            (RunsTable){texts, texts, texts, next_random(&seed, 12), 2 + next_random(&seed, 10)};
        Rect       area = {1, 2, next_random(&seed, 100), next_random(&seed, 300)};
        RunsLayout at = runs_layout(&view, area);
        const Rect parts[] = {at.list, at.chart, at.table};
        bool       any = at.need_rows > 0;
        for (int k = 0; k < 3; k++) {
            any = any || parts[k].rows > 0;
            if (parts[k].rows > 0) assert_true(rect_inside(parts[k], area));
            for (int l = 0; l < k; l++) assert_false(rect_overlap(parts[k], parts[l]));
        }
        assert_true(any);
    }
}

/* ---- the list --------------------------------------------------------------------------- */

static void newest_come_first(void **state)
{
    (void)state;
    ShelfRig rig;
    Grid     grid;
    shelf_rig_open(&rig);
    record_usual_runs();
    shelf_rig_scan(&rig);
    assert_int_equal(rig.shelf.runs.count, 5);
    for (int i = 0; i < 5; i++) {
        char name[20];
        snprintf(name, sizeof name, "sql-lora-%d", 5 - i);
        assert_string_equal(rig.shelf.runs.list[i].name, name);
    }
    shown(&rig, &grid, 56, 200);
    assert_shows(&grid, "4.500 → 0.641"); /* held out, before and after */
    assert_shows(&grid, "12/40");         /* under way */
    assert_shows(&grid, "10 min ago");
    assert_shows(&grid, "3 s ago");
    assert_shows(&grid, "r=8 seed=42");
    grid_free(&grid);
    shelf_rig_close(&rig);
}

static void growth_is_seen_and_the_selection_stays(void **state)
{
    (void)state;
    ShelfRig rig;
    RunNews  news;
    shelf_rig_open(&rig);
    record_usual_runs();
    shelf_rig_scan(&rig);
    shelf_rig_press(&rig, "Down x"); /* sql-lora-4 */
    assert_true(run_scan(&rig.scan, rig.lab.lab, &news, &rig.err));
    assert_int_equal(news.fresh.count, 0); /* nothing is read twice */
    assert_int_equal(news.gone_count, 0);
    run_news_free(&news);

    record_run("sql-lora-5", "sql", 16, 42, 20, false, 1);
    record_run("sql-lora-6", "sql", 2, 42, 5, false, 0);
    assert_true(run_scan(&rig.scan, rig.lab.lab, &news, &rig.err));
    assert_int_equal(news.fresh.count, 2);
    assert_true(shelf_take(&rig.shelf, &news, &rig.err));
    assert_int_equal(rig.shelf.runs.count, 6);
    assert_string_equal(rig.shelf.runs.list[0].name, "sql-lora-6");
    assert_int_equal(rig.shelf.runs.list[1].data->step_count, 20);
    assert_string_equal(rig.shelf.runs.list[rig.shelf.selected].name, "sql-lora-4");
    assert_true(rig.shelf.about[rig.shelf.selected].marked);

    assert_true(folder_remove(test_path("loralab/runs/sql-lora-6"), &rig.err));
    shelf_rig_scan(&rig);
    assert_int_equal(rig.shelf.runs.count, 5);
    assert_string_equal(rig.shelf.runs.list[rig.shelf.selected].name, "sql-lora-4");
    shelf_rig_close(&rig);
}

static void a_run_that_is_awaited_is_selected_when_it_comes(void **state)
{
    (void)state;
    ShelfRig rig;
    shelf_rig_open(&rig);
    assert_false(shelf_select(&rig.shelf, "sql-lora-2"));
    record_usual_runs();
    shelf_rig_scan(&rig);
    assert_string_equal(rig.shelf.runs.list[rig.shelf.selected].name, "sql-lora-2");
    assert_true(rig.shelf.about[rig.shelf.selected].marked);
    shelf_rig_close(&rig);
}

/* ---- the table -------------------------------------------------------------------------- */

static const char *drawn_table(Str *text, int runs, int rows, int cols)
{
    static const char *const settings[] = {"r", "init_lora_weights", "target_modules"};
    static const char       *names[12], *cells[3 * 12];
    static char              name[12][32];
    RunsView                 view = {.count = 12, .pane = RUNS_TABLE, .marked = runs};
    Grid                     grid;
    for (int i = 0; i < 12; i++) {
        snprintf(name[i], sizeof name[i], "sql-lora-%d", i + 1);
        names[i] = name[i];
    }
    for (int i = 0; i < 3 * runs; i++) cells[i] = i < runs ? "8" : "q_proj,v_proj";
    view.table = (RunsTable){settings, names, cells, 3, runs};
    assert_true(grid_init(&grid, rows, cols, NULL));
    view_runs(&view, &look_braille, &grid, (Rect){0, 0, rows, cols});
    str_clear(text);
    grid_plain(text, &grid);
    grid_free(&grid);
    return str_text(text);
}

static void has(const char *screen, const char *words)
{
    if (strstr(screen, words) == NULL) fail_msg("\"%s\" is not on\n%s", words, screen);
}

static void the_table_tells_runs_apart(void **state)
{
    (void)state;
    Str text = {0};
    /* a row for each run, with its name; what finds no room is counted */
    const char *screen = drawn_table(&text, 12, 20, 80);
    has(screen, " sql-lora-1   8  q_proj");
    has(screen, " sql-lora-12  8  q_proj");
    has(drawn_table(&text, 12, 10, 80), "+4 more");
    /* a row for each setting, where they are too wide: the ends of the names */
    screen = drawn_table(&text, 4, 20, 48);
    has(screen, "differ in");
    has(screen, "a-1");
    has(screen, "a-4");
    has(drawn_table(&text, 12, 20, 48), "more");
    str_free(&text);
}

/* Characters without width are spelled out on the screen: a cut ends where the name ends. */
static void a_name_without_width_is_cut_within_itself(void **state)
{
    (void)state;
    char name[128] = {0};
    Grid grid;
    for (int i = 0; i < 30; i++) memcpy(name + 3 * i, "\u200b", 3);
    memcpy(name + 91, "behind the name", 16);
    assert_true(grid_init(&grid, 1, 20, NULL));
    runs_draw_name(&look_braille, &grid, 0, 0, 20, INK_PLAIN, name);
    assert_false(grid.failed);
    assert_hides(&grid, "behind");
    assert_shows(&grid, "200b");
    grid_free(&grid);
}

TEST_GROUP(view_runs, cmocka_unit_test(the_table_tells_runs_apart),
           cmocka_unit_test(a_name_without_width_is_cut_within_itself),
           cmocka_unit_test(looks_as_meant), cmocka_unit_test(stays_inside_at_any_size),
           cmocka_unit_test(parts_do_not_overlap), cmocka_unit_test(newest_come_first),
           cmocka_unit_test(growth_is_seen_and_the_selection_stays),
           cmocka_unit_test(a_run_that_is_awaited_is_selected_when_it_comes));
