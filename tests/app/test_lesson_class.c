/* A lesson before a class and beside other work: notes, votes, options of the session. */

#define _XOPEN_SOURCE 700
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "tests/app/lesson_rig.h"
#include "tests/lessons/job_rig.h"
#include "tests/test.h"

static LessonRig    rig;
static NotesServer *server;
static int          second = -1; /* the presenter's terminal */

static int close_rig(void **state)
{
    (void)state;
    lesson_rig_close(&rig);
    notes_serve_end(server);
    server = NULL;
    if (second >= 0) close(second);
    second = -1;
    notes_free(&rig.screen.notes);
    return 0;
}

/* ---- notes and votes ---- */

static void open_notes(void)
{
    Error err = {0};
    assert_int_equal(mkdir(test_path("loralab"), 0700), 0);
    assert_int_equal(setenv("XDG_RUNTIME_DIR", test_folder(), 1), 0);
    server = notes_serve(&err);
    assert_ok(&err);
    second = notes_connect(&err);
    assert_true(second >= 0);
}

/* One turn of the screen's, and what arrives in the second terminal. True: votes have changed. */
static bool exchange(Notes *there)
{
    char  line[8192];
    Error err = {0};
    notes_clear(&rig.screen.notes);
    room_lesson.notes(rig.room, &rig.screen.notes);
    bool changed = notes_serve_turn(server, &rig.screen.notes);
    notes_serve_tell(server, &rig.screen.notes);
    ssize_t n = recv(second, line, sizeof line, MSG_DONTWAIT);
    if (n > 0 && !notes_read(there, line, n, &err)) fail_msg("%s: %s", err.message, line);
    return changed;
}

static void vote(int asks, int first, int other)
{
    Error err = {0};
    assert_true(notes_vote(second, asks, 0, first, &err));
    assert_true(notes_vote(second, asks, 1, other, &err));
}

static void the_second_terminal_is_told_where_the_lesson_is(void **state)
{
    (void)state;
    Notes there = {0};
    open_notes();
    lesson_rig_open_small(&rig);
    exchange(&there);
    assert_string_equal(str_text(&there.lesson), "A lesson to play with");
    assert_string_equal(str_text(&there.title), "Rows");
    assert_string_equal(str_text(&there.next), "Values");
    assert_non_null(strstr(str_text(&there.question), "How many rows of A"));
    assert_int_equal(there.choice_count, 0);
    assert_int_equal(there.step, 1);
    assert_int_equal(there.steps, 2);
    assert_true(there.seconds >= 0 && there.seconds < 60);
    int asks = there.asks;
    exchange(&there);
    assert_int_equal(there.asks, asks); /* still the same question */
    lesson_rig_first_step(&rig);
    exchange(&there);
    assert_string_equal(str_text(&there.question), "");
    lesson_rig_press(&rig, "Space");
    lesson_rig_settle(&rig);
    exchange(&there);
    assert_string_equal(str_text(&there.note), "ask the class");
    assert_string_equal(str_text(&there.next), "");
    assert_int_equal(there.choice_count, 2);
    assert_int_equal(there.asks, asks + 1);
    notes_free(&there);
}

static void votes_stand_beside_the_choices_of_their_question(void **state)
{
    (void)state;
    Notes there = {0};
    open_notes();
    lesson_rig_open_small(&rig);
    lesson_rig_command(&rig, "skip");
    lesson_rig_settle(&rig);
    exchange(&there);
    assert_int_equal(there.choice_count, 3);
    assert_string_equal(str_text(&there.choices[1]), "B");
    lesson_rig_hides(&rig, "vote");
    vote(there.asks + 1, 9, 9); /* of another question */
    assert_false(exchange(&there));
    lesson_rig_hides(&rig, "vote");
    vote(there.asks, 1, 12);
    assert_true(exchange(&there));
    assert_int_equal(there.votes[1], 12);
    lesson_rig_shows(&rig, " 1 vote ");
    lesson_rig_shows(&rig, "12 votes");
    lesson_rig_press(&rig, "2 Enter");
    lesson_rig_settle(&rig);
    lesson_rig_press(&rig, "Space");
    lesson_rig_settle(&rig);
    lesson_rig_press(&rig, "Space");
    lesson_rig_settle(&rig);
    exchange(&there); /* the order is asked for */
    assert_int_equal(there.votes[1], 0);
    lesson_rig_hides(&rig, "vote");
    notes_free(&there);
}

/* ---- options ---- */

static void the_seed_is_the_lessons_own_unless_it_was_given(void **state)
{
    (void)state;
    for (int given = 0; given < 2; given++) {
        Str line = {0};
        lesson_rig_open(&rig);
        rig.spec.seeded = given != 0;
        lesson_rig_enter(&rig, job_lesson("train-small.md")); /* whose own is 7 */
        lesson_rig_settle(&rig);
        room_lesson.repeat(rig.room, &line);
        assert_non_null(strstr(str_text(&line), given ? "--seed 42" : "--seed 7"));
        lesson_job_cancel(rig.room->job);
        lesson_rig_leave(&rig);
        str_free(&line);
        lesson_rig_close(&rig);
    }
}

static char copied[400];

static bool copy(void *self, const char *text)
{
    (void)self;
    snprintf(copied, sizeof copied, "%s", text);
    return true;
}

static void the_line_that_repeats_is_copied_where_that_can_be(void **state)
{
    (void)state;
    Display display;
    Str     line = {0};
    lesson_rig_open_small(&rig);
    room_lesson.repeat(rig.room, &line);
    lesson_rig_press(&rig, "Esc r");
    assert_string_equal(str_text(&rig.screen.said), str_text(&line));
    display = *rig.spec.display;
    display.copy = copy;
    rig.spec.display = &display;
    lesson_rig_press(&rig, "r");
    assert_string_equal(copied, str_text(&line));
    lesson_rig_said(&rig, "copied, where the terminal allows it: loralab run");
    str_free(&line);
}

static void a_lesson_comes_in_its_translation(void **state)
{
    (void)state;
    lesson_rig_open(&rig);
    rig.spec.lang = "zh";
    lesson_rig_enter(&rig, job_lesson("rank-small.md"));
    lesson_rig_settle(&rig);
    lesson_rig_shows(&rig, "在这个矩阵里");
    lesson_rig_enter(&rig, job_lesson("play-small.md"));
    lesson_rig_said(&rig, "not there in \"zh\"");
    lesson_rig_settle(&rig);
    lesson_rig_shows(&rig, "How many rows of A");
}

/* ---- beside a training ---- */

static bool becomes(void *bench, bool busy)
{
    const struct timespec nap = {.tv_nsec = 5 * 1000 * 1000};
    for (int i = 0; i < 6000; i++) {
        if (room_workbench.busy(bench) == busy) return true;
        nanosleep(&nap, NULL);
    }
    return false;
}

static void a_training_goes_on_until_the_lesson_computes(void **state)
{
    (void)state;
    Error err = {0};
    lesson_rig_open_small(&rig);
    void *bench = room_workbench.create(&rig.screen, &err);
    rig.screen.rooms[ROOM_WORKBENCH] = bench;
    assert_ok(&err);
    assert_true(room_workbench.enter == NULL || room_workbench.enter(bench, NULL, &err));
    assert_true(room_workbench.act(bench, ACT_PAUSE, (Key){K_CHAR, 'p'}));
    assert_true(becomes(bench, true));
    lesson_rig_type(&rig, "3");
    lesson_rig_press(&rig, "Enter");
    lesson_rig_settle(&rig);
    lesson_rig_press(&rig, "2 Enter"); /* next is a run, which asks first */
    lesson_rig_settle(&rig);
    assert_true(room_workbench.busy(bench));
    lesson_rig_press(&rig, "Space");
    lesson_rig_settle(&rig);
    lesson_rig_said(&rig, "is paused meanwhile");
    assert_true(becomes(bench, false));
    room_workbench.free(bench);
    rig.screen.rooms[ROOM_WORKBENCH] = NULL;
}

#define CLASS_TEST(f) cmocka_unit_test_teardown(f, close_rig)
TEST_GROUP(lesson_class, CLASS_TEST(the_second_terminal_is_told_where_the_lesson_is),
           CLASS_TEST(votes_stand_beside_the_choices_of_their_question),
           CLASS_TEST(the_seed_is_the_lessons_own_unless_it_was_given),
           CLASS_TEST(the_line_that_repeats_is_copied_where_that_can_be),
           CLASS_TEST(a_lesson_comes_in_its_translation),
           CLASS_TEST(a_training_goes_on_until_the_lesson_computes));
