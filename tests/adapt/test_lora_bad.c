/*
 * Adapter folders that must not be loaded: each is refused by one clear line, naming file, field
 * or tensor, and leaves nothing behind.
 */

#include <stdio.h>
#include <string.h>

#include "core/adapt/method.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/math/convert.h"
#include "tests/model/net_rig.h"

/* ---- adapter_config.json ---------------------------------------------------------------- */

typedef struct BadConfig {
    const char *fields; /* of an otherwise good configuration; or a whole text without it */
    const char *words;  /* in the message */
} BadConfig;

#define QV "\"r\":4,\"target_modules\":[\"q_proj\",\"v_proj\"],"

static const BadConfig bad_configs[] = {
    {QV "\"peft_type\":\"IA3\"", "field \"peft_type\": \"IA3\""},
    {QV "\"peft_type\":\"ADALORA\"", "\"ADALORA\""},
    {"\"r\":0,\"peft_type\":\"LORA\"", "field \"r\""},
    {"\"r\":-4,\"peft_type\":\"LORA\"", "field \"r\""},
    {"\"r\":1000000000,\"peft_type\":\"LORA\"", "field \"r\""},
    {"\"r\":4.5,\"peft_type\":\"LORA\"", "field \"r\""},
    {"\"r\":\"4\",\"peft_type\":\"LORA\"", "field \"r\""},
    {QV "\"peft_type\":\"LORA\",\"lora_alpha\":NaN", "adapter_config.json"},
    {QV "\"peft_type\":\"LORA\",\"lora_alpha\":-1", "field \"lora_alpha\""},
    {QV "\"peft_type\":\"LORA\",\"lora_alpha\":1e300", "field \"lora_alpha\""},
    {QV "\"peft_type\":\"LORA\",\"lora_dropout\":1.0", "field \"lora_dropout\""},
    {QV "\"peft_type\":\"LORA\",\"bias\":\"some\"", "field \"bias\": \"some\""},
    {QV "\"peft_type\":\"LORA\",\"task_type\":\"SEQ_CLS\"", "SEQ_CLS"},
    {QV "\"peft_type\":\"LORA\",\"use_dora\":true", "field \"use_dora\": true"},
    {QV "\"peft_type\":\"LORA\",\"fan_in_fan_out\":true", "fan_in_fan_out"},
    {QV "\"peft_type\":\"LORA\",\"init_lora_weights\":\"pissa\"", "\"pissa\""},
    {QV "\"peft_type\":\"LORA\",\"init_lora_weights\":\"loftq\"", "\"loftq\""},
    {QV "\"peft_type\":\"LORA\",\"layer_replication\":[[0,1]]", "layer_replication"},
    {QV "\"peft_type\":\"LORA\",\"trainable_token_indices\":[1]", "trainable_token_indices"},
    {QV "\"peft_type\":\"LORA\",\"target_parameters\":[\"a\"]", "target_parameters"},
    {QV "\"peft_type\":\"LORA\",\"use_qalora\":true", "use_qalora"},
    {QV "\"peft_type\":\"LORA\",\"megatron_config\":{\"a\":1}", "megatron_config"},
    {QV "\"peft_type\":\"LORA\",\"megatron_core\":\"mine\"", "megatron_core"},
    {QV "\"peft_type\":\"LORA\",\"lora_alhpa\":16", "lora_alhpa"},
    {QV "\"peft_type\":\"LORA\",\"r\":4", "adapter_config.json"}, /* twice the same key */
    {QV "\"peft_type\":\"LORA\",\"rank_pattern\":{\"q_proj\":0}", "rank_pattern"},
    {QV "\"peft_type\":\"LORA\",\"rank_pattern\":{\"q_proj\":\"2\"}", "rank_pattern"},
    {QV "\"peft_type\":\"LORA\",\"rank_pattern\":{\"q_(proj\":2}", "rank_pattern"},
    {QV "\"peft_type\":\"LORA\",\"alpha_pattern\":{\"q_proj\":-1}", "alpha_pattern"},
    {QV "\"peft_type\":\"LORA\",\"modules_to_save\":\"lm_head\"", "is not a list"},
    {QV "\"peft_type\":\"LORA\",\"modules_to_save\":[\"classifier\"]", "\"classifier\" matches no"},
    {QV "\"peft_type\":\"LORA\",\"layers_to_transform\":[7]", "no module is left"},
    {QV "\"peft_type\":\"LORA\",\"layers_to_transform\":[-1]", "layers_to_transform"},
    {QV "\"peft_type\":\"LORA\",\"layers_pattern\":\"h\"", "layers_pattern"},
    {QV "\"peft_type\":\"LORA\",\"exclude_modules\":[\"q_proj\",\"v_proj\"]", "no module is left"},
    {"\"peft_type\":\"LORA\",\"r\":4,\"target_modules\":[\"q_porj\",\"v_proj\"]",
     "\"q_porj\" matches no module; there are q_proj, k_proj, v_proj"},
    {"\"peft_type\":\"LORA\",\"r\":4,\"target_modules\":[\"mlp\"]", "\"mlp\" matches no module"},
    {"\"peft_type\":\"LORA\",\"r\":4,\"target_modules\":[\"norm\"]", "\"norm\" matches no module"},
    {"\"peft_type\":\"LORA\",\"r\":4,\"target_modules\":[3]", "target_modules"},
    {"\"peft_type\":\"LORA\",\"r\":4,\"target_modules\":7", "target_modules"},
    {"\"peft_type\":\"LORA\",\"r\":4,\"target_modules\":\"c_attn\"", "\"c_attn\" matches no"},
    {"\"peft_type\":\"LORA\",\"r\":4,\"target_modules\":\"([a-z]+|[._0-9]+)+[!?]\"",
     "backtracks without end"},
    {"\"peft_type\":\"LORA\",\"r\":4,\"target_modules\":\"(q_proj\"", "cannot be understood"},
    {"\"peft_type\":\"LORA\",\"r\":4,\"target_modules\":\"a)|(b\"", "cannot be understood"},
    {"\"peft_type\":\"LORA\",\"r\":4,\"target_modules\":\".*self_attn.*\"",
     "also matches model.layers.0.self_attn,"},
    {"\"peft_type\":\"LORA\",\"r\":4,\"target_modules\":\".*q_proj\",\"layers_to_transform\":[1]",
     "layers_to_transform"},
    {"\"peft_type\":\"LORA\",\"r\":4,\"target_modules\":\"all-linear\",\"layers_to_transform\":1",
     "layers_to_transform"},
    {"\"peft_type\":\"LORA\",\"r\":4,\"target_modules\":[\"embed_tokens\"],\"lora_bias\":true",
     "lora_bias"},
    {QV "\"peft_type\":\"LORA\",\"r_\\u001b[31m\":8", "r_"},
    {QV "\"lora_alpha\":8", "field \"peft_type\": is missing"},
    {QV "\"peft_type\":null", "field \"peft_type\": is missing"},
    {"\"peft_type\":\"LORA\",\"r\":8", "[4, 32]"}, /* the tensors have rank 4 */
    {"\"peft_type\":\"LORA\",\"r\":4,\"rank_pattern\":{\"v_proj\":2}", "[4, 32]"},
};

/* The tensors of a-qv beside a configuration of our own. */
static void write_config(const char *text)
{
    Error err = {0};
    Index n;
    char *tensors =
        file_read_all(test_fixture("lora/a-qv/adapter_model.safetensors"), 1 << 20, &n, &err);
    assert_ok(&err);
    assert_true(file_write_all(test_path("adapter_model.safetensors"), tensors, n, &err));
    mem_free(tensors);
    assert_true(file_write_all(test_path("adapter_config.json"), text, (Index)strlen(text), &err));
}

static void assert_refused(NetRig *rig, ErrorCode code, const char *what, const char *words)
{
    Error   err = {0};
    Method *method = lora_load(rig->model, test_folder(), true, rig->account, &err);
    if (method != NULL) fail_msg("loaded: %s", what);
    if (err.code != code || strstr(err.message, words) == NULL) {
        fail_msg("%s: error %d \"%s\" instead of \"%s\"", what, (int)err.code, err.message, words);
    }
    for (const char *c = err.message; *c != '\0'; c++) assert_true((unsigned char)*c >= 0x20);
}

static void a_bad_configuration_is_refused_by_name(void **state)
{
    (void)state;
    NetRig rig;
    char   text[1024];
    net_rig_open(&rig, true, "qwen2-tied");
    for (size_t i = 0; i < sizeof bad_configs / sizeof *bad_configs; i++) {
        snprintf(text, sizeof text, "{%s}", bad_configs[i].fields);
        write_config(text);
        assert_refused(&rig, ERR_INPUT, bad_configs[i].fields, bad_configs[i].words);
    }
    net_rig_close(&rig);
}

static void what_is_no_configuration_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "[]", "{", "null", "\"LORA\"", "{\"peft_type\":"};
    NetRig                   rig;
    net_rig_open(&rig, true, "qwen2-tied");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        write_config(texts[i]);
        assert_refused(&rig, ERR_INPUT, texts[i], "adapter_config.json");
    }
    assert_int_equal(remove(test_path("adapter_config.json")), 0);
    assert_refused(&rig, ERR_INPUT, "no configuration", "adapter_config.json");
    net_rig_close(&rig);
}

static void a_misspelled_field_comes_with_a_guess(void **state)
{
    (void)state;
    NetRig rig;
    Error  err = {0};
    net_rig_open(&rig, true, "qwen2-tied");
    write_config("{" QV "\"peft_type\":\"LORA\",\"lora_alhpa\":16}");
    assert_null(lora_load(rig.model, test_folder(), true, rig.account, &err));
    assert_non_null(strstr(err.hint, "lora_alpha"));
    net_rig_close(&rig);
}

/* ---- adapter_model.safetensors ---------------------------------------------------------- */

enum { TENSORS = 8 };
#define NAME "base_model.model.model.layers.%d.self_attn.%c_proj.lora_%c.weight"

typedef struct Tensors {
    TensorOut out[TENSORS];
    char      name[TENSORS][128];
    float     data[TENSORS][4 * 32];
    Index     count;
} Tensors;

/* The tensors that a configuration of r 4, q_proj and v_proj asks of qwen2-tied. */
static void good_tensors(Tensors *t)
{
    *t = (Tensors){.count = 0};
    for (int i = 0; i < TENSORS; i++) {
        bool b = i % 2 == 1, v = i / 2 % 2 == 1;
        snprintf(t->name[i], sizeof t->name[i], NAME, i / 4, v ? 'v' : 'q', b ? 'B' : 'A');
        int64_t out = v ? 16 : 32;
        for (int k = 0; k < 4 * 32; k++) t->data[i][k] = 0.01f * (float)k;
        t->out[t->count++] = (TensorOut){.name = t->name[i],
                                         .dtype = DTYPE_F32,
                                         .rank = 2,
                                         .shape = {b ? out : 4, b ? 4 : 32},
                                         .data = t->data[i]};
    }
}

static void write_tensors(const Tensors *t)
{
    Error err = {0};
    write_config("{" QV "\"peft_type\":\"LORA\"}");
    (void)!tensors_write(test_path("adapter_model.safetensors"), t->out, t->count, NULL, &err);
    assert_ok(&err);
}

static void good_tensors_load(void **state)
{
    (void)state;
    NetRig  rig;
    Tensors t;
    Error   err = {0};
    net_rig_open(&rig, true, "qwen2-tied");
    good_tensors(&t);
    write_tensors(&t);
    Method *method = lora_load(rig.model, test_folder(), true, rig.account, &err);
    assert_ok(&err);
    assert_int_equal(method->loaded.matched, TENSORS);
    method_free(method);
    net_rig_close(&rig);
}

static void bad_tensors_are_refused_by_name(void **state)
{
    (void)state;
    NetRig  rig;
    Tensors t;
    net_rig_open(&rig, true, "qwen2-tied");

    good_tensors(&t);
    t.count = TENSORS - 1;
    write_tensors(&t);
    assert_refused(&rig, ERR_INPUT, "A without B", "1.self_attn.v_proj.lora_B.weight\" is missing");

    good_tensors(&t);
    t.out[3].shape[1] = 2;
    write_tensors(&t);
    assert_refused(&rig, ERR_INPUT, "B of another rank",
                   "[16, 2] where r and the base ask for [16, 4]");

    good_tensors(&t);
    t.out[0].shape[1] = 24;
    write_tensors(&t);
    assert_refused(&rig, ERR_INPUT, "another width", "[4, 24]");

    good_tensors(&t);
    t.out[0].rank = 1;
    write_tensors(&t);
    assert_refused(&rig, ERR_INPUT, "a vector", "has the shape [4]");

    good_tensors(&t);
    t.data[5][7] = -1.0f / 0.0f;
    write_tensors(&t);
    assert_refused(&rig, ERR_NUMERIC, "an infinity", "layers.1.self_attn.q_proj.lora_B");

    good_tensors(&t);
    uint16_t half[4 * 32] = {[9] = 0x7c00};
    t.out[0].dtype = DTYPE_F16;
    t.out[0].data = half;
    write_tensors(&t);
    assert_refused(&rig, ERR_NUMERIC, "an infinity in float16", "layers.0.self_attn.q_proj.lora_A");

    good_tensors(&t);
    for (int i = 0; i < TENSORS; i++) t.out[i].name += strlen("base_model.");
    write_tensors(&t);
    assert_refused(&rig, ERR_INPUT, "another prefix", "is missing (the first of 8; 0 are there");
    net_rig_close(&rig);
}

static void what_is_no_tensor_file_is_refused(void **state)
{
    (void)state;
    NetRig  rig;
    Tensors t;
    Error   err = {0};
    Index   n;
    net_rig_open(&rig, true, "qwen2-tied");
    good_tensors(&t);
    write_tensors(&t);
    const char *path = test_path("adapter_model.safetensors");
    char       *bytes = file_read_all(path, 1 << 20, &n, &err);
    for (Index keep = 0; keep < n; keep += 1 + keep / 3) {
        assert_true(file_write_all(path, bytes, keep, &err));
        assert_refused(&rig, ERR_INPUT, "a torn file", "adapter_model.safetensors");
    }
    mem_free(bytes);
    assert_int_equal(remove(path), 0);
    assert_refused(&rig, ERR_INPUT, "no file", "adapter_model.safetensors");
    assert_true(file_write_all(test_path("adapter_model.bin"), "x", 1, &err));
    assert_refused(&rig, ERR_INPUT, "a pickle", "pickle");
    net_rig_close(&rig);
}

static void an_adapter_of_another_model_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *adapter, *words;
    } cases[] = {{"lora/j-llama-all-linear", "shape"},
                 {"lora/f-modules-to-save", "shape"},
                 {"lora/a-qv", NULL}};
    for (int i = 0; i < 3; i++) {
        NetRig rig;
        Error  err = {0};
        net_rig_open(&rig, true, i < 2 ? "qwen2-tied" : "qwen2-untied-bf16-sharded");
        assert_null(lora_load(rig.model, test_fixture(cases[i].adapter), true, rig.account, &err));
        assert_error(&err, ERR_INPUT, cases[i].words);
        net_rig_close(&rig);
    }
}

/* PEFT's file of an adapted embedding holds the base's matrix too. */
static void a_frozen_matrix_that_is_not_the_bases_is_refused(void **state)
{
    (void)state;
    NetRig      rig;
    Error       err = {0};
    TensorOut   out[8];
    float      *values[8];
    TensorFile *file = fixture_tensors("lora/i-embedding/adapter_model.safetensors");
    Index       count = tensors_count(file), n, size;
    assert_true(count <= 8);
    for (Index i = 0; i < count; i++) {
        const TensorInfo *info = tensors_at(file, i);
        values[i] = fixture_tensor(file, info->name, &n);
        if (strstr(info->name, "base_layer") != NULL) values[i][n - 1] += 50.0f;
        out[i] = (TensorOut){.name = info->name,
                             .dtype = DTYPE_F32,
                             .rank = info->rank,
                             .shape = {info->shape[0], info->shape[1]},
                             .data = values[i]};
    }
    const char *config = test_fixture("lora/i-embedding/adapter_config.json");
    char       *text = file_read_all(config, 1 << 20, &size, &err);
    assert_true(file_write_all(test_path("adapter_config.json"), text, size, &err));
    assert_true(tensors_write(test_path("adapter_model.safetensors"), out, count, NULL, &err));
    net_rig_open(&rig, true, "qwen2-tied");
    assert_refused(&rig, ERR_INPUT, "another embedding", "is not the base's matrix");
    net_rig_close(&rig);
    for (Index i = 0; i < count; i++) mem_free(values[i]);
    mem_free(text);
    tensors_close(file);
}

static void what_nobody_asked_for_is_counted(void **state)
{
    (void)state;
    NetRig rig;
    Error  err = {0};
    net_rig_open(&rig, true, "qwen2-tied");
    write_config("{\"peft_type\":\"LORA\",\"r\":4,\"target_modules\":[\"q_proj\"]}");
    Method *method = lora_load(rig.model, test_folder(), true, rig.account, &err);
    assert_ok(&err);
    assert_int_equal(method->loaded.matched, 4);
    assert_int_equal(method->loaded.unexpected, 4);
    assert_int_equal(method->loaded.missing, 0);
    method_free(method);
    net_rig_close(&rig);
}

TEST_GROUP(lora_bad, cmocka_unit_test(a_bad_configuration_is_refused_by_name),
           cmocka_unit_test(what_is_no_configuration_is_refused),
           cmocka_unit_test(a_misspelled_field_comes_with_a_guess),
           cmocka_unit_test(good_tensors_load), cmocka_unit_test(bad_tensors_are_refused_by_name),
           cmocka_unit_test(what_is_no_tensor_file_is_refused),
           cmocka_unit_test(an_adapter_of_another_model_is_refused),
           cmocka_unit_test(a_frozen_matrix_that_is_not_the_bases_is_refused),
           cmocka_unit_test(what_nobody_asked_for_is_counted));
