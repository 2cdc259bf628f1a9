#ifndef TESTS_TRAIN_RIG_H
#define TESTS_TRAIN_RIG_H

/* A whole training on one of the fixture models, for tests that need a real one. */

#include "core/train/trainer.h"

typedef struct Rig {
    Backend    *be;
    Model      *model;
    MemAccount *account;
    Method     *method;
    Net        *net;
    Tape       *tape;
    Dataset    *data;
    Trainer    *trainer;
    TrainSettings settings;
} Rig;

typedef struct RigSpec {
    const char *backend; /* "ref", "cpu" */
    int         threads;
    const char *adapter; /* a fixture folder to continue; NULL: a new adapter or full */
    bool        full;
    const LoraConfig *lora; /* for a new adapter */
    const char *out;     /* checkpoints */
    const Sink *sink;
    uint64_t    settings_hash;
} RigSpec;

/* Base tests/fixtures/models/qwen2-tied, data tests/fixtures/train/data.jsonl in file order. */
void rig_open(Rig *rig, const RigSpec *spec, const TrainSettings *settings);
void rig_close(Rig *rig);
/* trainer_step that must succeed. */
StepReport rig_step(Rig *rig);
/* Checksum of all trainable values. */
uint64_t rig_hash(const Rig *rig);

#endif
