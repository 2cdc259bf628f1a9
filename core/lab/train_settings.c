/* Settings from arguments, and settings as JSON for the log and for a run's identity. */

#include "core/lab/train_settings.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"

static ScheduleKind schedule_by_name(const char *name)
{
    if (strcmp(name, "linear") == 0) return SCHEDULE_LINEAR;
    if (strcmp(name, "cosine") == 0) return SCHEDULE_COSINE;
    return strcmp(name, "constant") == 0 ? SCHEDULE_CONSTANT : SCHEDULE_CONSTANT_WITH_WARMUP;
}

static const char *schedule_name(ScheduleKind kind)
{
    static const char *const names[] = {"constant", "constant_with_warmup", "linear", "cosine"};
    return names[kind];
}

static OptimSpec optim_from(const Args *args)
{
    bool sgd = strcmp(args_text(args, "optim"), "sgd") == 0;
    return (OptimSpec){.kind = sgd ? OPTIM_SGD : OPTIM_ADAMW,
                       .beta1 = args_float(args, "adam_beta1"),
                       .beta2 = args_float(args, "adam_beta2"),
                       .epsilon = args_float(args, "adam_epsilon"),
                       .weight_decay = args_float(args, "weight_decay"),
                       .momentum = sgd ? args_float(args, "momentum") : 0};
}

bool train_settings_from(const Args *args, TrainSettings *s, Error *err)
{
    bool full = strcmp(args_text(args, "method"), "full") == 0;

    train_settings_init(s);
    if (args_given(args, "max_steps") && args_given(args, "num_train_epochs")) {
        return error_set(err, ERR_INPUT, "--max_steps and --num_train_epochs were both given");
    }
    s->num_train_epochs = args_float(args, "num_train_epochs");
    s->max_steps = (Index)args_int(args, "max_steps");
    if (!args_given(args, "max_steps") && !args_given(args, "num_train_epochs")) s->max_steps = 500;
    s->batch = (Index)args_int(args, "per_device_train_batch_size");
    s->accumulation = (Index)args_int(args, "gradient_accumulation_steps");
    s->learning_rate = args_given(args, "learning_rate") ? args_float(args, "learning_rate")
                                                         : (full ? 1e-3 : 5e-3);
    s->schedule = schedule_by_name(args_text(args, "lr_scheduler_type"));
    s->warmup_ratio = args_float(args, "warmup_ratio");
    s->warmup_steps = args_given(args, "warmup_steps")   ? (Index)args_int(args, "warmup_steps")
                      : args_given(args, "warmup_ratio") ? 0
                                                         : 10;
    if (s->warmup_steps > s->max_steps && s->max_steps > 0) s->warmup_steps = s->max_steps;
    s->optim = optim_from(args);
    s->max_grad_norm = args_float(args, "max_grad_norm");
    s->max_length = (Index)args_int(args, "max_length");
    s->packing = args_flag(args, "packing");
    s->shuffle = args_flag(args, "shuffle");
    s->gradient_checkpointing = args_flag(args, "gradient_checkpointing");
    s->eval_steps = (Index)args_int(args, "eval_steps");
    s->save_steps = (Index)args_int(args, "save_steps");
    s->save_total_limit = (Index)args_int(args, "save_total_limit");
    s->modules_steps = 10;
    s->memory_steps = 50;
    s->sample_steps = s->eval_steps;
    s->seed = (uint64_t)args_int(args, "seed");
    return true;
}

/* ---- LoRA ---- */

/* A regular expression holds something that no module name or list of names has. */
static bool looks_like_regex(const char *text)
{
    return strpbrk(text, "*+?()[]{}|\\^$") != NULL;
}

/* "a, b" as names, anything with a regular expression's signs as one. */
static bool add_names(NameList *list, char **regex, const char *text, Error *err)
{
    if (looks_like_regex(text)) {
        *regex = mem_strdup(text, err);
        return *regex != NULL;
    }
    while (true) {
        text += strspn(text, " ");
        size_t n = strcspn(text, ",");
        Index  keep = (Index)n;
        while (keep > 0 && text[keep - 1] == ' ') keep--;
        Str name = {0};
        str_add_bytes(&name, text, keep);
        bool ok = str_ok(&name, err) && keep > 0 && name_list_add(list, str_text(&name), err);
        str_free(&name);
        if (keep == 0) return error_set(err, ERR_INPUT, "an empty module name in \"%.80s\"", text);
        if (!ok) return false;
        if (text[n] == '\0') return true;
        text += n + 1;
    }
}

static bool add_pattern(PatternList *list, const char *pattern, double value, Error *err)
{
    PatternValue *larger =
        mem_resize(list->item, mem_program(), MEM_TEXT, list->count + 1, sizeof *larger, err);
    if (larger == NULL) return false;
    list->item = larger;
    larger[list->count] = (PatternValue){.pattern = mem_strdup(pattern, err), .value = value};
    if (larger[list->count].pattern == NULL) return false;
    list->count++;
    return true;
}

static bool patterns_from(const Args *args, const char *name, double lo, PatternList *list,
                          Error *err)
{
    const char *text = args_text(args, name);
    if (text == NULL) return true;
    Json *json = json_parse(text, (Index)strlen(text), name, err);
    bool  ok = json != NULL;
    for (Index i = 0; ok && i < json_count(json_root(json)); i++) {
        const JsonNode *value;
        const char     *key = json_member(json_root(json), i, &value);
        if (!json_is_number(value) || !(json_number(value) >= lo)) {
            ok = error_set(err, ERR_INPUT, "--%s: \"%.60s\" is not a number of at least %g", name,
                           key, lo);
        }
        ok = ok && add_pattern(list, key, json_number(value), err);
    }
    json_free(json);
    return ok;
}

static bool layers_from(const Args *args, LoraConfig *config, Error *err)
{
    Index count = 0;
    while (args_item(args, "layers_to_transform", count) != NULL) count++;
    if (count == 0) return true;
    config->layers_to_transform = mem_alloc(mem_program(), MEM_TEXT, count, sizeof(Index), err);
    if (config->layers_to_transform == NULL) return false;
    config->layers_count = count;
    for (Index i = 0; i < count; i++) {
        const char *text = args_item(args, "layers_to_transform", i);
        char       *end;
        long        layer = strtol(text, &end, 10);
        if (end == text || *end != '\0' || layer < 0) {
            return error_set(err, ERR_INPUT,
                             "--layers_to_transform: \"%.40s\" is not a layer number", text);
        }
        config->layers_to_transform[i] = layer;
    }
    return true;
}

static bool targets_from(const Args *args, LoraConfig *config, Error *err)
{
    const char *targets = args_text(args, "target_modules");
    const char *exclude = args_text(args, "exclude_modules");
    const char *item;

    if (str_same_name(targets, "all-linear")) {
        config->target_all_linear = true;
    } else if (!add_names(&config->target_modules, &config->target_regex, targets, err)) {
        return false;
    }
    if (exclude != NULL &&
        !add_names(&config->exclude_modules, &config->exclude_regex, exclude, err)) {
        return false;
    }
    for (Index i = 0; (item = args_item(args, "modules_to_save", i)) != NULL; i++) {
        if (!name_list_add(&config->modules_to_save, item, err)) return false;
    }
    return layers_from(args, config, err);
}

static LoraBias bias_by_name(const char *name)
{
    if (strcmp(name, "all") == 0) return LORA_BIAS_ALL;
    return strcmp(name, "lora_only") == 0 ? LORA_BIAS_LORA_ONLY : LORA_BIAS_NONE;
}

bool lora_config_from(const Args *args, LoraConfig *config, Error *err)
{
    lora_config_init(config);
    config->r = (Index)args_int(args, "r");
    config->lora_alpha = args_float(args, "lora_alpha");
    config->lora_dropout = args_float(args, "lora_dropout");
    config->bias = bias_by_name(args_text(args, "bias"));
    config->lora_bias = args_flag(args, "lora_bias");
    config->use_rslora = args_flag(args, "use_rslora");
    config->materialized = args_flag(args, "materialized");
    CHECK(lora_init_parse(args_text(args, "init_lora_weights"), &config->init));
    return targets_from(args, config, err) &&
           patterns_from(args, "rank_pattern", 1, &config->rank_pattern, err) &&
           patterns_from(args, "alpha_pattern", 0, &config->alpha_pattern, err);
}

/* ---- as JSON ---- */

static void add_double(Str *json, const char *key, double value)
{
    str_addf(json, ", \"%s\": ", key);
    json_add_number(json, value);
}

/* The adapter's configuration on one line, as a log needs it. */
static void add_config(Str *json, const LoraConfig *config)
{
    Str   pretty = {0};
    Json *parsed = NULL;
    lora_config_write(&pretty, config);
    if (str_ok(&pretty, NULL)) parsed = json_parse(pretty.data, pretty.len, "settings", NULL);
    if (parsed != NULL) {
        json_add_node(json, json_root(parsed));
    } else {
        json->failed = true;
    }
    json_free(parsed);
    str_free(&pretty);
}

void settings_describe(Str *json, const TrainSettings *s, const LoraConfig *config)
{
    str_addf(json,
             "\"max_steps\": %td, \"per_device_train_batch_size\": %td, "
             "\"gradient_accumulation_steps\": %td, \"warmup_steps\": %td, "
             "\"max_length\": %td, \"lr_scheduler_type\": \"%s\", \"optim\": \"%s\"",
             s->max_steps, s->batch, s->accumulation, s->warmup_steps, s->max_length,
             schedule_name(s->schedule), s->optim.kind == OPTIM_ADAMW ? "adamw" : "sgd");
    add_double(json, "num_train_epochs", s->max_steps > 0 ? 0 : s->num_train_epochs);
    add_double(json, "learning_rate", s->learning_rate);
    add_double(json, "warmup_ratio", s->warmup_ratio);
    add_double(json, "weight_decay", s->optim.weight_decay);
    add_double(json, "adam_beta1", s->optim.beta1);
    add_double(json, "adam_beta2", s->optim.beta2);
    add_double(json, "adam_epsilon", s->optim.epsilon);
    add_double(json, "momentum", s->optim.momentum);
    add_double(json, "max_grad_norm", s->max_grad_norm);
    str_addf(json,
             ", \"packing\": %s, \"shuffle\": %s, \"gradient_checkpointing\": %s, "
             "\"seed\": %llu",
             s->packing ? "true" : "false", s->shuffle ? "true" : "false",
             s->gradient_checkpointing ? "true" : "false", (unsigned long long)s->seed);
    if (config == NULL) {
        str_add(json, ", \"method\": \"full\"");
        return;
    }
    str_addf(json, ", \"method\": \"lora\", \"init_lora_weights\": \"%s\", \"lora\": ",
             lora_init_name(config->init));
    add_config(json, config);
}
