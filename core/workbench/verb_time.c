/*
 * `time`: how long forward, backward and optimizer take for one setting, or how long a token takes
 * to generate, as medians over repeats after a warm-up; beside them the multiplications, counted
 * from shapes. A second setting is measured in turn with the first, repeat by repeat, so that
 * whatever else slows the machine slows both.
 */

#include "core/workbench/time_run.h"

#include <math.h>
#include <string.h>

#include "core/workbench/answer.h"
#include "core/workbench/study_rows.h"
#include "core/workbench/verbs.h"

static const ArgSpec rows[] = {
    {.name = "method",
     .type = ARG_CHOICE,
     .choices = SETTING_CHOICES("lora", "full", "none"),
     .fallback = "lora",
     .group = "LoRA",
     .help = "none: the base alone, forward only"},
    {.name = "merged",
     .type = ARG_FLAG,
     .group = "LoRA",
     .help = "the adapter is merged into the weights; forward only"},
    {.name = "inference",
     .type = ARG_FLAG,
     .group = "LoRA",
     .help = "forward only, nothing kept for going back"},
    {.name = "adapter",
     .type = ARG_TEXT,
     .group = "LoRA",
     .help = "a learned adapter, or none, instead of a new one; times do not depend on values"},
    LORA_SETTING_ROWS,
    STUDY_DATA_ROWS,
    STUDY_STEP_ROWS,
    {.name = "compare",
     .type = ARG_CHOICE,
     .choices = SETTING_CHOICES("lora", "full", "none", "merged"),
     .group = "Measuring",
     .help = "a second setting, measured in turn with the first"},
    {.name = "repeats",
     .type = ARG_INT,
     .min = 3,
     .max = 1000,
     .fallback = "9",
     .group = "Measuring",
     .help = "of which the median is told"},
    {.name = "max_new_tokens",
     .type = ARG_INT,
     .min = 1,
     .max = 4096,
     .fallback = "32",
     .unit = "tokens",
     .group = "Measuring",
     .help = "of a repeat of: time generate"},
    {.name = NULL},
};

#define SECONDS(name, help)                 \
    {                                       \
        name, DATUM_NUMBER, "s", true, help \
    }

static const FieldSpec fields[] = {
    SECONDS("forward", "one batch through the network, with its loss"),
    SECONDS("backward", "and back; 0 where nothing trains"),
    SECONDS("optimizer", "norm, clipping and update; 0 where nothing trains"),
    SECONDS("step", "the three together"),
    SECONDS("token_seconds", "time generate: its time, prompt included, by new tokens; else NaN"),
    {"other", DATUM_RECORD, NULL, false, "the same of compare=, NaN without"},
    SECONDS("other.forward", "of compare="),
    SECONDS("other.backward", "of compare="),
    SECONDS("other.optimizer", "of compare="),
    SECONDS("other.step", "of compare="),
    SECONDS("other.token_seconds", "of compare="),
    {"ratio", DATUM_NUMBER, NULL, true, "time of the first / time of compare="},
    {"tokens", DATUM_NUMBER, "tokens", false, "rows of the batch"},
    {"multiplications_forward", DATUM_NUMBER, NULL, false, "of the batch, forward, by the planner"},
    {"multiplications_lora", DATUM_NUMBER, NULL, false, "of them LoRA's: rows * r (in + out)"},
    {"extra_percent", DATUM_NUMBER, NULL, false,
     "LoRA's in a hundred of the base's, by the planner"},
    {"extra_formula", DATUM_NUMBER, NULL, false, "the same from multiplications_lora"},
    {"extra_maps_percent", DATUM_NUMBER, NULL, false,
     "LoRA's in a hundred of the adapted maps' own: r (in + out) / (in * out)"},
    {"flops_forward", DATUM_NUMBER, NULL, false, "2 for a multiplication and its sum"},
    {"flops_backward", DATUM_NUMBER, NULL, false, "going back; 0 where nothing trains"},
    {.name = NULL},
};

/* ---- multiplications -------------------------------------------------------------------- */

typedef struct Products {
    Plan   plan;
    double lora, maps; /* of the batch: LoRA's own, and those of the maps beside them */
} Products;

/* In the last layer only rows that predict something go on after attention, and so to the head. */
static Index rows_through(const Study *study, const Module *m)
{
    const Rows *batch = &study->batch.rows;
    bool        last = m->layer == study->model->config.L - 1;
    bool        after =
        m->role == ROLE_O || m->role == ROLE_GATE || m->role == ROLE_UP || m->role == ROLE_DOWN;
    return m->role == ROLE_HEAD || (last && after) ? batch->M : batch->N;
}

static void count_targets(const Study *study, Products *out)
{
    const LoraTarget *targets;
    Index             count = lora_targets(study->method, &targets);
    for (Index i = 0; i < count; i++) {
        const Module *m = &study->model->modules[targets[i].module];
        double        n = (double)rows_through(study, m), r = (double)targets[i].r;
        double        in = m->role == ROLE_EMBED ? 0 : (double)m->in; /* rows are looked up */
        out->lora += n * r * (in + (double)m->out);
        out->maps += n * in * (double)m->out;
    }
    /* The sum W + s B A is made once, for however many rows. */
    if (!study->config.materialized) return;
    out->lora = 0;
    for (Index i = 0; i < count; i++) {
        const Module *m = &study->model->modules[targets[i].module];
        out->lora += (double)targets[i].r * (double)m->in * (double)m->out;
    }
}

static bool count_products(const TimeRun *run, const Args *args, Products *out, Error *err)
{
    const Study  *study = &run->study;
    TrainSettings settings = study_settings(args);
    bool          branch = study->kind == STUDY_LORA && run->merge == NULL;
    *out = (Products){0};
    if (!study_plan(study, branch ? &study->config : NULL, &settings, &out->plan, err))
        return false;
    if (branch) count_targets(study, out);
    if (!run->trains) out->plan.flops_backward = 0;
    return true;
}

/* ---- the answer ------------------------------------------------------------------------- */

static void add_times(Answer *a, const TimeRun *run)
{
    answer_timed(a, "forward", time_median(run, TIME_FORWARD), "s");
    answer_timed(a, "backward", time_median(run, TIME_BACKWARD), "s");
    answer_timed(a, "optimizer", time_median(run, TIME_OPTIMIZER), "s");
    answer_timed(a, "step", time_median(run, TIME_STEP), "s");
    answer_timed(a, "token_seconds", time_median(run, TIME_TOKEN), "s");
}

static void add_products(Answer *a, const Products *p)
{
    double forward = p->plan.flops_forward / 2;
    answer_number(a, "multiplications_forward", forward, NULL);
    answer_number(a, "multiplications_lora", p->lora, NULL);
    answer_number(a, "extra_percent", p->plan.extra_forward_percent, NULL);
    answer_number(a, "extra_formula", 100 * p->lora / (forward - p->lora), NULL);
    answer_number(a, "extra_maps_percent", p->maps > 0 ? 100 * p->lora / p->maps : 0, NULL);
    answer_number(a, "flops_forward", p->plan.flops_forward, NULL);
    answer_number(a, "flops_backward", p->plan.flops_backward, NULL);
}

static Datum *answer_of(const TimeRun *first, const TimeRun *second, const Products *products,
                        Error *err)
{
    TimePart whole = first->generates ? TIME_TOKEN : TIME_STEP;
    Answer   a = answer_begin(err), other = answer_begin(err);
    add_times(&a, first);
    add_times(&other, second);
    answer_add(&a, "other", answer_end(&other));
    answer_timed(&a, "ratio", time_median(first, whole) / time_median(second, whole), NULL);
    answer_number(&a, "tokens", (double)first->study.batch.tokens, "tokens");
    add_products(&a, products);
    return answer_end(&a);
}

/* ---- settings --------------------------------------------------------------------------- */

static TimeKind kind_by_name(const char *name)
{
    if (strcmp(name, "lora") == 0) return TIME_LORA;
    if (strcmp(name, "full") == 0) return TIME_FULL;
    return strcmp(name, "none") == 0 ? TIME_BASE : TIME_MERGED;
}

static bool check_keys(const Args *args, Error *err)
{
    static const char *const own[] = {"method", "r", "lora_alpha", "target_modules"};
    const char              *operand = args_operands(args) > 0 ? args_operand(args, 0) : NULL;
    if (operand != NULL && strcmp(operand, "generate") != 0) {
        return error_set(err, ERR_INPUT, "time: \"%.60s\" is nothing to time; it may be generate",
                         operand);
    }
    for (size_t i = 0; args_text(args, "adapter") != NULL && i < sizeof own / sizeof *own; i++) {
        if (!args_given(args, own[i])) continue;
        return error_set(err, ERR_INPUT, "time: adapter= has its own %s", own[i]);
    }
    if (!args_flag(args, "merged") || strcmp(args_text(args, "method"), "lora") == 0) return true;
    return error_set(err, ERR_INPUT, "time: only an adapter of method=lora can be merged");
}

static TimeKind first_kind(const Args *args)
{
    const char *adapter = args_text(args, "adapter");
    if (adapter != NULL && strcmp(adapter, "none") == 0) return TIME_BASE;
    if (args_flag(args, "merged")) return TIME_MERGED;
    return kind_by_name(args_text(args, "method"));
}

static bool open_both(const VerbCall *call, TimeRun *first, TimeRun *second, Index *count,
                      Error *err)
{
    const char *compare = args_text(call->args, "compare");
    *count = 1;
    if (!time_open(first, call, first_kind(call->args), err)) return false;
    if (compare == NULL) return true;
    *count = 2;
    return time_open(second, call, kind_by_name(compare), err);
}

static Datum *run(VerbCall *call, Error *err)
{
    TimeRun  runs[2] = {{.study = {0}}, {.study = {0}}};
    Index    count;
    Products products;
    Datum   *answer = NULL;
    if (!check_keys(call->args, err)) return NULL;
    if (open_both(call, &runs[0], &runs[1], &count, err) &&
        count_products(&runs[0], call->args, &products, err) &&
        time_measure(runs, count, (Index)args_int(call->args, "repeats"), err)) {
        answer = answer_of(&runs[0], &runs[1], &products, err);
    }
    time_close(&runs[1]);
    time_close(&runs[0]);
    return answer;
}

const Verb verb_time = {
    .command = {.name = "time",
                .operands = "[generate]",
                .max_operands = 1,
                .summary = "seconds of forward, backward and optimizer, or of a generated token",
                .details = "Medians over repeats. With compare the second setting is measured in "
                           "turn with the first. Sweeps that run side by side share the machine, "
                           "so their times are longer.",
                .example = "t = time method=lora r=8 compare=full",
                .args = rows},
    .fields = fields,
    .run = run,
};
