/*
 * Training against PyTorch: the losses, gradient norms, rates and final tensors of runs that
 * tests/fixtures/make_train.py made with transformers and peft.
 */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/model/safetensors.h"
#include "tests/math/cuda_rig.h"
#include "tests/test.h"
#include "tests/train/rig.h"

static double setting(const JsonNode *settings, const char *key)
{
    const JsonNode *node = json_get(settings, key);
    return node != NULL && json_is_number(node) ? json_number(node) : 0;
}

static TrainSettings settings_of(const JsonNode *run)
{
    const JsonNode *s = json_get(run, "settings");
    const char     *schedule = json_string(json_get(s, "lr_scheduler_type"), NULL);
    TrainSettings   out;

    train_settings_init(&out);
    out.max_steps = (Index)setting(s, "max_steps");
    out.batch = (Index)setting(s, "per_device_train_batch_size");
    out.accumulation = (Index)setting(s, "gradient_accumulation_steps");
    out.learning_rate = setting(s, "learning_rate");
    out.warmup_steps = (Index)setting(s, "warmup_steps");
    out.schedule = strcmp(schedule, "linear") == 0   ? SCHEDULE_LINEAR
                   : strcmp(schedule, "cosine") == 0 ? SCHEDULE_COSINE
                                                     : SCHEDULE_CONSTANT;
    out.optim.kind = json_get(s, "momentum") != NULL ? OPTIM_SGD : OPTIM_ADAMW;
    out.optim.momentum = setting(s, "momentum");
    out.optim.weight_decay = setting(s, "weight_decay");
    out.max_grad_norm = setting(s, "max_grad_norm");
    out.shuffle = false;
    return out;
}

static void compare_steps(Rig *rig, const JsonNode *run)
{
    const JsonNode *losses = json_get(run, "loss"), *norms = json_get(run, "grad_norm");
    const JsonNode *rates = json_get(run, "learning_rate"), *targets = json_get(run, "targets");

    assert_int_equal(trainer_total_steps(rig->trainer), json_count(losses));
    for (Index i = 0; i < json_count(losses); i++) {
        StepReport step = rig_step(rig);
        double     loss = json_number(json_at(losses, i)), norm = json_number(json_at(norms, i));
        assert_close(step.loss, loss, 1e-4 * loss);
        assert_close(step.grad_norm, norm, 1e-3 * norm);
        assert_close(step.learning_rate, json_number(json_at(rates, i)), 1e-9);
        assert_int_equal(step.targets, json_integer(json_at(targets, i)));
    }
}

/* Every tensor of the file against the parameter of that name, to 1e-3 of its norm. */
static void compare_adapter(Rig *rig, const char *path)
{
    Error       err = {0};
    TensorFile *file = tensors_open(test_fixture(path), &err);
    assert_ok(&err);
    for (Index i = 0; i < tensors_count(file); i++) {
        const TensorInfo *info = tensors_at(file, i);
        const char       *name = strchr(info->name, '.'); /* base_model.model.NAME */
        name = strchr(name + 1, '.') + 1;
        Param *param = params_find(rig->method->params, name);
        if (param == NULL) param = params_find(rig->method->params, info->name);
        assert_non_null(param);
        float want[4096], got[4096];
        Index n = param->tensor.rows * param->tensor.cols;
        assert_true(n <= 4096);
        assert_true(tensors_read_f32(file, info, want, &err));
        param_get(rig->method->params, param, got);
        assert_tensor_close(got, want, n, 1e-3);
    }
    tensors_close(file);
}

static void compare_run(const char *name, const char *backend, bool full)
{
    char  path[64];
    Error err = {0};
    Rig   rig;

    snprintf(path, sizeof path, "train/%s.json", name);
    Json *json = json_read(test_fixture(path), 1 << 20, &err);
    assert_ok(&err);
    TrainSettings settings = settings_of(json_root(json));
    RigSpec       spec = {.backend = backend,
                          .threads = 2,
                          .full = full,
                          .adapter = full ? NULL : "train/initial-adapter"};
    if (strcmp(backend, "cuda") == 0) use_cuda(NULL);
    rig_open(&rig, &spec, &settings);
    compare_steps(&rig, json_root(json));
    if (!full) {
        snprintf(path, sizeof path, "train/%s.final.safetensors", name);
        compare_adapter(&rig, path);
    }
    rig_close(&rig);
    json_free(json);
}

static void lora_with_accumulation_clipping_warmup_and_decay(void **state)
{
    (void)state;
    compare_run("lora-adamw", "ref", false);
    compare_run("lora-adamw", "cpu", false);
    compare_run("lora-adamw", "cuda", false);
}

static void full_fine_tuning_with_cosine(void **state)
{
    (void)state;
    compare_run("full-adamw", "ref", true);
    compare_run("full-adamw", "cpu", true);
    compare_run("full-adamw", "cuda", true);
}

static void lora_with_sgd_and_momentum(void **state)
{
    (void)state;
    compare_run("lora-sgd", "ref", false);
    compare_run("lora-sgd", "cpu", false);
    compare_run("lora-sgd", "cuda", false);
}

TEST_GROUP(parity, cmocka_unit_test(lora_with_accumulation_clipping_warmup_and_decay),
           cmocka_unit_test(full_fine_tuning_with_cosine),
           cmocka_unit_test(lora_with_sgd_and_momentum));
