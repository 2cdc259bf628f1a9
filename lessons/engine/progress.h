#ifndef LESSONS_ENGINE_PROGRESS_H
#define LESSONS_ENGINE_PROGRESS_H

/*
 * What was done in which lesson: STATE/progress.json, version 1, written durably after each step.
 * A file of a later version is left alone and said so; unknown lessons are kept.
 */

#include "lessons/engine/transcript.h"

typedef struct LessonProgress {
    char *id;
    Index step, steps; /* completed, of */
    bool  done;
    Index predictions, right; /* answered, borne out */
    char *answers;            /* JSON object of id: answer, so that going on asks nothing twice */
} LessonProgress;

typedef struct Progresses {
    LessonProgress *list;
    Index           count;
} Progresses;

NODISCARD bool  progress_read(Progresses *all, const Lab *lab, Error *err); /* absent file: none */
NODISCARD bool  progress_write(const Progresses *all, const Lab *lab, Error *err);
void            progress_free(Progresses *all);
LessonProgress *progress_find(const Progresses *all, const char *id); /* NULL: not begun */
/* Enter what a transcript shows; steps completed so far. */
NODISCARD bool progress_note(Progresses *all, const Transcript *transcript, Index step, Index steps,
                             Error *err);
void           progress_reset(Progresses *all, const char *id); /* NULL: all */

#endif
