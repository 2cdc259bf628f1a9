/*
 * Merging long pieces, in one of two ways with the same result.
 *
 * By heap, for any list of merges: symbols in a linked list, pairs in a heap ordered by (rank,
 * place). A pair that has changed since it was put there is recognised and skipped. n log n.
 *
 * By rank, for huge pieces, when no merge takes what a later one makes, as in every list that
 * came from counting pairs: then a join of rank r offers only pairs of ranks above r, and it is
 * enough to go through the ranks once, with a list of places for each. Two places of one rank do
 * not overlap, so that their order does not matter, unless a pair is of equals: in "aaaaa" the
 * leftmost come first, and the whole run is done at once. n, plus the number of ranks.
 */

#include <string.h>

#include "core/base/mem.h"
#include "core/model/tokenizer_parts.h"

void merge_work_free(MergeWork *work)
{
    mem_free(work->symbol);
    mem_free(work->heap);
    mem_free(work->first);
    mem_free(work->batch);
    *work = (MergeWork){0};
}

/* ---- symbols ---------------------------------------------------------------------------- */

static bool start_symbols(const Tokenizer *tok, MergeWork *work, const char *piece, Index n,
                          Error *err)
{
    if (n > work->symbol_cap) {
        mem_free(work->symbol);
        work->symbol_cap = 0;
        work->symbol = mem_alloc_raw(mem_program(), MEM_TEXT, n, sizeof *work->symbol, err);
        if (work->symbol == NULL) return false;
        work->symbol_cap = n;
    }
    for (Index i = 0; i < n; i++) {
        work->symbol[i] = (Symbol){.id = tok->byte_id[(uint8_t)piece[i]],
                                   .prev = (int32_t)i - 1,
                                   .next = i + 1 < n ? (int32_t)i + 1 : -1};
    }
    return true;
}

/* The pair that begins at `at`, which has a symbol after it. */
static uint64_t pair_at(const MergeWork *work, int32_t at)
{
    const Symbol *s = &work->symbol[at];
    return merge_pair(s->id, work->symbol[s->next].id);
}

static bool is_pair(const MergeWork *work, int32_t at, uint64_t pair)
{
    const Symbol *s = &work->symbol[at];
    return s->id >= 0 && s->next >= 0 && pair_at(work, at) == pair;
}

static void join(MergeWork *work, int32_t at, int32_t made)
{
    Symbol *s = &work->symbol[at], *right = &work->symbol[s->next];
    s->id = made;
    s->next = right->next;
    right->id = -1;
    if (s->next >= 0) work->symbol[s->next].prev = at;
}

/* A pair has come to stand at `at`: remember it, if it is one that merges. */
typedef bool Offer(const Tokenizer *tok, MergeWork *work, int32_t at, Error *err);

static bool offer_all(const Tokenizer *tok, MergeWork *work, Index n, Offer *offer, Error *err)
{
    for (Index i = 0; i + 1 < n; i++) {
        if (!offer(tok, work, (int32_t)i, err)) return false;
    }
    return true;
}

static bool offer_neighbours(const Tokenizer *tok, MergeWork *work, int32_t at, Offer *offer,
                             Error *err)
{
    const Symbol *s = &work->symbol[at];
    if (s->prev >= 0 && !offer(tok, work, s->prev, err)) return false;
    return s->next < 0 || offer(tok, work, at, err);
}

static const Merge *merge_at(const Tokenizer *tok, const MergeWork *work, int32_t at)
{
    const Symbol *s = &work->symbol[at];
    return merges_find(&tok->merges, s->id, work->symbol[s->next].id);
}

/* ---- by heap ---------------------------------------------------------------------------- */

static bool heap_push(const Tokenizer *tok, MergeWork *work, int32_t at, Error *err)
{
    const Merge *merge = merge_at(tok, work, at);
    if (merge == NULL) return true;

    if (work->heap_count == work->heap_cap) {
        Index     cap = 2 * work->heap_cap + 256;
        uint64_t *grown = mem_resize(work->heap, mem_program(), MEM_TEXT, cap, sizeof *grown, err);
        if (grown == NULL) return false;
        work->heap = grown;
        work->heap_cap = cap;
    }
    uint64_t x = (uint64_t)merge->rank << 32 | (uint32_t)at, *heap = work->heap;
    Index    i = work->heap_count++;
    for (; i > 0 && heap[(i - 1) / 2] > x; i = (i - 1) / 2) heap[i] = heap[(i - 1) / 2];
    heap[i] = x;
    return true;
}

static uint64_t heap_pop(MergeWork *work)
{
    uint64_t *heap = work->heap, top = heap[0], last = heap[--work->heap_count];
    Index     i = 0;
    for (Index child = 1; child < work->heap_count; child = 2 * i + 1) {
        if (child + 1 < work->heap_count && heap[child + 1] < heap[child]) child++;
        if (heap[child] >= last) break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = last;
    return top;
}

static bool merge_by_heap(const Tokenizer *tok, MergeWork *work, Index n, Error *err)
{
    work->heap_count = 0;
    if (!offer_all(tok, work, n, heap_push, err)) return false;

    while (work->heap_count > 0) {
        uint64_t top = heap_pop(work);
        int32_t  at = (int32_t)(top & UINT32_MAX);
        if (!is_pair(work, at, tok->merges.pair[top >> 32])) continue; /* it has changed since */
        join(work, at, tok->merges.made[top >> 32]);
        if (!offer_neighbours(tok, work, at, heap_push, err)) return false;
    }
    return true;
}

/* ---- by rank ---------------------------------------------------------------------------- */

static bool start_ranks(const Tokenizer *tok, MergeWork *work, Error *err)
{
    work->spare = -1;
    work->batches = 0;
    if (work->first != NULL) return true; /* the piece before has left it empty */

    size_t bytes = (size_t)tok->merges.count * sizeof *work->first;
    work->first = mem_alloc_raw(mem_program(), MEM_TEXT, (Index)bytes, 1, err);
    if (work->first != NULL) memset(work->first, 0xFF, bytes);
    return work->first != NULL;
}

/* An empty batch, or -1. */
static int32_t take_batch(MergeWork *work, Error *err)
{
    int32_t fresh = work->spare;
    if (fresh >= 0) {
        work->spare = work->batch[fresh].next;
        return fresh;
    }
    if (work->batches == work->batch_cap) {
        Index       cap = work->batch_cap + work->batch_cap / 2 + HUGE_PIECE / PLACES_IN_BATCH;
        PlaceBatch *grown =
            mem_resize(work->batch, mem_program(), MEM_TEXT, cap, sizeof *grown, err);
        if (grown == NULL) return -1;
        work->batch = grown;
        work->batch_cap = cap;
    }
    return (int32_t)work->batches++;
}

static bool rank_push(const Tokenizer *tok, MergeWork *work, int32_t at, Error *err)
{
    const Merge *merge = merge_at(tok, work, at);
    if (merge == NULL) return true;

    int32_t first = work->first[merge->rank];
    if (first < 0 || work->batch[first].count == PLACES_IN_BATCH) {
        int32_t fresh = take_batch(work, err);
        if (fresh < 0) return false;
        work->batch[fresh].next = first;
        work->batch[fresh].count = 0;
        work->first[merge->rank] = first = fresh;
    }
    PlaceBatch *batch = &work->batch[first];
    batch->at[batch->count++] = at;
    return true;
}

/* Join the pair at `at`; if it is of equals, the whole run of them from its left end. */
static bool join_run(const Tokenizer *tok, MergeWork *work, int32_t at, Index rank, Error *err)
{
    uint64_t      pair = tok->merges.pair[rank];
    const Symbol *symbol = work->symbol;
    if (pair >> 32 == (pair & UINT32_MAX)) {
        while (symbol[at].prev >= 0 && symbol[symbol[at].prev].id == symbol[at].id) {
            at = symbol[at].prev;
        }
    }
    while (at >= 0 && is_pair(work, at, pair)) {
        join(work, at, tok->merges.made[rank]);
        if (!offer_neighbours(tok, work, at, rank_push, err)) return false;
        at = symbol[at].next;
    }
    return true;
}

/* The symbols of a batch lie far apart: they are called for together, then used. */
static bool join_batch(const Tokenizer *tok, MergeWork *work, Index rank, Error *err)
{
    int32_t    index = work->first[rank];
    PlaceBatch batch = work->batch[index];
    for (int32_t i = 0; i < batch.count; i++) __builtin_prefetch(&work->symbol[batch.at[i]]);
    work->first[rank] = batch.next;
    work->batch[index].next = work->spare;
    work->spare = index;

    for (int32_t i = 0; i < batch.count; i++) {
        if (!is_pair(work, batch.at[i], tok->merges.pair[rank])) continue; /* it has changed */
        if (!join_run(tok, work, batch.at[i], rank, err)) return false;
    }
    return true;
}

static bool merge_by_rank(const Tokenizer *tok, MergeWork *work, Index n, Error *err)
{
    if (!start_ranks(tok, work, err) || !offer_all(tok, work, n, rank_push, err)) return false;

    for (Index rank = 0; rank < tok->merges.count; rank++) {
        while (work->first[rank] >= 0) {
            if (!join_batch(tok, work, rank, err)) return false;
        }
    }
    return true;
}

bool merge_long(const Tokenizer *tok, MergeWork *work, const char *piece, Index n, Ids *ids,
                Error *err)
{
    bool by_rank = n >= HUGE_PIECE && tok->merges.in_order;
    if (!start_symbols(tok, work, piece, n, err)) return false;
    if (!(by_rank ? merge_by_rank : merge_by_heap)(tok, work, n, err)) return false;

    for (int32_t i = 0; i >= 0; i = work->symbol[i].next) {
        if (!ids_add(ids, work->symbol[i].id, err)) return false;
    }
    return true;
}
