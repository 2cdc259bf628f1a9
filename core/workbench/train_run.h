#ifndef CORE_WORKBENCH_TRAIN_RUN_H
#define CORE_WORKBENCH_TRAIN_RUN_H

/*
 * One training in memory. verb_train.c has its arguments and result and runs the parts in order,
 * train_run.c makes and frees them, train_watch.c collects what the trainer tells,
 * train_record.c turns it into a record.
 */

#include "core/workbench/attach.h"

/* What was told step by step: growing columns of one series each. */
typedef struct Column {
    double *x, *y;
    Index   count, cap;
} Column;

typedef struct Sample {
    Index step;
    char *text;
} Sample;

typedef struct TrainRun {
    VerbCall      *call;
    Model         *model;
    Args          *settings_args; /* of the command `train`: what it takes from the same names */
    TrainSettings  settings;
    bool           full, measures; /* eval is not none */
    const Learned *from;           /* continue=NAME; NULL */
    const char    *data_name, *prompt;
    const Dataset *train, *eval;
    const Dataset *other; /* what else is measured: other=NAME; NULL */
    MemAccount    *account;
    Method        *method;
    Net           *net;
    Tape          *tape;
    Trainer       *trainer;
    Sink           sink; /* train_watch.c, which passes on to the call's */

    Column  loss, grad_norm, learning_rate, evals;
    Sample *samples;
    Index   sample_count, sample_cap;
    bool    deaf; /* out of memory while listening */
    double  seconds;
    int64_t tokens;
    Index   first_step; /* where it went on from; 0 */

    EvalResult  before, after; /* NaN where not measured */
    EvalResult  other_before, other_after;
    Str         text_before, text_after;
    bool        exploded, frozen_equal;
    const char *finding, *finding_hint;
    int64_t     peak[MEM_PURPOSE_COUNT];
} TrainRun;

NODISCARD bool train_prepare(TrainRun *run, Error *err);
/* Measure, train, measure again. An explosion is an outcome, not a failure. */
NODISCARD bool train_go(TrainRun *run, Error *err);
void           train_free(TrainRun *run);

/* train_watch.c */
void           train_listen(TrainRun *run);
NODISCARD bool train_heard(const TrainRun *run, Error *err);
NODISCARD bool column_add(Column *column, double x, double y, Error *err);
NODISCARD bool samples_add(TrainRun *run, Index step, const char *text, Error *err);
void           train_tell_eval(TrainRun *run, const EvalResult *result);

/* train_record.c */
NODISCARD Datum *train_record(TrainRun *run, Error *err);

#endif
