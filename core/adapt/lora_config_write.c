/*
 * adapter_config.json as PEFT's json.dumps(indent=2, sort_keys=True) lays it out. Only fields
 * that every PEFT of the last years knows are written, for older ones stop at an unknown name:
 * exclude_modules and lora_bias appear only where they are in use. How the adapter was drawn
 * does not matter to who loads it, so our own initialisations are written as true.
 */

#include <math.h>
#include <string.h>

#include "core/adapt/lora_config.h"

static void add_key(Str *out, const char *key)
{
    str_addf(out, "%s  \"%s\": ", out->len > 2 ? ",\n" : "", key);
}

static void add_text(Str *out, const char *text)
{
    if (text == NULL) {
        str_add(out, "null");
    } else {
        json_add_string(out, text, (Index)strlen(text));
    }
}

static void add_field(Str *out, const char *key, const char *raw)
{
    add_key(out, key);
    str_add(out, raw);
}

static void add_bool(Str *out, const char *key, bool value)
{
    add_field(out, key, value ? "true" : "false");
}

/* Python writes 0.0 where the field is a float; 8 and 8.0 are both read. */
static void add_double(Str *out, double value, bool is_float)
{
    if (value == floor(value) && fabs(value) < 1e15) {
        str_addf(out, is_float ? "%.1f" : "%.0f", value);
    } else {
        json_add_number(out, value);
    }
}

static void add_names(Str *out, const char *key, const NameList *list)
{
    add_key(out, key);
    if (list->count == 0) {
        str_add(out, "null");
        return;
    }
    for (Index i = 0; i < list->count; i++) {
        str_add(out, i == 0 ? "[\n    " : ",\n    ");
        add_text(out, list->name[i]);
    }
    str_add(out, "\n  ]");
}

static void add_layers(Str *out, const LoraConfig *config)
{
    add_key(out, "layers_to_transform");
    if (config->layers_count == 0) {
        str_add(out, "null");
        return;
    }
    for (Index i = 0; i < config->layers_count; i++) {
        str_addf(out, "%s%td", i == 0 ? "[\n    " : ",\n    ", config->layers_to_transform[i]);
    }
    str_add(out, "\n  ]");
}

static void add_patterns(Str *out, const char *key, const PatternList *list)
{
    add_key(out, key);
    str_add(out, "{");
    for (Index i = 0; i < list->count; i++) {
        str_add(out, i == 0 ? "\n    " : ",\n    ");
        add_text(out, list->item[i].pattern);
        str_add(out, ": ");
        add_double(out, list->item[i].value, false);
    }
    str_add(out, list->count > 0 ? "\n  }" : "}");
}

static void add_targets(Str *out, const LoraConfig *config)
{
    char     q[] = "q_proj", v[] = "v_proj";
    char    *names[] = {q, v};
    NameList usual = {.name = names, .count = 2};

    if (config->target_regex == NULL && !config->target_all_linear) {
        bool listed = config->target_modules.count > 0;
        add_names(out, "target_modules", listed ? &config->target_modules : &usual);
        return;
    }
    add_key(out, "target_modules");
    add_text(out, config->target_all_linear ? "all-linear" : config->target_regex);
}

static void add_excluded(Str *out, const LoraConfig *config)
{
    if (config->exclude_regex != NULL) {
        add_key(out, "exclude_modules");
        add_text(out, config->exclude_regex);
    } else if (config->exclude_modules.count > 0) {
        add_names(out, "exclude_modules", &config->exclude_modules);
    }
}

static const char *const bias_names[] = {"\"none\"", "\"all\"", "\"lora_only\""};

void lora_config_write(Str *out, const LoraConfig *config)
{
    bool gaussian = config->init == INIT_GAUSSIAN && !config->lora_bias; /* PEFT's own rule */

    str_add(out, "{\n");
    add_patterns(out, "alpha_pattern", &config->alpha_pattern);
    add_key(out, "base_model_name_or_path");
    add_text(out, config->base_model);
    add_field(out, "bias", bias_names[config->bias]);
    add_excluded(out, config);
    add_bool(out, "fan_in_fan_out", false);
    add_bool(out, "inference_mode", true);
    add_field(out, "init_lora_weights", gaussian ? "\"gaussian\"" : "true");
    add_layers(out, config);
    add_key(out, "lora_alpha");
    add_double(out, config->lora_alpha, false);
    if (config->lora_bias) add_bool(out, "lora_bias", true);
    add_key(out, "lora_dropout");
    add_double(out, config->lora_dropout, true);
    add_names(out, "modules_to_save", &config->modules_to_save);
    add_field(out, "peft_type", "\"LORA\"");
    add_key(out, "r");
    str_addf(out, "%td", config->r);
    add_patterns(out, "rank_pattern", &config->rank_pattern);
    add_targets(out, config);
    add_field(out, "task_type", "\"CAUSAL_LM\"");
    add_bool(out, "use_dora", false);
    add_bool(out, "use_rslora", config->use_rslora);
    str_add(out, "\n}");
}
