#ifndef APP_ROOMS_WORKBENCH_SESSION_H
#define APP_ROOMS_WORKBENCH_SESSION_H

/*
 * A training that can be watched and led: it runs in a thread of its own, and it runs, pauses,
 * makes single steps, goes back to snapshots and stops as it is asked. Asking never waits: the
 * lock between the two is held only to copy. A run of it is recorded and saved like any other
 * (core/lab/train_job.h); nothing is written before the first step.
 *
 *   session.c         asking and looking (the screen's side)
 *   session_work.c    the thread: what is asked for, one thing at a time
 *   session_back.c    snapshots and going back to them
 *   session_record.c  what the training tells, as curves
 */

#include "app/rooms/workbench/session_record.h"
#include "core/lab/lab.h"
#include "core/study/plan.h"

typedef enum SessionState {
    SESSION_PREPARING, /* base and data are loaded */
    SESSION_READY,     /* not begun */
    SESSION_RUNNING,
    SESSION_PAUSED,
    SESSION_DONE,  /* all steps are made, measured and saved */
    SESSION_FAILED /* it cannot even be begun: see error */
} SessionState;

enum { SESSION_SNAPSHOTS = 16 };

typedef struct SessionSpec {
    Lab  *lab;  /* nobody else uses it until session_free */
    Args *args; /* of `train`; the session's from now on, also when it cannot be made */
    /* One that used `lab` before, its quit not asked for yet: the thread ends it, saved, before
     * it begins, so that nobody waits for a step and a checkpoint. The session's from now on. */
    struct TrainSession *before;
    void (*wake)(void *context); /* there is something to look at; from the thread */
    void   *context;
    int64_t snapshot_bytes; /* all snapshots together; 0: 256 MB */
    Index   snapshot_steps; /* between two of them at first; 0: 10 */
} SessionSpec;

/* The shapes of the micro-batch that needs most memory, for plans (PlanInput). */
typedef struct BatchShape {
    Index N, longest, targets, segments; /* N 0: not known yet */
} BatchShape;

/* What there is to see, as a copy. */
typedef struct SessionLook {
    SessionState state;
    const char  *doing; /* "measuring", "writing text" ...; NULL: training or nothing */
    bool         begun;
    Error        error;                  /* what went wrong last; code ERR_NONE: nothing */
    const char  *finding, *finding_hint; /* by diagnose; NULL: nothing to be said */
    BatchShape   shape;
    DType        stored;
    int          threads;
    Index        snapshots[SESSION_SNAPSHOTS]; /* steps, rising */
    Index        snapshot_count;
    char         name[64]; /* of the recorded run; "" before it is begun */
    char         prompt[RECORD_TEXT];
    char         text_before[RECORD_TEXT]; /* of the base */
    bool         adapter_off;              /* text_off was asked for last */
    char         text_off[RECORD_TEXT];    /* without the adapter; "" not asked yet */
    int64_t      weights;                  /* bytes of the base in memory */
    TrainRecord  record;
} SessionLook;

typedef struct TrainSession TrainSession;

NODISCARD TrainSession *session_create(const SessionSpec *spec, Error *err);
/* Gives up what it does and ends its thread. save: as session_stop, first. NULL-safe. */
void session_free(TrainSession *session, bool save);

void session_run(TrainSession *session);   /* to the last step */
void session_pause(TrainSession *session); /* after the step under way */
void session_step(TrainSession *session);  /* one, then pause */
/* Gives up the step under way and goes to the snapshot before the step that was made last. */
void session_rewind(TrainSession *session);
/* Gives up the step under way, saves a checkpoint, pauses. */
void session_stop(TrainSession *session);
/* Writes the prompt's text anew, with the adapter or without it, between steps. */
void session_write(TrainSession *session, bool adapter);

/* Copies when something changed since *serial (0: always); false: nothing did. */
bool        session_look(TrainSession *session, SessionLook *look, int64_t *serial);
const Args *session_args(const TrainSession *session);

#endif
