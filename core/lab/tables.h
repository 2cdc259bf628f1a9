#ifndef CORE_LAB_TABLES_H
#define CORE_LAB_TABLES_H

/* Rows of arguments that the command table is made of. */

#include "core/lab/command.h"

extern const ArgSpec train_args[], plan_args[], eval_args[], generate_args[], merge_args[],
    tokenize_args[], data_args[], pretrain_args[], plot_args[], lessons_args[], run_args[],
    lab_args[], notes_args[],
    no_args[];

#endif
