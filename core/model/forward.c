/*
 * The network, from token ids to hidden states to losses. Read it from the bottom: net_forward
 * runs the embedding, the layers and the last norm; a layer is
 *
 *   x  + O(attention(rope(Q n), rope(K n), V n)),   n = rmsnorm(x)
 *   x' + Down(silu(Gate n') * (Up n')),             n' = rmsnorm(x')
 *
 * In the last layer only the picked rows go on after attention: where a prompt has no loss,
 * its rows end there, having given their keys and values.
 *
 * Every tensor is given back with tape_done where the forward needs it no more; the tape keeps
 * what the backward will need.
 */

#include <math.h>

#include "core/model/net_internal.h"

Tensor *net_linear(Net *net, Tape *tape, const Module *module, Tensor *x)
{
    WeightRef w = net_weight(net, module);
    VectorRef b = net_bias(net, module);
    Tensor   *y = NULL;

    for (int i = 0; i < net->hook_count && y == NULL; i++) {
        const Hooks *h = net->hooks[i];
        if (h->linear_instead != NULL) y = h->linear_instead(h->self, tape, module, w, b, x);
    }
    if (y == NULL) y = tape_linear(tape, x, w, b);
    for (int i = 0; i < net->hook_count; i++) {
        const Hooks *h = net->hooks[i];
        if (h->linear != NULL) y = h->linear(h->self, tape, module, x, y);
    }
    return y;
}

static Tensor *norm(Net *net, Tape *tape, const Module *module, Tensor *x)
{
    return tape_rmsnorm(tape, x, net_gain(net, module), net->model->config.rms_eps);
}

/* A sub-layer's end: what acts on its output, then the residual. */
static Tensor *residual(Net *net, Tape *tape, int layer, SubLayer which, Tensor *y, Tensor *x)
{
    for (int i = 0; i < net->hook_count; i++) {
        const Hooks *h = net->hooks[i];
        if (h->sublayer != NULL) y = h->sublayer(h->self, tape, layer, which, y);
    }
    y = tape_add(tape, y, x);
    tape_done(tape, x);
    return y;
}

static void prefix_of(Net *net, Tape *tape, int layer, Tensor **pk, Tensor **pv)
{
    *pk = NULL;
    *pv = NULL;
    for (int i = 0; i < net->hook_count; i++) {
        const Hooks *h = net->hooks[i];
        if (h->prefix != NULL && h->prefix(h->self, tape, layer, pk, pv)) return;
    }
}

static Tensor *rotate(LayerContext *at, Tape *tape, Tensor *x, Index heads)
{
    const Model *model = at->net->model;
    Index        shift = net_prefix_rows(at->net) * (model->config.K / 2);
    return tape_rope(tape, x, model->rope_cos + shift, model->rope_sin + shift, at->rows->position,
                     heads, model->config.K);
}

/* Attention over this call's rows, or over the cache that these rows have just joined. */
static Tensor *attend(LayerContext *at, Tape *tape, Tensor *q, Tensor *k, Tensor *v)
{
    const ModelConfig *c = &at->net->model->config;
    const Rows        *rows = at->rows;
    Tensor            *pk, *pv, keys, values;

    prefix_of(at->net, tape, at->layer, &pk, &pv);
    AttnShape shape = {.S = rows->S,
                       .q_at = rows->at,
                       .k_at = rows->at,
                       .H = c->H,
                       .G = c->G,
                       .K = c->K,
                       .P = pk != NULL ? pk->rows : 0,
                       .scale = (float)(1.0 / sqrt((double)c->K)),
                       .fill = rows->fill};
    if (rows->cache == NULL || !tape_ok(tape, NULL)) {
        return tape_attention(tape, q, k, v, pk, pv, shape);
    }
    kvcache_append(rows->cache, at->layer, k, v, &keys, &values);
    at->key_at[0] = 0;
    at->key_at[1] = keys.rows;
    shape.k_at = at->key_at;
    return tape_attention(tape, q, &keys, &values, pk, pv, shape);
}

/* x, taken over, reduced to the picked rows. */
static Tensor *only_picked(const Rows *rows, Tape *tape, Tensor *x)
{
    Tensor *picked = tape_gather(tape, x, rows->pick, rows->M);
    tape_done(tape, x);
    return picked;
}

static Tensor *attention_part(LayerContext *at, Tape *tape, Tensor *x)
{
    Net               *net = at->net;
    const Model       *model = net->model;
    const ModelConfig *c = &model->config;

    Tensor *n = norm(net, tape, model_module(model, ROLE_NORM1, at->layer), x);
    Tensor *q = net_linear(net, tape, model_module(model, ROLE_Q, at->layer), n);
    Tensor *k = net_linear(net, tape, model_module(model, ROLE_K, at->layer), n);
    Tensor *v = net_linear(net, tape, model_module(model, ROLE_V, at->layer), n);
    tape_done(tape, n);
    q = rotate(at, tape, q, c->H);
    k = rotate(at, tape, k, c->G);

    Tensor *o = attend(at, tape, q, k, v);
    tape_done(tape, q);
    tape_done(tape, k);
    tape_done(tape, v);
    if (at->last && at->rows->pick != NULL) {
        o = only_picked(at->rows, tape, o);
        x = only_picked(at->rows, tape, x);
        net->row_key = net->training ? at->rows->pick_key : NULL;
    }
    Tensor *y = net_linear(net, tape, model_module(model, ROLE_O, at->layer), o);
    tape_done(tape, o);
    return residual(net, tape, at->layer, SUBLAYER_ATTENTION, y, x);
}

static Tensor *mlp_part(LayerContext *at, Tape *tape, Tensor *x)
{
    Net         *net = at->net;
    const Model *model = net->model;

    Tensor *n = norm(net, tape, model_module(model, ROLE_NORM2, at->layer), x);
    Tensor *gate = net_linear(net, tape, model_module(model, ROLE_GATE, at->layer), n);
    Tensor *up = net_linear(net, tape, model_module(model, ROLE_UP, at->layer), n);
    tape_done(tape, n);

    Tensor *act = tape_swiglu(tape, gate, up);
    tape_done(tape, gate);
    tape_done(tape, up);
    Tensor *y = net_linear(net, tape, model_module(model, ROLE_DOWN, at->layer), act);
    tape_done(tape, act);
    return residual(net, tape, at->layer, SUBLAYER_MLP, y, x);
}

/* Takes x over. */
static Tensor *layer_part(LayerContext *at, Tape *tape, Tensor *x)
{
    at->net->row_key = at->net->training ? at->rows->row_key : NULL;
    return mlp_part(at, tape, attention_part(at, tape, x));
}

/* The same as a part that may be run twice: x stays the caller's. */
static Tensor *repeatable_part(Tape *tape, void *context, Tensor *x)
{
    tape_hold(tape, x);
    return layer_part(context, tape, x);
}

static Tensor *embedding(Net *net, Tape *tape, const Rows *rows)
{
    const Module *module = model_module(net->model, ROLE_EMBED, -1);
    Tensor       *x = tape_embed(tape, net_weight(net, module), rows->ids, rows->N);
    for (int i = 0; i < net->hook_count; i++) {
        const Hooks *h = net->hooks[i];
        if (h->embedding != NULL) x = h->embedding(h->self, tape, module, rows->ids, x);
    }
    return x;
}

static Tensor *run_layer(LayerContext *at, Tape *tape, Tensor *x)
{
    bool checkpoint = at->net->checkpointing && tape_recording(tape);

    tape_at_layer(tape, at->layer);
    if (!checkpoint) return layer_part(at, tape, x);
    Tensor *y = tape_checkpoint(tape, repeatable_part, at, at->layer, x);
    tape_done(tape, x);
    return y;
}

Tensor *net_forward(Net *net, Tape *tape, const Rows *rows)
{
    Model *model = net->model;
    int    L = (int)model->config.L;
    CHECK(rows->cache == NULL || (rows->S == 1 && !tape_recording(tape)));

    tape_at_layer(tape, -1);
    net->row_key = net->training ? rows->row_key : NULL;
    Tensor *x = embedding(net, tape, rows);
    for (int l = 0; l < L; l++) {
        net->layers[l] = (LayerContext){.net = net, .rows = rows, .layer = l, .last = l == L - 1};
        x = run_layer(&net->layers[l], tape, x);
    }
    tape_at_layer(tape, -1);
    if (rows->cache != NULL && tape_ok(tape, NULL)) rows->cache->length += rows->N;

    Tensor *hidden = norm(net, tape, model_module(model, ROLE_FINAL_NORM, -1), x);
    tape_done(tape, x);
    return hidden;
}

Tensor *net_logits(Net *net, Tape *tape, Tensor *hidden)
{
    return net_linear(net, tape, model_module(net->model, ROLE_HEAD, -1), hidden);
}

void net_loss(Net *net, Tape *tape, Tensor *hidden, LossSpec spec)
{
    const Module *head = model_module(net->model, ROLE_HEAD, -1);
    if (!net_hooked(net, head)) {
        tape_head_loss(tape, hidden, net_weight(net, head), net_bias(net, head), spec);
        return;
    }
    Tensor *logits = net_logits(net, tape, hidden);
    tape_cross_entropy(tape, logits, spec);
    tape_done(tape, logits);
}
