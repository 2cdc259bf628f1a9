/* Products worked out by hand, and what the planner refuses. */

#include "tests/study/planned.h"
#include "tests/test.h"

static const ModelConfig small = {.family = FAMILY_LLAMA,
                                  .V = 50,
                                  .D = 12,
                                  .L = 2,
                                  .H = 3,
                                  .G = 1,
                                  .K = 4,
                                  .F = 20,
                                  .max_position = 200,
                                  .rms_eps = 1e-6f};

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
    lora_target(&work->lora, 2, targets, saved);
    work->input = (PlanInput){.outline = work->outline,
                              .lora = &work->lora,
                              .stored = DTYPE_F32,
                              .settings = &work->settings,
                              .N = 140,
                              .longest = 70,
                              .targets = 140,
                              .segments = 2};
}

static void work_free(Work *work)
{
    model_free(work->outline);
    lora_config_free(&work->lora);
}

/* Two segments of 70: 64 queries see 64 keys, 6 see 70. */
enum {
    N = 140,
    PAIRS = 2 * (64 * 64 + 6 * 70),
    ATTENTION = 2 * 4 * 3 * PAIRS, /* one product */
    QO = 2 * N * 12 * 12,
    KV = 2 * N * 12 * 4,
    MLP = 2 * N * 12 * 20,
    HEAD = 2 * N * 12 * 50,
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
    ModelConfig wide = {.family = FAMILY_LLAMA,
                        .V = 8,
                        .D = 512,
                        .L = 1,
                        .H = 8,
                        .G = 8,
                        .K = 64,
                        .F = 512,
                        .max_position = 8};
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

TEST_GROUP(plan_flops, cmocka_unit_test(products_of_full_training_are_three_times_the_forward),
           cmocka_unit_test(products_stop_at_the_lowest_adapter),
           cmocka_unit_test(a_frozen_matrix_has_no_gradient_product),
           cmocka_unit_test(the_extra_of_one_map_is_2r_over_d),
           cmocka_unit_test(what_cannot_be_trained_cannot_be_planned),
           cmocka_unit_test(running_out_of_memory_leaves_nothing_behind));
