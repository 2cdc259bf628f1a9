/* Making and freeing the parts of a training. */

#include "core/lab/train_job.h"

#include <string.h>

#include "core/base/hash.h"
#include "core/model/generate.h"

#define SAMPLE_TOKENS 48

/* ---- events: one to the caller, one to the log ---- */

static void both(void *context, const Event *event)
{
    TrainJob *job = context;
    sink_send(job->outer, event);
    if (job->log != NULL) runlog_event(job->log, event);
    if (event->type == EVENT_STEP) {
        job->tokens += event->tokens;
        job->train_seconds += event->seconds;
        if (job->first_step_seconds <= 0) {
            job->first_step_seconds = clock_seconds() - job->lab->started;
        }
    }
}

/* ---- data ---- */

static Dataset *load_split(TrainJob *job, const char *name, GrammarSplit split, Index count,
                           char **sample, Error *err)
{
    DataRequest request = {.name = name,
                           .split = split,
                           .count = count,
                           .max_length = job->settings.max_length,
                           .seed = job->settings.seed};
    return load_data(job->lab, &request, sample, err);
}

static bool load_eval(TrainJob *job, const char *data, Error *err)
{
    const char *name = args_text(job->args, "eval_data");
    Index       count = (Index)args_int(job->args, "eval_examples");

    if (name == NULL && data_is_file(data)) {
        job->eval = job->train;
        job->eval_is_train = true;
        return true;
    }
    job->eval = load_split(job, name != NULL ? name : data, GRAMMAR_HELDOUT, count, NULL, err);
    return job->eval != NULL;
}

static bool load_datasets(TrainJob *job, Error *err)
{
    const char *data = args_text(job->args, "data");
    Index       count = (Index)args_int(job->args, "examples");
    char       *sample;

    if (job->settings.max_length == 0) job->settings.max_length = job->model->config.max_position;
    job->train = load_split(job, data, GRAMMAR_TRAIN, count, &sample, err);
    if (job->train == NULL) return false;
    job->prompt = sample;
    if (job->train->truncated > 0) {
        sink_note(&job->sink, "%td of %td examples were cut at %td tokens", job->train->truncated,
                  job->train->count + job->train->skipped, job->settings.max_length);
    }
    if (job->train->skipped > 0) {
        sink_note(&job->sink, "%td examples without a target within %td tokens were left out",
                  job->train->skipped, job->settings.max_length);
    }
    const char *prompt = args_text(job->args, "prompt");
    if (prompt != NULL) {
        mem_free(job->prompt);
        job->prompt = mem_strdup(prompt, err);
        if (job->prompt == NULL) return false;
    }
    return load_eval(job, data, err);
}

/* ---- method ---- */

static bool make_method(TrainJob *job, Error *err)
{
    const char *adapter = args_text(job->args, "adapter");

    if (job->full && adapter != NULL) {
        return error_set(err, ERR_INPUT, "--adapter cannot be continued with --method full");
    }
    if (job->full) {
        job->method = full_create(job->model, job->account, err);
    } else if (adapter != NULL) {
        job->method = lora_load(job->model, adapter, true, job->account, err);
    } else {
        if (!lora_config_from(job->args, &job->config, err)) return false;
        mem_free(job->config.base_model);
        job->config.base_model = mem_strdup(job->lab->model_folder, err);
        if (job->config.base_model == NULL) return false;
        job->method =
            lora_create(job->model, &job->config, job->settings.seed, true, job->account, err);
    }
    return job->method != NULL;
}

bool job_prepare(TrainJob *job, Error *err)
{
    job->sink = (Sink){.context = job, .event = both};
    job->full = strcmp(args_text(job->args, "method"), "full") == 0;
    lora_config_init(&job->config);
    if (!train_settings_from(job->args, &job->settings, err)) return false;
    job->model = lab_base(job->lab, job->args, err);
    if (job->model == NULL) return false;
    job->account = mem_account_create("run", err);
    if (job->account == NULL) return false;
    if (!make_method(job, err) || !load_datasets(job, err)) return false;

    job->net = net_create(job->model, err);
    if (job->net == NULL) return false;
    job->tape = tape_create(job->model->be, job->account, err);
    return job->tape != NULL && job->method->attach(job->method, job->net, err);
}

/* ---- where it goes ---- */

/* STATE/runs/DATA-METHOD-N, the first N that is free. */
static char *free_run_folder(TrainJob *job, Error *err)
{
    const char *data = path_base(args_text(job->args, "data"));
    Str         name = {0};
    char       *runs = path_join(job->lab->state_folder, "runs", err);
    char       *path = NULL;

    for (int n = 1; runs != NULL && path == NULL && n < 100000; n++) {
        str_clear(&name);
        str_addf(&name, "%.40s-%s-%d", data, job->full ? "full" : "lora", n);
        if (!str_ok(&name, err)) break;
        path = path_join(runs, str_text(&name), err);
        if (path == NULL) break;
        if (path_exists(path)) {
            mem_free(path);
            path = NULL;
        }
    }
    str_free(&name);
    mem_free(runs);
    return path;
}

static bool refuse_old_checkpoints(TrainJob *job, Error *err)
{
    char *found;
    if (args_text(job->args, "resume_from_checkpoint") != NULL) return true;
    if (!checkpoint_last(job->out, &found, err)) return false;
    if (found == NULL) return true;
    error_set(err, ERR_INPUT, "%s holds a training already (%s)", job->out, path_base(found));
    error_hint(err, "go on with --resume_from_checkpoint last, or choose another --out");
    mem_free(found);
    return false;
}

bool job_open_out(TrainJob *job, Error *err)
{
    const char *out = args_text(job->args, "out"), *log = args_text(job->args, "log");
    bool        resume = args_text(job->args, "resume_from_checkpoint") != NULL;

    if (resume && out == NULL) {
        return error_set(err, ERR_INPUT, "--resume_from_checkpoint needs the --out of that run");
    }
    job->out = out != NULL ? mem_strdup(out, err) : free_run_folder(job, err);
    if (job->out == NULL || !folder_make(job->out, err)) return false;
    job->lock = folder_lock(job->out, err);
    if (job->lock == NULL || !refuse_old_checkpoints(job, err)) return false;
    job->log_path = log != NULL ? mem_strdup(log, err) : path_join(job->out, "run.jsonl", err);
    if (job->log_path == NULL) return false;
    job->log = runlog_open(job->log_path, resume, err);
    return job->log != NULL;
}

/* ---- text for the fixed prompt ---- */

bool job_generate(TrainJob *job, Str *text, Error *err)
{
    const Tokenizer *tok = job->lab->tok;
    Ids              prompt = {0}, out = {0};
    StopReason       stop;
    GenerateSpec     spec = {.max_new_tokens = SAMPLE_TOKENS,
                             .top_p = 1,
                             .seed = job->settings.seed,
                             .id_limit = tok != NULL ? tokenizer_vocab(tok) : 0};

    str_clear(text);
    if (tok == NULL || job->prompt[0] == '\0') return true;
    bool  ok = tokenizer_encode(tok, job->prompt, (Index)strlen(job->prompt), true, &prompt, err);
    Index room = job->model->config.max_position - prompt.count - net_prefix_rows(job->net);
    if (spec.max_new_tokens > room) spec.max_new_tokens = room > 0 ? room : 0;
    ok = ok &&
         generate(job->net, job->tape, prompt.data, prompt.count, spec, NULL, NULL, job->cancel,
                  &out, &stop, err) &&
         tokenizer_decode(tok, out.data, out.count, true, text, err) && str_ok(text, err);
    ids_free(&prompt);
    ids_free(&out);
    return ok;
}

static bool sample(void *context, Str *text, Error *err)
{
    return job_generate(context, text, err);
}

/* ---- the trainer ---- */

/* The base counts by its content (base_hash), not by the path it was given by. */
static bool describe(const TrainJob *job, Str *text, Error *err)
{
    LoraConfig config;
    if (job->full) {
        settings_describe(text, &job->settings, NULL);
        return true;
    }
    if (!lora_config_copy(&config, lora_config(job->method), err)) return false;
    mem_free(config.base_model);
    config.base_model = NULL;
    settings_describe(text, &job->settings, &config);
    lora_config_free(&config);
    return true;
}

static bool settings_hash(const TrainJob *job, uint64_t *hash, Error *err)
{
    const char *adapter = args_text(job->args, "adapter");
    Str         text = {0};
    bool        ok = describe(job, &text, err);

    if (adapter != NULL) str_addf(&text, ", \"adapter\": \"%s\"", adapter);
    ok = ok && str_ok(&text, err);
    if (ok) *hash = hash_bytes(text.data, text.len);
    str_free(&text);
    return ok;
}

bool job_make_trainer(TrainJob *job, Error *err)
{
    const Tokenizer *tok = job->lab->tok;
    bool             shows_text = tok != NULL && job->prompt[0] != '\0';
    TrainerSpec      spec = {.settings = job->settings,
                             .net = job->net,
                             .method = job->method,
                             .tape = job->tape,
                             .train = job->train,
                             .eval = job->eval_is_train ? NULL : job->eval,
                             .sink = job->sink,
                             .out = job->out,
                             .base_hash = job->model->hash,
                             .data_hash = job->train->hash,
                             .tokenizer_hash = tok != NULL ? tokenizer_hash(tok) : 0,
                             .sample = shows_text ? sample : NULL,
                             .sample_context = job};
    if (!settings_hash(job, &spec.settings_hash, err)) return false;
    job->trainer = trainer_create(&spec, err);
    return job->trainer != NULL;
}

void job_free(TrainJob *job)
{
    trainer_free(job->trainer);
    if (job->method != NULL && job->net != NULL) job->method->detach(job->method, job->net);
    tape_free(job->tape);
    net_free(job->net);
    method_free(job->method);
    lora_config_free(&job->config);
    if (job->eval != job->train) dataset_free(job->eval);
    dataset_free(job->train);
    mem_account_free(job->account);
    runlog_close(job->log);
    folder_unlock(job->lock);
    mem_free(job->prompt);
    mem_free(job->out);
    mem_free(job->log_path);
    str_free(&job->text_before);
    str_free(&job->text_after);
}
