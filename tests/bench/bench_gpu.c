/*
 * The CUDA backend on this machine's GPU, as ratios of one run:
 *
 *   tiny     LoRA steps of the shipped model on the sql task, bound by launches, against
 *            transformers + PEFT, eager and compiled
 *   large    LoRA steps of the shape of Qwen2.5-1.5B with random weights in bfloat16, 8 x 512
 *            tokens: the share of the best bfloat16 product of this run, and against the same
 *   memory   of both: the device's own figure against what the plan says
 *
 * The other side is tests/bench/gpu_peft.py in a process of its own, where Python
 * ($LORALAB_BENCH_PYTHON, or python3) has torch, transformers and peft. $LORALAB_BENCH_SECONDS
 * bounds all of it (300). The plug-in is the one beside $LORALAB_PROGRAM. Nothing is asserted.
 *
 *   bench_gpu [small]     small shapes, without a GPU on the cpu backend, to try this bench
 */

#define _GNU_SOURCE /* realpath */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/pool.h"
#include "core/math/cuda/cuda.h"
#include "tests/bench/bench.h"
#include "tests/bench/child.h"
#include "tests/bench/device_memory.h"
#include "tests/bench/drawn_model.h"
#include "tests/bench/rig.h"

enum { MAX_STEPS = 400, ROUNDS = 6, CALLS = 10 };

typedef struct Bench {
    bool              small;
    const CudaPlugin *plugin;         /* NULL: the cpu backend */
    double            tiny, large;    /* our tokens/s */
    double            product;        /* the best one's operations/s */
    double            flops, seconds; /* of a large step */
    double            theirs[4];      /* tokens/s, see names */
} Bench;

/* ---- devices ---------------------------------------------------------------------------- */

/* False: there is no usable GPU, because of `why`. */
static bool find_plugin(Bench *b, char *why, size_t size)
{
    Error       err = {0};
    char        folder[PATH_MAX] = "", path[PATH_MAX + sizeof CUDA_PLUGIN_FILE];
    const char *program = getenv("LORALAB_PROGRAM");
    if (program == NULL) program = "build/release/loralab";
    char *slash = realpath(program, folder) != NULL ? strrchr(folder, '/') : NULL;
    if (slash == NULL) {
        snprintf(why, size, "%s is not there ($LORALAB_PROGRAM)", program);
        return false;
    }
    *slash = '\0';
    snprintf(path, sizeof path, "%s/%s", folder, CUDA_PLUGIN_FILE);
    b->plugin = cuda_plugin_open(path, folder, &err);
    if (b->plugin == NULL) {
        snprintf(why, size, "%.250s", err.message);
        return false;
    }
    cuda_use_plugin(b->plugin, NULL);
    if (!cuda_offer(why, size)) return false;
    printf("%s\n", why);
    return true;
}

static Backend *open_device(const Bench *b, Precision precision)
{
    Error       err = {0};
    BackendSpec spec = {.name = "cuda", .precision = precision};
    if (b->plugin == NULL) spec = (BackendSpec){.name = "cpu"};
    Backend *be = backend_open(&spec, &err);
    rig_check(be != NULL, &err);
    return be;
}

/* ---- the best product ------------------------------------------------------------------- */

/* y = x W^T of squares, W as bfloat16; a round is some of them back to back. */
static void measure_product(Bench *b, Backend *be)
{
    Error  err = {0};
    Index  n = b->small ? 256 : 8192;
    float *host = mem_alloc_raw(mem_program(), MEM_SCRATCH, n * n, sizeof *host, &err);
    rig_check(host != NULL, &err);
    void  *w = be->alloc(be, n * n * 2, &err);
    float *x = be->alloc(be, n * n * (Index)sizeof *x, &err);
    float *y = be->alloc(be, n * n * (Index)sizeof *y, &err);
    rig_check(w != NULL && x != NULL && y != NULL, &err);
    drawn_values(host, DTYPE_BF16, n * n, 1.0f, 1);
    be->put(be, w, host, n * n * 2);
    drawn_values(host, DTYPE_F32, n * n, 1.0f, 2);
    be->put(be, x, host, n * n * (Index)sizeof *host);
    mem_free(host);

    double best = HUGE_VAL;
    Mat    W = {w, DTYPE_BF16, n, n};
    rig_check(be->reserve(be, be->mat_workspace(W.dtype, n), &err), &err);
    for (int r = 0; r < ROUNDS; r++) {
        rig_wait(be);
        double start = clock_seconds();
        for (int i = 0; i < CALLS; i++) be->linear(be, y, x, W, NULL, n);
        rig_wait(be);
        best = fmin(best, (clock_seconds() - start) / CALLS);
    }
    b->product = 2.0 * pow((double)n, 3) / best;
    printf("product: %td^3 in bf16 by the plug-in, x converted: %.1f TFLOP/s\n", n,
           b->product * 1e-12);
    be->release(be, w);
    be->release(be, x);
    be->release(be, y);
}

/* ---- our steps -------------------------------------------------------------------------- */

/* Tokens/s and seconds of the median step. */
static double measure_steps(Rig *rig, int warm, int steps, double *seconds)
{
    static double took[MAX_STEPS], speed[MAX_STEPS];
    CHECK(steps <= MAX_STEPS);
    for (int i = 0; i < warm; i++) rig_step(rig);
    for (int i = 0; i < steps; i++) {
        double start = clock_seconds();
        double tokens = (double)rig_step(rig).tokens;
        took[i] = clock_seconds() - start;
        speed[i] = tokens / took[i];
    }
    *seconds = bench_quantile(took, steps, 0.5);
    return bench_quantile(speed, steps, 0.5);
}

static void tell_replays(const Bench *b, const Rig *rig)
{
    int64_t graphs, single;
    if (b->plugin == NULL) return;
    b->plugin->replays(rig->model->be, &graphs, &single);
    printf("      %lld lists replayed as graphs, %lld issued one by one\n", (long long)graphs,
           (long long)single);
}

static void measure_tiny(Bench *b)
{
    int      warm = b->small ? 2 : 100, steps = b->small ? 5 : MAX_STEPS;
    double   seconds;
    Rig      rig;
    Backend *be = open_device(b, PRECISION_F32);
    Held     before = memory_held(be);
    rig_open_task_on(&rig, be, "data/base/tiny", "data/tasks/sql.grammar", 16);
    b->tiny = measure_steps(&rig, warm, steps, &seconds);
    printf("tiny: %.0f tokens/s, a step %.3f ms\n", b->tiny, seconds * 1e3);
    tell_replays(b, &rig);
    Plan plan = memory_plan(&rig, warm + steps);
    memory_tell("tiny", &rig, &plan, before, 0);
    rig_close(&rig);
}

static ModelConfig large_shape(const Bench *b)
{
    ModelConfig c = b->small ? rig_config(1500, 96, 2, 6, 2, 16, 160)
                             : rig_config(151936, 1536, 28, 12, 2, 128, 8960);
    c.dtype = DTYPE_BF16;
    return c;
}

static void measure_large(Bench *b)
{
    Error       err = {0};
    Rig         rig;
    ModelConfig config = large_shape(b);
    Index       batch = b->small ? 2 : 8, length = b->small ? 32 : 512;
    Backend    *be = open_device(b, PRECISION_BF16);
    measure_product(b, be);
    Held   before = memory_held(be);
    double start = clock_seconds();
    Model *model = drawn_model(&config, be, mem_program(), &err);
    rig_check(model != NULL, &err);
    printf("large: %.3f billion random weights in %.1f s\n", (double)model->parameters * 1e-9,
           clock_seconds() - start);
    rig_open_model_on(&rig, be, model, batch, length);
    b->large = measure_steps(&rig, 3, b->small ? 3 : 12, &b->seconds);
    Plan plan = memory_plan(&rig, 1);
    b->flops = plan.flops_forward + plan.flops_backward;
    printf("large: %.0f tokens/s, a step %.1f ms, %.2f TFLOP\n", b->large, b->seconds * 1e3,
           b->flops * 1e-12);
    tell_replays(b, &rig);
    memory_tell("large", &rig, &plan, before, 0.1);
    rig_close(&rig);
}

/* ---- the others --------------------------------------------------------------------------- */

static const char *const names[] = {"tiny-eager", "large-eager", "tiny-compiled", "large-compiled"};

static void on_line(void *context, const char *line)
{
    Bench *b = context;
    char   name[32], *end;
    size_t n = strcspn(line, " ");
    printf("torch: %s\n", line);
    if (n >= sizeof name) return;
    memcpy(name, line, n);
    name[n] = '\0';
    double number = strtod(line + n, &end);
    if (strcmp(name, "product") == 0) b->product = fmax(b->product, number * 1e12);
    for (int i = 0; i < 4; i++) {
        if (strcmp(name, names[i]) == 0) b->theirs[i] = number;
    }
}

static void measure_others(Bench *b, double until)
{
    char        seconds[32];
    const char *python = getenv("LORALAB_BENCH_PYTHON");
    const char *argv[] = {python != NULL ? python : "python3",
                          "tests/bench/gpu_peft.py",
                          "data/base/tiny",
                          seconds,
                          b->small ? "small" : NULL,
                          NULL};
    snprintf(seconds, sizeof seconds, "%.0f", fmax(until - clock_seconds(), 1));
    if (!child_lines(argv, on_line, b)) {
        printf("torch: %s did not get to its end ($LORALAB_BENCH_PYTHON, $LORALAB_BENCH_SECONDS)\n",
               argv[0]);
    }
}

/* ---- all -------------------------------------------------------------------------------- */

/* target 0: told only. */
static void compare(const char *name, double ours, double theirs, double target)
{
    if (theirs <= 0) {
        printf("%-40s not measured\n", name);
        return;
    }
    printf("%-40s %8.3f", name, ours / theirs);
    if (target > 0) printf("  target >= %g  %s", target, ours / theirs >= target ? "PASS" : "MISS");
    printf("\n");
}

int main(int argc, char **argv)
{
    const char *bound = getenv("LORALAB_BENCH_SECONDS");
    double      until = clock_seconds() + (bound != NULL ? strtod(bound, NULL) : 300);
    Bench       b = {.small = argc > 1 && strcmp(argv[1], "small") == 0};
    char        why[256];
    setvbuf(stdout, NULL, _IOLBF, 0); /* who is killed has told what it knew */
    if (!find_plugin(&b, why, sizeof why)) {
        b.plugin = NULL;
        printf("%s: no usable GPU: %s\n", b.small ? "cpu" : "skipped", why);
        if (!b.small) return 0;
    }

    measure_tiny(&b);
    measure_large(&b);
    measure_others(&b, until);
    compare("tiny: tokens/s / PEFT eager", b.tiny, b.theirs[0], 5);
    compare("tiny: tokens/s / PEFT compiled", b.tiny, b.theirs[2], 0);
    compare("large: share of the best bf16 product", b.flops / b.seconds, b.product, 0.4);
    compare("large: tokens/s / PEFT eager", b.large, b.theirs[1], 1.2);
    compare("large: tokens/s / PEFT compiled", b.large, b.theirs[3], 0);
    return 0;
}
