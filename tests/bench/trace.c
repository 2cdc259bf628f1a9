/*
 * Watching a backend, and doing its products again.
 */

#include "tests/bench/trace.h"

#include <stdlib.h>

#include "core/math/cpu/cpu.h"

struct TraceProduct {
    TraceOp      op;
    Product      gemm; /* TRACE_GEMM; of the linears m = N, A = x or dy, B = x of dW */
    Mat          W;
    AttnShape    shape;
    const float *q, *v; /* attention: queries, and values for the products p v */
    float       *o, *dq, *dk, *dv;
};

static Trace *trace_of(Backend *be)
{
    return (Trace *)be;
}

const char *trace_name(TraceOp op)
{
    static const char *const names[] = {[TRACE_GEMM] = "gemm (LoRA)",
                                        [TRACE_LINEAR] = "linear",
                                        [TRACE_LINEAR_DX] = "linear_dx",
                                        [TRACE_LINEAR_DW] = "linear_dw",
                                        [TRACE_ATTENTION] = "attention",
                                        [TRACE_ATTENTION_GRAD] = "attention_grad",
                                        [TRACE_RMSNORM] = "rmsnorm",
                                        [TRACE_RMSNORM_GRAD] = "rmsnorm_grad",
                                        [TRACE_ROPE] = "rope",
                                        [TRACE_SWIGLU] = "swiglu",
                                        [TRACE_SWIGLU_GRAD] = "swiglu_grad",
                                        [TRACE_ADD] = "add",
                                        [TRACE_EMBED] = "embed",
                                        [TRACE_GATHER] = "gather",
                                        [TRACE_GATHER_GRAD] = "gather_grad",
                                        [TRACE_CROSS_ENTROPY] = "cross_entropy",
                                        [TRACE_ZERO] = "zero",
                                        [TRACE_COPY] = "copy",
                                        [TRACE_SQUARES] = "sum_squares",
                                        [TRACE_ADAMW] = "adamw"};
    return names[op];
}

static double now(const Trace *t)
{
    return t->timing ? clock_seconds() : 0.0;
}

static void passed(Trace *t, TraceOp op, double start)
{
    if (!t->timing) return;
    t->seconds[op] += clock_seconds() - start;
    t->calls[op]++;
}

static void remember(Trace *t, TraceProduct product)
{
    if (!t->recording) return;
    if (t->count == t->cap) {
        t->cap = t->cap * 2 + 256;
        t->list = realloc(t->list, (size_t)t->cap * sizeof *t->list);
        CHECK(t->list != NULL);
    }
    const Product *p = &product.gemm;
    t->flops += 2.0 * (double)p->m * (double)p->n * (double)p->k;
    t->list[t->count++] = product;
}

/* ---- products --------------------------------------------------------------------------- */

static void spy_gemm(Backend *be, bool ta, bool tb, Index m, Index n, Index k, float alpha,
                     const float *A, Index lda, const float *B, Index ldb, float beta, float *C,
                     Index ldc)
{
    Trace *t = trace_of(be);
    double start = now(t);
    t->real->gemm(t->real, ta, tb, m, n, k, alpha, A, lda, B, ldb, beta, C, ldc);
    passed(t, TRACE_GEMM, start);
    Product p = {ta, tb, m, n, k, alpha, beta, A, B, lda, ldb, C, ldc, NULL};
    remember(t, (TraceProduct){.op = TRACE_GEMM, .gemm = p});
}

static void spy_linear(Backend *be, float *y, const float *x, Mat W, const float *bias, Index N)
{
    Trace *t = trace_of(be);
    double start = now(t);
    t->real->linear(t->real, y, x, W, bias, N);
    passed(t, TRACE_LINEAR, start);
    Product p = {.m = N, .n = W.rows, .k = W.cols, .A = x, .C = y, .bias = bias};
    remember(t, (TraceProduct){.op = TRACE_LINEAR, .gemm = p, .W = W});
}

static void spy_linear_dx(Backend *be, float *dx, const float *dy, Mat W, Index N, bool add)
{
    Trace *t = trace_of(be);
    double start = now(t);
    t->real->linear_dx(t->real, dx, dy, W, N, add);
    passed(t, TRACE_LINEAR_DX, start);
    Product p = {.m = N, .n = W.cols, .k = W.rows, .A = dy, .C = dx, .beta = add ? 1.0f : 0.0f};
    if (dx != NULL) remember(t, (TraceProduct){.op = TRACE_LINEAR_DX, .gemm = p, .W = W});
}

static void spy_linear_dw(Backend *be, float *dW, const float *dy, const float *x, Index N,
                          Index out, Index in)
{
    Trace *t = trace_of(be);
    double start = now(t);
    t->real->linear_dw(t->real, dW, dy, x, N, out, in);
    passed(t, TRACE_LINEAR_DW, start);
    Product p = {.m = out, .n = in, .k = N, .A = dy, .B = x, .C = dW};
    if (dW != NULL) remember(t, (TraceProduct){.op = TRACE_LINEAR_DW, .gemm = p});
}

static void spy_attention(Backend *be, const AttnShape *shape, float *o, float *lse, const float *q,
                          const float *k, const float *v, const float *pk, const float *pv)
{
    Trace *t = trace_of(be);
    double start = now(t);
    t->real->attention(t->real, shape, o, lse, q, k, v, pk, pv);
    passed(t, TRACE_ATTENTION, start);
    CHECK(shape->P == 0);
    remember(t, (TraceProduct){.op = TRACE_ATTENTION, .shape = *shape, .q = q, .v = v, .o = o});
}

static void spy_attention_grad(Backend *be, const AttnShape *shape, float *dq, float *dk, float *dv,
                               float *dpk, float *dpv, const float *dout, const float *o,
                               const float *lse, const float *q, const float *k, const float *v,
                               const float *pk, const float *pv)
{
    Trace *t = trace_of(be);
    double start = now(t);
    t->real->attention_grad(t->real, shape, dq, dk, dv, dpk, dpv, dout, o, lse, q, k, v, pk, pv);
    passed(t, TRACE_ATTENTION_GRAD, start);
    remember(t, (TraceProduct){.op = TRACE_ATTENTION_GRAD,
                               .shape = *shape,
                               .q = q,
                               .v = v,
                               .dq = dq,
                               .dk = dk,
                               .dv = dv});
}

/* ---- everything else: only timed -------------------------------------------------------- */

static void spy_rmsnorm(Backend *be, float *y, float *inv, const float *x, const float *w, Index N,
                        Index D, float eps)
{
    Trace *t = trace_of(be);
    double start = now(t);
    t->real->rmsnorm(t->real, y, inv, x, w, N, D, eps);
    passed(t, TRACE_RMSNORM, start);
}
static void spy_rmsnorm_grad(Backend *be, float *dx, float *dw, const float *dy, const float *x,
                             const float *w, const float *inv, Index N, Index D)
{
    Trace *t = trace_of(be);
    double start = now(t);
    t->real->rmsnorm_grad(t->real, dx, dw, dy, x, w, inv, N, D);
    passed(t, TRACE_RMSNORM_GRAD, start);
}
static void spy_rope(Backend *be, float *x, const float *cos, const float *sin,
                     const int32_t *position, Index N, Index heads, Index K, bool inverse)
{
    Trace *t = trace_of(be);
    double start = now(t);
    t->real->rope(t->real, x, cos, sin, position, N, heads, K, inverse);
    passed(t, TRACE_ROPE, start);
}
static void spy_swiglu(Backend *be, float *y, const float *gate, const float *up, Index n)
{
    Trace *t = trace_of(be);
    double start = now(t);
    t->real->swiglu(t->real, y, gate, up, n);
    passed(t, TRACE_SWIGLU, start);
}
static void spy_swiglu_grad(Backend *be, float *dgate, float *dup, const float *dy,
                            const float *gate, const float *up, Index n)
{
    Trace *t = trace_of(be);
    double start = now(t);
    t->real->swiglu_grad(t->real, dgate, dup, dy, gate, up, n);
    passed(t, TRACE_SWIGLU_GRAD, start);
}
static void spy_add(Backend *be, float *y, const float *a, const float *b, Index n)
{
    Trace *t = trace_of(be);
    double start = now(t);
    t->real->add(t->real, y, a, b, n);
    passed(t, TRACE_ADD, start);
}
static void spy_embed(Backend *be, float *y, const int32_t *ids, Mat table, Index N)
{
    Trace *t = trace_of(be);
    double start = now(t);
    t->real->embed(t->real, y, ids, table, N);
    passed(t, TRACE_EMBED, start);
}
static void spy_gather(Backend *be, float *y, const float *x, const Index *rows, Index M, Index D)
{
    Trace *t = trace_of(be);
    double start = now(t);
    t->real->gather(t->real, y, x, rows, M, D);
    passed(t, TRACE_GATHER, start);
}
static void spy_gather_grad(Backend *be, float *dx, const float *dy, const Index *rows, Index M,
                            Index D)
{
    Trace *t = trace_of(be);
    double start = now(t);
    t->real->gather_grad(t->real, dx, dy, rows, M, D);
    passed(t, TRACE_GATHER_GRAD, start);
}
static void spy_cross_entropy(Backend *be, float *z, double *loss, int32_t *best,
                              const int32_t *label, Index N, Index V, float grad_scale)
{
    Trace *t = trace_of(be);
    double start = now(t);
    t->real->cross_entropy(t->real, z, loss, best, label, N, V, grad_scale);
    passed(t, TRACE_CROSS_ENTROPY, start);
}
static void spy_zero(Backend *be, void *dst, Index bytes)
{
    Trace *t = trace_of(be);
    double start = now(t);
    t->real->zero(t->real, dst, bytes);
    passed(t, TRACE_ZERO, start);
}
static void spy_copy(Backend *be, void *dst, const void *src, Index bytes)
{
    Trace *t = trace_of(be);
    double start = now(t);
    t->real->copy(t->real, dst, src, bytes);
    passed(t, TRACE_COPY, start);
}
static double spy_squares(Backend *be, const float *x, Index n)
{
    Trace *t = trace_of(be);
    double start = now(t), sum = t->real->sum_squares(t->real, x, n);
    passed(t, TRACE_SQUARES, start);
    return sum;
}
static void spy_adamw(Backend *be, float *w, float *m, float *v, const float *g, Index n, AdamW p)
{
    Trace *t = trace_of(be);
    double start = now(t);
    t->real->adamw(t->real, w, m, v, g, n, p);
    passed(t, TRACE_ADAMW, start);
}

void trace_init(Trace *trace, Backend *real)
{
    Backend *be = &trace->be;
    *trace = (Trace){.be = *real, .real = real};
    be->gemm = spy_gemm, be->linear = spy_linear, be->linear_dx = spy_linear_dx;
    be->linear_dw = spy_linear_dw, be->attention = spy_attention;
    be->attention_grad = spy_attention_grad;
    be->rmsnorm = spy_rmsnorm, be->rmsnorm_grad = spy_rmsnorm_grad, be->rope = spy_rope;
    be->swiglu = spy_swiglu, be->swiglu_grad = spy_swiglu_grad, be->add = spy_add;
    be->embed = spy_embed, be->gather = spy_gather, be->gather_grad = spy_gather_grad;
    be->cross_entropy = spy_cross_entropy, be->zero = spy_zero, be->copy = spy_copy;
    be->sum_squares = spy_squares, be->adamw = spy_adamw;
}

void trace_reset(Trace *trace)
{
    free(trace->list);
    trace->list = NULL;
    trace->count = trace->cap = 0;
}

void trace_forget(Trace *trace)
{
    trace->count = 0;
    trace->flops = 0;
}

/* ---- attention's products, again -------------------------------------------------------- */

enum { BLOCK_ROWS = 64 };

typedef struct Again {
    Backend            *be;
    const TraceProduct *p;
} Again;

/* The scratch memory of a worker: what the op has transposed or packed there by now. */
typedef struct Room {
    float *p, *ds, *kt, *k;
    Index  width;
} Room;

static void forward_block(const Again *a, const Room *r, Index at, Index rows, Index keys)
{
    const AttnShape *c = &a->p->shape;
    Index            HK = c->H * c->K;
    cpu_tiles(&(Product){.m = rows,
                         .n = cpu_padded(keys),
                         .k = c->K,
                         .alpha = c->scale,
                         .A = a->p->q + at,
                         .lda = HK,
                         .B = r->kt,
                         .ldb = r->width,
                         .C = r->p,
                         .ldc = r->width});
    cpu_tiles(&(Product){.m = rows,
                         .n = c->K,
                         .k = keys,
                         .alpha = 1.0f,
                         .A = r->p,
                         .lda = r->width,
                         .B = r->k,
                         .ldb = c->K,
                         .C = a->p->o + at,
                         .ldc = HK});
}

static void backward_block(const Again *a, const Room *r, Index at, Index kv, Index rows,
                           Index keys)
{
    const AttnShape *c = &a->p->shape;
    Index            HK = c->H * c->K, GK = c->G * c->K, n = cpu_padded(keys);
    Product          scores = {.m = rows,
                               .n = n,
                               .k = c->K,
                               .alpha = 1.0f,
                               .A = a->p->q + at,
                               .lda = HK,
                               .B = r->kt,
                               .ldb = r->width,
                               .C = r->p,
                               .ldc = r->width};
    cpu_tiles(&scores);
    scores.C = r->ds;
    cpu_tiles(&scores);
    Product dq = {.m = rows,
                  .n = c->K,
                  .k = keys,
                  .alpha = 1.0f,
                  .beta = 1.0f,
                  .A = r->ds,
                  .lda = r->width,
                  .B = r->k,
                  .ldb = c->K,
                  .C = a->p->dq + at,
                  .ldc = HK};
    if (a->p->dq != NULL) cpu_tiles(&dq);
    Product dkv = {.ta = true,
                   .m = keys,
                   .n = c->K,
                   .k = rows,
                   .alpha = 1.0f,
                   .beta = 1.0f,
                   .A = r->ds,
                   .lda = r->width,
                   .B = r->k,
                   .ldb = c->K,
                   .ldc = GK};
    if (a->p->dk != NULL) dkv.C = a->p->dk + kv, cpu_tiles(&dkv);
    dkv.A = r->p;
    if (a->p->dv != NULL) dkv.C = a->p->dv + kv, cpu_tiles(&dkv);
}

static void attention_task(void *context, Index task, int worker)
{
    const Again     *a = context;
    const AttnShape *c = &a->p->shape;
    Index            s = task / c->G, g = task % c->G, heads = c->H / c->G;
    Index            from = c->q_at[s], to = c->q_at[s + 1], length = c->k_at[s + 1] - c->k_at[s];
    Room             r = {.width = cpu_spread(length)};
    r.p = cpu_scratch(a->be, worker, cpu_attention_workspace(length, c->K));
    r.ds = r.p + BLOCK_ROWS * r.width;
    r.kt = r.ds + BLOCK_ROWS * r.width;
    r.k = r.kt + c->K * r.width;
    for (Index h = g * heads; h < (g + 1) * heads; h++) {
        for (Index row = from; row < to; row += BLOCK_ROWS) {
            Index rows = cpu_min(BLOCK_ROWS, to - row), keys = length - (to - row) + rows;
            Index at = (row * c->H + h) * c->K, kv = (c->k_at[s] * c->G + g) * c->K;
            if (a->p->op == TRACE_ATTENTION)
                forward_block(a, &r, at, rows, keys);
            else
                backward_block(a, &r, at, kv, rows, keys);
        }
    }
}

void trace_replay(Trace *trace)
{
    Backend *be = trace->real;
    for (int i = 0; i < trace->count; i++) {
        const TraceProduct *t = &trace->list[i];
        const Product      *p = &t->gemm;
        double              start = now(trace);
        if (t->op == TRACE_GEMM) {
            be->gemm(be, p->ta, p->tb, p->m, p->n, p->k, p->alpha, p->A, p->lda, p->B, p->ldb,
                     p->beta, p->C, p->ldc);
        } else if (t->op == TRACE_LINEAR) {
            be->linear(be, p->C, p->A, t->W, p->bias, p->m);
        } else if (t->op == TRACE_LINEAR_DX) {
            be->linear_dx(be, p->C, p->A, t->W, p->m, p->beta > 0.0f);
        } else if (t->op == TRACE_LINEAR_DW) {
            be->linear_dw(be, p->C, p->A, p->B, p->k, p->m, p->n);
        } else {
            cpu_run(be, t->shape.S * t->shape.G, false, attention_task, &(Again){be, t});
        }
        if (trace->timing) trace->again[t->op] += clock_seconds() - start;
    }
}
