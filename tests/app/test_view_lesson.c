/* A lesson on the grid: its states as screens, its layout at any size, what is measured. */

#include <string.h>

#include "app/view/view_lesson.h"
#include "core/base/mem.h"
#include "tests/app/screens.h"
#include "tests/test.h"

#define M(text) MEASURED_BEGIN text MEASURED_END

/* ---- a step of a lesson ---- */

static char *no_feedback[3], *some_feedback[3];
static int   no_tries[3], some_tries[3] = {-1, 0, 0};
static bool  right[3] = {false, false, true}, none[3], third[3] = {false, false, true};

static char *choices[] = {(char *)(uintptr_t) "the smallest α", (char *)(uintptr_t) "α = r",
                          (char *)(uintptr_t) "the largest α, for it steps furthest of them all"};

static char *text_of(const char *text)
{
    return (char *)(uintptr_t)text; /* a view writes nothing */
}

static const double some_x[] = {1, 2, 4, 8};

static LessonPart prose_part(void)
{
    return (LessonPart){
        .kind = PART_PROSE,
        .text = text_of("The branch adds *α/r* times B A x to the frozen layer. With r = " M(
            "8") " the step is `alpha / 8`.\n\n    h = W x + s B A x\n\nα changes no shape.")};
}

static LessonPart question_part(PartKind kind)
{
    return (LessonPart){.kind = kind,
                        .id = text_of("p1"),
                        .text = text_of("Which ends with the **lowest** loss?"),
                        .answer = ANSWER_CHOICE,
                        .choices = choices,
                        .feedback = no_feedback,
                        .tried = no_tries,
                        .right = right,
                        .revealed = none,
                        .choice_count = 3};
}

static LessonPart curve_part(void)
{
    static double at[] = {1, 2, 4, 8};
    return (LessonPart){.kind = PART_PREDICT,
                        .id = text_of("p2"),
                        .text = text_of("Draw the loss for each rank."),
                        .answer = ANSWER_CURVE,
                        .unit = text_of("nats/token"),
                        .at = at,
                        .at_count = 4};
}

static Figure *some_figure(const char *title)
{
    static const double y[] = {3.2, 1.4, 0.9, 0.7}, guess[] = {3, 2.5, 2, 1};
    Figure             *figure = figure_create(FIGURE_LINE, title, NULL);
    figure_axis(figure, 'x', "r", NULL, false);
    figure_axis(figure, 'y', "loss", "nats/token", true);
    figure_series(figure, "LoRA", some_x, y, 4);
    Index at = figure_series(figure, "predicted", some_x, guess, 4);
    figure->series[at].guess = true;
    return figure;
}

typedef struct Scene {
    LessonPart    parts[16];
    LessonView    view;
    LessonStepRow steps[3];
    LessonDrawn   drawn;
} Scene;

static Index add(Scene *scene, LessonPart part)
{
    scene->parts[scene->view.count] = part;
    scene->view.parts = scene->parts;
    return scene->view.count++;
}

static void scene_open(Scene *scene)
{
    *scene = (Scene){.view = {.ask = {.part = -1},
                              .figure = -1,
                              .found_row = -1,
                              .follow = true,
                              .foot = "End of step 1. Space goes on to: Rank",
                              .foot_waits = true,
                              .repeat = "loralab run alpha --seed 42"}};
    add(scene, prose_part());
}

static void ask(Scene *scene, LessonPart part)
{
    scene->view.ask =
        (LessonAsk){.part = add(scene, part), .picked = none, .field = "", .reason = ""};
    scene->view.foot = "Arrows or a number choose, Enter says it, Tab adds why.";
}

static void add_results(Scene *scene)
{
    LessonPart said = question_part(PART_PREDICT);
    said.answered = true;
    add(scene, said);
    add(scene, (LessonPart){.kind = PART_COMMAND,
                            .text = text_of("s = sweep r=1,2,4,8 : train data=sql max_steps=60"),
                            .measured = text_of("4 rows over r")});
    add(scene, (LessonPart){.kind = PART_COMPARE,
                            .said = text_of("the largest α, for it steps furthest of them all"),
                            .reason = text_of("it steps furthest"),
                            .measured = text_of("α = r"),
                            .verdict = -1});
    scene->view.figure = add(scene, (LessonPart){.kind = PART_FIGURE,
                                                 .text = text_of("Loss: falls from 3.2 to 0.7."),
                                                 .figure = some_figure("Loss by rank")});
    add(scene, (LessonPart){.kind = PART_ASSERT,
                            .text = text_of("a.last < b.last"),
                            .reason = text_of("a larger rank learns more"),
                            .measured = text_of("0.7 < 3.2"),
                            .verdict = 1});
    add(scene, (LessonPart){.kind = PART_ASSERT,
                            .text = text_of("a.last < 0.1"),
                            .reason = text_of("and all of it"),
                            .measured = text_of("0.7 < 0.1"),
                            .verdict = -1});
}

static void scene_close(Scene *scene)
{
    for (Index i = 0; i < scene->view.count; i++) figure_free(scene->parts[i].figure);
}

static void draw_scene(void *context, const Look *look, Grid *grid, Rect area)
{
    Scene *scene = context;
    scene->drawn = view_lesson_draw(&scene->view, look, grid, area);
}

static void draw_at(Scene *scene, Grid *grid, const Look *look, int rows, int cols)
{
    grid_free(grid);
    assert_true(grid_init(grid, rows, cols, NULL));
    draw_scene(scene, look, grid, (Rect){0, 0, rows, cols});
}

/* ---- screens ---- */

static void a_prediction_is_asked_for(void **state)
{
    (void)state;
    Scene scene;
    scene_open(&scene);
    ask(&scene, question_part(PART_PREDICT));
    assert_screens("lesson-predict", draw_scene, &scene);
    scene_close(&scene);
}

static void results_stand_beside_the_text(void **state)
{
    (void)state;
    Scene scene;
    scene_open(&scene);
    add_results(&scene);
    assert_screens("lesson-result", draw_scene, &scene);
    scene.view.pane = PANE_RESULT;
    assert_screen("lesson-result-pane", &look_braille, 20, 80, draw_scene, &scene);
    scene_close(&scene);
}

static void a_wrong_answer_has_its_feedback(void **state)
{
    (void)state;
    Scene      scene;
    LessonPart quiz = question_part(PART_QUIZ);
    some_feedback[0] = text_of("a small step learns slowly");
    quiz.feedback = some_feedback;
    quiz.tried = some_tries;
    quiz.hints = text_of("hint 1 of 2: look at α/r\nhint 2 of 2: which is 1?");
    scene_open(&scene);
    ask(&scene, quiz);
    scene.view.ask.choice = 1;
    assert_screens("lesson-quiz", draw_scene, &scene);
    scene_close(&scene);
}

static void other_states_as_screens(void **state)
{
    (void)state;
    Scene scene;
    scene_open(&scene);
    ask(&scene, curve_part());
    scene.view.ask.field = "3 2 1";
    scene.view.ask.field_column = 5;
    scene.view.ask.typing = true;
    assert_screen("lesson-curve", &look_braille, 26, 100, draw_scene, &scene);
    assert_screen("lesson-20x5", &look_ascii, 2, 20, draw_scene, &scene);
    assert_screen("lesson-40x12", &look_ascii, 8, 40, draw_scene, &scene);
    scene_close(&scene);

    scene_open(&scene);
    add_results(&scene);
    scene.view.card = 0;
    assert_screen("lesson-card", &look_projector, 20, 80, draw_scene, &scene);
    scene.view.card = scene.view.figure;
    assert_screen("lesson-card-figure", &look_projector, 20, 80, draw_scene, &scene);
    scene.steps[0] = (LessonStepRow){"Rows", STEP_DONE, true, 2, 1};
    scene.steps[1] = (LessonStepRow){"Columns", STEP_HERE, true, 0, 0};
    scene.steps[2] = (LessonStepRow){"Both", STEP_AHEAD, false, 0, 0};
    scene.view.contents = true;
    scene.view.steps = scene.steps;
    scene.view.step_count = 3;
    scene.view.step_selected = 1;
    assert_screen("lesson-contents", &look_braille, 20, 80, draw_scene, &scene);
    scene_close(&scene);
}

/* ---- properties ---- */

static void the_layout_holds_at_any_size(void **state)
{
    (void)state;
    uint64_t random = 7;
    for (int i = 0; i < 10000; i++) {
        Rect         body = {2, 0, 1 + next_random(&random, 100), 1 + next_random(&random, 300)};
        LessonPane   pane = next_random(&random, 2) == 0 ? PANE_TEXT : PANE_RESULT;
        LessonLayout l =
            lesson_layout(body, pane, next_random(&random, 5), next_random(&random, 60));
        Rect parts[3 + LESSON_TILES] = {l.text, l.foot, l.list};
        int  n = 3;
        for (int t = 0; t < l.tiles; t++) {
            assert_true(rect_inside(l.tile[t], l.result));
            parts[n++] = l.tile[t];
        }
        for (int a = 0; a < n; a++) {
            assert_true(parts[a].rows == 0 || rect_inside(parts[a], body));
            for (int b = 0; b < a; b++) assert_false(rect_overlap(parts[a], parts[b]));
        }
        assert_true(rect_inside(l.list, l.result) || l.result.rows == 0);
        assert_int_equal(l.split, body.cols >= LESSON_SPLIT_COLS && body.rows > 4);
        assert_true(l.text.cols <= 72);
        assert_true(l.text.rows > 0 || l.result.rows > 0);
    }
}

static void nothing_is_drawn_outside(void **state)
{
    (void)state;
    Scene scene;
    scene_open(&scene);
    add_results(&scene);
    ask(&scene, question_part(PART_QUIZ));
    assert_stays_inside(150, draw_scene, &scene);
    scene.view.pane = PANE_RESULT;
    assert_stays_inside(150, draw_scene, &scene);
    scene_close(&scene);
}

static void memory_may_be_out_at_any_moment(void **state)
{
    (void)state;
    Scene scene;
    Grid  grid = {0};
    bool  short_once = false, whole = false;
    scene_open(&scene);
    add_results(&scene);
    ask(&scene, curve_part());
    scene.view.ask.field = "3 2 1";
    assert_true(grid_init(&grid, 26, 120, NULL));
    for (int64_t n = 0; !whole; n += 1 + n / 50) {
        grid.failed = false;
        mem_fail_after(n, true);
        draw_scene(&scene, &look_braille, &grid, (Rect){0, 0, 26, 120});
        whole = mem_fail_off() <= n;
        short_once = short_once || grid.failed;
        assert_true(whole || grid.failed || n > 0);
    }
    assert_true(short_once);
    assert_false(grid.failed);
    grid_free(&grid);
    scene_close(&scene);
}

/* ---- what is to be seen ---- */

static void what_was_measured_is_marked(void **state)
{
    (void)state;
    Scene scene;
    Grid  grid = {0};
    Str   saved = {0};
    scene_open(&scene);
    add_results(&scene);
    draw_at(&scene, &grid, &look_braille, 26, 160);
    assert_shows(&grid, "0.7 < 3.2");
    assert_shows(&grid, "Measured   α = r");
    assert_shows(&grid, "With r = 8");
    grid_saved(&saved, &grid);
    assert_null(strstr(str_text(&saved), "0.7 < 3.2"));
    assert_null(strstr(str_text(&saved), "Measured   α = r"));
    assert_null(strstr(str_text(&saved), "With r = 8"));
    assert_non_null(strstr(str_text(&saved), "With r = #"));
    assert_non_null(strstr(str_text(&saved), "a larger rank learns more"));
    str_free(&saved);
    grid_free(&grid);
    scene_close(&scene);
}

static void below_100_columns_one_pane_is_shown(void **state)
{
    (void)state;
    Scene scene;
    Grid  grid = {0};
    scene_open(&scene);
    add_results(&scene);
    draw_at(&scene, &grid, &look_ascii, 20, 99);
    assert_shows(&grid, "1 figure, 1 claim holds, 1 claim does NOT hold (Tab)");
    assert_hides(&grid, "sweep");
    assert_int_equal(scene.drawn.room[PANE_RESULT], 0);
    scene.view.pane = PANE_RESULT;
    draw_at(&scene, &grid, &look_ascii, 30, 99);
    assert_shows(&grid, "does NOT hold: and all of it");
    assert_shows(&grid, "sweep");
    assert_hides(&grid, "The branch adds");
    draw_at(&scene, &grid, &look_ascii, 30, 100);
    assert_shows(&grid, "sweep");
    assert_shows(&grid, "The branch adds");
    assert_hides(&grid, "(Tab)");
    grid_free(&grid);
    scene_close(&scene);
}

/* Text that does not fit is said to go on; the line with the cursor is shown in any case. */
static void what_is_below_is_told(void **state)
{
    (void)state;
    Scene scene;
    Grid  grid = {0};
    scene_open(&scene);
    for (int i = 0; i < 4; i++) add(&scene, prose_part());
    scene.view.fresh = 1;
    draw_at(&scene, &grid, &look_braille, 12, 80);
    assert_true(scene.drawn.more);
    assert_shows(&grid, "Space shows what follows below");
    int top = scene.drawn.top[PANE_TEXT];
    assert_true(top > 0); /* where the new part begins */
    scene.view.follow = false;
    scene.view.top[PANE_TEXT] = 1000;
    draw_at(&scene, &grid, &look_braille, 12, 80);
    assert_false(scene.drawn.more);
    assert_true(scene.drawn.top[PANE_TEXT] > top);
    assert_shows(&grid, "End of step 1");
    scene.view.follow = true;
    ask(&scene, question_part(PART_QUIZ));
    scene.view.ask.choice = 2;
    scene.view.answers = true;
    draw_at(&scene, &grid, &look_braille, 9, 80);
    assert_true(scene.drawn.row >= 0);
    assert_shows(&grid, "3  the largest");
    grid_free(&grid);
    scene_close(&scene);
}

/* A question is not answered before all its choices were seen: reading comes first. */
static void a_question_is_read_before_it_is_answered(void **state)
{
    (void)state;
    Scene scene;
    Grid  grid = {0};
    scene_open(&scene);
    for (int i = 0; i < 2; i++) add(&scene, prose_part());
    ask(&scene, question_part(PART_QUIZ));
    draw_at(&scene, &grid, &look_braille, 20, 80);
    assert_true(scene.drawn.hides);
    assert_int_equal(scene.drawn.top[PANE_TEXT], 0);
    assert_hides(&grid, "3  the largest");
    assert_shows(&grid, "Space shows what follows below");
    scene.view.answers = true; /* a key picked a choice */
    draw_at(&scene, &grid, &look_braille, 20, 80);
    assert_false(scene.drawn.hides);
    assert_shows(&grid, "3  the largest");
    assert_shows(&grid, "Arrows or a number choose");
    scene.view.follow = false; /* one reads on */
    scene.view.top[PANE_TEXT] = 1000;
    draw_at(&scene, &grid, &look_braille, 20, 80);
    assert_false(scene.drawn.hides);
    grid_free(&grid);
    scene_close(&scene);
}

/* One pane has all the room: what is computed is watched where the text leaves some. */
static void a_training_is_watched_below_the_text(void **state)
{
    (void)state;
    Scene   scene;
    Grid    grid = {0};
    Figure *live = some_figure("Loss while training");
    scene_open(&scene);
    scene.view.live = live;
    draw_at(&scene, &grid, &look_braille, 20, 80);
    assert_shows(&grid, "Loss while training");
    assert_shows(&grid, "The branch adds");
    for (int i = 0; i < 2; i++) add(&scene, prose_part()); /* they leave no room */
    draw_at(&scene, &grid, &look_braille, 20, 80);
    assert_hides(&grid, "Loss while training");
    figure_free(live);
    grid_free(&grid);
    scene_close(&scene);
}

/* The last line of the text does not stand on the foot where there is a row to spare. */
static void a_blank_row_stands_above_the_foot(void **state)
{
    (void)state;
    for (int rows = 16; rows < 60; rows++) {
        LessonLayout l = lesson_layout((Rect){2, 0, rows, 80}, PANE_TEXT, 0, 0);
        assert_true(l.text.row + l.text.rows < l.foot.row);
    }
}

static void a_quiz_that_is_over_starts_blank(void **state)
{
    (void)state;
    Scene      scene;
    Grid       grid = {0};
    LessonPart quiz = question_part(PART_QUIZ);
    some_feedback[0] = text_of("a small step learns slowly");
    quiz.feedback = some_feedback;
    quiz.tried = some_tries;
    quiz.answered = true;
    scene_open(&scene);
    add(&scene, quiz);
    draw_at(&scene, &grid, &look_ascii, 26, 80);
    assert_shows(&grid, "learns slowly");
    scene.view.past = true;
    draw_at(&scene, &grid, &look_ascii, 26, 80);
    assert_hides(&grid, "learns slowly");
    scene.parts[1].revealed = third;
    draw_at(&scene, &grid, &look_ascii, 26, 80);
    assert_shows(&grid, "* 3");
    assert_hides(&grid, "x 1");
    grid_free(&grid);
    scene_close(&scene);
}

static void hostile_text_stays_text(void **state)
{
    (void)state;
    Scene scene;
    Grid  grid = {0};
    scene_open(&scene);
    scene.parts[0].text = text_of("a \x1b[31m b \xe2\x80\xae c \xff d");
    add(&scene, (LessonPart){.kind = PART_COMMAND, .text = text_of("x\x1b]0;own\x07 \x9b")});
    scene.view.foot = "foot \x1b[2J";
    draw_at(&scene, &grid, &look_braille, 26, 120);
    for (const char *at = screen_text(&grid); *at != '\0'; at++) {
        assert_true(*at == '\n' || (unsigned char)*at >= ' ');
    }
    assert_null(strstr(screen_text(&grid), "\xe2\x80\xae"));
    assert_shows(&grid, "^[[31m");
    grid_free(&grid);
    scene_close(&scene);
}

TEST_GROUP(
    view_lesson, cmocka_unit_test(a_prediction_is_asked_for),
    cmocka_unit_test(results_stand_beside_the_text),
    cmocka_unit_test(a_wrong_answer_has_its_feedback), cmocka_unit_test(other_states_as_screens),
    cmocka_unit_test(the_layout_holds_at_any_size), cmocka_unit_test(nothing_is_drawn_outside),
    cmocka_unit_test(memory_may_be_out_at_any_moment),
    cmocka_unit_test(what_was_measured_is_marked),
    cmocka_unit_test(below_100_columns_one_pane_is_shown), cmocka_unit_test(what_is_below_is_told),
    cmocka_unit_test(a_question_is_read_before_it_is_answered),
    cmocka_unit_test(a_training_is_watched_below_the_text),
    cmocka_unit_test(a_blank_row_stands_above_the_foot),
    cmocka_unit_test(a_quiz_that_is_over_starts_blank), cmocka_unit_test(hostile_text_stays_text));
