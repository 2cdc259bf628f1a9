#ifndef CORE_TRAIN_TRAINER_H
#define CORE_TRAIN_TRAINER_H

/*
 * The training loop. One optimizer step is
 *
 *   for each micro-batch: rows -> forward -> loss -> backward (gradients add up)
 *   gradients_ready        all gradients complete and flat: the one point where several ranks
 *                          will be summed
 *   norm, clip, hooks, optimizer, next step number
 *
 * Loss of a step = sum over the targets of the whole accumulated batch / their number.
 * Weights, moments and counters change only at the end of a step: a step given up half-way
 * (cancel, out of memory, not finite) changes nothing.
 */

#include "core/adapt/method.h"
#include "core/train/evaluate.h"
#include "core/train/optim.h"

typedef struct TrainSettings {
    Index        max_steps;        /* 0: num_train_epochs decides */
    double       num_train_epochs; /* > 0 */
    Index        batch;            /* per_device_train_batch_size */
    Index        accumulation;     /* gradient_accumulation_steps */
    double       learning_rate;
    ScheduleKind schedule;
    Index        warmup_steps;     /* wins over the ratio when > 0 */
    double       warmup_ratio;
    OptimSpec    optim;
    double       max_grad_norm;    /* 0: no clipping */
    Index        max_length;
    bool         packing, shuffle, gradient_checkpointing;
    Index        eval_steps, save_steps, save_total_limit; /* 0: never / never / keep all */
    Index        sample_steps, modules_steps, memory_steps;  /* 0: never */
    uint64_t     seed;
} TrainSettings;
void train_settings_init(TrainSettings *settings); /* transformers' defaults where they exist */

/* A training's whole state; on disk a checkpoint, in memory a snapshot. Host memory. */
typedef struct TrainState {
    Index   step;          /* optimizer steps made */
    Index   micro;         /* micro-batches consumed */
    int64_t tokens;        /* tokens seen */
    int64_t optim_t;
    Index   total;         /* floats in each of the arrays */
    float  *values, *m, *v; /* [total]; m, v NULL as in Optim */
} TrainState;
void train_state_free(TrainState *state);

typedef struct StepReport {
    Index  step, targets, tokens; /* step counts from 1 */
    double loss, grad_norm, learning_rate, seconds, epoch;
} StepReport;

typedef struct Trainer Trainer;
typedef struct TrainerSpec {
    TrainSettings  settings;
    Net           *net;    /* the method is attached to it */
    Method        *method;
    Tape          *tape;
    const Dataset *train;
    const Dataset *eval;   /* or NULL */
    Sink           sink;
    const char    *out;    /* checkpoints go to OUT/checkpoint-N; NULL: none */
    uint64_t       settings_hash, base_hash, data_hash, tokenizer_hash; /* for resume */
    /* Text for EVENT_SAMPLE, or NULL. */
    bool (*sample)(void *context, Str *text, Error *err);
    void *sample_context;
} TrainerSpec;

NODISCARD Trainer *trainer_create(const TrainerSpec *spec, Error *err);
void               trainer_free(Trainer *trainer);
Index              trainer_total_steps(const Trainer *trainer);
Index              trainer_step_number(const Trainer *trainer); /* steps made */
/* One optimizer step. ERR_CANCELLED, ERR_NUMERIC, ERR_MEMORY leave the state as it was. */
NODISCARD bool trainer_step(Trainer *trainer, const Cancel *cancel, StepReport *report, Error *err);
/* To the last step, with evaluations, samples and checkpoints as the settings say. A cancel
 * saves a checkpoint of the state before the step under way, then returns ERR_CANCELLED. */
NODISCARD bool trainer_run(Trainer *trainer, const Cancel *cancel, Error *err);
/* What trainer_run does after each step, for who makes the steps alone: tells the step, then
 * norms, memory, evaluation, text and checkpoint where the settings ask for them. The step stays
 * made when this fails. */
NODISCARD bool trainer_follow(Trainer *trainer, const StepReport *report, const Cancel *cancel,
                              Error *err);

NODISCARD TrainState *trainer_snapshot(const Trainer *trainer, Error *err);
NODISCARD bool        trainer_restore(Trainer *trainer, const TrainState *state, Error *err);

/* OUT/checkpoint-STEP, complete or absent: MANIFEST.json with sizes and checksums of every
 * file, the state in float32, and the adapter (or model) as users read it. Older ones beyond
 * save_total_limit are removed afterwards. */
NODISCARD bool trainer_save(Trainer *trainer, Error *err);
/* From that folder: checked against its manifest and against this run's hashes (ERR_MISMATCH
 * names what differs). */
NODISCARD bool trainer_resume(Trainer *trainer, const char *folder, Error *err);
/* The complete checkpoint with the highest step in OUT (mem_free), *found NULL when none. */
NODISCARD bool checkpoint_last(const char *out, char **found, Error *err);

/* What went wrong in a run, in words, from its losses and norms: diverged, dead gradients,
 * nothing learned, rate far off. NULL when nothing is to be said. Static text per finding. */
typedef struct RunHealth {
    double first_loss, last_loss, best_loss; /* means of the first and last tenth */
    double highest_loss;                     /* of all steps that are remembered */
    double last_grad_norm, first_grad_norm, max_grad_norm;
    Index  steps;
    double uniform_loss; /* ln V */
    /* What the caller measured before the first step, 0: not measured. */
    double untrained_loss; /* on examples of the same kind */
    double start_change;   /* norm of scale B A of a new adapter */
} RunHealth;
const char *diagnose(const RunHealth *health, const char **hint);
void        trainer_health(const Trainer *trainer, RunHealth *health);

#endif
