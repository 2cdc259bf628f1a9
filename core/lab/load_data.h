#ifndef CORE_LAB_LOAD_DATA_H
#define CORE_LAB_LOAD_DATA_H

/* Data by name: a task of the data folder, or a file of JSON lines. */

#include "core/lab/lab.h"
#include "core/train/dataset.h"

typedef struct DataRequest {
    const char  *name;       /* task or file */
    GrammarSplit split;      /* tasks */
    Index        count;      /* tasks: how many; files: at most, 0 all */
    Index        max_length; /* 0: the model's positions */
    uint64_t     seed;
} DataRequest;

/* A file when the name has a '/' or ends in .jsonl or exists as a file; else a task. *sample: the
 * task's own sample prompt (mem_free), "" for files; may be NULL. */
NODISCARD Dataset *load_data(Lab *lab, const DataRequest *request, char **sample, Error *err);
bool               data_is_file(const char *name);
GrammarSplit       split_by_name(const char *name); /* "train", "heldout", "combos" */

#endif
