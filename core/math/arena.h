#ifndef CORE_MATH_ARENA_H
#define CORE_MATH_ARENA_H

/*
 * An arena hands out pieces of a few large blocks of a backend's memory, first fit, and joins
 * holes when pieces come back. A step's tensors are born and released here: no system call,
 * no page fault after the first step. A piece counts as in use from birth to release; the
 * blocks count as reserved.
 */

#include "core/math/ops.h"

typedef struct Arena Arena;

/* All pieces count on `account` in the backend's space. */
NODISCARD Arena *arena_create(Backend *be, MemAccount *account, Error *err);
void             arena_free(Arena *arena); /* CHECKs that every piece came back; NULL-safe */

/* A piece of `bytes` (64-byte aligned, not zeroed), or NULL with ERR_MEMORY. */
NODISCARD void *arena_get(Arena *arena, MemPurpose purpose, Index bytes, Error *err);
void            arena_put(Arena *arena, void *piece); /* NULL-safe */
Index           arena_live(const Arena *arena);       /* pieces not yet put back */
/* Give blocks that hold no piece back to the system. */
void arena_trim(Arena *arena);

#endif
