/*
 * The product scale * B A as a whole: added to a weight for merging, and its norm for the log.
 *
 * ||BA||_F without BA: ||BA||^2 = tr(A^T B^T B A) = tr((B^T B)(A A^T)), the sum of the
 * elementwise product of two symmetric r x r Gram matrices.
 */

#include <math.h>

#include "core/adapt/lora_internal.h"
#include "core/base/mem.h"

/* W += factor * B A, or its transpose for an embedding ([V, D]); W in the backend's space. */
static void add_product(Backend *be, float *W, const LoraPair *pair, bool table, float factor)
{
    const float *A = pair->A->tensor.data, *B = pair->B->tensor.data;
    Index        r = pair->target.r, in = pair->A->tensor.cols, out = pair->B->tensor.rows;
    if (table) {
        be->gemm(be, true, true, in, out, r, factor, A, in, B, r, 1.0f, W, out);
    } else {
        be->gemm(be, false, false, out, in, r, factor, B, r, A, in, 1.0f, W, in);
    }
}

bool lora_add_delta(const Method *method, const Module *module, double sign, float *W,
                    bool *changed, Error *err)
{
    const LoraPair *pair = lora_pair(lora_self(method), module);
    *changed = pair != NULL;
    if (pair == NULL) return true;

    Backend *be = method->params->be;
    bool     table = module->role == ROLE_EMBED;
    float    factor = (float)(sign * pair->target.scale);
    if (be->space == MEM_HOST) {
        add_product(be, W, pair, table, factor);
        return true;
    }
    Index  bytes = module->in * module->out * (Index)sizeof(float);
    float *there = be->alloc(be, bytes, err);
    if (there == NULL) return false;
    be->put(be, there, W, bytes);
    add_product(be, there, pair, table, factor);
    be->get(be, W, there, bytes);
    be->release(be, there);
    return true;
}

bool lora_add_bias_delta(const Method *method, const Module *module, double sign, float *b,
                         bool *changed, Error *err)
{
    const LoraPair *pair = lora_pair(lora_self(method), module);
    *changed = pair != NULL && pair->bias != NULL;
    if (!*changed) return true;
    if (module->bias == NULL) {
        return error_set(err, ERR_INPUT, "lora_bias: %s has no bias that could take it",
                         module->name);
    }
    float *delta = mem_alloc(mem_program(), MEM_SCRATCH, module->out, sizeof *delta, err);
    if (delta == NULL) return false;
    param_get(method->params, pair->bias, delta);
    float factor = (float)(sign * pair->target.scale);
    for (Index i = 0; i < module->out; i++) b[i] += factor * delta[i];
    mem_free(delta);
    return true;
}

/* ---- norms ------------------------------------------------------------------------------ */

/* G [r,r] = sum over k of row i times row j of X, element (i, k) at X[i*step_i + k*step_k]. */
static void gram(double *G, const float *X, Index r, Index n, Index step_i, Index step_k)
{
    for (Index i = 0; i < r; i++) {
        for (Index j = 0; j <= i; j++) {
            double sum = 0.0;
            for (Index k = 0; k < n; k++) {
                sum += (double)X[i * step_i + k * step_k] * (double)X[j * step_i + k * step_k];
            }
            G[i * r + j] = G[j * r + i] = sum;
        }
    }
}

static double trace_root(const double *G, Index r)
{
    double sum = 0.0;
    for (Index i = 0; i < r; i++) sum += G[i * r + i];
    return sqrt(sum);
}

static void norms_of(const LoraPair *pair, const float *A, const float *B, double *GA, double *GB,
                     double out[3])
{
    Index r = pair->target.r;
    gram(GA, A, r, pair->A->tensor.cols, pair->A->tensor.cols, 1);
    gram(GB, B, r, pair->B->tensor.rows, 1, r);
    double sum = 0.0;
    for (Index i = 0; i < r * r; i++) sum += GA[i] * GB[i];
    out[0] = trace_root(GA, r);
    out[1] = trace_root(GB, r);
    out[2] = pair->target.scale * sqrt(sum > 0.0 ? sum : sum < 0.0 ? 0.0 : sum); /* NaN stays */
}

bool lora_norms(const Method *method, Index i, double *a, double *b, double *ba, Error *err)
{
    const Lora *lora = lora_self(method);
    CHECK(i >= 0 && i < lora->count);
    const LoraPair *pair = &lora->pairs[i];
    Index           nA = pair->A->tensor.rows * pair->A->tensor.cols, r = pair->target.r;
    Index           nB = pair->B->tensor.rows * pair->B->tensor.cols;

    float  *host = mem_alloc_raw(mem_program(), MEM_SCRATCH, nA + nB, sizeof *host, err);
    double *G = mem_alloc_raw(mem_program(), MEM_SCRATCH, 2 * r * r, sizeof *G, err);
    bool    ok = host != NULL && G != NULL;
    if (ok) {
        double norm[3];
        param_get(method->params, pair->A, host);
        param_get(method->params, pair->B, host + nA);
        norms_of(pair, host, host + nA, G, G + r * r, norm);
        *a = norm[0], *b = norm[1], *ba = norm[2];
    }
    mem_free(G);
    mem_free(host);
    return ok;
}
