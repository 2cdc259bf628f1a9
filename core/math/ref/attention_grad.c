/*
 * The gradient of attention. For one query row and head, with the row dout = dL/do,
 *
 *   dp_j = dout . v_j                    from o = sum p_j v_j
 *   ds_j = p_j (dp_j - sum_i p_i dp_i)   from the softmax
 *        = p_j (dp_j - delta),           delta = dout . o, because sum_i p_i v_i = o
 *
 * and score_j = scale q.k_j gives
 *
 *   dq += scale sum_j ds_j k_j,   dk_j += scale ds_j q,   dv_j += p_j dout.
 *
 * So every pair (query, key) contributes by itself, from p = exp(scale q.k - lse). The code walks
 * over the pairs three times, once for each kind of receiver, so that each receiving row has its
 * own sum in double: for a query all keys it sees, for a key (and a prefix row) all heads of its
 * group in head order and all queries that see it. A key gets nothing from earlier queries: they
 * do not see it, and their gradient there is exactly zero.
 */

#include "core/math/ref/ref.h"

#include <math.h>

/* Everything about the call, and the room for two sums of width K. */
typedef struct Call {
    const AttnShape *shape;
    const float     *dout, *o, *lse, *q;
    double          *sum_k, *sum_v;
} Call;

static double dot(const float *a, const float *b, Index K)
{
    double sum = 0.0;
    for (Index c = 0; c < K; c++) sum += (double)a[c] * (double)b[c];
    return sum;
}

/* p and scale*ds of one pair: row = query row * H + head, k and v the key's rows [K]. */
static double pair(const Call *call, Index row, const float *k, const float *v, double *ds)
{
    Index        K = call->shape->K;
    double       scale = (double)call->shape->scale;
    const float *dout = call->dout + row * K;

    double p = exp(scale * dot(call->q + row * K, k, K) - (double)call->lse[row]);
    *ds = scale * p * (dot(dout, v, K) - dot(dout, call->o + row * K, K));
    return p;
}

static void add_row(float *row, const double *sum, Index K)
{
    for (Index c = 0; c < K && row != NULL; c++) row[c] = (float)((double)row[c] + sum[c]);
}

/* Collect into the sums what one key row receives from queries row0 .. row1-1 of its heads. */
static void collect_key(const Call *call, Index g, Index q_row0, Index q_row1, const float *k,
                        const float *v)
{
    Index H = call->shape->H, K = call->shape->K, group = H / call->shape->G;
    for (Index h = g * group; h < (g + 1) * group; h++) {
        for (Index n = q_row0; n < q_row1; n++) {
            Index  row = n * H + h;
            double ds, p = pair(call, row, k, v, &ds);
            for (Index c = 0; c < K; c++) {
                call->sum_k[c] += ds * (double)call->q[row * K + c];
                call->sum_v[c] += p * (double)call->dout[row * K + c];
            }
        }
    }
}

static void clear_sums(const Call *call)
{
    for (Index c = 0; c < call->shape->K; c++) call->sum_k[c] = call->sum_v[c] = 0.0;
}

/* Add to sum_k what one query row of a head receives from `count` keys. */
static void collect_query(const Call *call, Index row, Index count, const float *k, const float *v)
{
    Index K = call->shape->K, stride = call->shape->G * K;
    for (Index j = 0; j < count; j++) {
        double ds;
        (void)pair(call, row, k + j * stride, v + j * stride, &ds);
        for (Index c = 0; c < K; c++) call->sum_k[c] += ds * (double)k[j * stride + c];
    }
}

static void grad_queries(const Call *call, Index s, float *dq, const float *k, const float *v,
                         const float *pk, const float *pv)
{
    const AttnShape *shape = call->shape;
    Index            K = shape->K, H = shape->H, stride = shape->G * K;
    Index            q0 = shape->q_at[s], n_q = shape->q_at[s + 1] - q0;
    Index            k0 = shape->k_at[s], n_k = shape->k_at[s + 1] - k0;

    for (Index i = 0; i < n_q; i++) {
        for (Index h = 0; h < H; h++) {
            Index row = (q0 + i) * H + h, at = h / (H / shape->G) * K;
            clear_sums(call);
            if (shape->P > 0) collect_query(call, row, shape->P, pk + at, pv + at);
            collect_query(call, row, n_k - n_q + i + 1, k + k0 * stride + at, v + k0 * stride + at);
            add_row(dq + row * K, call->sum_k, K);
        }
    }
}

static void grad_keys(const Call *call, Index s, float *dk, float *dv, const float *k,
                      const float *v)
{
    const AttnShape *shape = call->shape;
    Index            K = shape->K, G = shape->G;
    Index            q0 = shape->q_at[s], q1 = shape->q_at[s + 1];
    Index            k0 = shape->k_at[s], k1 = shape->k_at[s + 1];

    for (Index j = k0; j < k1; j++) {
        /* The last query is level with the last key; those that see key j are level or later. */
        Index from = q1 - (k1 - j);
        for (Index g = 0; g < G; g++) {
            Index at = (j * G + g) * K;
            clear_sums(call);
            collect_key(call, g, from > q0 ? from : q0, q1, k + at, v + at);
            add_row(dk == NULL ? NULL : dk + at, call->sum_k, K);
            add_row(dv == NULL ? NULL : dv + at, call->sum_v, K);
        }
    }
}

static void grad_prefix(const Call *call, float *dpk, float *dpv, const float *pk, const float *pv)
{
    const AttnShape *shape = call->shape;
    Index            K = shape->K, G = shape->G;
    for (Index j = 0; j < shape->P; j++) {
        for (Index g = 0; g < G; g++) {
            Index at = (j * G + g) * K;
            clear_sums(call);
            collect_key(call, g, shape->q_at[0], shape->q_at[shape->S], pk + at, pv + at);
            add_row(dpk == NULL ? NULL : dpk + at, call->sum_k, K);
            add_row(dpv == NULL ? NULL : dpv + at, call->sum_v, K);
        }
    }
}

void ref_attention_grad(Backend *be, const AttnShape *shape, float *dq, float *dk, float *dv,
                        float *dpk, float *dpv, const float *dout, const float *o, const float *lse,
                        const float *q, const float *k, const float *v, const float *pk,
                        const float *pv)
{
    const RefState *ref = be->state;
    CHECK(ref_attention_workspace(0, shape->K) <= ref->workspace_bytes);
    CHECK(shape->H % shape->G == 0 && (shape->P == 0 || (pk != NULL && pv != NULL)));
    double *room = ref->workspace;
    Call    call = {shape, dout, o, lse, q, room, room + shape->K};

    for (Index s = 0; s < shape->S; s++) {
        if (dq != NULL) grad_queries(&call, s, dq, k, v, pk, pv);
        if (dk != NULL || dv != NULL) grad_keys(&call, s, dk, dv, k, v);
    }
    if (dpk != NULL || dpv != NULL) grad_prefix(&call, dpk, dpv, pk, pv);
}
