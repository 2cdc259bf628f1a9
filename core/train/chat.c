/*
 * Chats as text. Templates are program code here, never the template language that model files
 * carry: that is a way to run code. Recognised from the tokens a tokenizer knows.
 *
 *   ChatML    <|im_start|>ROLE\nCONTENT<|im_end|>\n
 *   Llama 3   <|start_header_id|>ROLE<|end_header_id|>\n\nCONTENT<|eot_id|>
 */

#include "core/train/chat.h"

#include <string.h>

#include "core/base/file.h"
#include "core/base/json.h"

static bool knows(const Tokenizer *tok, const char *token)
{
    return tokenizer_id(tok, token) >= 0;
}

/* A template of the model's own that is neither of the two is refused, not guessed. */
static bool template_fits(const DataSpec *spec, const char *mark, Error *err)
{
    if (spec->folder == NULL) return true;
    char *path = path_join(spec->folder, "tokenizer_config.json", err);
    if (path == NULL) return false;
    bool  exists = path_exists(path);
    Json *json = exists ? json_read(path, (Index)16 << 20, err) : NULL;
    bool  ok = !exists || json != NULL;
    if (json != NULL) {
        const char *text = json_string(json_get(json_root(json), "chat_template"), NULL);
        if (text != NULL && strstr(text, mark) == NULL) {
            ok = error_set(err, ERR_INPUT,
                           "%s: field \"chat_template\" is neither ChatML nor Llama 3", path);
            error_hint(err, "write the data as prompt and completion instead");
        }
    }
    json_free(json);
    mem_free(path);
    return ok;
}

bool chat_recognise(const DataSpec *spec, ChatTemplate *chat, Error *err)
{
    *chat = CHAT_NONE;
    if (spec->tok == NULL) return true;
    if (knows(spec->tok, "<|im_start|>") && knows(spec->tok, "<|im_end|>")) {
        *chat = CHAT_CHATML;
        return template_fits(spec, "<|im_start|>", err);
    }
    if (knows(spec->tok, "<|start_header_id|>") && knows(spec->tok, "<|end_header_id|>") &&
        knows(spec->tok, "<|eot_id|>")) {
        *chat = CHAT_LLAMA3;
        return template_fits(spec, "<|start_header_id|>", err);
    }
    return true;
}

void chat_turn(Str *head, Str *body, ChatTemplate chat, const char *role, const char *content,
               Index n)
{
    if (chat == CHAT_CHATML) {
        str_addf(head, "<|im_start|>%s\n", role);
        str_add_bytes(body, content, n);
        str_add(body, "<|im_end|>");
        return;
    }
    str_addf(head, "<|start_header_id|>%s<|end_header_id|>\n\n", role);
    str_add_bytes(body, content, n);
    str_add(body, "<|eot_id|>");
}

const char *chat_after_turn(ChatTemplate chat)
{
    return chat == CHAT_CHATML ? "\n" : "";
}
