/*
 * Between rows as the tape keeps them ([token][head][K]) and batches as products want them. A
 * thread moves one piece of a row (four floats where K and the addresses allow); a row of the
 * grid is a batch.
 */

#include "core/math/cuda/device/attention.cuh"
#include "core/math/cuda/device/vector.cuh"

/* Pieces of a row of K floats, when a thread moves a V. */
template <class V> static Index pieces_of(Index K)
{
    return K * (Index)sizeof(float) / (Index)sizeof(V);
}

/* Which piece of which row of the batch is this thread's? */
struct Spot {
    Index row, piece;
};

static __device__ Spot this_spot(Index pieces)
{
    unsigned i = blockIdx.x * (unsigned)THREADS + threadIdx.x, n = (unsigned)pieces;
    Spot     spot = {i / n, i % n};
    return spot;
}

static Grid grid_of_spots(Index rows, Index pieces, Index batches)
{
    return Grid{div_up(rows * pieces, THREADS), batches, THREADS};
}

/* ---- in ----------------------------------------------------------------------------------- */

struct PackArgs {
    AttnPart   part;
    AttnInputs in;
    AttnPacked to;
    Index      row0, rows, key_rows, pieces;
};

template <class V> static __device__ V loaded(const float *x, Index row, Index pieces, Index piece)
{
    return row < 0 ? V{} : ((const V *)x)[row * pieces + piece];
}

template <class V>
static __device__ void pack_query(const PackArgs &a, const AttnBatch &t, Index b, Spot s)
{
    Index from = attn_row(a.part, t, a.row0 + s.row);
    Index to = (b * a.rows + s.row) * a.pieces + s.piece;
    ((V *)a.to.Q)[to] = loaded<V>(a.in.q, from, a.pieces, s.piece);
    if (a.to.dO != NULL) ((V *)a.to.dO)[to] = loaded<V>(a.in.dout, from, a.pieces, s.piece);
}

template <class V>
static __device__ void pack_key(const PackArgs &a, const AttnBatch &t, Index b, Spot s)
{
    Index to = (b * a.key_rows + s.row) * a.pieces + s.piece, own = s.row - a.part.P;
    bool  prefix = own < 0;
    Index row = prefix ? s.row : t.k_row + own;
    Index from = own < t.keys ? row * a.part.G + t.head : -1;
    ((V *)a.to.Kp)[to] = loaded<V>(prefix ? a.in.pk : a.in.k, from, a.pieces, s.piece);
    ((V *)a.to.Vp)[to] = loaded<V>(prefix ? a.in.pv : a.in.v, from, a.pieces, s.piece);
}

/* Rows of queries first, rows of keys behind them. */
template <class V> static __global__ void pack(PackArgs a)
{
    Index     b = blockIdx.y;
    AttnBatch t = attn_batch(a.part, b);
    Spot      s = this_spot(a.pieces);
    if (s.row < a.rows) {
        pack_query<V>(a, t, b, s);
        return;
    }
    s.row -= a.rows;
    if (s.row < a.key_rows) pack_key<V>(a, t, b, s);
}

void attn_pack(const AttnCall *c, const AttnPart *part, const AttnInputs *in, const AttnPacked *to,
               Index row0, Index rows)
{
    bool four = part->K % FLOATS4 == 0 && aligned_to_quad(in->q) && aligned_to_quad(in->dout) &&
                aligned_to_quad(in->k) && aligned_to_quad(in->v) && aligned_to_quad(in->pk) &&
                aligned_to_quad(in->pv);
    PackArgs a = {};
    a.part = *part;
    a.in = *in;
    a.to = *to;
    a.row0 = row0;
    a.rows = rows;
    a.key_rows = to->Kp != NULL ? part->Tk : 0;
    a.pieces = four ? pieces_of<float4>(part->K) : part->K;
    Grid grid = grid_of_spots(rows + a.key_rows, a.pieces, part->batches);
    launch(c->d, four ? pack<float4> : pack<float>, grid, a);
}

/* ---- results out -------------------------------------------------------------------------- */

struct UnpackArgs {
    AttnPart     part;
    float       *o, *lse;
    const float *packed, *inverse;
    Index        row0, rows, pieces;
    Index        S, all_rows; /* all_rows > 0: clear what lies behind q_at[S] */
};

/* By the first row of the grid. */
static __device__ void clear_fill(const UnpackArgs &a)
{
    Index from = a.part.q_at[a.S] * a.part.H, heads = a.all_rows * a.part.H - from;
    FOR_EACH(i, heads * a.part.K) a.o[from * a.part.K + i] = 0.0f;
    FOR_EACH(i, heads) a.lse[from + i] = 0.0f;
}

template <class V> static __global__ void unpack(UnpackArgs a)
{
    Index b = blockIdx.y;
    Spot  s = this_spot(a.pieces);
    if (s.row < a.rows) {
        AttnBatch t = attn_batch(a.part, b);
        Index     to = attn_row(a.part, t, a.row0 + s.row), from = b * a.rows + s.row;
        if (to >= 0) {
            V x = ((const V *)a.packed)[from * a.pieces + s.piece];
            ((V *)a.o)[to * a.pieces + s.piece] = times(x, a.inverse[from]);
        }
    }
    if (b == 0 && a.all_rows > 0) clear_fill(a);
}

void attn_unpack(const AttnCall *c, const AttnPart *part, float *o, float *lse, const float *packed,
                 const float *inverse, Index row0, Index rows, Index all_rows)
{
    bool       four = part->K % FLOATS4 == 0 && aligned_to_quad(o);
    UnpackArgs a = {};
    a.part = *part;
    a.o = o;
    a.lse = lse;
    a.packed = packed;
    a.inverse = inverse;
    a.row0 = row0;
    a.rows = rows;
    a.pieces = four ? pieces_of<float4>(part->K) : part->K;
    a.S = c->shape->S;
    a.all_rows = all_rows;
    Grid grid = grid_of_spots(larger(rows, 1), a.pieces, larger(part->batches, 1));
    launch(c->d, four ? unpack<float4> : unpack<float>, grid, a);
}

/* ---- gradients out ------------------------------------------------------------------------ */

struct GradArgs {
    AttnPart     part;
    AttnGrads    to;
    const float *dQ, *dKp, *dVp;
    Index        row0, rows, key_rows, pieces;
};

template <class V> static __device__ void add_to(float *x, Index at, V dx)
{
    ((V *)x)[at] = plus(((V *)x)[at], dx);
}

/* The prefix is every segment's: one thread adds up what all have for its piece. */
template <class V>
static __device__ void add_prefix(const GradArgs &a, const AttnBatch &t, Index b, Spot s, float *to,
                                  const float *from)
{
    V sum = V{};
    for (Index other = b; other < a.part.batches; other += a.part.heads) {
        Index at = (other * a.key_rows + s.row) * a.pieces + s.piece;
        sum = plus(sum, ((const V *)from)[at]);
    }
    add_to<V>(to, (s.row * a.part.G + t.head) * a.pieces + s.piece, sum);
}

template <class V>
static __device__ void add_key(const GradArgs &a, const AttnBatch &t, Index b, Spot s)
{
    Index own = s.row - a.part.P, from = (b * a.key_rows + s.row) * a.pieces + s.piece;
    if (own < 0) {
        if (b >= a.part.heads) return; /* the first segment's threads do it */
        if (a.to.dpk != NULL) add_prefix<V>(a, t, b, s, a.to.dpk, a.dKp);
        if (a.to.dpv != NULL) add_prefix<V>(a, t, b, s, a.to.dpv, a.dVp);
    } else if (own < t.keys) {
        Index at = ((t.k_row + own) * a.part.G + t.head) * a.pieces + s.piece;
        if (a.to.dk != NULL) add_to<V>(a.to.dk, at, ((const V *)a.dKp)[from]);
        if (a.to.dv != NULL) add_to<V>(a.to.dv, at, ((const V *)a.dVp)[from]);
    }
}

template <class V> static __global__ void unpack_grads(GradArgs a)
{
    Index     b = blockIdx.y;
    AttnBatch t = attn_batch(a.part, b);
    Spot      s = this_spot(a.pieces);
    if (s.row < a.rows) {
        Index to = attn_row(a.part, t, a.row0 + s.row);
        V     dx = ((const V *)a.dQ)[(b * a.rows + s.row) * a.pieces + s.piece];
        if (to >= 0) add_to<V>(a.to.dq, to * a.pieces + s.piece, dx);
        return;
    }
    s.row -= a.rows;
    if (s.row < a.key_rows) add_key<V>(a, t, b, s);
}

void attn_unpack_grads(const AttnCall *c, const AttnPart *part, const AttnGrads *to,
                       const float *dQ, const float *dKp, const float *dVp, Index row0, Index rows,
                       bool keys)
{
    bool four = part->K % FLOATS4 == 0 && aligned_to_quad(to->dq) && aligned_to_quad(to->dk) &&
                aligned_to_quad(to->dv) && aligned_to_quad(to->dpk) && aligned_to_quad(to->dpv);
    GradArgs a = {};
    a.part = *part;
    a.to = *to;
    a.dQ = dQ;
    a.dKp = dKp;
    a.dVp = dVp;
    a.row0 = row0;
    a.rows = to->dq != NULL ? rows : 0;
    a.key_rows = keys ? part->Tk : 0;
    a.pieces = four ? pieces_of<float4>(part->K) : part->K;
    Grid grid = grid_of_spots(a.rows + a.key_rows, a.pieces, part->batches);
    launch(c->d, four ? unpack_grads<float4> : unpack_grads<float>, grid, a);
}
