/* What a training tells: its first log line, its summary, and the answer of a dry run. */

#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/lab/report.h"
#include "core/lab/train_job.h"

/* ---- modules ---- */

static void add_role(Str *line, const Module *module, Index count, Index r)
{
    const char *dot = strrchr(module->name, '.');
    str_addf(line, "%s%s x%td r=%td", line->len > 0 ? ", " : "",
             dot != NULL ? dot + 1 : module->name, count, r);
}

/* "q_proj x4 r=8, v_proj x4 r=8": matched modules by their last name and rank. */
static void modules_line(TrainJob *job, Str *line)
{
    const LoraTarget *targets;
    Index             count = lora_targets(job->method, &targets);
    bool              told[ROLE_COUNT] = {false};

    for (Index i = 0; i < count; i++) {
        const Module *module = &job->model->modules[targets[i].module];
        Index         same = 0;
        if (told[module->role]) continue;
        for (Index k = 0; k < count; k++) {
            same += job->model->modules[targets[k].module].role == module->role;
        }
        told[module->role] = true;
        add_role(line, module, same, targets[i].r);
    }
}

void job_report_modules(TrainJob *job, Result *result)
{
    const LoraTarget *targets;
    Index             count = job->full ? 0 : lora_targets(job->method, &targets);
    Value            *list = value_list(result->root, "modules");
    Str               line = {0};

    for (Index i = 0; i < count; i++) {
        const char *name = job->model->modules[targets[i].module].name;
        value_text(list, NULL, name, (Index)strlen(name));
    }
    if (job->full) {
        result_line(result, "method full: every weight is trained");
    } else {
        modules_line(job, &line);
        result_line(result, "modules matched: %td (%s)", count, str_text(&line));
    }
    if (job->method->loaded.matched > 0) {
        result_line(result, "adapter read: %td tensors matched, %td missing, %td unexpected",
                    job->method->loaded.matched, job->method->loaded.missing,
                    job->method->loaded.unexpected);
    }
    result_used(result, &line);
}

/* ---- start ---- */

static void add_member(Str *json, const char *key, const char *text)
{
    str_addf(json, ", \"%s\": ", key);
    json_add_string(json, text, (Index)strlen(text));
}

/* What is trained and what is frozen in all modules of one kind, as PEFT counts: values that take
 * the place of the base's are trained, the base's own stay there, frozen. */
static void count_kind(const TrainJob *job, ModuleRole role, int64_t *trained, int64_t *frozen)
{
    const Model    *model = job->model;
    const ParamSet *set = job->method->params;

    *trained = *frozen = 0;
    for (Index i = 0; i < model->module_count; i++) {
        const Module *m = &model->modules[i];
        if (m->role != role || (role == ROLE_HEAD && model->config.tied)) continue;
        *frozen += (m->gain == NULL ? m->in * m->out : m->out) + (m->bias != NULL ? m->out : 0);
    }
    for (Index p = 0; p < set->count; p++) {
        const Param *param = set->list[p];
        bool         here = param->module >= 0 && model->modules[param->module].role == role;
        if (!here) continue;
        *trained += param->tensor.rows * param->tensor.cols;
        if (job->full) *frozen -= param->tensor.rows * param->tensor.cols;
    }
}

static void add_parameters(const TrainJob *job, Str *json)
{
    int64_t trained, frozen;
    Index   count = 0;

    str_add(json, ", \"parameters\": [");
    for (int role = 0; role < ROLE_COUNT; role++) {
        const Module *module = NULL;
        for (Index i = 0; module == NULL && i < job->model->module_count; i++) {
            if ((int)job->model->modules[i].role == role) module = &job->model->modules[i];
        }
        if (module == NULL) continue;
        count_kind(job, (ModuleRole)role, &trained, &frozen);
        if (trained == 0 && frozen == 0) continue;
        const char *dot = strrchr(module->name, '.');
        str_addf(json, "%s{\"name\": \"%s\", \"trained\": %lld, \"frozen\": %lld}",
                 count++ > 0 ? ", " : "", dot != NULL ? dot + 1 : module->name, (long long)trained,
                 (long long)frozen);
    }
    str_add(json, "]");
}

void job_send_start(TrainJob *job)
{
    Str repeat = {0}, json = {0};

    settings_describe(&json, &job->settings, job->full ? NULL : lora_config(job->method));
    args_repeat_line(&repeat, job->args);
    add_member(&json, "version", LORALAB_VERSION);
    add_member(&json, "backend", job->model->be->name);
    add_member(&json, "device", job->model->be->description);
    add_member(&json, "dtype", precision_name(job->model->be->precision));
    add_member(&json, "base", job->lab->model_folder);
    add_member(&json, "data", args_text(job->args, "data"));
    add_member(&json, "prompt", job->prompt);
    add_member(&json, "repeat", str_text(&repeat));
    str_addf(&json, ", \"trainable\": %lld, \"all\": %lld, \"steps\": %td",
             (long long)method_trainable(job->method), (long long)method_all(job->method),
             trainer_total_steps(job->trainer));
    add_parameters(job, &json);
    if (!json.failed) {
        sink_send(&job->sink, &(Event){.type = EVENT_START, .json = str_text(&json)});
    }
    str_free(&json);
    str_free(&repeat);
}

/* ---- summary ---- */

static void eval_values(Value *parent, const char *key, const EvalResult *eval)
{
    Value *object = value_object(parent, key);
    value_number(object, "loss", eval->loss, "nats/token");
    if (eval->exact_match >= 0) {
        value_number(object, "exact_match", eval->exact_match, NULL);
    } else {
        value_null(object, "exact_match");
    }
    value_integer(object, "examples", eval->examples);
}

static void report_losses(TrainJob *job, Result *result)
{
    Str before = {0}, after = {0};

    eval_values(result->root, "before", &job->before);
    eval_values(result->root, "after", &job->after);
    report_eval(&before, &job->before);
    report_eval(&after, &job->after);
    const char *where = job->eval_is_train ? tr("training examples") : tr("held-out examples");
    result_line(result, "before: %s   after: %s   (%td %s)", str_text(&before), str_text(&after),
                job->before.examples, where);
    result_used(result, &before);
    result_used(result, &after);
}

static void report_texts(TrainJob *job, Result *result)
{
    if (job->prompt[0] == '\0') return;
    value_text(result->root, "prompt", job->prompt, (Index)strlen(job->prompt));
    value_text(result->root, "text_before", str_text(&job->text_before), job->text_before.len);
    value_text(result->root, "text_after", str_text(&job->text_after), job->text_after.len);
    report_text(result, tr("prompt"), job->prompt, (Index)strlen(job->prompt));
    report_text(result, tr("text before"), str_text(&job->text_before), job->text_before.len);
    report_text(result, tr("text after"), str_text(&job->text_after), job->text_after.len);
}

static void report_speed(TrainJob *job, Result *result)
{
    double rate = job->train_seconds > 0 ? (double)job->tokens / job->train_seconds : 0;

    value_integer(result->root, "steps", trainer_step_number(job->trainer));
    value_measured(result->root, "seconds", job->train_seconds, "s");
    value_measured(result->root, "tokens_per_second", rate, "tokens/s");
    value_measured(result->root, "first_step_seconds", job->first_step_seconds, "s");
    result_line(result, "speed: %.0f tokens/s, %td steps in %.1f s; first step %.2f s after start",
                rate, trainer_step_number(job->trainer), job->train_seconds,
                job->first_step_seconds);
}

/* The base's bytes and the run's peak, together; what the process took besides is named. */
static void report_memory(TrainJob *job, Result *result)
{
    int64_t bytes[MEM_PURPOSE_COUNT];
    for (int p = 0; p < MEM_PURPOSE_COUNT; p++) {
        bytes[p] = job->run_peak[p];
        if (p == MEM_WEIGHTS) {
            bytes[p] += mem_use(mem_program(), job->model->be->space, MEM_WEIGHTS).in_use;
        }
    }
    report_bytes(result, tr("peak memory"), bytes);
    int64_t process = mem_process_peak_bytes();
    Str     line = {0};
    str_add_bytes_count(&line, process);
    value_measured(result->root, "process_peak_bytes", (double)process, "bytes");
    result_line(result, "the whole process at its peak: %s (also BLAS buffers, libraries, data)",
                str_text(&line));
    result_used(result, &line);
    report_device(result, job->model->be);
}

static void report_out(TrainJob *job, Result *result)
{
    const Backend *be = job->model->be;
    const char    *dtype = precision_name(be->precision);
    Str            size = {0}, repeat = {0}, where = {0};

    str_add_bytes_count(&size, job->adapter_bytes);
    safe_name(&where, job->out);
    args_repeat_line(&repeat, job->args);
    value_text(result->root, "out", job->out, (Index)strlen(job->out));
    value_integer(result->root, "out_bytes", job->adapter_bytes);
    value_text(result->root, "log", job->log_path, (Index)strlen(job->log_path));
    value_integer(result->root, "seed", (int64_t)job->settings.seed);
    value_text(result->root, "backend", be->name, (Index)strlen(be->name));
    value_text(result->root, "device", be->description, (Index)strlen(be->description));
    value_text(result->root, "dtype", dtype, (Index)strlen(dtype));
    value_text(result->root, "repeat", str_text(&repeat), repeat.len);
    result_line(result, "written: %s (%s)", str_text(&where), str_text(&size));
    result_line(result, "seed %llu, backend %s: %s", (unsigned long long)job->settings.seed,
                be->name, be->description);
    report_text(result, tr("repeat with"), str_text(&repeat), repeat.len);
    result_used(result, &size);
    result_used(result, &repeat);
    result_used(result, &where);
}

static bool send_end(TrainJob *job, const Result *result, Error *err)
{
    Str json = {0};
    value_json(&json, result->root);
    if (!str_ok(&json, err)) {
        str_free(&json);
        return false;
    }
    json.data[json.len - 1] = '\0'; /* an event carries the members without braces */
    sink_send(&job->sink, &(Event){.type = EVENT_END, .json = json.data + 1});
    str_free(&json);
    return true;
}

bool job_report(TrainJob *job, Result *result, Error *err)
{
    job_report_modules(job, result);
    report_parameters(result, method_trainable(job->method), method_all(job->method));
    report_losses(job, result);
    report_texts(job, result);
    report_speed(job, result);
    report_memory(job, result);
    report_out(job, result);
    if (job->finding != NULL) {
        value_text(result->root, "finding", job->finding, (Index)strlen(job->finding));
        result_line(result, "diagnosis: %s; %s", job->finding, job->finding_hint);
    } else {
        value_null(result->root, "finding");
    }
    return result_ok(result, err) && send_end(job, result, err);
}
