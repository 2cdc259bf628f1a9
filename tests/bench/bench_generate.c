/*
 * Generation with the cache on a network of the size of Qwen2.5-0.5B with random weights, stored
 * as bf16 and as f32. One token reads every weight once, so the bound is how fast the same
 * threads can read the same weights and add them up. A token and a sweep take turns.
 *
 *   bench_generate [threads [tokens]]
 */

#include <stdio.h>
#include <stdlib.h>

#include "core/math/cpu/cpu.h"
#include "core/model/generate.h"
#include "tests/bench/bench.h"
#include "tests/bench/rig.h"

enum { PROMPT = 32, TOKENS = 24, MAX_TOKENS = 1000, SWEEP_BYTES = 1 << 18 };

typedef struct Bench {
    Model   *model;
    double   token[MAX_TOKENS], sweep[MAX_TOKENS], start;
    int      count;
    Index    bytes;
    uint64_t sums[1024];
} Bench;

typedef struct Sweep {
    const char *data;
    Index       bytes;
    uint64_t   *sums; /* one for each task, modulo their number */
} Sweep;

static void sweep_task(void *context, Index task, int worker)
{
    (void)worker;
    const Sweep    *s = context;
    const uint64_t *x = (const void *)(s->data + task * SWEEP_BYTES);
    Index           n = cpu_min(SWEEP_BYTES, s->bytes - task * SWEEP_BYTES) / 8;
    uint64_t        sum = 0;
#pragma omp simd reduction(+ : sum)
    for (Index i = 0; i < n; i++) sum += x[i];
    s->sums[task % 1024] += sum;
}

/* Every weight that a token's products read. */
static void sweep(Bench *b)
{
    Pool *pool = cpu_state(b->model->be)->pool;
    b->bytes = 0;
    for (Index i = 0; i < b->model->module_count; i++) {
        const Module *m = &b->model->modules[i];
        if (!module_is_linear(m)) continue;
        Sweep s = {m->weight.data, m->weight.rows * m->weight.cols * dtype_bytes(m->weight.dtype),
                   b->sums};
        pool_run(pool, cpu_pieces(s.bytes, SWEEP_BYTES), sweep_task, &s);
        b->bytes += s.bytes;
    }
}

static bool on_token(void *context, int32_t id)
{
    (void)id;
    Bench *b = context;
    double made = clock_seconds();
    sweep(b);
    double swept = clock_seconds();
    if (b->count >= 0 && b->count < MAX_TOKENS) {
        b->token[b->count] = made - b->start;
        b->sweep[b->count] = swept - made;
    }
    b->count++;
    b->start = clock_seconds();
    return true;
}

static void measure(Bench *b, int tokens)
{
    Error        err = {0};
    int32_t      prompt[PROMPT];
    Ids          out = {0};
    StopReason   stop;
    GenerateSpec spec = {.max_new_tokens = tokens + 2, .top_p = 1, .ignore_end = true};
    Net         *net = net_create(b->model, &err);
    rig_check(net != NULL, &err);
    Tape *tape = tape_create(b->model->be, b->model->account, &err);
    rig_check(tape != NULL, &err);

    for (int i = 0; i < PROMPT; i++) prompt[i] = 100 + 37 * i;
    b->count = -2; /* the first includes the prompt, the second warms up */
    b->start = clock_seconds();
    rig_check(generate(net, tape, prompt, PROMPT, spec, on_token, b, NULL, &out, &stop, &err),
              &err);
    ids_free(&out);
    tape_free(tape);
    net_free(net);
}

static void report(Bench *b, const char *name)
{
    double share[MAX_TOKENS];
    for (int i = 0; i < b->count; i++) share[i] = b->sweep[i] / b->token[i];
    double token = bench_quantile(b->token, b->count, 0.5);
    double swept = bench_quantile(b->sweep, b->count, 0.5);
    printf("generate 0.5B %-5s %7.1f tokens/s, %5.1f ms a token; reading %.2f GB of weights takes "
           "%5.1f ms (%.1f GB/s)\n",
           name, 1.0 / token, token * 1e3, (double)b->bytes * 1e-9, swept * 1e3,
           (double)b->bytes / swept * 1e-9);
    char text[64];
    snprintf(text, sizeof text, "generate 0.5B %s / reading rate", name);
    bench_target(text, share, b->count, 0.60, true);
}

static void run(Backend *be, DType dtype, int tokens)
{
    Error       err = {0};
    Bench      *b = calloc(1, sizeof *b);
    MemAccount *account = mem_account_create("bench", &err);
    rig_check(b != NULL && account != NULL, &err);
    ModelConfig config = rig_config(151936, 896, 24, 14, 2, 64, 4864);
    config.dtype = dtype;
    b->model = model_random(&config, 1, be, account, &err);
    rig_check(b->model != NULL, &err);
    measure(b, tokens);
    report(b, dtype_name(dtype));
    model_free(b->model);
    mem_account_free(account);
    free(b);
}

int main(int argc, char **argv)
{
    Error    err = {0};
    int      threads = argc > 1 ? (int)strtol(argv[1], NULL, 10) : pool_default_threads();
    int      tokens = argc > 2 ? (int)strtol(argv[2], NULL, 10) : TOKENS;
    Backend *be = backend_cpu_create(threads < 1 ? 1 : threads, &err);
    rig_check(be != NULL, &err);
    CHECK(tokens > 0 && tokens <= MAX_TOKENS);
    run(be, DTYPE_BF16, tokens);
    run(be, DTYPE_F32, tokens);
    be->free(be);
    return 0;
}
