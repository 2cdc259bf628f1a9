#ifndef CORE_WORKBENCH_VERBS_H
#define CORE_WORKBENCH_VERBS_H

/* The verbs, one file each (verb_train.c ...); verb_table.c puts them in order. */

#include "core/workbench/verb.h"

extern const Verb verb_matrix, verb_rank, verb_svd, verb_truncate, verb_matmul, verb_compare;
extern const Verb verb_train, verb_eval, verb_generate, verb_adapter, verb_merge, verb_unmerge,
    verb_switch, verb_tokenize;
extern const Verb verb_params, verb_gradients, verb_memory, verb_spectrum, verb_time, verb_plan;

#endif
