/* Opening and closing the rig. Every failure is the test's. */

#include "tests/train/rig.h"

#include "core/base/hash.h"
#include "tests/test.h"

static void open_method(Rig *rig, const RigSpec *spec, Error *err)
{
    if (spec->full) {
        rig->method = full_create(rig->model, rig->account, err);
    } else if (spec->adapter != NULL) {
        rig->method = lora_load(rig->model, test_fixture(spec->adapter), true, rig->account, err);
    } else {
        rig->method = lora_create(rig->model, spec->lora, rig->settings.seed, true, rig->account,
                                  err);
    }
    assert_ok(err);
    assert_true(rig->method->attach(rig->method, rig->net, err));
}

void rig_open(Rig *rig, const RigSpec *spec, const TrainSettings *settings)
{
    Error err = {0};

    *rig = (Rig){.settings = *settings};
    rig->be = backend_create(spec->backend, spec->threads, &err);
    assert_ok(&err);
    rig->model = model_load(test_fixture("models/qwen2-tied"), rig->be, mem_program(), &err);
    assert_ok(&err);
    rig->account = mem_account_create("run", &err);
    rig->net = net_create(rig->model, &err);
    rig->tape = tape_create(rig->be, rig->account, &err);
    assert_ok(&err);
    open_method(rig, spec, &err);
    DataSpec data = {.config = &rig->model->config};
    rig->data = dataset_read_jsonl(test_fixture("train/data.jsonl"), &data, &err);
    assert_ok(&err);

    TrainerSpec trainer = {.settings = *settings, .net = rig->net, .method = rig->method,
                           .tape = rig->tape, .train = rig->data, .out = spec->out,
                           .settings_hash = spec->settings_hash, .base_hash = rig->model->hash,
                           .data_hash = rig->data->hash};
    if (spec->sink != NULL) trainer.sink = *spec->sink;
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
