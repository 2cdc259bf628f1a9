/*
 * The flat block of trainable values and gradients. Parameters are declared first, so that
 * both blocks can be reserved in one piece; each Param's tensor then points into them.
 */

#include "core/model/params.h"

#include <string.h>

ParamSet *params_create(Backend *be, MemAccount *account, Error *err)
{
    ParamSet *set = mem_alloc(account, MEM_TEXT, 1, sizeof *set, err);
    if (set == NULL) return NULL;
    set->be = be;
    set->account = account;
    return set;
}

static void release_block(ParamSet *set, float *block, MemPurpose purpose)
{
    if (block == NULL) return;
    int64_t bytes = (int64_t)set->total * (int64_t)sizeof(float);
    set->be->release(set->be, block);
    mem_count(set->account, set->be->space, purpose, -bytes, -bytes);
}

void params_free(ParamSet *set)
{
    if (set == NULL) return;
    release_block(set, set->values, MEM_ADAPTER);
    release_block(set, set->grads, MEM_GRADIENTS);
    for (Index i = 0; i < set->count; i++) mem_free(set->list[i]);
    mem_free(set->list);
    mem_free(set);
}

Param *params_add(ParamSet *set, const char *name, Index rows, Index cols, Error *err)
{
    CHECK(set->values == NULL && rows > 0 && cols > 0);

    Param **list =
        mem_resize(set->list, set->account, MEM_TEXT, set->count + 1, (Index)sizeof *list, err);
    if (list == NULL) return NULL;
    set->list = list;
    Param *param = mem_alloc(set->account, MEM_TEXT, 1, sizeof *param, err);
    if (param == NULL) return NULL;

    size_t length = strlen(name);
    if (length >= sizeof param->name) {
        mem_free(param);
        error_set(err, ERR_INPUT, "the parameter name \"%.60s...\" is longer than %d bytes", name,
                  (int)sizeof param->name - 1);
        return NULL;
    }
    memcpy(param->name, name, length + 1);
    param->tensor = (Tensor){.rows = rows, .cols = cols, .is_param = true};
    param->offset = set->total;
    param->rate = 1.0f;
    param->module = -1;
    param->part = 'm';
    list[set->count++] = param;
    set->total += rows * cols;
    return param;
}

static float *reserve_block(ParamSet *set, MemPurpose purpose, Error *err)
{
    Index  bytes = set->total * (Index)sizeof(float);
    float *block = set->be->alloc(set->be, bytes, err);
    if (block == NULL) return NULL;
    set->be->zero(set->be, block, bytes);
    mem_count(set->account, set->be->space, purpose, bytes, bytes);
    return block;
}

bool params_build(ParamSet *set, bool trainable, Error *err)
{
    CHECK(set->values == NULL);
    set->values = reserve_block(set, MEM_ADAPTER, err);
    if (set->values == NULL) return false;
    if (trainable) {
        set->grads = reserve_block(set, MEM_GRADIENTS, err);
        if (set->grads == NULL) return false;
    }
    for (Index i = 0; i < set->count; i++) {
        Tensor *t = &set->list[i]->tensor;
        t->data = set->values + set->list[i]->offset;
        t->grad = trainable ? set->grads + set->list[i]->offset : NULL;
        t->needs_grad = trainable;
        t->has_grad = trainable; /* zeroed: ops may add at once */
    }
    return true;
}

Param *params_find(const ParamSet *set, const char *name)
{
    for (Index i = 0; i < set->count; i++) {
        if (strcmp(set->list[i]->name, name) == 0) return set->list[i];
    }
    return NULL;
}

void params_zero_grads(ParamSet *set)
{
    set->be->zero(set->be, set->grads, set->total * (Index)sizeof(float));
}

void param_get(const ParamSet *set, const Param *param, float *host)
{
    Index n = param->tensor.rows * param->tensor.cols;
    set->be->get(set->be, host, param->tensor.data, n * (Index)sizeof(float));
}

void param_put(ParamSet *set, Param *param, const float *host)
{
    Index n = param->tensor.rows * param->tensor.cols;
    set->be->put(set->be, param->tensor.data, host, n * (Index)sizeof(float));
}
