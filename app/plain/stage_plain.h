#ifndef APP_STAGE_PLAIN_H
#define APP_STAGE_PLAIN_H

/*
 * A lesson without a screen.
 *
 * linear     append-only text on standard output: prose wrapped, charts as text and always as a
 *            sentence, questions with numbered choices, answers read from standard input. Nothing
 *            is redrawn, no colour is needed, nothing is timed.
 * headless   nothing on standard output; steps and training on standard error
 *
 * The job tells on its own thread, which prints; the main thread only waits, with poll(), for
 * answers, the end, or a signal, so Ctrl-C is heard at once.
 */

#include "lessons/engine/engine.h"

typedef struct PlainStage {
    /* set before */
    bool        linear;
    int         columns;
    bool        ascii;  /* the terminal's characters are ASCII */
    bool        charts; /* else sentences only */
    Charset     charset;
    const Sink *sink; /* headless: notes and training */
    bool        quiet;
    /* Called after each completed step, on the job's thread; NULL: nothing is kept. */
    void (*keep)(void *context, const Transcript *transcript, Index step, Index steps);
    void *keep_context;
    /* after */
    bool left; /* standard input ended, or "quit" */
    /* private */
    int          wake[2];
    Str          typed; /* what was read and not used */
    bool         ended, echo;
    _Atomic int  broken; /* why no more can be told: ERR_DISK, ERR_MEMORY; 0 */
    _Atomic bool closed; /* TELL_CLOSE came */
    Index        shown;  /* quarter of the training that was told */
    const Item  *asked;  /* the question that stands on the screen */
} PlainStage;

/* Wide enough for what follows; charset by name: "auto" asks locale and terminal. */
NODISCARD bool plain_stage_open(PlainStage *stage, const char *charset, int columns, Error *err);
void           plain_stage_close(PlainStage *stage);
Stage          plain_stage(PlainStage *stage);
/* Answer and wait until the job has ended, as it ended. */
NODISCARD bool plain_stage_wait(PlainStage *stage, LessonJob *job, const Cancel *cancel,
                                Error *err);
/* Text as this terminal can show it: safe, and spelled out where it knows ASCII only. */
void plain_text(Str *out, const char *text, bool ascii);

/* stage_tell.c: what the linear stage prints of a Tell. */
void plain_tell(PlainStage *stage, const Tell *tell);

#endif
