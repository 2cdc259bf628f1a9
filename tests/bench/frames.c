/* A display whose clock ticks: the workbench is opened, left alone, let train, left. */

#define _GNU_SOURCE
#include "tests/bench/frames.h"

#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "app/screen/screen.h"
#include "core/lab/lab.h"

enum { FRAMES_MAX = 4096 };

typedef enum Phase { PHASE_OPENS, PHASE_RESTS, PHASE_BEGINS, PHASE_TRAINS, PHASE_OVER } Phase;

typedef struct Watch {
    Phase  phase;
    double since;          /* of the phase */
    double at[FRAMES_MAX]; /* of frames while it trains */
    int    count, rest;
    int    clock; /* a timerfd */
} Watch;

/* A room may say one thing more just after it is ready: then it rests. */
static const double settle_seconds = 0.5, rest_seconds = 2.5, train_seconds = 4, patience = 30;

static void next_phase(Watch *watch)
{
    watch->phase++;
    watch->since = clock_seconds();
}

static bool shows(const Grid *grid, const char *words)
{
    Str text = {0};
    grid_plain(&text, grid);
    bool found = strstr(str_text(&text), words) != NULL;
    str_free(&text);
    return found;
}

static void show(void *self, const Grid *grid, int row, int col)
{
    Watch *watch = self;
    (void)row;
    (void)col;
    if (watch->phase == PHASE_RESTS && clock_seconds() - watch->since > settle_seconds) {
        watch->rest++;
    }
    if (watch->phase == PHASE_TRAINS && watch->count < FRAMES_MAX) {
        watch->at[watch->count++] = clock_seconds();
    }
    if (watch->phase == PHASE_OPENS && shows(grid, "ready")) next_phase(watch);
    if (watch->phase == PHASE_BEGINS && shows(grid, "tokens/s")) next_phase(watch);
    if (watch->phase == PHASE_TRAINS && shows(grid, "recorded as")) next_phase(watch);
}

/* The clock wakes the loop without a key: nothing may be drawn for that. */
static bool read_key(void *self, Key *key)
{
    Watch   *watch = self;
    uint64_t ticks;
    double   took = clock_seconds() - watch->since;
    (void)!read(watch->clock, &ticks, sizeof ticks);
    if (watch->phase == PHASE_RESTS && took > rest_seconds) {
        next_phase(watch);
        *key = (Key){K_CHAR, 'p'};
        return true;
    }
    if (watch->phase == PHASE_TRAINS && took > train_seconds) next_phase(watch);
    if (watch->phase != PHASE_OVER && took < patience) return false;
    *key = (Key){.code = K_GONE};
    return true;
}

static void size(void *self, int *rows, int *cols)
{
    (void)self;
    *rows = 30;
    *cols = 100;
}

static void nothing(void *self)
{
    (void)self;
}

static void no_theme(void *self, Theme theme)
{
    (void)self;
    (void)theme;
}

static bool watch_lab(Watch *watch, Lab *lab)
{
    Error      err = {0};
    Cancel     cancel = {0};
    Display    display = {.self = watch,
                          .fd = watch->clock,
                          .size = size,
                          .read = read_key,
                          .show = show,
                          .redraw = nothing,
                          .theme = no_theme};
    ScreenSpec spec = {.lab = lab,
                       .display = &display,
                       .cancel = &cancel,
                       .signal_fd = -1,
                       .look = {.charset = CHARSET_BRAILLE},
                       .seed = 42,
                       .room = ROOM_WORKBENCH};
    watch->since = clock_seconds();
    (void)!screen_run(&spec, &err); /* ends as by hang-up */
    return watch->phase == PHASE_OVER && watch->count > 1;
}

static int busiest(const Watch *watch)
{
    int most = 0, from = 0;
    for (int i = 0; i < watch->count; i++) {
        while (watch->at[i] - watch->at[from] >= 1.0) from++;
        if (i - from + 1 > most) most = i - from + 1;
    }
    return most;
}

bool frames_count(double *most, double *rest, double *mean)
{
    static Watch            watch;
    const struct itimerspec ticks = {.it_interval.tv_nsec = 50000000, .it_value.tv_nsec = 50000000};
    Error                   err = {0};
    Lab                    *lab = lab_create(NULL, &err);
    watch.clock = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    bool ok = lab != NULL && watch.clock >= 0 &&
              timerfd_settime(watch.clock, 0, &ticks, NULL) == 0 && watch_lab(&watch, lab);
    if (watch.clock >= 0) close(watch.clock);
    lab_free(lab);
    if (!ok) return false;
    *most = busiest(&watch);
    *rest = watch.rest;
    *mean = (watch.count - 1) / (watch.at[watch.count - 1] - watch.at[0]);
    return true;
}
