/*
 * A new model with random weights: what a base is before anything was learned. Numbers come in
 * module order from torch's generator, so that the same draw can be made in PyTorch.
 */

#include "core/model/model_internal.h"

#include <math.h>

#include "core/base/random.h"
#include "core/math/convert.h"

/* Widths are kept: y = Wx has the variance of x when Var(W) = 1/in. The two maps that write into
 * the residual stream are smaller, because 2L of them add up there. */
static double part_std(const Part *part, const ModelConfig *config)
{
    ModuleRole role = part->module->role;
    if (role == ROLE_EMBED) return 0.04;
    double std = 1.0 / sqrt((double)part->module->in);
    if (role == ROLE_O || role == ROLE_DOWN) std /= sqrt(2.0 * (double)config->L);
    return std;
}

static void draw_part(const Part *part, const ModelConfig *config, TorchRng *rng, float *values)
{
    if (part->which == 'w') {
        torch_normal(rng, values, part->elements, 0.0, part_std(part, config));
        return;
    }
    for (Index i = 0; i < part->elements; i++) values[i] = part->which == 'g' ? 1.0f : 0.0f;
}

static bool draw_parts(ModelOwner *owner, uint64_t seed, Error *err)
{
    Index longest = 0;
    for (Index i = 0; i < owner->part_count; i++) {
        if (owner->parts[i].elements > longest) longest = owner->parts[i].elements;
    }
    /* Drawn in the first half, rounded to the type of storage in the second. */
    float  *values = mem_alloc_raw(mem_program(), MEM_SCRATCH, 2 * longest, sizeof *values, err);
    Hasher *hasher = values == NULL ? NULL : model_hasher(&owner->model.config, err);
    if (hasher != NULL) {
        TorchRng rng;
        torch_seed(&rng, seed);
        for (Index i = 0; i < owner->part_count; i++) {
            const Part *part = &owner->parts[i];
            draw_part(part, &owner->model.config, &rng, values);
            convert_from_f32(values + longest, part->dtype, values, part->elements);
            model_put(owner, hasher, part, 0, values + longest, part->elements);
        }
        owner->model.hash = hasher_value(hasher);
        hasher_free(hasher);
    }
    mem_free(values);
    return hasher != NULL;
}

Model *model_random(const ModelConfig *config, uint64_t seed, Backend *be, MemAccount *account,
                    Error *err)
{
    CHECK(be != NULL && account != NULL);
    ModelOwner *owner = model_create(config, be, account, err);
    if (owner == NULL) return NULL;
    if (model_place(owner, err) && draw_parts(owner, seed, err)) return &owner->model;
    model_free(&owner->model);
    return NULL;
}
