#ifndef CORE_WORKBENCH_STUDY_ROWS_H
#define CORE_WORKBENCH_STUDY_ROWS_H

/* Rows of arguments that the study verbs share: PEFT's and transformers' names, as in `train`, with
 * what a lesson may ask for. */

#include "core/lab/command.h"

/* A row is a row. */
/* clang-format off */

#define STUDY_CHOICES(...) (const char *const[]){__VA_ARGS__, NULL}

/* All that lora_config_from reads. */
#define STUDY_LORA_ROWS                                                                           \
    {.name = "r", .type = ARG_INT, .min = 1, .max = 1e5, .fallback = "8", .group = "LoRA",        \
     .help = "rank of the update: A is r x in, B is out x r"},                                    \
    {.name = "lora_alpha", .type = ARG_FLOAT, .min = 0, .max = 1e9, .fallback = "16",             \
     .group = "LoRA", .help = "the update is scaled by lora_alpha / r"},                          \
    {.name = "lora_dropout", .type = ARG_FLOAT, .min = 0, .max = 0.999, .fallback = "0",          \
     .group = "LoRA", .help = "share of the branch's inputs dropped while training"},             \
    {.name = "target_modules", .type = ARG_TEXT, .fallback = "all-linear", .group = "LoRA",       \
     .help = "names separated by commas, all-linear, or a regular expression for whole names"},   \
    {.name = "exclude_modules", .type = ARG_TEXT, .group = "LoRA",                                \
     .help = "modules to leave out, names or a regular expression"},                              \
    {.name = "modules_to_save", .type = ARG_LIST, .group = "LoRA",                                \
     .help = "modules trained whole and stored with the adapter"},                                \
    {.name = "bias", .type = ARG_CHOICE, .choices = STUDY_CHOICES("none", "all", "lora_only"),    \
     .fallback = "none", .group = "LoRA", .help = "which biases of the base are trained too"},    \
    {.name = "lora_bias", .type = ARG_FLAG, .group = "LoRA", .help = "B has a bias of its own"},  \
    {.name = "use_rslora", .type = ARG_FLAG, .group = "LoRA",                                     \
     .help = "scale by lora_alpha / sqrt(r) instead"},                                            \
    {.name = "init_lora_weights", .type = ARG_CHOICE,                                             \
     .choices = STUDY_CHOICES("true", "gaussian", "kaiming_normal", "xavier_normal",              \
                              "variance_1", "variance_1_r", "variance_2_r", "variance_2_rk",      \
                              "swapped", "broken_both_zero", "broken_both_random"),               \
     .fallback = "true", .group = "LoRA", .help = "how A and B start; true: A random, B zero"},   \
    {.name = "rank_pattern", .type = ARG_MAP, .group = "LoRA",                                    \
     .help = "other ranks by name, {\"k_proj\": 4}"},                                             \
    {.name = "alpha_pattern", .type = ARG_MAP, .group = "LoRA",                                   \
     .help = "other alphas by name, {\"down_proj\": 32}"},                                        \
    {.name = "layers_to_transform", .type = ARG_LIST, .group = "LoRA",                            \
     .help = "layer numbers that get an adapter; all when not given"},                            \
    {.name = "materialized", .type = ARG_FLAG, .group = "LoRA",                                   \
     .help = "for study: build W + scale B A in each step, as slow and large as it is"}

/* One batch: the first examples of a task. */
#define STUDY_DATA_ROWS                                                                           \
    {.name = "data", .type = ARG_TEXT, .fallback = "sql", .group = "Data", .help = "a task"},     \
    {.name = "per_device_train_batch_size", .type = ARG_INT, .min = 1, .max = 4096,               \
     .unit = "rows", .fallback = "16", .group = "Data", .help = "examples in the batch"},         \
    {.name = "max_length", .type = ARG_INT, .min = 2, .max = 1e6, .unit = "tokens",               \
     .group = "Data", .help = "longer examples are cut"}

#define STUDY_STEP_ROWS                                                                           \
    {.name = "gradient_checkpointing", .type = ARG_FLAG, .group = "Steps",                        \
     .help = "keep only each layer's input and compute the rest twice"},                          \
    {.name = "optim", .type = ARG_CHOICE, .choices = STUDY_CHOICES("adamw", "sgd"),               \
     .fallback = "adamw", .group = "Steps", .help = "AdamW, or SGD with momentum"}

#define STUDY_SHAPE_ROW                                                                           \
    {.name = "shape", .type = ARG_TEXT, .group = "Model",                                         \
     .help = "another model's sizes by name (llama-2-7b, d4096 ...); the base when not given"}

/* clang-format on */

#endif
