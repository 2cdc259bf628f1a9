/* What a training left, shared by counting, and turned into a Method again. */

#include <stdatomic.h>

#include "core/workbench/bench.h"

Learned *learned_hold(Learned *learned)
{
    if (learned != NULL) atomic_fetch_add(&learned->refs, 1);
    return learned;
}

void learned_drop(Learned *learned)
{
    if (learned == NULL || atomic_fetch_sub(&learned->refs, 1) > 1) return;
    lora_config_free(&learned->config);
    train_state_free(learned->state);
    mem_free(learned->data);
    mem_free(learned);
}

Learned *learned_create(const Trainer *trainer, const Method *method, const char *data,
                        const TrainSettings *settings, Error *err)
{
    Learned *learned = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *learned, err);
    if (learned == NULL) return NULL;
    const LoraConfig *config = lora_config(method);
    learned->refs = 1;
    learned->full = config == NULL;
    learned->settings = *settings;
    learned->seed = settings->seed;
    lora_config_init(&learned->config);
    bool ok = config == NULL || lora_config_copy(&learned->config, config, err);
    if (ok) learned->state = trainer_snapshot(trainer, err);
    if (learned->state != NULL) learned->data = mem_strdup(data, err);
    if (learned->data != NULL) return learned;
    learned_drop(learned);
    return NULL;
}

static bool put_values(Method *method, const TrainState *state, Error *err)
{
    ParamSet *set = method->params;
    if (set->total != state->total) {
        return error_set(err, ERR_MISMATCH, "the adapter has %td values, the base takes %td",
                         state->total, set->total);
    }
    set->be->put(set->be, set->values, state->values, set->total * (Index)sizeof(float));
    return true;
}

Method *learned_method(const Learned *learned, Model *model, bool trainable, MemAccount *account,
                       Error *err)
{
    Method *method = learned->full ? full_create(model, account, err)
                                   : lora_create(model, &learned->config, learned->seed, trainable,
                                                 account, err);
    if (method == NULL || put_values(method, learned->state, err)) return method;
    method_free(method);
    return NULL;
}
