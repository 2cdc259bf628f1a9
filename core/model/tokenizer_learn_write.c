/* What was learned, as a tokenizer.json in the manner of Qwen2's. */

#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/model/tokenizer_learn.h"

/* A token in the byte-level alphabet. */
static void write_bytes(Str *out, const char *bytes, Index n)
{
    for (Index i = 0; i < n; i++) {
        char character[4];
        str_add_bytes(out, character, utf8_encode(byte_level_char((uint8_t)bytes[i]), character));
    }
}

/* `scratch` is emptied and used, so that the tokens share one allocation. */
static void write_token(const Learned *learned, const char *const *special, int32_t id,
                        Str *scratch)
{
    Index       n;
    const char *bytes = vocabulary_bytes(&learned->tokens, id, &n);
    if (id < learned->special_count) {
        str_add(scratch, special[id]);
    } else {
        write_bytes(scratch, bytes, n);
    }
}

static void write_added(const Learned *learned, const char *const *special, Str *out)
{
    str_add(out, "  \"added_tokens\": [");
    for (int32_t id = 0; id < learned->special_count; id++) {
        str_addf(out, "%s\n    {\"id\": %d, \"content\": ", id > 0 ? "," : "", id);
        json_add_string(out, special[id], (Index)strlen(special[id]));
        str_add(out, ", \"single_word\": false, \"lstrip\": false, \"rstrip\": false, "
                     "\"normalized\": false, \"special\": true}");
    }
    str_add(out, learned->special_count > 0 ? "\n  ],\n" : "],\n");
}

static void write_parts(Str *out)
{
    str_add(out, "  \"normalizer\": {\"type\": \"NFC\"},\n"
                 "  \"pre_tokenizer\": {\"type\": \"Sequence\", \"pretokenizers\": [\n"
                 "    {\"type\": \"Split\", \"pattern\": {\"Regex\": ");
    json_add_string(out, pretokenize_qwen2, (Index)strlen(pretokenize_qwen2));
    str_add(out, "}, \"behavior\": \"Isolated\", \"invert\": false},\n"
                 "    {\"type\": \"ByteLevel\", \"add_prefix_space\": false, "
                 "\"trim_offsets\": false, \"use_regex\": false}\n"
                 "  ]},\n"
                 "  \"post_processor\": {\"type\": \"ByteLevel\", \"add_prefix_space\": false, "
                 "\"trim_offsets\": false, \"use_regex\": false},\n"
                 "  \"decoder\": {\"type\": \"ByteLevel\", \"add_prefix_space\": false, "
                 "\"trim_offsets\": false, \"use_regex\": false},\n");
}

static void write_vocab(const Learned *learned, const char *const *special, Str *out, Str *scratch)
{
    str_add(out, "    \"vocab\": {");
    for (int32_t id = 0; id < learned->tokens.count; id++) {
        str_clear(scratch);
        write_token(learned, special, id, scratch);
        str_add(out, id > 0 ? ",\n      " : "\n      ");
        json_add_string(out, str_text(scratch), scratch->len);
        str_addf(out, ": %d", id);
        out->failed |= scratch->failed;
    }
    str_add(out, "\n    },\n");
}

static void write_merges(const Learned *learned, const char *const *special, Str *out, Str *scratch)
{
    str_add(out, "    \"merges\": [");
    for (Index i = 0; i < learned->merges; i++) {
        str_clear(scratch);
        write_token(learned, special, learned->merge[i].left, scratch);
        str_add(scratch, " ");
        write_token(learned, special, learned->merge[i].right, scratch);
        str_add(out, i > 0 ? ",\n      " : "\n      ");
        json_add_string(out, str_text(scratch), scratch->len);
        out->failed |= scratch->failed;
    }
    str_add(out, learned->merges > 0 ? "\n    ]\n" : "]\n");
}

void learned_write(const Learned *learned, const char *const *special, Str *out)
{
    Str scratch = {0};
    str_add(out, "{\n  \"version\": \"1.0\",\n  \"truncation\": null,\n  \"padding\": null,\n");
    write_added(learned, special, out);
    write_parts(out);
    str_add(out, "  \"model\": {\n    \"type\": \"BPE\", \"dropout\": null, \"unk_token\": null,\n"
                 "    \"continuing_subword_prefix\": null, \"end_of_word_suffix\": null,\n"
                 "    \"fuse_unk\": false, \"byte_fallback\": false, \"ignore_merges\": false,\n");
    write_vocab(learned, special, out, &scratch);
    write_merges(learned, special, out, &scratch);
    str_add(out, "  }\n}\n");
    str_free(&scratch);
}
