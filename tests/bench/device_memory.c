/*
 * What a training takes of a device's memory, planned and taken.
 */

#include "tests/bench/device_memory.h"

#include <math.h>
#include <stdio.h>

Held memory_held(Backend *be)
{
    Held    now = {.own = mem_use(mem_program(), MEM_DEVICE, MEM_SCRATCH).in_use};
    int64_t total;
    rig_wait(be);
    be->device_memory(be, &now.available, &total);
    return now;
}

static Plan plan_of(const Rig *rig, const Batch *batch)
{
    Error     err = {0};
    Plan      plan;
    PlanInput input = {.outline = rig->model,
                       .lora = lora_config(rig->method),
                       .stored = rig->model->config.dtype,
                       .settings = &rig->settings,
                       .N = batch->rows.N,
                       .longest = batch->longest,
                       .targets = batch->rows.M,
                       .segments = batch->rows.S,
                       .threads = rig->model->be->threads};
    rig_check(plan_make(&input, &plan, &err), &err);
    return plan;
}

Plan memory_plan(const Rig *rig, Index steps)
{
    Error     err = {0};
    Plan      worst = {0};
    Batch     batch = {.row_bucket = rig->model->be->row_bucket};
    OrderSpec spec = {.seed = rig->settings.seed,
                      .shuffle = rig->settings.shuffle,
                      .batch = rig->settings.batch,
                      .max_length = rig->settings.max_length};
    Order    *order = order_create(rig->data, spec, &err);
    rig_check(order != NULL, &err);
    for (Index b = 0; b < steps; b++) {
        const Index *examples;
        Index        count;
        uint64_t     serial;
        double       epoch;
        rig_check(order_batch(order, b, &examples, &count, &serial, &epoch, &err) &&
                      batch_fill(&batch, rig->data, examples, count, serial, &err),
                  &err);
        Plan plan = plan_of(rig, &batch);
        if (plan.bytes_total > worst.bytes_total) worst = plan;
    }
    batch_free(&batch);
    order_free(order);
    return worst;
}

void memory_tell(const char *name, const Rig *rig, const Plan *plan, Held before, double allowed)
{
    int64_t counted[MEM_PURPOSE_COUNT], sum = 0;
    Held    now = memory_held(rig->model->be);
    mem_peak_by_purpose(rig->account, counted);
    for (int p = 0; p < MEM_PURPOSE_COUNT; p++) sum += counted[p];
    sum += mem_use(mem_program(), rig->model->be->space, MEM_WEIGHTS).in_use;

    double planned = (double)(plan->bytes_total - plan->bytes[MEM_TEXT]);
    printf("%s: memory planned %.1f MB, counted at the peak %.1f MB\n", name, planned * 1e-6,
           (double)sum * 1e-6);
    if (rig->model->be->space != MEM_DEVICE) return;
    double taken = (double)(before.available - now.available);
    double want = planned + (double)(now.own - before.own), ratio = taken / want;
    printf("%s: the device has %.1f MB less, %.1f MB more of the backend's own among them; its "
           "own at the start %.1f MB\n",
           name, taken * 1e-6, (double)(now.own - before.own) * 1e-6, (double)before.own * 1e-6);
    printf("%s: memory taken / planned %.3f", name, ratio);
    if (allowed > 0) {
        printf("  target within %g  %s", allowed, fabs(ratio - 1.0) <= allowed ? "PASS" : "MISS");
    }
    printf("\n");
}
