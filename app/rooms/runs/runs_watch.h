#ifndef APP_ROOMS_RUNS_RUNS_WATCH_H
#define APP_ROOMS_RUNS_RUNS_WATCH_H

/*
 * The folder of runs, looked through again and again: what is new, what has grown, what is gone.
 * Reading logs is work, so it has a thread; it goes on only after somebody has looked at what it
 * found last.
 */

#include "core/lab/runs.h"

typedef struct RunStamp {
    char   *name;
    int64_t bytes;
    double  changed; /* seconds since 1970 */
    bool    seen;    /* in this round */
} RunStamp;

/* What the last rounds found; only one thread has it. */
typedef struct RunScan {
    RunStamp *list;
    Index     count;
} RunScan;

typedef struct RunNews {
    RunSet  fresh;   /* new, or grown and read again */
    double *changed; /* [fresh.count] */
    char  **gone;    /* [gone_count] names */
    Index   gone_count;
    bool    first; /* it is the whole folder */
} RunNews;

/* One round. A run that cannot be read is passed over until it changes. */
NODISCARD bool run_scan(RunScan *scan, const Lab *lab, RunNews *news, Error *err);
void           run_scan_free(RunScan *scan);
void           run_news_free(RunNews *news);

typedef struct RunWatch RunWatch;
NODISCARD RunWatch     *run_watch_create(const Lab *lab, void (*wake)(void *context), void *context,
                                         Error *err);
void                    run_watch_free(RunWatch *watch); /* stops it; NULL-safe */
/* The list is being looked at. */
void run_watch_seen(RunWatch *watch);
/* True when there is news: the caller's to free. */
bool run_watch_take(RunWatch *watch, RunNews *news);

#endif
