#ifndef CORE_ADAPT_METHOD_INTERNAL_H
#define CORE_ADAPT_METHOD_INTERNAL_H

/* What the ways of adapting share. */

#include "core/adapt/method.h"

/* Declare a trainable copy of a module's weight ('w'), gain ('g') or bias ('b') under the name
 * NAME + SUFFIX. Decay acts on weights only. */
NODISCARD Param *method_add_copy(ParamSet *set, const Model *model, int module, char which,
                                 const char *suffix, Error *err);
/* Fill a copy with the base's values. */
NODISCARD bool method_fill_copy(ParamSet *set, Param *param, const Model *model, Error *err);
/* The copy takes the base's place in the Net, if that place is free (ERR_INPUT), or leaves it. */
NODISCARD bool method_place_copy(Net *net, Param *param, Error *err);
void           method_remove_copy(Net *net, Param *param);
/* The copy of this parameter, or NULL. */
Param *method_find_copy(const Method *method, const Module *module, char which);
/* All values in host memory (mem_free), in the order of params. */
NODISCARD float *method_host_values(const Method *method, Error *err);

#endif
