/* The tokens that are being learned: special ones, the 256 bytes, and what pairs make. */

#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/model/tokenizer_learn.h"

/* A merged token is written with at most two bytes for one, and must be readable again. */
enum { MERGED_MAX_BYTES = TOKEN_MAX_BYTES / 2 };

void learned_free(Learned *learned)
{
    vocabulary_free(&learned->tokens);
    mem_free(learned->merge);
    *learned = (Learned){0};
}

static bool add_token(Vocabulary *tokens, const char *bytes, Index n, bool producible, Error *err)
{
    int32_t id = (int32_t)tokens->count;
    return vocabulary_reserve(tokens, tokens->count + 1, err) &&
           vocabulary_put(tokens, id, bytes, n, producible, err);
}

/* Whether a special token is written as these bytes would be. */
static bool is_special(const Learned *learned, const char *bytes, Index n)
{
    for (int32_t id = 0; id < learned->special_count; id++) {
        Index       there;
        const char *special = vocabulary_bytes(&learned->tokens, id, &there);
        if (there == n && memcmp(special, bytes, (size_t)n) == 0) return true;
    }
    return false;
}

static bool start_special(Learned *learned, const char *special, Error *err)
{
    char  bytes[ADDED_MAX_BYTES];
    Index n = (Index)strlen(special);
    if (n < 2 || n > ADDED_MAX_BYTES || !utf8_valid(special, n)) {
        return error_set(err, ERR_INPUT, "a special token must be 2 to %d bytes of UTF-8",
                         ADDED_MAX_BYTES);
    }
    Index count = byte_level_undo(bytes, special, n);
    if (count == 1 || is_special(learned, count < 0 ? special : bytes, count < 0 ? n : count)) {
        return error_set(err, ERR_INPUT, "a special token must be another token than \"%s\"",
                         special);
    }
    if (!add_token(&learned->tokens, count < 0 ? special : bytes, count < 0 ? n : count, false,
                   err)) {
        return false;
    }
    learned->special_count++;
    return true;
}

/* The bytes come in the order of their characters, as in the vocabularies of GPT-2 and Qwen. */
bool learned_start(Learned *learned, const char *const *special, int special_count, Error *err)
{
    for (int i = 0; i < special_count; i++) {
        if (!start_special(learned, special[i], err)) return false;
    }
    for (uint32_t cp = 0; cp < 0x144; cp++) {
        char byte = (char)byte_level_byte(cp);
        if (byte_level_byte(cp) >= 0 && !add_token(&learned->tokens, &byte, 1, true, err)) {
            return false;
        }
    }
    return true;
}

int32_t learned_make(Learned *learned, MergePair pair, Error *err)
{
    Vocabulary *tokens = &learned->tokens;
    char        bytes[2 * MERGED_MAX_BYTES];
    Index       left, right;
    const char *part = vocabulary_bytes(tokens, pair.left, &left);
    memcpy(bytes, part, (size_t)left);
    part = vocabulary_bytes(tokens, pair.right, &right);
    memcpy(bytes + left, part, (size_t)right);
    if (left + right > MERGED_MAX_BYTES || is_special(learned, bytes, left + right)) {
        return LEARN_NOTHING;
    }

    int32_t known = vocabulary_find(tokens, bytes, left + right);
    if (known >= 0) return known;
    if (!add_token(tokens, bytes, left + right, true, err)) return LEARN_FAILED;
    return (int32_t)tokens->count - 1;
}
