/*
 * The cpu backend's table, its memory and the way its work reaches the pool.
 */

#include "core/math/cpu/cpu_ops.h"
#include "core/math/host.h"

#include <stdio.h>
#include <string.h>

/* ---- memory ----------------------------------------------------------------------------- */

/* Blocks are counted by whoever asked for them, who knows account and purpose. Here they stand on
 * an account that nobody adds up: for the leak check and the fault rig. */
static void *host_alloc(Backend *be, Index bytes, Error *err)
{
    return mem_alloc_raw(cpu_state(be)->blocks, MEM_SCRATCH, bytes, 1, err);
}

static void host_release(Backend *be, void *block)
{
    (void)be;
    mem_free(block);
}

static void host_put(Backend *be, void *dst, const void *host, Index bytes)
{
    (void)be;
    if (bytes > 0) memcpy(dst, host, (size_t)bytes);
}

static void host_get(Backend *be, void *host, const void *src, Index bytes)
{
    host_put(be, host, src, bytes);
}

typedef struct Bytes {
    char       *dst;
    const char *src; /* NULL: zeros */
} Bytes;

static void bytes_span(void *context, Index from, Index to)
{
    const Bytes *b = context;
    if (b->src == NULL) {
        memset(b->dst + from, 0, (size_t)(to - from));
    } else {
        memcpy(b->dst + from, b->src + from, (size_t)(to - from));
    }
}

static void host_copy(Backend *be, void *dst, const void *src, Index bytes)
{
    cpu_for(be, bytes, 4 * CPU_CHUNK, bytes_span, &(Bytes){dst, src});
}

static void host_zero(Backend *be, void *dst, Index bytes)
{
    cpu_for(be, bytes, 4 * CPU_CHUNK, bytes_span, &(Bytes){dst, NULL});
}

/* Each worker's part begins on a page of its own. */
static bool reserve(Backend *be, Index bytes_per_worker, Error *err)
{
    CpuState *cpu = cpu_state(be);
    if (bytes_per_worker <= cpu->scratch_bytes) return true;

    Index bytes = cpu_pieces(bytes_per_worker, 4096) * 4096;
    char *grown = mem_alloc_raw(mem_program(), MEM_SCRATCH, be->threads, bytes, err);
    if (grown == NULL) return false;
    mem_free(cpu->scratch);
    cpu->scratch = grown;
    cpu->scratch_bytes = bytes;
    return true;
}

float *cpu_scratch(Backend *be, int worker, Index bytes)
{
    CpuState *cpu = cpu_state(be);
    CHECK(bytes <= cpu->scratch_bytes); /* somebody forgot to reserve */
    return (void *)(cpu->scratch + worker * cpu->scratch_bytes);
}

/* ---- tasks ------------------------------------------------------------------------------ */

void cpu_run(Backend *be, Index count, bool light, PoolTask *task, void *context)
{
    if (light || count == 1) {
        for (Index i = 0; i < count; i++) task(context, i, 0);
        return;
    }
    pool_run(cpu_state(be)->pool, count, task, context);
}

typedef struct For {
    Index    n, chunk;
    CpuSpan *span;
    void    *context;
} For;

static void for_task(void *context, Index task, int worker)
{
    (void)worker;
    const For *f = context;
    Index      from = task * f->chunk;
    f->span(f->context, from, cpu_min(from + f->chunk, f->n));
}

void cpu_for(Backend *be, Index n, Index chunk, CpuSpan *span, void *context)
{
    Index count = cpu_pieces(n, chunk);
    cpu_run(be, count, count <= 2, for_task, &(For){n, chunk, span, context});
}

Index cpu_rows(Index D)
{
    return cpu_max(CPU_CHUNK / cpu_max(D, 1), 1);
}

/* ---- creation --------------------------------------------------------------------------- */

static void cpu_free(Backend *be)
{
    if (be == NULL) return;
    CpuState *cpu = be->state;
    if (cpu != NULL) {
        pool_free(cpu->pool);
        mem_free(cpu->scratch);
        mem_free(cpu->shared);
        mem_account_free(cpu->blocks);
    }
    mem_free(cpu);
    mem_free(be);
}

static const Backend table = {
    .name                = "cpu",
    .space               = MEM_HOST,
    .free                = cpu_free,
    .sync                = host_sync,
    .row_bucket          = host_row_bucket,
    .device_memory       = host_device_memory,
    .alloc               = host_alloc,
    .release             = host_release,
    .put                 = host_put,
    .get                 = host_get,
    .copy                = host_copy,
    .zero                = host_zero,
    .reserve             = reserve,
    .attention_workspace = cpu_attention_workspace,
    .mat_workspace       = cpu_mat_workspace,
    .gemm                = cpu_gemm,
    .linear              = cpu_linear,
    .linear_dx           = cpu_linear_dx,
    .linear_dw           = cpu_linear_dw,
    .bias_grad           = cpu_bias_grad,
    .mat_rows            = cpu_mat_rows,
    .embed               = cpu_embed,
    .embed_grad          = cpu_embed_grad,
    .gather              = cpu_gather,
    .gather_grad         = cpu_gather_grad,
    .rmsnorm             = cpu_rmsnorm,
    .rmsnorm_grad        = cpu_rmsnorm_grad,
    .rope                = cpu_rope,
    .swiglu              = cpu_swiglu,
    .swiglu_grad         = cpu_swiglu_grad,
    .activation          = cpu_activation,
    .activation_grad     = cpu_activation_grad,
    .add                 = cpu_add,
    .axpy                = cpu_axpy,
    .scale               = cpu_scale,
    .dropout             = cpu_dropout,
    .attention           = cpu_attention,
    .attention_grad      = cpu_attention_grad,
    .cross_entropy       = cpu_cross_entropy,
    .sum_squares         = cpu_sum_squares,
    .adamw               = cpu_adamw,
    .sgd                 = cpu_sgd,
};

Backend *backend_cpu_create(int threads, Error *err)
{
    CHECK(threads >= 1 && threads <= 64);

    Backend *be = mem_alloc(mem_program(), MEM_SCRATCH, 1, sizeof *be, err);
    if (be == NULL) return NULL;
    *be = table;
    be->threads = threads;

    CpuState *cpu = mem_alloc(mem_program(), MEM_SCRATCH, 1, sizeof *cpu, err);
    be->state = cpu;
    if (cpu == NULL) goto fail;
    cpu->blocks = mem_account_create("blocks of the cpu backend", err);
    if (cpu->blocks == NULL) goto fail;
    cpu->pool = pool_create(threads, err);
    if (cpu->pool == NULL) goto fail;
    cpu->shared = mem_alloc_raw(mem_program(), MEM_SCRATCH, CPU_SHARED, 1, err);
    if (cpu->shared == NULL || !reserve(be, CPU_SCRATCH, err)) goto fail;

    char blas[120];
    cpu_blas_start(blas, sizeof blas);
    snprintf(be->description, sizeof be->description, tr("%s, %d %s"), blas, threads,
             threads == 1 ? tr("thread") : tr("threads"));
    return be;

fail:
    cpu_free(be);
    return NULL;
}
