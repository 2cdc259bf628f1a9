#ifndef CORE_MODEL_TOKENIZER_MERGE_H
#define CORE_MODEL_TOKENIZER_MERGE_H

/* The list of merges, and merging a piece by it in the way that suits its length. */

#include "core/model/tokenizer.h"

enum {
    SHORT_PIECE = 48,  /* bytes up to which a piece is merged by searching it again */
    HUGE_PIECE = 4096, /* bytes from which it is merged rank by rank */
};

/* ---- tokenizer_merge.c ------------------------------------------------------------------ */

typedef struct Merge {
    uint64_t pair; /* left id << 32 | right id; UINT64_MAX: empty */
    int32_t  rank, id;
} Merge;

typedef struct MergeTable {
    Merge    *slot; /* open addressing */
    Index     slots, count;
    uint64_t *pair;     /* [count] by rank */
    int32_t  *made;     /* [count] the id that a rank makes */
    bool      in_order; /* no merge takes what a later one makes */
} MergeTable;

static inline uint64_t merge_pair(int32_t left, int32_t right)
{
    return (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
}

void           merges_free(MergeTable *merges);
NODISCARD bool merges_reserve(MergeTable *merges, Index count, Error *err);
/* False when the pair is there already; there must be room. The rank is the order of adding. */
bool         merges_add(MergeTable *merges, int32_t left, int32_t right, int32_t made);
const Merge *merges_find(const MergeTable *merges, int32_t left, int32_t right); /* or NULL */
/* Find out whether they are in order, when all are added. */
NODISCARD bool merges_finish(MergeTable *merges, Index vocab, Error *err);

/* Append the tokens of one piece. */
typedef struct MergeWork MergeWork;
NODISCARD bool merge_piece(const Tokenizer *tok, MergeWork *work, const char *piece, Index n,
                           Ids *ids, Error *err);

/* ---- tokenizer_merge_long.c ------------------------------------------------------------- */

typedef struct Symbol {
    int32_t id;         /* -1: joined to the one before */
    int32_t prev, next; /* -1: none */
} Symbol;

/* Places of one rank, some at a time: two cache lines. */
enum { PLACES_IN_BATCH = 30 };
typedef struct PlaceBatch {
    int32_t next, count; /* the next batch of the rank or of the spare ones, -1: none */
    int32_t at[PLACES_IN_BATCH];
} PlaceBatch;

/* Working memory for merging long pieces: start from {0}. */
struct MergeWork {
    Symbol     *symbol;
    uint64_t   *heap; /* rank << 32 | place */
    Index       symbol_cap, heap_count, heap_cap;
    int32_t    *first; /* by rank, its first batch, -1: none */
    PlaceBatch *batch;
    Index       batches, batch_cap;
    int32_t     spare; /* the first batch that was given back, -1: none */
};
void           merge_work_free(MergeWork *work);
NODISCARD bool merge_long(const Tokenizer *tok, MergeWork *work, const char *piece, Index n,
                          Ids *ids, Error *err);

#endif
