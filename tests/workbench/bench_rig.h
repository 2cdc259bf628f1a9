#ifndef TESTS_WORKBENCH_BENCH_RIG_H
#define TESTS_WORKBENCH_BENCH_RIG_H

/* A bench without a lesson around it: lines of the vocabulary, and what they return. */

#include "core/workbench/verb.h"

typedef struct BenchRig {
    Lab      *lab;
    Bench    *bench;
    Error     err;   /* of the last line */
    ExprFault fault; /* of the last line */
    Cancel    cancel;
    Sink      sink; /* NULL function: nobody listens */
} BenchRig;

/* Data in $LORALAB_DATA or data/, lesson seed 42, no memory limit. */
void bench_rig_open(BenchRig *rig, int threads);
void bench_rig_limited(BenchRig *rig, int threads, int64_t memory);
void bench_rig_close(BenchRig *rig);

/* Run a line; NULL leaves the error in the rig. */
const Datum *bench_try(BenchRig *rig, const char *line);
const Datum *bench_must(BenchRig *rig, const char *line);
void         bench_refuses(BenchRig *rig, const char *line, ErrorCode code, const char *words);
double       bench_number(BenchRig *rig, const char *expression); /* over the bench's values */
const char  *bench_word(const Datum *record, const char *key);    /* a text member */
/* The two are the same in every bit but for what a clock measured. */
bool datum_same(const Datum *a, const Datum *b);

/* A training of a few hundredths of a second; append further keys. */
#define QUICK_KEYS                                                                  \
    "examples=64 eval_examples=6 per_device_train_batch_size=4 learning_rate=1e-2 " \
    "lr_scheduler_type=constant prompt=\"\" "
#define QUICK_LORA "data=sql-lite target_modules=q_proj,v_proj r=2 "
#define QUICK_TRAIN "train " QUICK_LORA QUICK_KEYS "max_steps=4 "

#endif
