/* All verbs, in the order of the help page; each is written in a file of its own. */

#include <string.h>

#include "core/workbench/expr_internal.h"
#include "core/workbench/verbs.h"

static const Verb *const table[] = {
    &verb_matrix, &verb_rank,     &verb_svd,      &verb_truncate,  &verb_matmul, &verb_compare,
    &verb_train,  &verb_eval,     &verb_generate, &verb_adapter,   &verb_merge,  &verb_unmerge,
    &verb_switch, &verb_tokenize, &verb_params,   &verb_gradients, &verb_memory, &verb_spectrum,
    &verb_time,   &verb_plan,     NULL,
};

const Verb *const *verb_table(void)
{
    return table;
}

const Verb *verb_find(const char *name)
{
    for (const Verb *const *verb = table; *verb != NULL; verb++) {
        if (strcmp((*verb)->command.name, name) == 0) return *verb;
    }
    return NULL;
}

const char *verb_nearest(const char *name)
{
    Nearest nearest = nearest_to(name);
    for (const Verb *const *verb = table; *verb != NULL; verb++) {
        nearest_offer(&nearest, (*verb)->command.name);
    }
    return nearest.best;
}
