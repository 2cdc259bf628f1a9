/* A training's state as one object in memory: for rewinding, and what a checkpoint writes. */

#include <string.h>

#include "core/train/trainer_internal.h"

void train_state_free(TrainState *state)
{
    if (state == NULL) return;
    mem_free(state->values);
    mem_free(state->m);
    mem_free(state->v);
    mem_free(state);
}

/* A host copy of one flat block; NULL in, NULL out. */
static bool take(const ParamSet *set, const float *block, float **copy, Error *err)
{
    if (block == NULL) return true;
    *copy = mem_alloc_raw(mem_program(), MEM_OPTIMIZER, set->total, sizeof(float), err);
    if (*copy == NULL) return false;
    set->be->get(set->be, *copy, block, set->total * (Index)sizeof(float));
    return true;
}

TrainState *trainer_snapshot(const Trainer *trainer, Error *err)
{
    const ParamSet *set = trainer->spec.method->params;
    TrainState     *state = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *state, err);
    if (state == NULL) return NULL;

    state->step = trainer->step;
    state->micro = trainer->micro;
    state->tokens = trainer->tokens;
    state->optim_t = trainer->optim->t;
    state->total = set->total;
    if (!take(set, set->values, &state->values, err) ||
        !take(set, trainer->optim->m, &state->m, err) ||
        !take(set, trainer->optim->v, &state->v, err)) {
        train_state_free(state);
        return NULL;
    }
    return state;
}

bool trainer_restore(Trainer *trainer, const TrainState *state, Error *err)
{
    ParamSet *set = trainer->spec.method->params;
    Optim    *optim = trainer->optim;
    Index     bytes = set->total * (Index)sizeof(float);

    if (state->total != set->total || (state->m == NULL) != (optim->m == NULL) ||
        (state->v == NULL) != (optim->v == NULL)) {
        return error_set(err, ERR_MISMATCH,
                         "the saved state has %td trainable values, this training %td",
                         state->total, set->total);
    }
    set->be->put(set->be, set->values, state->values, bytes);
    if (optim->m != NULL) set->be->put(set->be, optim->m, state->m, bytes);
    if (optim->v != NULL) set->be->put(set->be, optim->v, state->v, bytes);
    optim->t = state->optim_t;
    trainer->step = state->step;
    trainer->micro = state->micro;
    trainer->tokens = state->tokens;
    return true;
}
