/* Model folders: what transformers wrote is loaded, what does not fit together is refused. */

#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/math/convert.h"
#include "core/model/safetensors.h"
#include "tests/model/model_fixture.h"
#include "tests/model/tensor_files.h"

/* ---- good folders ----------------------------------------------------------------------- */

/* Values and bytes that the files of a folder hold. */
static int64_t stored_values(const char *folder)
{
    Error       err = {0};
    int64_t     values = 0;
    TensorFile *file = tensors_open_model(folder, &err);
    assert_ok(&err);
    for (Index i = 0; i < tensors_count(file); i++) {
        const TensorInfo *info = tensors_at(file, i);
        values += info->bytes / dtype_bytes(info->dtype);
    }
    tensors_close(file);
    return values;
}

static void every_fixture_is_loaded_whole(void **state)
{
    (void)state;
    ModelBench bench = model_bench();
    for (int i = 0; i < MODEL_FIXTURES; i++) {
        Model *model = model_must_load(&bench, model_fixture(i));
        assert_int_equal(model->module_count, model->config.L * 9 + 3);
        assert_int_equal(model->parameters, stored_values(model->path));
        int64_t sum = 0, bytes = 0;
        for (Index m = 0; m < model->module_count; m++) {
            const Module *module = &model->modules[m];
            bool          shared = module->role == ROLE_HEAD && model->config.tied;
            if (shared) continue;
            sum += module_parameters(module);
            bytes += module->weight.rows * module->weight.cols * dtype_bytes(module->weight.dtype);
            bytes += 4 * ((module->gain != NULL) + (module->bias != NULL)) * module->out;
        }
        assert_int_equal(sum, model->parameters);
        MemUse use = mem_use(bench.account, MEM_HOST, MEM_WEIGHTS);
        assert_int_equal(use.in_use, bytes);
        assert_in_range(use.reserved, bytes, bytes + 64 * 2 * model->module_count);
        model_free(model);
        assert_int_equal(mem_in_use_total(bench.account), 0);
    }
    model_bench_done(&bench);
}

static void check_values(const Model *model, TensorFile *file, const char *name, const void *data,
                         DType dtype)
{
    Error             err = {0};
    const TensorInfo *info = tensors_find(file, name);
    assert_non_null(info);
    Index  n = info->bytes / dtype_bytes(info->dtype);
    float *want = malloc((size_t)n * 4), *got = malloc((size_t)n * 4);
    assert_true(tensors_read_f32(file, info, want, &err));
    assert_ok(&err);
    convert_to_f32(got, data, dtype, n);
    assert_memory_equal(got, want, (size_t)n * 4);
    free(want);
    free(got);
    assert_non_null(model);
}

static void weights_are_those_of_the_file(void **state)
{
    (void)state;
    ModelBench bench = model_bench();
    for (int i = 0; i < MODEL_FIXTURES; i++) {
        Error       err = {0};
        char        name[128];
        Model      *model = model_must_load(&bench, model_fixture(i));
        TensorFile *file = tensors_open_model(model->path, &err);
        for (Index m = 0; m < model->module_count; m++) {
            const Module *module = &model->modules[m];
            if (module->role == ROLE_HEAD && model->config.tied) continue;
            snprintf(name, sizeof name, "%s.weight", module->name);
            if (module->gain != NULL) {
                assert_null(module->weight.data);
                check_values(model, file, name, module->gain, DTYPE_F32);
            } else {
                check_values(model, file, name, module->weight.data, module->weight.dtype);
                assert_int_equal(module->weight.dtype, model->config.dtype);
            }
            snprintf(name, sizeof name, "%s.bias", module->name);
            assert_int_equal(module->bias != NULL, tensors_find(file, name) != NULL);
            if (module->bias != NULL) check_values(model, file, name, module->bias, DTYPE_F32);
        }
        tensors_close(file);
        model_free(model);
    }
    model_bench_done(&bench);
}

static void modules_are_found_by_role_and_name(void **state)
{
    (void)state;
    ModelBench bench = model_bench();
    Model     *model = model_must_load(&bench, model_fixture(0));
    Module    *k = model_module(model, ROLE_K, 1);
    assert_string_equal(k->name, "model.layers.1.self_attn.k_proj");
    assert_ptr_equal(k, model_find(model, "model.layers.1.self_attn.k_proj"));
    assert_null(model_find(model, "model.layers.2.self_attn.k_proj"));
    assert_true(k->in == 32 && k->out == 16 && k->layer == 1 && k->role == ROLE_K);
    assert_true(k->weight.rows == 16 && k->weight.cols == 32);
    assert_true(module_is_linear(k) && k->bias != NULL && k->gain == NULL);
    assert_int_equal(module_parameters(k), 16 * 32 + 16);

    Module *embed = model_module(model, ROLE_EMBED, -1), *head = model_module(model, ROLE_HEAD, -1);
    assert_true(embed->weight.rows == 96 && embed->weight.cols == 32);
    assert_true(embed->in == 96 && embed->out == 32 && !module_is_linear(embed));
    assert_ptr_equal(head->weight.data, embed->weight.data); /* tied */
    assert_true(head->in == 32 && head->out == 96 && module_is_linear(head));
    Module *norm = model_module(model, ROLE_FINAL_NORM, -1);
    assert_true(norm->gain != NULL && !module_is_linear(norm) && norm->out == 32);
    assert_int_equal(module_parameters(norm), 32);
    assert_ptr_equal(&model->modules[model->module_count - 1], head);
    model_free(model);
    model_bench_done(&bench);
}

static void the_hash_is_of_the_weights_and_sizes_alone(void **state)
{
    (void)state;
    ModelBench bench = model_bench();
    uint64_t   seen[MODEL_FIXTURES];
    for (int i = 0; i < MODEL_FIXTURES; i++) {
        char   name[128], copy[256];
        Model *model = model_must_load(&bench, model_fixture(i));
        seen[i] = model->hash;
        model_free(model);
        for (int k = 0; k < i; k++) assert_true(seen[k] != seen[i]);

        snprintf(copy, sizeof copy, "%s", test_path(model_fixtures[i]));
        copy_folder(model_fixture(i), copy);
        snprintf(name, sizeof name, "models/%s.v4config.json", model_fixtures[i]);
        Index len;
        char *text = file_read_all(test_fixture(name), 1 << 20, &len, NULL);
        snprintf(name, sizeof name, "%s/config.json", model_fixtures[i]);
        put_file(test_path(name), text, len);
        mem_free(text);
        model = model_must_load(&bench, copy); /* the older style of config */
        assert_true(model->hash == seen[i]);
        model_free(model);
    }
    model_bench_done(&bench);
}

/* ---- folders that do not fit together --------------------------------------------------- */

typedef struct Change {
    const char *file; /* in which every FROM becomes TO (of the same length in weights) */
    const char *from, *to;
    const char *words; /* NULL: must load all the same */
} Change;

#define WEIGHTS "model.safetensors"
#define CONFIG "config.json"

static const Change changes[] = {
    {CONFIG, "\"vocab_size\": 90", "\"vocab_size\": 91",
     "2 tensors are not what config.json says (model.embed_tokens.weight [90, 32] instead of [91, "
     "32], lm_head.weight [90, 32] instead of [91, 32])"},
    {CONFIG, "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3",
     "9 tensors are missing (model.layers.2.self_attn.q_proj.weight, "},
    {CONFIG, "\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1",
     "9 tensors are unexpected (model.layers.1."},
    {CONFIG, "\"intermediate_size\": 44", "\"intermediate_size\": 45",
     "[44, 32] instead of [45, 32]"},
    {CONFIG, "\"attention_bias\": false", "\"attention_bias\": true",
     "8 tensors are missing (model.layers.0.self_attn.q_proj.bias, "},
    {CONFIG, "\"model_type\": \"llama\"", "\"model_type\": \"qwen2\"", "6 tensors are missing"},
    {CONFIG, "\"tie_word_embeddings\": false", "\"tie_word_embeddings\": true", NULL},
    {CONFIG, "\"dtype\": \"float16\"", "\"dtype\": \"float32\"", NULL},
    {WEIGHTS, "\"lm_head.weight\"", "\"lm_haed.weight\"",
     "1 tensor is missing (lm_head.weight); 1 tensor is unexpected (lm_haed.weight)"},
    {WEIGHTS, "\"model.norm.weight\"", "\"model.norm.wieght\"",
     "1 tensor is missing (model.norm.weight); 1 tensor is unexpected (model.norm.wieght)"},
    {WEIGHTS, "\"shape\":[32,44]", "\"shape\":[44,32]",
     "2 tensors are not what config.json says (model.layers.0.mlp.down_proj.weight [44, 32] "
     "instead of [32, 44], "},
    {WEIGHTS, "\"shape\":[90,32]", "\"shape\":[2880] ", "[2880] instead of [90, 32]"},
    {WEIGHTS, "\"model.layers.0.mlp.up_proj.weight\":{\"dtype\":\"F16\"",
     "\"model.layers.0.mlp.up_proj.weight\":{\"dtype\":\"I16\"",
     "model.layers.0.mlp.up_proj.weight is I16, not F32, F16 or BF16"},
    {WEIGHTS, "\"model.layers.0.mlp.up_proj.weight\":{\"dtype\":\"F16\"",
     "\"model.layers.0.mlp.up_proj.weight\":{\"dtype\":\"U16\"", "is U16"},
    {WEIGHTS, "\"model.layers.1.", "\"model.layers.7.", "9 tensors are missing"},
};

static int replace_all(char *bytes, Index len, const char *from, const char *to)
{
    int    found = 0;
    size_t n = strlen(from);
    for (Index i = 0; i + (Index)n <= len; i++) {
        if (memcmp(bytes + i, from, n) != 0) continue;
        memcpy(bytes + i, to, n);
        found++;
    }
    return found;
}

static void change_file(const char *path, const Change *change)
{
    Index len;
    char *bytes = file_read_all(path, 1 << 22, &len, NULL);
    assert_non_null(bytes);
    if (strlen(change->from) == strlen(change->to)) {
        assert_true(replace_all(bytes, len, change->from, change->to) > 0);
        put_file(path, bytes, len);
    } else {
        Str   text = {0};
        char *at = strstr(bytes, change->from);
        assert_non_null(at);
        str_add_bytes(&text, bytes, at - bytes);
        str_add(&text, change->to);
        str_add(&text, at + strlen(change->from));
        put_text(path, str_text(&text));
        str_free(&text);
    }
    mem_free(bytes);
}

static void folders_whose_files_disagree_are_refused_by_tensor(void **state)
{
    (void)state;
    ModelBench bench = model_bench();
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        char  folder[256], name[64];
        Error err = {0};
        snprintf(name, sizeof name, "m%d", (int)i);
        snprintf(folder, sizeof folder, "%s", test_path(name));
        copy_folder(test_fixture("models/llama-rope3"), folder);
        snprintf(name, sizeof name, "m%d/%s", (int)i, changes[i].file);
        change_file(test_path(name), &changes[i]);

        Model *model = model_load(folder, bench.be, bench.account, &err);
        if (changes[i].words == NULL) {
            assert_ok(&err);
            model_free(model);
            continue;
        }
        assert_null(model);
        assert_error(&err, ERR_INPUT, changes[i].words);
        assert_non_null(strstr(err.message, folder));
    }
    model_bench_done(&bench);
}

static void a_missing_head_gets_a_hint(void **state)
{
    (void)state;
    ModelBench   bench = model_bench();
    Error        err = {0};
    const Change untie = {CONFIG, "\"tie_word_embeddings\": true", "\"tie_word_embeddings\": false",
                          NULL};
    copy_folder(model_fixture(0), test_path("m"));
    change_file(test_path("m/config.json"), &untie);
    assert_null(model_load(test_path("m"), bench.be, bench.account, &err));
    assert_error(&err, ERR_INPUT, "1 tensor is missing (lm_head.weight)");
    assert_non_null(strstr(err.hint, "tie_word_embeddings"));
    model_bench_done(&bench);
}

static void buffers_of_rotary_angles_are_ignored(void **state)
{
    (void)state;
    ModelBench  bench = model_bench();
    Error       err = {0};
    const float freq[2] = {1.0f, 0.01f};
    Model      *model = model_must_load(&bench, model_fixture(0));
    uint64_t    hash = model->hash;
    TensorFile *file = tensors_open_model(model->path, &err);
    Index       count = tensors_count(file);
    TensorOut  *out = calloc((size_t)count + 1, sizeof *out);
    for (Index i = 0; i < count; i++) {
        const TensorInfo *info = tensors_at(file, i);
        void             *data = malloc((size_t)info->bytes);
        assert_true(tensors_read(file, info, data, &err));
        out[i] = (TensorOut){.name = info->name, .dtype = info->dtype, .rank = info->rank};
        memcpy(out[i].shape, info->shape, sizeof out[i].shape);
        out[i].data = data;
    }
    out[count] =
        (TensorOut){"model.layers.0.self_attn.rotary_emb.inv_freq", DTYPE_F32, 1, {2}, freq};
    copy_folder(model_fixture(0), test_path("m"));
    assert_true(tensors_write(test_path("m/model.safetensors"), out, count + 1, NULL, &err));
    for (Index i = 0; i < count; i++) free((void *)(uintptr_t)out[i].data);
    free(out);
    tensors_close(file);
    model_free(model);

    model = model_must_load(&bench, test_path("m"));
    assert_true(model->hash == hash);
    model_free(model);
    model_bench_done(&bench);
}

static void a_weight_that_is_not_finite_is_named(void **state)
{
    (void)state;
    static const uint16_t bad[] = {0x7c00, 0xfc00, 0x7e00};
    ModelBench            bench = model_bench();
    copy_folder(test_fixture("models/llama-rope3"), test_path("m"));
    for (int i = 0; i < 3; i++) {
        Error err = {0};
        Index len;
        char *bytes = file_read_all(test_path("m/model.safetensors"), 1 << 22, &len, NULL);
        memcpy(bytes + len - 2, &bad[i], 2); /* the last element of the last tensor: model.norm */
        put_file(test_path("m/model.safetensors"), bytes, len);
        mem_free(bytes);
        assert_null(model_load(test_path("m"), bench.be, bench.account, &err));
        assert_error(&err, ERR_NUMERIC,
                     "model.safetensors: tensor \"model.norm.weight\": element 31");
        assert_int_equal(mem_in_use_total(bench.account), 0);
    }
    model_bench_done(&bench);
}

/* ---- torture ---------------------------------------------------------------------------- */

static ModelBench torture_bench;

static void load_body(void *context, Error *err)
{
    model_free(model_load(context, torture_bench.be, torture_bench.account, err));
    assert_int_equal(mem_in_use_total(torture_bench.account), 0);
}

static void random_body(void *context, Error *err)
{
    model_free(model_random(context, 1, torture_bench.be, torture_bench.account, err));
    assert_int_equal(mem_in_use_total(torture_bench.account), 0);
}

static void outline_body(void *context, Error *err)
{
    model_free(model_outline(context, err));
}

static void every_creator_survives_every_failed_allocation(void **state)
{
    (void)state;
    ModelConfig config = model_tiny_config(true);
    char        folder[256];
    torture_bench = model_bench();
    for (int i = 0; i < MODEL_FIXTURES; i++) {
        snprintf(folder, sizeof folder, "%s", model_fixture(i));
        torture(load_body, folder);
    }
    torture(random_body, &config);
    torture(outline_body, &config);
    model_bench_done(&torture_bench);
}

static void refusing_survives_every_failed_allocation(void **state)
{
    (void)state;
    char folder[256];
    snprintf(folder, sizeof folder, "%s", test_path("m"));
    copy_folder(test_fixture("models/llama-rope3"), folder);
    change_file(test_path("m/config.json"), &changes[1]);
    torture_bench = model_bench();
    for (int n = 0; n < 300; n++) { /* either the refusal or no memory, and no third thing */
        Error err = {0};
        mem_fail_after(n, false);
        assert_null(model_load(folder, torture_bench.be, torture_bench.account, &err));
        mem_fail_off();
        assert_true(err.code == ERR_MEMORY || err.code == ERR_INPUT);
    }
    model_bench_done(&torture_bench);
}

TEST_GROUP(model_files, cmocka_unit_test(every_fixture_is_loaded_whole),
           cmocka_unit_test(weights_are_those_of_the_file),
           cmocka_unit_test(modules_are_found_by_role_and_name),
           cmocka_unit_test(the_hash_is_of_the_weights_and_sizes_alone),
           cmocka_unit_test(folders_whose_files_disagree_are_refused_by_tensor),
           cmocka_unit_test(a_missing_head_gets_a_hint),
           cmocka_unit_test(buffers_of_rotary_angles_are_ignored),
           cmocka_unit_test(a_weight_that_is_not_finite_is_named),
           cmocka_unit_test(every_creator_survives_every_failed_allocation),
           cmocka_unit_test(refusing_survives_every_failed_allocation));
