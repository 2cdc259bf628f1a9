/*
 * The modules of a model and their shapes, in one table of roles. Everything that walks the
 * network by name (adapters, planners, loaders) meets these rows and no others.
 */

#include "core/model/model_internal.h"

#include <stdio.h>
#include <string.h>

static const char *const role_names[ROLE_COUNT] = {
    [ROLE_Q] = "self_attn.q_proj",
    [ROLE_K] = "self_attn.k_proj",
    [ROLE_V] = "self_attn.v_proj",
    [ROLE_O] = "self_attn.o_proj",
    [ROLE_GATE] = "mlp.gate_proj",
    [ROLE_UP] = "mlp.up_proj",
    [ROLE_DOWN] = "mlp.down_proj",
    [ROLE_NORM1] = "input_layernorm",
    [ROLE_NORM2] = "post_attention_layernorm",
    [ROLE_EMBED] = "model.embed_tokens",
    [ROLE_FINAL_NORM] = "model.norm",
    [ROLE_HEAD] = "lm_head",
};

enum { LAYER_ROLES = ROLE_EMBED, LAST_ROLES = ROLE_COUNT - ROLE_EMBED };

static bool is_norm(ModuleRole role)
{
    return role == ROLE_NORM1 || role == ROLE_NORM2 || role == ROLE_FINAL_NORM;
}

static bool has_bias(const ModelConfig *c, ModuleRole role)
{
    switch (role) {
    case ROLE_Q:
    case ROLE_K:
    case ROLE_V:
        return c->qkv_bias;
    case ROLE_O:
        return c->o_bias;
    case ROLE_GATE:
    case ROLE_UP:
    case ROLE_DOWN:
        return c->mlp_bias;
    default:
        return false;
    }
}

static void set_sizes(Module *module, const ModelConfig *c)
{
    switch (module->role) {
    case ROLE_Q:
        module->in = c->D, module->out = c->H * c->K;
        break;
    case ROLE_K:
    case ROLE_V:
        module->in = c->D, module->out = c->G * c->K;
        break;
    case ROLE_O:
        module->in = c->H * c->K, module->out = c->D;
        break;
    case ROLE_GATE:
    case ROLE_UP:
        module->in = c->D, module->out = c->F;
        break;
    case ROLE_DOWN:
        module->in = c->F, module->out = c->D;
        break;
    case ROLE_EMBED:
        module->in = c->V, module->out = c->D;
        break;
    case ROLE_HEAD:
        module->in = c->D, module->out = c->V;
        break;
    default:
        module->in = module->out = c->D;
    }
}

static void set_module(Module *module, const ModelConfig *c, ModuleRole role, int layer)
{
    module->role = role;
    module->layer = layer;
    if (layer < 0) {
        snprintf(module->name, sizeof module->name, "%s", role_names[role]);
    } else {
        snprintf(module->name, sizeof module->name, "model.layers.%d.%s", layer, role_names[role]);
    }
    set_sizes(module, c);
    if (is_norm(role)) return;
    bool table = role == ROLE_EMBED;
    module->weight = (Mat){.dtype = c->dtype,
                           .rows = table ? module->in : module->out,
                           .cols = table ? module->out : module->in};
}

static void add_part(ModelOwner *owner, Module *module, char which)
{
    Part *part = &owner->parts[owner->part_count++];
    bool  matrix = which == 'w';
    snprintf(part->name, sizeof part->name, "%s.%s", module->name,
             which == 'b' ? "bias" : "weight");
    part->module = module;
    part->which = which;
    part->rank = matrix ? 2 : 1;
    part->shape[0] = matrix ? module->weight.rows : module->out;
    part->shape[1] = matrix ? module->weight.cols : 1;
    part->elements = part->shape[0] * part->shape[1];
    part->dtype = matrix ? module->weight.dtype : DTYPE_F32;
    owner->model.parameters += part->elements;
}

static void add_module(ModelOwner *owner, ModuleRole role, int layer)
{
    const ModelConfig *c = &owner->model.config;
    Module            *module = &owner->model.modules[owner->model.module_count++];
    set_module(module, c, role, layer);
    if (role == ROLE_HEAD && c->tied) return; /* the embedding's part is its own too */
    add_part(owner, module, is_norm(role) ? 'g' : 'w');
    if (has_bias(c, role)) add_part(owner, module, 'b');
}

static bool add_modules(ModelOwner *owner, Error *err)
{
    Model *model = &owner->model;
    Index  count = model->config.L * LAYER_ROLES + LAST_ROLES;
    model->modules = mem_alloc(mem_program(), MEM_TEXT, count, sizeof *model->modules, err);
    owner->parts = mem_alloc(mem_program(), MEM_TEXT, 2 * count, sizeof *owner->parts, err);
    if (model->modules == NULL || owner->parts == NULL) return false;

    for (int layer = 0; layer < model->config.L; layer++) {
        for (int role = 0; role < LAYER_ROLES; role++) add_module(owner, (ModuleRole)role, layer);
    }
    for (int role = ROLE_EMBED; role < ROLE_COUNT; role++) add_module(owner, (ModuleRole)role, -1);

    if (!names_init(&owner->part_names, owner->part_count, err)) return false;
    for (Index i = 0; i < owner->part_count; i++) {
        CHECK(names_add(&owner->part_names, owner->parts[i].name, i));
    }
    return true;
}

ModelOwner *model_create(const ModelConfig *config, Backend *be, MemAccount *account, Error *err)
{
    CHECK(config->L > 0 && config->D > 0 && config->H > 0 && config->G > 0 && config->K > 0);

    ModelOwner *owner = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *owner, err);
    if (owner == NULL) return NULL;
    owner->model.config = *config;
    owner->model.be = be;
    owner->model.account = account;
    owner->model.rope_scale = 1.0f;
    if (add_modules(owner, err)) return owner;
    model_free(&owner->model);
    return NULL;
}

/* Vectors of an outline point to zeros on the host: who asks whether a module has a bias looks
 * at the pointer. */
Model *model_outline(const ModelConfig *config, Error *err)
{
    ModelOwner *owner = model_create(config, NULL, mem_program(), err);
    if (owner == NULL) return NULL;
    Index longest = 1;
    for (Index i = 0; i < owner->part_count; i++) {
        const Part *part = &owner->parts[i];
        if (part->which != 'w' && part->elements > longest) longest = part->elements;
    }
    owner->nothing = mem_alloc(mem_program(), MEM_TEXT, longest, sizeof *owner->nothing, err);
    if (owner->nothing == NULL) {
        model_free(&owner->model);
        return NULL;
    }
    for (Index i = 0; i < owner->part_count; i++) {
        Part *part = &owner->parts[i];
        if (part->which == 'g') part->module->gain = owner->nothing;
        if (part->which == 'b') part->module->bias = owner->nothing;
    }
    return &owner->model;
}

static void release(Model *model, void *block, MemPurpose purpose, int64_t in_use, int64_t reserved)
{
    if (block == NULL) return;
    model->be->release(model->be, block);
    mem_count(model->account, model->be->space, purpose, -in_use, -reserved);
}

void model_free(Model *model)
{
    if (model == NULL) return;
    ModelOwner *owner = model_owner(model);
    if (owner->is_view) {
        mem_free(owner);
        return;
    }
    release(model, owner->block, MEM_WEIGHTS, owner->block_in_use, owner->block_reserved);
    release(model, model->rope_cos, MEM_SCRATCH, owner->rope_bytes, owner->rope_bytes);
    release(model, model->rope_sin, MEM_SCRATCH, owner->rope_bytes, owner->rope_bytes);
    names_reset(&owner->part_names);
    mem_free(owner->nothing);
    mem_free(owner->parts);
    mem_free(model->modules);
    mem_free(model->path);
    mem_free(owner);
}

/* Every Model was made by model_create and so is the head of a ModelOwner. */
ModelOwner *model_owner(const Model *model)
{
    return (ModelOwner *)(uintptr_t)model;
}

Part *model_part(const ModelOwner *owner, const char *name)
{
    Index i = names_find(&owner->part_names, name);
    return i < 0 ? NULL : &owner->parts[i];
}

Module *model_module(const Model *model, ModuleRole role, int layer)
{
    if (role >= ROLE_EMBED) {
        CHECK(role < ROLE_COUNT && layer == -1);
        return &model->modules[model->config.L * LAYER_ROLES + (role - ROLE_EMBED)];
    }
    CHECK(layer >= 0 && layer < model->config.L);
    return &model->modules[layer * LAYER_ROLES + (Index)role];
}

Module *model_find(const Model *model, const char *name)
{
    for (Index i = 0; i < model->module_count; i++) {
        if (strcmp(model->modules[i].name, name) == 0) return &model->modules[i];
    }
    return NULL;
}

int64_t module_parameters(const Module *module)
{
    if (is_norm(module->role)) return module->out;
    return (int64_t)module->in * module->out + (module->bias != NULL ? module->out : 0);
}

bool module_is_linear(const Module *module)
{
    return module->role <= ROLE_DOWN || module->role == ROLE_HEAD;
}
