/*
 * What a training step costs, against what it could cost at least and against others:
 *
 *   its own products      every matrix product of the step done again by itself, in turn with it
 *   padded batches        the same examples as rectangles with logits for every row
 *   transformers + PEFT   where Python has them ($LORALAB_BENCH_PYTHON, or python3)
 *   a fresh process       seconds to the first step, memory at its peak, `loralab --version`
 *
 * Figures are ratios of medians of things that took turns; nothing is asserted.
 *
 *   bench_train [threads [profile]]     profile: where the time of a step goes, op by op
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/base/file.h"
#include "tests/bench/bench.h"
#include "tests/bench/child.h"
#include "tests/bench/rig.h"

enum { PAIRS_LARGE = 40, PAIRS_SMALL = 200, MAX_PAIRS = 200, BATCH = 16, LENGTH = 128 };

static ModelConfig shape_s(void)
{
    return rig_config(1024, 256, 4, 4, 2, 64, 704);
}

/* ---- a step and its products ------------------------------------------------------------ */

static void profile(Rig *rig, const char *name, int steps)
{
    Trace *t = &rig->trace;
    double all = 0, ops = 0;
    t->timing = true;
    for (int i = 0; i < steps; i++) {
        trace_forget(t);
        double start = clock_seconds();
        rig_step(rig);
        all += clock_seconds() - start;
        trace_replay(t);
    }
    printf("%s, ms a step:\n", name);
    for (int op = 0; op < TRACE_OP_COUNT; op++) {
        if (t->calls[op] == 0) continue;
        ops += t->seconds[op];
        printf("  %-16s %8.3f %5.1f %% %5ld calls", trace_name((TraceOp)op),
               t->seconds[op] / steps * 1e3, t->seconds[op] / all * 100, t->calls[op] / steps);
        if (op < TRACE_PRODUCTS) printf(", as products alone %8.3f", t->again[op] / steps * 1e3);
        printf("\n");
    }
    printf("  %-16s %8.3f %5.1f %%\n", "outside of ops", (all - ops) / steps * 1e3,
           (all - ops) / all * 100);
    t->timing = false;
}

static void step_and_products(Rig *rig, const char *name, int pairs, bool profiled)
{
    static double step[MAX_PAIRS], products[MAX_PAIRS], ratio[MAX_PAIRS];
    double        tokens = 0, flops = 0;
    CHECK(pairs <= MAX_PAIRS);

    for (int i = 0; i < 3; i++) rig_step(rig);
    rig->trace.recording = true;
    for (int i = 0; i < pairs; i++) {
        trace_forget(&rig->trace);
        double start = clock_seconds();
        tokens += (double)rig_step(rig).tokens / pairs;
        double stepped = clock_seconds();
        trace_replay(&rig->trace);
        step[i] = stepped - start;
        products[i] = clock_seconds() - stepped;
        ratio[i] = step[i] / products[i];
        flops += rig->trace.flops / pairs;
    }
    double s = bench_quantile(step, pairs, 0.5), p = bench_quantile(products, pairs, 0.5);
    printf("%s: %.0f tokens/s, a step of %.0f tokens %.2f ms (best %.2f), its products %.2f ms "
           "(best %.2f, linear ones %.0f GF/s)\n",
           name, tokens / s, tokens, s * 1e3, step[0] * 1e3, p * 1e3, products[0] * 1e3,
           flops / p * 1e-9);
    char line[80];
    snprintf(line, sizeof line, "%s: step / its products", name);
    bench_target(line, ratio, pairs, 1.2, false);
    if (profiled) profile(rig, name, pairs);
    rig->trace.recording = false;
}

/* ---- against padded batches ------------------------------------------------------------- */

/* Forward, loss and backward over these rows. */
static double learn(Rig *rig, const Rows *rows, const int32_t *labels)
{
    Error    err = {0};
    double   loss = 0, start = clock_seconds();
    LossSpec spec = {.labels = labels, .grad_scale = 1e-3f, .loss_sum = &loss};
    params_zero_grads(rig->method->params);
    tape_begin(rig->tape, true, NULL);
    Tensor *hidden = net_forward(rig->net, rig->tape, rows);
    net_loss(rig->net, rig->tape, hidden, spec);
    tape_done(rig->tape, hidden);
    rig_check(tape_ok(rig->tape, &err) && tape_backward(rig->tape, &err), &err);
    tape_reset(rig->tape);
    return clock_seconds() - start;
}

enum { PADDED = BATCH * 512 };

/* The examples as a rectangle as wide as the longest, with a logit row for every token. */
static double learn_padded(Rig *rig, const Index *pick)
{
    static int32_t ids[PADDED], position[PADDED], labels[PADDED];
    Index          at[BATCH + 1] = {0}, longest = 0;
    for (int i = 0; i < BATCH; i++) {
        Index count = rig->data->examples[pick[i]].count;
        if (count > longest) longest = count;
    }
    CHECK(longest * BATCH <= PADDED);
    for (int i = 0; i < BATCH; i++) {
        const Example *e = &rig->data->examples[pick[i]];
        for (Index t = 0; t < longest; t++) {
            Index n = i * longest + t;
            bool  target = t + 1 < e->count && e->labels[t + 1] >= 0;
            ids[n] = t < e->count ? e->ids[t] : 0;
            position[n] = (int32_t)t;
            labels[n] = target ? e->labels[t + 1] : -1;
        }
        at[i + 1] = (i + 1) * longest;
    }
    Rows rows = {.N = BATCH * longest,
                 .S = BATCH,
                 .ids = ids,
                 .position = position,
                 .at = at,
                 .M = BATCH * longest};
    return learn(rig, &rows, labels);
}

static void against_padded(Rig *rig, const char *name)
{
    static double ours[MAX_PAIRS], padded[MAX_PAIRS], ratio[MAX_PAIRS];
    enum { PAIRS = 60 };
    Batch batch = {0};
    Error err = {0};
    rig_check(net_reserve(rig->net, 512, &err), &err);
    for (int i = 0; i < PAIRS; i++) {
        Index pick[BATCH];
        for (int k = 0; k < BATCH; k++) pick[k] = (i * BATCH + k) % rig->data->count;
        rig_check(batch_fill(&batch, rig->data, pick, BATCH, 0, &err), &err);
        ours[i] = learn(rig, &batch.rows, batch.labels);
        padded[i] = learn_padded(rig, pick);
        ratio[i] = padded[i] / ours[i];
    }
    batch_free(&batch);
    double a = bench_quantile(ours, PAIRS, 0.5), b = bench_quantile(padded, PAIRS, 0.5);
    printf("%s: padded batches with all logits take %.2f ms, ours %.2f ms: %.2f times "
           "(quartiles %.2f .. %.2f)\n",
           name, b * 1e3, a * 1e3, b / a, bench_quantile(ratio, PAIRS, 0.25),
           bench_quantile(ratio, PAIRS, 0.75));
}

/* ---- processes -------------------------------------------------------------------------- */

/* What the fresh process does: one step, when it was done, some more, and the peak of memory. */
static int first_steps(int threads)
{
    Rig         rig;
    ModelConfig config = shape_s();
    rig_open_random(&rig, threads, &config, BATCH, LENGTH);
    rig_step(&rig);
    double stepped = clock_seconds();
    for (int i = 0; i < 5; i++) rig_step(&rig);
    rig_close(&rig);
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%.6f %.3f\n", stepped, (double)usage.ru_maxrss * 1024e-6);
    return 0;
}

static void fresh_process(const char *self, int threads)
{
    enum { RUNS = 7 };
    double first[RUNS], peak[RUNS], number[2];
    char   count[16];
    snprintf(count, sizeof count, "%d", threads);
    for (int i = 0; i < RUNS; i++) {
        double start = clock_seconds();
        CHECK(child_run((const char *[]){self, count, "first", NULL}, number));
        first[i] = number[0] - start;
        peak[i] = number[1];
    }
    bench_target("S: seconds from start to the end of step 1", first, RUNS, 0.3, false);
    bench_target("S: peak memory of the process, MB", peak, RUNS, 150, false);
}

static void version(void)
{
    enum { RUNS = 15 };
    double      took[RUNS], number[2];
    const char *program = getenv("LORALAB_PROGRAM");
    if (program == NULL) program = "./loralab";
    for (int i = 0; i < RUNS; i++) {
        double start = clock_seconds();
        if (!child_run((const char *[]){program, "--version", NULL}, number)) {
            printf("loralab --version: %s did not run ($LORALAB_PROGRAM): skipped\n", program);
            return;
        }
        took[i] = (clock_seconds() - start) * 1e3;
    }
    bench_target("loralab --version, ms", took, RUNS, 20, false);
}

/* ---- against transformers + PEFT -------------------------------------------------------- */

enum { ROUNDS = 3, SETTINGS = 2 };

static const char *find_python(void)
{
    static const char import[] = "import torch, transformers, peft";
    double            number[2];
    const char       *python = getenv("LORALAB_BENCH_PYTHON");
    if (python == NULL) python = "python3";
    return child_run((const char *[]){python, "-c", import, NULL}, number) ? python : NULL;
}

static double our_speed(Rig *rig)
{
    enum { STEPS = 12 };
    double speed[STEPS];
    rig_step(rig);
    for (int i = 0; i < STEPS; i++) {
        double start = clock_seconds();
        double tokens = (double)rig_step(rig).tokens;
        speed[i] = tokens / (clock_seconds() - start);
    }
    return bench_quantile(speed, STEPS, 0.5);
}

/* Their best setting of threads against ours, one run of theirs after some steps of ours. */
static void against_python(Rig *rig, int threads)
{
    static const char script[] = "tests/fixtures/hf_train_bench.py";
    const char       *python = find_python();
    char              counts[SETTINGS][16];
    double            ours[SETTINGS][ROUNDS], theirs[SETTINGS][ROUNDS], median[SETTINGS];
    if (python == NULL) {
        printf("S: no Python with torch, transformers and peft ($LORALAB_BENCH_PYTHON): skipped\n");
        return;
    }
    snprintf(counts[0], sizeof counts[0], "%d", threads);
    snprintf(counts[1], sizeof counts[1], "1");
    for (int r = 0; r < ROUNDS; r++) {
        for (int s = 0; s < SETTINGS; s++) {
            const char *argv[] = {python, script, counts[s], "8", NULL};
            double      number[2];
            ours[s][r] = our_speed(rig);
            if (!child_run(argv, number) || number[0] <= 0) {
                printf("S: %s did not run: skipped\n", script);
                return;
            }
            theirs[s][r] = number[0];
        }
    }
    double ratio[SETTINGS][ROUNDS];
    for (int s = 0; s < SETTINGS; s++) {
        for (int r = 0; r < ROUNDS; r++) ratio[s][r] = ours[s][r] / theirs[s][r];
        median[s] = bench_quantile(theirs[s], ROUNDS, 0.5);
    }
    int best = median[0] > median[1] ? 0 : 1;
    printf("S: ours %.0f tokens/s; transformers + PEFT %.0f with %d threads, %.0f with 1\n",
           bench_quantile(ours[best], ROUNDS, 0.5), median[0], threads, median[1]);
    bench_target("S: tokens/s / transformers + PEFT", ratio[best], ROUNDS, 1.3, true);
}

/* ---- all -------------------------------------------------------------------------------- */

static void on_task(int threads, bool profiled)
{
    const char *folder = getenv("LORALAB_BENCH_BASE");
    char        path[1100];
    Rig         rig;
    if (folder == NULL) folder = "data/base/tiny";
    snprintf(path, sizeof path, "%s/tokenizer.json", folder);
    if (!path_exists(path)) {
        printf("sql: no base in %s ($LORALAB_BENCH_BASE): skipped\n", folder);
        return;
    }
    rig_open_task(&rig, threads, folder, "data/tasks/sql.grammar", BATCH);
    step_and_products(&rig, "sql, tiny base", PAIRS_SMALL, profiled);
    against_padded(&rig, "sql, tiny base");
    rig_close(&rig);
}

int main(int argc, char **argv)
{
    int         threads = argc > 1 ? (int)strtol(argv[1], NULL, 10) : pool_default_threads();
    bool        profiled = argc > 2 && strcmp(argv[2], "profile") == 0;
    Rig         rig;
    ModelConfig s = shape_s(), small = rig_config(1280, 128, 4, 4, 2, 32, 384);
    if (threads < 1) threads = 1;
    if (argc > 2 && strcmp(argv[2], "first") == 0) return first_steps(threads);

    rig_open_random(&rig, threads, &s, BATCH, LENGTH);
    printf("%s; S: 4 layers, d 256, 16 x 128 tokens, LoRA r 8 on q and v\n", rig.cpu->description);
    step_and_products(&rig, "S", PAIRS_LARGE, profiled);
    if (!profiled) against_python(&rig, threads);
    rig_close(&rig);

    rig_open_random(&rig, threads, &small, BATCH, 32);
    step_and_products(&rig, "d 128, 16 x 32 tokens", PAIRS_SMALL, profiled);
    rig_close(&rig);
    on_task(threads, profiled);
    if (profiled) return 0;
    fresh_process(argv[0], threads);
    version();
    return 0;
}
