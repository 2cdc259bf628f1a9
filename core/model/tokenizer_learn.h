#ifndef CORE_MODEL_TOKENIZER_LEARN_H
#define CORE_MODEL_TOKENIZER_LEARN_H

/* Between the files of the trainer: words with their counts go in, tokens and merges come out. */

#include "core/model/tokenizer_parts.h"

typedef struct MergePair {
    int32_t left, right;
} MergePair;

typedef struct Learned {
    Vocabulary tokens; /* special ones, the 256 bytes, what was merged */
    int        special_count;
    MergePair *merge; /* in order of rank */
    Index      merges, cap;
} Learned;

void learned_free(Learned *learned);
/* Ids for the special tokens and the bytes. */
NODISCARD bool learned_start(Learned *learned, const char *const *special, int special_count,
                             Error *err);
/* The id of the token that a pair makes; the same bytes by way of another pair are the same
 * token. Nothing where it would be too long to be read again, or a special one. */
enum { LEARN_FAILED = -1, LEARN_NOTHING = -2 };
int32_t learned_make(Learned *learned, MergePair pair, Error *err);
/* Merge until there are vocab_size tokens or no pair is left. Word i stands count[i] times. */
NODISCARD bool learned_merge(Learned *learned, const Vocabulary *words, const int64_t *count,
                             Index vocab_size, Error *err);
/* Append the tokenizer.json. */
void learned_write(const Learned *learned, const char *const *special, Str *out);

#endif
