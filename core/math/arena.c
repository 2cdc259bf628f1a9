/*
 * An arena over a backend's memory.
 *
 * Each block is described by a sorted list of extents that cover it without a gap; an extent is
 * a piece in use or a hole, and two holes never stand side by side:
 *
 *     block   |  piece  |hole|  piece  |  piece  |      hole      |
 *
 * get   takes the first hole that is large enough, in the order of blocks and addresses, and
 *       leaves its rest as a hole. First fit keeps the upper end free, so that a step that asks
 *       for the same sizes in the same order finds the same addresses again.
 * put   turns the piece into a hole and joins it with hole neighbours.
 *
 * The list lives in host memory and the pieces are never touched: they may be device memory.
 * There are a few hundred extents at most, so scanning and shifting an array is quick; finding
 * a piece from its pointer is a bisection.
 *
 * Blocks are reserved under MEM_ACTIVATIONS: what an arena mostly holds. The lists themselves
 * are counted for the program, so that a run's account shows its tensors and nothing else.
 */

#include "core/math/arena.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN
#endif
#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#endif

#define ARENA_ALIGN 64
#define ARENA_BLOCK_MIN (1024 * 1024)

typedef struct Extent {
    Index      at;    /* offset in its block, a multiple of 64 */
    Index      size;  /* a multiple of 64 */
    Index      asked; /* bytes asked for; -1: a hole */
    MemPurpose purpose;
} Extent;

typedef struct Block {
    char   *data;
    Index   size;
    Extent *extents; /* sorted by `at` */
    Index   count, capacity;
} Block;

struct Arena {
    Backend    *be;
    MemAccount *account;
    Block      *blocks; /* in the order of their making */
    Index       count, capacity;
    Index       live, reserved_bytes;
};

Arena *arena_create(Backend *be, MemAccount *account, Error *err)
{
    Arena *arena = mem_alloc(mem_program(), MEM_SCRATCH, 1, sizeof *arena, err);
    if (arena == NULL) return NULL;
    arena->be = be;
    arena->account = account;
    return arena;
}

void arena_free(Arena *arena)
{
    if (arena == NULL) return;
    CHECK(arena->live == 0);
    arena_trim(arena);
    mem_free(arena->blocks);
    mem_free(arena);
}

Index arena_live(const Arena *arena)
{
    return arena->live;
}

static bool is_hole(const Extent *e)
{
    return e->asked < 0;
}

/* Under the address sanitizer whatever is not a live piece of host memory is out of bounds. */
static void forbid(const Arena *arena, const char *data, Index bytes)
{
#ifdef ARENA_ASAN
    if (arena->be->space == MEM_HOST) __asan_poison_memory_region(data, (size_t)bytes);
#endif
    (void)arena, (void)data, (void)bytes;
}

static void permit(const Arena *arena, const char *data, Index bytes)
{
#ifdef ARENA_ASAN
    if (arena->be->space == MEM_HOST) __asan_unpoison_memory_region(data, (size_t)bytes);
#endif
    (void)arena, (void)data, (void)bytes;
}

static void block_free(Arena *arena, Block *block)
{
    mem_count(arena->account, arena->be->space, MEM_ACTIVATIONS, 0, -(int64_t)block->size);
    arena->reserved_bytes -= block->size;
    permit(arena, block->data, block->size);
    arena->be->release(arena->be, block->data);
    mem_free(block->extents);
}

void arena_trim(Arena *arena)
{
    Index kept = 0;
    for (Index b = 0; b < arena->count; b++) {
        Block *block = &arena->blocks[b];
        if (block->count == 1 && is_hole(&block->extents[0])) {
            block_free(arena, block);
        } else {
            arena->blocks[kept++] = *block;
        }
    }
    arena->count = kept;
}

/* ---- taking ----------------------------------------------------------------------------- */

/* Room for one more element of an array that doubles. */
static void *room_for_one_more(void *array, Index count, Index *capacity, Index size, Error *err)
{
    if (count < *capacity) return array;
    Index grown = *capacity > 0 ? 2 * *capacity : 16;
    array = mem_resize(array, mem_program(), MEM_SCRATCH, grown, size, err);
    if (array != NULL) *capacity = grown;
    return array;
}

/* Make the hole `e` of the block a piece; the rest of it stays a hole. */
static bool take(Block *block, Index e, Index size, Index asked, MemPurpose purpose, Error *err)
{
    Extent hole = block->extents[e];
    if (hole.size > size) {
        Extent *extents = room_for_one_more(block->extents, block->count, &block->capacity,
                                            (Index)sizeof *extents, err);
        if (extents == NULL) return false;
        block->extents = extents;
        for (Index i = block->count; i > e + 1; i--) extents[i] = extents[i - 1];
        extents[e + 1] = (Extent){.at = hole.at + size, .size = hole.size - size, .asked = -1};
        block->count++;
    }
    block->extents[e] = (Extent){hole.at, size, asked, purpose};
    return true;
}

/* The first hole of at least `size` bytes: its block, and its place there in *e. */
static Block *find_hole(Arena *arena, Index size, Index *e)
{
    for (Index b = 0; b < arena->count; b++) {
        Block *block = &arena->blocks[b];
        for (*e = 0; *e < block->count; ++*e) {
            const Extent *extent = &block->extents[*e];
            if (is_hole(extent) && extent->size >= size) return block;
        }
    }
    return NULL;
}

static Index larger(Index a, Index b)
{
    return a > b ? a : b;
}

/* A large block means few of them; where a device has no room for that, what is needed will do. */
static char *block_memory(Arena *arena, Index size, Index *taken, Error *err)
{
    Backend *be = arena->be;
    Index    roomy = larger(size, ARENA_BLOCK_MIN);
    *taken = larger(roomy, arena->reserved_bytes / 4 / ARENA_ALIGN * ARENA_ALIGN);
    if (be->space == MEM_DEVICE && *taken > size) {
        char *data = be->alloc(be, *taken, NULL);
        if (data != NULL) return data;
        *taken = size;
    }
    return be->alloc(be, *taken, err);
}

/* A new block of at least `size` bytes, all of it one hole. */
static Block *grow(Arena *arena, Index size, Error *err)
{
    Block *blocks = room_for_one_more(arena->blocks, arena->count, &arena->capacity,
                                      (Index)sizeof *blocks, err);
    if (blocks == NULL) return NULL;
    arena->blocks = blocks;

    Block block = {0};
    block.extents = room_for_one_more(NULL, 0, &block.capacity, (Index)sizeof(Extent), err);
    if (block.extents == NULL) return NULL;
    block.data = block_memory(arena, size, &block.size, err);
    if (block.data == NULL) {
        mem_free(block.extents);
        return NULL;
    }
    forbid(arena, block.data, block.size);
    block.extents[0] = (Extent){.at = 0, .size = block.size, .asked = -1};
    block.count = 1;

    mem_count(arena->account, arena->be->space, MEM_ACTIVATIONS, 0, block.size);
    arena->reserved_bytes += block.size;
    blocks[arena->count] = block;
    return &blocks[arena->count++];
}

void *arena_get(Arena *arena, MemPurpose purpose, Index bytes, Error *err)
{
    CHECK(bytes >= 0);
    /* Asked for each piece, not only when a block is made: so a test can fail every one. */
    if (!mem_may_allocate() || bytes > PTRDIFF_MAX - ARENA_BLOCK_MIN) {
        (void)error_set(err, ERR_MEMORY, tr("out of memory: %lld more bytes were needed"),
                        (long long)bytes);
        return NULL;
    }
    Index  size = larger(1, (bytes + ARENA_ALIGN - 1) / ARENA_ALIGN) * ARENA_ALIGN;
    Index  e = 0;
    Block *block = find_hole(arena, size, &e);
    if (block == NULL) {
        block = grow(arena, size, err);
        e = 0;
    }
    if (block == NULL || !take(block, e, size, bytes, purpose, err)) return NULL;

    mem_count(arena->account, arena->be->space, purpose, bytes, 0);
    arena->live++;
    char *piece = block->data + block->extents[e].at;
    permit(arena, piece, bytes);
    return piece;
}

/* ---- giving back ------------------------------------------------------------------------ */

static Block *block_of(const Arena *arena, const char *piece)
{
    uintptr_t p = (uintptr_t)piece;
    for (Index b = 0; b < arena->count; b++) {
        Block    *block = &arena->blocks[b];
        uintptr_t start = (uintptr_t)block->data;
        if (p >= start && p - start < (uintptr_t)block->size) return block;
    }
    return NULL;
}

/* The last extent that starts at or below `at`. */
static Index extent_at(const Block *block, Index at)
{
    Index lo = 0, hi = block->count;
    while (hi - lo > 1) {
        Index mid = lo + (hi - lo) / 2;
        if (block->extents[mid].at <= at) {
            lo = mid;
        } else {
            hi = mid;
        }
    }
    return lo;
}

/* Extent e swallows its right neighbour if both are holes. */
static void join_right(Block *block, Index e)
{
    if (e < 0 || e + 1 >= block->count) return;
    Extent *extents = block->extents;
    if (!is_hole(&extents[e]) || !is_hole(&extents[e + 1])) return;
    extents[e].size += extents[e + 1].size;
    block->count--;
    for (Index i = e + 1; i < block->count; i++) extents[i] = extents[i + 1];
}

void arena_put(Arena *arena, void *piece)
{
    if (piece == NULL) return;
    Block *block = block_of(arena, piece);
    CHECK(block != NULL);
    Index   at = (char *)piece - block->data;
    Index   e = extent_at(block, at);
    Extent *extent = &block->extents[e];
    CHECK(extent->at == at && !is_hole(extent)); /* else: not a piece, or put back twice */

    mem_count(arena->account, arena->be->space, extent->purpose, -(int64_t)extent->asked, 0);
    arena->live--;
    forbid(arena, piece, extent->size);
    extent->asked = -1;
    join_right(block, e);
    join_right(block, e - 1);
}
