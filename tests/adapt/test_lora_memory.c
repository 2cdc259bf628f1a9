/* Every allocation of creating, loading and saving fails in turn. */

#include "core/adapt/method.h"
#include "tests/model/net_rig.h"

static void load_body(void *context, Error *err)
{
    NetRig *rig = context;
    method_free(lora_load(rig->model, test_fixture("lora/b-all-linear"), true, rig->account, err));
}

static void load_embedding_body(void *context, Error *err)
{
    NetRig *rig = context;
    method_free(lora_load(rig->model, test_fixture("lora/i-embedding"), true, rig->account, err));
}

static void create_body(void *context, Error *err)
{
    NetRig    *rig = context;
    LoraConfig config;
    lora_config_init(&config);
    config.bias = LORA_BIAS_ALL;
    bool ok = name_list_add(&config.modules_to_save, "lm_head", err) &&
              pattern_list_add(&config.rank_pattern, "v_proj", 3.0, err);
    Method *method = ok ? lora_create(rig->model, &config, 1, true, rig->account, err) : NULL;
    if (method != NULL) (void)!method->save(method, test_folder(), err);
    method_free(method);
    lora_config_free(&config);
}

static void full_body(void *context, Error *err)
{
    NetRig *rig = context;
    method_free(full_create(rig->model, rig->account, err));
}

static void methods_survive_every_failed_allocation(void **state)
{
    (void)state;
    NetRig rig;
    net_rig_open(&rig, true, "qwen2-tied");
    torture(load_body, &rig);
    torture(load_embedding_body, &rig);
    torture(create_body, &rig);
    torture(full_body, &rig);
    net_rig_close(&rig);
}

TEST_GROUP(lora_memory, cmocka_unit_test(methods_survive_every_failed_allocation));
