/*
 * One line of data in each of its four forms, as ids and labels. Labels are kept where a target
 * stands (not shifted); batch.c pairs a target with the row before it.
 */

#include <string.h>

#include "core/base/json.h"
#include "core/train/chat.h"
#include "core/train/dataset_internal.h"

#define NO_LOSS (-100)

typedef struct Draft {
    Ids ids, labels;
} Draft;

static void draft_free(Draft *draft)
{
    ids_free(&draft->ids);
    ids_free(&draft->labels);
}

/* Labels for the ids added since `from`: the ids themselves, or no loss. */
static bool label_rest(Draft *draft, Index from, bool target, Error *err)
{
    for (Index i = from; i < draft->ids.count; i++) {
        if (!ids_add(&draft->labels, target ? draft->ids.data[i] : NO_LOSS, err)) return false;
    }
    return true;
}

static bool add_piece(Draft *draft, const char *text, Index n, bool target, const DataSpec *spec,
                      Error *err)
{
    Index from = draft->ids.count;
    /* A template's leading token (Llama 3's begin of text) belongs to the first piece only. */
    if (!tokenizer_encode(spec->tok, text, n, from == 0, &draft->ids, err)) return false;
    return label_rest(draft, from, target, err);
}

static bool add_end(Draft *draft, const DataSpec *spec, Error *err)
{
    if (spec->config->end_count == 0) return true;
    return ids_add(&draft->ids, spec->config->end[0], err) &&
           ids_add(&draft->labels, spec->config->end[0], err);
}

static bool check_ids(const Draft *draft, const DataSpec *spec, Error *err)
{
    for (Index i = 0; i < draft->ids.count; i++) {
        if (draft->ids.data[i] < spec->config->V) continue;
        return error_set(err, ERR_INPUT, "token id %d is outside the model's 0..%td",
                         (int)draft->ids.data[i], spec->config->V - 1);
    }
    return true;
}

bool dataset_add_ids(Dataset *data, const int32_t *ids, Index n, const DataSpec *spec, Error *err)
{
    Draft draft = {0};
    bool  ok = true;
    for (Index i = 0; ok && i < n; i++) ok = ids_add(&draft.ids, ids[i], err);
    ok = ok && label_rest(&draft, 0, true, err) && check_ids(&draft, spec, err) &&
         dataset_take(data, &draft.ids, &draft.labels, 0, false, spec, err);
    draft_free(&draft);
    return ok;
}

bool dataset_add_text(Dataset *data, const char *text, Index n, const DataSpec *spec, Error *err)
{
    Draft draft = {0};
    bool  ok = add_piece(&draft, text, n, true, spec, err) && add_end(&draft, spec, err) &&
              check_ids(&draft, spec, err) &&
              dataset_take(data, &draft.ids, &draft.labels, 0, false, spec, err);
    draft_free(&draft);
    return ok;
}

bool dataset_add_pair(Dataset *data, const char *prompt, Index prompt_len, const char *completion,
                      Index completion_len, const DataSpec *spec, Error *err)
{
    Draft draft = {0};
    bool  ok = add_piece(&draft, prompt, prompt_len, false, spec, err);
    Index prompt_ids = draft.ids.count;
    ok = ok && add_piece(&draft, completion, completion_len, true, spec, err) &&
         add_end(&draft, spec, err) && check_ids(&draft, spec, err) &&
         dataset_take(data, &draft.ids, &draft.labels, prompt_ids, true, spec, err);
    draft_free(&draft);
    return ok;
}

/* ---- lines ---- */

static bool text_field(const JsonNode *object, const char *key, const char **text, Index *n,
                       Error *err)
{
    const JsonNode *value = json_get(object, key);
    if (value == NULL) return error_set(err, ERR_INPUT, "field \"%s\" is missing", key);
    *text = json_string(value, n);
    if (*text != NULL) return true;
    return error_set(err, ERR_INPUT, "field \"%s\" is not a string", key);
}

static bool line_pair(Dataset *data, const JsonNode *line, const DataSpec *spec, Error *err)
{
    const char *prompt, *completion;
    Index       prompt_len, completion_len;
    return text_field(line, "prompt", &prompt, &prompt_len, err) &&
           text_field(line, "completion", &completion, &completion_len, err) &&
           dataset_add_pair(data, prompt, prompt_len, completion, completion_len, spec, err);
}

static bool line_text(Dataset *data, const JsonNode *line, const DataSpec *spec, Error *err)
{
    const char *text;
    Index       n;
    return text_field(line, "text", &text, &n, err) && dataset_add_text(data, text, n, spec, err);
}

static bool add_turn(Draft *draft, const JsonNode *turn, ChatTemplate chat, const DataSpec *spec,
                     Error *err)
{
    const char *role, *content;
    Index       role_len, content_len;
    Str         head = {0}, body = {0}, after = {0};

    if (!text_field(turn, "role", &role, &role_len, err)) return false;
    if (!text_field(turn, "content", &content, &content_len, err)) return false;
    bool assistant = strcmp(role, "assistant") == 0;
    if (!assistant && strcmp(role, "user") != 0 && strcmp(role, "system") != 0) {
        return error_set(err, ERR_INPUT,
                         "field \"role\" is \"%.40s\", not system, user or assistant", role);
    }
    /* What is learned begins where generation would begin: behind the encoded head. The rest of
     * a chat is encoded as a whole, as the template's text would be. */
    chat_turn(&head, assistant ? &body : &head, chat, role, content, content_len);
    str_add(assistant ? &after : &head, chat_after_turn(chat));
    bool ok = str_ok(&head, err) && str_ok(&body, err) && str_ok(&after, err) &&
              add_piece(draft, str_text(&head), head.len, false, spec, err) &&
              add_piece(draft, str_text(&body), body.len, true, spec, err) &&
              add_piece(draft, str_text(&after), after.len, false, spec, err);
    str_free(&head);
    str_free(&body);
    str_free(&after);
    return ok;
}

static bool line_messages(Dataset *data, const JsonNode *messages, const DataSpec *spec, Error *err)
{
    ChatTemplate chat;
    Draft        draft = {0};

    if (!json_is_array(messages) || json_count(messages) == 0) {
        return error_set(err, ERR_INPUT, "field \"messages\" is not a list of turns");
    }
    if (!chat_recognise(spec, &chat, err)) return false;
    if (chat == CHAT_NONE) {
        error_set(
            err, ERR_INPUT,
            "field \"messages\": the model's tokenizer has neither ChatML's nor Llama 3's tokens");
        return error_hint(err, "write the data as prompt and completion instead");
    }
    bool ok = true;
    for (Index i = 0; ok && i < json_count(messages); i++) {
        ok = add_turn(&draft, json_at(messages, i), chat, spec, err) ||
             error_prefix(err, "field \"messages\": turn %td", i + 1);
    }
    ok = ok && check_ids(&draft, spec, err) &&
         dataset_take(data, &draft.ids, &draft.labels, 0, false, spec, err);
    draft_free(&draft);
    return ok;
}

static bool add_id_list(Ids *out, const JsonNode *list, const char *key, int64_t lo, int64_t hi,
                        Error *err)
{
    if (!json_is_array(list)) return error_set(err, ERR_INPUT, "field \"%s\" is not a list", key);
    for (Index i = 0; i < json_count(list); i++) {
        const JsonNode *value = json_at(list, i);
        int64_t         id = json_integer(value);
        bool            ignored = id == NO_LOSS && lo == NO_LOSS;
        if (!json_is_integer(value) || ((id < 0 || id > hi) && !ignored)) {
            return error_set(err, ERR_INPUT,
                             "field \"%s\": element %td is not an integer in 0..%lld%s", key, i,
                             (long long)hi, lo == NO_LOSS ? " or -100" : "");
        }
        if (!ids_add(out, (int32_t)id, err)) return false;
    }
    return true;
}

static bool line_ids(Dataset *data, const JsonNode *line, const DataSpec *spec, Error *err)
{
    Draft           draft = {0};
    const JsonNode *labels = json_get(line, "labels");
    int64_t         hi = spec->config->V - 1;

    bool ok = add_id_list(&draft.ids, json_get(line, "input_ids"), "input_ids", 0, hi, err);
    if (labels == NULL || json_is_null(labels)) {
        ok = ok && label_rest(&draft, 0, true, err);
    } else {
        ok = ok && add_id_list(&draft.labels, labels, "labels", NO_LOSS, hi, err);
    }
    if (ok && draft.ids.count != draft.labels.count) {
        ok = error_set(err, ERR_INPUT, "field \"labels\" has %td elements, \"input_ids\" %td",
                       draft.labels.count, draft.ids.count);
    }
    ok = ok && dataset_take(data, &draft.ids, &draft.labels, 0, false, spec, err);
    draft_free(&draft);
    return ok;
}

static bool read_line(Dataset *data, const JsonNode *line, const DataSpec *spec, Error *err)
{
    if (!json_is_object(line)) {
        return error_set(err, ERR_INPUT, "the line is not a JSON object");
    }
    if (json_get(line, "input_ids") != NULL) return line_ids(data, line, spec, err);
    bool pair = json_get(line, "prompt") != NULL || json_get(line, "completion") != NULL;
    bool text = json_get(line, "text") != NULL, chat = json_get(line, "messages") != NULL;
    if (!pair && !text && !chat) {
        error_set(err, ERR_INPUT,
                  "none of the fields \"prompt\", \"text\", \"messages\", "
                  "\"input_ids\" is there");
        return error_hint(err, "a line is {\"prompt\": ..., \"completion\": ...}, {\"text\": ...}, "
                               "{\"messages\": [...]} or {\"input_ids\": [...]}");
    }
    if (spec->tok == NULL) {
        error_set(err, ERR_INPUT,
                  "the model folder has no tokenizer.json, so only \"input_ids\" "
                  "data can be used");
        return false;
    }
    if (pair) return line_pair(data, line, spec, err);
    if (text) return line_text(data, line, spec, err);
    return line_messages(data, json_get(line, "messages"), spec, err);
}

/* The parser counts lines within the one that it was given: "FILE: line 7: line 1, column 9"
 * becomes "FILE: line 7: column 9". */
static void drop_inner_line(Error *err, const Str *where)
{
    static const char inner[] = ": line 1, column ";
    if ((size_t)where->len >= strlen(err->message)) return; /* cut */
    char *rest = err->message + where->len;
    if (strncmp(rest, inner, sizeof inner - 1) != 0) return;
    memmove(rest + 2, rest + 10, strlen(rest + 10) + 1);
}

bool dataset_add_line(Dataset *data, const char *line, Index n, const char *name, Index line_number,
                      const DataSpec *spec, Error *err)
{
    Str where = {0};
    str_addf(&where, "%s: line %td", name, line_number);
    if (!str_ok(&where, err)) return false;

    Json *json = json_parse(line, n, str_text(&where), err);
    bool  ok = json != NULL;
    if (!ok && err != NULL) drop_inner_line(err, &where);
    if (ok) {
        ok = read_line(data, json_root(json), spec, err);
        if (!ok) error_prefix(err, "%s", str_text(&where));
    }
    json_free(json);
    str_free(&where);
    return ok;
}
