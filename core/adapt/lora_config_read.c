/*
 * adapter_config.json. Every field that PEFT knows is in the table below: what we read, what
 * changes nothing for us, what we have only at its default. A value that is null, false, "",
 * [] or {} says nothing and is skipped whatever its name; anything else is refused by name,
 * for an adapter that is loaded without what made it is another function.
 */

#include <string.h>

#include "core/adapt/lora_value.h"
#include "core/base/file.h"
#include "core/base/mem.h"

enum { CONFIG_MAX_BYTES = 16 << 20 };

/* One field: `value` is the member `key` of the root object, and is not nothing. */
typedef bool FieldReader(LoraConfig *config, const Json *json, const char *key,
                         const JsonNode *value, Error *err);

/* ---- fields that mean something here ---------------------------------------------------- */

static bool read_type(LoraConfig *config, const Json *json, const char *key, const JsonNode *value,
                      Error *err)
{
    (void)config;
    const char *type = lora_value_text(value);
    if (type != NULL && strcmp(type, "LORA") == 0) return true;
    return lora_value_refuse(json, key, value, "is not supported, only \"LORA\" is", err);
}

static bool read_task(LoraConfig *config, const Json *json, const char *key, const JsonNode *value,
                      Error *err)
{
    (void)config;
    const char *task = lora_value_text(value);
    if (task != NULL && strcmp(task, "CAUSAL_LM") == 0) return true;
    return lora_value_refuse(json, key, value, "is not supported, only \"CAUSAL_LM\" is", err);
}

static bool read_r(LoraConfig *config, const Json *json, const char *key, const JsonNode *value,
                   Error *err)
{
    (void)value;
    int64_t r;
    if (!json_field_int(json, json_root(json), key, true, 1, LORA_MAX_RANK, &r, err)) return false;
    config->r = (Index)r;
    return true;
}

static bool read_alpha(LoraConfig *config, const Json *json, const char *key, const JsonNode *value,
                       Error *err)
{
    (void)value;
    return json_field_double(json, json_root(json), key, true, 0.0, LORA_MAX_ALPHA,
                             &config->lora_alpha, err);
}

static bool read_dropout(LoraConfig *config, const Json *json, const char *key,
                         const JsonNode *value, Error *err)
{
    (void)value;
    return json_field_double(json, json_root(json), key, true, 0.0, LORA_MAX_DROPOUT,
                             &config->lora_dropout, err);
}

static bool read_targets(LoraConfig *config, const Json *json, const char *key,
                         const JsonNode *value, Error *err)
{
    if (json_is_array(value))
        return lora_value_take_list(&config->target_modules, json, key, value, err);
    const char *text = lora_value_text(value);
    if (text != NULL && str_same_name(text, "all-linear")) {
        config->target_all_linear = true;
        return true;
    }
    return lora_value_take_text(&config->target_regex, json, key, value, err);
}

static bool read_exclude(LoraConfig *config, const Json *json, const char *key,
                         const JsonNode *value, Error *err)
{
    if (json_is_array(value))
        return lora_value_take_list(&config->exclude_modules, json, key, value, err);
    return lora_value_take_text(&config->exclude_regex, json, key, value, err);
}

static bool read_saved(LoraConfig *config, const Json *json, const char *key, const JsonNode *value,
                       Error *err)
{
    return lora_value_take_list(&config->modules_to_save, json, key, value, err);
}

static bool read_bias(LoraConfig *config, const Json *json, const char *key, const JsonNode *value,
                      Error *err)
{
    const char *text = lora_value_text(value);
    if (text == NULL) text = "?";
    if (strcmp(text, "none") == 0) {
        config->bias = LORA_BIAS_NONE;
    } else if (strcmp(text, "all") == 0) {
        config->bias = LORA_BIAS_ALL;
    } else if (strcmp(text, "lora_only") == 0) {
        config->bias = LORA_BIAS_LORA_ONLY;
    } else {
        return lora_value_refuse(json, key, value, "is none of none, all, lora_only", err);
    }
    return true;
}

static bool read_lora_bias(LoraConfig *config, const Json *json, const char *key,
                           const JsonNode *value, Error *err)
{
    (void)value;
    return json_field_bool(json, json_root(json), key, &config->lora_bias, err);
}

static bool read_rslora(LoraConfig *config, const Json *json, const char *key,
                        const JsonNode *value, Error *err)
{
    (void)value;
    return json_field_bool(json, json_root(json), key, &config->use_rslora, err);
}

static bool read_init(LoraConfig *config, const Json *json, const char *key, const JsonNode *value,
                      Error *err)
{
    if (json_is_bool(value)) return true;
    const char *name = lora_value_text(value);
    if (name != NULL && lora_init_parse(name, &config->init)) return true;
    return lora_value_refuse(json, key, value, "is not supported: it may have changed the base",
                             err);
}

static bool read_rank_pattern(LoraConfig *config, const Json *json, const char *key,
                              const JsonNode *value, Error *err)
{
    return lora_value_take_patterns(&config->rank_pattern, json, key, value, err);
}

static bool read_alpha_pattern(LoraConfig *config, const Json *json, const char *key,
                               const JsonNode *value, Error *err)
{
    return lora_value_take_patterns(&config->alpha_pattern, json, key, value, err);
}

static bool read_layers(LoraConfig *config, const Json *json, const char *key,
                        const JsonNode *value, Error *err)
{
    Index count = json_is_array(value) ? json_count(value) : 1;
    config->layers_to_transform =
        mem_alloc(mem_program(), MEM_TEXT, count, (Index)sizeof *config->layers_to_transform, err);
    if (config->layers_to_transform == NULL) return false;
    for (Index i = 0; i < count; i++) {
        const JsonNode *layer = json_is_array(value) ? json_at(value, i) : value;
        if (!json_is_integer(layer) || json_integer(layer) < 0) {
            return lora_value_refuse(json, key, value, "is no layer number or list of them", err);
        }
        config->layers_to_transform[i] = (Index)json_integer(layer);
    }
    config->layers_count = count;
    return true;
}

static bool read_base(LoraConfig *config, const Json *json, const char *key, const JsonNode *value,
                      Error *err)
{
    return lora_value_take_text(&config->base_model, json, key, value, err);
}

/* ---- fields that we have only at one value ---------------------------------------------- */

static bool skip(LoraConfig *config, const Json *json, const char *key, const JsonNode *value,
                 Error *err)
{
    (void)config, (void)json, (void)key, (void)value, (void)err;
    return true;
}

static bool read_megatron_core(LoraConfig *config, const Json *json, const char *key,
                               const JsonNode *value, Error *err)
{
    (void)config;
    const char *text = lora_value_text(value);
    if (text != NULL && strcmp(text, "megatron.core") == 0) return true;
    return lora_value_refuse(json, key, value, "is not supported", err);
}

static bool read_group_size(LoraConfig *config, const Json *json, const char *key,
                            const JsonNode *value, Error *err)
{
    (void)config;
    if (json_is_integer(value) && json_integer(value) == 16) return true;
    return lora_value_refuse(json, key, value, "is not supported", err);
}

/* Our families have one list of layers, "layers": any other pattern matches nothing. */
static bool read_layers_pattern(LoraConfig *config, const Json *json, const char *key,
                                const JsonNode *value, Error *err)
{
    (void)config;
    bool        list = json_is_array(value) && json_count(value) == 1;
    const char *text = lora_value_text(list ? json_at(value, 0) : value);
    if (text != NULL && strcmp(text, "layers") == 0) return true;
    return lora_value_refuse(json, key, value, "is not supported, only \"layers\" is", err);
}

static const struct Field {
    const char  *name;
    FieldReader *read;
} fields[] = {
    {"alpha_pattern", read_alpha_pattern},
    {"auto_mapping", skip},
    {"base_model_name_or_path", read_base},
    {"bias", read_bias},
    {"exclude_modules", read_exclude},
    {"inference_mode", skip},
    {"init_lora_weights", read_init},
    {"layers_pattern", read_layers_pattern},
    {"layers_to_transform", read_layers},
    {"lora_alpha", read_alpha},
    {"lora_bias", read_lora_bias},
    {"lora_dropout", read_dropout},
    {"megatron_core", read_megatron_core},
    {"modules_to_save", read_saved},
    {"peft_type", read_type},
    {"peft_version", skip},
    {"qalora_group_size", read_group_size},
    {"r", read_r},
    {"rank_pattern", read_rank_pattern},
    {"revision", skip},
    {"runtime_config", skip},
    {"target_modules", read_targets},
    {"task_type", read_task},
    {"use_rslora", read_rslora},
};
enum { FIELDS = sizeof fields / sizeof *fields };

/* ---- the file --------------------------------------------------------------------------- */

static bool refuse_unknown(const Json *json, const char *key, const JsonNode *value, Error *err)
{
    (void)lora_value_refuse(json, key, value, "is not supported, only its default is", err);
    int         best = 3;
    const char *near = NULL;
    for (int i = 0; i < FIELDS; i++) {
        int distance = str_distance(key, fields[i].name);
        if (distance < best) best = distance, near = fields[i].name;
    }
    if (near != NULL) return error_hint(err, "did you mean \"%s\"?", near);
    return error_hint(err, "the adapter would compute something else without it");
}

static bool read_member(LoraConfig *config, const Json *json, const char *key,
                        const JsonNode *value, Error *err)
{
    if (json_is_nothing(value)) return true;
    for (int i = 0; i < FIELDS; i++) {
        if (strcmp(key, fields[i].name) == 0) {
            return fields[i].read(config, json, key, value, err);
        }
    }
    return refuse_unknown(json, key, value, err);
}

static bool read_members(LoraConfig *config, const Json *json, Error *err)
{
    const JsonNode *root = json_root(json);
    if (!json_is_object(root)) {
        return error_set(err, ERR_INPUT, "%s: an object is expected", json_name(json));
    }
    if (json_is_nothing(json_get(root, "peft_type"))) {
        (void)lora_value_wrong(json, "peft_type", "is missing", err);
        return error_hint(err, "an adapter_config.json written by PEFT has it");
    }
    for (Index i = 0; i < json_count(root); i++) {
        const JsonNode *value;
        const char     *key = json_member(root, i, &value);
        if (!read_member(config, json, key, value, err)) return false;
    }
    if (lora_config_check(config, err)) return true;
    return error_prefix(err, "%s", json_name(json));
}

bool lora_config_parse(LoraConfig *config, const Json *json, Error *err)
{
    lora_config_init(config);
    if (read_members(config, json, err)) return true;
    lora_config_free(config);
    return false;
}

bool lora_config_read(LoraConfig *config, const char *folder, Error *err)
{
    lora_config_init(config);
    char *path = path_join(folder, "adapter_config.json", err);
    if (path == NULL) return false;

    Json *json = json_read(path, CONFIG_MAX_BYTES, err);
    bool  ok = json != NULL && lora_config_parse(config, json, err);
    json_free(json);
    mem_free(path);
    return ok;
}
