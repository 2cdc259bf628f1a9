/* Snapshots of a training, bounded in number and bytes, and the batch that needs most memory. */

#include <math.h>
#include <string.h>

#include "app/rooms/workbench/session_internal.h"

#define SHAPE_BATCHES 4000 /* looked at; longer trainings see the same examples again */

/* ---- snapshots ---- */

void session_forget(TrainSession *session)
{
    for (Index i = 0; i < session->snapshot_count; i++) train_state_free(session->snapshots[i]);
    session->snapshot_count = 0;
}

static Index fitting(const TrainSession *session)
{
    const Method *method = session->job.method;
    int64_t       one = (int64_t)method->params->total * 3 * (int64_t)sizeof(float);
    int64_t       n = session->spec.snapshot_bytes / (one > 0 ? one : 1);
    return n < SESSION_SNAPSHOTS ? (Index)n : SESSION_SNAPSHOTS;
}

/* Every second one goes, never the first, and from now on they are taken half as often. */
static void make_room(TrainSession *session)
{
    Index kept = 0;
    for (Index i = 0; i < session->snapshot_count; i++) {
        if (i % 2 == 0) {
            session->snapshots[kept++] = session->snapshots[i];
        } else {
            train_state_free(session->snapshots[i]);
        }
    }
    session->snapshot_count = kept;
    session->snapshot_every *= 2;
}

void session_snap(TrainSession *session)
{
    Index step = trainer_step_number(session->job.trainer), n = session->snapshot_count;
    Index room = fitting(session);

    if (n > 0 && session->snapshots[n - 1]->step >= step) return;
    if (n > 0 && step % session->snapshot_every != 0) return;
    if (room < 1 || (n == room && room < 3)) return;
    if (n == room) make_room(session);
    if (session->snapshot_count > 0 && step % session->snapshot_every != 0) return;
    TrainState *state = trainer_snapshot(session->job.trainer, NULL);
    if (state != NULL) session->snapshots[session->snapshot_count++] = state;
}

bool session_go_back(TrainSession *session, Index times, Error *err)
{
    Trainer *trainer = session->job.trainer;
    Index    step = trainer_step_number(trainer), at = session->snapshot_count;

    for (; times > 0; times--) {
        Index before = at;
        while (before > 0 && session->snapshots[before - 1]->step >= step) before--;
        if (before == 0) break;
        at = before;
        step = session->snapshots[at - 1]->step;
    }
    if (step == trainer_step_number(trainer)) {
        if (session->snapshot_count > 0) {
            return error_set(err, ERR_INPUT, "there is no snapshot before step %td", step);
        }
        return error_set(err, ERR_INPUT,
                         "no snapshot was kept: one is larger than what may be used for them");
    }
    if (!trainer_restore(trainer, session->snapshots[at - 1], err)) return false;
    while (session->snapshot_count > at) {
        train_state_free(session->snapshots[--session->snapshot_count]);
    }
    Event event = {.type = EVENT_RESUME, .step = step, .steps = trainer_total_steps(trainer)};
    sink_send(&session->job.sink, &event);
    return true;
}

/* ---- the largest batch ---- */

static bool plan_of(const TrainSession *session, const Batch *batch, Plan *plan, Error *err)
{
    const TrainJob *job = &session->job;
    PlanInput       input = {.outline = job->model,
                             .lora = job->full ? NULL : lora_config(job->method),
                             .stored = model_module(job->model, ROLE_EMBED, -1)->weight.dtype,
                             .settings = &job->settings,
                             .N = batch->rows.N,
                             .longest = batch->longest,
                             .targets = batch->rows.M,
                             .segments = batch->rows.S,
                             .threads = job->model->be->threads};
    return plan_make(&input, plan, err);
}

static Index batches(const TrainSession *session, Order *order)
{
    const TrainSettings *s = &session->job.settings;
    double               epoch = (double)order_batches_per_epoch(order);
    double               n = s->max_steps > 0 ? (double)s->max_steps * (double)s->accumulation
                                              : ceil(epoch * s->num_train_epochs);
    return n < SHAPE_BATCHES ? (Index)n : SHAPE_BATCHES;
}

bool session_shape(TrainSession *session, BatchShape *shape, Error *err)
{
    const TrainSettings *s = &session->job.settings;
    OrderSpec            spec = {.seed = s->seed,
                                 .shuffle = s->shuffle,
                                 .packing = s->packing,
                                 .batch = s->batch,
                                 .max_length = s->max_length};
    Order               *order = order_create(session->job.train, spec, err);
    Batch                batch = {.row_bucket = session->job.model->be->row_bucket};
    int64_t              most = -1;
    bool                 ok = order != NULL;

    for (Index b = 0, n = ok ? batches(session, order) : 0; ok && b < n; b++) {
        const Index *examples;
        Index        count;
        uint64_t     serial;
        double       epoch;
        Plan         plan = {0};
        ok = order_batch(order, b, &examples, &count, &serial, &epoch, err) &&
             batch_fill(&batch, session->job.train, examples, count, serial, err) &&
             plan_of(session, &batch, &plan, err);
        if (ok && plan.bytes_total > most) {
            most = plan.bytes_total;
            *shape = (BatchShape){batch.rows.N, batch.longest, batch.rows.M, batch.rows.S};
        }
        if (ok && cancel_requested(&session->cancel)) {
            ok = error_set(err, ERR_CANCELLED, "stopped while the batches were looked at");
        }
    }
    batch_free(&batch);
    order_free(order);
    return ok;
}
