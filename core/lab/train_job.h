#ifndef CORE_LAB_TRAIN_JOB_H
#define CORE_LAB_TRAIN_JOB_H

/*
 * Everything one `train` needs, from its arguments to its summary. cmd_train.c runs the parts in
 * order; train_job.c makes and frees them; train_report.c tells what happened.
 */

#include "core/base/file.h"
#include "core/lab/lab.h"
#include "core/lab/load_data.h"
#include "core/lab/train_settings.h"
#include "core/train/runlog.h"
#include "core/train/trainer.h"

typedef struct TrainJob {
    Lab          *lab;
    const Args   *args;
    const Sink   *outer; /* the caller's */
    Sink          sink;  /* the caller's and the log */
    const Cancel *cancel;

    TrainSettings settings;
    LoraConfig    config; /* method lora */
    bool          full;
    Model        *model;   /* the Lab's */
    MemAccount   *account; /* of this run */
    Method       *method;
    Net          *net;
    Tape         *tape;
    Dataset      *train, *eval;
    bool          eval_is_train; /* no other data was there to measure on */
    char         *prompt;        /* to show text before and after; "" none */
    Trainer      *trainer;

    char       *out, *log_path;
    FolderLock *lock;
    RunLog     *log;

    EvalResult  before, after;
    Str         text_before, text_after;
    double      train_seconds, first_step_seconds;
    int64_t     tokens;
    int64_t     run_peak[MEM_PURPOSE_COUNT];
    int64_t     adapter_bytes;
    const char *finding, *finding_hint;
} TrainJob;

NODISCARD bool job_prepare(TrainJob *job, Error *err);  /* base, method, data, net */
NODISCARD bool job_open_out(TrainJob *job, Error *err); /* folder, lock, log */
NODISCARD bool job_make_trainer(TrainJob *job, Error *err);
NODISCARD bool job_generate(TrainJob *job, Str *text, Error *err); /* for the fixed prompt */
void           job_free(TrainJob *job);

/* Around the steps (cmd_train.c): the log's first line, what was measured before, the checkpoint
 * to go on from; and what is measured afterwards, the adapter on disk. */
NODISCARD bool job_begin(TrainJob *job, Error *err);
NODISCARD bool job_finish(TrainJob *job, Error *err);

void           job_send_start(TrainJob *job);
NODISCARD bool job_report(TrainJob *job, Result *result, Error *err);
void           job_report_modules(TrainJob *job, Result *result); /* those that are trained */
NODISCARD bool job_dry_run(TrainJob *job, Result *result, Error *err);
/* After ERR_MEMORY on a GPU: the hint becomes the largest smaller setting that fits. False. */
bool job_hint_smaller(TrainJob *job, Error *err);

#endif
