/*
 * Each op of the cpu backend at the shape of the training step (2048 tokens, d 256, 4 query and 2
 * key heads of 64, ff 704, vocabulary 1024, rank 8): its time, its rate, and what that is of the
 * machine's: products against a large product of the backend (the ceiling), the rest against
 * copying as many bytes. The ceilings are measured in turn with the op.
 *
 *   bench_ops [threads [word]]       only ops whose name contains the word
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/pool.h"
#include "core/math/ops.h"
#include "tests/bench/bench.h"

enum { N = 2048, T = 128, D = 256, H = 4, G = 2, K = 64, F = 704, V = 1024, R = 8 };
enum { S = N / T, ROUNDS = 15, COPY = 4 << 20 };

typedef struct Bench {
    Backend  *be;
    float    *x, *y, *z, *w, *wide, *wide2, *wide3, *a, *b, *h, *inv, *lse, *q, *k, *v, *big, *big2;
    uint16_t *half;
    int32_t  *label, *position, *best;
    double   *loss;
    Index     at[S + 1];
} Bench;

static Mat mat(const void *data, Index rows, Index cols)
{
    return (Mat){data, DTYPE_F32, rows, cols};
}

static Mat half(const Bench *t, DType dtype, Index rows, Index cols)
{
    return (Mat){t->half, dtype, rows, cols};
}

static AttnShape shape(const Bench *t)
{
    return (AttnShape){S, t->at, t->at, H, G, K, 0, 0.125f, 0};
}

/* ---- the ops ---------------------------------------------------------------------------- */

static void linear_q(void *p)
{
    Bench *t = p;
    t->be->linear(t->be, t->y, t->x, mat(t->w, D, D), NULL, N);
}
static void linear_q_bias(void *p)
{
    Bench *t = p;
    t->be->linear(t->be, t->y, t->x, mat(t->w, D, D), t->x, N);
}
static void linear_k(void *p)
{
    Bench *t = p;
    t->be->linear(t->be, t->y, t->x, mat(t->w, G * K, D), NULL, N);
}
static void linear_up(void *p)
{
    Bench *t = p;
    t->be->linear(t->be, t->wide, t->x, mat(t->w, F, D), NULL, N);
}
static void linear_down(void *p)
{
    Bench *t = p;
    t->be->linear(t->be, t->y, t->wide, mat(t->w, D, F), NULL, N);
}
static void linear_up_bf16(void *p)
{
    Bench *t = p;
    t->be->linear(t->be, t->wide, t->x, half(t, DTYPE_BF16, F, D), NULL, N);
}
static void dx_up_bf16(void *p)
{
    Bench *t = p;
    t->be->linear_dx(t->be, t->y, t->wide, half(t, DTYPE_BF16, F, D), N, false);
}
static void dx_up(void *p)
{
    Bench *t = p;
    t->be->linear_dx(t->be, t->y, t->wide, mat(t->w, F, D), N, true);
}
static void dx_q(void *p)
{
    Bench *t = p;
    t->be->linear_dx(t->be, t->y, t->x, mat(t->w, D, D), N, true);
}
static void dw_up(void *p)
{
    Bench *t = p;
    t->be->linear_dw(t->be, t->z, t->wide, t->x, N, F, D);
}
static void head(void *p)
{
    Bench *t = p;
    t->be->linear(t->be, t->big, t->x, mat(t->w, V, D), NULL, N);
}
static void lora_xa(void *p)
{
    Bench *t = p;
    t->be->gemm(t->be, false, true, N, R, D, 1.0f, t->x, D, t->a, D, 0.0f, t->h, R);
}
static void lora_xa_down(void *p)
{
    Bench *t = p;
    t->be->gemm(t->be, false, true, N, R, F, 1.0f, t->wide, F, t->a, F, 0.0f, t->h, R);
}
static void lora_hb(void *p)
{
    Bench *t = p;
    t->be->gemm(t->be, false, true, N, D, R, 2.0f, t->h, R, t->b, R, 1.0f, t->y, D);
}
static void lora_hb_up(void *p)
{
    Bench *t = p;
    t->be->gemm(t->be, false, true, N, F, R, 2.0f, t->h, R, t->b, R, 1.0f, t->wide2, F);
}
static void lora_dyb(void *p)
{
    Bench *t = p;
    t->be->gemm(t->be, false, false, N, R, D, 2.0f, t->y, D, t->b, R, 0.0f, t->h, R);
}
static void lora_db(void *p)
{
    Bench *t = p;
    t->be->gemm(t->be, true, false, D, R, N, 2.0f, t->y, D, t->h, R, 1.0f, t->b, R);
}
static void lora_db_up(void *p)
{
    Bench *t = p;
    t->be->gemm(t->be, true, false, F, R, N, 2.0f, t->wide, F, t->h, R, 1.0f, t->b, R);
}
static void lora_da(void *p)
{
    Bench *t = p;
    t->be->gemm(t->be, true, false, R, D, N, 1.0f, t->h, R, t->x, D, 1.0f, t->a, D);
}
static void lora_dx(void *p)
{
    Bench *t = p;
    t->be->gemm(t->be, false, false, N, D, R, 1.0f, t->h, R, t->a, D, 1.0f, t->y, D);
}
static void attention(void *p)
{
    Bench    *t = p;
    AttnShape s = shape(t);
    t->be->attention(t->be, &s, t->y, t->lse, t->q, t->k, t->v, NULL, NULL);
}
static void attention_grad(void *p)
{
    Bench    *t = p;
    AttnShape s = shape(t);
    t->be->attention_grad(t->be, &s, t->z, t->wide, t->wide2, NULL, NULL, t->x, t->y, t->lse, t->q,
                          t->k, t->v, NULL, NULL);
}
static void rmsnorm(void *p)
{
    Bench *t = p;
    t->be->rmsnorm(t->be, t->y, t->inv, t->x, t->w, N, D, 1e-6f);
}
static void rmsnorm_grad(void *p)
{
    Bench *t = p;
    t->be->rmsnorm_grad(t->be, t->z, NULL, t->y, t->x, t->w, t->inv, N, D);
}
static void rope(void *p)
{
    Bench *t = p;
    t->be->rope(t->be, t->q, t->w, t->w, t->position, N, H, K, false);
}
static void swiglu(void *p)
{
    Bench *t = p;
    t->be->swiglu(t->be, t->wide3, t->wide, t->wide2, N * F);
}
static void swiglu_grad(void *p)
{
    Bench *t = p;
    t->be->swiglu_grad(t->be, t->big, t->big2, t->wide3, t->wide, t->wide2, N * F);
}
static void add(void *p)
{
    Bench *t = p;
    t->be->add(t->be, t->z, t->x, t->y, N * D);
}
static void embed(void *p)
{
    Bench *t = p;
    t->be->embed(t->be, t->y, t->label, mat(t->big2, V, D), N);
}
static void dropout(void *p)
{
    Bench          *t = p;
    static uint64_t key[N];
    Dropout         drop = {0.1f, 1, 2, key};
    t->be->dropout(t->be, t->y, t->x, drop, N, D, false);
}
static void entropy(void *p)
{
    Bench *t = p;
    t->be->cross_entropy(t->be, t->big, t->loss, t->best, t->label, N, V, 0.001f);
}
static void adamw(void *p)
{
    Bench *t = p;
    AdamW  a = {1e-5f, 0.9f, 0.999f, 1e-8f, 0.0f, 1.0f, 0.1f, 0.001f};
    t->be->adamw(t->be, t->z, t->wide, t->wide2, t->x, N * D, a);
}
static void squares(void *p)
{
    Bench *t = p;
    t->loss[0] = t->be->sum_squares(t->be, t->wide, N * F);
}

/* ---- generation: one row ---------------------------------------------------------------- */

enum { BIG_OUT = 4096, BIG_IN = 1024 };

static void gemv_f32(void *p)
{
    Bench *t = p;
    t->be->linear(t->be, t->y, t->x, mat(t->big2, BIG_OUT, BIG_IN), NULL, 1);
}
static void gemv_bf16(void *p)
{
    Bench *t = p;
    t->be->linear(t->be, t->y, t->x, half(t, DTYPE_BF16, BIG_OUT, BIG_IN), NULL, 1);
}
static void gemv_f16(void *p)
{
    Bench *t = p;
    t->be->linear(t->be, t->y, t->x, half(t, DTYPE_F16, BIG_OUT, BIG_IN), NULL, 1);
}
static void gemv4_bf16(void *p)
{
    Bench *t = p;
    t->be->linear(t->be, t->y, t->x, half(t, DTYPE_BF16, BIG_OUT, BIG_IN), NULL, 4);
}
static void gemv_small(void *p)
{
    Bench *t = p;
    t->be->linear(t->be, t->y, t->x, mat(t->w, D, D), NULL, 1);
}
static void decode_512(void *p)
{
    Bench      *t = p;
    const Index one[] = {0, 1}, keys[] = {0, 512};
    AttnShape   s = {1, one, keys, H, G, K, 0, 0.125f, 0};
    t->be->attention(t->be, &s, t->y, t->lse, t->q, t->k, t->v, NULL, NULL);
}
static void rmsnorm_1(void *p)
{
    Bench *t = p;
    t->be->rmsnorm(t->be, t->y, t->inv, t->x, t->w, 1, D, 1e-6f);
}

/* ---- the ceilings ----------------------------------------------------------------------- */

static void ceiling_product(void *p)
{
    Bench *t = p;
    t->be->gemm(t->be, false, true, N, F, D, 1.0f, t->x, D, t->w, D, 0.0f, t->wide2, F);
}

static void ceiling_copy(void *p)
{
    Bench *t = p;
    t->be->copy(t->be, t->big, t->big2, COPY);
}

/* Adding up 16 MB, as fast as the backend's threads can read them. */
static void ceiling_read(void *p)
{
    Bench *t = p;
    t->loss[0] = t->be->sum_squares(t->be, t->big2, BIG_OUT * BIG_IN);
}

typedef struct Row {
    const char *name;
    BenchBody  *body;
    double      flops; /* 0: counted in bytes */
    double      bytes; /* read and written */
} Row;

#define PRODUCT(m, n, k) 2.0 * (m) * (n) * (k), 4.0 * ((double)(m) * (n) + (m) * (k) + (n) * (k))

static const Row rows[] = {
    {"linear q", linear_q, PRODUCT(N, D, D)},
    {"linear q, bias", linear_q_bias, PRODUCT(N, D, D)},
    {"linear k", linear_k, PRODUCT(N, G *K, D)},
    {"linear up", linear_up, PRODUCT(N, F, D)},
    {"linear down", linear_down, PRODUCT(N, D, F)},
    {"linear up bf16", linear_up_bf16, PRODUCT(N, F, D)},
    {"linear head", head, PRODUCT(N, V, D)},
    {"linear_dx up", dx_up, PRODUCT(N, D, F)},
    {"linear_dx up bf16", dx_up_bf16, PRODUCT(N, D, F)},
    {"linear_dx q", dx_q, PRODUCT(N, D, D)},
    {"linear_dw up", dw_up, PRODUCT(F, D, N)},
    {"lora h = x A^T", lora_xa, PRODUCT(N, R, D)},
    {"lora h = x A^T down", lora_xa_down, PRODUCT(N, R, F)},
    {"lora y += h B^T", lora_hb, PRODUCT(N, D, R)},
    {"lora y += h B^T up", lora_hb_up, PRODUCT(N, F, R)},
    {"lora dh = dy B", lora_dyb, PRODUCT(N, R, D)},
    {"lora dB += dy^T h", lora_db, PRODUCT(D, R, N)},
    {"lora dB += dy^T h up", lora_db_up, PRODUCT(F, R, N)},
    {"lora dA += dh^T x", lora_da, PRODUCT(R, D, N)},
    {"lora dx += dh A", lora_dx, PRODUCT(N, D, R)},
    {"attention", attention, 2.0 * N *T *H *K, 4.0 * N *(2 * D + 2 * G * K)},
    {"attention_grad", attention_grad, 5.0 * N *T *H *K, 4.0 * N *(5 * D + 6 * G * K)},
    {"rmsnorm", rmsnorm, 0, 8.0 * N *D},
    {"rmsnorm_grad", rmsnorm_grad, 0, 16.0 * N *D},
    {"rope", rope, 0, 8.0 * N *D},
    {"swiglu", swiglu, 0, 12.0 * N *F},
    {"swiglu_grad", swiglu_grad, 0, 28.0 * N *F},
    {"add", add, 0, 12.0 * N *D},
    {"embed", embed, 0, 8.0 * N *D},
    {"dropout", dropout, 0, 8.0 * N *D},
    {"cross_entropy", entropy, 0, 8.0 * N *V},
    {"adamw", adamw, 0, 28.0 * N *D},
    {"sum_squares", squares, 0, 4.0 * N *F},
    {"gemv f32 4096x1024", gemv_f32, 0, 4.0 * BIG_OUT *BIG_IN},
    {"gemv bf16 4096x1024", gemv_bf16, 0, 2.0 * BIG_OUT *BIG_IN},
    {"gemv f16 4096x1024", gemv_f16, 0, 2.0 * BIG_OUT *BIG_IN},
    {"gemv bf16, 4 rows", gemv4_bf16, 0, 2.0 * BIG_OUT *BIG_IN},
    {"gemv f32 256x256", gemv_small, 0, 4.0 * D *D},
    {"decode, 512 keys", decode_512, 0, 8.0 * 512 * G *K},
    {"rmsnorm of one row", rmsnorm_1, 0, 8.0 * D},
};

static void report(Bench *t, const Row *row)
{
    BenchCase cases[] = {{.name = row->name, .body = row->body, .context = t},
                         {.name = "product", .body = ceiling_product, .context = t},
                         {.name = "copy", .body = ceiling_copy, .context = t},
                         {.name = "read", .body = ceiling_read, .context = t}};
    bench_run(cases, 4, ROUNDS, 0.002);
    double seconds = cases[0].seconds;
    double product = 2.0 * N * F * D / cases[1].seconds, copy = 2.0 * COPY / cases[2].seconds;
    double read = 4.0 * BIG_OUT * BIG_IN / cases[3].seconds;

    printf("%-22s %9.1f us, best %9.1f", row->name, seconds * 1e6, cases[0].best * 1e6);
    if (row->flops > 0) {
        printf("  %7.1f GF/s  %5.2f of the ceiling (%.0f)", row->flops / seconds * 1e-9,
               row->flops / seconds / product, product * 1e-9);
    } else {
        printf("  %27s", "");
    }
    printf("  %6.1f GB/s  %5.2f of copying (%.0f), %.2f of reading (%.0f)\n",
           row->bytes / seconds * 1e-9, row->bytes / seconds / copy, copy * 1e-9,
           row->bytes / seconds / read, read * 1e-9);
}

static void set_up(Bench *t)
{
    t->x = bench_floats(N * D, 1), t->y = bench_floats(N * D, 2), t->z = bench_floats(N * D, 3);
    t->w = bench_floats(V * D, 4), t->wide = bench_floats(N * F, 5);
    t->wide2 = bench_floats(N * F, 6), t->wide3 = bench_floats(N * F, 7);
    t->a = bench_floats(R * F, 8), t->b = bench_floats(R * F, 9), t->h = bench_floats(N * R, 10);
    t->inv = bench_floats(N, 11), t->lse = bench_floats(N * H, 12), t->q = bench_floats(N * D, 13);
    t->k = bench_floats(N * G * K, 14), t->v = bench_floats(N * G * K, 15);
    t->big = bench_floats(BIG_OUT * BIG_IN, 16), t->big2 = bench_floats(BIG_OUT * BIG_IN, 17);
    t->half = calloc(BIG_OUT * BIG_IN, sizeof *t->half);
    t->label = calloc(N, sizeof *t->label), t->position = calloc(N, sizeof *t->position);
    t->best = calloc(N, sizeof *t->best), t->loss = calloc(N, sizeof *t->loss);
    CHECK(t->half != NULL && t->label != NULL && t->position != NULL && t->best != NULL);
    CHECK(t->loss != NULL);
    for (Index i = 0; i < BIG_OUT * BIG_IN; i++) t->half[i] = (uint16_t)(0x3c00 + i % 512);
    for (int i = 0; i < N; i++) t->label[i] = i * 7 % V, t->position[i] = i % T;
    for (int s = 0; s <= S; s++) t->at[s] = s * T;
}

static void tear_down(Bench *t)
{
    float *floats[] = {t->x, t->y, t->z,   t->w,   t->wide, t->wide2, t->wide3, t->a,   t->b,
                       t->h, t->q, t->inv, t->lse, t->k,    t->v,     t->big,   t->big2};
    for (size_t i = 0; i < sizeof floats / sizeof floats[0]; i++) free(floats[i]);
    free(t->half);
    free(t->label);
    free(t->position);
    free(t->best);
    free(t->loss);
}

int main(int argc, char **argv)
{
    Error    err = {0};
    int      threads = argc > 1 ? (int)strtol(argv[1], NULL, 10) : pool_default_threads();
    Backend *be = backend_cpu_create(threads < 1 ? 1 : threads, &err);
    if (be == NULL || !be->reserve(be, be->attention_workspace(1024, K), &err)) {
        fprintf(stderr, "bench_ops: %s\n", err.message);
        return (int)err.code;
    }
    printf("%s\n", be->description);
    Bench t = {.be = be};
    set_up(&t);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (argc > 2 && strstr(rows[i].name, argv[2]) == NULL) continue;
        report(&t, &rows[i]);
    }
    tear_down(&t);
    be->free(be);
    return 0;
}
