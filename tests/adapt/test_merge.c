/* Merging: in memory, undone, and on disk. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/adapt/method.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "tests/model/net_rig.h"

static const int32_t ids[] = {5, 9, 57, 31, 8, 8, 60, 2, 41, 30, 12, 33, 1, 68};
enum { LENGTH = sizeof ids / sizeof *ids };

typedef struct Bench {
    NetRig   rig;
    NetBatch batch;
    Method  *method; /* attached */
    Index    n;      /* logits */
    float   *base, *adapted;
} Bench;

static void bench_open(Bench *b, const char *adapter, const char *model)
{
    Error err = {0};
    char  name[128];
    *b = (Bench){.method = NULL};
    net_rig_open(&b->rig, false, model);
    net_batch_add(&b->batch, ids, NULL, LENGTH, 0);
    b->n = LENGTH * b->rig.model->config.V;
    b->base = net_rig_logits(&b->rig, &b->batch);
    snprintf(name, sizeof name, "lora/%s", adapter);
    b->method = lora_load(b->rig.model, test_fixture(name), false, b->rig.account, &err);
    assert_ok(&err);
    assert_true(b->method->attach(b->method, b->rig.net, &err));
    b->adapted = net_rig_logits(&b->rig, &b->batch);
}

static void bench_close(Bench *b)
{
    b->method->detach(b->method, b->rig.net);
    method_free(b->method);
    mem_free(b->base);
    mem_free(b->adapted);
    net_rig_close(&b->rig);
}

static void assert_logits(Bench *b, const float *want, double tolerance)
{
    float *got = net_rig_logits(&b->rig, &b->batch);
    if (tolerance == 0.0) {
        assert_memory_equal(got, want, (size_t)b->n * sizeof *got);
    } else {
        assert_close(largest_difference(got, want, b->n), 0.0, tolerance);
    }
    mem_free(got);
}

static const char *const adapters[] = {"a-qv",        "b-all-linear",    "c-bias-all",
                                       "e-lora-bias", "i-embedding",     "h-layers-exclude",
                                       "g-regex",     "d-bias-lora-only"};
enum { ADAPTERS = sizeof adapters / sizeof *adapters };

static void a_merged_model_computes_what_the_adapter_does(void **state)
{
    (void)state;
    for (int i = 0; i < ADAPTERS; i++) {
        Bench b;
        Error err = {0};
        bench_open(&b, adapters[i], "qwen2-tied");
        Merge *merge = merge_apply(b.rig.net, b.method, b.rig.account, &err);
        assert_ok(&err);
        assert_int_equal(b.rig.net->hook_count, 0);
        assert_logits(&b, b.adapted, 1e-4);
        merge_free(merge);
        assert_logits(&b, b.base, 0.0);
        assert_true(b.method->attach(b.method, b.rig.net, &err));
        assert_logits(&b, b.adapted, 0.0);
        bench_close(&b);
    }
}

static void merged_weights_are_those_of_peft(void **state)
{
    (void)state;
    Bench b;
    Error err = {0};
    Index n;
    bench_open(&b, "a-qv", "qwen2-tied");
    TensorFile *want = fixture_tensors("lora/a-qv.expected.safetensors");
    Merge      *merge = merge_apply(b.rig.net, b.method, b.rig.account, &err);
    assert_ok(&err);
    for (int layer = 0; layer < 2; layer++) {
        for (int role = ROLE_Q; role <= ROLE_V; role += 2) {
            const Module *m = model_module(b.rig.model, (ModuleRole)role, layer);
            char          name[128];
            snprintf(name, sizeof name, "merged.%s.weight", m->name);
            float *expected = fixture_tensor(want, name, &n);
            Mat    got = b.rig.net->merged[m - b.rig.model->modules];
            assert_int_equal(got.dtype, DTYPE_F32);
            assert_tensor_close((const float *)got.data, expected, n, 1e-6);
            mem_free(expected);
        }
    }
    merge_free(merge);
    tensors_close(want);
    bench_close(&b);
}

static void a_merge_into_a_half_type_rounds_as_little_as_the_type(void **state)
{
    (void)state;
    static const char *const pair[2][2] = {{"f-modules-to-save", "qwen2-untied-bf16-sharded"},
                                           {"j-llama-all-linear", "llama-rope3"}};
    for (int i = 0; i < 2; i++) {
        Bench  b;
        Error  err = {0};
        double off, moved;
        bench_open(&b, pair[i][0], pair[i][1]);
        Merge *merge = merge_apply(b.rig.net, b.method, b.rig.account, &err);
        assert_ok(&err);
        float *got = net_rig_logits(&b.rig, &b.batch);
        off = largest_difference(got, b.adapted, b.n);
        moved = largest_difference(b.base, b.adapted, b.n);
        assert_true(off > 1e-5 && off < 0.05 * moved);
        mem_free(got);
        merge_free(merge);
        assert_logits(&b, b.base, 0.0);
        bench_close(&b);
    }
}

static void subtracting_drifts_and_says_how_far(void **state)
{
    (void)state;
    static const struct {
        const char *adapter, *model;
        double      least, most;
    } cases[] = {{"a-qv", "qwen2-tied", 1e-10, 1e-6},
                 {"e-lora-bias", "qwen2-tied", 1e-10, 1e-6},
                 {"f-modules-to-save", "qwen2-untied-bf16-sharded", 1e-5, 1e-2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Bench  b;
        Error  err = {0};
        double drift;
        bench_open(&b, cases[i].adapter, cases[i].model);
        Merge *merge = merge_apply(b.rig.net, b.method, b.rig.account, &err);
        assert_ok(&err);
        assert_true(merge_undo_subtract(merge, &drift, &err));
        if (!(drift >= cases[i].least && drift <= cases[i].most)) {
            fail_msg("%s drifts by %g", cases[i].adapter, drift);
        }
        assert_logits(&b, b.base, 0.2);
        merge_free(merge);
        assert_logits(&b, b.base, 0.0);
        bench_close(&b);
    }
}

static void a_second_merge_starts_from_the_first(void **state)
{
    (void)state;
    Bench b;
    Error err = {0};
    bench_open(&b, "a-qv", "qwen2-tied");
    Method *other =
        lora_load(b.rig.model, test_fixture("lora/b-all-linear"), false, b.rig.account, &err);
    assert_ok(&err);
    assert_true(other->attach(other, b.rig.net, &err));
    float *both = net_rig_logits(&b.rig, &b.batch);
    Merge *one = merge_apply(b.rig.net, b.method, b.rig.account, &err);
    Merge *two = merge_apply(b.rig.net, other, b.rig.account, &err);
    assert_ok(&err);
    assert_logits(&b, both, 1e-4);
    merge_free(two);
    assert_logits(&b, b.adapted, 1e-4);
    merge_free(one);
    assert_logits(&b, b.base, 0.0);
    mem_free(both);
    method_free(other);
    bench_close(&b);
}

/* ---- what cannot be merged -------------------------------------------------------------- */

static void poison(Method *method, const char *name, float value)
{
    Param *param = params_find(method->params, name);
    Index  n = param->tensor.rows * param->tensor.cols;
    Error  err = {0};
    float *host = mem_alloc(mem_program(), MEM_SCRATCH, n, sizeof *host, &err);
    assert_ok(&err);
    param_get(method->params, param, host);
    host[n / 2] = value;
    param_put(method->params, param, host);
    mem_free(host);
}

static void a_value_that_is_not_finite_is_not_merged(void **state)
{
    (void)state;
    Bench       b;
    Error       err = {0};
    const char *note;
    bench_open(&b, "a-qv", "qwen2-tied");
    poison(b.method, "model.layers.1.self_attn.v_proj.lora_B.weight", NAN);
    assert_null(merge_apply(b.rig.net, b.method, b.rig.account, &err));
    assert_error(&err, ERR_NUMERIC, "model.layers.1.self_attn.v_proj");
    assert_logits(&b, b.base, 0.0); /* nothing is left of it */
    err = (Error){0};
    assert_false(merge_save(b.method, test_path("merged"), &note, &err));
    assert_error(&err, ERR_NUMERIC, "v_proj");
    assert_false(path_exists(test_path("merged")));
    bench_close(&b);
}

static void a_value_too_large_for_the_bases_type_is_not_merged(void **state)
{
    (void)state;
    Bench b;
    Error err = {0};
    bench_open(&b, "j-llama-all-linear", "llama-rope3"); /* float16: at most 65504 */
    poison(b.method, "model.layers.0.mlp.up_proj.lora_B.weight", 1e7f);
    assert_null(merge_apply(b.rig.net, b.method, b.rig.account, &err));
    assert_error(&err, ERR_NUMERIC, "F16");
    bench_close(&b);
}

static void a_bias_has_nowhere_to_go_where_the_base_has_none(void **state)
{
    (void)state;
    NetRig      rig;
    Error       err = {0};
    LoraConfig  config;
    const char *note;
    net_rig_open(&rig, false, "qwen2-tied");
    lora_config_init(&config);
    config.lora_bias = true;
    assert_true(name_list_add(&config.target_modules, "o_proj", &err));
    Method *method = lora_create(rig.model, &config, 1, false, rig.account, &err);
    assert_ok(&err);
    assert_null(merge_apply(rig.net, method, rig.account, &err));
    assert_error(&err, ERR_INPUT, "o_proj has no bias");
    err = (Error){0};
    assert_false(merge_save(method, test_path("merged"), &note, &err));
    assert_error(&err, ERR_INPUT, "o_proj has no bias");
    method_free(method);
    lora_config_free(&config);
    net_rig_close(&rig);
}

/* ---- memory ------------------------------------------------------------------------------ */

static void merge_and_undo(void *context, Error *err)
{
    Bench *b = context;
    Merge *merge = merge_apply(b->rig.net, b->method, b->rig.account, err);
    double drift;
    if (merge != NULL) (void)!merge_undo_subtract(merge, &drift, err);
    merge_free(merge);
}

static void merging_survives_every_failed_allocation(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, "e-lora-bias", "qwen2-tied");
    torture(merge_and_undo, &b);
    bench_close(&b);
}

TEST_GROUP(merge, cmocka_unit_test(a_merged_model_computes_what_the_adapter_does),
           cmocka_unit_test(merged_weights_are_those_of_peft),
           cmocka_unit_test(a_merge_into_a_half_type_rounds_as_little_as_the_type),
           cmocka_unit_test(subtracting_drifts_and_says_how_far),
           cmocka_unit_test(a_second_merge_starts_from_the_first),
           cmocka_unit_test(a_value_that_is_not_finite_is_not_merged),
           cmocka_unit_test(a_value_too_large_for_the_bases_type_is_not_merged),
           cmocka_unit_test(a_bias_has_nowhere_to_go_where_the_base_has_none),
           cmocka_unit_test(merging_survives_every_failed_allocation));
