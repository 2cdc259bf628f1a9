#ifndef APP_PROGRESS_H
#define APP_PROGRESS_H

/*
 * Progress on standard error: one line renewed in place on a terminal (bar, loss, tokens/s, time
 * left), plain lines now and then on a pipe. Notes are lines of their own in both.
 */

#include "core/train/event.h"

typedef struct Progress {
    bool   quiet, terminal;
    bool   line_open;  /* a renewed line stands unfinished */
    double last_shown; /* clock */
    double seconds;    /* of all steps so far */
    Index  tokens, steps_seen, last_step;
    double loss;
} Progress;

void progress_init(Progress *progress, bool quiet);
void progress_event(void *context, const Event *event); /* a Sink's function */
void progress_end(Progress *progress);

#endif
