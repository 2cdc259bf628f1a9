/*
 * The parts of tokenizer.json around the model. Each is an object with a "type", or a "Sequence"
 * of such objects, or null. What is not on the list below is refused by name:
 *
 *   normalizer      NFC
 *   pre_tokenizer   Split by a regular expression, isolated; Digits; ByteLevel, at the end
 *   post_processor  ByteLevel (moves offsets, no ids); TemplateProcessing with a fixed frame
 *   decoder         ByteLevel
 */

#include <string.h>

#include "core/model/tokenizer_parts.h"

enum { NESTING_MAX = 8 };

/* What the walk through one part knows. */
typedef struct Walk {
    Tokenizer  *tok;
    const Json *json;
    const char *field;    /* "normalizer" ... */
    const char *children; /* where a Sequence keeps its members */
    bool (*read)(struct Walk *walk, const char *type, const JsonNode *node, Error *err);
    bool done; /* ByteLevel or a template has been seen */
} Walk;

static bool refuse(const Walk *walk, const char *name, Error *err)
{
    return tokenizer_refuse(walk->json, walk->field, name, err);
}

static bool walk_part(Walk *walk, const JsonNode *node, int depth, Error *err)
{
    const char *type = json_string(json_get(node, "type"), NULL);
    if (type == NULL) {
        return error_set(err, ERR_INPUT, "%s: field \"%s\": must be an object with a \"type\"",
                         json_name(walk->json), walk->field);
    }
    if (strcmp(type, "Sequence") != 0) return walk->read(walk, type, node, err);
    if (depth == NESTING_MAX) return refuse(walk, "Sequence in Sequence in Sequence", err);

    const JsonNode *list = json_get(node, walk->children);
    if (!json_is_array(list)) {
        return error_set(err, ERR_INPUT, "%s: field \"%s.%s\": must be a list",
                         json_name(walk->json), walk->field, walk->children);
    }
    for (Index i = 0; i < json_count(list); i++) {
        if (!walk_part(walk, json_at(list, i), depth + 1, err)) return false;
    }
    return true;
}

/* A part that may be absent. */
static bool walk_optional(Walk *walk, Error *err)
{
    const JsonNode *node = json_get(json_root(walk->json), walk->field);
    return node == NULL || json_is_null(node) || walk_part(walk, node, 0, err);
}

/* ---- normalizer ------------------------------------------------------------------------- */

static bool read_nfc(Walk *walk, const char *type, const JsonNode *node, Error *err)
{
    (void)node;
    if (strcmp(type, "NFC") != 0) return refuse(walk, type, err);
    walk->tok->nfc = true;
    return true;
}

bool tokenizer_read_normalizer(Tokenizer *tok, const Json *json, Error *err)
{
    Walk walk = {tok, json, "normalizer", "normalizers", read_nfc, false};
    return walk_optional(&walk, err);
}

/* ---- pre-tokenizer ---------------------------------------------------------------------- */

static bool add_step(Walk *walk, bool space, const char *pattern, Index n, Error *err)
{
    if (pretokenizer_add(walk->tok->pre, space, pattern, n, err)) return true;
    return error_prefix(err, "%s: field \"%s\"", json_name(walk->json), walk->field);
}

static bool read_split(Walk *walk, const JsonNode *node, Error *err)
{
    const char *behavior = "", *pattern;
    bool        invert = false;
    if (!json_field_string(walk->json, node, "behavior", true, &behavior, err) ||
        !json_field_bool(walk->json, node, "invert", &invert, err)) {
        return false;
    }
    if (strcmp(behavior, "Isolated") != 0) return refuse(walk, behavior, err);
    if (invert) return refuse(walk, "invert", err);

    Index n = 0;
    pattern = json_string(json_get(json_get(node, "pattern"), "Regex"), &n);
    if (pattern == NULL) return refuse(walk, "Split without a Regex", err);
    return add_step(walk, false, pattern, n, err);
}

static bool read_digits(Walk *walk, const JsonNode *node, Error *err)
{
    bool one_by_one = false;
    if (!json_field_bool(walk->json, node, "individual_digits", &one_by_one, err)) return false;
    const char *pattern = one_by_one ? "\\p{N}" : "\\p{N}+";
    return add_step(walk, false, pattern, (Index)strlen(pattern), err);
}

static bool read_byte_level(Walk *walk, const JsonNode *node, Error *err)
{
    bool space = true, regex = true; /* what absent fields mean */
    if (!json_field_bool(walk->json, node, "add_prefix_space", &space, err) ||
        !json_field_bool(walk->json, node, "use_regex", &regex, err)) {
        return false;
    }
    walk->done = true;
    const char *pattern = regex ? pretokenize_gpt2 : NULL;
    return add_step(walk, space, pattern, regex ? (Index)strlen(pattern) : 0, err);
}

static bool read_pre(Walk *walk, const char *type, const JsonNode *node, Error *err)
{
    if (walk->done) return refuse(walk, "a step after ByteLevel", err);
    if (strcmp(type, "Split") == 0) return read_split(walk, node, err);
    if (strcmp(type, "Digits") == 0) return read_digits(walk, node, err);
    if (strcmp(type, "ByteLevel") == 0) return read_byte_level(walk, node, err);
    return refuse(walk, type, err);
}

bool tokenizer_read_pre_tokenizer(Tokenizer *tok, const Json *json, Error *err)
{
    Walk walk = {tok, json, "pre_tokenizer", "pretokenizers", read_pre, false};
    tok->pre = pretokenizer_create(err);
    if (tok->pre == NULL || !walk_optional(&walk, err)) return false;
    if (!walk.done) {
        return error_set(err, ERR_INPUT, "%s: field \"pre_tokenizer\": has no \"ByteLevel\"",
                         json_name(json));
    }
    for (Index i = 0; i < tok->added.count; i++) {
        if (!tok->added.token[i].single_word) continue;
        return pretokenizer_add_word(tok->pre, err);
    }
    return true;
}

/* ---- post-processor --------------------------------------------------------------------- */

static bool template_error(const Walk *walk, Error *err, const char *what, const char *name)
{
    char shown[TOKEN_SHOWN];
    return error_set(err, ERR_INPUT, "%s: field \"post_processor\": \"%s\" %s",
                     json_name(walk->json), tokenizer_show(shown, name, (Index)strlen(name)), what);
}

/* The ids of a name of the template go to the end of the frame's current half. */
static bool add_special(Walk *walk, const JsonNode *node, const char *name, Ids *half, Error *err)
{
    const JsonNode *ids = json_get(json_get(json_get(node, "special_tokens"), name), "ids");
    if (!json_is_array(ids)) {
        return template_error(walk, err, "has no ids in \"special_tokens\"", name);
    }
    for (Index i = 0; i < json_count(ids); i++) {
        const JsonNode *id = json_at(ids, i);
        if (!json_is_integer(id) || json_integer(id) < 0 ||
            json_integer(id) >= walk->tok->vocab.count) {
            return template_error(walk, err, "has an id that no token has", name);
        }
        if (!ids_add(half, (int32_t)json_integer(id), err)) return false;
    }
    return true;
}

static bool read_template(Walk *walk, const JsonNode *node, Error *err)
{
    if (walk->done) return refuse(walk, "a second TemplateProcessing", err);

    const JsonNode *single = json_get(node, "single");
    for (Index i = 0; i < json_count(single); i++) {
        const JsonNode *item = json_at(single, i);
        const char     *special = json_string(json_get(json_get(item, "SpecialToken"), "id"), NULL);
        const char     *sequence = json_string(json_get(json_get(item, "Sequence"), "id"), NULL);
        if (special != NULL) {
            Ids *half = walk->done ? &walk->tok->after : &walk->tok->before;
            if (!add_special(walk, node, special, half, err)) return false;
        } else if (sequence != NULL && strcmp(sequence, "A") == 0 && !walk->done) {
            walk->done = true;
        } else {
            return refuse(walk, "a template that is not special tokens around one $A", err);
        }
    }
    return walk->done || refuse(walk, "a template without $A", err);
}

static bool read_post(Walk *walk, const char *type, const JsonNode *node, Error *err)
{
    if (strcmp(type, "ByteLevel") == 0) return true;
    if (strcmp(type, "TemplateProcessing") == 0) return read_template(walk, node, err);
    return refuse(walk, type, err);
}

bool tokenizer_read_post_processor(Tokenizer *tok, const Json *json, Error *err)
{
    Walk walk = {tok, json, "post_processor", "processors", read_post, false};
    return walk_optional(&walk, err);
}

/* ---- decoder ---------------------------------------------------------------------------- */

static bool read_decoder(Walk *walk, const char *type, const JsonNode *node, Error *err)
{
    (void)node;
    if (strcmp(type, "ByteLevel") != 0 || walk->done) return refuse(walk, type, err);
    walk->done = true;
    return true;
}

bool tokenizer_read_decoder(const Json *json, Error *err)
{
    Walk walk = {NULL, json, "decoder", "decoders", read_decoder, false};
    if (!walk_optional(&walk, err)) return false;
    if (walk.done) return true;
    return error_set(err, ERR_INPUT, "%s: field \"decoder\": has no \"ByteLevel\"",
                     json_name(json));
}
