/*
 * Ids to text. The bytes of all tokens are joined first and read as UTF-8 then: a character may
 * be spread over tokens.
 */

#include "core/base/text.h"
#include "core/model/tokenizer_parts.h"

static bool check_id(const Tokenizer *tok, int32_t id, Error *err)
{
    if (id >= 0 && id < tok->vocab.count) return true;
    return error_set(err, ERR_INPUT, "id %d is none of the tokenizer's ids 0..%td", id,
                     tok->vocab.count - 1);
}

bool tokenizer_bytes(const Tokenizer *tok, int32_t id, Str *bytes, Error *err)
{
    if (!check_id(tok, id, err)) return false;

    Index       n;
    const char *token = vocabulary_bytes(&tok->vocab, id, &n);
    str_add_bytes(bytes, token, n);
    return str_ok(bytes, err);
}

/* Append bytes, with U+FFFD for each maximal part that is not UTF-8. */
static void add_lossy(Str *text, const char *bytes, Index n)
{
    Index good = 0; /* where the stretch of valid bytes began */
    for (Index i = 0; i < n;) {
        uint32_t cp;
        int      len = utf8_decode(bytes + i, n - i, &cp);
        if (len > 0) {
            i += len;
            continue;
        }
        str_add_bytes(text, bytes + good, i - good);
        str_add(text, "\xEF\xBF\xBD");
        i -= len;
        good = i;
    }
    str_add_bytes(text, bytes + good, n - good);
}

bool tokenizer_decode(const Tokenizer *tok, const int32_t *ids, Index n, bool skip_special,
                      Str *text, Error *err)
{
    Str  bytes = {0};
    bool ok = true;
    for (Index i = 0; i < n && ok; i++) {
        if (skip_special && tokenizer_is_special(tok, ids[i])) continue;
        ok = tokenizer_bytes(tok, ids[i], &bytes, err);
    }
    if (ok && bytes.len > 0) add_lossy(text, bytes.data, bytes.len);
    str_free(&bytes);
    return ok && str_ok(text, err);
}
