#ifndef CORE_WORKBENCH_TIME_RUN_H
#define CORE_WORKBENCH_TIME_RUN_H

/* One setting that `time` measures: what is run, and the seconds of each repeat. */

#include "core/workbench/study.h"

typedef enum TimeKind { TIME_BASE, TIME_LORA, TIME_FULL, TIME_MERGED } TimeKind;

typedef enum TimePart {
    TIME_FORWARD,
    TIME_BACKWARD,
    TIME_OPTIMIZER,
    TIME_STEP,
    TIME_TOKEN,
    TIME_PARTS
} TimePart;

typedef struct TimeRun {
    Study   study;
    Optim  *optim; /* NULL: nothing trains */
    Merge  *merge; /* NULL: not merged */
    bool    trains, generates;
    double *seconds[TIME_PARTS]; /* [repeats]; NULL: not measured */
    Index   done;
} TimeRun;

/* By the arguments of `time`; an adapter= of a training where one was named. Close in any case. */
NODISCARD bool time_open(TimeRun *run, const VerbCall *call, TimeKind kind, Error *err);
void           time_close(TimeRun *run);
/* Two rounds of warm-up, then `repeats` rounds of all runs in turn. */
NODISCARD bool time_measure(TimeRun *runs, Index count, Index repeats, Error *err);
/* NaN: not measured. */
double time_median(const TimeRun *run, TimePart part);

#endif
