/*
 * Reading config.json. The sizes get a range each, so that no product of them overflows later;
 * fields that do not change what the model computes are ignored, whatever they hold.
 */

#include "core/model/config_internal.h"

#include <string.h>

#include "core/base/file.h"
#include "core/base/mem.h"

#define CONFIG_MAX_BYTES (16 << 20)

/* Largest sizes taken: far beyond any model that a machine holds, and small enough that
 * L * D * F * sizeof(float) stays below 2^63. */
enum {
    MAX_VOCABULARY = 1 << 24,
    MAX_WIDTH = 1 << 20,
    MAX_LAYERS = 1024,
    MAX_HEADS = 4096,
    MAX_HEAD_WIDTH = 4096,
    MAX_FEED_FORWARD = 1 << 24,
    MAX_POSITION = 1 << 30,
};

typedef struct Family {
    const char *model_type;
    Index       max_position; /* transformers' default */
    bool        qkv_bias;     /* without being asked */
} Family;

static const Family families[] = {
    [FAMILY_QWEN2] = {.model_type = "qwen2", .max_position = 32768, .qkv_bias = true},
    [FAMILY_LLAMA] = {.model_type = "llama", .max_position = 2048, .qkv_bias = false},
};

bool config_failed_at(const ConfigReader *r, const char *field)
{
    return error_prefix(r->err, "%s: field \"%s\"", json_name(r->json), field);
}

bool config_size(const ConfigReader *r, const char *key, bool required, Index hi, Index *out)
{
    int64_t value = *out;
    if (!json_field_int(r->json, r->root, key, required, 1, hi, &value, r->err)) return false;
    *out = value;
    return true;
}

static bool read_family(const ConfigReader *r)
{
    const char *type = NULL;
    if (!json_field_string(r->json, r->root, "model_type", true, &type, r->err)) return false;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        if (strcmp(type, families[i].model_type) != 0) continue;
        r->config->family = (ModelFamily)i;
        return true;
    }
    (void)error_set(r->err, ERR_INPUT, "\"%.60s\" is not supported", type);
    (void)error_hint(r->err, "supported are %s (Qwen2, Qwen2.5) and %s (Llama 2, 3)",
                     families[FAMILY_QWEN2].model_type, families[FAMILY_LLAMA].model_type);
    return config_failed_at(r, "model_type");
}

static bool read_heads(const ConfigReader *r)
{
    ModelConfig *c = r->config;
    if (!config_size(r, "num_attention_heads", true, MAX_HEADS, &c->H)) return false;
    c->G = c->H;
    if (!config_size(r, "num_key_value_heads", false, MAX_HEADS, &c->G)) return false;
    if (c->H % c->G != 0) {
        (void)error_set(r->err, ERR_INPUT, "%lld does not divide the %lld attention heads",
                        (long long)c->G, (long long)c->H);
        return config_failed_at(r, "num_key_value_heads");
    }
    c->K = 0;
    if (!config_size(r, "head_dim", false, MAX_HEAD_WIDTH, &c->K)) return false;
    if (c->K == 0 && c->D % c->H != 0) {
        (void)error_set(r->err, ERR_INPUT, "%lld does not divide hidden_size %lld", (long long)c->H,
                        (long long)c->D);
        return config_failed_at(r, "num_attention_heads");
    }
    if (c->K == 0) c->K = c->D / c->H;
    if (c->K % 2 != 0 || c->K > MAX_HEAD_WIDTH) {
        (void)error_set(r->err, ERR_INPUT, "%lld: rotary pairs need an even width of at most %d",
                        (long long)c->K, MAX_HEAD_WIDTH);
        return config_failed_at(r, "head_dim");
    }
    return true;
}

static bool read_sizes(const ConfigReader *r)
{
    ModelConfig *c = r->config;
    double       eps = 1e-6;
    c->max_position = families[c->family].max_position;
    if (!config_size(r, "vocab_size", true, MAX_VOCABULARY, &c->V) ||
        !config_size(r, "hidden_size", true, MAX_WIDTH, &c->D) ||
        !config_size(r, "num_hidden_layers", true, MAX_LAYERS, &c->L) ||
        !config_size(r, "intermediate_size", true, MAX_FEED_FORWARD, &c->F) ||
        !config_size(r, "max_position_embeddings", false, MAX_POSITION, &c->max_position) ||
        !read_heads(r) ||
        !json_field_double(r->json, r->root, "rms_norm_eps", false, 1e-20, 1.0, &eps, r->err)) {
        return false;
    }
    c->rms_eps = (float)eps;
    return true;
}

/* Qwen2 has biases at q, k and v whatever the file says; Llama is told. */
static bool read_biases(const ConfigReader *r)
{
    ModelConfig *c = r->config;
    bool         attention = false, mlp = false;
    if (!json_field_bool(r->json, r->root, "tie_word_embeddings", &c->tied, r->err)) return false;
    c->qkv_bias = families[c->family].qkv_bias;
    if (c->family != FAMILY_LLAMA) return true;

    if (!json_field_bool(r->json, r->root, "attention_bias", &attention, r->err) ||
        !json_field_bool(r->json, r->root, "mlp_bias", &mlp, r->err)) {
        return false;
    }
    c->qkv_bias = c->o_bias = attention;
    c->mlp_bias = mlp;
    return true;
}

/* transformers 5 writes "dtype", 4 wrote "torch_dtype". */
static bool read_dtype(const ConfigReader *r)
{
    static const char *const names[] = {
        [DTYPE_F32] = "float32", [DTYPE_F16] = "float16", [DTYPE_BF16] = "bfloat16"};
    const char *field = json_get(r->root, "dtype") != NULL ? "dtype" : "torch_dtype";
    const char *text = "float32";
    if (!json_field_string(r->json, r->root, field, false, &text, r->err)) return false;
    if (strncmp(text, "torch.", 6) == 0) text += 6;
    for (int i = 0; i < DTYPE_COUNT; i++) {
        if (strcmp(text, names[i]) != 0) continue;
        r->config->dtype = (DType)i;
        return true;
    }
    (void)error_set(r->err, ERR_INPUT, "\"%.60s\" is not float32, float16 or bfloat16", text);
    return config_failed_at(r, field);
}

/* A token id or -1 for none. Llama 1 wrote -1 itself. */
static bool read_id(const ConfigReader *r, const char *key, int32_t *out)
{
    int64_t id = -1;
    if (!json_field_int(r->json, r->root, key, false, -1, r->config->V - 1, &id, r->err)) {
        return false;
    }
    *out = (int32_t)id;
    return true;
}

static bool add_end(const ConfigReader *r, const JsonNode *node)
{
    ModelConfig *c = r->config;
    int64_t      id = json_integer(node);
    if (!json_is_integer(node) || id < 0 || id >= c->V) {
        (void)error_set(r->err, ERR_INPUT, "must be token ids from 0 to %lld", (long long)c->V - 1);
        return config_failed_at(r, "eos_token_id");
    }
    for (int i = 0; i < c->end_count; i++) {
        if (c->end[i] == id) return true;
    }
    if (c->end_count == CONFIG_MAX_END_TOKENS) {
        (void)error_set(r->err, ERR_INPUT, "more than %d end tokens", CONFIG_MAX_END_TOKENS);
        return config_failed_at(r, "eos_token_id");
    }
    c->end[c->end_count++] = (int32_t)id;
    return true;
}

/* A number, a list of numbers, or null. */
static bool read_ends(const ConfigReader *r)
{
    const JsonNode *node = json_get(r->root, "eos_token_id");
    if (node == NULL || json_is_null(node)) return true;
    if (!json_is_array(node)) return add_end(r, node);
    for (Index i = 0; i < json_count(node); i++) {
        if (!add_end(r, json_at(node, i))) return false;
    }
    return true;
}

bool config_parse(ModelConfig *config, const Json *json, Error *err)
{
    *config = (ModelConfig){0};
    ConfigReader r = {config, json, json_root(json), err};
    if (!json_is_object(r.root)) {
        return error_set(err, ERR_INPUT, "%s: must hold an object", json_name(json));
    }
    return read_family(&r) && config_refuse_unknown(&r) && read_sizes(&r) && read_biases(&r) &&
           config_read_rope(&r) && read_dtype(&r) && read_id(&r, "bos_token_id", &config->bos) &&
           read_id(&r, "pad_token_id", &config->pad) && read_ends(&r);
}

/* transformers generates with the end tokens of this file, where there is one. */
static bool read_generation(ModelConfig *config, const char *path, Error *err)
{
    if (!path_exists(path)) return true;
    Json *json = json_read(path, CONFIG_MAX_BYTES, err);
    if (json == NULL) return false;
    ConfigReader r = {config, json, json_root(json), err};
    bool         good = json_is_object(r.root);
    if (good) {
        good = read_ends(&r);
    } else {
        (void)error_set(err, ERR_INPUT, "%s: must hold an object", path);
    }
    json_free(json);
    return good;
}

bool config_read(ModelConfig *config, const char *folder, Error *err)
{
    Json *json = NULL;
    bool  good = false;
    char *path = path_join(folder, "config.json", err);
    char *generation = path_join(folder, "generation_config.json", err);
    if (path == NULL || generation == NULL) goto done;

    json = json_read(path, CONFIG_MAX_BYTES, err);
    if (json == NULL) goto done;
    good = config_parse(config, json, err) && read_generation(config, generation, err);

done:
    json_free(json);
    mem_free(generation);
    mem_free(path);
    return good;
}
