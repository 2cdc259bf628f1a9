/*
 * One optimizer step, and what surrounds it. Read trainer_step first.
 */

#include "core/train/trainer.h"

#include <math.h>

#include "core/train/trainer_internal.h"

void train_settings_init(TrainSettings *settings)
{
    *settings = (TrainSettings){
        .num_train_epochs = 3.0,
        .batch = 8,
        .accumulation = 1,
        .learning_rate = 5e-5,
        .schedule = SCHEDULE_LINEAR,
        .optim = {.kind = OPTIM_ADAMW, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8},
        .max_grad_norm = 1.0,
        .shuffle = true,
        .seed = 42,
    };
}

static Index steps_of(const TrainSettings *s, Order *order)
{
    if (s->max_steps > 0) return s->max_steps;
    double micro = (double)order_batches_per_epoch(order) * s->num_train_epochs;
    Index  steps = (Index)ceil(micro / (double)s->accumulation - 1e-9);
    return steps > 0 ? steps : 1;
}

Trainer *trainer_create(const TrainerSpec *spec, Error *err)
{
    const TrainSettings *s = &spec->settings;
    CHECK(spec->train->count > 0 && s->accumulation > 0);

    Trainer *trainer = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *trainer, err);
    if (trainer == NULL) return NULL;
    trainer->spec = *spec;
    trainer->last_saved = -1;
    trainer->batch.row_bucket = spec->net->model->be->row_bucket;
    OrderSpec order = {.seed = s->seed,
                       .shuffle = s->shuffle,
                       .packing = s->packing,
                       .batch = s->batch,
                       .max_length = s->max_length};
    trainer->order = order_create(spec->train, order, err);
    if (trainer->order == NULL) goto fail;
    trainer->optim = optim_create(spec->method->params, s->optim, err);
    if (trainer->optim == NULL) goto fail;
    trainer->stride = 1;
    trainer->losses = mem_alloc(mem_program(), MEM_TEXT, TRAINER_LOSSES, sizeof(float), err);
    if (trainer->losses == NULL) goto fail;

    trainer->total_steps = steps_of(s, trainer->order);
    trainer->warmup = s->warmup_steps > 0
                          ? s->warmup_steps
                          : (Index)ceil(s->warmup_ratio * (double)trainer->total_steps);
    spec->net->checkpointing = s->gradient_checkpointing;
    return trainer;

fail:
    trainer_free(trainer);
    return NULL;
}

void trainer_free(Trainer *trainer)
{
    if (trainer == NULL) return;
    order_free(trainer->order);
    optim_free(trainer->optim);
    batch_free(&trainer->batch);
    mem_free(trainer->losses);
    mem_free(trainer);
}

Index trainer_total_steps(const Trainer *trainer)
{
    return trainer->total_steps;
}

Index trainer_step_number(const Trainer *trainer)
{
    return trainer->step;
}

/* Targets of the whole accumulated batch: what its loss is divided by. */
static bool count_targets(Trainer *trainer, Index *targets, double *epoch, Error *err)
{
    const Dataset *data = trainer->spec.train;
    const Index   *examples;
    Index          count;
    uint64_t       serial;

    *targets = 0;
    for (Index a = 0; a < trainer->spec.settings.accumulation; a++) {
        if (!order_batch(trainer->order, trainer->micro + a, &examples, &count, &serial, epoch,
                         err)) {
            return false;
        }
        for (Index i = 0; i < count; i++) *targets += data->examples[examples[i]].targets;
    }
    return true;
}

static bool fill_batch(Trainer *trainer, Index b, Error *err)
{
    const Index *examples;
    Index        count;
    uint64_t     serial;
    double       epoch;

    if (!order_batch(trainer->order, b, &examples, &count, &serial, &epoch, err)) return false;
    if (!batch_fill(&trainer->batch, trainer->spec.train, examples, count, serial, err)) {
        return false;
    }
    if (trainer->batch.longest <= trainer->longest) return true;
    if (!net_reserve(trainer->spec.net, trainer->batch.longest, err)) return false;
    trainer->longest = trainer->batch.longest;
    return true;
}

/* rows -> forward -> loss -> backward: the gradients of one micro-batch are added. */
static bool learn_batch(Trainer *trainer, float grad_scale, const Cancel *cancel, double *loss_sum,
                        Error *err)
{
    Net   *net = trainer->spec.net;
    Tape  *tape = trainer->spec.tape;
    Batch *batch = &trainer->batch;

    tape_begin(tape, true, cancel);
    net->training = true;
    Tensor  *hidden = net_forward(net, tape, &batch->rows);
    LossSpec spec = {.labels = batch->labels, .grad_scale = grad_scale, .loss_sum = loss_sum};
    net_loss(net, tape, hidden, spec);
    tape_done(tape, hidden);
    bool ok = tape_ok(tape, err) && tape_backward(tape, err);
    net->training = false;
    tape_reset(tape);
    return ok;
}

static bool extra_losses(Trainer *trainer, double *loss, Error *err)
{
    Net *net = trainer->spec.net;
    for (int i = 0; i < net->hook_count; i++) {
        const Hooks *h = net->hooks[i];
        if (h->extra_loss == NULL) continue;
        if (!h->extra_loss(h->self, trainer->spec.tape, 1.0f, loss, err)) return false;
    }
    return true;
}

/*
 * Here all gradients of the step are complete and flat in params->grads, divided by the number
 * of targets, not yet clipped: the point where gradients of several ranks will be summed.
 */
static double gradients_ready(Trainer *trainer)
{
    mem_mark(tape_account(trainer->spec.tape), "gradients", -1);
    return params_grad_norm(trainer->spec.method->params);
}

static bool accumulate(Trainer *trainer, Index targets, const Cancel *cancel, StepReport *report,
                       Error *err)
{
    double loss_sum = 0, extra = 0;
    float  grad_scale = targets > 0 ? (float)(1.0 / (double)targets) : 0.0f;

    params_zero_grads(trainer->spec.method->params);
    for (Index a = 0; a < trainer->spec.settings.accumulation; a++) {
        if (!fill_batch(trainer, trainer->micro + a, err)) return false;
        if (trainer->batch.targets == 0) continue;
        if (!learn_batch(trainer, grad_scale, cancel, &loss_sum, err)) return false;
        report->tokens += trainer->batch.tokens;
    }
    if (!extra_losses(trainer, &extra, err)) return false;
    report->targets = targets;
    report->loss = (targets > 0 ? loss_sum / (double)targets : 0) + extra;
    report->grad_norm = gradients_ready(trainer);
    return true;
}

static bool check_finite(const StepReport *report, Error *err)
{
    if (isfinite(report->loss) && isfinite(report->grad_norm)) return true;
    error_set(err, ERR_NUMERIC, "step %td: the loss is %g and the gradient's norm %g", report->step,
              report->loss, report->grad_norm);
    return error_hint(err, "nothing was changed by this step; try a smaller --learning_rate or a "
                           "smaller --lora_alpha");
}

static bool run_step_hooks(Trainer *trainer, bool before, Error *err)
{
    Net *net = trainer->spec.net;
    for (int i = 0; i < net->hook_count; i++) {
        const Hooks *h = net->hooks[i];
        bool (*hook)(void *, Index, Error *) = before ? h->before_step : h->after_step;
        if (hook != NULL && !hook(h->self, trainer->step, err)) return false;
    }
    return true;
}

static void join_neighbours(Trainer *trainer)
{
    float *x = trainer->losses;
    trainer->loss_count /= 2;
    for (Index i = 0; i < trainer->loss_count; i++) x[i] = 0.5f * (x[2 * i] + x[2 * i + 1]);
    trainer->stride *= 2;
}

static void remember(Trainer *trainer, const StepReport *report)
{
    if (trainer->steps_seen++ == 0) trainer->first_grad_norm = report->grad_norm;
    trainer->last_grad_norm = report->grad_norm;
    if (report->grad_norm > trainer->max_grad_norm) trainer->max_grad_norm = report->grad_norm;

    trainer->pending += report->loss;
    if (trainer->steps_seen % trainer->stride != 0) return;
    trainer->losses[trainer->loss_count++] = (float)(trainer->pending / (double)trainer->stride);
    trainer->pending = 0;
    if (trainer->loss_count == TRAINER_LOSSES) join_neighbours(trainer);
}

bool trainer_step(Trainer *trainer, const Cancel *cancel, StepReport *report, Error *err)
{
    const TrainSettings *s = &trainer->spec.settings;
    Method              *method = trainer->spec.method;
    double               start = clock_seconds();
    Index                targets;

    CHECK(trainer->step < trainer->total_steps);
    *report = (StepReport){.step = trainer->step + 1};
    if (!count_targets(trainer, &targets, &report->epoch, err)) return false;
    if (method->at_step != NULL) method->at_step(method, s->seed, trainer->step);
    if (!run_step_hooks(trainer, true, err)) return false;
    if (!accumulate(trainer, targets, cancel, report, err)) return false;
    if (!check_finite(report, err)) return false;
    if (cancel_requested(cancel)) {
        return error_set(err, ERR_CANCELLED, "stopped at step %td", trainer->step);
    }

    report->learning_rate =
        s->learning_rate *
        schedule_factor(s->schedule, trainer->step, trainer->warmup, trainer->total_steps);
    mem_mark(tape_account(trainer->spec.tape), "optimizer", -1);
    optim_step(trainer->optim, report->learning_rate,
               clip_scale(report->grad_norm, s->max_grad_norm));
    if (!run_step_hooks(trainer, false, err)) return false;
    /* A device's failure belongs to the step it happens in, and so does its time. */
    Backend *be = tape_backend(trainer->spec.tape);
    if (!be->sync(be, err)) return false;
    trainer->step++;
    trainer->micro += s->accumulation;
    trainer->tokens += report->tokens;
    report->seconds = clock_seconds() - start;
    remember(trainer, report);
    return true;
}
