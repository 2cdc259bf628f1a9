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
#include "core/model/tokenizer_merge.h"
#include "core/model/tokenizer_table.h"

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
