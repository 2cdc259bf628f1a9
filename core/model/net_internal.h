#ifndef CORE_MODEL_NET_INTERNAL_H
#define CORE_MODEL_NET_INTERNAL_H

/* What net.c, forward.c and kvcache.c share. */

#include "core/model/net.h"

/* Everything a layer's forward needs besides x; kept in the Net because a checkpointed layer
 * is run again during the backward walk. */
typedef struct LayerContext {
    Net        *net;
    const Rows *rows;
    int         layer;
    bool        last;
    Index       key_at[2]; /* segment bounds of the keys when decoding with a cache */
} LayerContext;

struct KvCache {
    const Model *model;
    MemAccount  *account;
    Index        length, capacity;
    Index        width;       /* G*K */
    float       *keys, *values; /* [L, capacity, width] */
};

VectorRef net_gain(const Net *net, const Module *module);
bool      net_hooked(const Net *net, const Module *module);

/* Layer `layer`'s rows of the cache, as a tensor of length + N rows after N were appended. */
void kvcache_append(KvCache *cache, int layer, const Tensor *k, const Tensor *v, Tensor *keys,
                    Tensor *values);

#endif
