/*
 * What a training will need, by formula: the answer of a dry run, and the smaller setting that
 * fits where a GPU's memory did not suffice.
 */

#include <math.h>

#include "core/lab/report.h"
#include "core/lab/train_job.h"
#include "core/study/plan.h"

/* ---- the largest step -------------------------------------------------------------------- */

static bool plan_batch(TrainJob *job, const TrainSettings *s, const Batch *batch, Plan *plan,
                       Error *err)
{
    PlanInput input = {.outline = job->model,
                       .lora = job->full ? NULL : lora_config(job->method),
                       .stored = model_module(job->model, ROLE_EMBED, -1)->weight.dtype,
                       .settings = s,
                       .N = batch->rows.N,
                       .longest = batch->longest,
                       .targets = batch->rows.M,
                       .segments = batch->rows.S,
                       .threads = job->model->be->threads};
    return plan_make(&input, plan, err);
}

static bool look_at_batch(TrainJob *job, const TrainSettings *s, Order *order, Batch *batch,
                          Index b, Plan *worst, Error *err)
{
    const Index *examples;
    Index        count;
    uint64_t     serial;
    double       epoch;
    Plan         plan;
    if (!order_batch(order, b, &examples, &count, &serial, &epoch, err)) return false;
    if (!batch_fill(batch, job->train, examples, count, serial, err)) return false;
    if (!plan_batch(job, s, batch, &plan, err)) return false;
    if (b == 0 || plan.bytes_total > worst->bytes_total) *worst = plan;
    return true;
}

/* The micro-batch that needs most memory, over all that a run with these settings would see. */
static bool plan_worst(TrainJob *job, const TrainSettings *s, Plan *worst, Error *err)
{
    OrderSpec spec = {.seed = s->seed,
                      .shuffle = s->shuffle,
                      .packing = s->packing,
                      .batch = s->batch,
                      .max_length = s->max_length};
    Order    *order = order_create(job->train, spec, err);
    if (order == NULL) return false;

    Batch batch = {.row_bucket = job->model->be->row_bucket};
    Index micro = s->max_steps > 0
                      ? s->max_steps * s->accumulation
                      : (Index)ceil((double)order_batches_per_epoch(order) * s->num_train_epochs);
    bool  ok = true;
    for (Index b = 0; ok && b < micro; b++) {
        ok = look_at_batch(job, s, order, &batch, b, worst, err);
        if (ok && cancel_requested(job->cancel)) {
            ok = error_set(err, ERR_CANCELLED, "stopped after %td of %td batches", b + 1, micro);
        }
    }
    batch_free(&batch);
    order_free(order);
    return ok;
}

/* ---- dry run ----------------------------------------------------------------------------- */

bool job_dry_run(TrainJob *job, Result *result, Error *err)
{
    Plan plan;
    if (!plan_worst(job, &job->settings, &plan, err)) return false;
    job_report_modules(job, result);
    report_parameters(result, method_trainable(job->method), method_all(job->method));
    report_bytes(result, tr("peak memory by formula"), plan.bytes);
    report_device(result, job->model->be);
    value_integer(result->root, "examples", job->train->count);
    result_line(result, "%td training examples; nothing was trained or written (dry run)",
                job->train->count);
    return result_ok(result, err);
}

/* ---- what would fit ---------------------------------------------------------------------- */

/* What the run may take: what is free now and what it holds already. */
static int64_t device_budget(const TrainJob *job)
{
    Backend *be = job->model->be;
    int64_t  available, total, held = 0;
    be->device_memory(be, &available, &total);
    for (int p = 0; p < MEM_PURPOSE_COUNT; p++) {
        held += mem_use(job->account, MEM_DEVICE, (MemPurpose)p).reserved;
    }
    return available + held;
}

/* Of the plan, all but the base's weights, which are there already. */
static bool fits(TrainJob *job, const TrainSettings *s, int64_t budget, int64_t *need)
{
    Plan plan;
    if (!plan_worst(job, s, &plan, NULL)) return false;
    *need = plan.bytes_total - plan.bytes[MEM_WEIGHTS];
    return *need <= budget;
}

bool job_hint_smaller(TrainJob *job, Error *err)
{
    if (err->code != ERR_MEMORY || job->train == NULL || job->method == NULL) return false;
    if (job->model->be->space != MEM_DEVICE) return false;

    TrainSettings s = job->settings;
    int64_t       budget = device_budget(job), need = 0;
    bool          found = false;
    while (!found && s.batch > 1) {
        s.batch /= 2;
        found = fits(job, &s, budget, &need);
    }
    if (!found && !s.gradient_checkpointing) {
        s.gradient_checkpointing = true;
        found = fits(job, &s, budget, &need);
    }
    if (!found) {
        return error_hint(err,
                          tr("one example at a time needs %lld MiB beside the base, %lld MiB "
                             "are free: a smaller --max_length, or --backend cpu"),
                          (long long)(need >> 20), (long long)(budget >> 20));
    }
    return error_hint(err, tr("--per_device_train_batch_size %td%s needs %lld MiB of %lld MiB"),
                      s.batch, s.gradient_checkpointing ? " --gradient_checkpointing" : "",
                      (long long)(need >> 20), (long long)(budget >> 20));
}
