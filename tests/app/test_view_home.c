/* Home: its screens, its scrolling, its layout at any size. */

#include <string.h>

#include "app/view/view_home.h"
#include "core/base/mem.h"
#include "tests/app/screens.h"
#include "tests/test.h"

static const HomeLesson lessons[] = {
    {.number = 1,
     .title = "Rank",
     .summary = "What the rank of a matrix says, and how little makes it full.",
     .minutes = 10,
     .seconds = 5,
     .state = HOME_DONE,
     .step = 5,
     .steps = 5,
     .predictions = 3,
     .right = 3},
    {.number = 2,
     .title = "Truncated SVD",
     .summary = "The best matrix of a given rank, and what it leaves out.",
     .minutes = 12,
     .seconds = 20,
     .state = HOME_DONE,
     .step = 4,
     .steps = 4,
     .predictions = 4,
     .right = 2},
    {.number = 3,
     .title = "The LoRA branch",
     .summary = "Two thin matrices beside a frozen one.",
     .minutes = 12,
     .seconds = 20,
     .state = HOME_DONE,
     .step = 5,
     .steps = 5},
    {.number = 4,
     .title = "α/r",
     .summary = "What α does, and why it is divided by r.",
     .minutes = 15,
     .seconds = 70,
     .state = HOME_BEGUN,
     .step = 2,
     .steps = 6,
     .predictions = 1,
     .right = 0},
    {.number = 5,
     .title = "Initialisation",
     .summary = "B = 0, A random: what other choices break.",
     .minutes = 12,
     .seconds = 45},
    {.number = 6,
     .title = "Gradient memory peaks",
     .summary = "Where the bytes of one training step go.",
     .minutes = 14,
     .seconds = 60},
    {.number = 7,
     .title = "How much rank is enough",
     .summary = "Loss over rank, with a band over seeds.",
     .minutes = 15,
     .seconds = 180},
    {.number = 8,
     .title = "Two adapters, one base",
     .summary = "Switching and merging adapters on one frozen base.",
     .minutes = 12,
     .seconds = 30,
     .lacks = "a CUDA device"},
};

static const HomeEntry entries[] = {
    {"w", "Workbench", "train with your own settings and data",
     "Every setting of a training in a form; counts follow while you type.", false},
    {"v", "Matrix", "entries, singular values, rank", NULL, false},
    {"l", "Runs", "14 recorded, last: sql r=8, loss 0.041", "Recorded trainings, compared.", true},
    {"m", "Model", "tiny, 4 layers, 919,680 parameters, 1.8 MB", NULL, false},
    {"?", "Help", "everything that is on the screen, explained", NULL, false},
};

static HomeView usual(void)
{
    return (HomeView){.lessons = lessons,
                      .lesson_count = 8,
                      .entries = entries,
                      .entry_count = 5,
                      .selected = 3,
                      .resume = 3,
                      .machine = {"OpenBLAS 0.3.21 Cooperlake; no GPU backend",
                                  "gnuplot 5.4 svg png pdf; loralab doctor tells more"}};
}

static void draw(void *context, const Look *look, Grid *grid, Rect area)
{
    HomeView *view = context;
    view_home_draw(view, look, grid, area);
}

static HomeDrawn draw_at(const HomeView *view, Grid *grid, int rows, int cols)
{
    assert_true(grid_init(grid, rows, cols, NULL));
    return view_home_draw(view, &look_braille, grid, (Rect){0, 0, rows, cols});
}

static void looks_as_meant(void **state)
{
    (void)state;
    HomeView view = usual();
    assert_screens("home", draw, &view);
    view.selected = 10;
    assert_screen("home-runs-100x30", &look_braille, 26, 100, draw, &view);
    assert_screen("home-60x16", &look_braille, 13, 60, draw, &view);
    assert_screen("home-20x5", &look_ascii, 2, 20, draw, &view);
}

/* Sentences of drivers are long: at 80 columns whole clauses of them, and dots; where they may
 * wrap, all of it. */
static void the_machine_is_told_in_rows(void **state)
{
    (void)state;
    Grid     grid;
    HomeView view = usual();
    view.machine[1] = "GPU, not used: NVIDIA H100 80GB HBM3, 79.1 GiB, compute capability 9.0, "
                      "driver for CUDA 12.4, plug-in of 12.4";
    draw_at(&view, &grid, 20, 80);
    assert_shows(&grid, "GPU, not used: NVIDIA H100 80GB HBM3, 79.1 GiB ...");
    assert_hides(&grid, "capability");
    grid_free(&grid);
    view.machine[1] = "no GPU: the plug-in cannot be loaded since something far away is missing";
    draw_at(&view, &grid, 20, 80);
    assert_shows(&grid, "since something far ...");
    grid_free(&grid);
    draw_at(&view, &grid, 56, 200);
    assert_shows(&grid, "far away is missing");
    grid_free(&grid);
}

static void a_first_visit_says_what_to_do(void **state)
{
    (void)state;
    Grid       grid;
    HomeLesson fresh[2] = {lessons[4], lessons[5]};
    HomeView   view = usual();
    view.lessons = fresh;
    view.lesson_count = 2;
    view.selected = 0;
    view.resume = -1;
    draw_at(&view, &grid, 20, 80);
    assert_shows(&grid, "Enter begins.");
    grid_free(&grid);
    fresh[0].state = HOME_DONE;
    draw_at(&view, &grid, 30, 120);
    assert_shows(&grid, "Next: lesson 6, Gradient memory peaks.");
    grid_free(&grid);
    fresh[1].state = HOME_DONE;
    draw_at(&view, &grid, 30, 120);
    assert_shows(&grid, "All lessons are done.");
    grid_free(&grid);
    view.trouble = "lessons/04-alpha.md:3:1: no title";
    draw_at(&view, &grid, 20, 80);
    assert_shows(&grid, "04-alpha.md:3:1: no title");
    grid_free(&grid);
}

static void without_lessons_the_rooms_are_there(void **state)
{
    (void)state;
    Grid     grid;
    HomeView view = usual();
    view.lesson_count = 0;
    view.selected = 0;
    view.resume = -1;
    HomeDrawn drawn = draw_at(&view, &grid, 20, 80);
    assert_shows(&grid, "No lesson was found");
    assert_shows(&grid, "w  Workbench");
    assert_true(drawn.row >= 0);
    grid_free(&grid);
    view.entry_count = 0;
    drawn = draw_at(&view, &grid, 20, 80);
    assert_int_equal(drawn.row, -1);
    grid_free(&grid);
}

/* Every item can be reached, and is on the screen with its sign where the cursor is. */
static void the_selected_item_is_always_seen(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 20},  {2, 20},  {5, 40},  {8, 80},
                                   {9, 120}, {20, 80}, {56, 200}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        HomeView view = usual();
        for (int turn = 0; turn < 26; turn++) {
            Grid grid;
            view.selected = turn < 13 ? turn : 25 - turn;
            HomeDrawn   drawn = draw_at(&view, &grid, sizes[s][0], sizes[s][1]);
            const Cell *cell = grid_at(&grid, drawn.row, drawn.col);
            assert_non_null(cell);
            assert_string_equal(cell->text, "▸");
            assert_true(drawn.page >= 1);
            view.top = drawn.top;
            grid_free(&grid);
        }
    }
}

/* What was measured, or is this machine's, is not in a saved screen. */
static void what_differs_between_machines_is_marked(void **state)
{
    (void)state;
    Grid     grid;
    Str      saved = {0};
    HomeView view = usual();
    draw_at(&view, &grid, 40, 200);
    grid_saved(&saved, &grid);
    assert_non_null(strstr(screen_text(&grid), "OpenBLAS"));
    assert_non_null(strstr(screen_text(&grid), "14 recorded"));
    assert_null(strstr(str_text(&saved), "OpenBLAS"));
    assert_null(strstr(str_text(&saved), "14 recorded"));
    assert_non_null(strstr(str_text(&saved), "919,680 parameters"));
    str_free(&saved);
    grid_free(&grid);
}

static void parts_never_overlap(void **state)
{
    (void)state;
    uint64_t random = 7;
    for (int i = 0; i < 10000; i++) {
        Rect body = {next_random(&random, 5), next_random(&random, 5), next_random(&random, 101),
                     next_random(&random, 301)};
        HomeLayout layout = home_layout(body, next_random(&random, 40), next_random(&random, 4));
        Rect       parts[] = {layout.headline, layout.list, layout.divider, layout.detail,
                              layout.machine};
        for (size_t a = 0; a < 5; a++) {
            if (parts[a].rows == 0 || parts[a].cols == 0) continue;
            assert_true(rect_inside(parts[a], body));
            for (size_t b = 0; b < a; b++) assert_false(rect_overlap(parts[a], parts[b]));
        }
    }
    Rect body = {0, 0, 20, 80};
    assert_true(home_layout(body, 14, 2).machine.rows == 2); /* and there is something in them */
    assert_true(home_layout(body, 14, 2).list.rows == 14);
    assert_true(home_layout((Rect){0, 0, 26, 100}, 14, 2).detail.rows > 10);
}

static void nothing_is_drawn_outside(void **state)
{
    (void)state;
    HomeView view = usual();
    assert_stays_inside(1500, draw, &view);
}

/* Controls in texts of files are seen as what they are. */
static void hostile_titles_are_harmless(void **state)
{
    (void)state;
    Grid       grid;
    HomeView   view = usual();
    HomeLesson evil = {.number = 1,
                       .title = "a\x1b[2Jb\xe2\x80\xae",
                       .summary = "\x1b]0;x\a" MEASURED_BEGIN "s\xff" MEASURED_END};
    view.lessons = &evil;
    view.lesson_count = 1;
    view.selected = 0;
    draw_at(&view, &grid, 30, 120);
    for (int i = 0; i < grid.rows * grid.cols; i++) {
        const char *text = grid.cells[i].text;
        assert_false((text[0] > 0 && text[0] < ' ') || text[0] == 0x7f);
    }
    assert_shows(&grid, "a^[[2Jb\\u{202e}");
    assert_shows(&grid, "^[]0;x^Gs\\xff");
    grid_free(&grid);
}

static void out_of_memory(void *context, Error *err)
{
    HomeView *view = context;
    Grid      grid;
    if (!grid_init(&grid, 30, 120, err)) return;
    view_home_draw(view, &look_braille, &grid, (Rect){0, 0, 30, 120});
    if (grid.failed) error_set(err, ERR_MEMORY, "a part is missing");
    grid_free(&grid);
}

static void missing_memory_is_told(void **state)
{
    (void)state;
    HomeView view = usual();
    assert_true(torture(out_of_memory, &view) > 50);
}

/* A class reads what there is; nobody reads paragraphs from the last row. */
static void a_projector_shows_few_words(void **state)
{
    (void)state;
    HomeView view = usual();
    Look     projector = look_projector;
    Grid     grid;
    assert_true(grid_init(&grid, 26, 100, NULL));
    (void)view_home_draw(&view, &projector, &grid, (Rect){0, 0, 26, 100});
    assert_shows(&grid, "Two adapters, one base");
    assert_shows(&grid, "Workbench");
    assert_hides(&grid, "train with your own settings");
    assert_hides(&grid, lessons[3].summary);
    assert_hides(&grid, "This machine");
    int bold = 0;
    for (int i = 0; i < grid.rows * grid.cols; i++) {
        bold += grid.cells[i].bold && grid.cells[i].text[0] != '\0';
        assert_true(grid.cells[i].ink != INK_DIM || grid.cells[i].text[0] == '\0');
    }
    assert_true(bold > 150);
    grid_free(&grid);
}

TEST_GROUP(view_home, cmocka_unit_test(looks_as_meant),
           cmocka_unit_test(a_first_visit_says_what_to_do),
           cmocka_unit_test(the_machine_is_told_in_rows),
           cmocka_unit_test(without_lessons_the_rooms_are_there),
           cmocka_unit_test(the_selected_item_is_always_seen),
           cmocka_unit_test(what_differs_between_machines_is_marked),
           cmocka_unit_test(parts_never_overlap), cmocka_unit_test(nothing_is_drawn_outside),
           cmocka_unit_test(a_projector_shows_few_words),
           cmocka_unit_test(hostile_titles_are_harmless), cmocka_unit_test(missing_memory_is_told));
