/*
 * `memory`: one real training step with the account's time line on. Each op of the step has its
 * bytes by purpose at the op's own highest total, so that the stack over the ops reaches just the
 * peak that the account counted; beside it stands the peak computed from shapes (core/study).
 * The base's weights belong to no step: they lie under it from first to last.
 */

#include <stdio.h>
#include <string.h>

#include "core/workbench/answer.h"
#include "core/workbench/study.h"
#include "core/workbench/study_rows.h"
#include "core/workbench/verbs.h"

static const ArgSpec rows[] = {
    {.name = "method",
     .type = ARG_CHOICE,
     .choices = SETTING_CHOICES("lora", "full"),
     .fallback = "lora",
     .group = "LoRA",
     .help = "lora: pairs beside the targets; full: all"},
    LORA_SETTING_ROWS,
    STUDY_DATA_ROWS,
    STUDY_STEP_ROWS,
    {.name = NULL},
};

#define BYTES(group, name, help)                           \
    {                                                      \
        group "." name, DATUM_NUMBER, "bytes", false, help \
    }
#define LINE(name, help)                                     \
    {                                                        \
        "timeline." name, DATUM_SERIES, "bytes", false, help \
    }

static const FieldSpec fields[] = {
    {"timeline", DATUM_RECORD, NULL, false, "bytes by purpose over the ops of the step"},
    LINE("weights", "the base, frozen"),
    LINE("adapter", "trainable values"),
    LINE("gradients", "of the trainable values"),
    LINE("optimizer", "moments"),
    LINE("activations", "kept for going back, and their gradients"),
    LINE("scratch", "temporary"),
    LINE("text", "names and tables of the parameters"),
    LINE("total", "all together"),
    {"timeline.ops", DATUM_LIST, NULL, false, "name of each op"},
    {"timeline.layers", DATUM_VECTOR, NULL, false, "layer of each op, -1 outside"},
    {"stack", DATUM_LIST, NULL, false, "the series of the time line, one a purpose"},
    {"peak_bytes", DATUM_NUMBER, "bytes", false, "highest total, counted"},
    {"computed", DATUM_NUMBER, "bytes", false, "the same from shapes"},
    {"equal", DATUM_YES, NULL, false, "counted and computed agree, in every purpose"},
    {"bytes", DATUM_RECORD, NULL, false, "of what the peak consists, counted"},
    BYTES("bytes", "weights", "counted"),
    BYTES("bytes", "adapter", "counted"),
    BYTES("bytes", "gradients", "counted"),
    BYTES("bytes", "optimizer", "counted"),
    BYTES("bytes", "activations", "counted"),
    BYTES("bytes", "scratch", "counted"),
    BYTES("bytes", "text", "counted"),
    {"computed_bytes", DATUM_RECORD, NULL, false, "of what the peak consists, from shapes"},
    BYTES("computed_bytes", "weights", "computed"),
    BYTES("computed_bytes", "adapter", "computed"),
    BYTES("computed_bytes", "gradients", "computed"),
    BYTES("computed_bytes", "optimizer", "computed"),
    BYTES("computed_bytes", "activations", "computed"),
    BYTES("computed_bytes", "scratch", "computed"),
    BYTES("computed_bytes", "text", "computed"),
    {"peak_op", DATUM_TEXT, NULL, false, "op in which the peak was reached"},
    {"peak_layer", DATUM_NUMBER, NULL, false, "its layer, -1 outside the layers"},
    {"trainable", DATUM_NUMBER, NULL, false, "values that train"},
    {"tokens", DATUM_NUMBER, "tokens", false, "rows of the batch"},
    {"process_bytes", DATUM_NUMBER, "bytes", true, "highest of the whole process so far"},
    {.name = NULL},
};

enum { SAMPLES = 1 << 16 };

typedef struct Measured {
    int64_t          weights;                  /* the base's */
    int64_t          bytes[MEM_PURPOSE_COUNT]; /* at the peak, the base's included */
    const MemSample *samples;
    Index            count, peak_at;
    Plan             plan;
} Measured;

/* ---- the step --------------------------------------------------------------------------- */

/* Each tensor of the base as it lies in memory, a tied head's once. Not asked of the account:
 * there merged weights of other verbs may lie beside the base. */
static int64_t base_bytes(const Model *model)
{
    const Module *table = model_module(model, ROLE_EMBED, -1);
    int64_t       sum = 0;
    for (Index i = 0; i < model->module_count; i++) {
        const Module *m = &model->modules[i];
        bool          again = m->role == ROLE_HEAD && m->weight.data == table->weight.data;
        if (m->weight.data != NULL && !again) {
            sum += (int64_t)(m->weight.rows * m->weight.cols) * dtype_bytes(m->weight.dtype);
        }
        if (m->gain != NULL) sum += (int64_t)m->out * (int64_t)sizeof(float);
        if (m->bias != NULL) sum += (int64_t)m->out * (int64_t)sizeof(float);
    }
    return sum;
}

static bool train_one_step(Study *study, const TrainSettings *settings, Error *err)
{
    StepReport  report;
    TrainerSpec spec = {.settings = *settings,
                        .net = study->net,
                        .method = study->method,
                        .tape = study->tape,
                        .train = study->data};
    Trainer    *trainer = trainer_create(&spec, err);
    if (trainer == NULL) return false;
    mem_reset_peaks(study->account);
    bool ok = mem_timeline_start(study->account, SAMPLES, err) &&
              trainer_step(trainer, study->call->cancel, &report, err);
    trainer_free(trainer);
    return ok;
}

static int64_t total_of(const int64_t bytes[MEM_PURPOSE_COUNT])
{
    int64_t sum = 0;
    for (int p = 0; p < MEM_PURPOSE_COUNT; p++) sum += bytes[p];
    return sum;
}

static Index highest_sample(const MemSample *samples, Index count)
{
    Index best = 0;
    for (Index i = 1; i < count; i++) {
        if (total_of(samples[i].highest) > total_of(samples[best].highest)) best = i;
    }
    return best;
}

static bool check_whole(const Measured *m, Error *err)
{
    if (m->count < SAMPLES) return true;
    return error_set(err, ERR_INPUT, "memory: the step has more than %d ops", (int)SAMPLES);
}

static bool measure(Study *study, Measured *m, Error *err)
{
    TrainSettings settings = study_settings(study->call->args);
    settings.shuffle = false; /* the batch of the plan, in its order */
    settings.batch = study->data->count;
    settings.seed = study->call->seed;
    const LoraConfig *lora = study->kind == STUDY_LORA ? &study->config : NULL;
    if (!study_plan(study, lora, &settings, &m->plan, err)) return false;
    if (!train_one_step(study, &settings, err)) return false;

    m->weights = base_bytes(study->model);
    mem_peak_by_purpose(study->account, m->bytes);
    m->bytes[MEM_WEIGHTS] += m->weights;
    m->count = mem_timeline(study->account, &m->samples);
    m->peak_at = highest_sample(m->samples, m->count);
    return check_whole(m, err);
}

/* ---- the answer ------------------------------------------------------------------------- */

/* One purpose over the ops, or all together (purpose MEM_PURPOSE_COUNT). */
static Datum *series_of(const Measured *m, int purpose, Error *err)
{
    double *x = mem_alloc(mem_program(), MEM_SCRATCH, 2 * m->count, sizeof *x, err);
    if (x == NULL) return NULL;
    double *y = x + m->count;
    for (Index i = 0; i < m->count; i++) {
        const int64_t *bytes = m->samples[i].highest;
        bool           all = purpose == MEM_PURPOSE_COUNT;
        x[i] = (double)i;
        y[i] = (double)(all ? total_of(bytes) : bytes[purpose]);
        if (all || purpose == MEM_WEIGHTS) y[i] += (double)m->weights;
    }
    Datum *series = datum_series(x, y, m->count, "op", "bytes", err);
    mem_free(x);
    return series;
}

static Datum *ops_of(const Measured *m, Error *err)
{
    Answer ops = answer_rows(false, "op", err);
    for (Index i = 0; i < m->count; i++) {
        const char *op = m->samples[i].op;
        char        word[24];
        snprintf(word, sizeof word, "%td", i);
        answer_row(&ops, word, datum_text(op, (Index)strlen(op), err));
    }
    return answer_end(&ops);
}

static Datum *layers_of(const Measured *m, Error *err)
{
    Datum *layers = datum_vector(NULL, m->count, NULL, err);
    for (Index i = 0; layers != NULL && i < m->count; i++) {
        layers->values[i] = (double)m->samples[i].layer;
    }
    return layers;
}

/* The series are shared: the time line has them by name, the stack in their order. */
static void add_lines(Answer *answer, const Measured *m)
{
    Answer lines = answer_begin(answer->err), stack = answer_rows(false, "purpose", answer->err);
    for (int p = 0; p < MEM_PURPOSE_COUNT; p++) {
        const char *name = mem_purpose_name((MemPurpose)p);
        Datum      *series = series_of(m, p, answer->err);
        answer_row(&stack, name, datum_hold(series));
        answer_add(&lines, name, series);
    }
    answer_add(&lines, "total", series_of(m, MEM_PURPOSE_COUNT, answer->err));
    answer_add(&lines, "ops", ops_of(m, answer->err));
    answer_add(&lines, "layers", layers_of(m, answer->err));
    answer_add(answer, "timeline", answer_end(&lines));
    answer_add(answer, "stack", answer_end(&stack));
}

static Datum *answer_of(const Study *study, const Measured *m, Error *err)
{
    const MemSample *peak = &m->samples[m->peak_at];
    bool             equal = memcmp(m->bytes, m->plan.bytes, sizeof m->bytes) == 0;
    Answer           a = answer_begin(err);
    add_lines(&a, m);
    answer_number(&a, "peak_bytes", (double)total_of(m->bytes), "bytes");
    answer_number(&a, "computed", (double)m->plan.bytes_total, "bytes");
    answer_yes(&a, "equal", equal);
    answer_bytes(&a, "bytes", m->bytes);
    answer_bytes(&a, "computed_bytes", m->plan.bytes);
    answer_text(&a, "peak_op", peak->op);
    answer_number(&a, "peak_layer", (double)peak->layer, NULL);
    answer_number(&a, "trainable", (double)method_trainable(study->method), NULL);
    answer_number(&a, "tokens", (double)study->batch.tokens, "tokens");
    answer_timed(&a, "process_bytes", (double)mem_process_peak_bytes(), "bytes");
    return answer_end(&a);
}

static Datum *run(VerbCall *call, Error *err)
{
    Study     study = {0};
    Measured  m = {0};
    StudyKind kind = strcmp(args_text(call->args, "method"), "full") == 0 ? STUDY_FULL : STUDY_LORA;
    Datum    *answer = NULL;
    if (study_open(&study, call, kind, err) && study_load_batch(&study, err) &&
        measure(&study, &m, err)) {
        answer = answer_of(&study, &m, err);
    }
    study_close(&study);
    return answer;
}

const Verb verb_memory = {
    .command = {.name = "memory",
                .operands = "",
                .summary = "bytes by purpose over one training step: counted, and from shapes",
                .example = "m = memory r=8 data=sql per_device_train_batch_size=8",
                .args = rows},
    .fields = fields,
    .run = run,
};
