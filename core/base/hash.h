#ifndef CORE_BASE_HASH_H
#define CORE_BASE_HASH_H

/*
 * Checksums (XXH3 of the xxHash library, 64 bits): of a base model, a dataset, a tokenizer, a
 * checkpoint's files. They find accidents, not forgeries.
 */

#include "core/base/error.h"

uint64_t hash_bytes(const void *bytes, Index n);

typedef struct Hasher Hasher; /* for data that comes in parts */
NODISCARD Hasher *hasher_create(Error *err);
void              hasher_add(Hasher *hasher, const void *bytes, Index n);
uint64_t          hasher_value(const Hasher *hasher);
void              hasher_free(Hasher *hasher);

/* 16 hexadecimal digits and NUL. */
void hash_print(uint64_t hash, char out[17]);

#endif
