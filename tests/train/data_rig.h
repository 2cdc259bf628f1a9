#ifndef TESTS_TRAIN_DATA_RIG_H
#define TESTS_TRAIN_DATA_RIG_H

/* What lines of data are read with: a fixture tokenizer and a model's sizes. */

#include "core/train/dataset.h"

typedef struct DataRig {
    Tokenizer  *tok;
    ModelConfig config; /* as many ids as the tokenizer has, 64 positions, end token 0 */
    DataSpec    spec;
} DataRig;

/* tests/fixtures/tokenizers/NAME: qwen2 (ChatML), llama3 or gpt2 (no chat). */
void data_rig_open(DataRig *rig, const char *name);
void data_rig_close(DataRig *rig);
/* A small task. */
Grammar *data_rig_grammar(Error *err);

#endif
