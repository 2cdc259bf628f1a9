/* The first values of an adapter, and the norms that tell how far it has come. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/adapt/method.h"
#include "core/base/mem.h"
#include "core/base/random.h"
#include "tests/model/net_rig.h"

static const int32_t ids_a[] = {5, 9, 77, 31, 8, 8, 60, 2, 41, 90, 12, 33};
enum { A_LENGTH = sizeof ids_a / sizeof *ids_a };

/* ---- the start -------------------------------------------------------------------------- */

static void a_new_adapter_changes_no_bit_of_the_logits(void **state)
{
    (void)state;
    for (int init = INIT_PEFT; init <= INIT_SWAPPED; init++) {
        NetRig   rig;
        NetBatch batch = {.rows = {0}};
        net_rig_open(&rig, false, "qwen2-tied");
        net_batch_add(&batch, ids_a, NULL, A_LENGTH, 0);
        float     *base = net_rig_logits(&rig, &batch);
        LoraConfig config;
        lora_config_init(&config);
        config.init = (LoraInit)init;
        config.target_all_linear = true;
        Error   err = {0};
        Method *method = lora_create(rig.model, &config, 11, true, rig.account, &err);
        assert_ok(&err);
        assert_true(method->attach(method, rig.net, &err));
        float *adapted = net_rig_logits(&rig, &batch);
        Index  n = A_LENGTH * rig.model->config.V;
        bool   same = memcmp(base, adapted, (size_t)n * sizeof *base) == 0;
        assert_true(same == (init != INIT_BROKEN_BOTH_RANDOM));
        mem_free(base);
        mem_free(adapted);
        method->detach(method, rig.net);
        method_free(method);
        lora_config_free(&config);
        net_rig_close(&rig);
    }
}

static void compare_parity(const char *kind, LoraInit init, double tolerance)
{
    NetRig rig;
    net_rig_open(&rig, true, "qwen2-tied");
    TensorFile *want = fixture_tensors("lora/init-parity.safetensors");
    Error       err = {0};
    LoraConfig  config;
    lora_config_init(&config);
    config.r = 4;
    config.init = init;
    Method *method = lora_create(rig.model, &config, 7, false, rig.account, &err);
    assert_ok(&err);
    assert_int_equal(method->params->count, 8);
    for (Index i = 0; i < method->params->count; i += 2) {
        char  name[256];
        Index n;
        float got[4 * 32];
        snprintf(name, sizeof name, "%s.base_model.model.%s", kind, method->params->list[i]->name);
        float *expected = fixture_tensor(want, name, &n);
        assert_int_equal(n, 4 * 32);
        param_get(method->params, method->params->list[i], got);
        assert_close(largest_difference(got, expected, n), 0.0, tolerance);
        mem_free(expected);
    }
    method_free(method);
    tensors_close(want);
    net_rig_close(&rig);
}

static void the_first_values_are_those_of_peft(void **state)
{
    (void)state;
    compare_parity("true", INIT_PEFT, 0.0);
    compare_parity("gaussian", INIT_GAUSSIAN, 2e-6);
}

/* The embedding is drawn first, though it comes after the layers in the model; its A is zero. */
static void an_embedding_is_drawn_first_and_the_other_way_round(void **state)
{
    (void)state;
    NetRig     rig;
    LoraConfig config;
    Error      err = {0};
    TorchRng   rng;
    float      thrown[4 * 96], want[32 * 4], got[4 * 96];
    net_rig_open(&rig, true, "qwen2-tied");
    lora_config_init(&config);
    config.r = 4;
    assert_true(name_list_add(&config.target_modules, "embed_tokens", &err));
    assert_true(name_list_add(&config.target_modules, "q_proj", &err));
    Method *method = lora_create(rig.model, &config, 7, false, rig.account, &err);
    assert_ok(&err);

    torch_seed(&rng, 7);
    torch_normal(&rng, thrown, 4 * 96, 0.0, 1.0);
    torch_normal(&rng, thrown, 32 * 4, 0.0, 1.0);
    torch_normal(&rng, want, 32 * 4, 0.0, 1.0);
    const char *B = "model.embed_tokens.lora_embedding_B";
    param_get(method->params, params_find(method->params, B), got);
    assert_memory_equal(got, want, sizeof want);
    param_get(method->params, params_find(method->params, "model.embed_tokens.lora_embedding_A"),
              got);
    for (int i = 0; i < 4 * 96; i++) assert_true(got[i] == 0.0f);

    torch_uniform(&rng, thrown, 4 * 32, 0.0, 1.0); /* nn.Linear(32, 4), nn.Linear(4, 32) */
    torch_uniform(&rng, thrown, 32 * 4, 0.0, 1.0);
    torch_uniform(&rng, want, 4 * 32, -1.0 / sqrt(32.0), 1.0 / sqrt(32.0));
    param_get(method->params, method->params->list[0], got);
    assert_string_equal(method->params->list[0]->name,
                        "model.layers.0.self_attn.q_proj.lora_A.weight");
    assert_close(largest_difference(got, want, 4 * 32), 0.0, 1e-7);
    method_free(method);
    lora_config_free(&config);
    net_rig_close(&rig);
}

static double spread(NetRig *rig, LoraInit init)
{
    Error      err = {0};
    LoraConfig config;
    lora_config_init(&config);
    config.r = 48;
    config.init = init;
    Method *method = lora_create(rig->model, &config, 3, false, rig->account, &err);
    assert_ok(&err);
    double a, b, ba;
    assert_true(lora_norms(method, 0, &a, &b, &ba, &err));
    method_free(method);
    return a / sqrt(48.0 * 32.0);
}

static void each_initialisation_has_the_spread_it_is_named_for(void **state)
{
    (void)state;
    NetRig rig;
    net_rig_open(&rig, true, "qwen2-tied");
    assert_close(spread(&rig, INIT_PEFT), 1.0 / sqrt(3.0 * 32.0), 0.005);
    assert_close(spread(&rig, INIT_GAUSSIAN), 1.0 / 48.0, 0.002);
    assert_close(spread(&rig, INIT_KAIMING_NORMAL), sqrt(2.0 / 32.0), 0.015);
    assert_close(spread(&rig, INIT_XAVIER_NORMAL), sqrt(2.0 / 80.0), 0.01);
    assert_close(spread(&rig, INIT_VARIANCE_1), 1.0, 0.05);
    assert_close(spread(&rig, INIT_VARIANCE_1_R), sqrt(1.0 / 48.0), 0.01);
    assert_close(spread(&rig, INIT_VARIANCE_2_R), sqrt(2.0 / 48.0), 0.015);
    assert_close(spread(&rig, INIT_VARIANCE_2_RK), sqrt(2.0 / 80.0), 0.01);
    assert_close(spread(&rig, INIT_BROKEN_BOTH_RANDOM), 0.3, 0.02);
    assert_close(spread(&rig, INIT_BROKEN_BOTH_ZERO), 0.0, 0.0);
    net_rig_close(&rig);
}

/* ---- norms ------------------------------------------------------------------------------ */

static void norms_are_those_of_the_product_itself(void **state)
{
    (void)state;
    NetRig            rig;
    const LoraTarget *targets;
    Error             err = {0};
    net_rig_open(&rig, false, "qwen2-tied");
    const char *folder = test_fixture("lora/i-embedding");
    Method     *method = lora_load(rig.model, folder, true, rig.account, &err);
    assert_ok(&err);
    Index count = lora_targets(method, &targets);
    assert_int_equal(count, 3);
    for (Index i = 0; i < count; i++) {
        const Module *module = &rig.model->modules[targets[i].module];
        Index         n = module->in * module->out;
        float        *W = mem_alloc(mem_program(), MEM_SCRATCH, n, sizeof *W, &err);
        double        a, b, ba, sum = 0.0;
        bool          changed;
        assert_true(method->add_delta(method, module, 1.0, W, &changed, &err) && changed);
        for (Index k = 0; k < n; k++) sum += (double)W[k] * (double)W[k];
        assert_true(lora_norms(method, i, &a, &b, &ba, &err));
        assert_close(ba / sqrt(sum), 1.0, 1e-6);
        mem_free(W);
    }
    method_free(method);
    net_rig_close(&rig);
}

TEST_GROUP(lora_init, cmocka_unit_test(a_new_adapter_changes_no_bit_of_the_logits),
           cmocka_unit_test(the_first_values_are_those_of_peft),
           cmocka_unit_test(an_embedding_is_drawn_first_and_the_other_way_round),
           cmocka_unit_test(each_initialisation_has_the_spread_it_is_named_for),
           cmocka_unit_test(norms_are_those_of_the_product_itself));
