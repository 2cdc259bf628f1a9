/*
 * What the settings come to, from shapes alone, fast enough to follow typing. The shape of a
 * batch is the running session's; where other data or other batches are asked for, it is scaled
 * and the bytes are called "about".
 */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/rooms/workbench/workbench.h"
#include "core/base/file.h"
#include "core/lab/train_settings.h"

/* ---- the base's shapes ---- */

static bool load_outline(Workbench *bench, const Args *args, Error *err)
{
    const char *given = args_text(args, "base");
    char       *folder =
        given != NULL ? mem_strdup(given, err) : lab_data_path(bench->from, "base/tiny", err);
    ModelConfig config;

    if (folder == NULL) return false;
    if (bench->outline != NULL && strcmp(bench->outline_of, folder) == 0) {
        mem_free(folder);
        return true;
    }
    Model *outline = config_read(&config, folder, err) ? model_outline(&config, err) : NULL;
    if (outline == NULL) {
        mem_free(folder);
        return false;
    }
    model_free(bench->outline);
    mem_free(bench->outline_of);
    bench->outline = outline;
    bench->outline_of = folder;
    return true;
}

/* ---- kinds of modules ---- */

static BenchGroup group_of(ModuleRole role)
{
    if (role <= ROLE_O) return GROUP_ATTENTION;
    if (role <= ROLE_DOWN) return GROUP_MLP;
    return role == ROLE_EMBED || role == ROLE_HEAD ? GROUP_EMBED : GROUP_NORM;
}

static BenchKind *kind_of(BenchPlan *plan, const Module *module)
{
    const char *dot = strrchr(module->name, '.');
    const char *name = dot != NULL ? dot + 1 : module->name;
    for (int k = 0; k < plan->kind_count; k++) {
        if (strcmp(plan->kinds[k].name, name) == 0) return &plan->kinds[k];
    }
    if (plan->kind_count == BENCH_KINDS) return &plan->kinds[BENCH_KINDS - 1];
    BenchKind *kind = &plan->kinds[plan->kind_count++];
    *kind = (BenchKind){.group = (int)group_of(module->role)};
    record_text(kind->name, sizeof kind->name, name);
    return kind;
}

static void count_base(BenchPlan *plan, const Model *model, bool full)
{
    for (Index i = 0; i < model->module_count; i++) {
        const Module *module = &model->modules[i];
        if (module->role == ROLE_HEAD && model->config.tied) continue;
        BenchKind *kind = kind_of(plan, module);
        kind->count++;
        if (full) {
            kind->trained += module_parameters(module);
        } else {
            kind->frozen += module_parameters(module);
        }
    }
}

static bool count_pairs(BenchPlan *plan, const Model *model, const LoraConfig *config, Error *err)
{
    LoraTarget *targets;
    Index       count;
    if (!lora_match(config, model, &targets, &count, err)) return false;
    plan->targets = (int)count;
    for (Index i = 0; i < count; i++) {
        const Module *module = &model->modules[targets[i].module];
        BenchKind    *kind = kind_of(plan, module);
        bool          biased = config->bias == LORA_BIAS_LORA_ONLY && module->bias != NULL;
        kind->trained += targets[i].r * (module->in + module->out);
        if (config->lora_bias) kind->trained += module->out;
        if (biased) kind->trained += module->out;
        if (biased) kind->frozen -= module->out;
        kind->r = kind->r == 0 || kind->r == targets[i].r ? targets[i].r : -1;
    }
    mem_free(targets);
    return true;
}

static bool count_others(BenchPlan *plan, const Model *model, const LoraConfig *config, Error *err)
{
    int  *saved;
    Index count;
    if (!lora_match_saved(config, model, &saved, &count, err)) return false;
    for (Index i = 0; i < count; i++) {
        const Module *module = &model->modules[saved[i]];
        kind_of(plan, module)->trained += module_parameters(module);
    }
    mem_free(saved);
    for (Index i = 0; config->bias == LORA_BIAS_ALL && i < model->module_count; i++) {
        const Module *module = &model->modules[i];
        if (module->bias == NULL) continue;
        kind_of(plan, module)->trained += module->out;
        kind_of(plan, module)->frozen -= module->out;
    }
    return true;
}

/* Those that train first. */
static void sort_kinds(BenchPlan *plan)
{
    for (int i = 1; i < plan->kind_count; i++) {
        for (int k = i; k > 0; k--) {
            BenchKind *a = &plan->kinds[k - 1], *b = &plan->kinds[k], swap = *a;
            if (a->trained > 0 || b->trained == 0) break;
            *a = *b;
            *b = swap;
        }
    }
}

/* ---- the batch ---- */

/* Settings on which the shape of the largest batch depends. */
static bool same_batches(const Args *a, const Args *b)
{
    static const char *const names[] = {"base",
                                        "data",
                                        "examples",
                                        "per_device_train_batch_size",
                                        "max_length",
                                        "packing",
                                        "shuffle",
                                        "seed",
                                        "max_steps",
                                        "num_train_epochs",
                                        "gradient_accumulation_steps",
                                        NULL};
    for (const char *const *name = names; *name != NULL; name++) {
        const char *x = args_text(a, *name), *y = args_text(b, *name);
        if ((x == NULL) != (y == NULL) || (x != NULL && strcmp(x, y) != 0)) return false;
    }
    return true;
}

static BatchShape shape_for(const Workbench *bench, const Args *args, bool *about)
{
    BatchShape  s = bench->shape;
    const Args *known = bench->session != NULL ? session_args(bench->session) : bench->args;
    if (s.N == 0 || same_batches(args, known)) return s;

    double times = (double)args_int(args, "per_device_train_batch_size") /
                   (double)args_int(known, "per_device_train_batch_size");
    *about = true;
    s.segments = (Index)ceil((double)s.segments * times);
    s.N = (Index)ceil((double)s.N * times);
    s.targets = (Index)ceil((double)s.targets * times);
    if (s.segments < 1) s.segments = 1;
    if (s.N < s.longest) s.longest = s.N;
    if (s.segments > s.N) s.N = s.segments;
    if (s.targets > s.N) s.targets = s.N;
    return s;
}

/* ---- the plan ---- */

static bool make(Workbench *bench, const Args *args, const LoraConfig *config, Error *err)
{
    BenchPlan    *plan = &bench->plan;
    TrainSettings settings;
    Plan          cost;
    const Model  *model = bench->outline;

    if (!train_settings_from(args, &settings, err)) return false;
    count_base(plan, model, config == NULL);
    if (config != NULL &&
        (!count_pairs(plan, model, config, err) || !count_others(plan, model, config, err))) {
        return false;
    }
    BatchShape shape = shape_for(bench, args, &plan->about);
    plan->has_bytes = shape.N > 0;
    if (shape.N == 0) shape = (BatchShape){1, 1, 1, 1};
    PlanInput input = {.outline = model,
                       .lora = config,
                       .stored = plan->has_bytes ? bench->stored : model->config.dtype,
                       .settings = &settings,
                       .N = shape.N,
                       .longest = shape.longest,
                       .targets = shape.targets,
                       .segments = shape.segments,
                       .threads = 1};
    if (!plan_make(&input, &cost, err)) return false;
    plan->trainable = cost.trainable;
    plan->all = cost.all;
    plan->percent = cost.percent;
    memcpy(plan->bytes, cost.bytes, sizeof plan->bytes);
    plan->total = cost.bytes_total;
    return true;
}

void workbench_plan(Workbench *bench, const Args *args)
{
    LoraConfig config;
    Error      err = {0};
    bool       full = strcmp(args_text(args, "method"), "full") == 0;

    bench->plan = (BenchPlan){0};
    lora_config_init(&config);
    bool ok = load_outline(bench, args, &err) && (full || lora_config_from(args, &config, &err)) &&
              make(bench, args, full ? NULL : &config, &err);
    lora_config_free(&config);
    sort_kinds(&bench->plan);
    bench->plan.known = ok;
    if (!ok) {
        snprintf(bench->plan.error, sizeof bench->plan.error, "%.200s%s%.90s", err.message,
                 err.hint[0] != '\0' ? "; " : "", err.hint);
    }
}
