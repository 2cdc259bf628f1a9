/*
 * What a model folder holds beside its weights. config.json is copied byte for byte, so that
 * fields which mean nothing here survive; only untying the head changes one of them.
 */

#include "core/model/model_internal.h"

#include <string.h>

#include "core/base/json.h"

#define MAX_FILE (256 << 20)

static const char *const companions[] = {
    "tokenizer.json",
    "tokenizer_config.json",
    "generation_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "tokenizer.model",
    "chat_template.jinja",
};

static bool copy_file(const char *from_folder, const char *to_folder, const char *name, Error *err)
{
    Index len;
    char *from = path_join(from_folder, name, err);
    char *to = path_join(to_folder, name, err);
    bool  good = from != NULL && to != NULL;
    if (good && path_exists(from)) {
        char *bytes = file_read_all(from, MAX_FILE, &len, err);
        good = bytes != NULL && file_write_all(to, bytes, len, err);
        mem_free(bytes);
    }
    mem_free(to);
    mem_free(from);
    return good;
}

bool model_copy_files(const Model *model, const char *folder, Error *err)
{
    if (model->path == NULL) return true;
    for (size_t i = 0; i < sizeof companions / sizeof *companions; i++) {
        if (!copy_file(model->path, folder, companions[i], err)) return false;
    }
    return true;
}

/* The same document with "tie_word_embeddings": false, a member a line. */
static bool rewrite_untied(Str *out, const char *path, Error *err)
{
    Json *json = json_read(path, MAX_FILE, err);
    if (json == NULL) return false;
    const JsonNode *root = json_root(json);
    str_add(out, "{\n");
    for (Index i = 0; i < json_count(root) && json_is_object(root); i++) {
        const JsonNode *value;
        const char     *key = json_member(root, i, &value);
        if (strcmp(key, "tie_word_embeddings") == 0) continue;
        str_add(out, "  ");
        json_add_string(out, key, (Index)strlen(key));
        str_add(out, ": ");
        json_add_node(out, value);
        str_add(out, ",\n");
    }
    str_add(out, "  \"tie_word_embeddings\": false\n}\n");
    json_free(json);
    return true;
}

bool model_save_config(const Model *model, const char *folder, bool untie, Error *err)
{
    if (model->path != NULL && !untie) {
        return copy_file(model->path, folder, "config.json", err);
    }
    Str   text = {0};
    char *from = model->path == NULL ? NULL : path_join(model->path, "config.json", err);
    char *to = path_join(folder, "config.json", err);
    bool  good = to != NULL && (model->path == NULL || from != NULL);
    if (good && from != NULL) good = rewrite_untied(&text, from, err);
    if (good && from == NULL) {
        ModelConfig config = model->config;
        if (untie) config.tied = false;
        config_write(&text, &config);
    }
    good = good && str_ok(&text, err) && file_write_all(to, text.data, text.len, err);
    str_free(&text);
    mem_free(to);
    mem_free(from);
    return good;
}
