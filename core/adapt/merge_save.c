/*
 * Merging to disk: the base's folder again, with the adapter's changes in it, in the base's
 * storage type. Embedding and head of a tied base are one matrix on disk; where only one of
 * them is adapted, one matrix cannot be both, so the folder is written untied. (PEFT's own merge
 * changes the head too and becomes another function.)
 */

#include "core/adapt/merge_internal.h"
#include "core/base/mem.h"

typedef struct MergePatch {
    const Method *method;
    float        *host; /* room for the base's values and the merged ones */
    Index         room;
} MergePatch;

static Index largest(const Model *model)
{
    Index most = 0;
    for (Index i = 0; i < model->module_count; i++) {
        for (const char *which = "wgb"; *which != '\0'; which++) {
            Index n = merge_count(&model->modules[i], *which);
            if (n > most) most = n;
        }
    }
    return most;
}

static bool get_base(const Model *model, const Module *module, char which, float *host, Error *err)
{
    Backend *be = model->be;
    if (which == 'w') return merge_get_matrix(be, module->weight, host, err);
    const float *vector = which == 'b' ? module->bias : module->gain;
    be->get(be, host, vector, module->out * (Index)sizeof(float));
    return true;
}

static const float *patched(void *context, const Module *module, char which, Error *err)
{
    MergePatch   *patch = context;
    const Method *method = patch->method;
    float        *out = patch->host + patch->room;
    bool          changed;
    if (!merge_changes(method, module, which)) return NULL;
    if (!get_base(method->model, module, which, patch->host, err)) return NULL;
    if (!merge_values(method, module, which, patch->host, out, &changed, err)) return NULL;
    return out;
}

/* lora_bias on a module without a bias: nothing would ask for it, and it would be lost. */
static bool check_biases(const Method *method, Error *err)
{
    const Model *model = method->model;
    float        none[1];
    bool         changed;
    for (Index i = 0; i < model->module_count; i++) {
        const Module *module = &model->modules[i];
        if (module->bias != NULL || !merge_changes(method, module, 'b')) continue;
        return method->add_bias_delta(method, module, 1.0, none, &changed, err);
    }
    return true;
}

static bool breaks_tie(const Method *method)
{
    const Model *model = method->model;
    return model->config.tied && (merge_changes(method, model_module(model, ROLE_EMBED, -1), 'w') ||
                                  merge_changes(method, model_module(model, ROLE_HEAD, -1), 'w'));
}

bool merge_save(const Method *method, const char *folder, const char **note, Error *err)
{
    *note = NULL;
    if (method->whole) return method->save(method, folder, err);
    if (!check_biases(method, err)) return false;

    MergePatch context = {.method = method, .room = largest(method->model)};
    context.host =
        mem_alloc_raw(mem_program(), MEM_SCRATCH, 2 * context.room, sizeof *context.host, err);
    if (context.host == NULL) return false;
    ModelPatch patch = {.context = &context, .values = patched, .untie = breaks_tie(method)};
    bool       ok = model_save(method->model, folder, &patch, err);
    mem_free(context.host);
    if (ok && patch.untie) {
        *note = tr("the base shares one matrix between embedding and head and the adapter "
                   "changes one of them: written untied");
    }
    return ok;
}
