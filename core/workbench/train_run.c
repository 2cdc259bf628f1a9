/* Making, running and freeing one training of the bench. */

#include "core/workbench/train_run.h"

#include <math.h>
#include <string.h>

#include "core/lab/train_settings.h"

#define SAMPLE_TOKENS 48

/* ---- settings: the command's own reading of the same names ------------------------------- */

static bool takes(const Command *command, const char *name)
{
    for (const ArgSpec *row = command->args; row->name != NULL; row++) {
        if (strcmp(row->name, name) == 0) return true;
    }
    return false;
}

static bool copy_args(TrainRun *run, Error *err)
{
    const Args    *args = run->call->args;
    const Command *command = command_find("train");
    run->settings_args = args_create(command, err);
    if (run->settings_args == NULL) return false;
    for (const ArgSpec *row = args_command(args)->args; row->name != NULL; row++) {
        if (!takes(command, row->name) || !args_given(args, row->name)) continue;
        if (!args_set(run->settings_args, row->name, args_text(args, row->name), err)) return false;
    }
    if (run->from != NULL && run->from->full &&
        !args_set(run->settings_args, "method", "full", err)) {
        return false;
    }
    return args_set(run->settings_args, "seed", args_text(args, "seed"), err);
}

/* What an adapter is cannot change while it goes on. */
static bool refuse_changes(const Args *args, Error *err)
{
    for (const ArgSpec *row = args_command(args)->args; row->name != NULL; row++) {
        bool fixed = strcmp(row->group, "LoRA") == 0 || strcmp(row->group, "Method") == 0;
        if (!fixed || !args_given(args, row->name)) continue;
        error_set(err, ERR_INPUT, "%s cannot be set when \"%.40s\" goes on", row->name,
                  args_text(args, "continue"));
        return error_hint(err, "an adapter keeps its own; steps and optimizer may change");
    }
    return true;
}

static bool read_settings(TrainRun *run, Error *err)
{
    const Args    *args = run->call->args;
    TrainSettings *s = &run->settings;
    const char    *from = args_text(args, "continue");

    if (from != NULL) {
        run->from = learned_by_name(run->call->bench, from, err);
        if (run->from == NULL || !refuse_changes(args, err)) return false;
    }
    if (!copy_args(run, err) || !train_settings_from(run->settings_args, s, err)) return false;
    run->full = strcmp(args_text(run->settings_args, "method"), "full") == 0;
    run->measures = strcmp(args_text(args, "eval"), "none") != 0;
    run->first_step = run->from != NULL ? run->from->state->step : 0;
    s->max_steps = (Index)args_int(args, "max_steps") + run->first_step;
    if (s->max_length == 0) s->max_length = run->model->config.max_position;
    s->eval_steps = run->measures ? (Index)args_int(args, "eval_steps") : 0;
    s->sample_steps = (Index)args_int(args, "sample_steps");
    s->modules_steps = 0;
    s->seed = run->call->seed;
    return true;
}

/* ---- parts ------------------------------------------------------------------------------ */

static bool load_datasets(TrainRun *run, Error *err)
{
    const Args   *args = run->call->args;
    const char   *sample, *given = args_text(args, "data"), *prompt = args_text(args, "prompt");
    BenchDataSpec spec = {.split = "train",
                          .count = (Index)args_int(args, "examples"),
                          .max_length = run->settings.max_length,
                          .seed = run->settings.seed};
    run->data_name = given != NULL ? given : run->from != NULL ? run->from->data : "sql";
    spec.name = run->data_name;
    run->train = bench_data_cut(run->call->bench, &spec, &sample, err);
    if (run->train == NULL) return false;
    run->prompt = prompt != NULL ? prompt : sample;
    spec.count = (Index)args_int(args, "eval_examples");
    if (run->measures) {
        spec.split = args_text(args, "eval");
        run->eval = bench_data_cut(run->call->bench, &spec, NULL, err);
        if (run->eval == NULL) return false;
    }
    if (args_text(args, "other") == NULL) return true;
    spec.split = "heldout";
    spec.name = args_text(args, "other");
    run->other = bench_data_cut(run->call->bench, &spec, NULL, err);
    return run->other != NULL;
}

static bool make_method(TrainRun *run, Error *err)
{
    LoraConfig config;
    if (run->from != NULL) {
        run->method = learned_method(run->from, run->model, true, run->account, err);
    } else if (run->full) {
        run->method = full_create(run->model, run->account, err);
    } else {
        bool ok = lora_config_from(run->settings_args, &config, err);
        if (ok) {
            run->method =
                lora_create(run->model, &config, run->settings.seed, true, run->account, err);
        }
        lora_config_free(&config);
    }
    return run->method != NULL;
}

static bool write_text(TrainRun *run, Str *text, Error *err)
{
    Index    generated;
    TextSpec spec = {.prompt = run->prompt,
                     .max_new_tokens = SAMPLE_TOKENS,
                     .top_p = 1,
                     .seed = run->settings.seed,
                     .cancel = run->call->cancel};
    str_clear(text);
    return text_generate(run->net, run->tape, bench_lab(run->call->bench)->tok, &spec, text,
                         &generated, err);
}

static bool sample(void *context, Str *text, Error *err)
{
    return write_text(context, text, err);
}

static bool make_trainer(TrainRun *run, Error *err)
{
    TrainerSpec spec = {.settings = run->settings,
                        .net = run->net,
                        .method = run->method,
                        .tape = run->tape,
                        .train = run->train,
                        .eval = run->eval,
                        .sink = run->sink,
                        .sample = run->prompt[0] != '\0' ? sample : NULL,
                        .sample_context = run};
    run->trainer = trainer_create(&spec, err);
    if (run->trainer == NULL) return false;
    return run->from == NULL || trainer_restore(run->trainer, run->from->state, err);
}

bool train_prepare(TrainRun *run, Error *err)
{
    const EvalResult unknown = {.loss = (double)NAN, .exact_match = (double)NAN};
    run->before = run->after = run->other_before = run->other_after = unknown;
    run->finding = run->finding_hint = "";
    train_listen(run);
    if (!read_settings(run, err)) return false;
    run->account = mem_account_create("run", err);
    if (run->account == NULL || !load_datasets(run, err) || !make_method(run, err)) return false;
    run->net = net_create(run->model, err);
    if (run->net == NULL) return false;
    run->tape = tape_create(run->model->be, run->account, err);
    return run->tape != NULL && run->method->attach(run->method, run->net, err) &&
           make_trainer(run, err);
}

void train_free(TrainRun *run)
{
    trainer_free(run->trainer);
    if (run->method != NULL && run->net != NULL) run->method->detach(run->method, run->net);
    tape_free(run->tape);
    net_free(run->net);
    method_free(run->method);
    mem_account_free(run->account);
    args_free(run->settings_args);
    Column *columns[] = {&run->loss, &run->grad_norm, &run->learning_rate, &run->evals};
    for (int i = 0; i < 4; i++) {
        mem_free(columns[i]->x);
        mem_free(columns[i]->y);
    }
    for (Index i = 0; i < run->sample_count; i++) mem_free(run->samples[i].text);
    mem_free(run->samples);
    str_free(&run->text_before);
    str_free(&run->text_after);
}

/* ---- running ---------------------------------------------------------------------------- */

/* A number that is not finite ends the training and is its outcome. */
static bool or_exploded(TrainRun *run, bool ok, const Error *why, Error *err)
{
    if (ok) return true;
    if (why->code == ERR_NUMERIC) {
        run->exploded = true;
        return true;
    }
    error_set(err, why->code, "%s", why->message);
    if (why->hint[0] != '\0') error_hint(err, "%s", why->hint);
    return false;
}

/* data NULL: not asked for. A loss that is not finite leaves the result unknown. */
static bool measure_on(TrainRun *run, const Dataset *data, EvalResult *result, Error *err)
{
    EvalResult measured;
    Error      why = {0};
    if (data == NULL) return true;
    bool ok =
        evaluate(run->net, run->tape, data, 0, NULL, NULL, run->call->cancel, &measured, &why);
    if (ok) *result = measured;
    if (ok && result->exact_match < 0) result->exact_match = (double)NAN;
    return or_exploded(run, ok, &why, err);
}

static bool measure(TrainRun *run, EvalResult *result, EvalResult *other, Str *text, Error *err)
{
    Error why = {0};
    if (!measure_on(run, run->eval, result, err)) return false;
    if (isfinite(result->loss)) train_tell_eval(run, result);
    if (!measure_on(run, run->other, other, err)) return false;
    bool ok = write_text(run, text, &why);
    if (!or_exploded(run, ok, &why, err)) return false;
    return run->settings.sample_steps == 0 ||
           samples_add(run, trainer_step_number(run->trainer), str_text(text), err);
}

static bool train_steps(TrainRun *run, Error *err)
{
    RunHealth health;
    Error     why = {0};
    double    a, b, start = 0;
    bool      is_new = run->from == NULL && lora_config(run->method) != NULL;
    if (is_new && !method_norms(run->method, &a, &b, &start, err)) return false;
    mem_reset_peaks(run->account);
    bool ok = trainer_run(run->trainer, run->call->cancel, &why);
    mem_peak_by_purpose(run->account, run->peak);
    trainer_health(run->trainer, &health);
    health.untrained_loss = run->before.loss;
    health.start_change = start;
    const char *finding = diagnose(&health, &run->finding_hint);
    run->finding = finding != NULL ? finding : "";
    return or_exploded(run, ok, &why, err) && train_heard(run, err);
}

bool train_go(TrainRun *run, Error *err)
{
    uint64_t before, after;
    if (!values_hash(run->model, NULL, &before, err) ||
        !measure(run, &run->before, &run->other_before, &run->text_before, err)) {
        return false;
    }
    /* A start that cannot even be measured is not trained. */
    if (!run->exploded && !train_steps(run, err)) return false;
    if (!measure(run, &run->after, &run->other_after, &run->text_after, err) ||
        !train_heard(run, err)) {
        return false;
    }
    if (!values_hash(run->model, NULL, &after, err)) return false;
    run->frozen_equal = before == after;
    return true;
}
