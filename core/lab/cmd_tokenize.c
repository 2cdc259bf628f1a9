/* `tokenize`: JSON strings to JSON arrays of ids, line by line, and back. */

#include <string.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/lab/lab.h"

static bool encode_line(const Tokenizer *tok, const JsonNode *line, bool special, Str *out,
                        Error *err)
{
    Index       n;
    const char *text = json_string(line, &n);
    Ids         ids = {0};

    if (text == NULL) return error_set(err, ERR_INPUT, "the line is not a JSON string");
    bool ok = tokenizer_encode(tok, text, n, special, &ids, err);
    str_add(out, "[");
    for (Index i = 0; i < ids.count; i++) {
        str_addf(out, "%s%d", i > 0 ? ", " : "", (int)ids.data[i]);
    }
    str_add(out, "]\n");
    ids_free(&ids);
    return ok;
}

static bool decode_line(const Tokenizer *tok, const JsonNode *line, Str *out, Error *err)
{
    Ids  ids = {0};
    Str  text = {0};
    bool ok = json_is_array(line);

    if (!ok) error_set(err, ERR_INPUT, "the line is not a JSON array of ids");
    for (Index i = 0; ok && i < json_count(line); i++) {
        const JsonNode *node = json_at(line, i);
        int64_t         id = json_integer(node);
        if (!json_is_integer(node) || id < 0 || id >= tokenizer_vocab(tok)) {
            ok = error_set(err, ERR_INPUT, "element %td is not an id in 0..%td", i,
                           tokenizer_vocab(tok) - 1);
        }
        ok = ok && ids_add(&ids, (int32_t)id, err);
    }
    ok = ok && tokenizer_decode(tok, ids.data, ids.count, false, &text, err);
    json_add_string(out, str_text(&text), text.len);
    str_add(out, "\n");
    ids_free(&ids);
    str_free(&text);
    return ok;
}

static bool one_line(const Tokenizer *tok, const Args *args, const Str *line, Index number,
                     Str *out, Error *err)
{
    Str where = {0};
    str_addf(&where, "standard input: line %td", number);
    Json *json = json_parse(str_text(line), line->len, str_text(&where), err);
    bool  ok = json != NULL;
    if (ok && args_flag(args, "decode")) {
        ok = decode_line(tok, json_root(json), out, err);
    } else if (ok) {
        ok = encode_line(tok, json_root(json), args_flag(args, "add_special_tokens"), out, err);
    }
    if (json != NULL && !ok) error_prefix(err, "%s", str_text(&where));
    json_free(json);
    str_free(&where);
    return ok;
}

/* Only the tokenizer is read: no weights, no backend. */
static Tokenizer *open_tokenizer(Lab *lab, const Args *args, Error *err)
{
    const char *base = args_text(args, "base");
    char      *folder = base != NULL ? mem_strdup(base, err) : lab_data_path(lab, "base/tiny", err);
    char      *path = folder != NULL ? path_join(folder, "tokenizer.json", err) : NULL;
    Tokenizer *tok = path != NULL ? tokenizer_read(path, err) : NULL;
    mem_free(path);
    mem_free(folder);
    return tok;
}

bool cmd_tokenize(Lab *lab, const Args *args, const Sink *sink, const Cancel *cancel,
                  Result *result, Error *err)
{
    Tokenizer *tok = open_tokenizer(lab, args, err);
    Str        line = {0};
    bool       ok = tok != NULL, more = true;
    (void)sink;

    result->raw = true;
    for (Index number = 1; ok && lab->read_line != NULL; number++) {
        ok = lab->read_line(lab->input, &line, &more, err);
        if (!ok || !more) break;
        if (cancel_requested(cancel)) {
            ok = error_set(err, ERR_CANCELLED, "stopped at line %td", number);
            break;
        }
        if (line.len > 0) ok = one_line(tok, args, &line, number, &result->text, err);
    }
    str_free(&line);
    tokenizer_free(tok);
    return ok && result_ok(result, err);
}
