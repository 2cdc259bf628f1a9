#ifndef CORE_MATH_CUDA_DEVICE_ATTENTION_CUH
#define CORE_MATH_CUDA_DEVICE_ATTENTION_CUH

/*
 * What the files of attention share.
 *
 * Segments have lengths of their own and heads lie side by side in a row, but products want equal
 * matrices at equal distances. So some consecutive segments (a part of the call) are packed: one
 * matrix for each segment and key head, that is the batches b = segment * heads + head,
 *
 *   Q [b][Tq * R][K]    the R = H/G query heads of a key head are just more rows: row t*R + r
 *   Kp, Vp [b][Tk][K]   the prefix first
 *
 * with zeros behind the shorter ones. The scores of a block of Q's rows are one product, and so are
 * all other steps. Tq and Tk are multiples of 16, so that few shapes occur. What fits into the
 * workspace decides how much is done at once (attention_plan.cu).
 */

#include "core/math/cuda/device/device.cuh"

/* ---- on the device ------------------------------------------------------------------------- */

enum { ATTN_TURN = 4 * WARP }; /* scores that a warp moves at once */

/* The batches of a part. */
struct AttnPart {
    const int32_t *q_at, *k_at; /* of the call, staged */
    Index          segment0, head0, heads, batches;
    Index          H, G, K, P, R, Tk;
};

/* One batch: a segment seen by one key head. */
struct AttnBatch {
    Index q_row, k_row, head;
    int   queries, keys; /* no keys where there are no queries */
};

/* Divisions are of 32-bit numbers, which a device is much faster at: batches and rows are fewer. */
static __device__ inline AttnBatch attn_batch(const AttnPart &part, Index b)
{
    unsigned  heads = (unsigned)part.heads;
    Index     s = part.segment0 + (unsigned)b / heads;
    AttnBatch t;
    t.head = part.head0 + (unsigned)b % heads;
    t.q_row = part.q_at[s];
    t.k_row = part.k_at[s];
    t.queries = part.q_at[s + 1] - part.q_at[s];
    t.keys = t.queries > 0 ? part.k_at[s + 1] - part.k_at[s] : 0;
    return t;
}

/* The query of the batch's row `flat`; its row in a tensor [tokens, H]: -1 behind the last query.
 */
static __device__ inline Index attn_query(const AttnPart &part, Index flat)
{
    return (unsigned)flat / (unsigned)part.R;
}

static __device__ inline Index attn_row(const AttnPart &part, const AttnBatch &t, Index flat)
{
    Index query = attn_query(part, flat), head = flat - query * part.R;
    if (query >= t.queries) return -1;
    return (t.q_row + query) * part.H + t.head * part.R + head;
}

/* How many columns row `flat` sees, the prefix included; none behind the last query. */
static __device__ inline Index attn_seen(const AttnPart &part, const AttnBatch &t, Index flat)
{
    Index query = attn_query(part, flat);
    return query < t.queries ? part.P + t.keys - t.queries + query + 1 : 0;
}

/* ---- the plan ------------------------------------------------------------------------------ */

/* One call, forward or backward. */
typedef struct AttnCall {
    Device          *d;
    const AttnShape *shape;
    const int32_t   *q_at, *k_at; /* staged */
    Index            R;
    Index            key_copies, row_copies, score_copies; /* of Kp, Q and the scores */
} AttnCall;

/* What is done at once. */
typedef struct AttnPlan {
    Index from, to;      /* segments */
    Index head0, heads;  /* key heads */
    Index queries, keys; /* Tq and Tk */
    Index chunk, block;  /* rows that are packed, and rows of scores, at once */
} AttnPlan;

AttnCall attn_call(Device *d, const AttnShape *shape, Index key_copies, Index row_copies,
                   Index score_copies);
/* The part behind segment `from`; with fewer heads than all where not even a segment fits. */
AttnPlan attn_plan(const AttnCall *c, Index from);
Index    attn_batches(const AttnPlan *plan);
/* How many columns the rows before flat row `end` see, rounded up; for end = all rows: Tk. */
Index    attn_columns(const AttnCall *c, const AttnPlan *plan, Index end);
AttnPart attn_part(const AttnCall *c, const AttnPlan *plan);

/* ---- packing ------------------------------------------------------------------------------- */

typedef struct AttnInputs {
    const float *q, *dout, *k, *v, *pk, *pv; /* dout NULL: not packed */
} AttnInputs;

typedef struct AttnPacked {
    float *Q, *dO, *Kp, *Vp; /* Kp NULL: keys and values are packed already */
} AttnPacked;

/* Rows row0 .. row0+rows-1 of each batch, and the keys and values. */
void attn_pack(const AttnCall *c, const AttnPart *part, const AttnInputs *in, const AttnPacked *to,
               Index row0, Index rows);

/* o = packed rows * inverse. With `all_rows` > 0, also zeros in what lies behind the last segment
 * of o and lse, which have that many rows. packed NULL: only that. */
void attn_unpack(const AttnCall *c, const AttnPart *part, float *o, float *lse, const float *packed,
                 const float *inverse, Index row0, Index rows, Index all_rows);

typedef struct AttnGrads {
    float *dq, *dk, *dv, *dpk, *dpv; /* each may be NULL */
} AttnGrads;

/* Add rows of dQ to dq; with `keys`, all of dKp and dVp to dk and dv, and what belongs to the
 * prefix, summed over the part's segments, to dpk and dpv. */
void attn_unpack_grads(const AttnCall *c, const AttnPart *part, const AttnGrads *to,
                       const float *dQ, const float *dKp, const float *dVp, Index row0, Index rows,
                       bool keys);

/* ---- products ------------------------------------------------------------------------------ */

/* A product of all batches of a part, in float32 storage; the caller fills in the rest. */
Product attn_product(const AttnCall *c, const AttnPart *part);

#endif
