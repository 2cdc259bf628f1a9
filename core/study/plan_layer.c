/*
 * Bytes of one layer, forward and back. In floats, with N rows in, M rows out, Q = H*K, E = G*K:
 *
 *   n  N*D + N                       norm and its row factors
 *   q  N*Q   k  N*E   v  N*E         attention keeps these three,
 *   o  N*Q   lse  N*H                its result and its row sums
 *   o' M*Q   x'  M*D                 where rows are picked
 *   y1 M*D                           O's result, to which x is added in place
 *   n' M*D + M, gate M*F, up M*F     swiglu keeps gate and up
 *   act M*F
 *   y2 M*D                           Down's result, to which y1 is added in place
 *
 * x and y1 are kept by the norms. Going back, the gradient of y2 becomes that of y1, and that of
 * y1 becomes that of x: one buffer, which the norms add to.
 */

#include "core/study/plan_walk.h"

static MapGroup qkv(const LayerWalk *at)
{
    return (MapGroup){ROLE_Q, ROLE_V, at->layer, at->N, .needs_x = at->needs.n1};
}

/* o is attention's to give back, unless its rows were picked or attention has nothing to
 * remember. */
static MapGroup output(const LayerWalk *at)
{
    return (MapGroup){ROLE_O,
                      ROLE_O,
                      at->layer,
                      at->M,
                      .needs_x = at->needs.o,
                      .keeps_sum = at->needs.x,
                      .holds_x = !at->picked && at->needs.o};
}

static MapGroup gate_up(const LayerWalk *at)
{
    return (MapGroup){ROLE_GATE, ROLE_UP, at->layer, at->M, .needs_x = at->needs.n2};
}

static MapGroup down(const LayerWalk *at)
{
    return (MapGroup){ROLE_DOWN,
                      ROLE_DOWN,
                      at->layer,
                      at->M,
                      .needs_x = at->needs.act,
                      .keeps_sum = at->needs.y1};
}

/* q, k, v and lse: what attention keeps besides its result. */
static Index attention_inputs(const Walk *walk, const LayerWalk *at)
{
    const ModelConfig *c = walk->c;
    return at->N * (c->H * c->K + 2 * c->G * c->K + c->H);
}

/* ---- forward ----------------------------------------------------------------------------- */

/* A layer that owns its x is recorded, so the norm keeps x where it needs to. */
static void give_x(Walk *walk, const LayerWalk *at)
{
    if (!at->borrowed && !at->needs.n1) walk_give(walk, at->N * walk->c->D);
}

/* From o and x to y1. */
static void attention_end(Walk *walk, const LayerWalk *at, bool kept)
{
    const ModelConfig *c = walk->c;
    Index              Q = c->H * c->K;
    MapGroup           map = output(at);

    if (at->picked) {
        walk_take(walk, at->M * Q);
        if (!kept) walk_give(walk, at->N * Q);
        walk_take(walk, at->M * c->D);
        give_x(walk, at);
    }
    walk_maps(walk, &map);
    bool held = walk_maps_keep(walk, &map) || (kept && !at->picked);
    if (!held) walk_give(walk, at->M * Q);
    if (at->picked) {
        walk_give(walk, at->M * c->D);
    } else {
        give_x(walk, at);
    }
}

static void attention_part(Walk *walk, const LayerWalk *at)
{
    const ModelConfig *c = walk->c;
    MapGroup           maps = qkv(at);
    bool               kept = walk->record && at->needs.o;

    walk_norm(walk, at->N, at->needs.n1);
    walk_maps(walk, &maps);
    if (!walk_maps_keep(walk, &maps)) walk_give(walk, at->N * c->D);
    walk_take(walk, at->N * c->H * c->K);
    walk_take(walk, at->N * c->H);
    if (!kept) walk_give(walk, attention_inputs(walk, at));
    attention_end(walk, at, kept);
}

static void mlp_part(Walk *walk, const LayerWalk *at)
{
    Index    D = at->M * walk->c->D, F = at->M * walk->c->F;
    MapGroup maps = gate_up(at), last = down(at);

    walk_norm(walk, at->M, at->needs.n2);
    walk_maps(walk, &maps);
    if (!walk_maps_keep(walk, &maps)) walk_give(walk, D);
    walk_take(walk, F);
    if (!walk->record || !at->needs.act) walk_give(walk, 2 * F);
    walk_maps(walk, &last);
    if (!walk_maps_keep(walk, &last)) walk_give(walk, F);
    if (!walk->record || !at->needs.n2) walk_give(walk, D);
}

void walk_layer(Walk *walk, const LayerWalk *at)
{
    attention_part(walk, at);
    mlp_part(walk, at);
}

/* ---- backward: the gradient of y2 is there ------------------------------------------------ */

static void mlp_back(Walk *walk, const LayerWalk *at)
{
    const PlanNeeds *needs = &at->needs;
    Index            D = at->M * walk->c->D, F = at->M * walk->c->F;
    MapGroup         maps = gate_up(at), last = down(at);

    walk_maps_back(walk, &last);
    if (needs->act) {
        if (needs->gate) walk_take(walk, F);
        if (needs->up) walk_take(walk, F);
        walk_give(walk, 3 * F); /* gate, up, the gradient of act */
        walk_maps_back(walk, &maps);
    }
    if (needs->n2) {
        walk_give(walk, D); /* y1 */
        walk_norm_back(walk, at->M);
    }
}

/* The gradients of the picked rows go to where they came from. */
static void picked_back(Walk *walk, const LayerWalk *at)
{
    Index D = walk->c->D, Q = walk->c->H * walk->c->K;
    if (at->needs.x) {
        walk_take(walk, at->N * D);
        walk_give(walk, at->M * D);
    }
    if (at->needs.o) {
        walk_take(walk, at->N * Q);
        walk_give(walk, at->M * Q);
    }
}

static void attention_back(Walk *walk, const LayerWalk *at)
{
    const PlanNeeds *needs = &at->needs;
    Index            Q = at->N * walk->c->H * walk->c->K, E = at->N * walk->c->G * walk->c->K;
    MapGroup         maps = qkv(at);

    if (needs->q) walk_take(walk, Q);
    if (needs->k) walk_take(walk, E);
    if (needs->v) walk_take(walk, E);
    walk_give(walk, attention_inputs(walk, at) + 2 * Q); /* o and its gradient */
    walk_maps_back(walk, &maps);
    if (!needs->n1) return;
    if (!at->borrowed) walk_give(walk, at->N * walk->c->D); /* x */
    walk_norm_back(walk, at->N);
}

void walk_layer_back(Walk *walk, const LayerWalk *at)
{
    MapGroup map = output(at);
    mlp_back(walk, at);
    walk_maps_back(walk, &map);
    if (at->picked) picked_back(walk, at);
    if (at->needs.o) attention_back(walk, at);
}
