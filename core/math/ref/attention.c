/*
 * Causal attention with grouped heads and an optional prefix.
 *
 * One query row i of head h sees a list of key rows: all P rows of the prefix, then the keys of
 * its segment up to its own position. Over that list,
 *
 *   score_j = scale q.k_j,   e_j = exp(score_j - M),   o = sum e_j v_j / sum e_j
 *
 * with M the largest score, so that no exponential overflows. Query head h reads key head
 * h / (H/G). Kept is lse = M + log sum e_j: from it the backward gets the probabilities back,
 * p_j = exp(score_j - lse).
 */

#include "core/math/ref/ref.h"

#include <math.h>
#include <string.h>

/* T scores, or two gradient rows of width K; in doubles. */
Index ref_attention_workspace(Index T, Index K)
{
    return (T + 2 * K) * (Index)sizeof(double);
}

/* The keys or values that one query sees in one key head: rows of the prefix, then its own. */
typedef struct Seen {
    const float *prefix, *own; /* first row of each, at the key head's columns */
    Index        P, count;     /* rows of the prefix; of prefix and own together */
    Index        stride;       /* from row to row: G*K */
} Seen;

static const float *seen_row(const Seen *seen, Index j)
{
    return j < seen->P ? seen->prefix + j * seen->stride : seen->own + (j - seen->P) * seen->stride;
}

static double dot(const float *a, const float *b, Index K)
{
    double sum = 0.0;
    for (Index c = 0; c < K; c++) sum += (double)a[c] * (double)b[c];
    return sum;
}

/* One query row q [K] of one head: writes o [K], returns lse. score has room for keys->count. */
static double attend(float *o, const float *q, const Seen *keys, const Seen *values, Index K,
                     double scale, double *score)
{
    double largest = -HUGE_VAL, sum = 0.0;
    for (Index j = 0; j < keys->count; j++) {
        score[j] = scale * dot(q, seen_row(keys, j), K);
        if (score[j] > largest) largest = score[j];
    }
    for (Index j = 0; j < keys->count; j++) {
        score[j] = exp(score[j] - largest);
        sum += score[j];
    }

    for (Index c = 0; c < K; c++) {
        double mix = 0.0;
        for (Index j = 0; j < keys->count; j++) {
            mix += score[j] * (double)seen_row(values, j)[c];
        }
        o[c] = (float)(mix / sum);
    }
    return largest + log(sum);
}

/* Rows that belong to no sequence attend to nothing. */
static void clear_fill(const AttnShape *shape, float *o, float *lse)
{
    Index from = shape->q_at[shape->S] * shape->H, count = shape->fill * shape->H;
    if (count == 0) return;
    memset(o + from * shape->K, 0, (size_t)(count * shape->K) * sizeof *o);
    memset(lse + from, 0, (size_t)count * sizeof *lse);
}

void ref_attention(Backend *be, const AttnShape *shape, float *o, float *lse, const float *q,
                   const float *k, const float *v, const float *pk, const float *pv)
{
    const RefState *ref = be->state;
    Index           H = shape->H, K = shape->K, P = shape->P, stride = shape->G * K;
    CHECK(H % shape->G == 0 && P >= 0 && (P == 0 || (pk != NULL && pv != NULL)));
    clear_fill(shape, o, lse);

    for (Index s = 0; s < shape->S; s++) {
        Index q0 = shape->q_at[s], n_q = shape->q_at[s + 1] - q0;
        Index k0 = shape->k_at[s], n_k = shape->k_at[s + 1] - k0;
        CHECK(n_q >= 0 && n_k >= n_q);
        CHECK(n_q == 0 || ref_attention_workspace(P + n_k, K) <= ref->workspace_bytes);

        for (Index i = 0; i < n_q; i++) {
            for (Index h = 0; h < H; h++) {
                Index at = h / (H / shape->G) * K, row = (q0 + i) * H + h;
                Index count = P + n_k - n_q + i + 1;
                Seen  keys = {.own = k + k0 * stride + at, .P = P, .count = count};
                Seen  values = {.own = v + k0 * stride + at, .P = P, .count = count};
                keys.stride = values.stride = stride;
                if (P > 0) keys.prefix = pk + at;
                if (P > 0) values.prefix = pv + at;
                lse[row] = (float)attend(o + row * K, q + row * K, &keys, &values, K,
                                         (double)shape->scale, ref->workspace);
            }
        }
    }
}
