#ifndef TESTS_TRAIN_RIG_H
#define TESTS_TRAIN_RIG_H

/* A whole training on one of the fixture models, for tests that need a real one. */

#include "core/train/trainer.h"

typedef struct Rig {
    Backend      *be;
    Model        *model;
    MemAccount   *account;
    Method       *method;
    Net          *net;
    Tape         *tape;
    Dataset      *data;
    Trainer      *trainer;
    TrainSettings settings;
    char          out[512];
} Rig;

typedef struct RigSpec {
    const char       *backend; /* "ref", "cpu" */
    int               threads;
    Precision         precision;
    const char       *adapter; /* a fixture folder to continue; NULL: a new adapter or full */
    bool              full;
    const LoraConfig *lora;     /* for a new adapter */
    const char       *model;    /* NULL: models/qwen2-tied */
    const char       *data;     /* a path; NULL: train/data.jsonl */
    Index             examples; /* only the first so many; 0: all */
    const char       *out;      /* checkpoints */
    const Sink       *sink;
    uint64_t          settings_hash, tokenizer_hash;
    uint64_t          other_base, other_data; /* added to the hashes */
} RigSpec;

/* Base tests/fixtures/models/qwen2-tied, data tests/fixtures/train/data.jsonl unless said. */
void rig_open(Rig *rig, const RigSpec *spec, const TrainSettings *settings);
void rig_close(Rig *rig);
/* trainer_step that must succeed. */
StepReport rig_step(Rig *rig);
/* Steps until `step` have been made. */
void rig_steps_to(Rig *rig, Index step);
/* Checksum of all trainable values; with moments and counters; of the adapter's file. */
uint64_t rig_hash(const Rig *rig);
uint64_t rig_state_hash(const Rig *rig);
uint64_t rig_adapter_hash(const Rig *rig);
/* Of the frozen base, all bytes. */
uint64_t rig_base_hash(const Rig *rig);

/* Put this test's folder into memory: a killed process loses nothing that it had written there,
 * and hundreds of saves need not wait for a disk. Before the first test_path. */
void rig_quick_disk(void);

/* The hard case for going on: dropout, accumulation that crosses epochs, a short last batch, a
 * new order each epoch, warm-up, decay and clipping. 7 examples, 6 steps. */
TrainSettings           rig_hard_settings(void);
extern const LoraConfig rig_hard_lora;
RigSpec                 rig_hard(const char *out);
enum { RIG_HARD_STEPS = 6 };

#endif
