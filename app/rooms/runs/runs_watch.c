/* The thread that looks through the folder of runs once a second. */

#define _POSIX_C_SOURCE 200809L /* clock_gettime, pthread_condattr_setclock */
#include "app/rooms/runs/runs_watch.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

struct RunWatch {
    const Lab *lab;
    void (*wake)(void *context);
    void           *context;
    pthread_t       thread;
    pthread_mutex_t lock;
    pthread_cond_t  changed;
    bool            stops, seen, has_news, first;
    RunNews         news;
    RunScan         scan; /* the thread's */
};

/* A second, or less when it is to stop. Called and left with the lock held. */
static void rest(RunWatch *watch)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec++;
    while (!watch->stops) {
        if (pthread_cond_timedwait(&watch->changed, &watch->lock, &until) != 0) return;
    }
}

static void hand_over(RunWatch *watch, RunNews *news)
{
    news->first = watch->first;
    watch->first = false;
    watch->news = *news;
    watch->has_news = true;
    watch->seen = false;
    pthread_mutex_unlock(&watch->lock);
    watch->wake(watch->context);
    pthread_mutex_lock(&watch->lock);
}

static void *work(void *self)
{
    RunWatch *watch = self;
    pthread_mutex_lock(&watch->lock);
    while (!watch->stops) {
        if (watch->has_news || !watch->seen) { /* nobody looks */
            pthread_cond_wait(&watch->changed, &watch->lock);
            continue;
        }
        RunNews news;
        pthread_mutex_unlock(&watch->lock);
        bool ok = run_scan(&watch->scan, watch->lab, &news, NULL);
        pthread_mutex_lock(&watch->lock);
        if (ok && (watch->first || news.fresh.count > 0 || news.gone_count > 0)) {
            hand_over(watch, &news);
        }
        rest(watch);
    }
    pthread_mutex_unlock(&watch->lock);
    return NULL;
}

static bool start(RunWatch *watch, Error *err)
{
    pthread_condattr_t attributes;
    sigset_t           all, before;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&watch->lock, NULL);
    pthread_cond_init(&watch->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool ok = pthread_create(&watch->thread, NULL, work, watch) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ok || error_set(err, ERR_MEMORY, tr("no thread could be started"));
}

static void give_up(RunWatch *watch)
{
    pthread_cond_destroy(&watch->changed);
    pthread_mutex_destroy(&watch->lock);
    run_scan_free(&watch->scan);
    run_news_free(&watch->news);
    mem_free(watch);
}

RunWatch *run_watch_create(const Lab *lab, void (*wake)(void *context), void *context, Error *err)
{
    RunWatch *watch = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *watch, err);
    if (watch == NULL) return NULL;
    watch->lab = lab;
    watch->wake = wake;
    watch->context = context;
    watch->first = watch->seen = true;
    if (start(watch, err)) return watch;
    give_up(watch);
    return NULL;
}

void run_watch_free(RunWatch *watch)
{
    if (watch == NULL) return;
    pthread_mutex_lock(&watch->lock);
    watch->stops = true;
    pthread_cond_signal(&watch->changed);
    pthread_mutex_unlock(&watch->lock);
    pthread_join(watch->thread, NULL);
    give_up(watch);
}

void run_watch_seen(RunWatch *watch)
{
    pthread_mutex_lock(&watch->lock);
    bool slept = !watch->seen;
    watch->seen = true;
    if (slept) pthread_cond_signal(&watch->changed);
    pthread_mutex_unlock(&watch->lock);
}

bool run_watch_take(RunWatch *watch, RunNews *news)
{
    pthread_mutex_lock(&watch->lock);
    bool has = watch->has_news;
    if (has) {
        *news = watch->news;
        watch->news = (RunNews){0};
        watch->has_news = false;
        pthread_cond_signal(&watch->changed);
    }
    pthread_mutex_unlock(&watch->lock);
    return has;
}
