/*
 * The ref backend's table. It is what every other backend is measured against, and what a
 * reader opens first to see what an op does.
 */

#include "core/math/host.h"
#include "core/math/ref/ref.h"

static void ref_free(Backend *be)
{
    if (be == NULL) return;
    RefState *ref = be->state;
    if (ref != NULL) {
        mem_account_free(ref->blocks);
        mem_free(ref->workspace);
    }
    mem_free(ref);
    mem_free(be);
}

static const Backend table = {
    .name = "ref",
    .description = "ref: readable loops, double accumulators, one thread",
    .space = MEM_HOST,
    .threads = 1,
    .free = ref_free,
    .sync = host_sync,
    .row_bucket = host_row_bucket,
    .device_memory = host_device_memory,
    .alloc = ref_alloc,
    .release = ref_release,
    .put = ref_put,
    .get = ref_get,
    .copy = ref_copy,
    .zero = ref_zero,
    .reserve = ref_reserve,
    .attention_workspace = ref_attention_workspace,
    .mat_workspace = ref_mat_workspace,
    .gemm = ref_gemm,
    .linear = ref_linear,
    .linear_dx = ref_linear_dx,
    .linear_dw = ref_linear_dw,
    .bias_grad = ref_bias_grad,
    .mat_rows = ref_mat_rows,
    .embed = ref_embed,
    .embed_grad = ref_embed_grad,
    .gather = ref_gather,
    .gather_grad = ref_gather_grad,
    .rmsnorm = ref_rmsnorm,
    .rmsnorm_grad = ref_rmsnorm_grad,
    .rope = ref_rope,
    .swiglu = ref_swiglu,
    .swiglu_grad = ref_swiglu_grad,
    .activation = ref_activation,
    .activation_grad = ref_activation_grad,
    .add = ref_add,
    .axpy = ref_axpy,
    .scale = ref_scale,
    .dropout = ref_dropout,
    .attention = ref_attention,
    .attention_grad = ref_attention_grad,
    .cross_entropy = ref_cross_entropy,
    .sum_squares = ref_sum_squares,
    .adamw = ref_adamw,
    .sgd = ref_sgd,
};

Backend *backend_ref_create(Error *err)
{
    Backend *be = mem_alloc(mem_program(), MEM_SCRATCH, 1, sizeof *be, err);
    if (be == NULL) return NULL;
    *be = table;

    RefState *ref = mem_alloc(mem_program(), MEM_SCRATCH, 1, sizeof *ref, err);
    if (ref == NULL) goto fail;
    be->state = ref;
    ref->blocks = mem_account_create("ref backend", err);
    if (ref->blocks == NULL) goto fail;
    return be;

fail:
    ref_free(be);
    return NULL;
}
