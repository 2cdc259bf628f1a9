#ifndef APP_ROOMS_WORKBENCH_SESSION_INTERNAL_H
#define APP_ROOMS_WORKBENCH_SESSION_INTERNAL_H

/* The inside of a session, shared by session*.c. */

#include <pthread.h>

#include "app/rooms/workbench/session.h"
#include "core/lab/train_job.h"

/* What is asked for; taken by the thread under the lock. */
typedef struct SessionWish {
    bool  quit, save, stop, run;
    Index steps, rewinds;
    bool  write_on, write_off;
} SessionWish;

struct TrainSession {
    SessionSpec     spec;
    pthread_t       thread;
    bool            started;
    pthread_mutex_t mutex;
    pthread_cond_t  asked;

    /* under the lock */
    SessionWish wish;
    SessionLook look;
    int64_t     serial;

    /* the thread's own */
    Cancel      cancel;
    TrainJob    job;
    Sink        sink;
    bool        prepared, begun, finished;
    TrainRecord record; /* what is heard; copied into the look when it is shown */
    double      start_change, shown;
    TrainState *snapshots[SESSION_SNAPSHOTS];
    Index       snapshot_count, snapshot_every, snapshot_room; /* room: how many fit */
};

/* session.c, for the thread: change the look between the two; what was heard goes with it. */
void session_lock(TrainSession *session);
void session_show(TrainSession *session);

/* session_work.c */
void *session_work(void *session);

/* session_back.c */
void           session_snap(TrainSession *session); /* when one is due */
NODISCARD bool session_go_back(TrainSession *session, Index times, Error *err);
void           session_forget(TrainSession *session);
/* Shapes of the batch that needs most memory. */
NODISCARD bool session_shape(TrainSession *session, BatchShape *shape, Error *err);

#endif
