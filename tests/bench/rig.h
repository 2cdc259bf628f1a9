#ifndef TESTS_BENCH_RIG_H
#define TESTS_BENCH_RIG_H

/*
 * A training with everything it needs, whose backend is watched (trace.h). The process ends
 * with a message where something fails: a bench has nobody to tell.
 */

#include "core/train/trainer.h"
#include "tests/bench/trace.h"

typedef struct Rig {
    Backend      *cpu; /* or what rig_open_*_on was given */
    Trace         trace;
    Model        *model;
    MemAccount   *account;
    Method       *method;
    Net          *net;
    Tape         *tape;
    Tokenizer    *tok;
    Dataset      *data;
    TrainSettings settings;
    Trainer      *trainer;
} Rig;

/* Qwen2 with random float32 weights; tied head. */
ModelConfig rig_config(Index V, Index D, Index L, Index H, Index G, Index K, Index F);
/* Random weights and random examples of `length` tokens, all of them targets, `batch` a step;
 * LoRA on q and v. */
void rig_open_random(Rig *rig, int threads, const ModelConfig *config, Index batch, Index length);
/* The base in FOLDER on the task of a grammar; LoRA on all linear maps, as the lab does. */
void rig_open_task(Rig *rig, int threads, const char *folder, const char *grammar, Index batch);
/* The same on any backend, which is the rig's from now on and is not watched; and with a model of
 * that backend, LoRA on all linear maps. */
void rig_open_task_on(Rig *rig, Backend *be, const char *folder, const char *grammar, Index batch);
void rig_open_model_on(Rig *rig, Backend *be, Model *model, Index batch, Index length);
void rig_close(Rig *rig);
StepReport rig_step(Rig *rig);

/* Until all that the backend was asked for is done. */
void rig_wait(Backend *be);
/* End the process when err holds a failure. */
void rig_check(bool ok, const Error *err);

#endif
