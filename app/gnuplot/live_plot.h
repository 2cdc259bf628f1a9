#ifndef APP_LIVE_PLOT_H
#define APP_LIVE_PLOT_H

/*
 * `train --plot`: a listener between the training and its progress. It keeps the losses, hands
 * the newest picture to gnuplot's pipe when that is ready, and never waits: the training's steps
 * take as long as without it. At the end the losses are drawn as text, whether there was a
 * window or not.
 */

#include "core/train/event.h"

typedef struct LivePlot LivePlot;

/* Everything is passed on to `next`, which must outlive it. */
NODISCARD LivePlot *live_plot_create(const Sink *next, Error *err);
void                live_plot_event(void *live, const Event *event); /* a Sink's function */
/* Close the window, draw on stderr, free. NULL-safe. */
void live_plot_end(LivePlot *live);

#endif
