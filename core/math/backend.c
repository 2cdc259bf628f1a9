/*
 * Backends by name, and what they share about storage types.
 */

#include "core/math/ops.h"

#include <string.h>

static const struct {
    const char *name;
    Index       bytes;
} dtypes[] = {
    [DTYPE_F32] = {"F32", 4},
    [DTYPE_F16] = {"F16", 2},
    [DTYPE_BF16] = {"BF16", 2},
};
_Static_assert(sizeof dtypes / sizeof dtypes[0] == DTYPE_COUNT, "one row per DType");

Index dtype_bytes(DType dtype)
{
    CHECK(dtype < DTYPE_COUNT);
    return dtypes[dtype].bytes;
}

const char *dtype_name(DType dtype)
{
    CHECK(dtype < DTYPE_COUNT);
    return dtypes[dtype].name;
}

Backend *backend_create(const char *name, int threads, Error *err)
{
    if (strcmp(name, "ref") == 0) return backend_ref_create(err);
    if (strcmp(name, "cpu") == 0 || strcmp(name, "auto") == 0) {
        return backend_cpu_create(threads != 0 ? threads : pool_default_threads(), err);
    }
    if (strcmp(name, "cuda") == 0) {
        (void)error_set(err, ERR_DEVICE, tr("this program has no CUDA backend"));
        (void)error_hint(err, "%s", tr("--backend cpu runs everywhere"));
        return NULL;
    }
    (void)error_set(err, ERR_INPUT, tr("there is no backend named \"%s\""), name);
    (void)error_hint(err, "%s", tr("the backends are auto, cpu and ref"));
    return NULL;
}
