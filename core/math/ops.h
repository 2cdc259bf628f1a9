#ifndef CORE_MATH_OPS_H
#define CORE_MATH_OPS_H

/*
 * The op contracts: one table of functions per backend, all backends in one process.
 *
 * Conventions for every op
 *   row-major; the last letter of a shape is contiguous; float32 unless a Mat says otherwise
 *   outputs first, inputs next, sizes last
 *   dx means dL/dx and has the shape of x
 *   forward ops overwrite their outputs; *_grad ops ADD into their d-outputs
 *   a d-output may be NULL where nobody wants that gradient (frozen weights under LoRA)
 *   no op allocates: what an op needs beside its arguments comes from the workspace, which
 *   `reserve` made large enough beforehand
 *   outputs may alias inputs only where an op says so
 *   work is cut by shape, never by thread count: the same bits for any number of threads
 *   pointers are in the backend's own space (host memory for ref and cpu)
 *
 * Sizes: N rows (tokens), D width, H query heads, G key/value heads, K head width, V vocabulary,
 * r rank, S segments (sequences), P prefix rows.
 */

#include "core/base/mem.h"

/* How a frozen weight is stored. A Mat is read only through the ops that take one. */
typedef enum DType { DTYPE_F32, DTYPE_F16, DTYPE_BF16, DTYPE_COUNT } DType;

Index       dtype_bytes(DType dtype); /* of one element */
const char *dtype_name(DType dtype);  /* "F32", "F16", "BF16" */

typedef struct Mat {
    const void *data; /* [rows, cols], contiguous; NULL: no such weight */
    DType       dtype;
    Index       rows, cols;
} Mat;

/*
 * Segments of an attention call. Rows of q are query positions; rows of k and v are key
 * positions. Segment s has queries q_at[s] .. q_at[s+1]-1 and keys k_at[s] .. k_at[s+1]-1, at
 * least as many keys as queries; query i of n_q sees keys 0 .. n_k - n_q + i (causal, aligned
 * at the end: training has n_q = n_k, decoding with a cache has n_q = 1). Besides, every query
 * sees all P prefix rows. Both arrays are host memory, S + 1 long, non-decreasing.
 *
 * Behind the last segment q may have `fill` more rows, which belong to no sequence: they see
 * nothing, their o and lse become 0, and they add nothing to any gradient. (k and v have as many;
 * nobody sees those.)
 */
typedef struct AttnShape {
    Index        S;
    const Index *q_at, *k_at;
    Index        H, G, K; /* H divisible by G; query head h reads key head h / (H/G) */
    Index        P;       /* rows of prefix keys and values; 0: none */
    float        scale;   /* 1/sqrt(K) */
    Index        fill;    /* rows of q behind q_at[S] */
} AttnShape;

/* Which dropout numbers: element (n, d) is dropped by a function of (seed, stream, row_key[n],
 * d), so the mask depends neither on threads nor on packing. stream tells step and module. */
typedef struct Dropout {
    float           p; /* in [0, 1); 0: nothing is dropped */
    uint64_t        seed, stream;
    const uint64_t *row_key; /* [N] */
} Dropout;

typedef enum Activation { ACT_RELU, ACT_GELU, ACT_SILU, ACT_TANH } Activation; /* GELU: erf form */

typedef struct AdamW {
    float learning_rate, beta1, beta2, epsilon, weight_decay;
    float grad_scale;   /* the gradient is multiplied by this first (clipping) */
    float correction1;  /* 1 - beta1^t */
    float correction2;  /* 1 - beta2^t */
} AdamW;

typedef struct Sgd {
    float learning_rate, momentum, weight_decay, grad_scale;
    bool  first; /* step 1: the buffer starts as the gradient (torch.optim.SGD) */
} Sgd;

/* What products are computed in. Tensors, adapters and optimizer are float32 in all of them. */
typedef enum Precision {
    PRECISION_F32,  /* float32 throughout; the only one of ref and cpu */
    PRECISION_TF32, /* inputs rounded to 10 bits of mantissa inside the product */
    PRECISION_BF16, /* inputs rounded to bfloat16 before the product, sums in float32 */
    PRECISION_COUNT
} Precision;

const char *precision_name(Precision precision); /* "f32", "tf32", "bf16" */

typedef struct Backend Backend;
struct Backend {
    const char *name;             /* "ref", "cpu", "cuda" */
    char        description[160]; /* device or BLAS, kernel, threads: one line for people */
    MemSpace    space;            /* where its pointers point */
    int         threads;
    Precision   precision;
    void       *state; /* the backend's own */

    void (*free)(Backend *be);

    /* A device may put work off. When this returns, all that was asked for is done, and every
     * host result (cross_entropy's) is where it was asked to go. False: the device has failed;
     * from then on no op does anything and every sync says so again (ERR_DEVICE). get and
     * sum_squares wait likewise. Host backends have nothing to wait for. */
    bool (*sync)(Backend *be, Error *err);
    /* How many rows a batch of N is filled up to, so that few shapes occur: >= N, at most
     * N + N/8 + 15, monotonic. Host backends: N. */
    Index (*row_bucket)(Index N);
    /* Bytes of the device's memory that are free now, for everybody, and that it has; zeros where
     * memory is the host's. */
    void (*device_memory)(Backend *be, int64_t *free_bytes, int64_t *total_bytes);

    /* ---- memory -------------------------------------------------------------------------- */

    /* Memory of the backend, 64-byte aligned, counted as reserved (not in use) by the caller. */
    void *(*alloc)(Backend *be, Index bytes, Error *err);
    void (*release)(Backend *be, void *block);
    void (*put)(Backend *be, void *dst, const void *host, Index bytes);
    void (*get)(Backend *be, void *host, const void *src, Index bytes);
    void (*copy)(Backend *be, void *dst, const void *src, Index bytes);
    void (*zero)(Backend *be, void *dst, Index bytes);
    /* Make the workspace of each worker at least this large (bytes). The only place where a
     * backend grows after its creation; counted as MEM_SCRATCH of the program. */
    bool (*reserve)(Backend *be, Index bytes_per_worker, Error *err);
    /* Bytes a worker needs for attention over at most T keys (prefix included) of width K,
     * forward and backward; and for any op on a Mat with `cols` columns of this type. */
    Index (*attention_workspace)(Index T, Index K);
    Index (*mat_workspace)(DType dtype, Index cols);

    /* ---- products ------------------------------------------------------------------------ */

    /* C[m,n] = alpha * op(A)[m,k] op(B)[k,n] + beta * C. op transposes when ta / tb. ldx is the
     * row length in memory. beta = 0 does not read C. */
    void (*gemm)(Backend *be, bool ta, bool tb, Index m, Index n, Index k, float alpha,
                 const float *A, Index lda, const float *B, Index ldb, float beta, float *C,
                 Index ldc);
    /* y[N,out] = x[N,in] W^T + bias;  W [out,in], bias [out] or NULL */
    void (*linear)(Backend *be, float *y, const float *x, Mat W, const float *bias, Index N);
    /* dx[N,in] = dy[N,out] W  (added to dx when `add`) */
    void (*linear_dx)(Backend *be, float *dx, const float *dy, Mat W, Index N, bool add);
    /* dW[out,in] += dy[N,out]^T x[N,in] */
    void (*linear_dw)(Backend *be, float *dW, const float *dy, const float *x, Index N, Index out,
                      Index in);
    /* db[D] += column sums of dy[N,D] */
    void (*bias_grad)(Backend *be, float *db, const float *dy, Index N, Index D);
    /* out[n,cols] = rows row0 .. row0+n-1 of W as float32 */
    void (*mat_rows)(Backend *be, float *out, Mat W, Index row0, Index n);

    /* ---- token rows ---------------------------------------------------------------------- */

    /* y[n] = row ids[n] of table [V,D].  ids: host memory, every id in [0, V). */
    void (*embed)(Backend *be, float *y, const int32_t *ids, Mat table, Index N);
    /* dtable[ids[n]] += dy[n], in the order of n */
    void (*embed_grad)(Backend *be, float *dtable, const float *dy, const int32_t *ids, Index N,
                       Index V, Index D);
    /* y[m] = x[rows[m]];  rows: host memory, increasing */
    void (*gather)(Backend *be, float *y, const float *x, const Index *rows, Index M, Index D);
    /* dx[rows[m]] += dy[m] */
    void (*gather_grad)(Backend *be, float *dx, const float *dy, const Index *rows, Index M,
                        Index D);

    /* ---- elementwise and rowwise --------------------------------------------------------- */

    /* RMSNorm: y = x * inv * w, inv = 1/sqrt(mean(x^2) + eps) per row (Zhang, Sennrich 2019) */
    void (*rmsnorm)(Backend *be, float *y, float *inv, const float *x, const float *w, Index N,
                    Index D, float eps);
    /* With g = dy*w: dx += inv*g - x*inv^3*dot(g,x)/D;  dw += sum over rows of dy*x*inv */
    void (*rmsnorm_grad)(Backend *be, float *dx, float *dw, const float *dy, const float *x,
                         const float *w, const float *inv, Index N, Index D);
    /* Rotate pairs (j, j+K/2) of each head in place by the angle of its position:
     *   x_j' = x_j cos - x_{j+K/2} sin,  x_{j+K/2}' = x_{j+K/2} cos + x_j sin
     * x [N, heads*K]; cos, sin [positions, K/2]; position [N] host memory. `inverse` turns back
     * (the gradient of the rotation). Su et al. 2021, layout of transformers ("rotate half"). */
    void (*rope)(Backend *be, float *x, const float *cos, const float *sin,
                 const int32_t *position, Index N, Index heads, Index K, bool inverse);
    /* y = silu(gate) * up, silu(z) = z / (1 + exp(-z)); y may alias gate or up. n elements. */
    void (*swiglu)(Backend *be, float *y, const float *gate, const float *up, Index n);
    /* dgate += dy*up*(s + gate*s*(1-s)), s = sigmoid(gate);  dup += dy*silu(gate) */
    void (*swiglu_grad)(Backend *be, float *dgate, float *dup, const float *dy, const float *gate,
                        const float *up, Index n);
    void (*activation)(Backend *be, Activation kind, float *y, const float *x, Index n);
    void (*activation_grad)(Backend *be, Activation kind, float *dx, const float *dy,
                            const float *x, Index n);
    void (*add)(Backend *be, float *y, const float *a, const float *b, Index n); /* aliasing fine */
    void (*axpy)(Backend *be, float *y, float a, const float *x, Index n);       /* y += a x */
    void (*scale)(Backend *be, float *y, float a, Index n);                      /* y *= a */
    /* y[N,D] = (kept ? x / (1-p) : 0), added to y when `add` (the gradient is the same op). */
    void (*dropout)(Backend *be, float *y, const float *x, Dropout drop, Index N, Index D,
                    bool add);

    /* ---- attention ----------------------------------------------------------------------- */

    /* o[Nq, H*K], lse[Nq, H] (log of the sum of exponentials of scaled scores, kept for the
     * backward); q[Nq, H*K], k and v[Nk, G*K], pk and pv[P, G*K] or NULL. */
    void (*attention)(Backend *be, const AttnShape *shape, float *o, float *lse, const float *q,
                      const float *k, const float *v, const float *pk, const float *pv);
    /* With probabilities p recomputed from lse, dp = do v^T, delta = sum(do*o) per row and head:
     *   ds = p*(dp - delta);  dq += scale ds k;  dk += scale ds^T q;  dv += p^T do
     * Each of dq, dk, dv, dpk, dpv may be NULL. Sums over a group's heads in head order. */
    void (*attention_grad)(Backend *be, const AttnShape *shape, float *dq, float *dk, float *dv,
                           float *dpk, float *dpv, const float *dout, const float *o,
                           const float *lse, const float *q, const float *k, const float *v,
                           const float *pk, const float *pv);

    /* ---- loss ---------------------------------------------------------------------------- */

    /* Cross-entropy of rows: loss[n] = logsumexp(z[n]) - z[n][label[n]] in nats, best[n] =
     * index of the first largest logit. With grad_scale != 0, z is overwritten by its gradient
     * grad_scale * (softmax(z) - onehot). label: host memory, in [0, V), or -1: loss[n] = 0
     * and zero gradient. loss (double) and best: host memory, complete after the next sync;
     * either may be NULL. */
    void (*cross_entropy)(Backend *be, float *z, double *loss, int32_t *best,
                          const int32_t *label, Index N, Index V, float grad_scale);

    /* ---- optimizer ----------------------------------------------------------------------- */

    /* Sum of squares in double, fixed chunks; not finite exactly when some x is not finite. */
    double (*sum_squares)(Backend *be, const float *x, Index n);
    /* Decoupled decay (Loshchilov, Hutter 2019), the order of torch.optim.AdamW:
     *   g' = grad_scale*g;  w -= lr*decay*w;  m = b1 m + (1-b1) g';  v = b2 v + (1-b2) g'^2
     *   w -= lr/c1 * m / (sqrt(v)/sqrt(c2) + eps) */
    void (*adamw)(Backend *be, float *w, float *m, float *v, const float *g, Index n, AdamW p);
    /* torch.optim.SGD: g' = grad_scale*g + decay*w;  b = first ? g' : momentum*b + g';  w -= lr*b
     * (buf may be NULL when momentum is 0) */
    void (*sgd)(Backend *be, float *w, float *buf, const float *g, Index n, Sgd p);
};

/* ref: readable loops, double accumulators, one thread: the oracle. cpu: OpenBLAS (one thread)
 * under the given number of pool threads. Both free with be->free. */
NODISCARD Backend *backend_ref_create(Error *err);
NODISCARD Backend *backend_cpu_create(int threads, Error *err);

typedef struct BackendSpec {
    const char *name;      /* "auto", "cpu", "cuda", "ref" */
    int         threads;   /* of cpu; 0: the default number */
    Precision   precision; /* ref and cpu know only PRECISION_F32 (else ERR_INPUT) */
} BackendSpec;
/* auto: cuda where a usable device is there, else cpu, whose description then says why not. */
NODISCARD Backend *backend_open(const BackendSpec *spec, Error *err);
/* The same in float32. */
NODISCARD Backend *backend_create(const char *name, int threads, Error *err);
/* Another one of the same kind and precision, for work beside it: pointers of one are good in
 * the other. */
NODISCARD Backend *backend_like(const Backend *be, int threads, Error *err);

#endif
