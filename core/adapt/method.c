/*
 * What the ways of adapting share: counting, and private copies of the base's parameters, their
 * names on disk and their place in a Net.
 */

#include "core/adapt/method_internal.h"

#include <string.h>

#include "core/base/mem.h"

void method_free(Method *method)
{
    if (method != NULL) method->free(method);
}

int64_t method_trainable(const Method *method)
{
    return (int64_t)method->params->total;
}

int64_t method_all(const Method *method)
{
    return method->model->parameters + method->added;
}

/* ---- private copies --------------------------------------------------------------------- */

Param *method_add_copy(ParamSet *set, const Model *model, int module, char which,
                       const char *suffix, Error *err)
{
    const Module *m = &model->modules[module];
    Str           name = {0};
    str_addf(&name, "%s%s", m->name, suffix);

    Param *param = NULL;
    bool   table = m->role == ROLE_EMBED;
    Index  rows = which != 'w' ? 1 : table ? m->in : m->out;
    Index  cols = which != 'w' || table ? m->out : m->in;
    if (str_ok(&name, err)) param = params_add(set, name.data, rows, cols, err);
    str_free(&name);
    if (param == NULL) return NULL;
    param->module = module;
    param->part = which;
    param->decay = which == 'w';
    return param;
}

bool method_fill_copy(ParamSet *set, Param *param, const Model *model, Error *err)
{
    Backend      *be = set->be;
    const Module *m = &model->modules[param->module];
    Tensor       *t = &param->tensor;
    if (param->part == 'w') {
        if (!be->reserve(be, be->mat_workspace(m->weight.dtype, m->weight.cols), err)) return false;
        be->mat_rows(be, t->data, m->weight, 0, t->rows);
    } else {
        const float *from = param->part == 'g' ? m->gain : m->bias;
        be->copy(be, t->data, from, t->cols * (Index)sizeof(float));
    }
    return true;
}

static Tensor **place_of(Net *net, const Param *param)
{
    return &(param->part == 'b' ? net->bias : net->weight)[param->module];
}

bool method_place_copy(Net *net, Param *param, Error *err)
{
    Tensor **place = place_of(net, param);
    if (*place != NULL) {
        return error_set(err, ERR_INPUT, "%s already has a private copy of another adapter",
                         net->model->modules[param->module].name);
    }
    *place = &param->tensor;
    return true;
}

void method_remove_copy(Net *net, Param *param)
{
    Tensor **place = place_of(net, param);
    if (*place == &param->tensor) *place = NULL;
}

Param *method_find_copy(const Method *method, const Module *module, char which)
{
    int       i = (int)(module - method->model->modules);
    ParamSet *set = method->params;
    for (Index p = 0; p < set->count; p++) {
        Param *param = set->list[p];
        if (param->module == i && param->part == which) return param;
    }
    return NULL;
}

float *method_host_values(const Method *method, Error *err)
{
    const ParamSet *set = method->params;
    Index           bytes = set->total * (Index)sizeof(float);
    float *host = mem_alloc_raw(mem_program(), MEM_SCRATCH, set->total, sizeof(float), err);
    if (host != NULL) set->be->get(set->be, host, set->values, bytes);
    return host;
}
