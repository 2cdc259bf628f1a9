#ifndef TESTS_LESSONS_JOB_RIG_H
#define TESTS_LESSONS_JOB_RIG_H

/* Lessons as jobs for tests: a Stage that remembers, answers given from a thread of their own. */

#include <stdatomic.h>

#include "lessons/engine/engine.h"

typedef struct JobRig {
    Lab    *lab;
    Lesson *lesson;
    /* before a run */
    const char *const *lines; /* typed one after the other, "" where none is left; NULL: headless */
    const char        *answers; /* JSON, or NULL */
    LessonSetting      settings[4];
    Index              setting_count;
    Index              cancel_at; /* at this tell, from 1; 0: never */
    Index              from;
    bool               quick;
    bool               inside; /* answers come from inside the tell */
    bool               deaf;   /* remembers nothing: allocates nothing */
    uint64_t           seed;   /* 0: the lesson's */
    /* after */
    LessonJob    *job;
    Error         err;
    bool          ok;
    _Atomic Index tells;
    Str           said; /* sentences, replies and what was played, a line each */
    _Atomic Index next; /* of lines */
} JobRig;

/* The path of a lesson of the tests, good until the next call. */
const char *job_lesson(const char *name);
void        job_rig_open(JobRig *rig, const char *lesson);
/* From text: the file's content. */
void job_rig_open_text(JobRig *rig, const char *text);
/* Run it whole; the job before is freed. */
void job_rig_run(JobRig *rig);
void job_rig_close(JobRig *rig);
/* What the run left: the first Note with this id, the i-th of a kind. */
const Transcript *job_rig_transcript(const JobRig *rig);
const Note       *job_note_of(const JobRig *rig, NoteKind kind, const char *id);

/* Lines that tell what a clock measured, and figures drawn from it, blanked. */
void blank_timed(Str *out, const char *report);

#endif
