/* Models for tests. */

#include "tests/model/model_fixture.h"

#include <stdio.h>

#include "tests/test.h"

const char *const model_fixtures[MODEL_FIXTURES] = {"qwen2-tied", "qwen2-untied-bf16-sharded",
                                                    "llama-rope3", "llama-linear"};

const char *model_fixture(int i)
{
    char name[128];
    snprintf(name, sizeof name, "models/%s", model_fixtures[i]);
    return test_fixture(name);
}

ModelBench model_bench(void)
{
    Error      err = {0};
    ModelBench bench = {backend_ref_create(&err), mem_account_create("test", &err)};
    assert_ok(&err);
    return bench;
}

void model_bench_done(ModelBench *bench)
{
    mem_account_free(bench->account);
    bench->be->free(bench->be);
}

Model *model_must_load(ModelBench *bench, const char *folder)
{
    Error  err = {0};
    Model *model = model_load(folder, bench->be, bench->account, &err);
    assert_ok(&err);
    assert_non_null(model);
    return model;
}

ModelConfig model_tiny_config(bool tied)
{
    return (ModelConfig){.family = FAMILY_QWEN2,
                         .V = 10,
                         .D = 8,
                         .L = 2,
                         .H = 2,
                         .G = 1,
                         .K = 4,
                         .F = 12,
                         .max_position = 64,
                         .rms_eps = 1e-6f,
                         .tied = tied,
                         .qkv_bias = true,
                         .rope = {.type = ROPE_DEFAULT, .theta = 1e4, .factor = 1.0},
                         .bos = -1,
                         .pad = -1,
                         .end = {3},
                         .end_count = 1};
}
