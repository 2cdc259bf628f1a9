#ifndef TESTS_APP_LESSON_RIG_H
#define TESTS_APP_LESSON_RIG_H

/* The lesson's room on a screen without a terminal: keys are pressed, what it shows is read. */

#include "app/rooms/lesson/lesson_room.h"
#include "app/screen/screen_internal.h"

typedef struct LessonRig {
    Lab        *lab;
    ScreenSpec  spec;
    Screen      screen;
    Grid        grid;
    int         rows, cols; /* of the body */
    LessonRoom *room;
} LessonRig;

/* A state folder of the test's own; not yet in a lesson. */
void lesson_rig_open(LessonRig *rig);
void lesson_rig_enter(LessonRig *rig, const char *lesson); /* a name, or a path */
void lesson_rig_close(LessonRig *rig);                     /* the room goes; safe twice */
/* Opened in the lesson play-small, which asks its first question. */
void lesson_rig_open_small(LessonRig *rig);
/* Both predictions of its first step, a wrong number and the right choice; then its end. */
void lesson_rig_first_step(LessonRig *rig);
/* Opened, and on to the quiz of its second step, both questions before it left out. */
void lesson_rig_open_quiz(LessonRig *rig);
/* The room is left and made anew, as when the lab was left. */
void lesson_rig_leave(LessonRig *rig);
/* Keys by their names, "Down Enter"; each one's screen is drawn. */
void lesson_rig_press(LessonRig *rig, const char *keys);
void lesson_rig_type(LessonRig *rig, const char *text);
/* A line of the ':' prompt. */
void lesson_rig_command(LessonRig *rig, const char *line);
/* Until the room waits for something, at most 20 s. */
void lesson_rig_settle(LessonRig *rig);
/* One wake of the room; false: none came within 20 s. */
bool lesson_rig_turn(LessonRig *rig);
void lesson_rig_shows(LessonRig *rig, const char *words);
void lesson_rig_hides(LessonRig *rig, const char *words);
/* What the status row says. */
void lesson_rig_said(LessonRig *rig, const char *words);

#endif
