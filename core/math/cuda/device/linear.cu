/*
 * The linear map y = x W^T + b and its gradients.
 *
 * A product wants both factors in one storage type: bfloat16 where products are computed in it,
 * else float32. A factor stored otherwise is converted into the workspace, piece by piece when it
 * does not fit: rows of W in the outer loop, rows of the tokens in the inner one.
 *
 * The bias is added behind the product by a kernel of its own. That reads and writes y once, as
 * much as writing the bias first and adding the product would; but a product that does not read
 * its result may be computed in whatever way is fastest.
 */

#include "core/math/cuda/device/convert.cuh"
#include "core/math/cuda/device/vector.cuh"

enum { SMALLEST_ROWS = 16, STEP = 64 };

/* Some rows of W and as many of x (or columns of dy), as float32. */
Index cuda_mat_workspace(DType dtype, Index cols)
{
    (void)dtype; /* of x in bfloat16 there must be a piece whatever W is */
    return 2 * work_size(SMALLEST_ROWS * cols * (Index)sizeof(float)) + 2 * ALIGN;
}

static Index element_bytes(DType dtype)
{
    return dtype == DTYPE_F32 ? 4 : 2;
}

/* At least 1, at most n, a multiple of STEP where it is less than n and that is possible. */
static Index step_of(Index room, Index n)
{
    if (room >= n) return larger(n, 1);
    return room >= STEP ? room / STEP * STEP : larger(room, 1);
}

/* One factor of a product: a matrix, the type wanted, and room for a piece of it. */
typedef struct Factor {
    const char *data;
    DType       stored, wanted;
    Index       cols;
    char       *room; /* NULL: read where it lies */
} Factor;

static DType wanted_type(const Device *d)
{
    return d->spec.precision == PRECISION_BF16 ? DTYPE_BF16 : DTYPE_F32;
}

static Factor factor(const Device *d, const void *data, DType stored, Index cols)
{
    Factor f = {};
    f.data = (const char *)data;
    f.stored = stored;
    f.wanted = wanted_type(d);
    f.cols = cols;
    return f;
}

/* Bytes of room for one element; 0: needs none. */
static Index room_for_one(const Factor *f)
{
    return f->stored == f->wanted ? 0 : element_bytes(f->wanted);
}

static void take_room(Device *d, Factor *f, Index elements)
{
    Index bytes = elements * room_for_one(f);
    if (bytes > 0) f->room = (char *)work_bytes(d, bytes);
}

/* Rows row .. row+rows-1 and columns col .. col+cols-1 into the room. */
static Conversion piece(const Factor *f, Index row, Index rows, Index col, Index cols)
{
    Conversion c = {};
    if (f->room == NULL) return c;
    c.src = f->data + (row * f->cols + col) * element_bytes(f->stored);
    c.dst = f->room;
    c.from = f->stored;
    c.to = f->wanted;
    c.rows = rows;
    c.cols = cols;
    c.ld = f->cols;
    return c;
}

/* Where that piece is to be read, and its row length. */
static const void *piece_data(const Factor *f, Index row, Index col, Index cols, Index *ld)
{
    *ld = f->room != NULL ? cols : f->cols;
    if (f->room != NULL) return f->room;
    return f->data + (row * f->cols + col) * element_bytes(f->stored);
}

/* The pieces of both: nothing is launched for what is read where it lies. */
static void convert_pieces(Device *d, const Conversion *a, const Conversion *b)
{
    if (a->rows > 0) {
        convert_two(d, a, b);
    } else {
        convert_one(d, b);
    }
}

static Product new_product(const Device *d)
{
    Product p = {};
    p.alpha = 1.0f;
    p.batch = 1;
    p.dtype = wanted_type(d);
    p.precision = d->spec.precision;
    return p;
}

/* ---- bias --------------------------------------------------------------------------------- */

struct Bias {
    float       *y;
    const float *bias;
    Index        N, cols; /* in units of V */
};

/* A thread keeps its piece of the bias and walks down the rows. */
template <class V> static __global__ void add_bias(Bias a)
{
    Index col = (Index)blockIdx.x * THREADS + threadIdx.x;
    if (col >= a.cols) return;
    V *y = (V *)a.y, bias = ((const V *)a.bias)[col];
    for (Index n = blockIdx.y; n < a.N; n += gridDim.y) {
        y[n * a.cols + col] = plus(y[n * a.cols + col], bias);
    }
}

static void queue_bias(Device *d, float *y, const float *bias, Index N, Index D)
{
    bool  four = D % FLOATS4 == 0 && aligned_to_quad(y) && aligned_to_quad(bias);
    Bias  a = {};
    Index cols = four ? D / FLOATS4 : D, x = div_up(cols, THREADS);
    a.y = y;
    a.bias = bias;
    a.N = N;
    a.cols = cols;
    Grid grid = {x, smaller(N, larger(8 * (Index)d->blocks / x, 1)), THREADS};
    launch(d, four ? add_bias<float4> : add_bias<float>, grid, a);
}

bool take_back_bias(Device *d, const float *y, Index N, Index cols, const float **bias)
{
    Index       units = FLOATS4;
    const Bias *last = (const Bias *)queue_last(d, (const void *)add_bias<float4>);
    if (last == NULL) {
        units = 1;
        last = (const Bias *)queue_last(d, (const void *)add_bias<float>);
    }
    if (last == NULL || last->y != y || last->N != N || last->cols * units != cols) return false;
    *bias = last->bias;
    queue_take_back(d);
    return true;
}

/* ---- y = x W^T + bias --------------------------------------------------------------------- */

/* Rows of W and of x whose pieces fit together: all of one before any of the other is cut. */
static void share_room(Device *d, const Factor *W, const Factor *x, Index out, Index N,
                       Index *w_rows, Index *x_rows)
{
    Index w_row = room_for_one(W) * W->cols, x_row = room_for_one(x) * x->cols;
    Index left = work_left(d) - 2 * ALIGN;
    Index x_share = smaller(x_row * N, larger(left / 2, left - w_row * out));
    *x_rows = x_row == 0 ? N : step_of(x_share / x_row, N);
    *w_rows = w_row == 0 ? out : step_of((left - *x_rows * x_row) / w_row, out);
}

static void linear_piece(Device *d, float *y, const Factor *W, const Factor *x, Index out, Index o,
                         Index outs, Index n, Index rows)
{
    Product p = new_product(d);
    p.tb = true;
    p.m = rows;
    p.n = outs;
    p.k = W->cols;
    p.A = piece_data(x, n, 0, x->cols, &p.lda);
    p.B = piece_data(W, o, 0, W->cols, &p.ldb);
    p.C = y + n * out + o;
    p.ldc = out;
    product(d, &p);
}

static const Conversion nothing = {};

void cuda_linear(Backend *be, float *y, const float *x, Mat W, const float *bias, Index N)
{
    Device *d = device_of(be);
    if (N == 0 || W.rows == 0) return;
    op_begin(d);
    Factor w = factor(d, W.data, W.dtype, W.cols), in = factor(d, x, DTYPE_F32, W.cols);
    Index  w_rows, x_rows;
    share_room(d, &w, &in, W.rows, N, &w_rows, &x_rows);
    take_room(d, &w, w_rows * W.cols);
    take_room(d, &in, x_rows * W.cols);

    for (Index o = 0; o < W.rows && !d->failed; o += w_rows) {
        Index outs = smaller(w_rows, W.rows - o);
        for (Index n = 0; n < N; n += x_rows) {
            Index      rows = smaller(x_rows, N - n);
            bool       held = x_rows >= N && o > 0; /* x whole, from the first round */
            Conversion of_w = n == 0 ? piece(&w, o, outs, 0, W.cols) : nothing;
            Conversion of_x = held ? nothing : piece(&in, n, rows, 0, W.cols);
            convert_pieces(d, &of_w, &of_x);
            linear_piece(d, y, &w, &in, W.rows, o, outs, n, rows);
        }
    }
    if (bias != NULL) queue_bias(d, y, bias, N, W.rows);
}

/* ---- dx = dy W ---------------------------------------------------------------------------- */

/* A piece of dy has the columns that go with the rows of W's piece: each element is converted once.
 * All rows of dy when even one row of W fits beside one of its columns. */
static void share_room_dx(Device *d, const Factor *W, const Factor *dy, Index N, Index *w_rows,
                          Index *dy_rows)
{
    Index w_row = room_for_one(W) * W->cols, one = room_for_one(dy), out = dy->cols;
    Index left = work_left(d) - 2 * ALIGN, both = w_row + one * N;
    *w_rows = both == 0 ? out : step_of(left / both, out);
    *dy_rows = one == 0 ? N : step_of((left - *w_rows * w_row) / (one * *w_rows), N);
}

static void linear_dx_piece(Device *d, float *dx, const Factor *W, const Factor *dy, Index o,
                            Index outs, Index n, Index rows, bool add)
{
    Product p = new_product(d);
    p.m = rows;
    p.n = W->cols;
    p.k = outs;
    p.beta = add ? 1.0f : 0.0f;
    p.A = piece_data(dy, n, o, outs, &p.lda);
    p.B = piece_data(W, o, 0, W->cols, &p.ldb);
    p.C = dx + n * W->cols;
    p.ldc = W->cols;
    product(d, &p);
}

void cuda_linear_dx(Backend *be, float *dx, const float *dy, Mat W, Index N, bool add)
{
    Device *d = device_of(be);
    if (dx == NULL || N == 0 || W.cols == 0) return;
    op_begin(d);
    Factor w = factor(d, W.data, W.dtype, W.cols), dout = factor(d, dy, DTYPE_F32, W.rows);
    Index  w_rows, dy_rows, o = 0;
    share_room_dx(d, &w, &dout, N, &w_rows, &dy_rows);
    take_room(d, &w, w_rows * W.cols);
    take_room(d, &dout, dy_rows * w_rows);

    do { /* also without outputs: dx is then zero */
        Index outs = smaller(w_rows, W.rows - o);
        for (Index n = 0; n < N && !d->failed; n += dy_rows) {
            Index      rows = smaller(dy_rows, N - n);
            Conversion of_w = n == 0 ? piece(&w, o, outs, 0, W.cols) : nothing;
            Conversion of_dy = piece(&dout, n, rows, o, outs);
            convert_pieces(d, &of_w, &of_dy);
            linear_dx_piece(d, dx, &w, &dout, o, outs, n, rows, add || o > 0);
        }
        o += w_rows;
    } while (o < W.rows);
}

/* ---- dW += dy^T x ------------------------------------------------------------------------- */

void cuda_linear_dw(Backend *be, float *dW, const float *dy, const float *x, Index N, Index out,
                    Index in)
{
    Device *d = device_of(be);
    if (dW == NULL) return;
    op_begin(d);
    Factor left = factor(d, dy, DTYPE_F32, out), right = factor(d, x, DTYPE_F32, in);
    Index  both = room_for_one(&left) * (out + in);
    Index  step = both == 0 ? larger(N, 1) : step_of((work_left(d) - 2 * ALIGN) / both, N);
    take_room(d, &left, step * out);
    take_room(d, &right, step * in);

    for (Index n = 0; n < N && !d->failed; n += step) {
        Index      rows = smaller(step, N - n);
        Conversion of_dy = piece(&left, n, rows, 0, out), of_x = piece(&right, n, rows, 0, in);
        convert_pieces(d, &of_dy, &of_x);
        Product p = new_product(d);
        p.ta = true;
        p.m = out;
        p.n = in;
        p.k = rows;
        p.beta = 1.0f;
        p.A = piece_data(&left, n, 0, out, &p.lda);
        p.B = piece_data(&right, n, 0, in, &p.ldb);
        p.C = dW;
        p.ldc = in;
        product(d, &p);
    }
}
