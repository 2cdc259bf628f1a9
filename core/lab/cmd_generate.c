/* `generate`: text from a model, with or without an adapter. */

#include <stdlib.h>
#include <string.h>

#include "core/lab/report.h"
#include "core/lab/session.h"
#include "core/model/generate.h"

typedef struct Stream {
    const Tokenizer *tok;
    const Sink      *sink;
    Str              bytes; /* of the token under way */
} Stream;

/* Each token's bytes as they come; a token may end inside a character, the reader joins them. */
static bool show(void *context, int32_t id)
{
    Stream *stream = context;
    if (stream->tok == NULL) return true;
    str_clear(&stream->bytes);
    if (!tokenizer_bytes(stream->tok, id, &stream->bytes, NULL)) return true;
    sink_send(stream->sink, &(Event){.type = EVENT_TEXT, .text = str_text(&stream->bytes)});
    return true;
}

static bool ids_from_list(const Args *args, Ids *ids, Error *err)
{
    const char *item;
    for (Index i = 0; (item = args_item(args, "ids", i)) != NULL; i++) {
        char *end;
        long  id = strtol(item, &end, 10);
        if (end == item || *end != '\0' || id < 0 || id > INT32_MAX) {
            return error_set(err, ERR_INPUT, "--ids: \"%.40s\" is not a token id", item);
        }
        if (!ids_add(ids, (int32_t)id, err)) return false;
    }
    return true;
}

static bool prompt_ids(Lab *lab, const Args *args, Ids *ids, Error *err)
{
    const char *prompt = args_text(args, "prompt");

    if (args_given(args, "ids")) return ids_from_list(args, ids, err);
    if (prompt == NULL) {
        error_set(err, ERR_INPUT, "loralab generate needs --prompt or --ids");
        return error_hint(err, "for example: %s", args_command(args)->example);
    }
    if (lab->tok == NULL) {
        error_set(err, ERR_INPUT, "%s has no tokenizer.json", lab->model_folder);
        return error_hint(err, "give token ids with --ids 1,2,3");
    }
    return tokenizer_encode(lab->tok, prompt, (Index)strlen(prompt), true, ids, err);
}

static bool report(Lab *lab, const Ids *out, StopReason stop, Result *result, Error *err)
{
    Str    text = {0};
    Value *ids = value_list(result->root, "ids");
    bool   ok = true;

    for (Index i = 0; i < out->count; i++) value_integer(ids, NULL, out->data[i]);
    if (lab->tok != NULL) ok = tokenizer_decode(lab->tok, out->data, out->count, true, &text, err);
    value_text(result->root, "text", str_text(&text), text.len);
    const char *why = stop == STOP_END ? "eos" : "length";
    value_text(result->root, "stop", why, (Index)strlen(why));
    if (lab->tok != NULL) {
        report_text_line(result, str_text(&text), text.len);
    } else {
        for (Index i = 0; i < out->count; i++) {
            str_addf(&result->text, "%s%d", i > 0 ? "," : "", (int)out->data[i]);
        }
        str_add(&result->text, "\n");
    }
    str_free(&text);
    return ok && result_ok(result, err);
}

static bool run(Lab *lab, const Args *args, Session *session, const Sink *sink,
                const Cancel *cancel, Result *result, Error *err)
{
    GenerateSpec spec = {.max_new_tokens = (Index)args_int(args, "max_new_tokens"),
                         .temperature = args_float(args, "temperature"),
                         .top_p = args_float(args, "top_p"),
                         .top_k = (Index)args_int(args, "top_k"),
                         .seed = (uint64_t)args_int(args, "seed"),
                         .id_limit = lab->tok != NULL ? tokenizer_vocab(lab->tok) : 0};
    Ids          prompt = {0}, out = {0};
    Stream       stream = {.tok = lab->tok, .sink = sink};
    StopReason   stop;
    bool         ok = prompt_ids(lab, args, &prompt, err) &&
              generate(session->net, session->tape, prompt.data, prompt.count, spec, show, &stream,
                       cancel, &out, &stop, err) &&
              report(lab, &out, stop, result, err);
    str_free(&stream.bytes);
    ids_free(&prompt);
    ids_free(&out);
    return ok;
}

bool cmd_generate(Lab *lab, const Args *args, const Sink *sink, const Cancel *cancel,
                  Result *result, Error *err)
{
    Session session;
    bool    ok = session_open(&session, lab, args, sink, err) &&
              run(lab, args, &session, sink, cancel, result, err);
    session_close(&session);
    return ok;
}
