/*
 * Sampling. With z the logits and t the temperature, p_i is proportional to
 * exp((z_i - max z) / t). Candidates are sorted by falling logit (ties: the smaller id first),
 * cut to the first top_k, then to the shortest prefix whose share of the remaining probability
 * reaches top_p. One uniform number picks among what is left.
 */

#include "core/model/sample.h"

#include <math.h>
#include <stdlib.h>

#include "core/base/random.h"

typedef struct Candidate {
    float   logit;
    int32_t id;
    double  weight;
} Candidate;

struct Sampler {
    Index     V;
    Candidate list[];
};

Sampler *sampler_create(Index V, Error *err)
{
    Index    bytes = (Index)sizeof(Sampler) + V * (Index)sizeof(Candidate);
    Sampler *sampler = mem_alloc(mem_program(), MEM_SCRATCH, 1, bytes, err);
    if (sampler != NULL) sampler->V = V;
    return sampler;
}

void sampler_free(Sampler *sampler)
{
    mem_free(sampler);
}

static int by_falling_logit(const void *a, const void *b)
{
    const Candidate *x = a, *y = b;
    if (x->logit != y->logit) return x->logit > y->logit ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static Index argmax(const float *logits, Index V)
{
    Index best = 0;
    for (Index i = 1; i < V; i++) {
        if (logits[i] > logits[best]) best = i;
    }
    return best;
}

/* How many candidates top_p leaves of the first n, which are sorted; *mass is their weight. */
static Index cut_top_p(const Candidate *list, Index n, double top_p, double *mass)
{
    double total = 0, kept = 0;
    for (Index i = 0; i < n; i++) total += list[i].weight;
    Index count = 0;
    while (count < n) {
        kept += list[count++].weight;
        if (kept >= top_p * total) break;
    }
    *mass = kept;
    return count;
}

static int32_t draw(Sampler *s, const GenerateSpec *spec, Index position)
{
    Index n = s->V;
    bool  cut = spec->top_k > 0 || spec->top_p < 1.0;

    if (cut) qsort(s->list, (size_t)n, sizeof *s->list, by_falling_logit);
    if (spec->top_k > 0 && spec->top_k < n) n = spec->top_k;
    double mass;
    n = cut_top_p(s->list, n, cut ? spec->top_p : 2.0, &mass);

    double target = mass * (double)random_unit(spec->seed, 0x67656e, (uint64_t)position);
    for (Index i = 0; i < n; i++) {
        target -= s->list[i].weight;
        if (target < 0) return s->list[i].id;
    }
    return s->list[n - 1].id;
}

bool sampler_choose(Sampler *s, const float *logits, const GenerateSpec *spec, Index position,
                    int32_t *id, Error *err)
{
    for (Index i = 0; i < s->V; i++) {
        if (isfinite(logits[i])) continue;
        return error_set(err, ERR_NUMERIC, "the logit of token %td at position %td is not finite",
                         i, position);
    }
    Index best = argmax(logits, s->V);
    if (spec->temperature <= 0) {
        *id = (int32_t)best;
        return true;
    }
    for (Index i = 0; i < s->V; i++) {
        double z = ((double)logits[i] - (double)logits[best]) / spec->temperature;
        s->list[i] = (Candidate){.logit = logits[i], .id = (int32_t)i, .weight = exp(z)};
    }
    *id = draw(s, spec, position);
    return true;
}
