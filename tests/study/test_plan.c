/* Counts that PEFT printed elsewhere, counts of its fixtures, and products worked out by hand. */

#include <stdio.h>
#include <string.h>

#include "core/adapt/method.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/study/plan.h"
#include "tests/test.h"

static Plan plan_of(const PlanInput *input)
{
    Error err = {0};
    Plan  plan;
    bool  ok = plan_make(input, &plan, &err);
    assert_ok(&err);
    assert_true(ok);
    return plan;
}

static Model *outline_of(const ModelConfig *config)
{
    Error  err = {0};
    Model *outline = model_outline(config, &err);
    assert_ok(&err);
    assert_non_null(outline);
    return outline;
}

/* ---- what PEFT prints -------------------------------------------------------------------- */

/* Sizes from the models' config.json. */
static const ModelConfig llama2_7b = {.family = FAMILY_LLAMA, .V = 32000, .D = 4096, .L = 32,
                                      .H = 32, .G = 32, .K = 128, .F = 11008};
static const ModelConfig llama32_1b = {.family = FAMILY_LLAMA, .V = 128256, .D = 2048, .L = 16,
                                       .H = 32, .G = 8, .K = 64, .F = 8192, .tied = true};
static const ModelConfig llama32_3b = {.family = FAMILY_LLAMA, .V = 128256, .D = 3072, .L = 28,
                                       .H = 24, .G = 8, .K = 128, .F = 8192, .tied = true};
static const ModelConfig mistral_7b = {.family = FAMILY_LLAMA, .V = 32027, .D = 4096, .L = 32,
                                       .H = 32, .G = 8, .K = 128, .F = 14336};
static const ModelConfig qwen2_05b = {.family = FAMILY_QWEN2, .V = 151936, .D = 896, .L = 24,
                                      .H = 14, .G = 2, .K = 64, .F = 4864, .tied = true,
                                      .qkv_bias = true};
static const ModelConfig qwen25_15b = {.family = FAMILY_QWEN2, .V = 151936, .D = 1536, .L = 28,
                                       .H = 12, .G = 2, .K = 128, .F = 8960, .tied = true,
                                       .qkv_bias = true};
static const ModelConfig qwen25_3b = {.family = FAMILY_QWEN2, .V = 151936, .D = 2048, .L = 36,
                                      .H = 16, .G = 2, .K = 128, .F = 11008, .tied = true,
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

static void add_words(NameList *list, const char *words)
{
    Error err = {0};
    while (words != NULL && *words != '\0') {
        char   word[32];
        size_t n = strcspn(words, " ");
        snprintf(word, sizeof word, "%.*s", (int)n, words);
        assert_true(name_list_add(list, word, &err));
        words += n + (words[n] == ' ');
    }
}

static void target(LoraConfig *config, Index r, const char *targets, const char *saved)
{
    lora_config_init(config);
    config->r = r;
    config->target_all_linear = strcmp(targets, "all-linear") == 0;
    if (!config->target_all_linear) add_words(&config->target_modules, targets);
    add_words(&config->modules_to_save, saved);
}

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
        target(&lora, row->r, row->targets, row->saved);
        Model    *outline = outline_of(&config);
        PlanInput input = {.outline = outline, .lora = &lora, .stored = DTYPE_BF16,
                           .settings = &settings, .N = 64, .longest = 64, .targets = 64,
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
    PlanInput input = {.outline = model, .lora = &lora, .stored = model->config.dtype,
                       .settings = &settings, .N = 8, .longest = 8, .targets = 5, .segments = 1};
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

/* ---- products ----------------------------------------------------------------------------- */

static const ModelConfig small = {.family = FAMILY_LLAMA, .V = 50, .D = 12, .L = 2, .H = 3, .G = 1,
                                  .K = 4, .F = 20, .max_position = 200, .rms_eps = 1e-6f};

typedef struct Work {
    Model        *outline;
    TrainSettings settings;
    LoraConfig    lora;
    PlanInput     input;
} Work;

static void work_init(Work *work, const char *targets, const char *saved)
{
    *work = (Work){.outline = outline_of(&small)};
    train_settings_init(&work->settings);
    target(&work->lora, 2, targets, saved);
    work->input = (PlanInput){.outline = work->outline, .lora = &work->lora, .stored = DTYPE_F32,
                              .settings = &work->settings, .N = 140, .longest = 70,
                              .targets = 140, .segments = 2};
}

static void work_free(Work *work)
{
    model_free(work->outline);
    lora_config_free(&work->lora);
}

/* Two segments of 70: 64 queries see 64 keys, 6 see 70. */
enum {
    N = 140, PAIRS = 2 * (64 * 64 + 6 * 70), ATTENTION = 2 * 4 * 3 * PAIRS, /* one product */
    QO = 2 * N * 12 * 12, KV = 2 * N * 12 * 4, MLP = 2 * N * 12 * 20, HEAD = 2 * N * 12 * 50,
    LAYER = 2 * QO + 2 * KV + 3 * MLP + 2 * ATTENTION,
};

static void products_of_full_training_are_three_times_the_forward(void **state)
{
    (void)state;
    Work work;
    work_init(&work, "all-linear", NULL);
    work.input.lora = NULL;
    Plan plan = plan_of(&work.input);
    assert_close(plan.flops_forward, 2 * LAYER + HEAD, 0);
    assert_close(plan.flops_backward, 2.0 * (2 * LAYER + HEAD) + 2 * ATTENTION, 0);
    assert_close(plan.flops_per_token, (plan.flops_forward + plan.flops_backward) / N, 1e-9);
    assert_close(plan.extra_forward_percent, 0, 0);

    work.settings.gradient_checkpointing = true; /* layers go forward twice */
    Plan again = plan_of(&work.input);
    assert_close(again.flops_backward, plan.flops_backward + 2 * LAYER, 0);
    work_free(&work);
}

/* The lowest adapter is o_proj of layer 1: no gradient passes into that layer's attention. */
static void products_stop_at_the_lowest_adapter(void **state)
{
    (void)state;
    Work work;
    work_init(&work, "model.layers.1.self_attn.o_proj", NULL);
    Plan   plan = plan_of(&work.input);
    double pair = 2 * N * 2 * (12 + 12), pair_back = 4 * N * 2 * 12 + 2 * N * 2 * 12;
    assert_close(plan.flops_forward, 2 * LAYER + HEAD + pair, 0);
    assert_close(plan.flops_backward, HEAD + 3 * MLP + pair_back, 0);
    assert_close(plan.extra_forward_percent, 100.0 * pair / (2 * LAYER + HEAD), 1e-12);

    work.input.targets = 10; /* the last layer goes on with 10 rows */
    plan = plan_of(&work.input);
    assert_close(plan.flops_backward, (HEAD + 3 * MLP + pair_back) / 14.0, 1e-6);
    work_free(&work);
}

static void a_frozen_matrix_has_no_gradient_product(void **state)
{
    (void)state;
    Work work;
    work_init(&work, "v_proj", "lm_head");
    Plan   plan = plan_of(&work.input);
    double pairs = 2 * (4 * N * 2 * 4 + 2 * N * 2 * 12) + 2 * N * 2 * 12; /* dx in layer 1 only */
    double maps = 2 * (3 * MLP + QO) + (QO + 2 * KV);
    assert_close(plan.flops_backward, 2 * HEAD + maps + pairs + (3 + 5) * ATTENTION, 0);
    work_free(&work);
}

/* One map of d x d and rank r costs 2r/d more: 3.1 % for r = 8, d = 512. */
static void the_extra_of_one_map_is_2r_over_d(void **state)
{
    (void)state;
    Work        work;
    ModelConfig wide = {.family = FAMILY_LLAMA, .V = 8, .D = 512, .L = 1, .H = 8, .G = 8, .K = 64,
                        .F = 512, .max_position = 8};
    work_init(&work, "all-linear", NULL);
    model_free(work.outline);
    work.outline = outline_of(&wide);
    work.lora.r = 8;
    work.input.outline = work.outline;
    work.input.N = work.input.targets = work.input.longest = work.input.segments = 1;
    Plan   plan = plan_of(&work.input);
    double maps = 7.0 * 2 * 512 * 512, rest = 2.0 * 512 * 8 + 2.0 * 2 * 512;
    assert_close(plan.extra_forward_percent, 100 * maps * (2.0 * 8 / 512) / (maps + rest), 1e-9);
    assert_close(100 * 2.0 * 8 / 512, 3.125, 0);
    work_free(&work);
}

/* ---- refusals ----------------------------------------------------------------------------- */

static void what_cannot_be_trained_cannot_be_planned(void **state)
{
    (void)state;
    Work  work;
    Plan  plan;
    Error err = {0};
    work_init(&work, "q_proj", NULL);
    work.input.longest = work.input.N = 201;
    assert_false(plan_make(&work.input, &plan, &err));
    assert_error(&err, ERR_INPUT, "201 positions");
    work_free(&work);

    err = (Error){0};
    work_init(&work, "c_attn", NULL);
    assert_false(plan_make(&work.input, &plan, &err));
    assert_error(&err, ERR_INPUT, "c_attn");
    work_free(&work);

    err = (Error){0};
    work_init(&work, "embed_tokens", NULL);
    work.lora.lora_bias = true;
    assert_false(plan_make(&work.input, &plan, &err));
    assert_error(&err, ERR_INPUT, "lora_bias");
    work_free(&work);
}

static void plan_again(void *context, Error *err)
{
    Plan plan;
    bool ok = plan_make(context, &plan, err);
    assert_true(ok == (err->code == ERR_NONE));
}

static void running_out_of_memory_leaves_nothing_behind(void **state)
{
    (void)state;
    Work work;
    work_init(&work, "q_proj v_proj", "lm_head");
    torture(plan_again, &work.input);
    work_free(&work);
}

TEST_GROUP(plan, cmocka_unit_test(counts_are_those_that_peft_prints),
           cmocka_unit_test(counts_of_the_fixtures_are_pefts_and_the_methods),
           cmocka_unit_test(products_of_full_training_are_three_times_the_forward),
           cmocka_unit_test(products_stop_at_the_lowest_adapter),
           cmocka_unit_test(a_frozen_matrix_has_no_gradient_product),
           cmocka_unit_test(the_extra_of_one_map_is_2r_over_d),
           cmocka_unit_test(what_cannot_be_trained_cannot_be_planned),
           cmocka_unit_test(running_out_of_memory_leaves_nothing_behind));
