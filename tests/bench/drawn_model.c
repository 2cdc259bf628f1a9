/*
 * Filling a large model with numbers quickly.
 */

#include "tests/bench/drawn_model.h"

#include <math.h>

#include "core/base/pool.h"
#include "core/math/convert.h"
#include "core/model/model_internal.h"

enum { PIECE = 1 << 14 };

/* splitmix64 of the place: 24 bits of it, as a number in (-1, 1). */
static float value_at(uint64_t place)
{
    uint64_t z = (place + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return ((float)(z >> 40) + 0.5f) * 0x1p-23f - 1.0f;
}

void drawn_values(void *out, DType dtype, Index n, float spread, uint64_t first)
{
    float values[256];
    for (Index at = 0; at < n; at += 256) {
        Index count = n - at < 256 ? n - at : 256;
        for (Index i = 0; i < count; i++) values[i] = spread * value_at(first + (uint64_t)(at + i));
        convert_from_f32((char *)out + at * dtype_bytes(dtype), dtype, values, count);
    }
}

typedef struct Fill {
    char    *out;
    DType    dtype;
    Index    n;
    float    spread;
    uint64_t first;
} Fill;

static void fill_piece(void *context, Index task, int worker)
{
    (void)worker;
    const Fill *f = context;
    Index       at = task * PIECE, n = f->n - at < PIECE ? f->n - at : PIECE;
    drawn_values(f->out + at * dtype_bytes(f->dtype), f->dtype, n, f->spread,
                 f->first + (uint64_t)at);
}

/* Uniform in (-s, s) has the standard deviation s/sqrt(3): that of model_random's numbers. */
static float spread_of(const Part *part)
{
    double std = part->module->role == ROLE_EMBED ? 0.04 : 1.0 / sqrt((double)part->module->in);
    return (float)(sqrt(3.0) * std);
}

static void fill_part(Pool *pool, const Part *part, uint64_t first, void *out)
{
    if (part->which == 'w') {
        Fill fill = {out, part->dtype, part->elements, spread_of(part), first};
        pool_run(pool, (part->elements + PIECE - 1) / PIECE, fill_piece, &fill);
        return;
    }
    float *values = out;
    for (Index i = 0; i < part->elements; i++) values[i] = part->which == 'g' ? 1.0f : 0.0f;
}

static bool fill_all(ModelOwner *owner, Pool *pool, Error *err)
{
    Index    longest = 0;
    uint64_t first = 0;
    for (Index i = 0; i < owner->part_count; i++) {
        if (owner->parts[i].elements > longest) longest = owner->parts[i].elements;
    }
    void   *host = mem_alloc_raw(mem_program(), MEM_SCRATCH, longest, sizeof(float), err);
    Hasher *hasher = host == NULL ? NULL : model_hasher(&owner->model.config, err);
    for (Index i = 0; hasher != NULL && i < owner->part_count; i++) {
        const Part *part = &owner->parts[i];
        fill_part(pool, part, first, host);
        model_put(owner, hasher, part, 0, host, part->elements);
        first += (uint64_t)part->elements;
    }
    if (hasher != NULL) owner->model.hash = hasher_value(hasher);
    bool ok = hasher != NULL;
    hasher_free(hasher);
    mem_free(host);
    return ok;
}

Model *drawn_model(const ModelConfig *config, Backend *be, MemAccount *account, Error *err)
{
    Pool *pool = pool_create(pool_default_threads(), err);
    if (pool == NULL) return NULL;
    ModelOwner *owner = model_create(config, be, account, err);
    bool        ok = owner != NULL && model_place(owner, err) && fill_all(owner, pool, err);
    pool_free(pool);
    if (ok) return &owner->model;
    if (owner != NULL) model_free(&owner->model);
    return NULL;
}
