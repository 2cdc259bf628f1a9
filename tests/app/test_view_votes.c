/* A class's votes beside the choices of a question, at any width. */

#include <string.h>

#include "app/view/view_lesson.h"
#include "tests/app/screens.h"
#include "tests/test.h"

static char *words(const char *text)
{
    return (char *)(uintptr_t)text; /* a view writes nothing */
}

static char *choices[] = {
    (char *)(uintptr_t) "one",
    (char *)(uintptr_t) "a choice that goes on and on, far over the end of the line that it began",
    (char *)(uintptr_t) "three"};
static char      *feedback[3];
static int        tried[3];
static bool       none[3];
static const int  votes[LESSON_VOTES] = {1, 12, 0};
static LessonPart parts[2];

static LessonPart question(const char *id)
{
    return (LessonPart){.kind = PART_QUIZ,
                        .id = words(id),
                        .text = words("Which?"),
                        .answer = ANSWER_CHOICE,
                        .choices = choices,
                        .feedback = feedback,
                        .tried = tried,
                        .right = none,
                        .revealed = none,
                        .choice_count = 3};
}

/* A quiz that was answered, and one that is asked and voted on. */
static LessonView two_questions(void)
{
    parts[0] = question("q1");
    parts[0].answered = true;
    parts[1] = question("q2");
    return (LessonView){.parts = parts,
                        .count = 2,
                        .figure = -1,
                        .found_row = -1,
                        .card = 1,
                        .ask = {.part = 1, .choice = 2, .picked = none},
                        .votes = votes,
                        .voted = 1};
}

static LessonDrawn draw(const LessonView *view, Grid *grid, const Look *look, int rows, int cols)
{
    grid_free(grid);
    assert_true(grid_init(grid, rows, cols, NULL));
    return view_lesson_draw(view, look, grid, (Rect){0, 0, rows, cols});
}

static int count_of(const Grid *grid, const char *text)
{
    int n = 0;
    for (const char *at = screen_text(grid); (at = strstr(at, text)) != NULL; at++) n++;
    return n;
}

static void votes_stand_at_the_right_of_their_question(void **state)
{
    (void)state;
    LessonView view = two_questions();
    Grid       grid = {0};
    draw(&view, &grid, &look_braille, 24, 80);
    assert_int_equal(count_of(&grid, "12 votes\n"), 1);
    assert_int_equal(count_of(&grid, " 1 vote\n"), 1);
    assert_hides(&grid, "0 votes");
    Str blanked = {0};
    grid_saved(&blanked, &grid);
    assert_null(strstr(str_text(&blanked), "12")); /* they are known to be no part of the lesson */
    str_free(&blanked);
    draw(&view, &grid, &look_braille, 24, 24);
    assert_shows(&grid, "12\n");
    assert_hides(&grid, "votes");
    draw(&view, &grid, &look_projector, 22, 80);
    assert_shows(&grid, "12 votes");
    view.votes = NULL;
    draw(&view, &grid, &look_braille, 24, 80);
    assert_hides(&grid, "vote");
    grid_free(&grid);
}

/* Two questions have choices of the same numbers: the cursor is at the open one's. */
static void the_cursor_is_at_the_open_question(void **state)
{
    (void)state;
    LessonView  view = two_questions();
    Grid        grid = {0};
    LessonDrawn drawn = draw(&view, &grid, &look_braille, 24, 80);
    const char *first = strstr(screen_text(&grid), "3  three");
    assert_non_null(first);
    int row = 0;
    for (const char *at = screen_text(&grid), *last = strstr(first + 1, "3  three"); at < last;
         at++) {
        row += *at == '\n';
    }
    assert_int_equal(drawn.row, row);
    grid_free(&grid);
}

static void draw_view(void *context, const Look *look, Grid *grid, Rect area)
{
    view_lesson_draw(context, look, grid, area);
}

static void votes_stay_inside(void **state)
{
    (void)state;
    LessonView view = two_questions();
    assert_stays_inside(300, draw_view, &view);
}

TEST_GROUP(view_votes, cmocka_unit_test(votes_stand_at_the_right_of_their_question),
           cmocka_unit_test(the_cursor_is_at_the_open_question),
           cmocka_unit_test(votes_stay_inside));
