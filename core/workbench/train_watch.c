/* What a training tells while it runs, collected for its record and passed on. */

#include "core/workbench/train_run.h"

bool column_add(Column *column, double x, double y, Error *err)
{
    if (column->count == column->cap) {
        Index   cap = 2 * column->cap + 64;
        double *xs = mem_resize(column->x, mem_program(), MEM_TEXT, cap, sizeof *xs, err);
        if (xs == NULL) return false;
        column->x = xs;
        double *ys = mem_resize(column->y, mem_program(), MEM_TEXT, cap, sizeof *ys, err);
        if (ys == NULL) return false;
        column->y = ys;
        column->cap = cap;
    }
    column->x[column->count] = x;
    column->y[column->count++] = y;
    return true;
}

bool samples_add(TrainRun *run, Index step, const char *text, Error *err)
{
    if (run->sample_count == run->sample_cap) {
        Index   cap = 2 * run->sample_cap + 8;
        Sample *larger =
            mem_resize(run->samples, mem_program(), MEM_TEXT, cap, sizeof *larger, err);
        if (larger == NULL) return false;
        run->samples = larger;
        run->sample_cap = cap;
    }
    char *copy = mem_strdup(text, err);
    if (copy == NULL) return false;
    run->samples[run->sample_count++] = (Sample){.step = step, .text = copy};
    return true;
}

static void hear_step(TrainRun *run, const Event *event)
{
    double step = (double)event->step;
    run->seconds += event->seconds;
    run->tokens += event->tokens;
    run->deaf = run->deaf || !column_add(&run->loss, step, event->loss, NULL) ||
                !column_add(&run->grad_norm, step, event->grad_norm, NULL) ||
                !column_add(&run->learning_rate, step, event->learning_rate, NULL);
}

static void hear(void *context, const Event *event)
{
    TrainRun *run = context;
    if (event->type == EVENT_STEP) hear_step(run, event);
    if (event->type == EVENT_EVAL) {
        run->deaf = run->deaf || !column_add(&run->evals, (double)event->step, event->loss, NULL);
    }
    if (event->type == EVENT_SAMPLE) {
        run->deaf = run->deaf || !samples_add(run, event->step, event->text, NULL);
    }
    sink_send(run->call->sink, event);
}

void train_listen(TrainRun *run)
{
    run->sink = (Sink){.context = run, .event = hear};
}

bool train_heard(const TrainRun *run, Error *err)
{
    return !run->deaf || error_set(err, ERR_MEMORY, "out of memory for the losses of the run");
}

void train_tell_eval(TrainRun *run, const EvalResult *result)
{
    Event event = {.type = EVENT_EVAL,
                   .step = trainer_step_number(run->trainer),
                   .steps = trainer_total_steps(run->trainer),
                   .loss = result->loss,
                   .exact_match = result->exact_match,
                   .tokens = result->tokens,
                   .seconds = result->seconds};
    sink_send(&run->sink, &event);
}
