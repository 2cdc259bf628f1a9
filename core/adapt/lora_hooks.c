/*
 * Where LoRA acts on the network: after a linear map, after the token rows, or, materialised,
 * in place of a linear map.
 *
 * A dropped number is a function of (seed, stream, row's key, column); the stream names step and
 * module, so every module has a mask of its own and nothing repeats from step to step.
 */

#include "core/adapt/lora_internal.h"

enum { STREAM_MODULES = 1 << 16 };

static Dropout dropout_of(const Lora *lora, const LoraPair *pair)
{
    const uint64_t *row_key = lora->net->row_key;
    if (row_key == NULL) return (Dropout){.p = 0.0f};
    return (Dropout){.p = (float)lora->config.lora_dropout,
                     .seed = lora->seed,
                     .stream =
                         (uint64_t)lora->step * STREAM_MODULES + (uint64_t)pair->target.module,
                     .row_key = row_key};
}

static Tensor *after_linear(void *self, Tape *tape, const Module *module, Tensor *x, Tensor *y)
{
    const Lora     *lora = self;
    const LoraPair *pair = lora_pair(lora, module);
    if (pair == NULL || lora->config.materialized) return y;
    return tape_lowrank(tape, y, x, &pair->A->tensor, &pair->B->tensor,
                        pair->bias != NULL ? &pair->bias->tensor : NULL, (float)pair->target.scale,
                        dropout_of(lora, pair));
}

static Tensor *instead_of_linear(void *self, Tape *tape, const Module *module, WeightRef weight,
                                 VectorRef bias, Tensor *x)
{
    const Lora     *lora = self;
    const LoraPair *pair = lora_pair(lora, module);
    if (pair == NULL || !lora->config.materialized) return NULL;
    return tape_lowrank_materialized(tape, x, weight, bias, &pair->A->tensor, &pair->B->tensor,
                                     (float)pair->target.scale);
}

static Tensor *after_embedding(void *self, Tape *tape, const Module *module, const int32_t *ids,
                               Tensor *y)
{
    const LoraPair *pair = lora_pair(self, module);
    if (pair == NULL) return y;
    return tape_embed_lowrank(tape, y, ids, &pair->A->tensor, &pair->B->tensor,
                              (float)pair->target.scale);
}

static bool acts_on(void *self, const Module *module)
{
    return lora_pair(self, module) != NULL;
}

void lora_fill_hooks(Lora *lora)
{
    CHECK(lora->method.model->module_count < STREAM_MODULES);
    lora->hooks = (Hooks){.self = lora,
                          .linear = after_linear,
                          .linear_instead = instead_of_linear,
                          .embedding = after_embedding,
                          .acts_on = acts_on};
}
