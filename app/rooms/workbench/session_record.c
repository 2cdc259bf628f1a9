/* Events become curves of bounded length. */

#include "app/rooms/workbench/session_record.h"

#include <math.h>
#include <string.h>

#include "core/base/json.h"

void record_init(TrainRecord *record)
{
    memset(record, 0, sizeof *record);
    record->steps.stride = 1;
    record->eval_loss = (double)NAN;
    record->exact = -1;
    record->text_step = -1;
}

void record_text(char *to, Index size, const char *text)
{
    size_t n = strnlen(text, (size_t)size - 1);
    while (text[n] != '\0' && n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80) n--;
    memcpy(to, text, n);
    to[n] = '\0';
}

/* ---- steps ---- */

static void join_neighbours(RecordSteps *s)
{
    s->count /= 2;
    for (Index i = 0; i < s->count; i++) {
        s->x[i] = s->x[2 * i + 1];
        s->loss[i] = 0.5 * (s->loss[2 * i] + s->loss[2 * i + 1]);
        s->gradient[i] = 0.5 * (s->gradient[2 * i] + s->gradient[2 * i + 1]);
        s->rate[i] = 0.5 * (s->rate[2 * i] + s->rate[2 * i + 1]);
    }
    s->stride *= 2;
}

static void hear_step(TrainRecord *record, const Event *event)
{
    RecordSteps *s = &record->steps;

    record->step = event->step;
    record->total = event->steps;
    record->loss = event->loss;
    record->gradient = event->grad_norm;
    record->rate = event->learning_rate;
    record->epoch = event->epoch;
    record->seconds += event->seconds;
    record->tokens += (double)event->tokens;
    record->timed++;

    s->sum[0] += event->loss;
    s->sum[1] += event->grad_norm;
    s->sum[2] += event->learning_rate;
    if (++s->pending < s->stride) return;
    double n = (double)s->pending;
    s->x[s->count] = (double)event->step;
    s->loss[s->count] = s->sum[0] / n;
    s->gradient[s->count] = s->sum[1] / n;
    s->rate[s->count++] = s->sum[2] / n;
    s->pending = 0;
    memset(s->sum, 0, sizeof s->sum);
    if (s->count == RECORD_STEPS) join_neighbours(s);
}

/* ---- evaluations: of two at one step the later counts ---- */

static void hear_eval(TrainRecord *record, const Event *event)
{
    RecordEvals *e = &record->evals;

    record->total = event->steps;
    record->eval_loss = event->loss;
    record->exact = event->exact_match;
    if (e->count > 0 && e->x[e->count - 1] >= (double)event->step) e->count--;
    if (e->count == RECORD_EVALS) {
        e->count /= 2;
        for (Index i = 0; i < e->count; i++) {
            e->x[i] = e->x[2 * i];
            e->loss[i] = e->loss[2 * i];
            e->exact[i] = e->exact[2 * i];
        }
    }
    e->x[e->count] = (double)event->step;
    e->loss[e->count] = event->loss;
    e->exact[e->count++] = event->exact_match;
}

/* ---- norms ---- */

static void thin_norms(TrainRecord *record)
{
    record->norm_count /= 2;
    for (Index i = 0; i < record->norm_count; i++) record->norm_x[i] = record->norm_x[2 * i + 1];
    for (Index k = 0; k < record->kind_count; k++) {
        for (int n = 0; n < NORM_COUNT; n++) {
            double *norm = record->kinds[k].norm[n];
            for (Index i = 0; i < record->norm_count; i++) norm[i] = norm[2 * i + 1];
        }
    }
}

static RecordKind *kind_of(TrainRecord *record, const char *module)
{
    const char *dot = strrchr(module, '.');
    char        name[sizeof record->kinds[0].name];

    record_text(name, sizeof name, dot != NULL ? dot + 1 : module);
    for (Index k = 0; k < record->kind_count; k++) {
        if (strcmp(record->kinds[k].name, name) == 0) return &record->kinds[k];
    }
    if (record->kind_count == RECORD_KINDS) return NULL;
    RecordKind *kind = &record->kinds[record->kind_count++];
    memset(kind, 0, sizeof *kind);
    record_text(kind->name, sizeof kind->name, name);
    return kind;
}

static void add_module(TrainRecord *record, const JsonNode *node)
{
    static const char *const keys[NORM_COUNT] = {"grad", "A", "B", "BA"};
    const char              *name = json_string(json_get(node, "name"), NULL);
    if (name == NULL) return;
    RecordKind *kind = kind_of(record, name);
    Index       at = record->norm_count;
    bool        fits = record->module_count < RECORD_MODULES;

    if (fits) record_text(record->modules[record->module_count].name, 96, name);
    for (int n = 0; n < NORM_COUNT; n++) {
        double value = json_number(json_get(node, keys[n]));
        if (fits) record->modules[record->module_count].norm[n] = value;
        if (kind != NULL) kind->norm[n][at] = hypot(kind->norm[n][at], value);
    }
    record->module_count += fits;
}

static void hear_modules(TrainRecord *record, const Event *event)
{
    Str object = {0};
    str_addf(&object, "{%s}", event->json);
    Json *json = object.failed ? NULL : json_parse(object.data, object.len, "event", NULL);
    str_free(&object);
    if (json == NULL) return;

    const JsonNode *list = json_get(json_root(json), "modules");
    if (record->norm_count == RECORD_NORMS) thin_norms(record);
    record->module_count = 0;
    for (Index k = 0; k < record->kind_count; k++) {
        for (int n = 0; n < NORM_COUNT; n++) record->kinds[k].norm[n][record->norm_count] = 0;
    }
    for (Index i = 0; i < json_count(list); i++) add_module(record, json_at(list, i));
    record->norm_x[record->norm_count++] = (double)event->step;
    json_free(json);
}

/* ---- the rest ---- */

void record_event(TrainRecord *record, const Event *event)
{
    switch (event->type) {
    case EVENT_STEP:
        hear_step(record, event);
        break;
    case EVENT_EVAL:
        hear_eval(record, event);
        break;
    case EVENT_MODULES:
        if (event->json != NULL) hear_modules(record, event);
        break;
    case EVENT_MEMORY:
        record->has_memory = true;
        memcpy(record->memory, event->bytes, sizeof record->memory);
        break;
    case EVENT_SAMPLE:
        record_text(record->text, sizeof record->text, event->text);
        record->text_step = event->step;
        break;
    case EVENT_CHECKPOINT:
        record_text(record->saved, sizeof record->saved, event->text);
        break;
    case EVENT_NOTE:
        record_text(record->note, sizeof record->note, event->text);
        break;
    case EVENT_RESUME:
        record_back(record, event->step);
        record->step = event->step;
        break;
    case EVENT_START:
    case EVENT_TEXT:
    case EVENT_PROGRESS:
    case EVENT_END:
        break;
    }
}

void record_back(TrainRecord *record, Index step)
{
    double       last = (double)step;
    RecordSteps *s = &record->steps;
    RecordEvals *e = &record->evals;

    while (s->count > 0 && s->x[s->count - 1] > last) s->count--;
    while (e->count > 0 && e->x[e->count - 1] > last) e->count--;
    while (record->norm_count > 0 && record->norm_x[record->norm_count - 1] > last) {
        record->norm_count--;
    }
    s->pending = 0;
    memset(s->sum, 0, sizeof s->sum);
    record->step = step;
    record->loss = s->count > 0 ? s->loss[s->count - 1] : (double)NAN;
    record->gradient = s->count > 0 ? s->gradient[s->count - 1] : (double)NAN;
    record->rate = s->count > 0 ? s->rate[s->count - 1] : (double)NAN;
    record->eval_loss = e->count > 0 ? e->loss[e->count - 1] : (double)NAN;
    record->exact = e->count > 0 ? e->exact[e->count - 1] : -1;
    if (record->norm_count == 0) record->module_count = 0;
    if (record->text_step > step) record->text_step = -1;
    record_clock(record);
}

void record_clock(TrainRecord *record)
{
    record->seconds = record->tokens = 0;
    record->timed = 0;
}

static int64_t total_of(const int64_t bytes[MEM_PURPOSE_COUNT])
{
    int64_t sum = 0;
    for (int p = 0; p < MEM_PURPOSE_COUNT; p++) sum += bytes[p];
    return sum;
}

void record_moments(TrainRecord *record, Index step, const MemSample *samples, Index count)
{
    Index parts = count < RECORD_MOMENTS ? count : RECORD_MOMENTS;

    record->moment_count = parts;
    record->moment_step = step;
    for (Index i = 0; i < parts; i++) {
        Index            from = i * count / parts, end = (i + 1) * count / parts;
        const MemSample *best = &samples[from];
        for (Index k = from + 1; k < end; k++) {
            if (total_of(samples[k].highest) > total_of(best->highest)) best = &samples[k];
        }
        RecordMoment *moment = &record->moments[i];
        record_text(moment->op, sizeof moment->op, best->op);
        moment->layer = best->layer;
        memcpy(moment->bytes, best->highest, sizeof moment->bytes);
    }
}
