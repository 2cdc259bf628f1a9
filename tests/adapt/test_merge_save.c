/* Whole model folders: base and adapter merged, and full fine-tuning. */

#include <stdio.h>

#include "core/adapt/method.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "tests/model/net_rig.h"

static const int32_t ids[] = {5, 9, 57, 31, 8, 8, 60, 2, 41, 30, 12, 33, 1, 68};
enum { LENGTH = sizeof ids / sizeof *ids };

/* The folder, loaded as a plain model, has these logits. */
static void assert_folder(NetRig *rig, const char *folder, const NetBatch *batch, bool tied,
                          const float *want, double tolerance)
{
    Error  err = {0};
    Model *plain = model_load(folder, rig->be, rig->account, &err);
    assert_ok(&err);
    assert_true(plain->config.tied == tied);
    Net *net = net_create(plain, &err), *before = rig->net;
    assert_true(net_reserve(net, LENGTH, &err));
    rig->net = net;
    float *got = net_rig_logits(rig, batch);
    rig->net = before;
    assert_close(largest_difference(got, want, LENGTH * plain->config.V), 0.0, tolerance);
    mem_free(got);
    net_free(net);
    model_free(plain);
}

/* Merge the method to disk and look at what is there. Frees it. */
static void compare_merged(NetRig *rig, Method *method, const char *folder, bool untied,
                           double tolerance)
{
    Error       err = {0};
    NetBatch    batch = {.rows = {0}};
    const char *note;
    net_batch_add(&batch, ids, NULL, LENGTH, 0);
    assert_true(method->attach(method, rig->net, &err));
    float *want = net_rig_logits(rig, &batch);
    assert_true(merge_save(method, folder, &note, &err));
    assert_true((note != NULL) == untied);
    assert_folder(rig, folder, &batch, rig->model->config.tied && !untied, want, tolerance);
    mem_free(want);
    method->detach(method, rig->net);
    method_free(method);
}

static void compare_adapter(const char *adapter, const char *model, bool untied, double tolerance)
{
    NetRig rig;
    Error  err = {0};
    char   name[128];
    net_rig_open(&rig, false, model);
    snprintf(name, sizeof name, "lora/%s", adapter);
    Method *method = lora_load(rig.model, test_fixture(name), false, rig.account, &err);
    assert_ok(&err);
    compare_merged(&rig, method, test_path(adapter), untied, tolerance);
    net_rig_close(&rig);
}

static void a_merged_folder_computes_what_the_adapter_does(void **state)
{
    (void)state;
    compare_adapter("a-qv", "qwen2-tied", false, 1e-4);
    compare_adapter("c-bias-all", "qwen2-tied", false, 1e-4);
    compare_adapter("e-lora-bias", "qwen2-tied", false, 1e-4);
    compare_adapter("i-embedding", "qwen2-tied", true, 1e-4);
    compare_adapter("f-modules-to-save", "qwen2-untied-bf16-sharded", false, 0.1);
    compare_adapter("j-llama-all-linear", "llama-rope3", false, 0.1);
}

static void compare_tied(const char *saved, const char *param)
{
    NetRig     rig;
    Error      err = {0};
    LoraConfig config;
    net_rig_open(&rig, false, "qwen2-tied");
    lora_config_init(&config);
    assert_true(name_list_add(&config.modules_to_save, saved, &err));
    Method *method = lora_create(rig.model, &config, 1, true, rig.account, &err);
    assert_ok(&err);
    const Module *head = model_module(rig.model, ROLE_HEAD, -1);
    assert_int_equal(method->added - 2 * 8 * (32 + 32 + 32 + 16), head->in * head->out);
    for (int i = 0; i < 999; i++) params_find(method->params, param)->tensor.data[i] += 0.3f;
    compare_merged(&rig, method, test_path(saved), true, 1e-5);
    lora_config_free(&config);
    net_rig_close(&rig);
}

static void a_saved_half_of_a_tied_pair_is_written_untied(void **state)
{
    (void)state;
    compare_tied("lm_head", "lm_head.weight");
    compare_tied("embed_tokens", "model.embed_tokens.weight");
}

static void full_weights_are_saved_as_a_whole_model(void **state)
{
    (void)state;
    static const char *const models[] = {"qwen2-tied", "qwen2-untied-bf16-sharded"};
    for (int i = 0; i < 2; i++) {
        NetRig rig;
        Error  err = {0};
        net_rig_open(&rig, false, models[i]);
        Method *method = full_create(rig.model, rig.account, &err);
        assert_ok(&err);
        params_find(method->params, "model.embed_tokens.weight")->tensor.data[7] += 0.5f;
        assert_true(method->save(method, test_path(models[i]), &err));
        for (const char *const *file = method->files; *file != NULL; file++) {
            char path[512];
            snprintf(path, sizeof path, "%s/%s", models[i], *file);
            assert_true(path_exists(test_path(path)));
        }
        Model *again = model_load(test_path(models[i]), rig.be, rig.account, &err);
        assert_ok(&err);
        assert_true(again->config.tied == rig.model->config.tied);
        assert_true(again->hash != rig.model->hash);
        model_free(again);
        method_free(method);
        net_rig_close(&rig);
    }
}

TEST_GROUP(merge_save, cmocka_unit_test(a_merged_folder_computes_what_the_adapter_does),
           cmocka_unit_test(a_saved_half_of_a_tied_pair_is_written_untied),
           cmocka_unit_test(full_weights_are_saved_as_a_whole_model));
