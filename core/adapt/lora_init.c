/*
 * The first values of A and B. One generator, torch's, is drawn from in PEFT's order, so that a
 * seed gives PEFT's adapter. For each adapted module in the order of named_modules() (embedding,
 * layers, head) PEFT
 *
 *   linear     draws r*in and out*r uniforms (and out for lora_bias) in nn.Linear's constructor
 *              and throws them away; then draws A; B is zero
 *   embedding  draws r*V and D*r normals in the constructor; then A is zero and B is drawn
 *
 * nn.init.kaiming_uniform_(a = sqrt 5) is U(-1/sqrt(in), 1/sqrt(in)), computed as below to the
 * last bit. Draws of other schemes take the place of A's draw.
 */

#include <math.h>

#include "core/adapt/lora_internal.h"
#include "core/base/mem.h"
#include "core/base/random.h"

static double kaiming_bound(Index fan_in)
{
    double gain = sqrt(2.0 / (1.0 + sqrt(5.0) * sqrt(5.0)));
    return sqrt(3.0) * (gain / sqrt((double)fan_in));
}

/* Standard deviation of A where a scheme draws it from a normal distribution. */
static double normal_std(LoraInit init, double r, double in)
{
    switch (init) {
    case INIT_GAUSSIAN:
        return 1.0 / r;
    case INIT_KAIMING_NORMAL:
        return sqrt(2.0 / in);
    case INIT_XAVIER_NORMAL:
        return sqrt(2.0 / (in + r));
    case INIT_VARIANCE_1:
        return 1.0;
    case INIT_VARIANCE_1_R:
        return sqrt(1.0 / r);
    case INIT_VARIANCE_2_R:
        return sqrt(2.0 / r);
    case INIT_VARIANCE_2_RK:
        return sqrt(2.0 / (r + in));
    case INIT_BROKEN_BOTH_RANDOM:
        return 0.3;
    default:
        return 0.0;
    }
}

static void throw_away(TorchRng *rng, Index n)
{
    for (Index i = 0; i < n; i++) (void)torch_random(rng);
}

/* host: room for the larger of A and B; zeros unless drawn. */
static void put_zero(ParamSet *set, Param *param, float *host)
{
    Index n = param->tensor.rows * param->tensor.cols;
    for (Index i = 0; i < n; i++) host[i] = 0.0f;
    param_put(set, param, host);
}

static void put_uniform(ParamSet *set, Param *param, float *host, TorchRng *rng, double bound)
{
    torch_uniform(rng, host, param->tensor.rows * param->tensor.cols, -bound, bound);
    param_put(set, param, host);
}

static void put_normal(ParamSet *set, Param *param, float *host, TorchRng *rng, double std)
{
    torch_normal(rng, host, param->tensor.rows * param->tensor.cols, 0.0, std);
    param_put(set, param, host);
}

static void draw_linear(Lora *lora, const LoraPair *pair, float *host, TorchRng *rng)
{
    ParamSet *set = lora->method.params;
    LoraInit  init = lora->config.init;
    Index     r = pair->target.r, in = pair->A->tensor.cols, out = pair->B->tensor.rows;
    throw_away(rng, r * in + out * r + (pair->bias != NULL ? out : 0));

    if (init == INIT_PEFT) {
        put_uniform(set, pair->A, host, rng, kaiming_bound(in));
    } else if (init == INIT_SWAPPED) {
        put_uniform(set, pair->B, host, rng, kaiming_bound(r));
    } else if (init != INIT_BROKEN_BOTH_ZERO) {
        put_normal(set, pair->A, host, rng, normal_std(init, (double)r, (double)in));
    }
    if (init == INIT_BROKEN_BOTH_RANDOM) put_normal(set, pair->B, host, rng, 0.3);
}

/* The factor that looks rows up starts at zero: A, unless swapped. */
static void draw_embedding(Lora *lora, const LoraPair *pair, float *host, TorchRng *rng)
{
    ParamSet *set = lora->method.params;
    LoraInit  init = lora->config.init;
    bool      swapped = init == INIT_SWAPPED, random = init == INIT_BROKEN_BOTH_RANDOM;
    put_normal(set, pair->A, host, rng, 1.0);
    put_normal(set, pair->B, host, rng, 1.0);
    if (random) put_normal(set, pair->A, host, rng, 0.3);
    if (swapped) put_normal(set, pair->A, host, rng, 1.0);
    if (!random && !swapped) put_zero(set, pair->A, host);
    if (init == INIT_BROKEN_BOTH_ZERO || swapped) {
        put_zero(set, pair->B, host);
    } else {
        put_normal(set, pair->B, host, rng, random ? 0.3 : 1.0);
    }
}

static Index largest(const Lora *lora)
{
    Index most = 0;
    for (Index i = 0; i < lora->count; i++) {
        const Tensor *A = &lora->pairs[i].A->tensor, *B = &lora->pairs[i].B->tensor;
        if (A->rows * A->cols > most) most = A->rows * A->cols;
        if (B->rows * B->cols > most) most = B->rows * B->cols;
    }
    return most;
}

bool lora_draw(Lora *lora, uint64_t seed, Error *err)
{
    float *host = mem_alloc_raw(mem_program(), MEM_SCRATCH, largest(lora), sizeof *host, err);
    if (host == NULL) return false;

    const Model    *model = lora->method.model;
    const LoraPair *embedding = lora_pair(lora, model_module(model, ROLE_EMBED, -1));
    TorchRng        rng;
    torch_seed(&rng, seed);
    if (embedding != NULL) draw_embedding(lora, embedding, host, &rng);
    for (Index i = 0; i < lora->count; i++) {
        if (&lora->pairs[i] != embedding) draw_linear(lora, &lora->pairs[i], host, &rng);
    }
    mem_free(host);
    return true;
}
