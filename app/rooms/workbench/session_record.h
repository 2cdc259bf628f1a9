#ifndef APP_ROOMS_WORKBENCH_SESSION_RECORD_H
#define APP_ROOMS_WORKBENCH_SESSION_RECORD_H

/*
 * What a training told, kept for the screen: made from events and nothing else, of fixed size, so
 * that listening never allocates and a copy is one assignment. A curve that has no more room keeps
 * means of neighbours, so an hour of training needs no more than a minute.
 */

#include "core/train/event.h"

enum {
    RECORD_STEPS = 2048,
    RECORD_EVALS = 512,
    RECORD_NORMS = 256,
    RECORD_KINDS = 12,
    RECORD_MODULES = 400,
    RECORD_MOMENTS = 256,
    RECORD_TEXT = 600
};

typedef enum RecordNorm { NORM_GRADIENT, NORM_A, NORM_B, NORM_BA, NORM_COUNT } RecordNorm;

/* Steps: number `count - 1` is the last whole mean of `stride` steps. */
typedef struct RecordSteps {
    Index  count, stride, pending;
    double x[RECORD_STEPS], loss[RECORD_STEPS], gradient[RECORD_STEPS], rate[RECORD_STEPS];
    double sum[3]; /* of the pending ones */
} RecordSteps;

typedef struct RecordEvals {
    Index  count;
    double x[RECORD_EVALS], loss[RECORD_EVALS], exact[RECORD_EVALS]; /* exact: -1 unknown */
} RecordEvals;

/* All modules of one kind together ("q_proj"): the root of the sum of squares. */
typedef struct RecordKind {
    char   name[32];
    double norm[NORM_COUNT][RECORD_NORMS];
} RecordKind;

typedef struct RecordModule {
    char   name[96];
    double norm[NORM_COUNT];
} RecordModule;

/* One moment inside a step. */
typedef struct RecordMoment {
    char    op[20];
    int     layer;
    int64_t bytes[MEM_PURPOSE_COUNT];
} RecordMoment;

typedef struct TrainRecord {
    Index  step, total;
    double loss, gradient, rate, epoch; /* of the last step */
    double seconds, tokens;             /* of the steps made since it was last let go on */
    Index  timed;                       /* how many those were */
    double eval_loss, exact;            /* the last measurement; NaN, -1: none */

    RecordSteps steps;
    RecordEvals evals;

    Index        norm_count; /* of each kind */
    double       norm_x[RECORD_NORMS];
    Index        kind_count, module_count;
    RecordKind   kinds[RECORD_KINDS];
    RecordModule modules[RECORD_MODULES]; /* the last line's */

    bool         has_memory;
    int64_t      memory[MEM_PURPOSE_COUNT]; /* of the run, at its peak */
    Index        moment_count, moment_step;
    RecordMoment moments[RECORD_MOMENTS]; /* one step, from its begin to its end */

    char  text[RECORD_TEXT]; /* for the fixed prompt */
    Index text_step;         /* -1: none yet */
    char  saved[256];        /* folder of the last checkpoint */
    char  note[300];
} TrainRecord;

void record_init(TrainRecord *record);
void record_event(TrainRecord *record, const Event *event);
/* What lies beyond a step is taken back: a rewind. */
void record_back(TrainRecord *record, Index step);
/* The speed counts from here: what was paused is not slow. */
void record_clock(TrainRecord *record);
/* The moments of one step, of at most RECORD_MOMENTS equal parts the highest. */
void record_moments(TrainRecord *record, Index step, const MemSample *samples, Index count);
/* Text that fits, cut between characters. */
void record_text(char *to, Index size, const char *text);

#endif
