/*
 * Full fine-tuning: float32 copies of every parameter take the base's place, in model order. A
 * tied head is the embedding's copy: one tensor, one gradient, the sum of both uses.
 */

#include "core/adapt/method_internal.h"

#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/model/safetensors.h"

typedef struct Full {
    Method method; /* first: a Method pointer of this kind is a pointer to this */
    char (*names)[256];
    const char **files; /* names, then NULL */
} Full;

static void full_free(Method *method)
{
    Full *full = method->self;
    params_free(method->params);
    mem_free(full->names);
    mem_free(full->files);
    mem_free(full);
}

/* ---- in a Net --------------------------------------------------------------------------- */

/* The embedding's copy also stands at the head's place when they are tied. */
static Tensor **tied_place(const Method *method, Net *net)
{
    const Model *model = method->model;
    if (!model->config.tied) return NULL;
    return &net->weight[model_module(model, ROLE_HEAD, -1) - model->modules];
}

static Tensor *embedding_copy(const Method *method)
{
    const Module *embedding = model_module(method->model, ROLE_EMBED, -1);
    return &method_find_copy(method, embedding, 'w')->tensor;
}

static void full_detach(Method *method, Net *net)
{
    Tensor **head = tied_place(method, net);
    if (head != NULL && *head == embedding_copy(method)) *head = NULL;
    for (Index i = 0; i < method->params->count; i++) {
        method_remove_copy(net, method->params->list[i]);
    }
}

static bool full_attach(Method *method, Net *net, Error *err)
{
    CHECK(net->model == method->model);
    Tensor **head = tied_place(method, net);
    if (head != NULL && *head != NULL) {
        return error_set(err, ERR_INPUT, "lm_head already has a private copy of another adapter");
    }
    for (Index i = 0; i < method->params->count; i++) {
        if (method_place_copy(net, method->params->list[i], err)) continue;
        full_detach(method, net);
        return false;
    }
    if (head != NULL) *head = embedding_copy(method);
    return true;
}

static void full_at_step(Method *method, uint64_t seed, Index step)
{
    (void)method, (void)seed, (void)step;
}

/* ---- on disk ---------------------------------------------------------------------------- */

typedef struct FullPatch {
    const Method *method;
    const float  *host;
} FullPatch;

static const float *full_values(void *context, const Module *module, char which, Error *err)
{
    (void)err;
    const FullPatch *patch = context;
    const Param     *param = method_find_copy(patch->method, module, which);
    return param == NULL ? NULL : patch->host + param->offset;
}

static bool full_save(const Method *method, const char *folder, Error *err)
{
    float *host = method_host_values(method, err);
    if (host == NULL) return false;
    FullPatch  context = {.method = method, .host = host};
    ModelPatch patch = {.context = &context, .values = full_values};
    bool       ok = model_save(method->model, folder, &patch, err);
    mem_free(host);
    return ok;
}

static bool full_delta(const Method *method, const Module *module, double sign, float *values,
                       bool *changed, Error *err)
{
    (void)method, (void)module, (void)sign, (void)values, (void)err;
    *changed = false; /* replaced, not added to */
    return true;
}

/* config.json and the shards of the base, with their index where there is one. */
static bool list_files(Full *full, const TensorFile *base, Error *err)
{
    Index shards = base == NULL ? 1 : tensors_shards(base), n = 0;
    full->names = mem_alloc(mem_program(), MEM_TEXT, shards + 2, sizeof *full->names, err);
    if (full->names == NULL) return false;
    full->files = mem_alloc(mem_program(), MEM_TEXT, shards + 3, sizeof *full->files, err);
    if (full->files == NULL) return false;
    snprintf(full->names[n++], sizeof *full->names, "config.json");
    for (Index i = 0; i < shards; i++) {
        const char *name = base == NULL ? "model.safetensors" : tensors_shard_name(base, i);
        snprintf(full->names[n++], sizeof *full->names, "%s", name);
    }
    if (shards > 1 || strcmp(full->names[1], "model.safetensors") != 0) {
        snprintf(full->names[n++], sizeof *full->names, "model.safetensors.index.json");
    }
    for (Index i = 0; i < n; i++) full->files[i] = full->names[i];
    full->method.files = full->files;
    return true;
}

static bool find_files(Full *full, Error *err)
{
    TensorFile *base = NULL;
    if (full->method.model->path != NULL) {
        base = tensors_open_model(full->method.model->path, err);
        if (base == NULL) return false;
    }
    bool ok = list_files(full, base, err);
    tensors_close(base);
    return ok;
}

/* ---- building --------------------------------------------------------------------------- */

static bool add_module(ParamSet *set, const Model *model, int index, Error *err)
{
    const Module *module = &model->modules[index];
    bool          tied = module->role == ROLE_HEAD && model->config.tied;
    char          which = module->gain != NULL ? 'g' : 'w';
    if (!tied && method_add_copy(set, model, index, which, ".weight", err) == NULL) return false;
    return module->bias == NULL || method_add_copy(set, model, index, 'b', ".bias", err) != NULL;
}

static bool add_all(Full *full, MemAccount *account, Error *err)
{
    const Model *model = full->method.model;
    ParamSet    *set = params_create(model->be, account, err);
    full->method.params = set;
    if (set == NULL) return false;
    for (int i = 0; i < (int)model->module_count; i++) {
        if (!add_module(set, model, i, err)) return false;
    }
    if (!params_build(set, true, err)) return false;
    for (Index i = 0; i < set->count; i++) {
        if (!method_fill_copy(set, set->list[i], model, err)) return false;
    }
    return true;
}

Method *full_create(Model *model, MemAccount *account, Error *err)
{
    Full *full = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *full, err);
    if (full == NULL) return NULL;
    full->method = (Method){.name = "full",
                            .model = model,
                            .self = full,
                            .whole = true,
                            .free = full_free,
                            .attach = full_attach,
                            .detach = full_detach,
                            .at_step = full_at_step,
                            .save = full_save,
                            .add_delta = full_delta,
                            .add_bias_delta = full_delta};
    if (add_all(full, account, err) && find_files(full, err)) return &full->method;
    full_free(&full->method);
    return NULL;
}
