#ifndef APP_ROOMS_LESSON_LESSON_QUEUE_H
#define APP_ROOMS_LESSON_LESSON_QUEUE_H

/*
 * From the lesson's thread to the screen's: each Tell is copied whole into a queue under a mutex
 * that is held only to append; events of a training are thinned into curves. It also keeps
 * progress, as the steps are completed.
 */

#include <pthread.h>

#include "app/screen/room.h"
#include "app/view/view_lesson.h"
#include "lessons/engine/engine.h"
#include "lessons/engine/progress.h"

/* A Tell, copied. */
typedef struct Told {
    TellKind    kind;
    Index       index;
    bool        again, played;
    Verdict     verdict;
    AskKind     ask;
    const Item *item; /* of the lesson, which outlives the queue */
    char       *text;
    bool        has_part; /* part is what is to be shown */
    LessonPart  part;
} Told;
void told_free(Told *told);

enum { LIVE_CURVES = 6, LIVE_POINTS = 256 };

typedef struct LiveCurve {
    char   name[64];
    double x[LIVE_POINTS], y[LIVE_POINTS];
    Index  n, stride; /* every stride-th step is kept */
} LiveCurve;

/* A training under way, or a sweep of them. */
typedef struct LessonLive {
    bool      running;
    Index     step, steps;
    double    loss;
    Index     done, runs; /* of a sweep */
    char      note[160];  /* its last sentence */
    LiveCurve curve[LIVE_CURVES];
    int       curves;
    bool      changed;
} LessonLive;

typedef struct LessonQueue {
    Screen         *screen;
    pthread_mutex_t mutex;
    Told           *list;
    Index           count;
    bool            lost; /* memory was out: something could not be copied */
    LessonLive      live;
    /* on the job's thread until it has ended */
    double     woken;
    Lab       *lab;
    bool       keeps; /* on the disk */
    Progresses mine;  /* of this session */
} LessonQueue;

NODISCARD bool lesson_queue_open(LessonQueue *queue, Screen *screen, Error *err);
void           lesson_queue_close(LessonQueue *queue);
Stage          lesson_queue_stage(LessonQueue *queue);
/* All that was told since; free each and the list. *lost: some is missing, memory was out. */
Told *lesson_queue_take(LessonQueue *queue, Index *count, bool *lost);
/* A copy of the live training; false: nothing changed since. */
bool lesson_queue_live(LessonQueue *queue, LessonLive *live);

/* ---- lesson_part.c ---- */

void part_free(LessonPart *part); /* its contents */
/* False when memory was out. */
NODISCARD bool part_of_note(LessonPart *part, const Note *note);
NODISCARD bool part_of_question(LessonPart *part, const Question *question);
/* Room for choices and what is said of them. */
NODISCARD bool part_choices(LessonPart *part, const char *const *choices, Index count);

#endif
