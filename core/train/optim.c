/*
 * Optimizers over the flat block. Parameters that share rate and decay and lie side by side are
 * updated in one call.
 */

#include "core/train/optim.h"

#include <math.h>

static float *moment(Optim *optim, Error *err)
{
    ParamSet *set = optim->params;
    Index     bytes = set->total * (Index)sizeof(float);
    float    *block = set->be->alloc(set->be, bytes, err);
    if (block == NULL) return NULL;
    set->be->zero(set->be, block, bytes);
    mem_count(set->account, set->be->space, MEM_OPTIMIZER, bytes, bytes);
    return block;
}

Optim *optim_create(ParamSet *params, OptimSpec spec, Error *err)
{
    Optim *optim = mem_alloc(params->account, MEM_TEXT, 1, sizeof *optim, err);
    if (optim == NULL) return NULL;
    optim->spec = spec;
    optim->params = params;

    bool needs_m = spec.kind == OPTIM_ADAMW || spec.momentum > 0;
    if (needs_m && (optim->m = moment(optim, err)) == NULL) goto fail;
    if (spec.kind == OPTIM_ADAMW && (optim->v = moment(optim, err)) == NULL) goto fail;
    return optim;

fail:
    optim_free(optim);
    return NULL;
}

static void free_moment(Optim *optim, float *block)
{
    if (block == NULL) return;
    ParamSet *set = optim->params;
    int64_t   bytes = (int64_t)set->total * (int64_t)sizeof(float);
    set->be->release(set->be, block);
    mem_count(set->account, set->be->space, MEM_OPTIMIZER, -bytes, -bytes);
}

void optim_free(Optim *optim)
{
    if (optim == NULL) return;
    free_moment(optim, optim->m);
    free_moment(optim, optim->v);
    mem_free(optim);
}

/* 1 - beta^t of the beta that the kernels really use, float32: with 0.999 instead of 0.999f the
 * second moment would be off by 1.3e-5. */
static float correction(float beta, int64_t t)
{
    return (float)(1.0 - pow((double)beta, (double)t));
}

static void update_adamw(Optim *o, Index at, Index n, double rate, double decay, double grad_scale)
{
    Backend *be = o->params->be;
    float    beta1 = (float)o->spec.beta1, beta2 = (float)o->spec.beta2;
    AdamW    p = {.learning_rate = (float)rate,
                  .beta1 = beta1,
                  .beta2 = beta2,
                  .epsilon = (float)o->spec.epsilon,
                  .weight_decay = (float)decay,
                  .grad_scale = (float)grad_scale,
                  .correction1 = correction(beta1, o->t),
                  .correction2 = correction(beta2, o->t)};
    be->adamw(be, o->params->values + at, o->m + at, o->v + at, o->params->grads + at, n, p);
}

static void update_sgd(Optim *o, Index at, Index n, double rate, double decay, double grad_scale)
{
    Backend *be = o->params->be;
    Sgd      p = {.learning_rate = (float)rate,
                  .momentum = (float)o->spec.momentum,
                  .weight_decay = (float)decay,
                  .grad_scale = (float)grad_scale,
                  .first = o->t == 1};
    be->sgd(be, o->params->values + at, o->m != NULL ? o->m + at : NULL, o->params->grads + at, n,
            p);
}

/* Parameters from i on that can be updated together; returns the index behind the last. */
static Index same_group(const ParamSet *set, Index i)
{
    const Param *first = set->list[i];
    while (i < set->count && set->list[i]->rate == first->rate &&
           set->list[i]->decay == first->decay) {
        i++;
    }
    return i;
}

void optim_step(Optim *optim, double learning_rate, double grad_scale)
{
    ParamSet *set = optim->params;

    optim->t++;
    for (Index i = 0; i < set->count;) {
        const Param *first = set->list[i];
        Index        next = same_group(set, i);
        Index        end = next < set->count ? set->list[next]->offset : set->total;
        double       rate = learning_rate * (double)first->rate;
        double       decay = first->decay ? optim->spec.weight_decay : 0.0;
        if (optim->spec.kind == OPTIM_ADAMW) {
            update_adamw(optim, first->offset, end - first->offset, rate, decay, grad_scale);
        } else {
            update_sgd(optim, first->offset, end - first->offset, rate, decay, grad_scale);
        }
        i = next;
    }
}

double params_grad_norm(const ParamSet *params)
{
    return sqrt(params->be->sum_squares(params->be, params->grads, params->total));
}

double clip_scale(double norm, double max_norm)
{
    if (max_norm <= 0) return 1.0;
    double scale = max_norm / (norm + 1e-6);
    return scale < 1.0 ? scale : 1.0;
}

double schedule_factor(ScheduleKind kind, Index step, Index warmup, Index total)
{
    if (kind == SCHEDULE_CONSTANT) return 1.0;
    if (step < warmup) return (double)step / (double)warmup;
    if (kind == SCHEDULE_CONSTANT_WITH_WARMUP) return 1.0;

    double span = (double)(total - warmup);
    double done = span > 0 ? (double)(step - warmup) / span : 1.0;
    if (kind == SCHEDULE_LINEAR) return done < 1.0 ? 1.0 - done : 0.0;
    double half_turn = 0.5 * (1.0 + cos(acos(-1.0) * done));
    return half_turn > 0 ? half_turn : 0.0;
}
