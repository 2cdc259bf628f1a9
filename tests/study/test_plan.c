/* Counts that PEFT printed elsewhere, and its counts of the fixtures. */

#include <stdio.h>
#include <string.h>

#include "core/adapt/method.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "tests/study/planned.h"
#include "tests/test.h"

/* ---- what PEFT prints -------------------------------------------------------------------- */

/* Sizes from the models' config.json. */
static const ModelConfig llama2_7b = {
    .family = FAMILY_LLAMA, .V = 32000, .D = 4096, .L = 32, .H = 32, .G = 32, .K = 128, .F = 11008};
static const ModelConfig llama32_1b = {.family = FAMILY_LLAMA,
                                       .V = 128256,
                                       .D = 2048,
                                       .L = 16,
                                       .H = 32,
                                       .G = 8,
                                       .K = 64,
                                       .F = 8192,
                                       .tied = true};
static const ModelConfig llama32_3b = {.family = FAMILY_LLAMA,
                                       .V = 128256,
                                       .D = 3072,
                                       .L = 28,
                                       .H = 24,
                                       .G = 8,
                                       .K = 128,
                                       .F = 8192,
                                       .tied = true};
static const ModelConfig mistral_7b = {
    .family = FAMILY_LLAMA, .V = 32027, .D = 4096, .L = 32, .H = 32, .G = 8, .K = 128, .F = 14336};
static const ModelConfig qwen2_05b = {.family = FAMILY_QWEN2,
                                      .V = 151936,
                                      .D = 896,
                                      .L = 24,
                                      .H = 14,
                                      .G = 2,
                                      .K = 64,
                                      .F = 4864,
                                      .tied = true,
                                      .qkv_bias = true};
static const ModelConfig qwen25_15b = {.family = FAMILY_QWEN2,
                                       .V = 151936,
                                       .D = 1536,
                                       .L = 28,
                                       .H = 12,
                                       .G = 2,
                                       .K = 128,
                                       .F = 8960,
                                       .tied = true,
                                       .qkv_bias = true};
static const ModelConfig qwen25_3b = {.family = FAMILY_QWEN2,
                                      .V = 151936,
                                      .D = 2048,
                                      .L = 36,
                                      .H = 16,
                                      .G = 2,
                                      .K = 128,
                                      .F = 11008,
                                      .tied = true,
                                      .qkv_bias = true};

typedef struct Printed {
    const ModelConfig *config;
    Index              r;
    const char        *targets; /* separated by spaces; "all-linear" */
    const char        *saved;
    int64_t            trainable, all; /* all 0: not printed */
    const char        *percent;
} Printed;

/*
 * The last row is the one of the learner's own course. Its printed model has width 1536, 28
 * layers, v_proj of 256 and a vocabulary of 151936: Qwen2-1.5B (1,543,714,304). Rank 16 on
 * q_proj and v_proj is 28 * 16 * ((1536 + 1536) + (1536 + 256)) = 2,179,072; the rest of the
 * trainable ones, 233,373,696 = 151936 * 1536, is lm_head among the modules_to_save.
 */
static const Printed printed[] = {
    {&llama2_7b, 8, "q_proj v_proj", NULL, 4194304, 6742609920, "0.0622"},
    {&llama32_1b, 8, "q_proj", NULL, 524288, 1236338688, "0.0424"},
    {&llama32_3b, 32, "q_proj v_proj", NULL, 9175040, 3221924864, "0.2848"},
    {&llama32_3b, 64, "q_proj v_proj", NULL, 18350080, 0, NULL},
    {&llama32_3b, 10, "gate_proj up_proj down_proj", NULL, 9461760, 0, NULL},
    {&mistral_7b, 64, "embed_tokens lm_head q_proj v_proj", NULL, 31886720, 7273840000, "0.4384"},
    {&qwen2_05b, 64, "all-linear", NULL, 35192832, 529225600, "6.6499"},
    {&qwen2_05b, 8, "all-linear", NULL, 4399104, 498431872, "0.8826"},
    {&qwen25_3b, 16, "q_proj v_proj", NULL, 3686400, 3089625088, "0.1193"},
    {&qwen25_15b, 16, "q_proj v_proj", "lm_head", 235552768, 1779267072, "13.2388"},
};

static void counts_are_those_that_peft_prints(void **state)
{
    (void)state;
    TrainSettings settings;
    train_settings_init(&settings);
    for (size_t i = 0; i < sizeof printed / sizeof *printed; i++) {
        const Printed *row = &printed[i];
        ModelConfig    config = *row->config;
        LoraConfig     lora;
        char           percent[32];
        config.max_position = 64;
        lora_target(&lora, row->r, row->targets, row->saved);
        Model    *outline = outline_of(&config);
        PlanInput input = {.outline = outline,
                           .lora = &lora,
                           .stored = DTYPE_BF16,
                           .settings = &settings,
                           .N = 64,
                           .longest = 64,
                           .targets = 64,
                           .segments = 1};
        Plan      plan = plan_of(&input);
        assert_int_equal(plan.trainable, row->trainable);
        if (row->all > 0) {
            assert_int_equal(plan.all, row->all);
            snprintf(percent, sizeof percent, "%.4f", plan.percent);
            assert_string_equal(percent, row->percent);
        }
        model_free(outline);
        lora_config_free(&lora);
    }
}

/* ---- counts of methods and of PEFT's fixtures --------------------------------------------- */

static void check_fixture(const char *name, const JsonNode *facts, Backend *be)
{
    Error       err = {0};
    Index       n;
    char        path[128];
    LoraConfig  lora;
    MemAccount *account = mem_account_create("fixture", &err);
    snprintf(path, sizeof path, "models/%s", json_string(json_get(facts, "base"), &n));
    Model *model = model_load(test_fixture(path), be, account, &err);
    assert_ok(&err);
    snprintf(path, sizeof path, "lora/%s", name);
    assert_true(lora_config_read(&lora, test_fixture(path), &err));
    Method *method = lora_create(model, &lora, 3, true, account, &err);
    assert_ok(&err);

    TrainSettings settings;
    train_settings_init(&settings);
    PlanInput input = {.outline = model,
                       .lora = &lora,
                       .stored = model->config.dtype,
                       .settings = &settings,
                       .N = 8,
                       .longest = 8,
                       .targets = 5,
                       .segments = 1};
    Plan      plan = plan_of(&input);
    assert_int_equal(plan.trainable, json_integer(json_get(facts, "trainable")));
    assert_int_equal(plan.all, json_integer(json_get(facts, "all")));
    assert_int_equal(plan.trainable, method_trainable(method));
    assert_int_equal(plan.all, method_all(method));
    assert_int_equal(plan.bytes[MEM_WEIGHTS], mem_use(account, MEM_HOST, MEM_WEIGHTS).in_use);

    method_free(method);
    lora_config_free(&lora);
    model_free(model);
    mem_account_free(account);
}

static void counts_of_the_fixtures_are_pefts_and_the_methods(void **state)
{
    (void)state;
    Error    err = {0};
    Json    *json = json_read(test_fixture("lora/batch.json"), 1 << 20, &err);
    Backend *be = backend_ref_create(&err);
    assert_ok(&err);
    int checked = 0;
    for (Index i = 0; i < json_count(json_root(json)); i++) {
        const JsonNode *facts;
        const char     *key = json_member(json_root(json), i, &facts);
        if (strncmp(key, "adapter.", 8) != 0) continue;
        check_fixture(key + 8, facts, be);
        checked++;
    }
    assert_true(checked >= 10);
    json_free(json);
    be->free(be);
}

TEST_GROUP(plan, cmocka_unit_test(counts_are_those_that_peft_prints),
           cmocka_unit_test(counts_of_the_fixtures_are_pefts_and_the_methods));
