/* Measuring a setting, repeat by repeat. */

#include "core/workbench/time_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/pool.h"
#include "core/model/generate.h"
#include "core/workbench/attach.h"

enum { WARM_UP = 2, PROMPT_TOKENS = 16 };

/* ---- opening ---------------------------------------------------------------------------- */

static StudyKind study_kind(TimeKind kind)
{
    if (kind == TIME_BASE) return STUDY_BASE;
    return kind == TIME_FULL ? STUDY_FULL : STUDY_LORA;
}

/* compare= may ask for another kind than the adapter that was named. */
static bool open_study(TimeRun *run, const VerbCall *call, TimeKind kind, Error *err)
{
    const char *name = args_text(call->args, "adapter");
    bool        named = name != NULL && strcmp(name, "none") != 0;
    bool        branch = kind == TIME_LORA || kind == TIME_MERGED;
    if (!named || !branch) return study_open(&run->study, call, study_kind(kind), err);
    const Learned *learned = learned_by_name(call->bench, name, err);
    if (learned == NULL) return false;
    if (learned->full && kind == TIME_MERGED) {
        return error_set(err, ERR_INPUT, "time: %.60s trained whole, so there is nothing to merge",
                         name);
    }
    return study_open_learned(&run->study, call, learned, err);
}

bool time_open(TimeRun *run, const VerbCall *call, TimeKind kind, Error *err)
{
    bool only_forward = args_flag(call->args, "inference");
    *run = (TimeRun){.generates = args_operands(call->args) > 0};
    run->trains = !run->generates && !only_forward && (kind == TIME_LORA || kind == TIME_FULL);
    if (!open_study(run, call, kind, err)) return false;

    Study        *study = &run->study;
    TrainSettings settings = study_settings(call->args);
    study->net->checkpointing = settings.gradient_checkpointing;
    if (kind == TIME_MERGED) {
        run->merge = merge_apply(study->net, study->method, study->account, err);
        if (run->merge == NULL) return false;
    }
    if (run->trains) {
        run->optim = optim_create(study->method->params, settings.optim, err);
        if (run->optim == NULL) return false;
    }
    return study_load_batch(study, err);
}

void time_close(TimeRun *run)
{
    merge_free(run->merge);
    optim_free(run->optim);
    study_close(&run->study);
    for (int p = 0; p < TIME_PARTS; p++) mem_free(run->seconds[p]);
    *run = (TimeRun){0};
}

/* ---- one repeat ------------------------------------------------------------------------- */

/* A rate so small that the weights hardly move, whatever the number of repeats. */
static bool update(TimeRun *run, Error *err)
{
    Backend *be = tape_backend(run->study.tape);
    double   norm = params_grad_norm(run->study.method->params);
    optim_step(run->optim, 1e-6, clip_scale(norm, 1.0));
    return be->sync(be, err);
}

static bool step_once(TimeRun *run, double seconds[TIME_PARTS], Error *err)
{
    const Study *study = &run->study;
    double       loss, at[4];
    if (run->trains) params_zero_grads(study->method->params);
    at[0] = clock_seconds();
    bool ok = study_forward(study, study->net, run->trains, &loss, err);
    at[1] = clock_seconds();
    if (ok && run->trains) ok = tape_backward(study->tape, err);
    tape_reset(study->tape);
    at[2] = clock_seconds();
    if (ok && run->trains) ok = update(run, err);
    at[3] = clock_seconds();
    if (!ok) return false;
    if (!isfinite(loss)) return error_set(err, ERR_NUMERIC, "time: the loss is %g", loss);

    seconds[TIME_FORWARD] = at[1] - at[0];
    seconds[TIME_BACKWARD] = run->trains ? at[2] - at[1] : 0;
    seconds[TIME_OPTIMIZER] = run->trains ? at[3] - at[2] : 0;
    seconds[TIME_STEP] = run->trains ? at[3] - at[0] : at[1] - at[0];
    return true;
}

static bool generate_once(TimeRun *run, double seconds[TIME_PARTS], Error *err)
{
    const Study    *study = &run->study;
    const VerbCall *call = study->call;
    const Example  *example = &study->data->examples[0];
    Index           n = example->count < PROMPT_TOKENS ? example->count : PROMPT_TOKENS;
    GenerateSpec    spec = {.max_new_tokens = (Index)args_int(call->args, "max_new_tokens"),
                            .top_p = 1,
                            .seed = call->seed,
                            .ignore_end = true};
    Ids             out = {0};
    StopReason      stop;
    double          start = clock_seconds();
    bool ok = generate(study->net, study->tape, example->ids, n, spec, NULL, NULL, call->cancel,
                       &out, &stop, err);
    seconds[TIME_TOKEN] = (clock_seconds() - start) / (double)spec.max_new_tokens;
    ids_free(&out);
    return ok;
}

/* ---- all repeats ------------------------------------------------------------------------ */

static bool reserve(TimeRun *run, Index repeats, Error *err)
{
    int first = run->generates ? TIME_TOKEN : TIME_FORWARD;
    int last = run->generates ? TIME_TOKEN : TIME_STEP;
    for (int p = first; p <= last; p++) {
        run->seconds[p] = mem_alloc(mem_program(), MEM_SCRATCH, repeats, sizeof(double), err);
        if (run->seconds[p] == NULL) return false;
    }
    return true;
}

static bool measure_once(TimeRun *run, bool keep, Error *err)
{
    double seconds[TIME_PARTS] = {0};
    if (cancel_requested(run->study.call->cancel)) {
        return error_set(err, ERR_CANCELLED, tr("stopped on request"));
    }
    if (!(run->generates ? generate_once : step_once)(run, seconds, err)) return false;
    if (!keep) return true;
    for (int p = 0; p < TIME_PARTS; p++) {
        if (run->seconds[p] != NULL) run->seconds[p][run->done] = seconds[p];
    }
    run->done++;
    return true;
}

bool time_measure(TimeRun *runs, Index count, Index repeats, Error *err)
{
    for (Index i = 0; i < count; i++) {
        if (!reserve(&runs[i], repeats, err)) return false;
    }
    for (Index round = -WARM_UP; round < repeats; round++) {
        for (Index i = 0; i < count; i++) {
            if (!measure_once(&runs[i], round >= 0, err)) return false;
        }
    }
    for (Index i = 0; i < count; i++) CHECK(runs[i].done == repeats);
    return true;
}

static int by_size(const void *a, const void *b)
{
    double x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

double time_median(const TimeRun *run, TimePart part)
{
    double *x = run->seconds[part];
    if (x == NULL || run->done == 0) return (double)NAN;
    qsort(x, (size_t)run->done, sizeof *x, by_size);
    Index half = run->done / 2;
    return run->done % 2 == 1 ? x[half] : (x[half - 1] + x[half]) / 2;
}
