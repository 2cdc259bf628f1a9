/*
 * tokenizer.json, the whole and its "model": the vocabulary and the merges. What a file says and
 * this program would do otherwise is refused by name; what has no effect on ids is passed over:
 *
 *   truncation, padding   how a trainer called the tokenizer last; lengths are decided elsewhere
 *   unk_token, fuse_unk   no text is unknown to a vocabulary with all 256 bytes
 */

#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "core/model/tokenizer_parts.h"

enum { FILE_MAX_BYTES = 256 << 20 };

const char *tokenizer_show(char shown[TOKEN_SHOWN], const char *token, Index n)
{
    Str text = {0};
    safe_text(&text, token, n, false, 40);
    snprintf(shown, TOKEN_SHOWN, "%s", str_text(&text));
    str_free(&text);
    return shown;
}

bool tokenizer_refuse(const Json *json, const char *field, const char *name, Error *err)
{
    char shown[TOKEN_SHOWN];
    error_set(err, ERR_INPUT, "%s: field \"%s\": \"%s\" is not supported", json_name(json), field,
              tokenizer_show(shown, name, (Index)strlen(name)));
    return error_hint(err, "byte-level BPE tokenizers work: GPT-2, Qwen2, Llama 3 and their kin");
}

/* ---- vocabulary ------------------------------------------------------------------------- */

static bool check_length(Index n, Error *err)
{
    if (n == 0) return error_set(err, ERR_INPUT, "a token is empty");
    if (n <= TOKEN_MAX_BYTES) return true;
    return error_set(err, ERR_INPUT, "a token has %td bytes, at most %d are allowed", n,
                     TOKEN_MAX_BYTES);
}

static bool read_token(Tokenizer *tok, const char *written, const JsonNode *value, Error *err)
{
    char  shown[TOKEN_SHOWN], bytes[TOKEN_MAX_BYTES];
    Index n = (Index)strlen(written);
    if (!check_length(n, err)) return false;

    int64_t id = json_integer(value);
    if (!json_is_integer(value)) {
        return error_set(err, ERR_INPUT, "the id of token \"%s\" is not an integer",
                         tokenizer_show(shown, written, n));
    }
    if (id < 0 || id >= tok->vocab.count) {
        return error_set(err, ERR_INPUT,
                         "token \"%s\" has the id %lld; %td tokens need the ids 0 to %td",
                         tokenizer_show(shown, written, n), (long long)id, tok->vocab.count,
                         tok->vocab.count - 1);
    }
    if (tok->vocab.span[id].len != 0) {
        return error_set(err, ERR_INPUT, "token \"%s\" has the id %lld, which another one has",
                         tokenizer_show(shown, written, n), (long long)id);
    }
    Index count = byte_level_undo(bytes, written, n);
    bool  foreign = count < 0;
    if (!vocabulary_put(&tok->vocab, (int32_t)id, foreign ? written : bytes, foreign ? n : count,
                        !foreign, err)) {
        return false;
    }
    tok->vocab.span[id].foreign = foreign;
    return true;
}

static bool find_bytes(Tokenizer *tok, Error *err)
{
    for (int b = 0; b < 256; b++) {
        char byte = (char)b;
        tok->byte_id[b] = vocabulary_find(&tok->vocab, &byte, 1);
        if (tok->byte_id[b] >= 0) continue;

        char written[5] = "";
        utf8_encode(byte_level_char((uint8_t)b), written);
        return error_set(err, ERR_INPUT,
                         "there is no token \"%s\" for byte %02X; byte-level BPE needs all 256",
                         written, (unsigned)b);
    }
    return true;
}

static bool read_vocab(Tokenizer *tok, const Json *json, const JsonNode *model, Error *err)
{
    const JsonNode *vocab = json_get(model, "vocab");
    bool            ok = json_is_object(vocab) || error_set(err, ERR_INPUT, "must be an object");
    Index           count = ok ? json_count(vocab) : 0;
    ok = ok && (count > 0 || error_set(err, ERR_INPUT, "is empty")) &&
         vocabulary_reserve(&tok->vocab, count, err);
    for (Index i = 0; i < count && ok; i++) {
        const JsonNode *id;
        const char     *written = json_member(vocab, i, &id);
        ok = read_token(tok, written, id, err);
    }
    if (ok && find_bytes(tok, err)) return true;
    return error_prefix(err, "%s: field \"model.vocab\"", json_name(json));
}

/* ---- merges ----------------------------------------------------------------------------- */

/* The two sides of a merge as written: [a, b], or the older "a b". */
static bool merge_sides(const JsonNode *merge, const char *side[2], Index n[2])
{
    if (json_is_array(merge) && json_count(merge) == 2) {
        for (int i = 0; i < 2; i++) side[i] = json_string(json_at(merge, i), &n[i]);
        return side[0] != NULL && side[1] != NULL;
    }
    Index       len;
    const char *text = json_string(merge, &len);
    const char *space = text == NULL ? NULL : memchr(text, ' ', (size_t)len);
    if (space == NULL) return false;

    side[0] = text;
    n[0] = space - text;
    side[1] = space + 1;
    n[1] = len - n[0] - 1;
    return memchr(side[1], ' ', (size_t)n[1]) == NULL;
}

/* A side's bytes and id. */
static bool side_id(const Tokenizer *tok, const char *written, Index n, char *bytes, Index *count,
                    int32_t *id, Error *err)
{
    char shown[TOKEN_SHOWN];
    *count = n <= TOKEN_MAX_BYTES ? byte_level_undo(bytes, written, n) : -1;
    *id = *count < 0 ? -1 : vocabulary_find(&tok->vocab, bytes, *count);
    if (*id >= 0) return true;
    return error_set(err, ERR_INPUT, "\"%s\" is not in \"model.vocab\"",
                     tokenizer_show(shown, written, n));
}

static bool refuse_merge(const char *side[2], const Index n[2], const char *what, Error *err)
{
    char shown[2][TOKEN_SHOWN];
    return error_set(err, ERR_INPUT, "\"%s\" and \"%s\" %s",
                     tokenizer_show(shown[0], side[0], n[0]),
                     tokenizer_show(shown[1], side[1], n[1]), what);
}

static bool read_merge(Tokenizer *tok, const JsonNode *merge, Error *err)
{
    const char *side[2];
    Index       n[2], left_bytes, right_bytes;
    int32_t     left, right;
    char        bytes[2 * TOKEN_MAX_BYTES];
    if (!merge_sides(merge, side, n)) {
        return error_set(err, ERR_INPUT, "must be two tokens: [\"a\", \"b\"] or \"a b\"");
    }
    if (!side_id(tok, side[0], n[0], bytes, &left_bytes, &left, err)) return false;
    if (!side_id(tok, side[1], n[1], bytes + left_bytes, &right_bytes, &right, err)) return false;

    int32_t made = vocabulary_find(&tok->vocab, bytes, left_bytes + right_bytes);
    if (made < 0) {
        return refuse_merge(side, n, "make a token that is not in \"model.vocab\"", err);
    }
    if (merges_add(&tok->merges, left, right, made)) return true;
    return refuse_merge(side, n, "are merged earlier already", err);
}

static bool read_merges(Tokenizer *tok, const Json *json, const JsonNode *model, Error *err)
{
    const JsonNode *merges = json_get(model, "merges");
    if (!json_is_array(merges)) {
        return error_set(err, ERR_INPUT, "%s: field \"model.merges\": must be a list",
                         json_name(json));
    }
    if (!merges_reserve(&tok->merges, json_count(merges), err)) return false;
    for (Index i = 0; i < json_count(merges); i++) {
        if (read_merge(tok, json_at(merges, i), err)) continue;
        return error_prefix(err, "%s: field \"model.merges[%td]\"", json_name(json), i);
    }
    return merges_finish(&tok->merges, tok->vocab.count, err);
}

/* ---- the model -------------------------------------------------------------------------- */

static bool check_model(const Json *json, const JsonNode *model, Error *err)
{
    if (!json_is_object(model)) {
        return error_set(err, ERR_INPUT, "%s: field \"model\": must be an object", json_name(json));
    }
    const char *type = "BPE"; /* files of 2019 do not say so */
    if (!json_field_string(json, model, "type", false, &type, err)) return false;
    if (strcmp(type, "BPE") != 0) return tokenizer_refuse(json, "model.type", type, err);

    static const char *const nothing[] = {"continuing_subword_prefix", "end_of_word_suffix",
                                          "byte_fallback", "dropout"};
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
        const JsonNode *node = json_get(model, nothing[i]);
        if (json_is_nothing(node) || (json_is_number(node) && !(json_number(node) != 0.0))) {
            continue;
        }
        char field[64];
        Str  value = {0};
        snprintf(field, sizeof field, "model.%s", nothing[i]);
        json_add_node(&value, node);
        bool ok = str_ok(&value, err);
        if (ok) tokenizer_refuse(json, field, str_text(&value), err);
        str_free(&value);
        return false;
    }
    return true;
}

static bool check_unk(const Tokenizer *tok, const Json *json, Error *err)
{
    const char *unk = "";
    if (!json_field_string(json, json_get(json_root(json), "model"), "unk_token", false, &unk,
                           err)) {
        return false;
    }
    if (unk[0] == '\0' || tokenizer_id(tok, unk) >= 0) return true;

    char shown[TOKEN_SHOWN];
    return error_set(err, ERR_INPUT, "%s: field \"model.unk_token\": \"%s\" is not a token",
                     json_name(json), tokenizer_show(shown, unk, (Index)strlen(unk)));
}

/* Which tokens does merging lead to? With ignore_merges nobody asks. */
static bool find_whole(Tokenizer *tok, Error *err)
{
    Ids       ids = {0};
    MergeWork work = {0};
    bool      ok = true;
    for (int32_t id = 0; id < tok->vocab.count && ok; id++) {
        Index       n;
        const char *bytes = vocabulary_bytes(&tok->vocab, id, &n);
        if (vocabulary_find(&tok->vocab, bytes, n) != id) continue; /* only added */

        ids.count = 0;
        ok = merge_piece(tok, &work, bytes, n, &ids, err);
        tok->vocab.span[id].whole = ok && ids.count == 1 && ids.data[0] == id;
    }
    merge_work_free(&work);
    ids_free(&ids);
    return ok;
}

static bool read_model(Tokenizer *tok, const Json *json, Error *err)
{
    const JsonNode *model = json_get(json_root(json), "model");
    return check_model(json, model, err) && read_vocab(tok, json, model, err) &&
           read_merges(tok, json, model, err) &&
           (json_bool(json_get(model, "ignore_merges")) || find_whole(tok, err)) &&
           json_field_bool(json, model, "ignore_merges", &tok->ignore_merges, err);
}

/* ---- the file --------------------------------------------------------------------------- */

static bool read_all(Tokenizer *tok, const Json *json, Error *err)
{
    if (!json_is_object(json_root(json))) {
        return error_set(err, ERR_INPUT, "%s: must be an object", json_name(json));
    }
    const char *version = "1.0";
    if (!json_field_string(json, json_root(json), "version", false, &version, err)) return false;
    if (strcmp(version, "1.0") != 0) return tokenizer_refuse(json, "version", version, err);

    return read_model(tok, json, err) && tokenizer_read_added(tok, json, err) &&
           check_unk(tok, json, err) && tokenizer_read_normalizer(tok, json, err) &&
           added_finish(&tok->added, tok->nfc, err) &&
           tokenizer_read_pre_tokenizer(tok, json, err) &&
           tokenizer_read_post_processor(tok, json, err) && tokenizer_read_decoder(json, err);
}

Tokenizer *tokenizer_parse(const char *text, Index n, const char *name, Error *err)
{
    Json *json = json_parse(text, n, name, err);
    if (json == NULL) return NULL;

    Tokenizer *tok = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *tok, err);
    if (tok != NULL) {
        added_init(&tok->added);
        tok->hash = hash_bytes(text, n);
        if (!read_all(tok, json, err)) {
            tokenizer_free(tok);
            tok = NULL;
        }
    }
    json_free(json);
    return tok;
}

Tokenizer *tokenizer_read(const char *path, Error *err)
{
    Index n;
    char *text = file_read_all(path, FILE_MAX_BYTES, &n, err);
    if (text == NULL) return NULL;

    Tokenizer *tok = tokenizer_parse(text, n, path, err);
    mem_free(text);
    return tok;
}
