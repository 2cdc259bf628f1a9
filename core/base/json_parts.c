/* The arena of a JSON document, and integers that are too long for one. */

#include <stdalign.h>
#include <stddef.h>
#include <string.h>

#include "core/base/json_internal.h"
#include "core/base/mem.h"

/* ---- the arena -------------------------------------------------------------------------- */

/* A line of a dataset fits into the first chunk; a vocabulary takes some of the largest. */
enum { CHUNK_FIRST = 2048, CHUNK_MAX = 1 << 20, ALIGN = alignof(max_align_t) };

typedef struct JsonChunk {
    struct JsonChunk *next;
    Index             used, size;
} JsonChunk;

enum { HEAD = (sizeof(JsonChunk) + ALIGN - 1) / ALIGN * ALIGN };

static JsonChunk *add_chunk(JsonArena *arena, Index n)
{
    if (arena->next_size == 0) arena->next_size = CHUNK_FIRST;
    Index      size = arena->next_size > n ? arena->next_size : n;
    JsonChunk *chunk = mem_alloc_raw(mem_program(), MEM_TEXT, HEAD + size, 1, NULL);
    if (chunk == NULL) return NULL;

    *chunk = (JsonChunk){.next = arena->chunks, .size = size};
    arena->chunks = chunk;
    if (arena->next_size < CHUNK_MAX) arena->next_size *= 2;
    return chunk;
}

void *json_arena_alloc(JsonArena *arena, Index n)
{
    CHECK(n >= 0 && n < PTRDIFF_MAX / 2);
    n = (n + ALIGN - 1) / ALIGN * ALIGN;
    JsonChunk *chunk = NULL;
    if (mem_may_allocate()) {
        chunk = arena->chunks;
        if (chunk == NULL || chunk->size - chunk->used < n) chunk = add_chunk(arena, n);
    }
    if (chunk == NULL) {
        arena->failed = true;
        return NULL;
    }
    char *bytes = (char *)chunk + HEAD + chunk->used;
    chunk->used += n;
    return bytes;
}

void json_arena_free(JsonArena *arena)
{
    while (arena->chunks != NULL) {
        JsonChunk *chunk = arena->chunks;
        arena->chunks = chunk->next;
        mem_free(chunk);
    }
}

/* ---- integers beyond 64 bits ------------------------------------------------------------ */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static bool too_big(const char *digits, Index n)
{
    return n > 19 || (n == 19 && memcmp(digits, "9223372036854775807", 19) > 0);
}

int json_soften_integers(char *text, Index len)
{
    int   softened = 0;
    bool  quoted = false;
    Index i = 0;
    while (i < len) {
        if (text[i] == '"') quoted = !quoted;
        if (quoted || !is_digit(text[i])) {
            i += quoted && text[i] == '\\' ? 2 : 1;
            continue;
        }
        Index start = i;
        while (i < len && is_digit(text[i])) i++;
        /* Digits after or before a point or an exponent belong to a real already. */
        bool real =
            (start > 0 && one_of(text[start - 1], ".eE+")) || (i < len && one_of(text[i], ".eE"));
        if (real || !too_big(text + start, i - start)) continue;
        text[i - 2] = 'e';
        text[i - 1] = '2';
        softened++;
    }
    return softened;
}
