/*
 * Byte-pair merging: start from single bytes and join, again and again, the pair that stands
 * first in the file's list, the leftmost of equals.
 *
 * Short pieces, which is nearly all of them, are searched through after every join: n^2 of a
 * small n, without an allocation. tokenizer_merge_long.c does the others.
 *
 * A piece that is a token is looked up first. Whether merging leads to that token was found out
 * once, when the file was read (`whole`): the cache that others keep, without anything to write.
 */

#include "core/base/mem.h"
#include "core/model/tokenizer_parts.h"

/* ---- the table -------------------------------------------------------------------------- */

void merges_free(MergeTable *merges)
{
    mem_free(merges->slot);
    mem_free(merges->pair);
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
    if (merges->made == NULL) return false;
    merges->pair = mem_alloc(mem_program(), MEM_TEXT, count, sizeof *merges->pair, err);
    return merges->pair != NULL;
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
    merges->pair[merges->count] = pair;
    merges->made[merges->count++] = made;
    return true;
}

bool merges_finish(MergeTable *merges, Index vocab, Error *err)
{
    bool *taken = mem_alloc(mem_program(), MEM_TEXT, vocab, sizeof *taken, err);
    if (taken == NULL) return false;

    merges->in_order = true;
    for (Index rank = 0; rank < merges->count; rank++) {
        if (taken[merges->made[rank]]) merges->in_order = false;
        taken[merges->pair[rank] >> 32] = true;
        taken[merges->pair[rank] & UINT32_MAX] = true;
    }
    mem_free(taken);
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
