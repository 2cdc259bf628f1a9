/*
 * `plan`: parameters, memory and time of a training before it is run, from a config.json alone.
 * Parameters and bytes are formulas (core/study); the time is an estimate, from the formula's
 * products and a short measurement of how fast this machine multiplies.
 */

#include <string.h>

#include "core/base/file.h"
#include "core/lab/lab.h"
#include "core/lab/report.h"
#include "core/lab/train_settings.h"
#include "core/math/arena.h"
#include "core/study/plan.h"

#define CONFIG_FILE_BYTES (16 << 20)
#define MEASURE_SECONDS 0.2

/* ---- the model ---- */

static bool read_config(Lab *lab, const Args *args, ModelConfig *config, Error *err)
{
    const char *given = args_text(args, "base");
    char *path = given != NULL ? mem_strdup(given, err) : lab_data_path(lab, "base/tiny", err);
    if (path == NULL) return false;

    bool ok = false;
    if (path_is_folder(path)) {
        ok = config_read(config, path, err);
    } else {
        Json *json = json_read(path, CONFIG_FILE_BYTES, err);
        ok = json != NULL && config_parse(config, json, err);
        json_free(json);
    }
    mem_free(path);
    return ok;
}

static DType weights_type(const Args *args, const ModelConfig *config)
{
    const char *name = args_text(args, "weights");
    for (int t = 0; name != NULL && t < DTYPE_COUNT; t++) {
        if (strcmp(name, dtype_name((DType)t)) == 0) return (DType)t;
    }
    return config->dtype;
}

/* ---- the settings ---- */

static TrainSettings settings_from(const Args *args)
{
    TrainSettings s;
    train_settings_init(&s);
    s.batch = (Index)args_int(args, "per_device_train_batch_size");
    s.accumulation = (Index)args_int(args, "gradient_accumulation_steps");
    s.max_steps = (Index)args_int(args, "max_steps");
    s.gradient_checkpointing = args_flag(args, "gradient_checkpointing");
    if (strcmp(args_text(args, "optim"), "sgd") == 0) {
        s.optim = (OptimSpec){.kind = OPTIM_SGD, .momentum = 0.9}; /* the default of train */
    }
    return s;
}

/* Rows of the length asked for, every token of them a target. */
static Index row_length(const Args *args)
{
    Index length = (Index)args_int(args, "length");
    Index longest = (Index)args_int(args, "max_length");
    return args_given(args, "max_length") && longest < length ? longest : length;
}

static bool plan_from(Lab *lab, const Args *args, const ModelConfig *config,
                      const TrainSettings *settings, Plan *plan, Error *err)
{
    LoraConfig lora;
    bool       full = strcmp(args_text(args, "method"), "full") == 0;
    Index      length = row_length(args), rows = settings->batch * length;
    Model     *outline = model_outline(config, err);

    bool      ok = lora_config_from(args, &lora, err) && outline != NULL;
    PlanInput input = {.outline = outline,
                       .lora = full ? NULL : &lora,
                       .stored = weights_type(args, config),
                       .settings = settings,
                       .N = rows,
                       .longest = length,
                       .targets = rows,
                       .segments = settings->batch};
    if (lab->be != NULL) input.threads = lab->be->threads;
    ok = ok && plan_make(&input, plan, err);
    model_free(outline);
    lora_config_free(&lora);
    return ok;
}

/* ---- the machine ---- */

typedef struct Product {
    Index m, n, k; /* C[m,n] = A[m,k] B[n,k]^T */
} Product;

static Index at_most(Index a, Index b)
{
    return a < b ? a : b;
}

/* Like a layer's largest map, but small enough to be repeated. */
static Product like_shape(const ModelConfig *config, Index rows)
{
    return (Product){
        .m = at_most(rows, 256), .n = at_most(config->F, 1024), .k = at_most(config->D, 1024)};
}

static float *zeros(Backend *be, Arena *arena, Index n, Error *err)
{
    Index  bytes = n * (Index)sizeof(float);
    float *x = arena_get(arena, MEM_SCRATCH, bytes, err);
    if (x != NULL) be->zero(be, x, bytes);
    return x;
}

static double repeat(Backend *be, Product p, const float *A, const float *B, float *C,
                     const Cancel *cancel)
{
    double products = 0, start = 0, seconds = 0;
    for (Index round = 0; seconds < MEASURE_SECONDS && !cancel_requested(cancel); round++) {
        be->gemm(be, false, true, p.m, p.n, p.k, 1, A, p.k, B, p.k, 0, C, p.n);
        if (!be->sync(be, NULL)) return 0;
        if (round == 0) { /* the first one warms up */
            start = clock_seconds();
            continue;
        }
        products += 1;
        seconds = clock_seconds() - start;
    }
    return seconds > 0 ? 2.0 * (double)p.m * (double)p.n * (double)p.k * products / seconds : 0;
}

/* Products a second, 2 per multiply-add; 0 when cancelled. */
static bool measure_speed(Backend *be, Product p, const Cancel *cancel, double *speed, Error *err)
{
    Arena *arena = arena_create(be, mem_program(), err);
    if (arena == NULL) return false;
    float *A = zeros(be, arena, p.m * p.k, err);
    float *B = A == NULL ? NULL : zeros(be, arena, p.n * p.k, err);
    float *C = B == NULL ? NULL : zeros(be, arena, p.m * p.n, err);
    if (C != NULL) *speed = repeat(be, p, A, B, C, cancel);
    arena_put(arena, C);
    arena_put(arena, B);
    arena_put(arena, A);
    arena_free(arena);
    if (C == NULL || !be->sync(be, err)) return false;
    return *speed > 0 || error_set(err, ERR_CANCELLED, tr("stopped on request"));
}

/* ---- the answer ---- */

static void report_counts(Result *result, const Plan *plan)
{
    Str trainable = {0}, all = {0};
    value_integer(result->root, "trainable", plan->trainable);
    value_integer(result->root, "total", plan->all);
    value_number(result->root, "percent", plan->percent, "%");
    str_add_grouped(&trainable, plan->trainable);
    str_add_grouped(&all, plan->all);
    result_line(result, "trainable params: %s || all params: %s || trainable%%: %.4f",
                str_text(&trainable), str_text(&all), plan->percent);
    str_free(&trainable);
    str_free(&all);
}

static void add_duration(Str *out, double seconds)
{
    if (seconds < 120) {
        str_addf(out, tr("%.1f s"), seconds);
    } else if (seconds < 7200) {
        str_addf(out, tr("%.1f min"), seconds / 60);
    } else {
        str_addf(out, tr("%.1f h"), seconds / 3600);
    }
}

static void report_products(Result *result, const Args *args, const Plan *plan,
                            const TrainSettings *settings)
{
    value_number(result->root, "flops_per_token", plan->flops_per_token, "operations/token");
    result_line(result,
                "products: %.4g operations per token, forward and back, in batches of %td x %td "
                "tokens",
                plan->flops_per_token, settings->batch, row_length(args));
    if (plan->extra_forward_percent <= 0) return;
    result_line(result, "LoRA adds %.2f %% to the forward's products", plan->extra_forward_percent);
}

static void report_time(Result *result, const Plan *plan, const TrainSettings *settings,
                        double speed)
{
    double micro = plan->flops_forward + plan->flops_backward;
    double steps = (double)settings->max_steps, each = (double)settings->accumulation;
    double seconds = micro * each * steps / speed;
    Str    duration = {0};
    value_measured(result->root, "seconds", seconds, "s");
    add_duration(&duration, seconds);
    result_line(result,
                "time, an estimate: %s for %td steps at the %.1f billion operations/s that a "
                "product just reached; norms, softmax and the optimizer come on top",
                str_text(&duration), settings->max_steps, speed / 1e9);
    str_free(&duration);
}

static bool report(Result *result, const Args *args, const Plan *plan,
                   const TrainSettings *settings, double speed, Error *err)
{
    report_counts(result, plan);
    report_bytes(result, tr("peak memory by formula"), plan->bytes);
    report_products(result, args, plan, settings);
    report_time(result, plan, settings, speed);
    return result_ok(result, err);
}

bool cmd_plan(Lab *lab, const Args *args, const Sink *sink, const Cancel *cancel, Result *result,
              Error *err)
{
    ModelConfig   config;
    Plan          plan;
    TrainSettings settings = settings_from(args);
    double        speed = 0;
    (void)sink;

    if (!read_config(lab, args, &config, err)) return false;
    Backend *be = lab_backend(lab, args, err);
    if (be == NULL || !plan_from(lab, args, &config, &settings, &plan, err)) return false;
    Product like = like_shape(&config, settings.batch * row_length(args));
    return measure_speed(be, like, cancel, &speed, err) &&
           report(result, args, &plan, &settings, speed, err);
}
