/* A training's result as a record: the members that verb_train.c declares, in their order. */

#include <math.h>
#include <string.h>

#include "core/workbench/answer.h"
#include "core/workbench/train_run.h"

static void add_series(Answer *answer, const char *key, const Column *column, const char *unit)
{
    answer_add(answer, key,
               datum_series(column->x, column->y, column->count, "step", unit, answer->err));
}

static void add_eval(Answer *answer, const char *key, const EvalResult *eval)
{
    Answer inner = answer_begin(answer->err);
    answer_number(&inner, "loss", eval->loss, "nats/token");
    answer_number(&inner, "exact_match", eval->exact_match, NULL);
    answer_add(answer, key, answer_end(&inner));
}

static void add_other(Answer *answer, const TrainRun *run)
{
    Answer inner = answer_begin(answer->err);
    answer_number(&inner, "before", run->other_before.loss, "nats/token");
    answer_number(&inner, "after", run->other_after.loss, "nats/token");
    answer_add(answer, "other", answer_end(&inner));
}

static bool add_shape(Answer *answer, const TrainRun *run, Error *err)
{
    const LoraTarget *targets;
    bool              lora = lora_config(run->method) != NULL;
    bool              some = lora && lora_targets(run->method, &targets) > 0;
    int64_t           trainable = method_trainable(run->method), all = method_all(run->method);
    double            a, b, change;

    answer_number(answer, "trainable", (double)trainable, NULL);
    answer_number(answer, "all", (double)all, NULL);
    answer_number(answer, "percent", 100.0 * (double)trainable / (double)all, NULL);
    answer_number(answer, "scale", some ? targets[0].scale : (double)NAN, NULL);
    answer_number(answer, "r", lora ? (double)lora_config(run->method)->r : (double)NAN, NULL);
    answer_number(answer, "lora_alpha", lora ? lora_config(run->method)->lora_alpha : (double)NAN,
                  NULL);
    if (!method_norms(run->method, &a, &b, &change, err)) return false;
    answer_number(answer, "norm_A", a, NULL);
    answer_number(answer, "norm_B", b, NULL);
    answer_number(answer, "norm_BA", change, NULL);
    return true;
}

static void add_speed(Answer *answer, const TrainRun *run)
{
    double tokens = (double)run->tokens, steps = (double)run->loss.count;
    answer_timed(answer, "seconds", run->seconds, "s");
    answer_timed(answer, "tokens_per_second",
                 run->seconds > 0 ? tokens / run->seconds : (double)NAN, "tokens/s");
    answer_timed(answer, "step_seconds", steps > 0 ? run->seconds / steps : (double)NAN, "s");
    answer_number(answer, "tokens", tokens, "tokens");
    answer_number(answer, "steps", steps, "steps");
}

static void add_texts(Answer *answer, const TrainRun *run)
{
    Answer samples = answer_rows(false, "step", answer->err);
    Str    step = {0};

    answer_text(answer, "finding", run->finding);
    answer_text(answer, "finding_hint", run->finding_hint);
    answer_text(answer, "text_before", str_text(&run->text_before));
    answer_text(answer, "text_after", str_text(&run->text_after));
    answer_text(answer, "prompt", run->prompt);
    for (Index i = 0; i < run->sample_count; i++) {
        const char *text = run->samples[i].text;
        str_clear(&step);
        str_addf(&step, "%td", run->samples[i].step);
        answer_row(&samples, str_text(&step), datum_text(text, (Index)strlen(text), answer->err));
    }
    answer_add(answer, "samples", str_ok(&step, answer->err) ? answer_end(&samples) : NULL);
    str_free(&step);
}

/* The run's own bytes at their highest, and the base's weights. */
static void add_memory(Answer *answer, const TrainRun *run)
{
    int64_t bytes[MEM_PURPOSE_COUNT], total = 0;
    for (int p = 0; p < MEM_PURPOSE_COUNT; p++) {
        bytes[p] = run->peak[p];
        if (p == MEM_WEIGHTS) bytes[p] += model_bytes(run->model);
        total += bytes[p];
    }
    answer_number(answer, "peak_bytes", (double)total, "bytes");
    answer_bytes(answer, "bytes", bytes);
}

Datum *train_record(TrainRun *run, Error *err)
{
    Answer answer = answer_begin(err);
    add_series(&answer, "loss", &run->loss, "nats/token");
    add_series(&answer, "grad_norm", &run->grad_norm, NULL);
    add_series(&answer, "learning_rate", &run->learning_rate, NULL);
    add_eval(&answer, "before", &run->before);
    add_eval(&answer, "after", &run->after);
    add_other(&answer, run);
    add_series(&answer, "evals", &run->evals, "nats/token");
    bool ok = add_shape(&answer, run, err);
    add_speed(&answer, run);
    add_texts(&answer, run);
    add_memory(&answer, run);
    answer_yes(&answer, "frozen_equal", run->frozen_equal);
    answer_yes(&answer, "exploded", run->exploded);
    Datum *record = answer_end(&answer);
    if (ok) return record;
    datum_drop(record);
    return NULL;
}
