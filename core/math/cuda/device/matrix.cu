/*
 * Matrices: the general product, other storage types, column sums.
 */

#include "core/math/cuda/device/convert.cuh"
#include "core/math/cuda/device/half.cuh"
#include "core/math/cuda/device/reduce.cuh"
#include "core/math/cuda/device/vector.cuh"

/* ---- products ----------------------------------------------------------------------------- */

void cuda_gemm(Backend *be, bool ta, bool tb, Index m, Index n, Index k, float alpha,
               const float *A, Index lda, const float *B, Index ldb, float beta, float *C,
               Index ldc)
{
    Device *d = device_of(be);
    Product p = {};
    p.ta = ta;
    p.tb = tb;
    p.m = m;
    p.n = n;
    p.k = k;
    p.alpha = alpha;
    p.beta = beta;
    p.A = A;
    p.B = B;
    p.C = C;
    p.dtype = DTYPE_F32;
    p.lda = lda;
    p.ldb = ldb;
    p.ldc = ldc;
    p.batch = 1;
    p.precision = d->spec.precision;
    product(d, &p);
}

/* ---- storage types ------------------------------------------------------------------------ */

enum { FOUR = 4 }; /* elements of a thread's turn: 16 bytes of float32 */

struct alignas(8) FourHalves {
    uint16_t h[FOUR];
};

/* A Conversion as the device sees it: a row is a number of fours, the last maybe cut short. */
struct ConvertRows {
    const void *src;
    void       *dst;
    Index       rows, cols, ld, fours;
    Index       from, to, aligned; /* two DTypes, and whether every four is */
};

struct ConvertArgs {
    ConvertRows first, second;
};

static __device__ void load_four(float x[FOUR], const ConvertRows &a, Index at)
{
    if (a.from == DTYPE_F32) {
        float4 v = *(const float4 *)((const float *)a.src + at);
        x[0] = v.x, x[1] = v.y, x[2] = v.z, x[3] = v.w;
        return;
    }
    FourHalves v = *(const FourHalves *)((const uint16_t *)a.src + at);
    for (int i = 0; i < FOUR; i++) {
        x[i] = a.from == DTYPE_BF16 ? bf16_to_f32(v.h[i]) : f16_to_f32(v.h[i]);
    }
}

static __device__ void store_four(const ConvertRows &a, Index at, const float x[FOUR])
{
    if (a.to == DTYPE_F32) {
        *(float4 *)((float *)a.dst + at) = make_float4(x[0], x[1], x[2], x[3]);
        return;
    }
    FourHalves v;
    for (int i = 0; i < FOUR; i++) v.h[i] = f32_to_bf16(x[i]);
    *(FourHalves *)((uint16_t *)a.dst + at) = v;
}

static __device__ void convert_element(const ConvertRows &a, Index to, Index from)
{
    float x = load_as_f32(a.src, (DType)a.from, from);
    if (a.to == DTYPE_F32) {
        ((float *)a.dst)[to] = x;
    } else {
        ((uint16_t *)a.dst)[to] = f32_to_bf16(x);
    }
}

static __device__ void convert_all(const ConvertRows &a)
{
    FOR_EACH(i, a.rows * a.fours)
    {
        Index row = a.rows == 1 ? 0 : i / a.fours, col = (i - row * a.fours) * FOUR;
        Index from = row * a.ld + col, to = row * a.cols + col;
        if (a.aligned && a.cols - col >= FOUR) {
            float x[FOUR];
            load_four(x, a, from);
            store_four(a, to, x);
        } else {
            for (Index c = 0; c < FOUR && col + c < a.cols; c++) {
                convert_element(a, to + c, from + c);
            }
        }
    }
}

static __global__ void convert(ConvertArgs a)
{
    if (blockIdx.y == 0) {
        convert_all(a.first);
    } else {
        convert_all(a.second);
    }
}

/* Without gaps between its rows it is one long row. */
static ConvertRows convert_rows(const Conversion *c)
{
    ConvertRows a = {};
    if (c == NULL || c->rows == 0 || c->cols == 0) return a;
    bool  flat = c->ld == c->cols || c->rows == 1;
    Index rows = flat ? 1 : c->rows, cols = flat ? c->rows * c->cols : c->cols;
    a.src = c->src;
    a.dst = c->dst;
    a.rows = rows;
    a.cols = cols;
    a.ld = c->ld;
    a.fours = div_up(cols, FOUR);
    a.from = c->from;
    a.to = c->to;
    bool fours_stay = rows == 1 || (c->ld % FOUR == 0 && cols % FOUR == 0);
    a.aligned = fours_stay && aligned_to_quad(c->src) && aligned_to_quad(c->dst);
    return a;
}

void convert_two(Device *d, const Conversion *first, const Conversion *second)
{
    ConvertArgs a = {};
    a.first = convert_rows(first);
    a.second = convert_rows(second);
    Grid grid = grid_for(d, larger(a.first.rows * a.first.fours, a.second.rows * a.second.fours));
    grid.y = a.second.rows > 0 ? 2 : 1;
    launch(d, convert, grid, a);
}

void convert_one(Device *d, const Conversion *c)
{
    convert_two(d, c, NULL);
}

void cuda_mat_rows(Backend *be, float *out, Mat W, Index row0, Index n)
{
    Device     *d = device_of(be);
    Index       skip = row0 * W.cols, element = W.dtype == DTYPE_F32 ? 4 : 2;
    const char *src = (const char *)W.data + skip * element;
    if (W.dtype == DTYPE_F32) {
        queue_copy(d, out, src, n * W.cols * element);
        return;
    }
    Conversion c = {};
    c.src = src;
    c.dst = out;
    c.from = W.dtype;
    c.to = DTYPE_F32;
    c.rows = n;
    c.cols = c.ld = W.cols;
    convert_one(d, &c);
}

/* ---- column sums -------------------------------------------------------------------------- */

/*
 * A block sums 32 columns over one part of the rows: its warps take every eighth row, and their
 * sums are added in the order of the warps. Where there are several parts their sums go to the
 * workspace, and a second kernel adds them up in the order of the parts.
 */
enum { PART_ROWS = 256, MOST_PARTS = 16 };

struct ColumnSums {
    float       *sums; /* [parts, cols]; parts = 1: added to db */
    const float *dy;   /* its first column of these */
    Index        N, D, cols, part_rows, parts;
};

static __global__ void sum_columns(ColumnSums a)
{
    SHARED(float, of_warp, THREADS);
    Index col = (Index)blockIdx.x * WARP + WARP_LANE, from = (Index)blockIdx.y * a.part_rows;
    Index to = from + a.part_rows < a.N ? from + a.part_rows : a.N;
    float sum = 0.0f;
    for (Index n = from + threadIdx.x / WARP; n < to && col < a.cols; n += BLOCK_WARPS) {
        sum += a.dy[n * a.D + col];
    }
    of_warp[threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.x >= WARP || col >= a.cols) return;
    for (int w = 1; w < BLOCK_WARPS; w++) sum += of_warp[w * WARP + threadIdx.x];
    if (a.parts == 1) sum += a.sums[col];
    a.sums[(Index)blockIdx.y * a.cols + col] = sum;
}

struct PartSums {
    float       *db;
    const float *sums;
    Index        cols, parts;
};

static __global__ void add_parts(PartSums a)
{
    FOR_EACH(col, a.cols)
    {
        float sum = 0.0f;
        for (Index p = 0; p < a.parts; p++) sum += a.sums[p * a.cols + col];
        a.db[col] += sum;
    }
}

static void column_sums(Device *d, float *db, float *sums, const ColumnSums *shape)
{
    ColumnSums a = *shape;
    a.sums = a.parts > 1 ? sums : db;
    launch(d, sum_columns, Grid{div_up(a.cols, WARP), a.parts, THREADS}, a);
    if (a.parts == 1) return;
    PartSums b = {};
    b.db = db;
    b.sums = sums;
    b.cols = a.cols;
    b.parts = a.parts;
    launch(d, add_parts, grid_for(d, a.cols), b);
}

void cuda_bias_grad(Backend *be, float *db, const float *dy, Index N, Index D)
{
    Device *d = device_of(be);
    if (db == NULL || N == 0 || D == 0) return;
    op_begin(d);
    ColumnSums a = {};
    a.N = N;
    a.D = D;
    a.parts = smaller(div_up(N, PART_ROWS), MOST_PARTS);
    a.part_rows = div_up(N, a.parts);

    Index  column = a.parts * (Index)sizeof(float), room = work_left(d) / column;
    Index  cols = a.parts == 1 ? D : smaller(D, larger(room, 1));
    float *sums = a.parts == 1 ? NULL : work<float>(d, a.parts * cols);
    for (Index at = 0; at < D && !d->failed; at += cols) {
        a.dy = dy + at;
        a.cols = smaller(cols, D - at);
        column_sums(d, db + at, sums, &a);
    }
}
