/*
 * Keys and values of the positions already seen, so that one more token costs one row. One
 * block per kind, layer by layer, counted as activations of the account.
 */

#include "core/model/net_internal.h"

static Index cache_floats(const KvCache *cache)
{
    return cache->model->config.L * cache->capacity * cache->width;
}

static float *cache_block(KvCache *cache, Error *err)
{
    Backend *be = cache->model->be;
    Index    bytes = cache_floats(cache) * (Index)sizeof(float);
    float   *block = be->alloc(be, bytes, err);
    if (block != NULL) mem_count(cache->account, be->space, MEM_ACTIVATIONS, bytes, bytes);
    return block;
}

KvCache *kvcache_create(const Model *model, Index capacity, MemAccount *account, Error *err)
{
    CHECK(capacity > 0);
    KvCache *cache = mem_alloc(account, MEM_TEXT, 1, sizeof *cache, err);
    if (cache == NULL) return NULL;
    cache->model = model;
    cache->account = account;
    cache->capacity = capacity;
    cache->width = model->config.G * model->config.K;
    cache->keys = cache_block(cache, err);
    if (cache->keys == NULL) goto fail;
    cache->values = cache_block(cache, err);
    if (cache->values == NULL) goto fail;
    return cache;

fail:
    kvcache_free(cache);
    return NULL;
}

static void free_block(KvCache *cache, float *block)
{
    if (block == NULL) return;
    Backend *be = cache->model->be;
    int64_t  bytes = (int64_t)cache_floats(cache) * (int64_t)sizeof(float);
    be->release(be, block);
    mem_count(cache->account, be->space, MEM_ACTIVATIONS, -bytes, -bytes);
}

void kvcache_free(KvCache *cache)
{
    if (cache == NULL) return;
    free_block(cache, cache->keys);
    free_block(cache, cache->values);
    mem_free(cache);
}

Index kvcache_length(const KvCache *cache)
{
    return cache->length;
}

Index kvcache_capacity(const KvCache *cache)
{
    return cache->capacity;
}

void kvcache_truncate(KvCache *cache, Index length)
{
    CHECK(length >= 0 && length <= cache->length);
    cache->length = length;
}

void kvcache_append(KvCache *cache, int layer, const Tensor *k, const Tensor *v, Tensor *keys,
                    Tensor *values)
{
    CHECK(cache->length + k->rows <= cache->capacity && k->cols == cache->width);

    Backend *be = cache->model->be;
    Index    base = layer * cache->capacity * cache->width;
    Index    at = base + cache->length * cache->width;
    Index    bytes = k->rows * cache->width * (Index)sizeof(float);
    be->copy(be, cache->keys + at, k->data, bytes);
    be->copy(be, cache->values + at, v->data, bytes);

    Tensor view = {.rows = cache->length + k->rows, .cols = cache->width, .is_param = true};
    *keys = view;
    *values = view;
    keys->data = cache->keys + base;
    values->data = cache->values + base;
}
