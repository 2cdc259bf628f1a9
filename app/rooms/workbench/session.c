/* The screen's side of a session: making it, asking it for things, looking at it. */

#include "app/rooms/workbench/session_internal.h"

#include <signal.h>
#include <string.h>

/* ---- life ---- */

/* Signals are the main thread's. */
static bool start_thread(TrainSession *session, Error *err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&session->thread, NULL, session_work, session);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    session->started = failed == 0;
    return failed == 0 ||
           error_set(err, ERR_MEMORY, "no thread could be started (error %d)", failed);
}

TrainSession *session_create(const SessionSpec *spec, Error *err)
{
    TrainSession *session = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *session, err);
    if (session == NULL) {
        session_free(spec->before, true);
        args_free(spec->args);
        return NULL;
    }
    session->spec = *spec;
    session->snapshot_every = spec->snapshot_steps > 0 ? spec->snapshot_steps : 10;
    if (spec->snapshot_bytes <= 0) session->spec.snapshot_bytes = (int64_t)256 << 20;
    CHECK(pthread_mutex_init(&session->mutex, NULL) == 0);
    CHECK(pthread_cond_init(&session->asked, NULL) == 0);
    record_init(&session->record);
    session->look.record = session->record;
    session->serial = 1;
    if (start_thread(session, err)) return session;
    session_free(session, false);
    return NULL;
}

void session_free(TrainSession *session, bool save)
{
    if (session == NULL) return;
    if (session->started) {
        pthread_mutex_lock(&session->mutex);
        session->wish.quit = true;
        session->wish.save = save;
        cancel_request(&session->cancel);
        pthread_cond_signal(&session->asked);
        pthread_mutex_unlock(&session->mutex);
        pthread_join(session->thread, NULL);
    }
    session_free(session->spec.before, true); /* of a thread that never started */
    session_forget(session);
    job_free(&session->job);
    pthread_mutex_destroy(&session->mutex);
    pthread_cond_destroy(&session->asked);
    args_free(session->spec.args);
    mem_free(session);
}

/* ---- asking ---- */

static void ask_begin(TrainSession *session)
{
    pthread_mutex_lock(&session->mutex);
}

static void ask_end(TrainSession *session, bool give_up)
{
    /* Preparing is not given up: nothing could go on from there. */
    if (give_up && session->look.state != SESSION_PREPARING) cancel_request(&session->cancel);
    pthread_cond_signal(&session->asked);
    pthread_mutex_unlock(&session->mutex);
}

void session_run(TrainSession *session)
{
    ask_begin(session);
    session->wish.run = true;
    session->wish.steps = 0;
    ask_end(session, false);
}

void session_pause(TrainSession *session)
{
    ask_begin(session);
    session->wish.run = false;
    session->wish.steps = 0;
    ask_end(session, false);
}

void session_step(TrainSession *session)
{
    ask_begin(session);
    session->wish.run = false;
    if (session->wish.steps < 1000) session->wish.steps++;
    ask_end(session, false);
}

void session_rewind(TrainSession *session)
{
    ask_begin(session);
    session->wish.run = false;
    session->wish.steps = 0;
    session->wish.rewinds++;
    ask_end(session, true);
}

void session_stop(TrainSession *session)
{
    ask_begin(session);
    session->wish.run = false;
    session->wish.steps = 0;
    session->wish.stop = true;
    ask_end(session, true);
}

void session_write(TrainSession *session, bool adapter)
{
    ask_begin(session);
    session->wish.write_on = adapter;
    session->wish.write_off = !adapter;
    ask_end(session, false);
}

/* ---- looking ---- */

bool session_look(TrainSession *session, SessionLook *look, int64_t *serial)
{
    pthread_mutex_lock(&session->mutex);
    bool changed = session->serial != *serial;
    if (changed) *look = session->look;
    *serial = session->serial;
    pthread_mutex_unlock(&session->mutex);
    return changed;
}

const Args *session_args(const TrainSession *session)
{
    return session->spec.args;
}

void session_lock(TrainSession *session)
{
    pthread_mutex_lock(&session->mutex);
}

void session_show(TrainSession *session)
{
    session->look.record = session->record;
    session->serial++;
    pthread_mutex_unlock(&session->mutex);
    session->shown = clock_seconds();
    if (session->spec.wake != NULL) session->spec.wake(session->spec.context);
}
