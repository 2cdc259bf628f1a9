#ifndef CORE_MODEL_TOKENIZER_H
#define CORE_MODEL_TOKENIZER_H

/*
 * Byte-level BPE from a Hugging Face tokenizer.json: optional NFC, added tokens (special or
 * not, lstrip, rstrip, single_word, normalized), a split by regular expression (the patterns
 * of GPT-2, Qwen2 and Llama 3, or another one, through PCRE2 under a match limit), byte-level
 * alphabet, merges in rank order, ignore_merges, and a template post-processor. Encoding and
 * decoding are exact. Other models (unigram, word-piece) and other parts are refused by name.
 */

#include "core/base/str.h"

typedef struct Tokenizer Tokenizer;

NODISCARD Tokenizer *tokenizer_read(const char *path, Error *err); /* .../tokenizer.json */
void                 tokenizer_free(Tokenizer *tok);
Index                tokenizer_vocab(const Tokenizer *tok); /* largest id + 1 */
uint64_t             tokenizer_hash(const Tokenizer *tok);  /* of the file's bytes */
/* The id of a token as it is written in the file ("<|im_end|>"), or -1. */
int32_t tokenizer_id(const Tokenizer *tok, const char *token);
bool    tokenizer_is_special(const Tokenizer *tok, int32_t id);

/* A growing list of ids, MEM_TEXT; free data with mem_free. */
typedef struct Ids {
    int32_t *data;
    Index    count, cap;
} Ids;
void           ids_free(Ids *ids);
NODISCARD bool ids_add(Ids *ids, int32_t id, Error *err);

/* Append the ids of UTF-8 text (invalid UTF-8 is refused with its position). add_special: run
 * the post-processor's template. Special tokens in the text become their ids. */
NODISCARD bool tokenizer_encode(const Tokenizer *tok, const char *text, Index n, bool add_special,
                                Ids *ids, Error *err);
/* Append the text of ids. Bytes that are not UTF-8 become U+FFFD, one per maximal subpart. */
NODISCARD bool tokenizer_decode(const Tokenizer *tok, const int32_t *ids, Index n,
                                bool skip_special, Str *text, Error *err);
/* Append the raw bytes of one id, for streaming (a token may end inside a character). */
NODISCARD bool tokenizer_bytes(const Tokenizer *tok, int32_t id, Str *bytes, Error *err);

/* ---- making one ------------------------------------------------------------------------- */

/*
 * Train byte-level BPE (Sennrich et al. 2016) with Qwen2's split pattern and NFC on documents
 * added one by one: special tokens first (ids 0..), the 256 bytes, then merges of the most
 * frequent pair (ties: the pair with the smaller ids) until vocab_size.
 */
typedef struct TokenizerTrainer TokenizerTrainer;
NODISCARD TokenizerTrainer     *tokenizer_trainer_create(Error *err);
NODISCARD bool tokenizer_trainer_add(TokenizerTrainer *t, const char *text, Index n, Error *err);
/* The tokenizer.json, appended to out. */
NODISCARD bool tokenizer_trainer_finish(TokenizerTrainer *t, const char *const *special,
                                        int special_count, Index vocab_size, Str *out, Error *err);
void           tokenizer_trainer_free(TokenizerTrainer *t);

#endif
