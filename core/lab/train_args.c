/*
 * The arguments of `train`, and of `plan`, which takes the same settings without data. Names
 * are PEFT's LoraConfig and transformers' TrainingArguments.
 */

#include <stdint.h>

#include "core/lab/setting_rows.h"
#include "core/lab/tables.h"

#define MANY 1e9

static const char *const methods[] = {"lora", "full", NULL};
static const char *const optims[] = {"adamw", "sgd", NULL};

/* clang-format off: a row is a row */

#define BASE_ROW                                                                                  \
    {.name = "base", .type = ARG_PATH, .group = "Model",                                          \
     .help = "model folder in Hugging Face layout; the default is the tiny model that comes along"}

#define LORA_ROWS                                                                                 \
    {.name = "method", .type = ARG_CHOICE, .choices = methods, .fallback = "lora",                \
     .group = "Method", .help = "lora: two small matrices beside each target; full: all weights"}, \
    LORA_SETTING_ROWS

#define STEP_ROWS                                                                                 \
    {.name = "per_device_train_batch_size", .type = ARG_INT, .min = 1, .max = 1e6,                \
     .unit = "rows", .fallback = "16", .group = "Steps", .help = "rows of a batch"},              \
    {.name = "gradient_accumulation_steps", .type = ARG_INT, .min = 1, .max = 1e6,                \
     .unit = "batches", .fallback = "1", .group = "Steps", .help = "batches added up for a step"}, \
    {.name = "max_length", .type = ARG_INT, .min = 2, .max = 1e7, .unit = "tokens",               \
     .group = "Steps", .help = "longer examples are cut; the model's positions when not given"},  \
    {.name = "gradient_checkpointing", .type = ARG_FLAG, .group = "Steps",                        \
     .help = "keep only each layer's input and compute the rest twice: less memory, slower"},     \
    {.name = "optim", .type = ARG_CHOICE, .choices = optims, .fallback = "adamw",                 \
     .group = "Optimizer", .help = "AdamW with decoupled decay, or SGD with momentum"}

const ArgSpec train_args[] = {
    BASE_ROW,
    {.name = "adapter", .type = ARG_PATH, .group = "Model",
     .help = "continue this adapter instead of starting a new one"},
    {.name = "data", .type = ARG_TEXT, .fallback = "sql", .group = "Data",
     .help = "a task (loralab data lists them) or a file of JSON lines"},
    {.name = "eval_data", .type = ARG_TEXT, .group = "Data",
     .help = "data to measure on; the default for a task is prompts held out of its training"},
    {.name = "examples", .type = ARG_INT, .min = 1, .max = 1e7, .fallback = "2000",
     .unit = "examples", .group = "Data", .help = "how many to draw from a task"},
    {.name = "eval_examples", .type = ARG_INT, .min = 1, .max = 1e6, .fallback = "150",
     .unit = "examples", .group = "Data", .help = "how many to measure on"},
    {.name = "out", .type = ARG_PATH, .group = "Output",
     .help = "folder for the adapter (or, with --method full, the model) and its checkpoints"},
    LORA_ROWS,
    {.name = "max_steps", .type = ARG_INT, .min = 1, .max = MANY, .unit = "steps",
     .group = "Steps", .help = "optimizer steps; the default is 500 when no epochs are given"},
    {.name = "num_train_epochs", .type = ARG_FLOAT, .min = 1e-6, .max = 1e6, .unit = "epochs",
     .group = "Steps", .help = "passes over the data, instead of max_steps"},
    STEP_ROWS,
    {.name = "packing", .type = ARG_FLAG, .group = "Steps",
     .help = "fill rows with several examples up to max_length; attention stays inside each"},
    {.name = "shuffle", .type = ARG_BOOL, .fallback = "true", .group = "Steps",
     .help = "a new order each epoch; false: file order, wrapping round"},
    OPTIMIZER_SETTING_ROWS,
    {.name = "eval_steps", .type = ARG_INT, .min = 0, .max = MANY, .unit = "steps",
     .fallback = "100", .group = "Output",
     .help = "measure on eval data this often; 0: only at the ends"},
    {.name = "save_steps", .type = ARG_INT, .min = 0, .max = MANY, .unit = "steps",
     .fallback = "250", .group = "Output", .help = "a checkpoint this often, with --out; 0: never"},
    {.name = "save_total_limit", .type = ARG_INT, .min = 0, .max = MANY, .unit = "checkpoints",
     .fallback = "2", .group = "Output", .help = "keep this many of the newest; 0: all"},
    {.name = "resume_from_checkpoint", .type = ARG_TEXT, .group = "Output",
     .help = "a checkpoint folder, or last: the newest complete one in --out"},
    {.name = "prompt", .type = ARG_TEXT, .group = "Output",
     .help = "shown with the text before and after; the default is the task's own"},
    {.name = "log", .type = ARG_PATH, .group = "Output",
     .help = "run log; the default is run.jsonl in --out or in the state folder"},
    {.name = "plot", .type = ARG_FLAG, .group = "Output",
     .help = "show the loss while it trains: in a gnuplot window, or as text at the end"},
    {.name = "dry_run", .type = ARG_FLAG, .group = "Output",
     .help = "only say what would be trained and how much memory it needs"},
    {.name = NULL},
};

const ArgSpec plan_args[] = {
    {.name = "base", .type = ARG_PATH, .group = "Model",
     .help = "model folder, or a folder or file with only a config.json"},
    LORA_ROWS,
    {.name = "length", .type = ARG_INT, .min = 1, .max = 1e7, .unit = "tokens", .fallback = "128",
     .group = "Steps", .help = "tokens of a row"},
    STEP_ROWS,
    {.name = "max_steps", .type = ARG_INT, .min = 1, .max = MANY, .unit = "steps",
     .fallback = "500", .group = "Steps", .help = "optimizer steps, for the time"},
    {.name = "weights", .type = ARG_CHOICE,
     .choices = (const char *const[]){"F32", "F16", "BF16", NULL}, .group = "Model",
     .help = "storage of the base; the default is what its config says"},
    {.name = NULL},
};
