#define _GNU_SOURCE /* pipe2 */
#include "tests/app/lesson_rig.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "tests/app/screens.h"
#include "tests/lessons/job_rig.h"
#include "tests/test.h"

static void no_size(void *self, int *rows, int *cols)
{
    (void)self;
    *rows = 24;
    *cols = 80;
}

void lesson_rig_open(LessonRig *rig)
{
    static Display display = {.fd = -1, .size = no_size};
    Error          err = {0};

    memset(rig, 0, sizeof *rig);
    if (getenv("TMPDIR") == NULL) setenv("TMPDIR", "/dev/shm", 1);
    setenv("XDG_STATE_HOME", test_folder(), 1);
    if (getenv("LORALAB_DATA") == NULL) setenv("LORALAB_DATA", "data", 1);
    rig->lab = lab_create(NULL, &err);
    assert_ok(&err);
    rig->spec = (ScreenSpec){.lab = rig->lab,
                             .display = &display,
                             .signal_fd = -1,
                             .look = look_braille,
                             .threads = 1,
                             .seed = 42};
    rig->screen = (Screen){.spec = &rig->spec, .look = look_braille, .here = ROOM_LESSON};
    assert_int_equal(pipe2(rig->screen.wake, O_CLOEXEC | O_NONBLOCK), 0);
    rig->rows = 26;
    rig->cols = 100;
}

static void make_room(LessonRig *rig)
{
    Error err = {0};
    if (rig->room == NULL) rig->room = room_lesson.create(&rig->screen, &err);
    assert_non_null(rig->room);
    rig->screen.rooms[ROOM_LESSON] = rig->room;
}

void lesson_rig_enter(LessonRig *rig, const char *lesson)
{
    Error err = {0};
    make_room(rig);
    if (!room_lesson.enter(rig->room, lesson, &err)) fail_msg("%s", err.message);
}

void lesson_rig_open_quiz(LessonRig *rig)
{
    lesson_rig_open_small(rig);
    lesson_rig_first_step(rig);
    lesson_rig_press(rig, "Space");
    lesson_rig_settle(rig);
    for (int i = 0; i < 2; i++) {
        lesson_rig_command(rig, "skip");
        lesson_rig_settle(rig);
    }
    lesson_rig_press(rig, "Space");
    lesson_rig_settle(rig);
}

void lesson_rig_leave(LessonRig *rig)
{
    room_lesson.free(rig->room);
    rig->room = NULL;
    rig->screen.rooms[ROOM_LESSON] = NULL;
}

void lesson_rig_close(LessonRig *rig)
{
    if (rig->lab == NULL) return;
    lesson_rig_leave(rig);
    for (int i = 0; i < rig->screen.history_count; i++) mem_free(rig->screen.history[i]);
    close(rig->screen.wake[0]);
    close(rig->screen.wake[1]);
    mem_free(rig->screen.wanted_argument);
    line_edit_free(&rig->screen.edit);
    str_free(&rig->screen.label);
    str_free(&rig->screen.said);
    grid_free(&rig->grid);
    lab_free(rig->lab);
    rig->lab = NULL;
}

/* ---- seeing ---- */

static void draw(LessonRig *rig)
{
    int row, col;
    grid_free(&rig->grid);
    assert_true(grid_init(&rig->grid, rig->rows, rig->cols, NULL));
    rig->screen.look = rig->spec.look;
    room_lesson.draw(rig->room, &rig->grid, (Rect){0, 0, rig->rows, rig->cols}, &rig->screen.look);
    room_lesson.cursor(rig->room, &row, &col);
    assert_true(row < rig->rows && col >= 0 && col < rig->cols);
    assert_false(rig->grid.failed);
}

void lesson_rig_shows(LessonRig *rig, const char *words)
{
    draw(rig);
    assert_shows(&rig->grid, words);
}

void lesson_rig_hides(LessonRig *rig, const char *words)
{
    draw(rig);
    assert_hides(&rig->grid, words);
}

void lesson_rig_said(LessonRig *rig, const char *words)
{
    const char *said = str_text(&rig->screen.said);
    if (strstr(said, words) == NULL) fail_msg("\"%s\" is not said, but: %s", words, said);
}

/* ---- doing ---- */

bool lesson_rig_turn(LessonRig *rig)
{
    char          bytes[64];
    struct pollfd fd = {.fd = rig->screen.wake[0], .events = POLLIN};
    if (poll(&fd, 1, 20000) != 1) return false;
    while (read(rig->screen.wake[0], bytes, sizeof bytes) > 0) continue;
    room_lesson.turn(rig->room);
    return true;
}

void lesson_rig_settle(LessonRig *rig)
{
    while (room_lesson.busy(rig->room)) {
        if (!lesson_rig_turn(rig)) fail_msg("nothing happens for 20 s");
    }
    draw(rig);
}

static void press(LessonRig *rig, Key key)
{
    draw(rig);
    screen_key(&rig->screen, key);
}

void lesson_rig_press(LessonRig *rig, const char *keys)
{
    char name[24];
    for (const char *at = keys; *at != '\0';) {
        size_t n = strcspn(at, " ");
        Key    key;
        assert_true(n < sizeof name);
        memcpy(name, at, n);
        name[n] = '\0';
        assert_true(key_parse(name, &key));
        press(rig, key);
        at += n + (at[n] == ' ');
    }
}

void lesson_rig_type(LessonRig *rig, const char *text)
{
    for (; *text != '\0'; text++) press(rig, (Key){K_CHAR, (unsigned char)*text});
}

void lesson_rig_command(LessonRig *rig, const char *line)
{
    draw(rig);
    screen_command(&rig->screen, line);
}

void lesson_rig_open_small(LessonRig *rig)
{
    lesson_rig_open(rig);
    lesson_rig_enter(rig, job_lesson("play-small.md"));
    lesson_rig_settle(rig);
}

void lesson_rig_first_step(LessonRig *rig)
{
    lesson_rig_type(rig, "3");
    lesson_rig_press(rig, "Enter");
    lesson_rig_settle(rig);
    lesson_rig_press(rig, "2 Enter");
    lesson_rig_settle(rig);
    lesson_rig_press(rig, "Space");
    lesson_rig_settle(rig);
}
