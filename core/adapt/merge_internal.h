#ifndef CORE_ADAPT_MERGE_INTERNAL_H
#define CORE_ADAPT_MERGE_INTERNAL_H

/* What merging in memory and merging to disk share. */

#include "core/adapt/method_internal.h"

/* The value of one of a module's parameters ('w', 'g', 'b') with the adapter's change in it, in
 * out[n] on the host. base: the values before, on the host in float32. *changed false: the
 * method leaves it as it is, out is undefined. ERR_NUMERIC when a value is not finite. */
NODISCARD bool merge_values(const Method *method, const Module *module, char which,
                            const float *base, float *out, bool *changed, Error *err);
/* Whether the method changes it, without computing. */
bool  merge_changes(const Method *method, const Module *module, char which);
Index merge_count(const Module *module, char which); /* values; 0: the module has none */
/* A matrix as float32 on the host, and its bytes as stored. */
NODISCARD bool merge_get_matrix(Backend *be, Mat w, float *out, Error *err);

#endif
