/*
 * The life of a LoRA configuration: defaults, copies, what its fields may hold. Reading it from
 * adapter_config.json is in lora_config_read.c, writing in lora_config_write.c.
 */

#include "core/adapt/lora_config.h"

#include <math.h>
#include <string.h>

#include "core/base/mem.h"

/* ---- initialisations -------------------------------------------------------------------- */

static const char *const init_names[INIT_COUNT] = {
    [INIT_PEFT] = "true",
    [INIT_GAUSSIAN] = "gaussian",
    [INIT_KAIMING_NORMAL] = "kaiming_normal",
    [INIT_XAVIER_NORMAL] = "xavier_normal",
    [INIT_VARIANCE_1] = "variance_1",
    [INIT_VARIANCE_1_R] = "variance_1_r",
    [INIT_VARIANCE_2_R] = "variance_2_r",
    [INIT_VARIANCE_2_RK] = "variance_2_rk",
    [INIT_BROKEN_BOTH_ZERO] = "broken_both_zero",
    [INIT_BROKEN_BOTH_RANDOM] = "broken_both_random",
    [INIT_SWAPPED] = "swapped",
};

const char *lora_init_name(LoraInit init)
{
    CHECK((int)init >= 0 && init < INIT_COUNT);
    return init_names[init];
}

bool lora_init_parse(const char *name, LoraInit *init)
{
    for (int i = 0; i < INIT_COUNT; i++) {
        if (!str_same_name(name, init_names[i])) continue;
        *init = (LoraInit)i;
        return true;
    }
    return false;
}

/* ---- lists ------------------------------------------------------------------------------ */

bool name_list_add(NameList *list, const char *name, Error *err)
{
    char **grown =
        mem_resize(list->name, mem_program(), MEM_TEXT, list->count + 1, (Index)sizeof *grown, err);
    if (grown == NULL) return false;
    list->name = grown;
    grown[list->count] = mem_strdup(name, err);
    if (grown[list->count] == NULL) return false;
    list->count++;
    return true;
}

void name_list_free(NameList *list)
{
    for (Index i = 0; i < list->count; i++) mem_free(list->name[i]);
    mem_free(list->name);
    *list = (NameList){0};
}

bool name_list_copy(NameList *to, const NameList *from, Error *err)
{
    *to = (NameList){0};
    for (Index i = 0; i < from->count; i++) {
        if (name_list_add(to, from->name[i], err)) continue;
        name_list_free(to);
        return false;
    }
    return true;
}

bool pattern_list_add(PatternList *list, const char *pattern, double value, Error *err)
{
    PatternValue *grown =
        mem_resize(list->item, mem_program(), MEM_TEXT, list->count + 1, (Index)sizeof *grown, err);
    if (grown == NULL) return false;
    list->item = grown;
    grown[list->count] = (PatternValue){.pattern = mem_strdup(pattern, err), .value = value};
    if (grown[list->count].pattern == NULL) return false;
    list->count++;
    return true;
}

static void pattern_list_free(PatternList *list)
{
    for (Index i = 0; i < list->count; i++) mem_free(list->item[i].pattern);
    mem_free(list->item);
    *list = (PatternList){0};
}

static bool pattern_list_copy(PatternList *to, const PatternList *from, Error *err)
{
    for (Index i = 0; i < from->count; i++) {
        if (!pattern_list_add(to, from->item[i].pattern, from->item[i].value, err)) return false;
    }
    return true;
}

static bool text_copy(char **to, const char *from, Error *err)
{
    *to = NULL;
    if (from == NULL) return true;
    *to = mem_strdup(from, err);
    return *to != NULL;
}

/* ---- the configuration ------------------------------------------------------------------ */

void lora_config_init(LoraConfig *config)
{
    *config = (LoraConfig){.r = 8, .lora_alpha = 8.0, .init = INIT_PEFT};
}

void lora_config_free(LoraConfig *config)
{
    name_list_free(&config->target_modules);
    name_list_free(&config->exclude_modules);
    name_list_free(&config->modules_to_save);
    pattern_list_free(&config->rank_pattern);
    pattern_list_free(&config->alpha_pattern);
    mem_free(config->target_regex);
    mem_free(config->exclude_regex);
    mem_free(config->layers_to_transform);
    mem_free(config->base_model);
    lora_config_init(config);
}

static bool layers_copy(LoraConfig *to, const LoraConfig *from, Error *err)
{
    if (from->layers_to_transform == NULL) return true;
    Index bytes = (Index)sizeof *to->layers_to_transform;
    to->layers_to_transform = mem_alloc(mem_program(), MEM_TEXT, from->layers_count, bytes, err);
    if (to->layers_to_transform == NULL) return false;
    for (Index i = 0; i < from->layers_count; i++) {
        to->layers_to_transform[i] = from->layers_to_transform[i];
    }
    to->layers_count = from->layers_count;
    return true;
}

bool lora_config_copy(LoraConfig *to, const LoraConfig *from, Error *err)
{
    LoraConfig copy = {.r = from->r,
                       .lora_alpha = from->lora_alpha,
                       .lora_dropout = from->lora_dropout,
                       .target_all_linear = from->target_all_linear,
                       .bias = from->bias,
                       .lora_bias = from->lora_bias,
                       .use_rslora = from->use_rslora,
                       .init = from->init,
                       .materialized = from->materialized};
    bool       ok = name_list_copy(&copy.target_modules, &from->target_modules, err) &&
              name_list_copy(&copy.exclude_modules, &from->exclude_modules, err) &&
              name_list_copy(&copy.modules_to_save, &from->modules_to_save, err) &&
              pattern_list_copy(&copy.rank_pattern, &from->rank_pattern, err) &&
              pattern_list_copy(&copy.alpha_pattern, &from->alpha_pattern, err) &&
              text_copy(&copy.target_regex, from->target_regex, err) &&
              text_copy(&copy.exclude_regex, from->exclude_regex, err) &&
              text_copy(&copy.base_model, from->base_model, err) && layers_copy(&copy, from, err);
    if (!ok) lora_config_free(&copy);
    *to = copy;
    return ok;
}

/* ---- what the fields may hold ----------------------------------------------------------- */

static bool check_rank(const char *field, double r, Error *err)
{
    if (r >= 1.0 && r <= LORA_MAX_RANK && floor(r) == r) return true;
    return error_set(err, ERR_INPUT, "%s must be an integer from 1 to %d, not %g", field,
                     LORA_MAX_RANK, r);
}

static bool check_alpha(const char *field, double alpha, Error *err)
{
    if (alpha >= 0.0 && alpha <= LORA_MAX_ALPHA) return true; /* false for NaN */
    return error_set(err, ERR_INPUT, "%s must be a number from 0 to %g, not %g", field,
                     LORA_MAX_ALPHA, alpha);
}

static bool check_patterns(const LoraConfig *config, Error *err)
{
    for (Index i = 0; i < config->rank_pattern.count; i++) {
        if (!check_rank("rank_pattern", config->rank_pattern.item[i].value, err)) return false;
    }
    for (Index i = 0; i < config->alpha_pattern.count; i++) {
        if (!check_alpha("alpha_pattern", config->alpha_pattern.item[i].value, err)) return false;
    }
    return true;
}

static bool check_together(const LoraConfig *config, Error *err)
{
    bool listed = config->target_regex == NULL && !config->target_all_linear;
    if (config->layers_count > 0 && !listed) {
        (void)error_set(err, ERR_INPUT,
                        "layers_to_transform goes only with a list of target_modules, not with "
                        "%s",
                        config->target_all_linear ? "all-linear" : "a regular expression");
        return error_hint(err, "list the names: q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,"
                               "down_proj");
    }
    if (config->materialized && (config->lora_dropout > 0.0 || config->lora_bias)) {
        return error_set(err, ERR_INPUT,
                         "the materialized form is for study: it has neither "
                         "lora_dropout nor lora_bias");
    }
    return true;
}

bool lora_config_check(const LoraConfig *config, Error *err)
{
    if (!check_rank("r", (double)config->r, err)) return false;
    if (!check_alpha("lora_alpha", config->lora_alpha, err)) return false;
    if (!(config->lora_dropout >= 0.0 && config->lora_dropout <= LORA_MAX_DROPOUT)) {
        return error_set(err, ERR_INPUT, "lora_dropout must be at least 0 and below 1, not %g",
                         config->lora_dropout);
    }
    return check_patterns(config, err) && check_together(config, err);
}
