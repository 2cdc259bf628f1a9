#ifndef CORE_MODEL_TOKENIZER_PARTS_H
#define CORE_MODEL_TOKENIZER_PARTS_H

/*
 * The inside of a Tokenizer, for the tokenizer_*.c files alone. Everything is built while the
 * file is read and never changes afterwards, so that threads may share a tokenizer; whatever
 * changes while encoding belongs to the call.
 *
 * Tokens are kept as the bytes they stand for: the byte-level alphabet (a printable character
 * for each byte, "Ġ" for a space) is undone on reading and is not seen again.
 */

#include "core/base/json.h"
#include "core/model/pretokenize.h"
#include "core/model/tokenizer.h"

enum {
    TOKEN_MAX_BYTES = 4096, /* of one token as it is written in the file */
    ADDED_MAX_BYTES = 256,  /* of an added one: searched for at every byte of a text */
    SHORT_PIECE = 48,       /* bytes up to which a piece is merged by searching it again */
    HUGE_PIECE = 4096,      /* bytes from which it is merged rank by rank */
};

/* ---- tokenizer_vocab.c ------------------------------------------------------------------ */

typedef struct TokenSpan {
    Index   at;  /* in Vocabulary.bytes */
    int32_t len; /* 0: no such token */
    bool    special;
    bool    whole;   /* merging its bytes gives this one token */
    bool    foreign; /* not written in the byte-level alphabet */
} TokenSpan;

/* Tokens by id and, for those that the model can produce, ids by bytes. */
typedef struct Vocabulary {
    Str        bytes;
    TokenSpan *span;
    Index      count, cap; /* ids 0 .. count-1 */
    int32_t   *slot;       /* open addressing, -1 is empty */
    Index      slots, used;
} Vocabulary;

void vocabulary_free(Vocabulary *v);
/* Make the ids 0..count-1 exist. */
NODISCARD bool vocabulary_reserve(Vocabulary *v, Index count, Error *err);
/* Give `id`, which must exist and be free, its bytes. */
NODISCARD bool vocabulary_put(Vocabulary *v, int32_t id, const char *bytes, Index n,
                              bool producible, Error *err);
int32_t        vocabulary_find(const Vocabulary *v, const char *bytes, Index n); /* or -1 */
const char    *vocabulary_bytes(const Vocabulary *v, int32_t id, Index *n);

/* The byte-level alphabet: the code point that stands for a byte, and back (-1: for none). */
uint32_t byte_level_char(uint8_t byte);
int      byte_level_byte(uint32_t cp);
/* Undo the alphabet: at most n bytes into out. -1 where a character stands for no byte. */
Index byte_level_undo(char *out, const char *written, Index n);

/* ---- tokenizer_added.c ------------------------------------------------------------------ */

typedef struct TrieNode {
    int32_t child, sibling, token; /* -1: none */
    uint8_t byte;
} TrieNode;

typedef struct Trie {
    TrieNode *node;
    Index     count, cap;
    int32_t   root[256];
} Trie;

typedef struct AddedToken {
    int32_t id;
    Index   at, len; /* in Added.content */
    bool    special, lstrip, rstrip, single_word, normalized;
} AddedToken;

typedef struct Added {
    AddedToken *token;
    Index       count, cap;
    Str         content;
    Trie        exact;         /* all of them, for looking one up */
    Trie        raw;           /* those that are searched in the text as it came */
    Trie        normalized;    /* and those in the text after NFC */
} Added;

void added_init(Added *added);
void added_free(Added *added);
/* Keeps a copy of content. A content that is there already is refused. */
NODISCARD bool added_add(Added *added, AddedToken token, const char *content, Index n, Error *err);
/* Build the tries for searching, specials first, when all are added. */
NODISCARD bool added_finish(Added *added, bool nfc, Error *err);
/* The index in added->token of exactly this content, or -1. */
int32_t added_find(const Added *added, const char *content, Index n);

/* A stretch of text: of an added token (token >= 0), or between two of them (token < 0). */
typedef bool StretchTask(void *context, int32_t token, const char *text, Index n, Error *err);
NODISCARD bool added_split(const Added *added, const Trie *trie, PreTokenizerRun *run,
                           const char *text, Index n, StretchTask *task, void *context, Error *err);

/* ---- tokenizer_merge.c ------------------------------------------------------------------ */

typedef struct Merge {
    uint64_t pair; /* left id << 32 | right id; UINT64_MAX: empty */
    int32_t  rank, id;
} Merge;

typedef struct MergeTable {
    Merge    *slot; /* open addressing */
    Index     slots, count;
    uint64_t *pair; /* [count] by rank */
    int32_t  *made; /* [count] the id that a rank makes */
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

/* ---- the whole -------------------------------------------------------------------------- */

struct Tokenizer {
    uint64_t      hash;
    Vocabulary    vocab;
    int32_t       byte_id[256];
    MergeTable    merges;
    bool          ignore_merges, nfc;
    Added         added;
    PreTokenizer *pre;
    Ids           before, after; /* what the template puts around a text */
};

/* tokenizer_read of bytes in memory; `name` is what errors call them. */
NODISCARD Tokenizer *tokenizer_parse(const char *text, Index n, const char *name, Error *err);

/* tokenizer_read_added.c, tokenizer_read_parts.c: the model has been read before. */
NODISCARD bool tokenizer_read_added(Tokenizer *tok, const Json *json, Error *err);
NODISCARD bool tokenizer_read_normalizer(Tokenizer *tok, const Json *json, Error *err);
NODISCARD bool tokenizer_read_pre_tokenizer(Tokenizer *tok, const Json *json, Error *err);
NODISCARD bool tokenizer_read_post_processor(Tokenizer *tok, const Json *json, Error *err);
NODISCARD bool tokenizer_read_decoder(const Json *json, Error *err);
/* "FILE: field "FIELD": "NAME" is not supported here". Returns false. */
bool tokenizer_refuse(const Json *json, const char *field, const char *name, Error *err);
/* At most 40 columns of a token, made harmless, for a message; good until the next call with the
 * same buffer. */
enum { TOKEN_SHOWN = 168 };
const char *tokenizer_show(char shown[TOKEN_SHOWN], const char *token, Index n);

#endif
