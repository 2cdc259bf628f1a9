#ifndef CORE_TRAIN_RUNLOG_H
#define CORE_TRAIN_RUNLOG_H

/*
 * The run log: JSON lines, one write a line; whatever plots, compares or reports reads it and
 * nothing else. Types and fields are those of Event ("start", "step", "eval", "modules",
 * "memory", "sample", "checkpoint", "resume", "end").
 */

#include "core/train/event.h"

typedef struct RunLog RunLog;
/* append: continue after a resume. Lines are written as events come. */
NODISCARD RunLog *runlog_open(const char *path, bool append, Error *err);
void              runlog_close(RunLog *log);
void              runlog_event(void *log, const Event *event); /* a Sink's function */
/* The first failure of writing (a full disk), if any. */
bool runlog_ok(const RunLog *log, Error *err);

/* Reading: skips unknown types and a torn last line; after "resume" at step k, older lines
 * beyond k do not count. */
typedef struct RunStep {
    Index  step;
    double loss, grad_norm, learning_rate, seconds;
    Index  tokens;
} RunStep;
typedef struct RunEval {
    Index  step;
    double loss, exact_match;
} RunEval;
/* Bytes by purpose, as one "memory" line has them. */
typedef struct RunMemory {
    Index   step;
    int64_t bytes[MEM_PURPOSE_COUNT];
} RunMemory;
/* Norms of the modules of one kind ("q_proj": all layers together) in one "modules" line. */
typedef struct RunNorm {
    Index  step;
    char   name[32];
    double gradient, change; /* of the gradients of A and B; of BA */
} RunNorm;
typedef struct RunData {
    RunStep   *steps;
    Index      step_count;
    RunEval   *evals;
    Index      eval_count;
    RunMemory *memory;
    Index      memory_count;
    RunNorm   *norms;
    Index      norm_count;
    char      *start; /* the start line's JSON, "" if none */
    char      *end;   /* the end line's JSON, "" while it runs */
} RunData;
NODISCARD RunData *runlog_read(const char *path, Error *err);
void               rundata_free(RunData *data);

#endif
