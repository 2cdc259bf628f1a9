/* The lesson's room: predictions, quizzes, values, looking back, leaving at any moment. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/rooms/lesson/lesson_notes.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "tests/app/lesson_rig.h"
#include "tests/lessons/job_rig.h"
#include "tests/test.h"

static LessonRig rig;

static int close_rig(void **state)
{
    (void)state;
    lesson_rig_close(&rig);
    return 0;
}

static LessonProgress *read_progress(Progresses *all, const char *id)
{
    Error err = {0};
    assert_true(progress_read(all, rig.lab, &err));
    return progress_find(all, id);
}

/* ---- predictions ---- */

static void a_wrong_prediction_is_shown_beside_the_measurement(void **state)
{
    (void)state;
    lesson_rig_open_small(&rig);
    assert_true(room_lesson.typing(rig.room));
    lesson_rig_shows(&rig, "How many rows of A are independent?");
    lesson_rig_shows(&rig, "because (may be left out)");
    lesson_rig_hides(&rig, "rank A"); /* nothing runs before */
    lesson_rig_press(&rig, "Enter");
    lesson_rig_said(&rig, "an answer first");
    lesson_rig_type(&rig, "three");
    lesson_rig_press(&rig, "Enter");
    lesson_rig_settle(&rig);
    lesson_rig_shows(&rig, "is not a number");
    lesson_rig_shows(&rig, "I say three"); /* to be mended */
    lesson_rig_press(&rig, "Backspace Backspace Backspace Backspace Backspace");
    lesson_rig_type(&rig, "3");
    lesson_rig_press(&rig, "Tab");
    lesson_rig_type(&rig, "three rows");
    lesson_rig_shows(&rig, "Type what you expect");
    lesson_rig_press(&rig, "Enter");
    lesson_rig_hides(&rig, "Type what you expect"); /* it was typed */
    lesson_rig_settle(&rig);
    lesson_rig_shows(&rig, "You said   3");
    lesson_rig_shows(&rig, "because    three rows");
    lesson_rig_hides(&rig, "Measured");
    lesson_rig_press(&rig, "2 Enter");
    lesson_rig_settle(&rig);
    lesson_rig_shows(&rig, "computes for at most 20 s in at most 200");
    lesson_rig_hides(&rig, "Measured");
    lesson_rig_press(&rig, "Space");
    lesson_rig_settle(&rig);
    lesson_rig_shows(&rig, "Measured   1");
    lesson_rig_shows(&rig, "✗ the prediction does not hold");
    lesson_rig_shows(&rig, "✓ the prediction holds");
    lesson_rig_shows(&rig, "the rows are multiples of the first (1 == 1)");
    lesson_rig_shows(&rig, "End of step 1. Space goes on to: Values");
    assert_int_equal(rig.room->predictions, 2);
    assert_int_equal(rig.room->right, 1);
}

static void arrows_choose_and_skip_leaves_out(void **state)
{
    (void)state;
    lesson_rig_open_small(&rig);
    lesson_rig_press(&rig, "Esc");
    assert_false(room_lesson.typing(rig.room));
    lesson_rig_press(&rig, "Space");
    lesson_rig_said(&rig, "a prediction first");
    lesson_rig_command(&rig, "skip");
    lesson_rig_settle(&rig);
    lesson_rig_press(&rig, "Down Down Up");
    assert_int_equal(rig.room->choice, 1);
    lesson_rig_press(&rig, "Tab");
    assert_true(room_lesson.typing(rig.room));
    lesson_rig_type(&rig, "it is full; or so");
    lesson_rig_press(&rig, "Enter");
    lesson_rig_settle(&rig);
    lesson_rig_press(&rig, "Space");
    lesson_rig_settle(&rig);
    const LessonPart *left_out = lesson_part_of(rig.room, 0, PART_COMPARE, "number");
    const LessonPart *said = lesson_part_of(rig.room, 0, PART_COMPARE, "choice");
    assert_null(left_out->said);
    assert_string_equal(said->said, "B");
    assert_string_equal(said->reason, "it is full; or so");
    assert_int_equal(said->verdict, 1);
}

/* Where the question is below what is shown, no key says anything unread. */
static void a_question_out_of_sight_is_not_answered(void **state)
{
    (void)state;
    lesson_rig_open_small(&rig);
    rig.rows = 6;
    lesson_rig_press(&rig, "Ctrl-L");
    assert_true(rig.room->drawn.hides);
    assert_false(room_lesson.typing(rig.room));
    assert_false(room_lesson.can(rig.room, ACT_COMMIT));
    assert_true(room_lesson.can(rig.room, ACT_NEXT));
    lesson_rig_press(&rig, "Enter"); /* shows it */
    lesson_rig_shows(&rig, "I say");
    assert_true(room_lesson.typing(rig.room));
    assert_int_equal(rig.room->line_count, 0);
    lesson_rig_press(&rig, "Left Left"); /* nothing is typed: it looks back */
    assert_true(rig.room->drawn.hides);
    lesson_rig_press(&rig, "3"); /* a number is for the question */
    lesson_rig_shows(&rig, "I say 3");
    lesson_rig_press(&rig, "Left"); /* in what is typed it moves */
    lesson_rig_shows(&rig, "I say 3");
    lesson_rig_press(&rig, "Ctrl-U");
    lesson_rig_hides(&rig, "I say 3");
    assert_string_equal(line_edit_text(&rig.room->field), "");
}

static void orders_and_curves_are_typed(void **state)
{
    (void)state;
    lesson_rig_open_small(&rig);
    lesson_rig_first_step(&rig);
    lesson_rig_press(&rig, "Space");
    lesson_rig_settle(&rig);
    lesson_rig_shows(&rig, "the numbers from first to last");
    lesson_rig_type(&rig, "2 1");
    lesson_rig_press(&rig, "Enter");
    lesson_rig_settle(&rig);
    lesson_rig_shows(&rig, "a number at each of 1, 2, 3");
    lesson_rig_type(&rig, "3 2");
    lesson_rig_shows(&rig, "predicted"); /* drawn while it is typed */
    lesson_rig_press(&rig, "Enter");
    lesson_rig_settle(&rig);
    lesson_rig_shows(&rig, "3 numbers are wanted");
    lesson_rig_type(&rig, " 1");
    lesson_rig_press(&rig, "Enter");
    lesson_rig_settle(&rig);
    lesson_rig_shows(&rig, "Pause. Space goes on.");
    lesson_rig_press(&rig, "Space");
    lesson_rig_settle(&rig);
    const LessonStory *story = lesson_shown(rig.room);
    const Figure      *figure = room_lesson.figure(rig.room);
    assert_ptr_equal(figure, story->parts[rig.room->figure].figure);
    bool guess = false;
    for (Index i = 0; i < figure->count; i++) guess = guess || figure->series[i].guess;
    assert_true(guess); /* over what was measured */
    bool log = figure->y.log;
    lesson_rig_press(&rig, "y");
    assert_int_equal(figure->y.log, !log);
}

/* ---- quizzes ---- */

static void a_quiz_goes_on_until_right(void **state)
{
    (void)state;
    lesson_rig_open_quiz(&rig);
    lesson_rig_shows(&rig, "What does a rank of 1 say?");
    lesson_rig_hides(&rig, "its size is 3 x 3");
    lesson_rig_press(&rig, "1 Enter");
    lesson_rig_settle(&rig);
    lesson_rig_shows(&rig, "✗ 1  the matrix is small");
    lesson_rig_shows(&rig, "its size is 3 x 3 all the same");
    lesson_rig_hides(&rig, "one row is independent");
    lesson_rig_press(&rig, "H");
    lesson_rig_settle(&rig);
    lesson_rig_shows(&rig, "hint 1 of 2: look at the rows");
    lesson_rig_hides(&rig, "hint 2 of 2");
    lesson_rig_press(&rig, "H");
    lesson_rig_settle(&rig);
    lesson_rig_shows(&rig, "hint 2 of 2");
    lesson_rig_press(&rig, "H");
    lesson_rig_settle(&rig);
    lesson_rig_press(&rig, "Space");
    lesson_rig_said(&rig, "an answer first");
    lesson_rig_press(&rig, "Down Enter");
    lesson_rig_settle(&rig);
    lesson_rig_shows(&rig, "✓ 2  all rows are multiples of one");
    lesson_rig_shows(&rig, "one row is independent");
    lesson_rig_press(&rig, "p n"); /* another step and back: the open step's quiz is as it was */
    lesson_rig_shows(&rig, "✓ 2  all rows");
    lesson_rig_press(&rig, "Space");
    lesson_rig_settle(&rig);
    lesson_rig_shows(&rig, "Complete");
    Progresses      all = {0};
    LessonProgress *kept = read_progress(&all, "play-small");
    assert_null(kept); /* a file of one's own is no lesson of the shelf */
    progress_free(&all);
}

static void a_quiz_looked_back_at_is_blank(void **state)
{
    (void)state;
    lesson_rig_open(&rig);
    lesson_rig_enter(&rig, "rank");
    lesson_rig_settle(&rig);
    lesson_rig_command(&rig, "skip");
    lesson_rig_settle(&rig);
    lesson_rig_press(&rig, "Space");
    lesson_rig_settle(&rig);
    lesson_rig_press(&rig, "Space");
    lesson_rig_settle(&rig);
    lesson_rig_press(&rig, "1 Enter");
    lesson_rig_settle(&rig);
    lesson_rig_press(&rig, "1 Enter");
    lesson_rig_settle(&rig);
    lesson_rig_press(&rig, "3 Enter");
    lesson_rig_settle(&rig);
    lesson_rig_shows(&rig, "✓ 3");
    lesson_rig_press(&rig, "Space");
    lesson_rig_settle(&rig);
    lesson_rig_press(&rig, "Esc Backspace");
    lesson_rig_shows(&rig, "Looking back at step 2 of 3");
    lesson_rig_hides(&rig, "✓ 3");
    lesson_rig_hides(&rig, "✗ 1");
    lesson_rig_press(&rig, "2");
    lesson_rig_shows(&rig, "✗ 2");
    lesson_rig_shows(&rig, "a small value is not zero"); /* which was not tried before */
    lesson_rig_hides(&rig, "✓ 3");
    Progresses      all = {0};
    LessonProgress *kept = read_progress(&all, "rank");
    assert_int_equal(kept->step, 2);
    assert_int_equal(kept->predictions, 1);
    progress_free(&all);
}

/* ---- values ---- */

static void a_value_is_edited_and_the_step_restored(void **state)
{
    (void)state;
    lesson_rig_open_small(&rig);
    lesson_rig_press(&rig, "Esc e");
    lesson_rig_said(&rig, "nothing of this step has run yet");
    lesson_rig_first_step(&rig);
    lesson_rig_hides(&rig, "0 0 4");
    LessonPane pane = rig.room->pane;
    lesson_rig_press(&rig, "e Esc");
    assert_int_equal(rig.room->pane, pane); /* nothing was run: one looks at the same again */
    lesson_rig_press(&rig, "e");
    assert_true(rig.room->editing);
    lesson_rig_shows(&rig, "an entry of B");
    lesson_rig_shows(&rig, "1 to 4; the lesson's own: 2");
    lesson_rig_press(&rig, "Enter Backspace");
    lesson_rig_type(&rig, "9");
    lesson_rig_press(&rig, "Enter");
    lesson_rig_shows(&rig, "must lie in 1..4");
    lesson_rig_press(&rig, "Backspace");
    lesson_rig_type(&rig, "4");
    lesson_rig_press(&rig, "Enter Space");
    lesson_rig_settle(&rig);
    lesson_rig_shows(&rig, "Tried out");
    lesson_rig_shows(&rig, "The lesson's own");
    lesson_rig_shows(&rig, "0 0 4");
    lesson_rig_hides(&rig, "does this step's runs again with it");
    Str line = {0};
    room_lesson.repeat(rig.room, &line);
    assert_non_null(strstr(str_text(&line), "--seed 42 --set r=4"));
    assert_true(room_lesson.can(rig.room, ACT_RESTORE));
    lesson_rig_press(&rig, "R");
    lesson_rig_settle(&rig);
    lesson_rig_said(&rig, "own state is back");
    lesson_rig_hides(&rig, "Tried out");
    lesson_rig_hides(&rig, "0 0 4");
    assert_false(room_lesson.can(rig.room, ACT_RESTORE));
    str_clear(&line);
    room_lesson.repeat(rig.room, &line);
    assert_null(strstr(str_text(&line), "--set"));
    str_free(&line);
}

static void lines_are_tried_out_and_going_on_forgets_them(void **state)
{
    (void)state;
    lesson_rig_open_small(&rig);
    lesson_rig_first_step(&rig);
    lesson_rig_command(&rig, "z = rank A tolerance=100");
    lesson_rig_settle(&rig);
    lesson_rig_shows(&rig, "z = rank A tolerance=100");
    lesson_rig_command(&rig, "set r=77");
    lesson_rig_settle(&rig);
    lesson_rig_shows(&rig, "must lie in 1..4");
    lesson_rig_command(&rig, "rank Nothing");
    lesson_rig_settle(&rig);
    lesson_rig_shows(&rig, "Nothing");
    lesson_rig_command(&rig, "dance");
    lesson_rig_said(&rig, "there is no command \"dance\" here");
    lesson_rig_press(&rig, "Space");
    lesson_rig_settle(&rig);
    assert_int_equal(rig.room->at, 1);
    lesson_rig_press(&rig, "Esc p");
    lesson_rig_hides(&rig, "z = rank A");
}

/* ---- moving ---- */

static void steps_are_looked_back_at_without_running(void **state)
{
    (void)state;
    lesson_rig_open_small(&rig);
    lesson_rig_first_step(&rig);
    Index parts = rig.room->steps[0].count;
    lesson_rig_press(&rig, "Space");
    lesson_rig_settle(&rig);
    lesson_rig_press(&rig, "Esc o");
    lesson_rig_shows(&rig, "✓  1  Rows");
    lesson_rig_shows(&rig, "1 of 2 predictions hold");
    lesson_rig_press(&rig, "Up Enter");
    assert_int_equal(rig.room->shown, 0);
    lesson_rig_shows(&rig, "Rows of A are multiples");
    assert_false(room_lesson.busy(rig.room));
    assert_int_equal(rig.room->steps[0].count, parts);
    lesson_rig_press(&rig, "p");
    lesson_rig_said(&rig, "this is the first step");
    lesson_rig_press(&rig, "/");
    lesson_rig_type(&rig, "order the TWO");
    lesson_rig_press(&rig, "Enter");
    assert_int_equal(rig.room->shown, 1);
    lesson_rig_said(&rig, "found in step 2");
    lesson_rig_press(&rig, "Esc p /");
    lesson_rig_press(&rig, "Backspace");
    lesson_rig_type(&rig, "zebra");
    lesson_rig_press(&rig, "Enter");
    lesson_rig_said(&rig, "is not in what was seen so far");
    lesson_rig_press(&rig, "Space");
    assert_int_equal(rig.room->shown, 1);
    LessonNotes notes;
    lesson_room_notes(rig.room, &notes);
    assert_string_equal(notes.note, "ask the class");
    assert_string_equal(notes.step, "Values");
    assert_null(notes.next);
    assert_non_null(notes.question);
    assert_int_equal(notes.choice_count, 2);
}

static void on_a_projector_one_thing_is_shown(void **state)
{
    (void)state;
    lesson_rig_open(&rig);
    rig.spec.look = (Look){.charset = CHARSET_BLOCK, .projector = true};
    rig.screen.look = rig.spec.look;
    rig.rows = 20;
    rig.cols = 80;
    lesson_rig_enter(&rig, job_lesson("play-small.md"));
    lesson_rig_settle(&rig);
    lesson_rig_shows(&rig, "Rows of A are multiples");
    lesson_rig_hides(&rig, "independent");
    assert_false(room_lesson.typing(rig.room));
    lesson_rig_press(&rig, "Space");
    lesson_rig_shows(&rig, "independent");
    lesson_rig_hides(&rig, "multiples");
    assert_true(room_lesson.typing(rig.room));
    lesson_rig_type(&rig, "1");
    lesson_rig_press(&rig, "Enter");
    lesson_rig_settle(&rig);
    lesson_rig_shows(&rig, "Which has the higher rank?");
    lesson_rig_press(&rig, "2 Enter");
    lesson_rig_settle(&rig);
    lesson_rig_press(&rig, "Space");
    lesson_rig_settle(&rig);
    lesson_rig_shows(&rig, "Measured   1");
    lesson_rig_press(&rig, "Space Space");
    lesson_rig_shows(&rig, "measured was 1");
    lesson_rig_press(&rig, "Left Left");
    lesson_rig_shows(&rig, "Measured   1");
    lesson_rig_press(&rig, "/");
    lesson_rig_type(&rig, "higher");
    lesson_rig_press(&rig, "Enter");
    lesson_rig_shows(&rig, "Which has the higher rank?");
}

#define ROOM_TEST(f) cmocka_unit_test_teardown(f, close_rig)
TEST_GROUP(lesson_room, ROOM_TEST(a_wrong_prediction_is_shown_beside_the_measurement),
           ROOM_TEST(arrows_choose_and_skip_leaves_out),
           ROOM_TEST(a_question_out_of_sight_is_not_answered),
           ROOM_TEST(orders_and_curves_are_typed), ROOM_TEST(a_quiz_goes_on_until_right),
           ROOM_TEST(a_quiz_looked_back_at_is_blank),
           ROOM_TEST(a_value_is_edited_and_the_step_restored),
           ROOM_TEST(lines_are_tried_out_and_going_on_forgets_them),
           ROOM_TEST(steps_are_looked_back_at_without_running),
           ROOM_TEST(on_a_projector_one_thing_is_shown));
