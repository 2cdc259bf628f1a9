/* Checksums: a thin layer over xxHash, whose state is put into our own counted memory. */

#include "core/base/hash.h"

#define XXH_STATIC_LINKING_ONLY /* makes the state's size known; nothing is linked statically */
#include <xxhash.h>

#include "core/base/mem.h"

struct Hasher {
    XXH3_state_t state;
};

uint64_t hash_bytes(const void *bytes, Index n)
{
    CHECK(n >= 0);
    return XXH3_64bits(bytes, (size_t)n);
}

Hasher *hasher_create(Error *err)
{
    Hasher *hasher = mem_alloc(mem_program(), MEM_SCRATCH, 1, sizeof *hasher, err);
    if (hasher != NULL) XXH3_64bits_reset(&hasher->state);
    return hasher;
}

void hasher_add(Hasher *hasher, const void *bytes, Index n)
{
    CHECK(n >= 0);
    if (n > 0) XXH3_64bits_update(&hasher->state, bytes, (size_t)n);
}

uint64_t hasher_value(const Hasher *hasher)
{
    return XXH3_64bits_digest(&hasher->state);
}

void hasher_free(Hasher *hasher)
{
    mem_free(hasher);
}

void hash_print(uint64_t hash, char out[17])
{
    for (int i = 0; i < 16; i++) out[i] = "0123456789abcdef"[hash >> (60 - 4 * i) & 15];
    out[16] = '\0';
}
