/* The lesson's room: what stays of it, and leaving it at any moment. */

#include <string.h>

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

/* ---- reports, progress ---- */

static void a_report_has_no_marks(void **state)
{
    (void)state;
    Error err = {0};
    Index n = 0;
    lesson_rig_open_small(&rig);
    lesson_rig_first_step(&rig);
    lesson_rig_press(&rig, "E");
    for (int i = 0; i < 40; i++) lesson_rig_press(&rig, "Backspace");
    lesson_rig_type(&rig, test_path("report.md"));
    lesson_rig_press(&rig, "Enter");
    lesson_rig_said(&rig, "the report is in");
    char *text = file_read_all(test_path("report.md"), 1 << 20, &n, &err);
    assert_ok(&err);
    assert_non_null(strstr(text, "You said 3; measured was 1."));
    assert_null(strstr(text, MEASURED_BEGIN));
    assert_null(strstr(text, MEASURED_END));
    mem_free(text);
    lesson_rig_shows(&rig, "You said 3; measured was 1.");
    Str saved = {0};
    grid_saved(&saved, &rig.grid);
    assert_non_null(strstr(str_text(&saved), "You said #; measured was #."));
    str_free(&saved);
}

static void a_lesson_goes_on_where_it_was_left(void **state)
{
    (void)state;
    lesson_rig_open(&rig);
    lesson_rig_enter(&rig, "rank");
    lesson_rig_settle(&rig);
    lesson_rig_type(&rig, "3");
    lesson_rig_press(&rig, "Enter");
    lesson_rig_settle(&rig);
    lesson_rig_press(&rig, "Space");
    lesson_rig_settle(&rig);
    lesson_rig_press(&rig, "Space");
    lesson_rig_settle(&rig);
    assert_int_equal(rig.room->at, 1);
    lesson_rig_leave(&rig);
    lesson_rig_enter(&rig, "rank");
    lesson_rig_settle(&rig);
    assert_int_equal(rig.room->at, 1);
    lesson_rig_shows(&rig, "How large must the change be");
    lesson_rig_press(&rig, "p"); /* the step done earlier, with what was said then */
    lesson_rig_shows(&rig, "You said   3");
    lesson_rig_shows(&rig, "What is the rank of B?");
    lesson_rig_command(&rig, "again");
    lesson_rig_settle(&rig);
    assert_int_equal(rig.room->at, 0);
    lesson_rig_shows(&rig, "I say");
    lesson_rig_hides(&rig, "You said   3");
    Error err = {0};
    assert_false(room_lesson.enter(rig.room, "no-such-lesson", &err));
    assert_error(&err, ERR_INPUT, "no-such-lesson");
    lesson_rig_shows(&rig, "I say"); /* one stays where one was */
}

/* ---- leaving, stopping ---- */

static void answer_anything(void)
{
    const LessonPart *part = lesson_open_part(rig.room);
    if (part == NULL) {
        lesson_send(rig.room, "", LINE_ANSWER);
    } else if (part->kind == PART_QUIZ) {
        lesson_send(rig.room, "2", LINE_ANSWER);
    } else {
        lesson_send(rig.room, "skip", LINE_ANSWER);
    }
}

/* The room goes away at its n-th wake; false: the lesson was over before. */
static bool leave_at(int n)
{
    lesson_rig_enter(&rig, job_lesson("play-small.md"));
    for (int i = 0; i < n; i++) {
        if (rig.room->state == LESSON_ASKS) answer_anything();
        if (rig.room->state == LESSON_COMPLETE) return false;
        assert_true(lesson_rig_turn(&rig));
    }
    double begun = clock_seconds();
    lesson_rig_leave(&rig);
    assert_true(clock_seconds() - begun < 0.5);
    return true;
}

static void the_room_can_be_left_at_every_event(void **state)
{
    (void)state;
    lesson_rig_open(&rig);
    int n = 0;
    while (leave_at(n)) n++;
    assert_true(n > 5); /* several events come with one wake */
}

static void assert_dots(const char *dots)
{
    Str left = {0}, right = {0};
    room_lesson.title(rig.room, &left, &right);
    if (strstr(str_text(&right), dots) == NULL) fail_msg("%s, not %s", str_text(&right), dots);
    str_free(&left);
    str_free(&right);
}

static void a_completed_lesson_has_all_its_dots(void **state)
{
    (void)state;
    lesson_rig_open_small(&rig);
    assert_dots("◐○");
    while (rig.room->state != LESSON_COMPLETE) {
        if (rig.room->at == 1) assert_dots("●◐");
        answer_anything();
        lesson_rig_settle(&rig);
    }
    assert_dots("●●");
    lesson_rig_press(&rig, "p");
    assert_dots("●●");
}

/* A training long enough to be met under way. */
static const char *long_training(void)
{
    static const char text[] = "---\nid: long\ntitle: Long\nsummary: a training\nminutes: 1\n"
                               "seconds: 100\nmemory: 800\n---\n\n## One {#one}\n\n"
                               "```predict id=p kind=number\nThe loss?\nmeasure: t.loss.last\n```\n"
                               "```run id=r\nt = train data=sql max_steps=2000 r=4 examples=64\n"
                               "  eval_examples=2\n```\n\n"
                               "```quiz id=q\nWell?\n[x] yes -> so it is\n[ ] no -> it is\n"
                               "hint: yes\n```\n\n```assert\nt.loss.last > 0\n```\n";
    const char       *path = test_path("long.md");
    Error             err = {0};
    assert_true(file_write_all(path, text, sizeof text - 1, &err));
    return path;
}

static void train(void)
{
    lesson_rig_enter(&rig, long_training());
    lesson_rig_settle(&rig);
    lesson_rig_type(&rig, "1");
    lesson_rig_press(&rig, "Enter");
    lesson_rig_settle(&rig);
    lesson_rig_press(&rig, "Space");
    while (rig.room->live_text.len == 0) assert_true(lesson_rig_turn(&rig));
}

static void a_training_is_seen_stopped_and_taken_up(void **state)
{
    (void)state;
    lesson_rig_open(&rig);
    train();
    assert_true(room_lesson.busy(rig.room));
    lesson_rig_shows(&rig, "Loss while training");
    lesson_rig_shows(&rig, "of 2000, loss");
    lesson_rig_press(&rig, "Space");
    lesson_rig_said(&rig, "it computes");
    lesson_rig_press(&rig, "e");
    lesson_rig_said(&rig, "when nothing runs");
    double begun = clock_seconds();
    lesson_rig_press(&rig, "Ctrl-C");
    lesson_rig_settle(&rig);
    assert_true(clock_seconds() - begun < 0.5);
    assert_int_equal(rig.room->state, LESSON_STOPPED);
    lesson_rig_shows(&rig, "Stopped. Space takes the step up again.");
    lesson_rig_hides(&rig, "Loss while training");
    lesson_rig_press(&rig, "Space"); /* the prediction was said: it is not asked again */
    while (rig.room->state == LESSON_WORKS && rig.room->live_text.len == 0) {
        assert_true(lesson_rig_turn(&rig));
        if (rig.room->state == LESSON_ASKS) lesson_rig_press(&rig, "Space");
    }
    lesson_rig_shows(&rig, "Loss while training");
    room_lesson.pause(rig.room); /* another room is about to compute */
    assert_false(room_lesson.busy(rig.room));
    lesson_rig_shows(&rig, "Stopped");
}

static void leaving_a_training_takes_no_time(void **state)
{
    (void)state;
    lesson_rig_open(&rig);
    train();
    double begun = clock_seconds();
    lesson_rig_leave(&rig);
    assert_true(clock_seconds() - begun < 0.5);
}

#define ROOM_TEST(f) cmocka_unit_test_teardown(f, close_rig)
TEST_GROUP(lesson_room_ends, ROOM_TEST(a_report_has_no_marks),
           ROOM_TEST(a_lesson_goes_on_where_it_was_left),
           ROOM_TEST(the_room_can_be_left_at_every_event),
           ROOM_TEST(a_completed_lesson_has_all_its_dots),
           ROOM_TEST(a_training_is_seen_stopped_and_taken_up),
           ROOM_TEST(leaving_a_training_takes_no_time));
