/* What an adapter does to a network, and what it must not do. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/adapt/method.h"
#include "core/base/mem.h"
#include "tests/model/net_rig.h"

static const int32_t ids_a[] = {5, 9, 77, 31, 8, 8, 60, 2, 41, 90, 12, 33};
static const int32_t ids_b[] = {60, 2, 41, 1, 1, 90, 12};
enum { A_LENGTH = sizeof ids_a / sizeof *ids_a, B_LENGTH = sizeof ids_b / sizeof *ids_b };

static Method *make(NetRig *rig, const LoraConfig *config)
{
    Error   err = {0};
    Method *method = lora_create(rig->model, config, 11, true, rig->account, &err);
    assert_ok(&err);
    assert_true(method->attach(method, rig->net, &err));
    return method;
}

static Method *load(NetRig *rig, const char *adapter)
{
    Error err = {0};
    char  name[128];
    snprintf(name, sizeof name, "lora/%s", adapter);
    Method *method = lora_load(rig->model, test_fixture(name), true, rig->account, &err);
    assert_ok(&err);
    assert_true(method->attach(method, rig->net, &err));
    return method;
}

static void drop(NetRig *rig, Method *method)
{
    method->detach(method, rig->net);
    method_free(method);
}

static float *gradients(NetRig *rig, const NetBatch *batch, Method *method)
{
    Error err = {0};
    Index n = method->params->total;
    (void)net_rig_gradients(rig, batch, method->params);
    float *host = mem_alloc(mem_program(), MEM_SCRATCH, n, sizeof *host, &err);
    assert_ok(&err);
    rig->be->get(rig->be, host, method->params->grads, n * (Index)sizeof *host);
    return host;
}

/* ---- gradients -------------------------------------------------------------------------- */

static void compare_materialized(const char *adapter, bool ref)
{
    NetRig   rig;
    NetBatch batch = {.rows = {0}};
    Error    err = {0};
    net_rig_open(&rig, ref, "qwen2-tied");
    net_batch_add(&batch, ids_a, NULL, A_LENGTH, 0);
    Method *factored = load(&rig, adapter);
    float  *want = gradients(&rig, &batch, factored);
    factored->detach(factored, rig.net);

    LoraConfig config;
    assert_true(lora_config_copy(&config, lora_config(factored), &err));
    config.materialized = true;
    Method *built = make(&rig, &config);
    for (Index i = 0; i < built->params->count; i++) {
        param_put(built->params, built->params->list[i], factored->params->list[i]->tensor.data);
    }
    float *got = gradients(&rig, &batch, built);
    assert_tensor_close(got, want, built->params->total, 1e-5);
    mem_free(got);
    mem_free(want);
    lora_config_free(&config);
    drop(&rig, built);
    method_free(factored);
    net_rig_close(&rig);
}

static void the_materialized_form_has_the_gradients_of_the_factored_one(void **state)
{
    (void)state;
    compare_materialized("b-all-linear", true);
    compare_materialized("b-all-linear", false);
    compare_materialized("i-embedding", false);
    compare_materialized("c-bias-all", false);
}

static void checkpointing_gives_the_same_bits_with_fewer_bytes(void **state)
{
    (void)state;
    NetRig     rig;
    NetBatch   batch = {.rows = {0}};
    LoraConfig config;
    net_rig_open(&rig, false, "qwen2-tied");
    net_batch_add(&batch, ids_a, NULL, A_LENGTH, 0);
    net_batch_add(&batch, ids_b, NULL, B_LENGTH, 1);
    net_batch_drop(&batch);
    lora_config_init(&config);
    config.init = INIT_BROKEN_BOTH_RANDOM; /* so that every gradient is there */
    config.target_all_linear = true;
    config.lora_dropout = 0.2;
    Method *method = make(&rig, &config);
    method->at_step(method, 5, 3);

    int64_t peak[2];
    float  *grads[2];
    for (int on = 0; on < 2; on++) {
        rig.net->checkpointing = on == 1;
        mem_reset_peaks(rig.account);
        grads[on] = gradients(&rig, &batch, method);
        peak[on] = mem_use(rig.account, MEM_HOST, MEM_ACTIVATIONS).peak_in_use;
    }
    assert_memory_equal(grads[0], grads[1], (size_t)method->params->total * sizeof(float));
    assert_true(peak[1] < peak[0]);
    mem_free(grads[0]);
    mem_free(grads[1]);
    drop(&rig, method);
    lora_config_free(&config);
    net_rig_close(&rig);
}

static void a_future_token_gets_exactly_no_gradient(void **state)
{
    (void)state;
    NetRig   rig;
    NetBatch batch = {.rows = {0}};
    int32_t  labels[A_LENGTH];
    net_rig_open(&rig, false, "qwen2-tied");
    for (Index t = 0; t < A_LENGTH; t++) labels[t] = t == 4 ? ids_a[t] : -1; /* row 3 predicts */
    net_batch_add(&batch, ids_a, labels, A_LENGTH, 0);
    Error   err = {0};
    Method *method = full_create(rig.model, rig.account, &err);
    assert_ok(&err);
    assert_true(method->attach(method, rig.net, &err));
    /* The head of its own, so that the embedding's gradient comes from the input alone. */
    const Module *head = model_module(rig.model, ROLE_HEAD, -1);
    rig.net->weight[head - rig.model->modules] = NULL;
    (void)net_rig_gradients(&rig, &batch, method->params);
    Param *embedding = params_find(method->params, "model.embed_tokens.weight");
    float *grad = net_rig_gradient(method->params, embedding);
    Index  D = rig.model->config.D;
    for (Index t = 0; t < A_LENGTH; t++) {
        float sum = 0.0f;
        for (Index d = 0; d < D; d++) sum += fabsf(grad[ids_a[t] * D + d]);
        bool before = t <= 3;
        if (t == 4 || t == 5) continue; /* 8 and 8: first seen at row 4, as all later ones */
        assert_true(before ? sum > 0.0f : sum == 0.0f);
    }
    mem_free(grad);
    drop(&rig, method);
    net_rig_close(&rig);
}

static void a_packed_example_gets_the_gradient_it_gets_alone(void **state)
{
    (void)state;
    NetRig     rig;
    NetBatch   both = {.rows = {0}}, a = {.rows = {0}}, b = {.rows = {0}};
    LoraConfig config;
    net_rig_open(&rig, false, "qwen2-tied");
    net_batch_add(&both, ids_a, NULL, A_LENGTH, 4);
    net_batch_add(&both, ids_b, NULL, B_LENGTH, 5);
    net_batch_add(&a, ids_a, NULL, A_LENGTH, 4);
    net_batch_add(&b, ids_b, NULL, B_LENGTH, 5);
    net_batch_drop(&both);
    net_batch_drop(&a);
    net_batch_drop(&b);
    lora_config_init(&config);
    config.init = INIT_BROKEN_BOTH_RANDOM;
    config.target_all_linear = true;
    config.lora_dropout = 0.3;
    Method *method = make(&rig, &config);
    method->at_step(method, 9, 2);
    float *packed = gradients(&rig, &both, method);
    float *first = gradients(&rig, &a, method), *second = gradients(&rig, &b, method);
    float  na = A_LENGTH - 1, nb = B_LENGTH - 1; /* targets */
    for (Index i = 0; i < method->params->total; i++) {
        first[i] = (na * first[i] + nb * second[i]) / (na + nb);
    }
    assert_tensor_close(packed, first, method->params->total, 1e-5);
    mem_free(packed);
    mem_free(first);
    mem_free(second);
    drop(&rig, method);
    lora_config_free(&config);
    net_rig_close(&rig);
}

/* ---- dropout ---------------------------------------------------------------------------- */

static void dropout_depends_on_seed_and_step_and_needs_row_keys(void **state)
{
    (void)state;
    NetRig     rig;
    NetBatch   batch = {.rows = {0}}, keyed = {.rows = {0}};
    LoraConfig config;
    net_rig_open(&rig, false, "qwen2-tied");
    net_batch_add(&batch, ids_a, NULL, A_LENGTH, 0);
    net_batch_add(&keyed, ids_a, NULL, A_LENGTH, 0);
    net_batch_drop(&keyed);
    lora_config_init(&config);
    config.init = INIT_BROKEN_BOTH_RANDOM;
    config.lora_dropout = 0.5;
    Method *method = make(&rig, &config);
    method->at_step(method, 1, 1);
    double plain = net_rig_loss(&rig, &batch);
    assert_true(net_rig_loss(&rig, &keyed) == plain); /* nothing is dropped in evaluation */
    rig.net->training = true;
    double dropped = net_rig_loss(&rig, &keyed);
    assert_true(plain != dropped);
    assert_true(net_rig_loss(&rig, &keyed) == dropped);
    method->at_step(method, 1, 2);
    assert_true(net_rig_loss(&rig, &keyed) != dropped);
    assert_true(net_rig_loss(&rig, &batch) == plain);
    method->at_step(method, 2, 1);
    assert_true(net_rig_loss(&rig, &keyed) != dropped);
    method->at_step(method, 1, 1);
    assert_true(net_rig_loss(&rig, &keyed) == dropped);
    drop(&rig, method);
    lora_config_free(&config);
    net_rig_close(&rig);
}

/* ---- several adapters on one base ------------------------------------------------------- */

static void adapters_are_switched_on_one_base_without_loading_again(void **state)
{
    (void)state;
    NetRig   rig;
    NetBatch batch = {.rows = {0}};
    Error    err = {0};
    net_rig_open(&rig, false, "qwen2-tied");
    net_batch_add(&batch, ids_a, NULL, A_LENGTH, 0);
    size_t  bytes = (size_t)(A_LENGTH * rig.model->config.V) * sizeof(float);
    float  *base = net_rig_logits(&rig, &batch);
    Method *one = load(&rig, "c-bias-all");
    float  *with_one = net_rig_logits(&rig, &batch);
    one->detach(one, rig.net);
    Method *two = load(&rig, "i-embedding");
    float  *with_two = net_rig_logits(&rig, &batch);
    two->detach(two, rig.net);
    two->detach(two, rig.net); /* harmless */

    assert_memory_not_equal(with_one, base, bytes);
    assert_memory_not_equal(with_one, with_two, bytes);
    for (int i = 0; i < 3; i++) {
        Method *now = i == 0 ? one : i == 1 ? two : NULL;
        if (now != NULL) assert_true(now->attach(now, rig.net, &err));
        float *again = net_rig_logits(&rig, &batch);
        assert_memory_equal(again, i == 0 ? with_one : i == 1 ? with_two : base, bytes);
        mem_free(again);
        if (now != NULL) now->detach(now, rig.net);
    }
    method_free(one);
    method_free(two);
    mem_free(base);
    mem_free(with_one);
    mem_free(with_two);
    net_rig_close(&rig);
}

static void two_adapters_cannot_both_replace_a_bias(void **state)
{
    (void)state;
    NetRig rig;
    Error  err = {0};
    net_rig_open(&rig, true, "qwen2-tied");
    Method *one = load(&rig, "c-bias-all");
    Method *two =
        lora_load(rig.model, test_fixture("lora/d-bias-lora-only"), true, rig.account, &err);
    assert_ok(&err);
    assert_false(two->attach(two, rig.net, &err));
    assert_error(&err, ERR_INPUT, "another adapter");
    assert_int_equal(rig.net->hook_count, 1);
    method_free(two);
    drop(&rig, one);
    net_rig_close(&rig);
}

TEST_GROUP(lora, cmocka_unit_test(the_materialized_form_has_the_gradients_of_the_factored_one),
           cmocka_unit_test(checkpointing_gives_the_same_bits_with_fewer_bytes),
           cmocka_unit_test(a_future_token_gets_exactly_no_gradient),
           cmocka_unit_test(a_packed_example_gets_the_gradient_it_gets_alone),
           cmocka_unit_test(dropout_depends_on_seed_and_step_and_needs_row_keys),
           cmocka_unit_test(adapters_are_switched_on_one_base_without_loading_again),
           cmocka_unit_test(two_adapters_cannot_both_replace_a_bias));
