#ifndef CORE_BASE_JSON_INTERNAL_H
#define CORE_BASE_JSON_INTERNAL_H

/* The parts of reading JSON that do not need jansson. */

#include "core/base/error.h"

/* Memory that is given back as a whole. Start from {0}. Each piece asks the fault rig. */
typedef struct JsonArena {
    struct JsonChunk *chunks;
    Index             next_size;
    bool              failed; /* a piece could not be had, however the caller took it */
} JsonArena;

void *json_arena_alloc(JsonArena *arena, Index n); /* NULL and failed when there is none */
void  json_arena_free(JsonArena *arena);

/* Rewrite integers beyond 64 bits as reals of the same length (123456 -> 1234e2). Tokenizers of
 * Hugging Face say "no limit" as 1000000000000000019884624838656. Returns how many there were. */
int json_soften_integers(char *text, Index len);

#endif
