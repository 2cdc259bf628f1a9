/* Opening and closing the rig. Every failure is the test's. */

#include "tests/train/rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/hash.h"
#include "tests/test.h"

static void open_method(Rig *rig, const RigSpec *spec, Error *err)
{
    if (spec->full) {
        rig->method = full_create(rig->model, rig->account, err);
    } else if (spec->adapter != NULL) {
        rig->method = lora_load(rig->model, test_fixture(spec->adapter), true, rig->account, err);
    } else {
        rig->method =
            lora_create(rig->model, spec->lora, rig->settings.seed, true, rig->account, err);
    }
    assert_ok(err);
    assert_true(rig->method->attach(rig->method, rig->net, err));
}

static void open_data(Rig *rig, const RigSpec *spec, Error *err)
{
    DataSpec    data = {.config = &rig->model->config};
    const char *path = spec->data != NULL ? spec->data : test_fixture("train/data.jsonl");

    rig->data = dataset_read_jsonl(path, &data, err);
    assert_ok(err);
    while (spec->examples > 0 && rig->data->count > spec->examples) {
        Example *last = &rig->data->examples[--rig->data->count];
        mem_free(last->ids);
        mem_free(last->labels);
    }
}

void rig_open(Rig *rig, const RigSpec *spec, const TrainSettings *settings)
{
    Error err = {0};

    *rig = (Rig){.settings = *settings};
    BackendSpec backend = {spec->backend, spec->threads, spec->precision};
    rig->be = backend_open(&backend, &err);
    assert_ok(&err);
    const char *model = spec->model != NULL ? spec->model : "models/qwen2-tied";
    rig->model = model_load(test_fixture(model), rig->be, mem_program(), &err);
    assert_ok(&err);
    rig->account = mem_account_create("run", &err);
    rig->net = net_create(rig->model, &err);
    rig->tape = tape_create(rig->be, rig->account, &err);
    assert_ok(&err);
    open_method(rig, spec, &err);
    open_data(rig, spec, &err);

    TrainerSpec trainer = {.settings = *settings,
                           .net = rig->net,
                           .method = rig->method,
                           .tape = rig->tape,
                           .train = rig->data,
                           .settings_hash = spec->settings_hash,
                           .tokenizer_hash = spec->tokenizer_hash,
                           .base_hash = rig->model->hash + spec->other_base,
                           .data_hash = rig->data->hash + spec->other_data};
    if (spec->sink != NULL) trainer.sink = *spec->sink;
    if (spec->out != NULL) { /* test_path's buffers are soon used again */
        snprintf(rig->out, sizeof rig->out, "%s", spec->out);
        trainer.out = rig->out;
    }
    rig->trainer = trainer_create(&trainer, &err);
    assert_ok(&err);
}

void rig_close(Rig *rig)
{
    trainer_free(rig->trainer);
    if (rig->method != NULL) rig->method->detach(rig->method, rig->net);
    dataset_free(rig->data);
    tape_free(rig->tape);
    net_free(rig->net);
    method_free(rig->method);
    mem_account_free(rig->account);
    model_free(rig->model);
    if (rig->be != NULL) rig->be->free(rig->be);
}

StepReport rig_step(Rig *rig)
{
    StepReport report;
    Error      err = {0};
    bool       ok = trainer_step(rig->trainer, NULL, &report, &err);
    assert_ok(&err);
    assert_true(ok);
    return report;
}

uint64_t rig_hash(const Rig *rig)
{
    Error       err = {0};
    TrainState *state = trainer_snapshot(rig->trainer, &err);
    assert_non_null(state);
    uint64_t hash = hash_bytes(state->values, state->total * (Index)sizeof(float));
    train_state_free(state);
    return hash;
}

void rig_steps_to(Rig *rig, Index step)
{
    while (trainer_step_number(rig->trainer) < step) rig_step(rig);
}

uint64_t rig_state_hash(const Rig *rig)
{
    Error       err = {0};
    TrainState *state = trainer_snapshot(rig->trainer, &err);
    assert_non_null(state);
    Index    bytes = state->total * (Index)sizeof(float);
    uint64_t part[7] = {(uint64_t)state->step,
                        (uint64_t)state->micro,
                        (uint64_t)state->tokens,
                        (uint64_t)state->optim_t,
                        hash_bytes(state->values, bytes),
                        state->m != NULL ? hash_bytes(state->m, bytes) : 0,
                        state->v != NULL ? hash_bytes(state->v, bytes) : 0};
    train_state_free(state);
    return hash_bytes(part, sizeof part);
}

uint64_t rig_adapter_hash(const Rig *rig)
{
    Error err = {0};
    Index n = 0;
    assert_true(folder_make(test_path("adapter-to-hash"), &err));
    assert_true(rig->method->save(rig->method, test_path("adapter-to-hash"), &err));
    assert_ok(&err);
    char *bytes =
        file_read_all(test_path("adapter-to-hash/adapter_model.safetensors"), 1 << 24, &n, &err);
    assert_ok(&err);
    uint64_t hash = hash_bytes(bytes, n);
    mem_free(bytes);
    return hash;
}

uint64_t rig_base_hash(const Rig *rig)
{
    uint64_t hash = 0;
    for (Index i = 0; i < rig->model->module_count; i++) {
        const Module *m = &rig->model->modules[i];
        uint64_t      part[4] = {hash};
        if (m->weight.data != NULL) {
            part[1] = hash_bytes(m->weight.data,
                                 m->weight.rows * m->weight.cols * dtype_bytes(m->weight.dtype));
        }
        if (m->gain != NULL) part[2] = hash_bytes(m->gain, m->out * (Index)sizeof(float));
        if (m->bias != NULL) part[3] = hash_bytes(m->bias, m->out * (Index)sizeof(float));
        hash = hash_bytes(part, sizeof part);
    }
    return hash;
}

void rig_quick_disk(void)
{
    if (getenv("TMPDIR") == NULL && access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 1);
}

/* ---- the hard case ---- */

static char      q_proj[] = "q_proj", v_proj[] = "v_proj", down_proj[] = "down_proj";
static char     *hard_names[] = {q_proj, v_proj, down_proj};
const LoraConfig rig_hard_lora = {.r = 4,
                                  .lora_alpha = 8,
                                  .lora_dropout = 0.2,
                                  .target_modules = {.name = hard_names, .count = 3}};

TrainSettings rig_hard_settings(void)
{
    TrainSettings s;
    train_settings_init(&s);
    s.max_steps = RIG_HARD_STEPS;
    s.batch = 2;
    s.accumulation = 3;
    s.learning_rate = 0.01;
    s.warmup_steps = 2;
    s.schedule = SCHEDULE_COSINE;
    s.optim.weight_decay = 0.1;
    s.max_grad_norm = 0.5;
    s.max_length = 48;
    return s;
}

RigSpec rig_hard(const char *out)
{
    return (RigSpec){
        .backend = "cpu", .threads = 1, .lora = &rig_hard_lora, .examples = 7, .out = out};
}
