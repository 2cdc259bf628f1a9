#ifndef CORE_MODEL_TOKENIZER_TABLE_H
#define CORE_MODEL_TOKENIZER_TABLE_H

/* Tokens: those of the model by id and by bytes, and the added ones with what finds them. */

#include "core/model/pretokenize.h"

enum {
    TOKEN_MAX_BYTES = 4096, /* of one token as it is written in the file */
    ADDED_MAX_BYTES = 256,  /* of an added one: searched for at every byte of a text */
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
    Trie        exact;      /* all of them, for looking one up */
    Trie        raw;        /* those that are searched in the text as it came */
    Trie        normalized; /* and those in the text after NFC */
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
typedef bool   StretchTask(void *context, int32_t token, const char *text, Index n, Error *err);
NODISCARD bool added_split(const Added *added, const Trie *trie, PreTokenizerRun *run,
                           const char *text, Index n, StretchTask *task, void *context, Error *err);

#endif
