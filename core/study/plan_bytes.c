/*
 * Bytes of a training step at their highest total, by purpose.
 *
 *   weights      matrices in the type they are stored in, vectors as float32
 *   adapter      4 bytes a trainable parameter; gradients the same
 *   optimizer    two moments (AdamW), one (SGD with momentum) or none
 *   text         the descriptions of the parameters
 *   activations  and scratch: a walk through the step, see plan_walk.h
 *
 * The last two rise and fall, the others stand still, so the highest total is where the walk is
 * highest. With checkpointing a layer is walked unrecorded first, keeping only its input, and
 * again, recorded, just before its backward. Accumulation walks the same way several times.
 *
 * Not the run's own, and not here: workspaces of the backend, rotary tables, the batch's ids.
 */

#include "core/study/plan_walk.h"

#include "core/train/optim.h"

/* ---- the account book -------------------------------------------------------------------- */

static void book(Walk *walk, MemPurpose purpose, int64_t bytes)
{
    walk->now[purpose] += bytes;
    walk->total += bytes;
    CHECK(walk->now[purpose] >= 0);
    if (walk->total <= walk->peak) return;
    walk->peak = walk->total;
    for (int p = 0; p < MEM_PURPOSE_COUNT; p++) walk->at_peak[p] = walk->now[p];
}

static int64_t bytes_of(Index floats)
{
    return (int64_t)floats * (int64_t)sizeof(float);
}

void walk_take(Walk *walk, Index floats)
{
    book(walk, MEM_ACTIVATIONS, bytes_of(floats));
}

void walk_give(Walk *walk, Index floats)
{
    book(walk, MEM_ACTIVATIONS, -bytes_of(floats));
}

void walk_scratch_take(Walk *walk, Index first, Index second)
{
    book(walk, MEM_SCRATCH, bytes_of(first));
    book(walk, MEM_SCRATCH, bytes_of(second));
}

void walk_scratch_give(Walk *walk, Index first, Index second)
{
    book(walk, MEM_SCRATCH, -bytes_of(first + second));
}

/* ---- what stands still -------------------------------------------------------------------- */

static int64_t weight_bytes(const PlanSetup *setup)
{
    const Model *model = setup->model;
    int64_t      vectors = 0;
    for (Index i = 0; i < model->module_count; i++) {
        const Module *module = &model->modules[i];
        if (module->gain != NULL) vectors += module->out;
        if (module->bias != NULL) vectors += module->out;
    }
    return (model->parameters - vectors) * (int64_t)dtype_bytes(setup->input->stored) +
           vectors * (int64_t)sizeof(float);
}

static int moments(const OptimSpec *optim)
{
    if (optim->kind == OPTIM_ADAMW) return 2;
    return optim->momentum > 0 ? 1 : 0;
}

static void book_constants(Walk *walk)
{
    const PlanSetup *setup = walk->setup;
    int64_t          values = bytes_of(setup->floats);
    book(walk, MEM_WEIGHTS, weight_bytes(setup));
    book(walk, MEM_ADAPTER, values);
    book(walk, MEM_GRADIENTS, values);
    book(walk, MEM_OPTIMIZER, values * moments(&setup->input->settings->optim));
    book(walk, MEM_TEXT, (int64_t)(sizeof(ParamSet) + sizeof(Optim)));
    book(walk, MEM_TEXT, (int64_t)setup->params * (int64_t)(sizeof(Param) + sizeof(Param *)));
}

/* ---- layers ------------------------------------------------------------------------------- */

static LayerWalk layer_of(const Walk *walk, int layer, bool x)
{
    const PlanSetup *setup = walk->setup;
    Index            N = setup->input->N, M = plan_rows(setup, layer);
    return (LayerWalk){.layer = layer,
                       .N = N,
                       .M = M,
                       .picked = M < N,
                       .borrowed = setup->input->settings->gradient_checkpointing,
                       .needs = plan_needs(setup, layer, x)};
}

static void layer_forward(Walk *walk, const LayerWalk *at)
{
    walk->record = !at->borrowed;
    walk_layer(walk, at);
    walk->record = true;
    if (at->borrowed && !at->needs.y2) walk_give(walk, at->N * walk->c->D); /* x: no node */
}

static void layer_backward(Walk *walk, const LayerWalk *at)
{
    if (at->borrowed) {
        walk_layer(walk, at);
        walk_give(walk, at->M * walk->c->D); /* the result, made again, is not looked at */
    }
    walk_layer_back(walk, at);
    if (at->borrowed) walk_give(walk, at->N * walk->c->D); /* x */
}

/* ---- head and loss ------------------------------------------------------------------------ */

/* From the last norm's result to its gradient, where it wants one. An adapted head makes all
 * logits, which then become their own gradient; a plain one a chunk of rows at a time. */
static void head_and_loss(Walk *walk, Index M, bool needs)
{
    Index    D = walk->c->D, V = walk->c->V, chunk = M < TAPE_HEAD_CHUNK ? M : TAPE_HEAD_CHUNK;
    MapGroup map = {ROLE_HEAD, ROLE_HEAD, -1, M, .needs_x = needs};

    if (plan_trained(walk->setup, ROLE_HEAD, -1)->r > 0) {
        walk_maps(walk, &map);
        walk_maps_back(walk, &map);
        return;
    }
    if (needs) walk_take(walk, M * D);
    walk_scratch_take(walk, chunk * V, 0);
    walk_scratch_give(walk, chunk * V, 0);
    walk_give(walk, M * D);
}

static void norm_head_loss(Walk *walk, Index M, bool x)
{
    Index D = walk->c->D;
    bool  needs = x || plan_trains(plan_trained(walk->setup, ROLE_FINAL_NORM, -1));

    walk_norm(walk, M, needs);
    if (!needs) walk_give(walk, M * D); /* x */
    head_and_loss(walk, M, needs);
    if (x) walk_take(walk, M * D);
    if (!needs) return;
    walk_give(walk, M * D); /* x */
    walk_norm_back(walk, M);
}

/* ---- the step ----------------------------------------------------------------------------- */

static void embedding(Walk *walk, const Trained *table)
{
    Index N = walk->setup->input->N;
    walk_take(walk, N * walk->c->D);
    walk_take(walk, N * table->r);
}

/* The gradient of its result is there where it trains. */
static void embedding_back(Walk *walk, const Trained *table)
{
    Index N = walk->setup->input->N;
    if (!plan_trains(table)) return;
    walk_scratch_take(walk, N * table->r, 0);
    walk_scratch_give(walk, N * table->r, 0);
    walk_give(walk, N * table->r);
    walk_give(walk, N * walk->c->D);
}

static void micro_batch(Walk *walk)
{
    const Trained *table = plan_trained(walk->setup, ROLE_EMBED, -1);
    int            L = (int)walk->c->L, lowest = L; /* the first layer whose result needs one */
    bool           needs = plan_trains(table);
    if (needs) lowest = -1;

    embedding(walk, table);
    for (int l = 0; l < L; l++) {
        LayerWalk at = layer_of(walk, l, needs);
        layer_forward(walk, &at);
        needs = at.needs.y2;
        if (needs && lowest > l) lowest = l;
    }
    norm_head_loss(walk, plan_rows(walk->setup, L - 1), needs);
    for (int l = L - 1; l >= 0 && l >= lowest; l--) {
        LayerWalk at = layer_of(walk, l, l > lowest);
        layer_backward(walk, &at);
    }
    embedding_back(walk, table);
    CHECK(walk->now[MEM_ACTIVATIONS] == 0 && walk->now[MEM_SCRATCH] == 0);
}

void plan_bytes(const PlanSetup *setup, Plan *plan)
{
    Walk walk = {.setup = setup, .c = setup->config, .record = true};
    book_constants(&walk);
    if (setup->input->targets > 0) micro_batch(&walk); /* without a target nothing is run */
    for (int p = 0; p < MEM_PURPOSE_COUNT; p++) plan->bytes[p] = walk.at_peak[p];
    plan->bytes_total = walk.peak;
}
