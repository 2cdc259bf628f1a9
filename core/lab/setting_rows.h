#ifndef CORE_LAB_SETTING_ROWS_H
#define CORE_LAB_SETTING_ROWS_H

/* Rows of arguments that commands and the verbs of lessons share, so that a setting has one range,
 * one default and one explanation wherever it is asked for. */

#include "core/lab/command.h"

/* A row is a row. */
/* clang-format off */

#define SETTING_CHOICES(...) (const char *const[]){__VA_ARGS__, NULL}

/* All that lora_config_from reads. */
#define LORA_SETTING_ROWS                                                                         \
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
    {.name = "bias", .type = ARG_CHOICE, .choices = SETTING_CHOICES("none", "all", "lora_only"),  \
     .fallback = "none", .group = "LoRA", .help = "which biases of the base are trained too"},    \
    {.name = "lora_bias", .type = ARG_FLAG, .group = "LoRA", .help = "B has a bias of its own"},  \
    {.name = "use_rslora", .type = ARG_FLAG, .group = "LoRA",                                     \
     .help = "scale by lora_alpha / sqrt(r) instead"},                                            \
    {.name = "init_lora_weights", .type = ARG_CHOICE,                                             \
     .choices = SETTING_CHOICES("true", "gaussian", "kaiming_normal", "xavier_normal",            \
                                "variance_1", "variance_1_r", "variance_2_r", "variance_2_rk",    \
                                "swapped", "broken_both_zero", "broken_both_random"),             \
     .fallback = "true", .group = "LoRA",                                                         \
     .help = "how A and B start; true is PEFT's (A random, B zero)"},                             \
    {.name = "rank_pattern", .type = ARG_MAP, .group = "LoRA",                                    \
     .help = "other ranks by name, {\"k_proj\": 4}"},                                             \
    {.name = "alpha_pattern", .type = ARG_MAP, .group = "LoRA",                                   \
     .help = "other alphas by name, {\"down_proj\": 32}"},                                        \
    {.name = "layers_to_transform", .type = ARG_LIST, .group = "LoRA",                            \
     .help = "layer numbers that get an adapter; all when not given"},                            \
    {.name = "materialized", .type = ARG_FLAG, .group = "LoRA",                                   \
     .help = "for study: build W + scale B A in each step, as slow and large as it is"}

#define OPTIMIZER_SETTING_ROWS                                                                    \
    {.name = "learning_rate", .type = ARG_FLOAT, .min = 0, .max = 1e6, .group = "Optimizer",      \
     .help = "highest rate; the default is 5e-3 for lora and 1e-3 for full"},                     \
    {.name = "lr_scheduler_type", .type = ARG_CHOICE,                                             \
     .choices = SETTING_CHOICES("constant", "constant_with_warmup", "linear", "cosine"),          \
     .fallback = "linear", .group = "Optimizer", .help = "how the rate changes after warm-up"},   \
    {.name = "warmup_steps", .type = ARG_INT, .min = 0, .max = 1e9, .unit = "steps",              \
     .group = "Optimizer", .help = "steps in which the rate grows from 0; the default is 10"},    \
    {.name = "warmup_ratio", .type = ARG_FLOAT, .min = 0, .max = 1, .fallback = "0",              \
     .group = "Optimizer", .help = "the same as a share of all steps"},                           \
    {.name = "weight_decay", .type = ARG_FLOAT, .min = 0, .max = 1e3, .fallback = "0",            \
     .group = "Optimizer", .help = "decoupled decay; not on biases and norms"},                   \
    {.name = "adam_beta1", .type = ARG_FLOAT, .min = 0, .max = 0.999999, .fallback = "0.9",       \
     .group = "Optimizer", .help = "decay of the first moment"},                                  \
    {.name = "adam_beta2", .type = ARG_FLOAT, .min = 0, .max = 0.999999999, .fallback = "0.999",  \
     .group = "Optimizer", .help = "decay of the second moment"},                                 \
    {.name = "adam_epsilon", .type = ARG_FLOAT, .min = 0, .max = 1, .fallback = "1e-8",           \
     .group = "Optimizer", .help = "added to the root of the second moment"},                     \
    {.name = "momentum", .type = ARG_FLOAT, .min = 0, .max = 0.999999, .fallback = "0.9",         \
     .group = "Optimizer", .help = "of SGD"},                                                     \
    {.name = "max_grad_norm", .type = ARG_FLOAT, .min = 0, .max = 1e9, .fallback = "1",           \
     .group = "Optimizer", .help = "gradients are scaled down to this norm; 0: never"}

/* clang-format on */

#endif
