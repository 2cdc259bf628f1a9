/* Opening what a study verb looks at: method, network, tape, one batch. */

#include "core/workbench/study.h"

#include <string.h>

#include "core/lab/train_settings.h"
#include "core/math/convert.h"

/* ---- method and network ----------------------------------------------------------------- */

static bool begin(Study *study, const VerbCall *call, StudyKind kind, Error *err)
{
    *study = (Study){.call = call, .kind = kind, .model = call->worker->model};
    lora_config_init(&study->config);
    study->account = mem_account_create("study", err);
    if (study->account == NULL) return false;
    study->net = net_create(study->model, err);
    if (study->net == NULL) return false;
    study->tape = tape_create(study->model->be, study->account, err);
    return study->tape != NULL;
}

static bool attach(Study *study, Method *method, Error *err)
{
    study->method = method;
    return method != NULL && method->attach(method, study->net, err);
}

bool study_open(Study *study, const VerbCall *call, StudyKind kind, Error *err)
{
    if (!begin(study, call, kind, err)) return false;
    if (kind == STUDY_BASE) return true;
    if (kind == STUDY_FULL)
        return attach(study, full_create(study->model, study->account, err), err);
    if (!lora_config_from(call->args, &study->config, err)) return false;
    return attach(study,
                  lora_create(study->model, &study->config, call->seed, true, study->account, err),
                  err);
}

bool study_open_learned(Study *study, const VerbCall *call, const Learned *learned, Error *err)
{
    if (!begin(study, call, learned->full ? STUDY_FULL : STUDY_LORA, err)) return false;
    if (!learned->full && !lora_config_copy(&study->config, &learned->config, err)) return false;
    return attach(study, learned_method(learned, study->model, true, study->account, err), err);
}

void study_close(Study *study)
{
    if (study->method != NULL && study->net != NULL) {
        study->method->detach(study->method, study->net);
    }
    tape_free(study->tape);
    net_free(study->net);
    method_free(study->method);
    mem_account_free(study->account);
    lora_config_free(&study->config);
    batch_free(&study->batch);
    *study = (Study){0};
}

/* ---- the batch -------------------------------------------------------------------------- */

static bool fill_batch(Study *study, Error *err)
{
    Index  count = study->data->count;
    Index *all = mem_alloc(mem_program(), MEM_SCRATCH, count, sizeof *all, err);
    if (all == NULL) return false;
    for (Index i = 0; i < count; i++) all[i] = i;
    study->batch.row_bucket = study->model->be->row_bucket;
    bool ok = batch_fill(&study->batch, study->data, all, count, 0, err);
    mem_free(all);
    return ok && net_reserve(study->net, study->batch.longest, err);
}

bool study_load_batch(Study *study, Error *err)
{
    const VerbCall *call = study->call;
    BenchDataSpec   want = {.name = args_text(call->args, "data"),
                            .split = "train",
                            .count = (Index)args_int(call->args, "per_device_train_batch_size"),
                            .max_length = (Index)args_int(call->args, "max_length"),
                            .seed = call->seed};
    study->data = bench_data_cut(call->bench, &want, NULL, err);
    return study->data != NULL && fill_batch(study, err);
}

bool study_forward(const Study *study, Net *net, bool record, double *loss, Error *err)
{
    const Batch *batch = &study->batch;
    double       sum = 0, share = 1.0 / (double)batch->targets;
    LossSpec     spec = {
            .labels = batch->labels, .grad_scale = record ? (float)share : 0, .loss_sum = &sum};

    tape_begin(study->tape, record, study->call->cancel);
    Tensor *hidden = net_forward(net, study->tape, &batch->rows);
    net_loss(net, study->tape, hidden, spec);
    tape_done(study->tape, hidden);
    bool ok = tape_finish(study->tape, err);
    *loss = sum * share;
    return ok;
}

/* ---- settings and costs ----------------------------------------------------------------- */

TrainSettings study_settings(const Args *args)
{
    TrainSettings s;
    train_settings_init(&s);
    s.max_steps = 1;
    s.batch = (Index)args_int(args, "per_device_train_batch_size");
    s.gradient_checkpointing = args_flag(args, "gradient_checkpointing");
    if (strcmp(args_text(args, "optim"), "sgd") == 0) {
        s.optim = (OptimSpec){.kind = OPTIM_SGD, .momentum = 0.9}; /* the default of train */
    }
    return s;
}

bool study_plan(const Study *study, const LoraConfig *lora, const TrainSettings *settings,
                Plan *plan, Error *err)
{
    const Batch *batch = &study->batch;
    PlanInput    input = {.outline = study->model,
                          .lora = lora,
                          .stored = model_module(study->model, ROLE_EMBED, -1)->weight.dtype,
                          .settings = settings,
                          .N = batch->rows.N,
                          .longest = batch->longest,
                          .targets = batch->rows.M,
                          .segments = batch->rows.S,
                          .threads = study->model->be->threads};
    return plan_make(&input, plan, err);
}

/* ---- values ----------------------------------------------------------------------------- */

Param *study_param(const Method *method, int module, char part)
{
    for (Index i = 0; i < method->params->count; i++) {
        Param *param = method->params->list[i];
        if (param->module == module && param->part == part) return param;
    }
    return NULL;
}

float *study_weight(Backend *be, Mat weight, Error *err)
{
    Index  n = weight.rows * weight.cols, bytes = n * dtype_bytes(weight.dtype);
    float *host = mem_alloc_raw(mem_program(), MEM_SCRATCH, n, sizeof *host, err);
    void  *raw = host != NULL ? mem_alloc_raw(mem_program(), MEM_SCRATCH, bytes, 1, err) : NULL;
    if (raw != NULL) {
        be->get(be, raw, weight.data, bytes);
        convert_to_f32(host, raw, weight.dtype, n);
        mem_free(raw);
        return host;
    }
    mem_free(host);
    return NULL;
}
