/* The thread that writes files. What it works on is its own until it says that it is done. */

#include "app/rooms/runs/runs_job.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "app/gnuplot/gnuplot.h"
#include "core/base/file.h"
#include "core/base/mem.h"

enum { WIDTH = 960, HEIGHT = 600 };
#define DRAW_SECONDS 2.0

struct ExportJob {
    void (*wake)(void *context);
    void       *context;
    pthread_t   thread;
    bool        busy;
    atomic_bool done;
    Export      what;
    Error       err;
};

/* ---- writing ---------------------------------------------------------------------------- */

void export_free(Export *what)
{
    mem_free(what->path);
    figure_free(what->figure);
    str_free(&what->text);
    *what = (Export){0};
}

static bool through_gnuplot(const Export *what, Error *err)
{
    Gnuplot *gnuplot = gnuplot_start(what->terminal, err);
    if (gnuplot == NULL) return error_hint(err, tr(".svg, .csv and .md need no gnuplot"));
    gnuplot_show(gnuplot, what->figure, WIDTH, HEIGHT, what->path);
    bool ok = gnuplot_finish(gnuplot, DRAW_SECONDS, err);
    gnuplot_stop(gnuplot);
    return ok;
}

bool export_write(const Export *what, Error *err)
{
    if (what->terminal != NULL) return through_gnuplot(what, err);
    return str_ok(&what->text, err) &&
           file_write_all(what->path, str_text(&what->text), what->text.len, err);
}

/* ---- the thread ------------------------------------------------------------------------- */

ExportJob *export_job_create(void (*wake)(void *context), void *context, Error *err)
{
    ExportJob *job = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *job, err);
    if (job == NULL) return NULL;
    job->wake = wake;
    job->context = context;
    return job;
}

static void *work(void *self)
{
    ExportJob *job = self;
    (void)!export_write(&job->what, &job->err);
    atomic_store(&job->done, true);
    job->wake(job->context);
    return NULL;
}

const char *export_job_path(const ExportJob *job)
{
    return job->busy ? job->what.path : NULL;
}

bool export_job_start(ExportJob *job, Export *what, Error *err)
{
    sigset_t all, before;
    CHECK(!job->busy);
    job->what = *what;
    job->err = (Error){0};
    *what = (Export){0};
    atomic_store(&job->done, false);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    job->busy = pthread_create(&job->thread, NULL, work, job) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (job->busy) return true;
    export_free(&job->what);
    return error_set(err, ERR_MEMORY, tr("no thread could be started"));
}

static void finish(ExportJob *job)
{
    pthread_join(job->thread, NULL);
    job->busy = false;
}

bool export_job_take(ExportJob *job, Export *what, Error *err)
{
    if (!job->busy || !atomic_load(&job->done)) return false;
    finish(job);
    *what = job->what;
    *err = job->err;
    job->what = (Export){0};
    return true;
}

void export_job_free(ExportJob *job)
{
    if (job == NULL) return;
    if (job->busy) finish(job);
    export_free(&job->what);
    mem_free(job);
}
