/*
 * The added tokens of tokenizer.json. Hugging Face's reader does not believe the ids it finds
 * there: a token of the model keeps the model's id, and any other gets the next free one. Where a
 * file says otherwise the two would disagree without a word, so it is refused.
 */

#include <string.h>

#include "core/model/tokenizer_parts.h"

/* The model's id of this content, or -1. `bytes` receives what the token stands for. */
static int32_t model_id(const Tokenizer *tok, int64_t id, const char *content, Index n, char *bytes,
                        Index *count)
{
    *count = byte_level_undo(bytes, content, n);
    if (*count >= 0) return vocabulary_find(&tok->vocab, bytes, *count);

    memcpy(bytes, content, (size_t)n);
    *count = n;
    if (id >= tok->vocab.count || !tok->vocab.span[id].foreign) return -1;
    Index       there;
    const char *same = vocabulary_bytes(&tok->vocab, (int32_t)id, &there);
    return there == n && memcmp(same, content, (size_t)n) == 0 ? (int32_t)id : -1;
}

static bool check_id(const Tokenizer *tok, int32_t known, int64_t id, const char *content, Index n,
                     Error *err)
{
    char shown[TOKEN_SHOWN];
    if (known >= 0 && known != id) {
        return error_set(err, ERR_INPUT, "\"%s\" has the id %lld, but %d in \"model.vocab\"",
                         tokenizer_show(shown, content, n), (long long)id, known);
    }
    if (known < 0 && id != tok->vocab.count) {
        return error_set(err, ERR_INPUT, "\"%s\" has the id %lld; the next free one is %td",
                         tokenizer_show(shown, content, n), (long long)id, tok->vocab.count);
    }
    return true;
}

static bool check_content(const char *content, Index n, Error *err)
{
    if (content == NULL) return error_set(err, ERR_INPUT, "\"content\" must be a string");
    if (n == 0) return error_set(err, ERR_INPUT, "\"content\" is empty");
    if (n <= ADDED_MAX_BYTES) return true;
    return error_set(err, ERR_INPUT, "\"content\" has %td bytes, at most %d are allowed", n,
                     ADDED_MAX_BYTES);
}

static bool place(Tokenizer *tok, AddedToken token, const char *content, Index n, Error *err)
{
    char    bytes[ADDED_MAX_BYTES];
    Index   count;
    int32_t known = model_id(tok, token.id, content, n, bytes, &count);
    if (!added_add(&tok->added, token, content, n, err)) return false;
    if (!check_id(tok, known, token.id, content, n, err)) return false;

    if (known < 0) {
        if (!vocabulary_reserve(&tok->vocab, tok->vocab.count + 1, err)) return false;
        if (!vocabulary_put(&tok->vocab, token.id, bytes, count, false, err)) return false;
    }
    tok->vocab.span[token.id].special = token.special;
    tok->vocab.span[token.id].foreign = false;
    return true;
}

static bool read_one(Tokenizer *tok, const Json *json, const JsonNode *node, Index i, Error *err)
{
    int64_t     id = -1;
    AddedToken  token = {0};
    Index       n = 0;
    const char *content = json_string(json_get(node, "content"), &n);
    if (!json_field_int(json, node, "id", true, 0, INT32_MAX - 1, &id, err) ||
        !json_field_bool(json, node, "special", &token.special, err) ||
        !json_field_bool(json, node, "lstrip", &token.lstrip, err) ||
        !json_field_bool(json, node, "rstrip", &token.rstrip, err) ||
        !json_field_bool(json, node, "single_word", &token.single_word, err)) {
        return false;
    }
    token.id = (int32_t)id;
    token.normalized = !token.special;
    if (!json_field_bool(json, node, "normalized", &token.normalized, err)) return false;

    if (check_content(content, n, err) && place(tok, token, content, n, err)) return true;
    return error_prefix(err, "%s: field \"added_tokens[%td]\"", json_name(json), i);
}

/* Tokens that no text leads to must be added ones; otherwise the file means another alphabet. */
static bool check_foreign(const Tokenizer *tok, const Json *json, Error *err)
{
    for (int32_t id = 0; id < tok->vocab.count; id++) {
        if (!tok->vocab.span[id].foreign) continue;

        char        shown[TOKEN_SHOWN];
        Index       n;
        const char *token = vocabulary_bytes(&tok->vocab, id, &n);
        error_set(err, ERR_INPUT,
                  "%s: field \"model.vocab\": token \"%s\" has a character that stands for no byte",
                  json_name(json), tokenizer_show(shown, token, n));
        return error_hint(err, "only byte-level vocabularies can be used");
    }
    return true;
}

bool tokenizer_read_added(Tokenizer *tok, const Json *json, Error *err)
{
    const JsonNode *list = json_get(json_root(json), "added_tokens");
    if (!json_is_array(list) && !json_is_nothing(list)) {
        return error_set(err, ERR_INPUT, "%s: field \"added_tokens\": must be a list",
                         json_name(json));
    }
    for (Index i = 0; i < json_count(list); i++) {
        if (!read_one(tok, json, json_at(list, i), i, err)) return false;
    }
    return check_foreign(tok, json, err);
}
