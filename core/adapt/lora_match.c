/*
 * Which modules an adapter acts on: PEFT's rules (check_target_module_exists, get_pattern_key),
 * asked of every module by its full name, "model.layers.0.self_attn.q_proj".
 *
 *   1. exclude_modules wins over everything, then modules_to_save (they and all below them).
 *   2. A regular expression must match the full name. A list holds the full name, or what
 *      stands behind one of its dots; only the second kind obeys layers_to_transform.
 *   3. all-linear is every linear map but the head.
 *   4. rank_pattern and alpha_pattern: the first key for which ^(.*\.)?(key)$ matches.
 *
 * Where PEFT stays silent we do not: a listed name that matches nothing is a slip of the pen.
 */

#include "core/adapt/lora_names.h"

#include <math.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/model/pattern.h"

/* The configuration with its expressions compiled. */
typedef struct Matcher {
    const LoraConfig *config;
    const Model      *model;
    Pattern          *target, *exclude;
    Pattern         **rank, **alpha;
    NameList          usual; /* q_proj, v_proj: when nothing was asked for */
    const NameList   *listed;
} Matcher;

/* ---- compiling -------------------------------------------------------------------------- */

static void free_patterns(Pattern **patterns, Index count)
{
    for (Index i = 0; patterns != NULL && i < count; i++) pattern_free(patterns[i]);
    mem_free(patterns);
}

static void matcher_reset(Matcher *matcher)
{
    pattern_free(matcher->target);
    pattern_free(matcher->exclude);
    free_patterns(matcher->rank, matcher->config->rank_pattern.count);
    free_patterns(matcher->alpha, matcher->config->alpha_pattern.count);
    name_list_free(&matcher->usual);
}

static bool compile_one(Pattern **to, const char *regex, const char *field, Error *err)
{
    if (regex == NULL) return true;
    *to = pattern_compile(regex, err);
    return *to != NULL || error_prefix(err, "%s", field);
}

static bool compile_list(Pattern ***to, const PatternList *list, const char *field, Error *err)
{
    Pattern **patterns = mem_alloc(mem_program(), MEM_TEXT, list->count, sizeof *patterns, err);
    if (patterns == NULL) return false;
    *to = patterns;
    for (Index i = 0; i < list->count; i++) {
        Str regex = {0};
        str_addf(&regex, "(?:.*\\.)?(?:%s)", list->item[i].pattern);
        bool ok = str_ok(&regex, err) && compile_one(&patterns[i], regex.data, field, err);
        str_free(&regex);
        if (!ok) return false;
    }
    return true;
}

static bool matcher_init(Matcher *matcher, const LoraConfig *config, const Model *model, Error *err)
{
    *matcher = (Matcher){.config = config, .model = model, .listed = &config->target_modules};
    bool ok = compile_one(&matcher->target, config->target_regex, "target_modules", err) &&
              compile_one(&matcher->exclude, config->exclude_regex, "exclude_modules", err) &&
              compile_list(&matcher->rank, &config->rank_pattern, "rank_pattern", err) &&
              compile_list(&matcher->alpha, &config->alpha_pattern, "alpha_pattern", err);
    if (ok && config->target_modules.count == 0) {
        matcher->listed = &matcher->usual;
        ok = name_list_add(&matcher->usual, "q_proj", err) &&
             name_list_add(&matcher->usual, "v_proj", err);
    }
    if (!ok) matcher_reset(matcher);
    return ok;
}

/* ---- asking ----------------------------------------------------------------------------- */

static bool is_excluded(const Matcher *matcher, const char *name, bool *yes, Error *err)
{
    const LoraConfig *config = matcher->config;
    *yes = false;
    if (matcher->exclude != NULL && !pattern_matches_whole(matcher->exclude, name, yes, err)) {
        return error_prefix(err, "exclude_modules");
    }
    *yes = *yes || names_fit(&config->exclude_modules, name) || names_saved(config, name);
    return true;
}

static bool layer_fits(const LoraConfig *config, const Module *module)
{
    if (config->layers_count == 0) return true;
    for (Index i = 0; i < config->layers_count; i++) {
        if (config->layers_to_transform[i] == module->layer) return true;
    }
    return false;
}

static bool is_listed(const Matcher *matcher, const Module *module)
{
    const NameList *list = matcher->listed;
    for (Index i = 0; i < list->count; i++) {
        if (strcmp(module->name, list->name[i]) == 0) return true;
    }
    return names_fit(list, module->name) && layer_fits(matcher->config, module);
}

static bool is_target(const Matcher *matcher, const Module *module, bool *yes, Error *err)
{
    bool excluded;
    if (!is_excluded(matcher, module->name, &excluded, err)) return false;
    *yes = false;
    if (excluded) return true;
    if (matcher->target != NULL) {
        return pattern_matches_whole(matcher->target, module->name, yes, err) ||
               error_prefix(err, "target_modules");
    }
    if (matcher->config->target_all_linear) {
        *yes = module_is_linear(module) && module->role != ROLE_HEAD;
    } else {
        *yes = is_listed(matcher, module);
    }
    return true;
}

static bool pattern_value(Pattern *const *patterns, const PatternList *list, const char *name,
                          double *value, Error *err)
{
    for (Index i = 0; i < list->count; i++) {
        bool yes;
        if (!pattern_matches_whole(patterns[i], name, &yes, err)) return false;
        if (!yes) continue;
        *value = list->item[i].value;
        return true;
    }
    return true;
}

static bool make_target(const Matcher *matcher, int module, LoraTarget *target, Error *err)
{
    const LoraConfig *config = matcher->config;
    const char       *name = matcher->model->modules[module].name;
    double            r = (double)config->r, alpha = config->lora_alpha;
    if (!pattern_value(matcher->rank, &config->rank_pattern, name, &r, err) ||
        !pattern_value(matcher->alpha, &config->alpha_pattern, name, &alpha, err)) {
        return false;
    }
    *target = (LoraTarget){.module = module,
                           .r = (Index)r,
                           .alpha = alpha,
                           .scale = alpha / (config->use_rslora ? sqrt(r) : r)};
    return true;
}

/* ---- what PEFT could not adapt ---------------------------------------------------------- */

/* Names in the network that are neither a linear map nor an embedding: containers, norms. */
static bool refuse_if_hit(const Matcher *matcher, const char *name, Error *err)
{
    bool excluded, yes = false;
    if (!is_excluded(matcher, name, &excluded, err)) return false;
    if (!excluded && !pattern_matches_whole(matcher->target, name, &yes, err)) return false;
    if (!yes) return true;
    (void)error_set(err, ERR_INPUT,
                    "target_modules: the expression also matches %s, which is "
                    "neither a linear map nor an embedding",
                    name);
    return error_hint(err, "end the expression with the names wanted, as in .*\\.(q|v)_proj");
}

static bool check_layer_parts(const Matcher *matcher, Index layer, Error *err)
{
    static const char *const parts[] = {
        "", ".self_attn", ".mlp", ".mlp.act_fn", ".input_layernorm", ".post_attention_layernorm"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        Str name = {0};
        str_addf(&name, "model.layers.%td%s", layer, parts[i]);
        bool ok = str_ok(&name, err) && refuse_if_hit(matcher, name.data, err);
        str_free(&name);
        if (!ok) return false;
    }
    return true;
}

static bool check_regex_reach(const Matcher *matcher, Error *err)
{
    static const char *const others[] = {"model", "model.layers", "model.norm", "model.rotary_emb"};
    if (matcher->target == NULL) return true;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (!refuse_if_hit(matcher, others[i], err)) return false;
    }
    for (Index l = 0; l < matcher->model->config.L; l++) {
        if (!check_layer_parts(matcher, l, err)) return false;
    }
    return true;
}

static bool check_every_name(const Matcher *matcher, Error *err)
{
    if (matcher->target != NULL || matcher->config->target_all_linear) return true;
    const Model *model = matcher->model;
    for (Index i = 0; i < matcher->listed->count; i++) {
        NameList one = {.name = &matcher->listed->name[i], .count = 1};
        bool     found = false;
        for (Index m = 0; m < model->module_count && !found; m++) {
            found = names_can_adapt(&model->modules[m]) && names_fit(&one, model->modules[m].name);
        }
        if (!found) return names_refuse(model, "target_modules", *one.name, false, err);
    }
    return true;
}

static bool refuse_empty(const Matcher *matcher, Error *err)
{
    const LoraConfig *config = matcher->config;
    if (config->target_regex != NULL) {
        return names_refuse(matcher->model, "target_modules", config->target_regex, false, err);
    }
    (void)error_set(err, ERR_INPUT,
                    "no module is left to adapt after exclude_modules, "
                    "modules_to_save and layers_to_transform");
    return error_hint(err, "the model has layers 0 to %td", matcher->model->config.L - 1);
}

/* ---- the question ------------------------------------------------------------------ */

static bool match_all(const Matcher *matcher, LoraTarget *targets, Index *count, Error *err)
{
    const Model *model = matcher->model;
    for (Index i = 0; i < model->module_count; i++) {
        bool yes;
        if (!names_can_adapt(&model->modules[i])) continue;
        if (!is_target(matcher, &model->modules[i], &yes, err)) return false;
        if (yes && !make_target(matcher, (int)i, &targets[(*count)++], err)) return false;
    }
    return *count > 0 || refuse_empty(matcher, err);
}

bool lora_match(const LoraConfig *config, const Model *model, LoraTarget **targets, Index *count,
                Error *err)
{
    Matcher matcher;
    *targets = NULL;
    *count = 0;
    if (!lora_config_check(config, err) || !matcher_init(&matcher, config, model, err)) {
        return false;
    }
    LoraTarget *list = mem_alloc(mem_program(), MEM_TEXT, model->module_count, sizeof *list, err);
    bool ok = list != NULL && check_every_name(&matcher, err) && check_regex_reach(&matcher, err) &&
              match_all(&matcher, list, count, err);
    matcher_reset(&matcher);
    if (!ok) {
        mem_free(list);
        *count = 0;
        return false;
    }
    *targets = list;
    return true;
}
