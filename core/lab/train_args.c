/*
 * The arguments of `train`, and of `plan`, which takes the same settings without data. Names
 * are PEFT's LoraConfig and transformers' TrainingArguments.
 */

#include <stdint.h>

#include "core/lab/tables.h"

#define MANY 1e9

static const char *const methods[] = {"lora", "full", NULL};
static const char *const biases[] = {"none", "all", "lora_only", NULL};
static const char *const schedules[] = {"constant", "constant_with_warmup", "linear", "cosine",
                                        NULL};
static const char *const optims[] = {"adamw", "sgd", NULL};
static const char *const inits[] = {"true", "gaussian", "kaiming_normal", "xavier_normal",
                                    "variance_1", "variance_1_r", "variance_2_r", "variance_2_rk",
                                    "swapped", "broken_both_zero", "broken_both_random", NULL};

/* clang-format off: a row is a row */

#define BASE_ROW                                                                                  \
    {.name = "base", .type = ARG_PATH, .group = "Model",                                          \
     .help = "model folder in Hugging Face layout; the default is the tiny model that comes along"}

#define LORA_ROWS                                                                                 \
    {.name = "method", .type = ARG_CHOICE, .choices = methods, .fallback = "lora",                \
     .group = "Method", .help = "lora: two small matrices beside each target; full: all weights"}, \
    {.name = "r", .type = ARG_INT, .min = 1, .max = 1e5, .fallback = "8", .group = "LoRA",        \
     .help = "rank of the update: A is r x in, B is out x r"},                                    \
    {.name = "lora_alpha", .type = ARG_FLOAT, .min = 0, .max = MANY, .fallback = "16",            \
     .group = "LoRA", .help = "the update is scaled by lora_alpha / r"},                          \
    {.name = "lora_dropout", .type = ARG_FLOAT, .min = 0, .max = 0.999, .fallback = "0",          \
     .group = "LoRA", .help = "share of the branch's inputs dropped while training"},             \
    {.name = "target_modules", .type = ARG_TEXT, .fallback = "all-linear", .group = "LoRA",       \
     .help = "names separated by commas, all-linear, or a regular expression for whole names"},   \
    {.name = "exclude_modules", .type = ARG_TEXT, .group = "LoRA",                                \
     .help = "modules to leave out, names or a regular expression"},                              \
    {.name = "modules_to_save", .type = ARG_LIST, .group = "LoRA",                                \
     .help = "modules trained whole and stored with the adapter"},                                \
    {.name = "bias", .type = ARG_CHOICE, .choices = biases, .fallback = "none", .group = "LoRA",  \
     .help = "which biases of the base are trained too"},                                         \
    {.name = "lora_bias", .type = ARG_FLAG, .group = "LoRA", .help = "B has a bias of its own"},  \
    {.name = "use_rslora", .type = ARG_FLAG, .group = "LoRA",                                     \
     .help = "scale by lora_alpha / sqrt(r) instead"},                                            \
    {.name = "init_lora_weights", .type = ARG_CHOICE, .choices = inits, .fallback = "true",       \
     .group = "LoRA", .help = "how A and B start; true is PEFT's (A random, B zero)"},            \
    {.name = "rank_pattern", .type = ARG_MAP, .group = "LoRA",                                    \
     .help = "other ranks by name, {\"k_proj\": 4}"},                                             \
    {.name = "alpha_pattern", .type = ARG_MAP, .group = "LoRA",                                   \
     .help = "other alphas by name, {\"down_proj\": 32}"},                                        \
    {.name = "layers_to_transform", .type = ARG_LIST, .group = "LoRA",                            \
     .help = "layer numbers that get an adapter; all when not given"},                            \
    {.name = "materialized", .type = ARG_FLAG, .group = "LoRA",                                   \
     .help = "for study: build W + scale B A in each step, as slow and large as it is"}

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
    {.name = "learning_rate", .type = ARG_FLOAT, .min = 0, .max = 1e6, .group = "Optimizer",
     .help = "highest rate; the default is 5e-3 for lora and 1e-3 for full"},
    {.name = "lr_scheduler_type", .type = ARG_CHOICE, .choices = schedules, .fallback = "linear",
     .group = "Optimizer", .help = "how the rate changes after warm-up"},
    {.name = "warmup_steps", .type = ARG_INT, .min = 0, .max = MANY, .unit = "steps",
     .group = "Optimizer", .help = "steps in which the rate grows from 0; the default is 10"},
    {.name = "warmup_ratio", .type = ARG_FLOAT, .min = 0, .max = 1, .fallback = "0",
     .group = "Optimizer", .help = "the same as a share of all steps"},
    {.name = "weight_decay", .type = ARG_FLOAT, .min = 0, .max = 1e3, .fallback = "0",
     .group = "Optimizer", .help = "decoupled decay; not on biases and norms"},
    {.name = "adam_beta1", .type = ARG_FLOAT, .min = 0, .max = 0.999999, .fallback = "0.9",
     .group = "Optimizer", .help = "decay of the first moment"},
    {.name = "adam_beta2", .type = ARG_FLOAT, .min = 0, .max = 0.999999999, .fallback = "0.999",
     .group = "Optimizer", .help = "decay of the second moment"},
    {.name = "adam_epsilon", .type = ARG_FLOAT, .min = 0, .max = 1, .fallback = "1e-8",
     .group = "Optimizer", .help = "added to the root of the second moment"},
    {.name = "momentum", .type = ARG_FLOAT, .min = 0, .max = 0.999999, .fallback = "0.9",
     .group = "Optimizer", .help = "of SGD"},
    {.name = "max_grad_norm", .type = ARG_FLOAT, .min = 0, .max = MANY, .fallback = "1",
     .group = "Optimizer", .help = "gradients are scaled down to this norm; 0: never"},
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
