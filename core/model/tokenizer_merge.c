/*
 * Byte-pair merging: start from single bytes and join, again and again, the pair that stands
 * first in the file's list, the leftmost of equals.
 *
 * Short pieces, which is nearly all of them, are searched through after every join: n^2 of a
 * small n, without an allocation. Long ones keep their symbols in a linked list and the pairs in
 * a heap ordered by (rank, place); a pair that has changed since it was put there is recognised
 * by what it would make, and skipped. Both give the same tokens.
 *
 * A piece that is a token is looked up first. Whether merging leads to that token was found out
 * once, when the file was read (`whole`): the cache that others keep, without anything to write.
 */

#include <string.h>

#include "core/base/mem.h"
#include "core/model/tokenizer_parts.h"

/* ---- the table -------------------------------------------------------------------------- */

void merges_free(MergeTable *merges)
{
    mem_free(merges->slot);
    mem_free(merges->made);
    *merges = (MergeTable){0};
}

bool merges_reserve(MergeTable *merges, Index count, Error *err)
{
    Index slots = 64;
    while (slots < 2 * count) slots *= 2;
    merges->slot = mem_alloc_raw(mem_program(), MEM_TEXT, slots, sizeof *merges->slot, err);
    if (merges->slot == NULL) return false;
    for (Index i = 0; i < slots; i++) merges->slot[i].pair = UINT64_MAX;
    merges->slots = slots;
    merges->made = mem_alloc(mem_program(), MEM_TEXT, count, sizeof *merges->made, err);
    return merges->made != NULL;
}

/* The slot of this pair, or the empty one where it belongs. */
static Merge *slot_of(const MergeTable *merges, uint64_t pair)
{
    uint64_t mask = (uint64_t)merges->slots - 1;
    uint64_t i = (pair * 0x9E3779B97F4A7C15u) >> 20;
    for (i &= mask; merges->slot[i].pair != pair && merges->slot[i].pair != UINT64_MAX;) {
        i = (i + 1) & mask;
    }
    return &merges->slot[i];
}

bool merges_add(MergeTable *merges, int32_t left, int32_t right, int32_t made)
{
    uint64_t pair = merge_pair(left, right);
    Merge   *slot = slot_of(merges, pair);
    if (slot->pair == pair) return false;

    CHECK(2 * merges->count < merges->slots);
    *slot = (Merge){.pair = pair, .rank = (int32_t)merges->count, .id = made};
    merges->made[merges->count++] = made;
    return true;
}

const Merge *merges_find(const MergeTable *merges, int32_t left, int32_t right)
{
    const Merge *slot = slot_of(merges, merge_pair(left, right));
    return slot->pair == UINT64_MAX ? NULL : slot;
}

/* ---- short pieces ----------------------------------------------------------------------- */

static int32_t rank_of(const MergeTable *merges, int32_t left, int32_t right)
{
    const Merge *merge = merges_find(merges, left, right);
    return merge == NULL ? INT32_MAX : merge->rank;
}

static bool merge_short(const Tokenizer *tok, const char *piece, Index n, Ids *ids, Error *err)
{
    const MergeTable *merges = &tok->merges;
    int32_t           id[SHORT_PIECE], rank[SHORT_PIECE]; /* rank[i]: of the pair i, i+1 */
    int               count = (int)n;

    for (int i = 0; i < count; i++) id[i] = tok->byte_id[(uint8_t)piece[i]];
    for (int i = 0; i + 1 < count; i++) rank[i] = rank_of(merges, id[i], id[i + 1]);

    for (;;) {
        int best = 0;
        for (int i = 1; i + 1 < count; i++) {
            if (rank[i] < rank[best]) best = i;
        }
        if (count < 2 || rank[best] == INT32_MAX) break;

        id[best] = merges->made[rank[best]];
        count--;
        for (int i = best + 1; i < count; i++) id[i] = id[i + 1];
        for (int i = best; i + 1 < count; i++) rank[i] = rank[i + 1];
        if (best > 0) rank[best - 1] = rank_of(merges, id[best - 1], id[best]);
        if (best + 1 < count) rank[best] = rank_of(merges, id[best], id[best + 1]);
    }
    for (int i = 0; i < count; i++) {
        if (!ids_add(ids, id[i], err)) return false;
    }
    return true;
}

/* ---- long pieces ------------------------------------------------------------------------ */

struct Symbol {
    int32_t id;         /* -1: joined to the one before */
    int32_t prev, next; /* -1: none */
};

void merge_work_free(MergeWork *work)
{
    mem_free(work->symbol);
    mem_free(work->heap);
    *work = (MergeWork){0};
}

/* Room for n symbols and, to begin with, as many pairs. */
static bool work_reserve(MergeWork *work, Index n, Error *err)
{
    work->heap_count = 0;
    if (n <= work->symbols) return true;

    merge_work_free(work);
    work->symbol = mem_alloc_raw(mem_program(), MEM_TEXT, n, sizeof *work->symbol, err);
    if (work->symbol == NULL) return false;
    work->heap = mem_alloc_raw(mem_program(), MEM_TEXT, n, sizeof *work->heap, err);
    if (work->heap == NULL) return false;
    work->symbols = work->heap_cap = n;
    return true;
}

/* Four children a node: half the levels of a binary heap, and they share a cache line. */
static void sift_up(uint64_t *heap, Index i)
{
    uint64_t x = heap[i];
    while (i > 0 && heap[(i - 1) / 4] > x) {
        heap[i] = heap[(i - 1) / 4];
        i = (i - 1) / 4;
    }
    heap[i] = x;
}

static void sift_down(uint64_t *heap, Index count, Index i)
{
    uint64_t x = heap[i];
    for (;;) {
        Index first = 4 * i + 1, least = first;
        if (first >= count) break;
        Index end = first + 4 < count ? first + 4 : count;
        for (Index c = first + 1; c < end; c++) {
            if (heap[c] < heap[least]) least = c;
        }
        if (heap[least] >= x) break;
        heap[i] = heap[least];
        i = least;
    }
    heap[i] = x;
}

static uint64_t heap_pop(MergeWork *work)
{
    uint64_t top = work->heap[0];
    work->heap[0] = work->heap[--work->heap_count];
    if (work->heap_count > 0) sift_down(work->heap, work->heap_count, 0);
    return top;
}

/* The pair that begins at `at` goes on the heap, if it is one that merges. */
static bool push_pair(const Tokenizer *tok, MergeWork *work, int32_t at, Error *err)
{
    const struct Symbol *s = &work->symbol[at];
    const Merge         *merge = merges_find(&tok->merges, s->id, work->symbol[s->next].id);
    if (merge == NULL) return true;

    if (work->heap_count == work->heap_cap) {
        Index     cap = work->heap_cap + work->heap_cap / 2;
        uint64_t *heap =
            mem_resize(work->heap, mem_program(), MEM_TEXT, cap, sizeof *heap, err);
        if (heap == NULL) return false;
        work->heap = heap;
        work->heap_cap = cap;
    }
    work->heap[work->heap_count] = (uint64_t)merge->rank << 32 | (uint32_t)at;
    sift_up(work->heap, work->heap_count++);
    return true;
}

static bool start_long(const Tokenizer *tok, MergeWork *work, const char *piece, Index n,
                       Error *err)
{
    if (!work_reserve(work, n, err)) return false;
    for (Index i = 0; i < n; i++) {
        work->symbol[i] = (struct Symbol){.id = tok->byte_id[(uint8_t)piece[i]],
                                          .prev = (int32_t)i - 1,
                                          .next = i + 1 < n ? (int32_t)i + 1 : -1};
    }
    for (Index i = 0; i + 1 < n; i++) {
        if (!push_pair(tok, work, (int32_t)i, err)) return false;
    }
    return true;
}

/* Join the symbol at `at` with the next one and offer the two pairs that this makes. */
static bool join(const Tokenizer *tok, MergeWork *work, int32_t at, int32_t made, Error *err)
{
    struct Symbol *s = &work->symbol[at], *right = &work->symbol[s->next];
    s->id = made;
    s->next = right->next;
    right->id = -1;
    if (s->next >= 0) work->symbol[s->next].prev = at;

    if (s->prev >= 0 && !push_pair(tok, work, s->prev, err)) return false;
    return s->next < 0 || push_pair(tok, work, at, err);
}

static bool merge_long(const Tokenizer *tok, MergeWork *work, const char *piece, Index n, Ids *ids,
                       Error *err)
{
    if (!start_long(tok, work, piece, n, err)) return false;

    while (work->heap_count > 0) {
        uint64_t             top = heap_pop(work);
        int32_t              at = (int32_t)(top & UINT32_MAX), made = tok->merges.made[top >> 32];
        const struct Symbol *s = &work->symbol[at];
        if (s->id < 0 || s->next < 0) continue;

        const Merge *merge = merges_find(&tok->merges, s->id, work->symbol[s->next].id);
        if (merge == NULL || merge->id != made) continue; /* it has changed since */
        if (!join(tok, work, at, made, err)) return false;
    }
    for (int32_t i = 0; i >= 0; i = work->symbol[i].next) {
        if (!ids_add(ids, work->symbol[i].id, err)) return false;
    }
    return true;
}

bool merge_piece(const Tokenizer *tok, MergeWork *work, const char *piece, Index n, Ids *ids,
                 Error *err)
{
    CHECK(n > 0 && n <= INT32_MAX);
    if (n <= TOKEN_MAX_BYTES) {
        int32_t id = vocabulary_find(&tok->vocab, piece, n);
        if (id >= 0 && (tok->ignore_merges || tok->vocab.span[id].whole)) {
            return ids_add(ids, id, err);
        }
    }
    if (n <= SHORT_PIECE) return merge_short(tok, piece, n, ids, err);
    return merge_long(tok, work, piece, n, ids, err);
}
