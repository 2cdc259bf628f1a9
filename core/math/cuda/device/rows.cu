/*
 * Rows picked by number, a warp for each row.
 *
 * The gradient of an embedding adds rows of dy to rows of the table, and a token that occurs
 * several times collects its rows in the order of n. The warp of the token's first occurrence does
 * that for all of them: it looks through the ids, 32 at a time, and keeps the sum in registers. So
 * no two warps write to one row, and a table row is read and written once.
 */

#include "core/math/cuda/device/half.cuh"
#include "core/math/cuda/device/quad.cuh"
#include "core/math/cuda/device/reduce.cuh"

static bool ids_are_rows(Device *d, const int32_t *ids, Index N, Index V)
{
    for (Index n = 0; n < N; n++) {
        if (ids[n] < 0 || ids[n] >= V) return device_fail(d, "embed", "an id outside the table");
    }
    return true;
}

/* ---- embed -------------------------------------------------------------------------------- */

typedef struct EmbedArgs {
    float         *y;
    const void    *table;
    const int32_t *ids;
    Index          N, D;
    DType          dtype;
} EmbedArgs;

static __global__ void embed_rows(EmbedArgs a)
{
    Index n = WARP_ROW;
    if (n >= a.N) return;
    Index row = a.ids[n] * a.D;
    for (Index d = WARP_LANE; d < a.D; d += WARP) {
        a.y[n * a.D + d] = load_as_f32(a.table, a.dtype, row + d);
    }
}

void cuda_embed(Backend *be, float *y, const int32_t *ids, Mat table, Index N)
{
    Device *d = device_of(be);
    if (N == 0 || !ids_are_rows(d, ids, N, table.rows)) return;
    EmbedArgs a = {};
    op_begin(d);
    a.y = y;
    a.table = table.data;
    a.ids = stage(d, ids, N);
    a.N = N;
    a.D = table.cols;
    a.dtype = table.dtype;
    launch(d, embed_rows, grid_of_warps(N), a);
}

/* ---- its gradient ------------------------------------------------------------------------- */

typedef struct EmbedGradArgs {
    float         *dtable;
    const float   *dy;
    const int32_t *ids;
    Index          N, D;
    Span           row;
} EmbedGradArgs;

/* Bit i: ids[at + i] is this one. Ids from `end` on do not count. */
static __device__ unsigned find_id(const int32_t *ids, Index at, Index end, int32_t id)
{
    Index m = at + WARP_LANE;
    return __ballot_sync(ALL_LANES, m < end && ids[m] == id);
}

static __device__ bool occurs_before(const int32_t *ids, Index n)
{
    for (Index at = 0; at < n; at += WARP) {
        if (find_id(ids, at, n, ids[n]) != 0) return true;
    }
    return false;
}

/* Block (x, y): the rows n of block x, the columns 128 y .. 128 y + 127. */
static __global__ void add_rows_of_ids(EmbedGradArgs a)
{
    Index n = WARP_ROW, q = (Index)blockIdx.y * WARP + WARP_LANE;
    if (n >= a.N || occurs_before(a.ids, n)) return;
    float *row = a.dtable + a.ids[n] * a.D;
    Quad   sum = load_quad(row, q, a.row);
    for (Index at = n; at < a.N; at += WARP) {
        unsigned found = find_id(a.ids, at, a.N, a.ids[n]);
        for (Index m = at; found != 0; m++, found >>= 1) {
            if ((found & 1u) == 0) continue;
            Quad dy = load_quad(a.dy + m * a.D, q, a.row);
            for (int k = 0; k < 4; k++) sum.v[k] += dy.v[k];
        }
    }
    store_quad(row, q, a.row, sum);
}

void cuda_embed_grad(Backend *be, float *dtable, const float *dy, const int32_t *ids, Index N,
                     Index V, Index D)
{
    Device *d = device_of(be);
    if (dtable == NULL || N == 0 || !ids_are_rows(d, ids, N, V)) return;
    EmbedGradArgs a = {};
    op_begin(d);
    a.dtable = dtable;
    a.dy = dy;
    a.ids = stage(d, ids, N);
    a.N = N;
    a.D = D;
    a.row = row_span(D, dtable, dy);
    Grid grid = grid_of_warps(N);
    grid.y = div_up(a.row.quads, WARP);
    launch(d, add_rows_of_ids, grid, a);
}

/* ---- gather ------------------------------------------------------------------------------- */

typedef struct GatherArgs {
    float         *to;
    const float   *from;
    const int32_t *rows;
    Index          M;
    Span           row;
} GatherArgs;

static __global__ void gather_rows(GatherArgs a)
{
    Index m = WARP_ROW;
    if (m >= a.M) return;
    float       *y = a.to + m * a.row.n;
    const float *x = a.from + a.rows[m] * a.row.n;
    for (Index q = WARP_LANE; q < a.row.quads; q += WARP) {
        store_quad(y, q, a.row, load_quad(x, q, a.row));
    }
}

/* The rows are distinct, so no two warps add to one. */
static __global__ void scatter_rows(GatherArgs a)
{
    Index m = WARP_ROW;
    if (m >= a.M) return;
    float       *dx = a.to + a.rows[m] * a.row.n;
    const float *dy = a.from + m * a.row.n;
    for (Index q = WARP_LANE; q < a.row.quads; q += WARP) {
        add_quad(dx, q, a.row, load_quad(dy, q, a.row));
    }
}

static void pick_rows(Device *d, void (*kernel)(GatherArgs), float *to, const float *from,
                      const Index *rows, Index M, Index D)
{
    if (M == 0) return;
    GatherArgs a = {};
    op_begin(d);
    a.to = to;
    a.from = from;
    a.rows = stage_indices(d, rows, M);
    a.M = M;
    a.row = row_span(D, to, from);
    launch(d, kernel, grid_of_warps(M), a);
}

void cuda_gather(Backend *be, float *y, const float *x, const Index *rows, Index M, Index D)
{
    pick_rows(device_of(be), gather_rows, y, x, rows, M, D);
}

void cuda_gather_grad(Backend *be, float *dx, const float *dy, const Index *rows, Index M, Index D)
{
    if (dx != NULL) pick_rows(device_of(be), scatter_rows, dx, dy, rows, M, D);
}
