/*
 * Where a model's numbers live: one block of the backend's memory, each tensor on a multiple of
 * 64 bytes, counted as the weights of the account. The hash runs along as they arrive.
 */

#include "core/model/model_internal.h"

static Index padded(Index bytes)
{
    return (bytes + 63) / 64 * 64;
}

static Index part_bytes(const Part *part)
{
    return part->elements * dtype_bytes(part->dtype);
}

static void point_module(Part *part)
{
    Module *module = part->module;
    if (part->which == 'w') {
        module->weight.data = part->data;
        module->weight.dtype = part->dtype;
    } else if (part->which == 'g') {
        module->gain = part->data;
    } else {
        module->bias = part->data;
    }
}

bool model_place(ModelOwner *owner, Error *err)
{
    Model  *model = &owner->model;
    int64_t in_use = 0, reserved = 0;
    for (Index i = 0; i < owner->part_count; i++) {
        in_use += part_bytes(&owner->parts[i]);
        reserved += padded(part_bytes(&owner->parts[i]));
    }
    owner->block = model->be->alloc(model->be, reserved, err);
    if (owner->block == NULL) return false;
    owner->block_in_use = in_use;
    owner->block_reserved = reserved;
    mem_count(model->account, model->be->space, MEM_WEIGHTS, in_use, reserved);

    char *at = owner->block;
    for (Index i = 0; i < owner->part_count; i++) {
        owner->parts[i].data = at;
        at += padded(part_bytes(&owner->parts[i]));
        point_module(&owner->parts[i]);
    }
    if (model->config.tied) {
        model_module(model, ROLE_HEAD, -1)->weight = model_module(model, ROLE_EMBED, -1)->weight;
    }
    return true;
}

int64_t model_bytes(const Model *model)
{
    return model_owner(model)->block_in_use;
}

void model_put(ModelOwner *owner, Hasher *hasher, const Part *part, Index first, const void *host,
               Index n)
{
    Index    width = dtype_bytes(part->dtype);
    Backend *be = owner->model.be;
    CHECK(first >= 0 && n >= 0 && first + n <= part->elements);
    be->put(be, (char *)part->data + first * width, host, n * width);
    hasher_add(hasher, host, n * width);
}

/* Only what changes the function of the weights; that is the same for both styles of config. */
Hasher *model_hasher(const ModelConfig *c, Error *err)
{
    const int64_t sizes[] = {c->V,        c->D,      c->L,        c->H,
                             c->G,        c->K,      c->F,        c->tied,
                             c->qkv_bias, c->o_bias, c->mlp_bias, (int64_t)c->rope.type};
    /* What a type of angles does not use is whatever a file left there. */
    bool         scaled = c->rope.type != ROPE_DEFAULT, three = c->rope.type == ROPE_LLAMA3;
    const double numbers[] = {(double)c->rms_eps,
                              c->rope.theta,
                              scaled ? c->rope.factor : 1.0,
                              three ? c->rope.low_freq_factor : 0.0,
                              three ? c->rope.high_freq_factor : 0.0,
                              three ? c->rope.original_max_position : 0.0};
    Hasher      *hasher = hasher_create(err);
    if (hasher == NULL) return NULL;
    hasher_add(hasher, sizes, sizeof sizes);
    hasher_add(hasher, numbers, sizeof numbers);
    return hasher;
}
