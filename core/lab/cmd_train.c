/*
 * `train`, from arguments to summary:
 *
 *   base, method, data -> measure -> steps -> measure -> adapter on disk -> summary
 */

#include <string.h>

#include "core/lab/train_job.h"

/* The checkpoint that --resume_from_checkpoint names; "last" is the newest complete one. */
static bool resume(TrainJob *job, Error *err)
{
    const char *from = args_text(job->args, "resume_from_checkpoint");
    char       *found = NULL;

    if (from == NULL) return true;
    if (strcmp(from, "last") != 0) return trainer_resume(job->trainer, from, err);
    if (!checkpoint_last(job->out, &found, err)) return false;
    if (found == NULL) {
        sink_note(&job->sink, "%s holds no complete checkpoint; starting at step 1", job->out);
        return true;
    }
    bool ok = trainer_resume(job->trainer, found, err);
    mem_free(found);
    return ok;
}

static void tell(TrainJob *job, const EvalResult *result)
{
    Event event = {.type = EVENT_EVAL,
                   .step = trainer_step_number(job->trainer),
                   .steps = trainer_total_steps(job->trainer),
                   .loss = result->loss,
                   .exact_match = result->exact_match,
                   .tokens = result->tokens,
                   .seconds = result->seconds};
    sink_send(&job->sink, &event);
}

static bool measure(TrainJob *job, EvalResult *result, Str *text, Error *err)
{
    Index limit = (Index)args_int(job->args, "eval_examples");
    return evaluate(job->net, job->tape, job->eval, limit, NULL, NULL, job->cancel, result, err) &&
           job_generate(job, text, err);
}

static bool file_bytes(const char *folder, const char *name, int64_t *bytes, Error *err)
{
    char *path = path_join(folder, name, err);
    bool  exists = path != NULL && path_exists(path);
    File *file = exists ? file_open(path, err) : NULL;
    if (file != NULL) *bytes += file_size(file);
    file_close(file);
    mem_free(path);
    return path != NULL && (!exists || file != NULL);
}

static bool save(TrainJob *job, Error *err)
{
    job->adapter_bytes = 0;
    if (!job->method->save(job->method, job->out, err)) return false;
    for (const char *const *name = job->method->files; *name != NULL; name++) {
        if (!file_bytes(job->out, *name, &job->adapter_bytes, err)) return false;
    }
    return true;
}

bool job_begin(TrainJob *job, Error *err)
{
    job_send_start(job);
    if (!measure(job, &job->before, &job->text_before, err) || !resume(job, err)) return false;
    /* A run that goes on has this in its log already. */
    if (trainer_step_number(job->trainer) == 0) tell(job, &job->before);
    mem_reset_peaks(job->account);
    return true;
}

bool job_finish(TrainJob *job, Error *err)
{
    RunHealth health;

    mem_peak_by_purpose(job->account, job->run_peak);
    trainer_health(job->trainer, &health);
    job->finding = diagnose(&health, &job->finding_hint);
    if (!measure(job, &job->after, &job->text_after, err)) return false;
    tell(job, &job->after);
    return save(job, err);
}

static bool run(TrainJob *job, Error *err)
{
    if (!job_begin(job, err)) return false;
    if (!trainer_run(job->trainer, job->cancel, err)) {
        if (err->code == ERR_CANCELLED && trainer_step_number(job->trainer) > 0) {
            error_hint(err, "go on with: --out %s --resume_from_checkpoint last", job->out);
        }
        return false;
    }
    return job_finish(job, err);
}

static bool train(TrainJob *job, Result *result, Error *err)
{
    if (!job_prepare(job, err)) return false;
    if (args_flag(job->args, "dry_run")) return job_dry_run(job, result, err);
    return job_open_out(job, err) && job_make_trainer(job, err) && run(job, err) &&
           job_report(job, result, err) && runlog_ok(job->log, err);
}

bool cmd_train(Lab *lab, const Args *args, const Sink *sink, const Cancel *cancel, Result *result,
               Error *err)
{
    TrainJob job = {.lab = lab, .args = args, .outer = sink, .cancel = cancel};
    bool     ok = train(&job, result, err) || job_hint_smaller(&job, err);
    job_free(&job);
    return ok;
}
