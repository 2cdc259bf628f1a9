/*
 * LoRA (Hu et al. 2021) as PEFT defines it: which parameters an adapter has, and its life.
 *
 *   y = x W^T + b + scale * drop(x) A^T B^T        scale = alpha/r, or alpha/sqrt(r)
 *
 * Besides the pairs A, B there may be trainable copies of the base's own parameters: biases
 * (bias all, lora_only) and whole modules (modules_to_save). They take the base's place in the
 * Net as long as the adapter is attached. On a tied base a copy of the embedding or of the head
 * is a copy of that module alone: the other keeps the base's matrix.
 */

#include "core/adapt/lora_internal.h"

#include <string.h>

#include "core/base/mem.h"

Lora *lora_self(const Method *method)
{
    CHECK(strcmp(method->name, "lora") == 0);
    return method->self;
}

const LoraPair *lora_pair(const Lora *lora, const Module *module)
{
    int pair = lora->pair_of[module - lora->method.model->modules];
    return pair < 0 ? NULL : &lora->pairs[pair];
}

const LoraConfig *lora_config(const Method *method)
{
    return strcmp(method->name, "lora") == 0 ? &lora_self(method)->config : NULL;
}

Index lora_targets(const Method *method, const LoraTarget **targets)
{
    *targets = lora_self(method)->targets;
    return lora_self(method)->count;
}

/* ---- life ------------------------------------------------------------------------------- */

static void lora_free(Method *method)
{
    Lora *lora = lora_self(method);
    params_free(method->params);
    lora_config_free(&lora->config);
    mem_free(lora->targets);
    mem_free(lora->pairs);
    mem_free(lora->pair_of);
    mem_free(lora);
}

static bool is_copy(const Param *param)
{
    return param->part == 'w' || param->part == 'g' || param->part == 'b';
}

static void lora_detach(Method *method, Net *net)
{
    Lora *lora = lora_self(method);
    if (lora->net != net) return;
    net_remove_hooks(net, &lora->hooks);
    for (Index i = 0; i < method->params->count; i++) {
        Param *param = method->params->list[i];
        if (is_copy(param)) method_remove_copy(net, param);
    }
    lora->net = NULL;
}

static bool lora_attach(Method *method, Net *net, Error *err)
{
    Lora *lora = lora_self(method);
    CHECK(lora->net == NULL && net->model == method->model);
    if (!net_add_hooks(net, &lora->hooks, err)) return false;
    lora->net = net;
    for (Index i = 0; i < method->params->count; i++) {
        Param *param = method->params->list[i];
        if (!is_copy(param) || method_place_copy(net, param, err)) continue;
        lora_detach(method, net);
        return false;
    }
    return true;
}

static void lora_at_step(Method *method, uint64_t seed, Index step)
{
    lora_self(method)->seed = seed;
    lora_self(method)->step = step;
}

/* ---- parameters ------------------------------------------------------------------------- */

static Param *add_part(Lora *lora, const Module *module, char part, Index rows, Index cols,
                       const char *suffix, Error *err)
{
    Str name = {0};
    str_addf(&name, "%s.%s", module->name, suffix);
    Param *param = NULL;
    if (str_ok(&name, err)) param = params_add(lora->method.params, name.data, rows, cols, err);
    str_free(&name);
    if (param == NULL) return NULL;
    param->module = (int)(module - lora->method.model->modules);
    param->part = part;
    param->decay = part == 'A' || part == 'B';
    lora->method.added += rows * cols;
    return param;
}

static bool add_pair(Lora *lora, LoraPair *pair, const Module *module, Error *err)
{
    bool  table = module->role == ROLE_EMBED;
    Index r = pair->target.r;
    pair->A = add_part(lora, module, 'A', r, module->in,
                       table ? "lora_embedding_A" : "lora_A.weight", err);
    if (pair->A == NULL) return false;
    pair->B = add_part(lora, module, 'B', module->out, r,
                       table ? "lora_embedding_B" : "lora_B.weight", err);
    if (pair->B == NULL) return false;
    if (!lora->config.lora_bias) return true;
    if (table) {
        return error_set(err, ERR_INPUT, "lora_bias does not go with an embedding (%s)",
                         module->name);
    }
    pair->bias = add_part(lora, module, 'm', 1, module->out, "lora_B.bias", err);
    return pair->bias != NULL;
}

/* The module's own parameters that train: all of them when it is saved, or just its bias. */
static bool add_copies(Lora *lora, int index, bool saved, Error *err)
{
    const Model  *model = lora->method.model;
    const Module *module = &model->modules[index];
    ParamSet     *set = lora->method.params;
    bool          adapted = lora->pair_of[index] >= 0;
    Index         before = set->total;

    if (saved) {
        char which = module->gain != NULL ? 'g' : 'w';
        if (method_add_copy(set, model, index, which, ".weight", err) == NULL) return false;
    }
    bool bias = saved || lora->config.bias == LORA_BIAS_ALL ||
                (lora->config.bias == LORA_BIAS_LORA_ONLY && adapted);
    if (bias && module->bias != NULL) {
        const char *suffix = adapted ? ".base_layer.bias" : ".bias";
        if (method_add_copy(set, model, index, 'b', suffix, err) == NULL) return false;
    }
    if (saved) lora->method.added += set->total - before;
    return true;
}

static bool add_params(Lora *lora, Error *err)
{
    const Model *model = lora->method.model;
    int         *saved;
    Index        saved_count;
    if (!lora_match_saved(&lora->config, model, &saved, &saved_count, err)) return false;

    bool  ok = true;
    Index s = 0;
    for (int i = 0; ok && i < (int)model->module_count; i++) {
        int pair = lora->pair_of[i];
        if (pair >= 0) ok = add_pair(lora, &lora->pairs[pair], &model->modules[i], err);
        bool is_saved = s < saved_count && saved[s] == i;
        if (is_saved) s++;
        ok = ok && add_copies(lora, i, is_saved, err);
    }
    mem_free(saved);
    return ok;
}

static bool fill_copies(Lora *lora, Error *err)
{
    ParamSet *set = lora->method.params;
    for (Index i = 0; i < set->count; i++) {
        Param *param = set->list[i];
        if (is_copy(param) && !method_fill_copy(set, param, lora->method.model, err)) return false;
    }
    return true;
}

/* ---- building --------------------------------------------------------------------------- */

static const char *const lora_files[] = {"adapter_config.json", "adapter_model.safetensors", NULL};

static Lora *lora_new(Model *model, LoraConfig *config, Error *err)
{
    Lora *lora = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *lora, err);
    if (lora == NULL) {
        lora_config_free(config);
        return NULL;
    }
    lora->config = *config;
    lora_config_init(config);
    lora->method = (Method){.name = "lora",
                            .model = model,
                            .self = lora,
                            .free = lora_free,
                            .attach = lora_attach,
                            .detach = lora_detach,
                            .at_step = lora_at_step,
                            .save = lora_save,
                            .files = lora_files,
                            .add_delta = lora_add_delta,
                            .add_bias_delta = lora_add_bias_delta};
    lora_fill_hooks(lora);
    return lora;
}

static bool find_targets(Lora *lora, Error *err)
{
    const Model *model = lora->method.model;
    Index        n = model->module_count;
    if (!lora_match(&lora->config, model, &lora->targets, &lora->count, err)) return false;
    lora->pairs = mem_alloc(mem_program(), MEM_TEXT, lora->count, sizeof *lora->pairs, err);
    if (lora->pairs == NULL) return false;
    lora->pair_of = mem_alloc(mem_program(), MEM_TEXT, n, sizeof *lora->pair_of, err);
    if (lora->pair_of == NULL) return false;
    for (Index i = 0; i < n; i++) lora->pair_of[i] = -1;
    for (Index i = 0; i < lora->count; i++) {
        lora->pairs[i].target = lora->targets[i];
        lora->pair_of[lora->targets[i].module] = (int)i;
    }
    return true;
}

Lora *lora_build(Model *model, LoraConfig *config, bool trainable, MemAccount *account, Error *err)
{
    Lora *lora = lora_new(model, config, err);
    if (lora == NULL) return NULL;
    if (!find_targets(lora, err)) goto fail;
    if (lora->config.base_model == NULL && model->path != NULL) {
        lora->config.base_model = mem_strdup(model->path, err);
        if (lora->config.base_model == NULL) goto fail;
    }
    lora->method.params = params_create(model->be, account, err);
    if (lora->method.params == NULL || !add_params(lora, err)) goto fail;
    if (!params_build(lora->method.params, trainable, err)) goto fail;
    if (!fill_copies(lora, err)) goto fail;
    return lora;

fail:
    lora_free(&lora->method);
    return NULL;
}

Method *lora_create(Model *model, const LoraConfig *config, uint64_t seed, bool trainable,
                    MemAccount *account, Error *err)
{
    LoraConfig copy;
    if (!lora_config_copy(&copy, config, err)) return NULL;
    Lora *lora = lora_build(model, &copy, trainable, account, err);
    if (lora == NULL) return NULL;
    if (lora_draw(lora, seed, err)) return &lora->method;
    lora_free(&lora->method);
    return NULL;
}

Method *lora_load(Model *model, const char *folder, bool trainable, MemAccount *account, Error *err)
{
    LoraConfig config;
    if (!lora_config_read(&config, folder, err)) return NULL;
    Lora *lora = lora_build(model, &config, trainable, account, err);
    if (lora == NULL) {
        (void)error_prefix(err, "%s", folder);
        return NULL;
    }
    if (lora_read_values(lora, folder, err)) return &lora->method;
    lora_free(&lora->method);
    return NULL;
}
