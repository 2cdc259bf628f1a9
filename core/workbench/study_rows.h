#ifndef CORE_WORKBENCH_STUDY_ROWS_H
#define CORE_WORKBENCH_STUDY_ROWS_H

/* Rows of arguments that the study verbs share: PEFT's and transformers' names, as in `train`, with
 * what a lesson may ask for. */

#include "core/lab/setting_rows.h"

/* A row is a row. */
/* clang-format off */

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
    {.name = "optim", .type = ARG_CHOICE, .choices = SETTING_CHOICES("adamw", "sgd"),              \
     .fallback = "adamw", .group = "Steps", .help = "AdamW, or SGD with momentum"}

#define STUDY_SHAPE_ROW                                                                           \
    {.name = "shape", .type = ARG_TEXT, .group = "Model",                                         \
     .help = "another model's sizes by name (llama-2-7b, d4096 ...); the base when not given"}

/* clang-format on */

#endif
