/*
 * The thread of a session: it takes one wish at a time, in this order: quit, stop, rewind, text,
 * steps. A wish that cannot wait has cancelled what was under way, and a step that is given up
 * changes nothing.
 */

#include <math.h>
#include <string.h>

#include "app/rooms/workbench/session_internal.h"
#include "core/base/file.h"
#include "core/lab/result.h"

#define SHOW_SECONDS 0.05 /* between two copies for the screen while it trains */
#define MOMENTS_STEPS 50  /* between two steps whose memory is followed moment by moment */
#define MOMENTS_MAX 4096

/* ---- what the training tells ---- */

static void hear(void *context, const Event *event)
{
    TrainSession *session = context;
    record_event(&session->record, event);
    if (clock_seconds() - session->shown < SHOW_SECONDS) return;
    session_lock(session);
    session_show(session);
}

static void doing(TrainSession *session, const char *what)
{
    session_lock(session);
    session->look.doing = what;
    session_show(session);
}

/* ---- beginning ---- */

static void describe(TrainSession *session, const BatchShape *shape)
{
    const TrainJob *job = &session->job;
    SessionLook    *look = &session->look;

    session_lock(session);
    look->shape = *shape;
    look->stored = model_module(job->model, ROLE_EMBED, -1)->weight.dtype;
    look->threads = job->model->be->threads;
    look->weights = model_bytes(job->model);
    record_text(look->prompt, sizeof look->prompt, job->prompt);
    session_show(session);
}

static bool prepare(TrainSession *session, Error *err)
{
    BatchShape shape = {0};

    session->sink = (Sink){.context = session, .event = hear};
    session->job = (TrainJob){.lab = session->spec.lab,
                              .args = session->spec.args,
                              .outer = &session->sink,
                              .cancel = &session->cancel};
    if (!job_prepare(&session->job, err) || !session_shape(session, &shape, err)) return false;
    describe(session, &shape);
    return true;
}

/* How often the curves beside the loss get a point: about a hundred in all. */
static void set_rhythm(TrainSettings *s)
{
    Index steps = s->max_steps > 0 ? s->max_steps : 500;
    s->modules_steps = s->memory_steps = steps > 200 ? steps / 100 : 2;
    s->sample_steps = s->modules_steps * 5;
}

static void close_out(TrainJob *job)
{
    runlog_close(job->log);
    folder_unlock(job->lock);
    mem_free(job->out);
    mem_free(job->log_path);
    job->log = NULL;
    job->lock = NULL;
    job->out = job->log_path = NULL;
}

/* Norm of scale B A over all modules before the first step: a new adapter should have none. */
static bool norm_at_start(TrainSession *session, Error *err)
{
    const LoraTarget *targets;
    double            sum = 0;
    bool  is_new = !session->job.full && args_text(session->spec.args, "adapter") == NULL;
    Index count = is_new ? lora_targets(session->job.method, &targets) : 0;

    for (Index i = 0; i < count; i++) {
        double a, b, ba;
        if (!lora_norms(session->job.method, i, &a, &b, &ba, err)) return false;
        sum += ba * ba;
    }
    session->start_change = sqrt(sum);
    return true;
}

static bool begin(TrainSession *session, Error *err)
{
    TrainJob *job = &session->job;

    if (job->log == NULL && !job_open_out(job, err)) {
        close_out(job);
        return false;
    }
    if (job->trainer == NULL) {
        set_rhythm(&job->settings);
        if (!job_make_trainer(job, err)) return false;
    }
    session_lock(session);
    record_text(session->look.name, sizeof session->look.name, path_base(job->out));
    session->look.doing = tr("measuring before the first step");
    session_show(session);
    if (!norm_at_start(session, err) || !job_begin(job, err)) return false;
    session_snap(session);
    session->begun = true;
    session_lock(session);
    record_text(session->look.text_before, RECORD_TEXT, str_text(&job->text_before));
    session->look.begun = true;
    session->look.doing = NULL;
    session_show(session);
    record_clock(&session->record);
    return true;
}

/* ---- a step ---- */

static bool follow_memory(const TrainSession *session)
{
    const TrainRecord *r = &session->record;
    return r->moment_count == 0 || r->step >= r->moment_step + MOMENTS_STEPS;
}

static bool one_step(TrainSession *session, StepReport *report, Error *err)
{
    TrainJob        *job = &session->job;
    const MemSample *samples;
    bool follow = follow_memory(session) && mem_timeline_start(job->account, MOMENTS_MAX, NULL);
    bool ok = trainer_step(job->trainer, &session->cancel, report, err);

    if (!follow) return ok;
    Index count = mem_timeline(job->account, &samples);
    if (ok && count > 0) record_moments(&session->record, report->step, samples, count);
    mem_timeline_stop(job->account);
    return ok;
}

static void judge(TrainSession *session)
{
    RunHealth   health;
    const char *hint, *finding;

    trainer_health(session->job.trainer, &health);
    health.untrained_loss = session->job.before.loss;
    health.start_change = session->start_change;
    finding = diagnose(&health, &hint);
    if (finding == session->look.finding) return; /* only this thread writes it */
    session_lock(session);
    session->look.finding = finding;
    session->look.finding_hint = hint;
    session_show(session);
}

static bool finish(TrainSession *session, Error *err)
{
    TrainJob *job = &session->job;
    Result    result;

    doing(session, tr("measuring and saving"));
    bool ok = job_finish(job, err) && result_init(&result, err);
    if (ok) {
        ok = job_report(job, &result, err) && runlog_ok(job->log, err);
        result_free(&result);
    }
    if (ok) {
        Event event = {.type = EVENT_SAMPLE,
                       .step = trainer_step_number(job->trainer),
                       .text = str_text(&job->text_after)};
        record_event(&session->record, &event);
        record_text(session->record.saved, sizeof session->record.saved, job->out);
    }
    session->finished = ok;
    return ok;
}

static bool train(TrainSession *session, Error *err)
{
    TrainJob  *job = &session->job;
    StepReport report;

    if (!session->begun && !begin(session, err)) return false;
    if (trainer_step_number(job->trainer) < trainer_total_steps(job->trainer)) {
        if (!one_step(session, &report, err)) return false;
        session_snap(session);
        if (!trainer_follow(job->trainer, &report, &session->cancel, err)) return false;
        if (report.step % 5 == 0) judge(session);
    }
    if (trainer_step_number(job->trainer) < trainer_total_steps(job->trainer)) return true;
    return session->finished || finish(session, err);
}

/* ---- other wishes ---- */

static bool save(TrainSession *session, Error *err)
{
    bool worth =
        session->begun && !session->finished && trainer_step_number(session->job.trainer) > 0;
    if (!worth) return true;
    doing(session, tr("saving a checkpoint"));
    return trainer_save(session->job.trainer, err);
}

static bool rewind_to(TrainSession *session, Index times, Error *err)
{
    if (!session->begun) return true;
    if (!session_go_back(session, times, err)) return false;
    session->finished = false;
    session_lock(session);
    session->look.finding = NULL;
    session_show(session);
    return true;
}

/* Text for the prompt, with what was learned or without it. */
static bool write_text(TrainSession *session, bool adapter, Error *err)
{
    TrainJob *job = &session->job;
    Method   *method = job->method;
    Str       text = {0};

    doing(session, tr("writing text"));
    if (!adapter) method->detach(method, job->net);
    bool ok = job_generate(job, &text, err);
    if (!adapter && !method->attach(method, job->net, err)) {
        session->prepared = ok = false;
    }
    if (ok && adapter) {
        Index step = session->begun ? trainer_step_number(job->trainer) : 0;
        Event event = {.type = EVENT_SAMPLE, .step = step, .text = str_text(&text)};
        record_event(&session->record, &event);
    }
    session_lock(session);
    session->look.adapter_off = !adapter;
    if (ok && !adapter) record_text(session->look.text_off, RECORD_TEXT, str_text(&text));
    session_show(session);
    str_free(&text);
    return ok;
}

/* ---- the loop ---- */

static bool can_train(const TrainSession *session)
{
    return session->prepared && !session->finished &&
           (session->wish.run || session->wish.steps > 0);
}

static SessionState idle_state(const TrainSession *session)
{
    if (!session->prepared) return SESSION_FAILED;
    if (!session->begun) return SESSION_READY;
    return session->finished ? SESSION_DONE : SESSION_PAUSED;
}

/* Under the lock. */
static void show_all(TrainSession *session, SessionState state)
{
    SessionLook *look = &session->look;
    look->state = state;
    look->doing = NULL;
    look->snapshot_count = session->snapshot_count;
    for (Index i = 0; i < session->snapshot_count; i++) {
        look->snapshots[i] = session->snapshots[i]->step;
    }
}

static bool has_wish(const TrainSession *session)
{
    const SessionWish *w = &session->wish;
    bool               writes = session->prepared && (w->write_on || w->write_off);
    return w->quit || w->stop || w->rewinds > 0 || writes || can_train(session);
}

/* What to do next; shows what was done so far when that is nothing. */
static SessionWish take_wish(TrainSession *session)
{
    SessionWish *w = &session->wish, taken = {0};

    session_lock(session);
    if (!has_wish(session)) {
        show_all(session, idle_state(session));
        session_show(session);
        session_lock(session);
    }
    while (!has_wish(session)) pthread_cond_wait(&session->asked, &session->mutex);
    if (w->quit) {
        taken = *w;
    } else if (w->stop) {
        taken.stop = true;
        w->stop = false;
    } else if (w->rewinds > 0) {
        taken.rewinds = w->rewinds;
        w->rewinds = 0;
    } else if (session->prepared && (w->write_on || w->write_off)) {
        taken.write_on = w->write_on;
        taken.write_off = w->write_off;
        w->write_on = w->write_off = false;
    } else {
        if (w->steps > 0) w->steps--;
        taken.steps = 1;
    }
    if (!w->stop && w->rewinds == 0) session->cancel.requested = w->quit;
    bool idle = session->look.state != SESSION_RUNNING;
    if (idle && taken.steps > 0) record_clock(&session->record);
    if (idle && !taken.quit) session->look.error = (Error){0};
    show_all(session, taken.steps > 0 ? SESSION_RUNNING : session->look.state);
    if (idle) {
        session_show(session);
    } else {
        pthread_mutex_unlock(&session->mutex);
    }
    return taken;
}

/* A failure is shown and pauses; a wish that cancelled something is no failure. */
static void complain(TrainSession *session, const Error *err)
{
    if (err->code == ERR_CANCELLED) return;
    session_lock(session);
    session->look.error = *err;
    session->wish.run = false;
    session->wish.steps = 0;
    session_show(session);
}

void *session_work(void *context)
{
    TrainSession *session = context;
    Error         err = {0};

    session_free(session->spec.before, true);
    session->spec.before = NULL;
    session->prepared = prepare(session, &err);
    if (!session->prepared) complain(session, &err);
    while (true) {
        SessionWish wish = take_wish(session);
        bool        ok = true;
        err = (Error){0};
        if (wish.quit) {
            if (wish.save && session->prepared) ok = save(session, &err);
            break;
        }
        if (!session->prepared) continue;
        if (wish.stop) {
            ok = save(session, &err);
        } else if (wish.rewinds > 0) {
            ok = rewind_to(session, wish.rewinds, &err);
        } else if (wish.write_on || wish.write_off) {
            ok = write_text(session, wish.write_on, &err);
        } else {
            ok = train(session, &err);
        }
        if (!ok) complain(session, &err);
    }
    return NULL;
}
