/* Model folders that are written: the same bytes, other values, an untied head, and faults. */

#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/model/safetensors.h"
#include "tests/model/model_fixture.h"
#include "tests/model/tensor_files.h"

static void assert_same_folder(const char *a, const char *b)
{
    char **names = NULL, **others = NULL;
    Index  count = 0, other_count = 0;
    Error  err = {0};
    assert_true(folder_list(a, &names, &count, &err) &&
                folder_list(b, &others, &other_count, &err));
    assert_int_equal(count, other_count);
    for (Index i = 0; i < count; i++) {
        char left[512], right[512];
        assert_string_equal(names[i], others[i]);
        snprintf(left, sizeof left, "%s/%s", a, names[i]);
        snprintf(right, sizeof right, "%s/%s", b, names[i]);
        if (!same_bytes(left, right)) fail_msg("%s differs", right);
        mem_free(names[i]);
        mem_free(others[i]);
    }
    mem_free(names);
    mem_free(others);
}

static void a_loaded_model_is_saved_as_the_same_files(void **state)
{
    (void)state;
    ModelBench bench = model_bench();
    for (int i = 0; i < MODEL_FIXTURES; i++) {
        Error err = {0};
        char  copy[256], out[300];
        snprintf(copy, sizeof copy, "%s", test_path(model_fixtures[i]));
        snprintf(out, sizeof out, "%s.out", copy);
        copy_folder(model_fixture(i), copy);
        char tokenizer[512];
        snprintf(tokenizer, sizeof tokenizer, "%s/tokenizer.json", copy);
        put_text(tokenizer, "{\"whatever\": 1}\n");

        Model *model = model_must_load(&bench, copy);
        assert_true(model_save(model, out, NULL, &err));
        assert_ok(&err);
        assert_same_folder(copy, out);
        Model *again = model_must_load(&bench, out);
        assert_true(again->hash == model->hash);
        assert_true(model_save(model, copy, NULL, &err)); /* over its own files */
        assert_same_folder(copy, out);
        model_free(again);
        model_free(model);
    }
    model_bench_done(&bench);
}

static void a_random_model_is_saved_and_loaded(void **state)
{
    (void)state;
    ModelBench bench = model_bench();
    for (int tied = 0; tied < 2; tied++) {
        Error       err = {0};
        ModelConfig config = model_tiny_config(tied != 0);
        const char *name = tied ? "deep/er/tied" : "untied";
        Model      *model = model_random(&config, 3, bench.be, bench.account, &err);
        assert_true(model_save(model, test_path(name), NULL, &err));
        assert_ok(&err);
        Model *again = model_must_load(&bench, test_path(name));
        assert_true(again->hash == model->hash);
        assert_int_equal(again->config.tied, tied);
        assert_int_equal(again->config.end[0], 3);
        model_free(again);
        model_free(model);
    }
    model_bench_done(&bench);
}

/* ---- other values ----------------------------------------------------------------------- */

typedef struct Replace {
    const char *module;
    char        which;
    float       value;
    int         asked;
    float       values[96 * 32];
} Replace;

static const float *replace_values(void *context, const Module *module, char which, Error *err)
{
    Replace *replace = context;
    replace->asked++;
    if (strcmp(module->name, "fail") == 0) (void)error_set(err, ERR_MEMORY, "never");
    if (strcmp(module->name, replace->module) != 0 || which != replace->which) return NULL;
    for (size_t i = 0; i < sizeof replace->values / sizeof(float); i++) {
        replace->values[i] = replace->value + (float)i;
    }
    return replace->values;
}

static void a_patch_replaces_just_what_it_answers_for(void **state)
{
    (void)state;
    ModelBench bench = model_bench();
    Error      err = {0};
    Replace    replace = {.module = "model.layers.1.self_attn.v_proj", .which = 'b', .value = 0.5f};
    ModelPatch patch = {.context = &replace, .values = replace_values};
    Model     *model = model_must_load(&bench, model_fixture(1));
    assert_true(model_save(model, test_path("out"), &patch, &err));
    assert_ok(&err);
    assert_int_equal(replace.asked, 3 * 12 + 3); /* every stored tensor, once */

    Model  *again = model_must_load(&bench, test_path("out"));
    Module *v = model_find(again, replace.module);
    assert_true(v->bias[0] == 0.5f && v->bias[7] == 7.5f);
    const Module *old = model_find(model, replace.module);
    assert_memory_equal(v->weight.data, old->weight.data, (size_t)(old->out * old->in) * 2);
    assert_true(again->hash != model->hash);
    assert_int_equal(v->weight.dtype, DTYPE_BF16);
    model_free(again);
    model_free(model);
    model_bench_done(&bench);
}

static void replaced_values_round_to_the_stored_type(void **state)
{
    (void)state;
    ModelBench bench = model_bench();
    Error      err = {0};
    Replace    replace = {.module = "model.norm", .which = 'g', .value = 0.1f};
    ModelPatch patch = {.context = &replace, .values = replace_values};
    Model     *model = model_must_load(&bench, model_fixture(2));
    assert_true(model_save(model, test_path("out"), &patch, &err));
    Model *again = model_must_load(&bench, test_path("out"));
    assert_true(model_module(again, ROLE_FINAL_NORM, -1)->gain[0] == 0.0999755859375f);
    model_free(again);
    model_free(model);
    model_bench_done(&bench);
}

static void values_that_do_not_fit_are_refused_and_nothing_is_left(void **state)
{
    (void)state;
    static const struct {
        float       value;
        const char *words;
    } rows[] = {{70000.0f, "element 0 is 70000, which does not fit"},
                {(float)INFINITY, "element 0 is inf, which is not a finite"},
                {(float)NAN, "is not a finite number"}};
    ModelBench bench = model_bench();
    Model     *model = model_must_load(&bench, model_fixture(2)); /* float16 */
    for (int i = 0; i < 3; i++) {
        Error      err = {0};
        Replace    replace = {.module = "lm_head", .which = 'w', .value = rows[i].value};
        ModelPatch patch = {.context = &replace, .values = replace_values};
        assert_false(model_save(model, test_path("out"), &patch, &err));
        assert_error(&err, ERR_NUMERIC, rows[i].words);
        assert_error(&err, ERR_NUMERIC, "model.safetensors: tensor \"lm_head.weight\"");
        assert_false(path_exists(test_path("out")));
        assert_false(path_exists(test_path("out.tmp")));
    }
    model_free(model);
    model_bench_done(&bench);
}

static const float *fail_values(void *context, const Module *module, char which, Error *err)
{
    (void)context, (void)module, (void)which;
    (void)error_set(err, ERR_CANCELLED, "stopped");
    (void)error_hint(err, "go on later");
    return NULL;
}

static void a_failing_patch_stops_the_saving(void **state)
{
    (void)state;
    ModelBench bench = model_bench();
    Error      err = {0};
    ModelPatch patch = {.values = fail_values};
    Model     *model = model_must_load(&bench, model_fixture(0));
    assert_false(model_save(model, test_path("out"), &patch, &err));
    assert_error(&err, ERR_CANCELLED, "stopped");
    assert_string_equal(err.hint, "go on later");
    assert_false(path_exists(test_path("out")));
    model_free(model);
    model_bench_done(&bench);
}

/* ---- untying ---------------------------------------------------------------------------- */

static void an_untied_head_is_stored_and_said(void **state)
{
    (void)state;
    ModelBench bench = model_bench();
    for (int patched = 0; patched < 2; patched++) {
        Error      err = {0};
        Replace    replace = {.module = patched ? "lm_head" : "", .which = 'w', .value = 2.0f};
        ModelPatch patch = {.context = &replace, .values = replace_values, .untie = true};
        char       out[256];
        snprintf(out, sizeof out, "%s", test_path(patched ? "patched" : "plain"));
        Model *model = model_must_load(&bench, model_fixture(0));
        assert_true(model_save(model, out, &patch, &err));
        assert_ok(&err);

        Model  *again = model_must_load(&bench, out);
        Module *head = model_module(again, ROLE_HEAD, -1);
        assert_false(again->config.tied);
        assert_int_equal(again->parameters, model->parameters + 96 * 32);
        const void *was = model_module(model, ROLE_EMBED, -1)->weight.data;
        assert_memory_equal(model_module(again, ROLE_EMBED, -1)->weight.data, was, 96 * 32 * 4);
        if (patched) {
            assert_true(((const float *)head->weight.data)[5] == 7.0f);
        } else {
            assert_memory_equal(head->weight.data, was, 96 * 32 * 4);
        }
        char config[512];
        snprintf(config, sizeof config, "%s/config.json", out);
        Json *json = json_read(config, 1 << 20, &err);
        assert_non_null(
            json_get(json_root(json), "initializer_range")); /* what means nothing stays */
        json_free(json);
        model_free(again);
        model_free(model);
    }
    model_bench_done(&bench);
}

static void a_random_tied_model_can_be_untied(void **state)
{
    (void)state;
    ModelBench  bench = model_bench();
    Error       err = {0};
    ModelConfig config = model_tiny_config(true);
    ModelPatch  patch = {.untie = true};
    Model      *model = model_random(&config, 3, bench.be, bench.account, &err);
    assert_true(model_save(model, test_path("out"), &patch, &err));
    Model *again = model_must_load(&bench, test_path("out"));
    assert_false(again->config.tied);
    assert_memory_equal(model_module(again, ROLE_HEAD, -1)->weight.data,
                        model_module(model, ROLE_EMBED, -1)->weight.data, 10 * 8 * 4);
    model_free(again);
    model_free(model);
    model_bench_done(&bench);
}

/* ---- places ----------------------------------------------------------------------------- */

static void shards_are_not_hidden_behind_a_single_file(void **state)
{
    (void)state;
    ModelBench bench = model_bench();
    Error      err = {0};
    Model     *model = model_must_load(&bench, model_fixture(1));
    assert_int_equal(mkdir(test_path("out"), 0777), 0);
    put_text(test_path("out/model.safetensors"), "old");
    assert_false(model_save(model, test_path("out"), NULL, &err));
    assert_error(&err, ERR_INPUT, "has a model.safetensors already");
    model_free(model);
    model_bench_done(&bench);
}

static void a_base_that_changed_since_it_was_loaded_is_noticed(void **state)
{
    (void)state;
    ModelBench bench = model_bench();
    Error      err = {0};
    copy_folder(model_fixture(0), test_path("base"));
    Model *model = model_must_load(&bench, test_path("base"));
    put_tensor_file(test_path("base/model.safetensors"), "{}", NULL, 0);
    assert_false(model_save(model, test_path("out"), NULL, &err));
    assert_error(&err, ERR_INPUT, "no longer what it was when the model was loaded");
    assert_int_equal(remove(test_path("base/model.safetensors")), 0);
    err = (Error){0};
    assert_false(model_save(model, test_path("out"), NULL, &err));
    assert_error(&err, ERR_INPUT, "neither");
    model_free(model);
    model_bench_done(&bench);
}

/* ---- faults ----------------------------------------------------------------------------- */

typedef struct SaveFault {
    Model *model;
    char   folder[256];
    bool   fresh; /* a new folder each time */
} SaveFault;

static void save_body(void *context, Error *err)
{
    SaveFault *fault = context;
    if (fault->fresh && !folder_remove(fault->folder, err)) return;
    ModelPatch untie = {.untie = true};
    if (!model_save(fault->model, fault->folder, &untie, err)) return;
}

static void saving_survives_every_fault(void **state)
{
    (void)state;
    ModelBench bench = model_bench();
    for (int i = 0; i < 2; i++) {
        SaveFault fault = {.model = model_must_load(&bench, model_fixture(i)), .fresh = true};
        snprintf(fault.folder, sizeof fault.folder, "%s", test_path(i ? "sharded" : "single"));
        torture_disk(save_body, &fault);
        fault.fresh = i == 0;
        torture(save_body, &fault);
        model_free(model_must_load(&bench, fault.folder)); /* what stands at the end is whole */
        model_free(fault.model);
    }
    model_bench_done(&bench);
}

TEST_GROUP(model_save, cmocka_unit_test(a_loaded_model_is_saved_as_the_same_files),
           cmocka_unit_test(a_random_model_is_saved_and_loaded),
           cmocka_unit_test(a_patch_replaces_just_what_it_answers_for),
           cmocka_unit_test(replaced_values_round_to_the_stored_type),
           cmocka_unit_test(values_that_do_not_fit_are_refused_and_nothing_is_left),
           cmocka_unit_test(a_failing_patch_stops_the_saving),
           cmocka_unit_test(an_untied_head_is_stored_and_said),
           cmocka_unit_test(a_random_tied_model_can_be_untied),
           cmocka_unit_test(shards_are_not_hidden_behind_a_single_file),
           cmocka_unit_test(a_base_that_changed_since_it_was_loaded_is_noticed),
           cmocka_unit_test(saving_survives_every_fault));
