/* config.json: both styles, defaults, refusals, and the one that is written. */

#include "tests/test.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/model/config.h"
#include "tests/model/tensor_files.h"

static const char *const models[] = {"qwen2-tied", "qwen2-untied-bf16-sharded", "llama-rope3",
                                     "llama-linear"};

static ModelConfig read_fixture(const char *name)
{
    ModelConfig config;
    Error       err = {0};
    char        folder[128];
    snprintf(folder, sizeof folder, "models/%s", name);
    assert_true(config_read(&config, test_fixture(folder), &err));
    assert_ok(&err);
    return config;
}

static bool parse_text(ModelConfig *config, const char *text, Error *err)
{
    Json *json = json_parse(text, (Index)strlen(text), "the.json", err);
    bool  good = json != NULL && config_parse(config, json, err);
    json_free(json);
    return good;
}

static void assert_same_config(const ModelConfig *a, const ModelConfig *b)
{
    assert_int_equal(a->family, b->family);
    assert_int_equal(a->V, b->V);
    assert_int_equal(a->D, b->D);
    assert_int_equal(a->L, b->L);
    assert_int_equal(a->H, b->H);
    assert_int_equal(a->G, b->G);
    assert_int_equal(a->K, b->K);
    assert_int_equal(a->F, b->F);
    assert_int_equal(a->max_position, b->max_position);
    assert_true(a->rms_eps == b->rms_eps);
    assert_int_equal(a->tied, b->tied);
    assert_int_equal(a->qkv_bias, b->qkv_bias);
    assert_int_equal(a->o_bias, b->o_bias);
    assert_int_equal(a->mlp_bias, b->mlp_bias);
    assert_int_equal(a->rope.type, b->rope.type);
    assert_true(a->rope.theta == b->rope.theta);
    assert_true(a->rope.factor == b->rope.factor);
    assert_true(a->rope.low_freq_factor == b->rope.low_freq_factor);
    assert_true(a->rope.high_freq_factor == b->rope.high_freq_factor);
    assert_true(a->rope.original_max_position == b->rope.original_max_position);
    assert_int_equal(a->dtype, b->dtype);
    assert_int_equal(a->bos, b->bos);
    assert_int_equal(a->pad, b->pad);
    assert_int_equal(a->end_count, b->end_count);
    assert_memory_equal(a->end, b->end, sizeof a->end);
}

/* ---- the files of transformers ---------------------------------------------------------- */

static void sizes_of_a_qwen2_are_read(void **state)
{
    (void)state;
    ModelConfig c = read_fixture("qwen2-untied-bf16-sharded");
    assert_int_equal(c.family, FAMILY_QWEN2);
    assert_int_equal(c.V, 70);
    assert_int_equal(c.D, 24);
    assert_int_equal(c.L, 3);
    assert_int_equal(c.H, 3);
    assert_int_equal(c.G, 1);
    assert_int_equal(c.K, 8);
    assert_int_equal(c.F, 40);
    assert_int_equal(c.max_position, 256);
    assert_true(c.rms_eps == 1e-5f);
    assert_true(!c.tied && c.qkv_bias && !c.o_bias && !c.mlp_bias);
    assert_true(c.rope.type == ROPE_DEFAULT && c.rope.theta == 1e6);
    assert_int_equal(c.dtype, DTYPE_BF16);
    assert_int_equal(c.bos, 1);
    assert_int_equal(c.pad, 0);
    assert_int_equal(c.end_count, 2);
    assert_true(c.end[0] == 2 && c.end[1] == 5);
}

static void sizes_of_a_llama_are_read(void **state)
{
    (void)state;
    ModelConfig c = read_fixture("llama-rope3");
    assert_int_equal(c.family, FAMILY_LLAMA);
    assert_int_equal(c.K, 12); /* not D / H */
    assert_true(!c.qkv_bias && !c.o_bias && !c.mlp_bias && c.pad == -1);
    assert_true(c.rope.type == ROPE_LLAMA3 && c.rope.factor == 8.0 && c.rope.theta == 5e5);
    assert_true(c.rope.low_freq_factor == 1.0 && c.rope.high_freq_factor == 4.0);
    assert_true(c.rope.original_max_position == 64.0);

    c = read_fixture("llama-linear");
    assert_true(c.qkv_bias && c.o_bias && c.mlp_bias && c.tied);
    assert_true(c.rope.type == ROPE_LINEAR && c.rope.factor == 4.0);
}

static void both_styles_of_config_say_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        char        name[128];
        ModelConfig old, new = read_fixture(models[i]);
        Error       err = {0};
        snprintf(name, sizeof name, "models/%s.v4config.json", models[i]);
        Json *json = json_read(test_fixture(name), 1 << 20, &err);
        assert_true(config_parse(&old, json, &err));
        json_free(json);
        assert_same_config(&old, &new);
    }
}

static void a_written_config_is_read_as_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        ModelConfig again, c = read_fixture(models[i]);
        Str         text = {0};
        Error       err = {0};
        config_write(&text, &c);
        assert_true(str_ok(&text, &err));
        assert_true(parse_text(&again, str_text(&text), &err));
        assert_ok(&err);
        assert_same_config(&c, &again);
        str_free(&text);
    }
}

static void small_numbers_are_written_as_they_were(void **state)
{
    (void)state;
    ModelConfig c = read_fixture("qwen2-tied");
    Str         text = {0};
    config_write(&text, &c);
    assert_non_null(strstr(str_text(&text), "\"rms_norm_eps\": 1e-06,"));
    str_free(&text);
}

/* ---- variations of one file ------------------------------------------------------------- */

typedef struct Field {
    const char *key, *value;
} Field;

static const Field base_fields[] = {
    {"model_type", "\"llama\""},  {"vocab_size", "90"},
    {"hidden_size", "32"},        {"num_hidden_layers", "2"},
    {"num_attention_heads", "4"}, {"num_key_value_heads", "2"},
    {"intermediate_size", "44"},  {"max_position_embeddings", "512"},
    {"rms_norm_eps", "1e-5"},
};

/* The base with one field changed, added, or (value NULL) left out. */
static void add_config(Str *out, const char *key, const char *value)
{
    bool found = false;
    str_add(out, "{");
    for (size_t i = 0; i < sizeof base_fields / sizeof *base_fields; i++) {
        bool this = strcmp(base_fields[i].key, key) == 0;
        const char *text = this ? value : base_fields[i].value;
        found = found || this;
        if (text == NULL) continue;
        str_addf(out, "%s\"%s\": %s", out->len > 1 ? ", " : "", base_fields[i].key, text);
    }
    if (!found && value != NULL) str_addf(out, ", \"%s\": %s", key, value);
    str_add(out, "}");
}

static bool parse_with(ModelConfig *config, const char *key, const char *value, Error *err)
{
    Str text = {0};
    add_config(&text, key, value);
    bool good = parse_text(config, str_text(&text), err);
    str_free(&text);
    return good;
}

typedef struct BadField {
    const char *key, *value;
    const char *words; /* "": the usual sentence about the field */
} BadField;

#define ROPE3(rest) "{\"rope_type\": \"llama3\", \"factor\": 8, " rest "}"

static const BadField bad_fields[] = {
    {"model_type", NULL, "is missing"},
    {"model_type", "\"mixtral\"", "\"mixtral\" is not supported"},
    {"model_type", "\"qwen2_moe\"", "\"qwen2_moe\" is not supported"},
    {"model_type", "7", ""},
    {"vocab_size", NULL, "is missing"},
    {"vocab_size", "0", ""},
    {"vocab_size", "16777217", "not 16777217"},
    {"hidden_size", NULL, "is missing"},
    {"hidden_size", "0", "not 0"},
    {"hidden_size", "-32", "not -32"},
    {"hidden_size", "2147483648", "not 2147483648"},
    {"hidden_size", "32.0", ""},
    {"hidden_size", "\"32\"", ""},
    {"hidden_size", "33", "field \"num_attention_heads\": 4 does not divide hidden_size 33"},
    {"hidden_size", "20", "field \"head_dim\": 5: rotary pairs need an even width"},
    {"num_hidden_layers", "1000000", "not 1000000"},
    {"num_hidden_layers", "0", "not 0"},
    {"num_attention_heads", "0", "not 0"},
    {"num_attention_heads", "3", "field \"num_key_value_heads\": 2 does not divide the 3"},
    {"num_key_value_heads", "3", "3 does not divide the 4 attention heads"},
    {"num_key_value_heads", "0", "not 0"},
    {"num_key_value_heads", "8", "8 does not divide the 4"},
    {"head_dim", "7", "7: rotary pairs need an even width"},
    {"head_dim", "0", "not 0"},
    {"head_dim", "65536", "not 65536"},
    {"intermediate_size", "0", ""},
    {"intermediate_size", NULL, "is missing"},
    {"max_position_embeddings", "0", ""},
    {"rms_norm_eps", "0", "not 0"},
    {"rms_norm_eps", "-1e-6", ""},
    {"rms_norm_eps", "2", ""},
    {"rms_norm_eps", "NaN", "line 1"},
    {"rope_theta", "0", ""},
    {"rope_theta", "NaN", "line 1"},
    {"rope_theta", "-1", ""},
    {"rope_theta", "1e999", "line 1"},
    {"rope_theta", "\"big\"", ""},
    {"rope_scaling", "[1]", "must be an object"},
    {"rope_scaling", "{\"type\": \"yarn\", \"factor\": 4}",
     "field \"type\": \"yarn\" is not supported"},
    {"rope_scaling", "{\"rope_type\": \"dynamic\", \"factor\": 4}", "\"dynamic\" is not supported"},
    {"rope_scaling", "{\"type\": \"longrope\"}", "\"longrope\" is not supported"},
    {"rope_scaling", "{\"type\": \"mrope\"}", "\"mrope\" is not supported"},
    {"rope_scaling", "{\"type\": \"linear\"}", "field \"factor\": is missing"},
    {"rope_scaling", "{\"type\": \"linear\", \"factor\": 0}", "field \"factor\""},
    {"rope_scaling", ROPE3("\"low_freq_factor\": 1"), "field \"high_freq_factor\": is missing"},
    {"rope_scaling", ROPE3("\"low_freq_factor\": 4, \"high_freq_factor\": 4"), "4 must be above"},
    {"rope_parameters", "{\"rope_theta\": 0}", "field \"rope_theta\""},
    {"rope_parameters", "{\"rope_type\": \"proportional\"}", "\"proportional\" is not supported"},
    {"rope_parameters", "{\"full_attention\": {\"rope_theta\": 1e4}}", "per type of layer"},
    {"rope_parameters", "{\"partial_rotary_factor\": 0.5}", "field \"partial_rotary_factor\": 0.5"},
    {"partial_rotary_factor", "0.25", "0.25 is not supported"},
    {"hidden_act", "\"gelu\"", "\"gelu\" is not supported"},
    {"hidden_act", "1", ""},
    {"tie_word_embeddings", "1", ""},
    {"attention_bias", "\"yes\"", ""},
    {"quantization_config", "{\"quant_method\": \"gptq\"}", "quantised weights is not supported"},
    {"num_experts", "8", "a mixture of experts is not supported"},
    {"num_local_experts", "8", "a mixture of experts is not supported"},
    {"num_experts_per_tok", "2", "a mixture of experts is not supported"},
    {"is_encoder_decoder", "true", "an encoder is not supported"},
    {"dtype", "\"float64\"", "\"float64\" is not float32"},
    {"torch_dtype", "\"int8\"", "\"int8\" is not float32"},
    {"bos_token_id", "90", "not 90"},
    {"pad_token_id", "-2", "not -2"},
    {"eos_token_id", "90", "token ids from 0 to 89"},
    {"eos_token_id", "[1, -1]", "token ids from 0 to 89"},
    {"eos_token_id", "[1, 2.0]", "token ids"},
    {"eos_token_id", "\"</s>\"", "token ids"},
    {"eos_token_id", "[0,1,2,3,4,5,6,7,8]", "more than 8 end tokens"},
};

static void bad_fields_are_refused_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_fields / sizeof *bad_fields; i++) {
        const BadField *bad = &bad_fields[i];
        ModelConfig     config;
        Error           err = {0};
        char            words[128];
        snprintf(words, sizeof words, "field \"%s\": ", bad->key);
        if (parse_with(&config, bad->key, bad->value, &err)) {
            fail_msg("%s: %s was taken", bad->key, bad->value);
        }
        assert_error(&err, ERR_INPUT, bad->words[0] == '\0' ? words : bad->words);
        assert_error(&err, ERR_INPUT, "the.json: ");
        bool named = strstr(bad->words, "field") != NULL || strstr(bad->words, "line 1") != NULL ||
                     strncmp(bad->key, "rope_", 5) == 0;
        if (!named) assert_error(&err, ERR_INPUT, words);
    }
}

static void an_unknown_model_type_gets_the_list_of_known_ones(void **state)
{
    (void)state;
    ModelConfig config;
    Error       err = {0};
    assert_false(parse_with(&config, "model_type", "\"gemma\"", &err));
    assert_non_null(strstr(err.hint, "qwen2"));
    assert_non_null(strstr(err.hint, "llama"));
}

static const Field good_fields[] = {
    {"rms_norm_eps", NULL},
    {"num_key_value_heads", NULL},
    {"num_key_value_heads", "null"},
    {"head_dim", "null"},
    {"rope_scaling", "null"},
    {"rope_scaling", "{}"},
    {"rope_scaling", "{\"rope_type\": \"default\"}"},
    {"rope_scaling", ROPE3("\"low_freq_factor\": 1, \"high_freq_factor\": 4.0")},
    {"rope_parameters", "{\"rope_theta\": 10000, \"partial_rotary_factor\": 1.0}"},
    {"hidden_act", "\"silu\""},
    {"quantization_config", "null"},
    {"quantization_config", "{}"},
    {"num_experts", "0"},
    {"sliding_window", "4096"},
    {"layer_types", "null"},
    {"attention_dropout", "0.1"},
    {"initializer_range", "-7"},
    {"an_unknown_field", "{\"deep\": [1, 2, {\"er\": null}]}"},
    {"torch_dtype", "\"torch.float16\""},
    {"bos_token_id", "-1"},
    {"eos_token_id", "null"},
    {"eos_token_id", "[]"},
    {"eos_token_id", "[89, 89, 0]"},
    {"vocab_size", "151936"},
};

static void what_means_nothing_is_ignored(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good_fields / sizeof *good_fields; i++) {
        ModelConfig config;
        Error       err = {0};
        if (!parse_with(&config, good_fields[i].key, good_fields[i].value, &err)) {
            fail_msg("%s: %s", good_fields[i].key, err.message);
        }
    }
}

static void missing_fields_have_the_defaults_of_transformers(void **state)
{
    (void)state;
    ModelConfig c;
    Error       err = {0};
    assert_true(parse_text(&c,
                           "{\"model_type\": \"qwen2\", \"vocab_size\": 90, \"hidden_size\": 32, "
                           "\"num_hidden_layers\": 2, \"num_attention_heads\": 4, "
                           "\"intermediate_size\": 44}",
                           &err));
    assert_true(c.rms_eps == 1e-6f && c.rope.theta == 1e4 && c.rope.type == ROPE_DEFAULT);
    assert_true(c.G == 4 && c.K == 8 && !c.tied && c.dtype == DTYPE_F32);
    assert_true(c.bos == -1 && c.pad == -1 && c.end_count == 0);
    assert_int_equal(c.max_position, 32768);
    assert_true(parse_with(&c, "max_position_embeddings", NULL, &err));
    assert_int_equal(c.max_position, 2048);
}

/* ---- Qwen2's window --------------------------------------------------------------------- */

typedef struct Window {
    const char *fields;
    bool        used;
} Window;

static const Window windows[] = {
    {"\"use_sliding_window\": false, \"sliding_window\": 32768, \"max_window_layers\": 1, "
     "\"layer_types\": [\"full_attention\", \"full_attention\"]",
     false},
    {"\"use_sliding_window\": false, \"sliding_window\": 4096, \"max_window_layers\": 0", false},
    {"\"sliding_window\": 4096, \"max_window_layers\": 0", false},
    {"\"use_sliding_window\": true, \"sliding_window\": null", false},
    {"\"use_sliding_window\": true, \"sliding_window\": 4096", false}, /* from layer 28 of 2 */
    {"\"use_sliding_window\": true, \"sliding_window\": 4096, \"max_window_layers\": 2", false},
    {"\"use_sliding_window\": true, \"sliding_window\": 4096, \"max_window_layers\": 1", true},
    {"\"use_sliding_window\": true, \"sliding_window\": 4096, \"max_window_layers\": 0", true},
    {"\"layer_types\": [\"full_attention\", \"sliding_attention\"]", true},
    {"\"layer_types\": [1, 2]", true},
};

static void a_window_is_refused_only_when_it_is_used(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
        ModelConfig config;
        Error       err = {0};
        Str         text = {0};
        str_addf(&text,
                 "{\"model_type\": \"qwen2\", \"vocab_size\": 90, \"hidden_size\": 32, "
                 "\"num_hidden_layers\": 2, \"num_attention_heads\": 4, "
                 "\"intermediate_size\": 44, %s}",
                 windows[i].fields);
        if (parse_text(&config, str_text(&text), &err) == windows[i].used) {
            fail_msg("%s: %s", windows[i].fields, err.message);
        }
        if (windows[i].used) assert_error(&err, ERR_INPUT, "the.json: field \"");
        str_free(&text);
    }
}

/* ---- folders ---------------------------------------------------------------------------- */

static void end_tokens_of_generation_config_are_added(void **state)
{
    (void)state;
    ModelConfig config;
    Error       err = {0};
    Str         text = {0};
    add_config(&text, "eos_token_id", "2");
    put_text(test_path("config.json"), str_text(&text));
    str_free(&text);
    put_text(test_path("generation_config.json"), "{\"eos_token_id\": [5, 2, 7]}");
    assert_true(config_read(&config, test_folder(), &err));
    assert_int_equal(config.end_count, 3);
    assert_true(config.end[0] == 2 && config.end[1] == 5 && config.end[2] == 7);

    static const char *const bad[] = {"", "[]", "{\"eos_token_id\": 90}"};
    for (size_t i = 0; i < 3; i++) {
        err = (Error){0};
        put_text(test_path("generation_config.json"), bad[i]);
        assert_false(config_read(&config, test_folder(), &err));
        assert_error(&err, ERR_INPUT, "generation_config.json: ");
    }
}

static void configs_that_are_no_objects_or_no_files_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "[]", "null", "7", "\"text\"", "{", "{}", "{}{}", "{\"a\":1,\"a\":2}", "\xff"};
    ModelConfig config;
    Error       err = {0};
    assert_false(config_read(&config, test_path("absent"), &err));
    assert_error(&err, ERR_INPUT, "config.json");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err = (Error){0};
        put_text(test_path("config.json"), bad[i]);
        assert_false(config_read(&config, test_folder(), &err));
        assert_error(&err, ERR_INPUT, "config.json: ");
    }
    assert_int_equal(remove(test_path("config.json")), 0);
    assert_int_equal(mkdir(test_path("config.json"), 0777), 0);
    err = (Error){0};
    assert_false(config_read(&config, test_folder(), &err));
    assert_error(&err, ERR_INPUT, "config.json: is a folder");
}

static void read_body(void *context, Error *err)
{
    ModelConfig config;
    if (config_read(&config, context, err)) assert_int_equal(config.L, 2);
}

static void reading_survives_every_failed_allocation(void **state)
{
    (void)state;
    char folder[256];
    snprintf(folder, sizeof folder, "%s", test_fixture("models/llama-rope3"));
    torture(read_body, folder);
}

TEST_GROUP(config, cmocka_unit_test(sizes_of_a_qwen2_are_read),
           cmocka_unit_test(sizes_of_a_llama_are_read),
           cmocka_unit_test(both_styles_of_config_say_the_same),
           cmocka_unit_test(a_written_config_is_read_as_the_same),
           cmocka_unit_test(small_numbers_are_written_as_they_were),
           cmocka_unit_test(bad_fields_are_refused_by_name),
           cmocka_unit_test(an_unknown_model_type_gets_the_list_of_known_ones),
           cmocka_unit_test(what_means_nothing_is_ignored),
           cmocka_unit_test(missing_fields_have_the_defaults_of_transformers),
           cmocka_unit_test(a_window_is_refused_only_when_it_is_used),
           cmocka_unit_test(end_tokens_of_generation_config_are_added),
           cmocka_unit_test(configs_that_are_no_objects_or_no_files_are_refused),
           cmocka_unit_test(reading_survives_every_failed_allocation));
