/*
 * One run's view of a base: which weights are replaced and which hooks act. The network itself
 * is in forward.c.
 */

#include "core/model/net.h"

#include "core/model/net_internal.h"

Net *net_create(Model *model, Error *err)
{
    MemAccount *program = mem_program();
    Index       n = model->module_count;

    Net *net = mem_alloc(program, MEM_TEXT, 1, sizeof *net, err);
    if (net == NULL) return NULL;
    net->model = model;
    net->weight = mem_alloc(program, MEM_TEXT, n, (Index)sizeof *net->weight, err);
    if (net->weight == NULL) goto fail;
    net->bias = mem_alloc(program, MEM_TEXT, n, (Index)sizeof *net->bias, err);
    if (net->bias == NULL) goto fail;
    net->merged = mem_alloc(program, MEM_TEXT, n, (Index)sizeof *net->merged, err);
    if (net->merged == NULL) goto fail;
    net->layers = mem_alloc(program, MEM_TEXT, model->config.L, sizeof *net->layers, err);
    if (net->layers == NULL) goto fail;
    return net;

fail:
    net_free(net);
    return NULL;
}

void net_free(Net *net)
{
    if (net == NULL) return;
    mem_free(net->weight);
    mem_free(net->bias);
    mem_free(net->merged);
    mem_free(net->layers);
    mem_free(net);
}

bool net_add_hooks(Net *net, const Hooks *hooks, Error *err)
{
    if (net->hook_count == NET_MAX_HOOKS) {
        return error_set(err, ERR_INPUT, "at most %d adapters can act at a time", NET_MAX_HOOKS);
    }
    net->hooks[net->hook_count++] = hooks;
    return true;
}

void net_remove_hooks(Net *net, const Hooks *hooks)
{
    int kept = 0;
    for (int i = 0; i < net->hook_count; i++) {
        if (net->hooks[i] != hooks) net->hooks[kept++] = net->hooks[i];
    }
    net->hook_count = kept;
}

WeightRef net_weight(const Net *net, const Module *module)
{
    Index i = module - net->model->modules;
    Mat   frozen = net->merged[i].data != NULL ? net->merged[i] : module->weight;
    return (WeightRef){.frozen = frozen, .trained = net->weight[i]};
}

VectorRef net_bias(const Net *net, const Module *module)
{
    Index i = module - net->model->modules;
    return (VectorRef){.frozen = module->bias, .trained = net->bias[i]};
}

VectorRef net_gain(const Net *net, const Module *module)
{
    Index i = module - net->model->modules;
    return (VectorRef){.frozen = module->gain, .trained = net->weight[i]};
}

Index net_prefix_rows(const Net *net)
{
    Index rows = 0;
    for (int i = 0; i < net->hook_count; i++) {
        if (net->hooks[i]->prefix != NULL) rows += net->hooks[i]->prefix_rows;
    }
    return rows;
}

bool net_hooked(const Net *net, const Module *module)
{
    for (int i = 0; i < net->hook_count; i++) {
        const Hooks *h = net->hooks[i];
        if (h->acts_on != NULL && h->acts_on(h->self, module)) return true;
    }
    return false;
}

bool net_reserve(Net *net, Index longest, Error *err)
{
    const ModelConfig *c = &net->model->config;
    Backend           *be = net->model->be;
    Index              prefix = net_prefix_rows(net);
    Index              need = be->attention_workspace(longest + prefix, c->K);

    for (Index i = 0; i < net->model->module_count; i++) {
        Mat   w = net->model->modules[i].weight;
        Index bytes = w.data != NULL ? be->mat_workspace(w.dtype, w.cols) : 0;
        if (bytes > need) need = bytes;
    }
    if (!model_reserve_positions(net->model, longest + prefix, err)) return false;
    return be->reserve(be, need, err);
}
