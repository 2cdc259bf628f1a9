/*
 * Backends by name, and what they share about storage types.
 */

#include <stdio.h>
#include <string.h>

#include "core/base/pool.h"
#include "core/math/cuda/cuda.h"

static const struct {
    const char *name;
    Index       bytes;
} dtypes[] = {
    [DTYPE_F32] = {"F32", 4},
    [DTYPE_F16] = {"F16", 2},
    [DTYPE_BF16] = {"BF16", 2},
};
_Static_assert(sizeof dtypes / sizeof dtypes[0] == DTYPE_COUNT, "one row per DType");

static const char *const precisions[] = {
    [PRECISION_F32] = "f32", [PRECISION_TF32] = "tf32", [PRECISION_BF16] = "bf16"};
_Static_assert(sizeof precisions / sizeof precisions[0] == PRECISION_COUNT, "each has a name");

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

const char *precision_name(Precision precision)
{
    CHECK(precision < PRECISION_COUNT);
    return precisions[precision];
}

/* ---- by name ---------------------------------------------------------------------------- */

/* `why` says why auto did not take the GPU; NULL: it was not asked to. */
static bool knows_precision(const char *name, Precision precision, const char *why, Error *err)
{
    if (precision == PRECISION_F32) return true;
    error_set(err, ERR_INPUT, tr("--dtype %s is arithmetic of the cuda backend, this is %s"),
              precision_name(precision), name);
    return why != NULL ? error_hint(err, tr("auto takes cpu here: %s"), why)
                       : error_hint(err, "%s", tr("leave --dtype out, or use --backend cuda"));
}

static Backend *open_cpu(const BackendSpec *spec, const char *why, Error *err)
{
    if (!knows_precision("cpu", spec->precision, why, err)) return NULL;
    return backend_cpu_create(spec->threads != 0 ? spec->threads : pool_default_threads(), err);
}

/* As much of the reason as fits; what was cut ends with dots. */
static void add_reason(Backend *be, const char *why)
{
    size_t at = strlen(be->description), room = sizeof be->description - at;
    int    n = snprintf(be->description + at, room, tr("; no GPU: %s"), why);
    if (n < 0 || (size_t)n < room || room < 5) return;
    char *end = be->description + sizeof be->description - 4;
    while (end > be->description && ((unsigned char)*end & 0xC0) == 0x80) end--;
    memcpy(end, "...", 4);
}

static Backend *open_auto(const BackendSpec *spec, Error *err)
{
    char  why[256];
    Error failure = {0};
    if (cuda_offer(why, sizeof why)) {
        Backend *cuda = backend_cuda_create(spec->precision, &failure);
        if (cuda != NULL) return cuda;
        snprintf(why, sizeof why, "%.255s", failure.message);
    }
    Backend *cpu = open_cpu(spec, why, err);
    if (cpu != NULL) add_reason(cpu, why);
    return cpu;
}

Backend *backend_open(const BackendSpec *spec, Error *err)
{
    if (strcmp(spec->name, "auto") == 0) return open_auto(spec, err);
    if (strcmp(spec->name, "cpu") == 0) return open_cpu(spec, NULL, err);
    if (strcmp(spec->name, "cuda") == 0) return backend_cuda_create(spec->precision, err);
    if (strcmp(spec->name, "ref") == 0) {
        return knows_precision("ref", spec->precision, NULL, err) ? backend_ref_create(err) : NULL;
    }
    (void)error_set(err, ERR_INPUT, tr("there is no backend named \"%s\""), spec->name);
    (void)error_hint(err, "%s", tr("the backends are auto, cpu, cuda and ref"));
    return NULL;
}

Backend *backend_create(const char *name, int threads, Error *err)
{
    return backend_open(&(BackendSpec){.name = name, .threads = threads}, err);
}

Backend *backend_like(const Backend *be, int threads, Error *err)
{
    BackendSpec spec = {.name = be->name, .threads = threads, .precision = be->precision};
    return backend_open(&spec, err);
}
