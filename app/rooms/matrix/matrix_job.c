/* The thread behind the matrix view. What it works on is its own until it says that it is done. */

#include "app/rooms/matrix/matrix_job.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "core/base/mem.h"

struct MatrixJob {
    Lab *lab;
    void (*wake)(void *context);
    void        *context;
    pthread_t    thread;
    bool         busy;
    atomic_bool  done;
    atomic_int   percent;
    Cancel       cancel;
    bool         fetches;
    MatrixSource source;
    MatrixAsk    ask;
    MatrixDone   result;
    /* instead of these: */
    MatrixFunction *function;
    void           *function_context;
};

MatrixJob *matrix_job_create(Lab *lab, void (*wake)(void *context), void *context, Error *err)
{
    MatrixJob *job = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *job, err);
    if (job == NULL) return NULL;
    job->lab = lab;
    job->wake = wake;
    job->context = context;
    return job;
}

void matrix_done_free(MatrixDone *done)
{
    datum_drop(done->matrix);
    matrix_facts_free(&done->facts);
    *done = (MatrixDone){0};
}

static void tell(void *self, int percent)
{
    MatrixJob *job = self;
    if (atomic_exchange(&job->percent, percent) != percent && job->wake != NULL) {
        job->wake(job->context);
    }
}

static void fetch_and_measure(MatrixJob *job)
{
    MatrixDone *r = &job->result;
    LinalgWatch watch = {.cancel = &job->cancel, .tell = tell, .context = job};
    if (job->fetches) r->matrix = source_fetch(&job->source, job->lab, &r->single, &r->err);
    job->ask.single = r->single;
    if (r->matrix != NULL) {
        r->measured = matrix_measure(&r->facts, r->matrix, &job->ask, &watch, &r->err);
    }
}

static void *work(void *self)
{
    MatrixJob *job = self;
    if (job->function != NULL) {
        job->result.matrix = job->function(job->function_context, &job->cancel, &job->result.err);
    } else {
        fetch_and_measure(job);
    }
    atomic_store(&job->done, true);
    if (job->wake != NULL) job->wake(job->context);
    return NULL;
}

static bool begin(MatrixJob *job, Error *err)
{
    sigset_t all, before;
    atomic_store(&job->done, false);
    atomic_store(&job->percent, 0);
    job->cancel = (Cancel){0};
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    job->busy = pthread_create(&job->thread, NULL, work, job) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (job->busy) return true;
    source_free(&job->source);
    matrix_done_free(&job->result);
    return error_set(err, ERR_MEMORY, tr("no thread could be started"));
}

bool matrix_job_start(MatrixJob *job, const MatrixSource *source, const Datum *matrix,
                      const MatrixAsk *ask, Error *err)
{
    CHECK(!job->busy && (source == NULL) != (matrix == NULL));
    job->fetches = source != NULL;
    job->ask = *ask;
    job->function = NULL;
    job->result = (MatrixDone){.single = ask->single};
    if (source != NULL && !source_copy(&job->source, source, err)) return false;
    if (matrix != NULL) job->result.matrix = datum_hold(matrix);
    return begin(job, err);
}

bool matrix_job_call(MatrixJob *job, MatrixFunction *function, void *context, Error *err)
{
    CHECK(!job->busy);
    job->function = function;
    job->function_context = context;
    return begin(job, err);
}

bool matrix_job_busy(const MatrixJob *job)
{
    return job->busy;
}

int matrix_job_percent(const MatrixJob *job)
{
    return atomic_load(&job->percent);
}

void matrix_job_cancel(MatrixJob *job)
{
    cancel_request(&job->cancel);
}

static void finish(MatrixJob *job)
{
    pthread_join(job->thread, NULL);
    job->busy = false;
    source_free(&job->source);
}

bool matrix_job_take(MatrixJob *job, MatrixDone *done)
{
    if (!job->busy || !atomic_load(&job->done)) return false;
    finish(job);
    *done = job->result;
    job->result = (MatrixDone){0};
    return true;
}

void matrix_job_free(MatrixJob *job)
{
    if (job == NULL) return;
    cancel_request(&job->cancel);
    if (job->busy) finish(job);
    matrix_done_free(&job->result);
    mem_free(job);
}
