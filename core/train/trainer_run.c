/*
 * The whole run: steps, with evaluations, samples, norms and checkpoints where the settings ask
 * for them, each told as an event.
 */

#include <math.h>

#include "core/base/json.h"
#include "core/train/trainer_internal.h"

static bool due(Index every, Index step)
{
    return every > 0 && step % every == 0;
}

static void send_step(Trainer *trainer, const StepReport *r)
{
    Event event = {.type = EVENT_STEP,
                   .step = r->step,
                   .steps = trainer->total_steps,
                   .epoch = r->epoch,
                   .loss = r->loss,
                   .grad_norm = r->grad_norm,
                   .learning_rate = r->learning_rate,
                   .tokens = r->tokens,
                   .seconds = r->seconds};
    sink_send(&trainer->spec.sink, &event);
}

static bool send_eval(Trainer *trainer, const Cancel *cancel, Error *err)
{
    EvalResult result;
    if (!evaluate(trainer->spec.net, trainer->spec.tape, trainer->spec.eval, 0, NULL, NULL, cancel,
                  &result, err)) {
        return false;
    }
    Event event = {.type = EVENT_EVAL,
                   .step = trainer->step,
                   .steps = trainer->total_steps,
                   .loss = result.loss,
                   .exact_match = result.exact_match,
                   .tokens = result.tokens,
                   .seconds = result.seconds};
    sink_send(&trainer->spec.sink, &event);
    return true;
}

static void send_memory(Trainer *trainer)
{
    Event event = {.type = EVENT_MEMORY, .step = trainer->step, .steps = trainer->total_steps};
    mem_peak_by_purpose(tape_account(trainer->spec.tape), event.bytes);
    sink_send(&trainer->spec.sink, &event);
}

static bool send_sample(Trainer *trainer, Error *err)
{
    Str  text = {0};
    bool ok = trainer->spec.sample(trainer->spec.sample_context, &text, err) && str_ok(&text, err);
    if (ok) {
        Event event = {.type = EVENT_SAMPLE, .step = trainer->step, .text = str_text(&text)};
        sink_send(&trainer->spec.sink, &event);
    }
    str_free(&text);
    return ok;
}

static void add_norm(Str *out, const char *key, double value)
{
    str_addf(out, ", \"%s\": ", key);
    json_add_number(out, value);
}

/* {"name", "grad", "A", "B", "BA"} of one LoRA target; A and B are neighbours in the flat block. */
static bool add_target(Trainer *trainer, Str *out, const LoraTarget *target, Index i, Error *err)
{
    const Method *method = trainer->spec.method;
    ParamSet     *set = method->params;
    double        a, b, ba, grad = 0;

    if (!lora_norms(method, i, &a, &b, &ba, err)) return false;
    for (Index p = 0; p < set->count; p++) {
        const Param *param = set->list[p];
        if (param->module != target->module || (param->part != 'A' && param->part != 'B')) continue;
        grad += set->be->sum_squares(set->be, param->tensor.grad,
                                     param->tensor.rows * param->tensor.cols);
    }
    str_addf(out, "%s{\"name\": \"%s\"", i > 0 ? ", " : "",
             method->model->modules[target->module].name);
    add_norm(out, "grad", sqrt(grad));
    add_norm(out, "A", a);
    add_norm(out, "B", b);
    add_norm(out, "BA", ba);
    str_add(out, "}");
    return true;
}

static bool send_modules(Trainer *trainer, Error *err)
{
    const LoraTarget *targets;
    Index             count = lora_targets(trainer->spec.method, &targets);
    Str               json = {0};
    bool              ok = true;

    str_add(&json, "\"modules\": [");
    for (Index i = 0; ok && i < count; i++) ok = add_target(trainer, &json, &targets[i], i, err);
    str_add(&json, "]");
    ok = ok && str_ok(&json, err);
    if (ok) {
        Event event = {.type = EVENT_MODULES, .step = trainer->step, .json = str_text(&json)};
        sink_send(&trainer->spec.sink, &event);
    }
    str_free(&json);
    return ok;
}

/* What follows a step, in the order of the log. The last step's measurements are its caller's. */
static bool after_step(Trainer *trainer, const Cancel *cancel, Error *err)
{
    const TrainSettings *s = &trainer->spec.settings;
    Index                step = trainer->step;
    bool                 lora = lora_config(trainer->spec.method) != NULL;
    bool                 last = step == trainer->total_steps;

    if (lora && due(s->modules_steps, step) && !send_modules(trainer, err)) return false;
    if (due(s->memory_steps, step)) send_memory(trainer);
    if (trainer->spec.eval != NULL && !last && due(s->eval_steps, step) &&
        !send_eval(trainer, cancel, err)) {
        return false;
    }
    if (trainer->spec.sample != NULL && !last && due(s->sample_steps, step) &&
        !send_sample(trainer, err)) {
        return false;
    }
    if (trainer->spec.out != NULL && due(s->save_steps, step)) return trainer_save(trainer, err);
    return true;
}

bool trainer_follow(Trainer *trainer, const StepReport *report, const Cancel *cancel, Error *err)
{
    send_step(trainer, report);
    return after_step(trainer, cancel, err);
}

/* A cancel loses nothing: the state before the step given up is written. */
static bool stop_here(Trainer *trainer, Error *err)
{
    if (err->code != ERR_CANCELLED || trainer->spec.out == NULL || trainer->step == 0) return false;

    Error saving = {0};
    if (!trainer_save(trainer, &saving)) *err = saving;
    return false;
}

bool trainer_run(Trainer *trainer, const Cancel *cancel, Error *err)
{
    StepReport report;

    while (trainer->step < trainer->total_steps) {
        if (!trainer_step(trainer, cancel, &report, err)) return stop_here(trainer, err);
        if (!trainer_follow(trainer, &report, cancel, err)) return stop_here(trainer, err);
    }
    return true;
}
