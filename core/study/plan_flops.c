/*
 * Products of a micro-batch, 2 per multiply-add; norms, softmax and the optimizer are left out.
 *
 *   map, N rows     forward 2 N in out; dx as much where x wants it; dW where the matrix trains
 *   pair            forward 2 N r (in + out); dB, dh: 2 N r out each; dA 2 N r in; dx 2 N r in
 *   materialized    forward 2 out in r for the sum; dM 2 N in out, then dA, dB 2 out in r each
 *   attention       2 K for each pair of a query and a key and each product: scores and values
 *                   forward; scores and their slopes, dq, dk, dv back
 *
 * Of attention's T x T pairs a block of 64 queries meets the keys that its last one sees, which
 * is what the cpu backend computes. With checkpointing a layer's forward counts twice.
 */

#include "core/study/plan_internal.h"

enum { QUERIES = 64 };

typedef struct Flops {
    const PlanSetup *setup;
    double           base, extra; /* forward: the network's own, LoRA's */
    double           backward;
} Flops;

/* ---- maps --------------------------------------------------------------------------------- */

static double pair_forward(const PlanSetup *setup, const Module *m, double r, double N)
{
    double in = (double)m->in, out = (double)m->out;
    if (setup->materialized) return 2 * out * in * r;
    return 2 * N * r * (in + out);
}

static double pair_backward(const PlanSetup *setup, const Module *m, double r, double N, bool dx)
{
    double in = (double)m->in, out = (double)m->out;
    if (setup->materialized) return 2 * N * in * out + 4 * out * in * r;
    return 4 * N * r * out + 2 * N * r * in * (dx ? 2 : 1);
}

static void add_map(Flops *flops, ModuleRole role, int layer, Index rows, bool needs_x)
{
    const Module  *m = model_module(flops->setup->model, role, layer);
    const Trained *t = plan_trained(flops->setup, role, layer);
    double         N = (double)rows, product = 2 * N * (double)m->in * (double)m->out;

    flops->base += product;
    if (needs_x) flops->backward += product;
    if (t->weight) flops->backward += product;
    if (t->r == 0) return;
    flops->extra += pair_forward(flops->setup, m, (double)t->r, N);
    flops->backward += pair_backward(flops->setup, m, (double)t->r, N, needs_x);
}

/* A table's rows are looked up: only B multiplies. */
static void add_embedding(Flops *flops)
{
    const Trained *t = plan_trained(flops->setup, ROLE_EMBED, -1);
    double         product =
        2 * (double)flops->setup->input->N * (double)t->r * (double)flops->setup->config->D;
    flops->extra += product;
    flops->backward += 2 * product;
}

/* ---- attention ---------------------------------------------------------------------------- */

static double pairs_of_segment(Index T)
{
    double full = (double)(T / QUERIES), rest = (double)(T % QUERIES);
    return (double)QUERIES * (double)QUERIES * full * (full + 1) / 2 + rest * (double)T;
}

/* Segments as equal as they can be. */
static double pairs_of_batch(const PlanInput *input)
{
    Index S = input->segments, T = input->N / S, longer = input->N % S;
    return (double)(S - longer) * pairs_of_segment(T) + (double)longer * pairs_of_segment(T + 1);
}

static void add_attention(Flops *flops, const PlanNeeds *needs)
{
    const ModelConfig *c = flops->setup->config;
    double product = 2 * (double)c->K * (double)c->H * pairs_of_batch(flops->setup->input);
    flops->base += 2 * product;
    if (needs->o) flops->backward += (2 + needs->q + needs->k + needs->v) * product;
}

/* ---- all ---------------------------------------------------------------------------------- */

static void add_layer(Flops *flops, int layer, const PlanNeeds *needs)
{
    const PlanInput *input = flops->setup->input;
    Index            N = input->N, M = plan_rows(flops->setup, layer);
    double           before = flops->base + flops->extra;

    add_map(flops, ROLE_Q, layer, N, needs->n1);
    add_map(flops, ROLE_K, layer, N, needs->n1);
    add_map(flops, ROLE_V, layer, N, needs->n1);
    add_attention(flops, needs);
    add_map(flops, ROLE_O, layer, M, needs->o);
    add_map(flops, ROLE_GATE, layer, M, needs->n2);
    add_map(flops, ROLE_UP, layer, M, needs->n2);
    add_map(flops, ROLE_DOWN, layer, M, needs->act);
    if (input->settings->gradient_checkpointing && needs->y2) {
        flops->backward += flops->base + flops->extra - before;
    }
}

void plan_flops(const PlanSetup *setup, Plan *plan)
{
    Flops flops = {.setup = setup};
    int   L = (int)setup->config->L;
    bool  needs = plan_trains(plan_trained(setup, ROLE_EMBED, -1));
    if (setup->input->targets == 0) return; /* nothing is run */

    add_embedding(&flops);
    for (int l = 0; l < L; l++) {
        PlanNeeds layer = plan_needs(setup, l, needs);
        add_layer(&flops, l, &layer);
        needs = layer.y2;
    }
    needs = needs || plan_trains(plan_trained(setup, ROLE_FINAL_NORM, -1));
    add_map(&flops, ROLE_HEAD, -1, plan_rows(setup, L - 1), needs);

    plan->flops_forward = flops.base + flops.extra;
    plan->flops_backward = flops.backward;
    plan->flops_per_token = (plan->flops_forward + plan->flops_backward) / (double)setup->input->N;
    plan->extra_forward_percent = 100.0 * flops.extra / flops.base;
}
