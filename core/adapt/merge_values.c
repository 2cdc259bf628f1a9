/*
 * One parameter with the adapter in it: W + scale B A, bias + scale bias', or the private copy
 * that trained in the base's place.
 */

#include <math.h>
#include <string.h>

#include "core/adapt/merge_internal.h"
#include "core/base/mem.h"
#include "core/math/convert.h"

Index merge_count(const Module *module, char which)
{
    switch (which) {
    case 'w':
        return module->gain != NULL ? 0 : module->in * module->out;
    case 'g':
        return module->gain != NULL ? module->out : 0;
    default:
        return module->bias != NULL ? module->out : 0;
    }
}

/* Asked of the parameters alone: an A or an 'm' of this module means a product or a bias. */
bool merge_changes(const Method *method, const Module *module, char which)
{
    if (method_find_copy(method, module, which) != NULL) return true;
    if (which == 'w') return method_find_copy(method, module, 'A') != NULL;
    return which == 'b' && method_find_copy(method, module, 'm') != NULL;
}

bool merge_get_matrix(Backend *be, Mat w, float *out, Error *err)
{
    Index n = w.rows * w.cols, bytes = n * dtype_bytes(w.dtype);
    void *raw = mem_alloc_raw(mem_program(), MEM_SCRATCH, bytes, 1, err);
    if (raw == NULL) return false;
    be->get(be, raw, w.data, bytes);
    convert_to_f32(out, raw, w.dtype, n);
    mem_free(raw);
    return true;
}

static bool check_finite(const Module *module, char which, const float *x, Index n, Error *err)
{
    for (Index i = 0; i < n; i++) {
        if (isfinite(x[i])) continue;
        (void)error_set(err, ERR_NUMERIC, "%s.%s: value %td would be %g after merging",
                        module->name, which == 'b' ? "bias" : "weight", i, (double)x[i]);
        return error_hint(err, "the adapter seems to be broken");
    }
    return true;
}

bool merge_values(const Method *method, const Module *module, char which, const float *base,
                  float *out, bool *changed, Error *err)
{
    Index  n = merge_count(module, which);
    Param *copy = method_find_copy(method, module, which);
    bool   added = false;
    if (copy != NULL) {
        param_get(method->params, copy, out);
    } else {
        memcpy(out, base, (size_t)n * sizeof *out);
    }
    if (which == 'w' && !method->add_delta(method, module, 1.0, out, &added, err)) return false;
    if (which == 'b' && !method->add_bias_delta(method, module, 1.0, out, &added, err)) {
        return false;
    }
    *changed = copy != NULL || added;
    return !*changed || check_finite(module, which, out, n, err);
}
