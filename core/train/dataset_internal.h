#ifndef CORE_TRAIN_DATASET_INTERNAL_H
#define CORE_TRAIN_DATASET_INTERNAL_H

/* Between dataset.c (the list) and dataset_line.c (what a line means). */

#include "core/train/dataset.h"

/* Add one example: cut at the limit, counted, dropped when no target is left. Takes the arrays
 * over on success when it keeps them (they are emptied then). */
NODISCARD bool dataset_take(Dataset *data, Ids *ids, Ids *labels, Index prompt, bool completion,
                            const DataSpec *spec, Error *err);

NODISCARD bool dataset_add_text(Dataset *data, const char *text, Index n, const DataSpec *spec,
                                Error *err);
NODISCARD bool dataset_add_pair(Dataset *data, const char *prompt, Index prompt_len,
                                const char *completion, Index completion_len,
                                const DataSpec *spec, Error *err);

#endif
