/*
 * `params`: how many numbers a way of adapting trains. Counted by the program, which builds the
 * adapter, and by formula from shapes alone:
 *
 *   a pair A [r, in], B [out, r] has r (in + out) numbers, the matrix beside it in * out
 *
 * With in and out it is only the formula, for one matrix of any size.
 */

#include <math.h>
#include <string.h>

#include "core/lab/train_settings.h"
#include "core/workbench/answer.h"
#include "core/workbench/study.h"
#include "core/workbench/study_rows.h"
#include "core/workbench/verbs.h"

static const ArgSpec rows[] = {
    {.name = "in",
     .type = ARG_INT,
     .min = 1,
     .max = 1e8,
     .group = "One matrix",
     .help = "columns of a single matrix; with out: formulas only"},
    {.name = "out",
     .type = ARG_INT,
     .min = 1,
     .max = 1e8,
     .group = "One matrix",
     .help = "its rows"},
    STUDY_SHAPE_ROW,
    {.name = "method",
     .type = ARG_CHOICE,
     .choices = SETTING_CHOICES("lora", "full"),
     .fallback = "lora",
     .group = "LoRA",
     .help = "lora: pairs beside the targets; full: all"},
    LORA_SETTING_ROWS,
    {.name = NULL},
};

static const FieldSpec fields[] = {
    {"trainable", DATUM_NUMBER, NULL, false, "values that train, counted"},
    {"all", DATUM_NUMBER, NULL, false, "values of base and adapter together, as PEFT counts"},
    {"percent", DATUM_NUMBER, NULL, false,
     "trainable in a hundred of all; for one matrix: pair in a hundred of the matrix"},
    {"frozen", DATUM_NUMBER, NULL, false, "all less trainable"},
    {"formula", DATUM_NUMBER, NULL, false, "sum of r (in + out) over the targets (full: of sizes)"},
    {"full", DATUM_NUMBER, NULL, false, "sum of in * out over the same matrices"},
    {"lora", DATUM_NUMBER, NULL, false, "values in A and B, counted"},
    {"others", DATUM_NUMBER, NULL, false,
     "trainable that is neither A nor B: biases, saved modules"},
    {"ratio", DATUM_NUMBER, NULL, false, "full / formula: how many times fewer"},
    {"modules", DATUM_NUMBER, NULL, false, "how many modules are adapted"},
    {"bytes", DATUM_NUMBER, "bytes", false, "of the trainable values, 4 each"},
    {"roles", DATUM_TABLE, NULL, false,
     "by role: count, r (0: all of it; NaN: several), in, out, numbers"},
    {.name = NULL},
};

typedef struct Counts {
    double trainable, all, formula, full, lora, modules;
} Counts;

/* ---- rows by role ----------------------------------------------------------------------- */

static void add_role(Answer *roles, const char *role, Index count, double r, Index in, Index out,
                     double numbers)
{
    Answer row = answer_begin(roles->err);
    answer_number(&row, "count", (double)count, NULL);
    answer_number(&row, "r", r, NULL);
    answer_number(&row, "in", (double)in, NULL);
    answer_number(&row, "out", (double)out, NULL);
    answer_number(&row, "numbers", numbers, NULL);
    answer_row(roles, role, answer_end(&row));
}

static const char *last_name(const Module *module)
{
    const char *dot = strrchr(module->name, '.');
    return dot != NULL ? dot + 1 : module->name;
}

static double pair_numbers(const Module *module, Index r)
{
    return (double)r * ((double)module->in + (double)module->out);
}

/* One row for all targets of a role, at the first of them; r is NaN where their ranks differ. */
static void add_target_role(Answer *roles, const Model *model, const LoraTarget *targets,
                            Index count, Index first)
{
    const Module *module = &model->modules[targets[first].module];
    double        r = (double)targets[first].r, numbers = 0;
    Index         same = 0;
    for (Index i = 0; i < count; i++) {
        if (model->modules[targets[i].module].role != module->role) continue;
        if (i < first) return;
        same++;
        numbers += pair_numbers(module, targets[i].r);
        if (targets[i].r != targets[first].r) r = (double)NAN;
    }
    add_role(roles, last_name(module), same, r, module->in, module->out, numbers);
}

/* ---- counting --------------------------------------------------------------------------- */

static void sum_targets(const Model *model, const LoraTarget *targets, Index count, Counts *counts)
{
    for (Index i = 0; i < count; i++) {
        const Module *module = &model->modules[targets[i].module];
        counts->formula += pair_numbers(module, targets[i].r);
        counts->full += (double)module->in * (double)module->out;
    }
    counts->modules = (double)count;
}

static bool is_second_use(const Model *model, const Module *module)
{
    return module->role == ROLE_HEAD && model->config.tied;
}

/* All weights train: each module a role of its own layers, without a rank. */
static void add_full_roles(Answer *roles, const Model *model, Counts *counts)
{
    for (int role = 0; role < ROLE_COUNT; role++) {
        Index         layers = role < ROLE_EMBED ? model->config.L : 1;
        const Module *module = model_module(model, (ModuleRole)role, role < ROLE_EMBED ? 0 : -1);
        if (is_second_use(model, module)) continue;
        double numbers = (double)layers * (double)module_parameters(module);
        add_role(roles, last_name(module), layers, 0, module->in, module->out, numbers);
        counts->formula += numbers;
        counts->modules += (double)layers;
    }
    counts->full = counts->formula;
}

static void count_method(const Method *method, Counts *counts)
{
    const ParamSet *set = method->params;
    counts->trainable = (double)method_trainable(method);
    counts->all = (double)method_all(method);
    for (Index i = 0; i < set->count; i++) {
        const Param *param = set->list[i];
        bool         pair = param->part == 'A' || param->part == 'B';
        if (pair) counts->lora += (double)param->tensor.rows * (double)param->tensor.cols;
    }
}

/* The adapter is really built, so that what is counted is what would train. */
static bool count_real(const VerbCall *call, const LoraConfig *config, Counts *counts, Error *err)
{
    MemAccount *account = mem_account_create("params", err);
    Model      *model = call->worker->model;
    if (account == NULL) return false;
    Method *method = config == NULL ? full_create(model, account, err)
                                    : lora_create(model, config, call->seed, false, account, err);
    if (method != NULL) count_method(method, counts);
    method_free(method);
    mem_account_free(account);
    return method != NULL;
}

/* Of a model that is not here the planner counts, which knows shapes only. */
static bool count_shape(const Model *outline, const LoraConfig *config, Counts *counts, Error *err)
{
    TrainSettings settings;
    Plan          plan;
    train_settings_init(&settings);
    PlanInput input = {.outline = outline,
                       .lora = config,
                       .stored = outline->config.dtype,
                       .settings = &settings,
                       .N = 1,
                       .longest = 1,
                       .targets = 1,
                       .segments = 1,
                       .threads = 1};
    if (!plan_make(&input, &plan, err)) return false;
    counts->trainable = (double)plan.trainable;
    counts->all = (double)plan.all;
    counts->lora = config != NULL ? counts->formula : 0;
    return true;
}

/* ---- the answer ------------------------------------------------------------------------- */

static Datum *answer_of(const Counts *c, double percent, Answer *roles)
{
    Answer a = answer_begin(roles->err);
    answer_number(&a, "trainable", c->trainable, NULL);
    answer_number(&a, "all", c->all, NULL);
    answer_number(&a, "percent", percent, NULL);
    answer_number(&a, "frozen", c->all - c->trainable, NULL);
    answer_number(&a, "formula", c->formula, NULL);
    answer_number(&a, "full", c->full, NULL);
    answer_number(&a, "lora", c->lora, NULL);
    answer_number(&a, "others", c->trainable - c->lora, NULL);
    answer_number(&a, "ratio", c->full / c->formula, NULL);
    answer_number(&a, "modules", c->modules, NULL);
    answer_number(&a, "bytes", 4 * c->trainable, "bytes");
    answer_add(&a, "roles", answer_end(roles));
    return answer_end(&a);
}

static Datum *one_matrix(const Args *args, Error *err)
{
    Index  in = (Index)args_int(args, "in"), out = (Index)args_int(args, "out");
    Index  r = (Index)args_int(args, "r");
    bool   all = strcmp(args_text(args, "method"), "full") == 0;
    double full = (double)in * (double)out, pair = (double)r * ((double)in + (double)out);
    Counts c = {.trainable = all ? full : pair,
                .all = all ? full : full + pair,
                .formula = all ? full : pair,
                .full = full,
                .lora = all ? 0 : pair,
                .modules = 1};
    Answer roles = answer_rows(true, "role", err);
    add_role(&roles, "matrix", 1, all ? 0 : (double)r, in, out, c.formula);
    return answer_of(&c, 100 * c.formula / full, &roles);
}

static bool find_targets(const Model *model, const LoraConfig *config, Answer *roles,
                         Counts *counts, Error *err)
{
    LoraTarget *targets;
    Index       count;
    if (!lora_match(config, model, &targets, &count, err)) return false;
    sum_targets(model, targets, count, counts);
    for (Index i = 0; i < count; i++) add_target_role(roles, model, targets, count, i);
    mem_free(targets);
    return true;
}

static Datum *of_model(const VerbCall *call, const Model *model, const LoraConfig *config,
                       Error *err)
{
    Counts c = {0};
    bool   here = model == call->worker->model, ok = true;
    Answer roles = answer_rows(true, "role", err);
    if (config != NULL) {
        ok = find_targets(model, config, &roles, &c, err);
    } else {
        add_full_roles(&roles, model, &c);
    }
    ok = ok && (here ? count_real(call, config, &c, err) : count_shape(model, config, &c, err));
    if (ok) return answer_of(&c, 100 * c.trainable / c.all, &roles);
    datum_drop(answer_end(&roles));
    return NULL;
}

static Datum *run(VerbCall *call, Error *err)
{
    const Args *args = call->args;
    const char *shape = args_text(args, "shape");
    bool        in = args_given(args, "in"), out = args_given(args, "out");
    if (in != out || (in && shape != NULL)) {
        error_set(err, ERR_INPUT, "params: in and out go together, and not with a shape");
        return NULL;
    }
    if (in) return one_matrix(args, err);

    LoraConfig config;
    bool       full = strcmp(args_text(args, "method"), "full") == 0;
    Model     *other = shape != NULL ? shape_outline(bench_lab(call->bench), shape, err) : NULL;
    bool       ok = lora_config_from(args, &config, err) && (shape == NULL || other != NULL);
    Datum     *answer = NULL;
    if (ok) {
        const Model *model = other != NULL ? other : call->worker->model;
        answer = of_model(call, model, full ? NULL : &config, err);
    }
    lora_config_free(&config);
    model_free(other);
    return answer;
}

const Verb verb_params = {
    .command = {.name = "params",
                .operands = "",
                .summary = "how many numbers train: counted, and by formula",
                .details = "With in and out: one matrix of that size, formulas only. With shape: a "
                           "model whose sizes are known.",
                .example = "p = params r=8 target_modules=q_proj,v_proj",
                .args = rows},
    .fields = fields,
    .run = run,
};
