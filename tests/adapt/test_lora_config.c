/* The configuration: what is read, what is written, and which modules it means. */

#include <stdio.h>
#include <string.h>

#include "core/adapt/method.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/model/pattern.h"
#include "tests/model/net_rig.h"

static bool parse(LoraConfig *config, const char *text, Error *err)
{
    Json *json = json_parse(text, (Index)strlen(text), "test.json", err);
    bool  ok = json != NULL && lora_config_parse(config, json, err);
    json_free(json);
    return ok;
}

/* ---- reading and writing ---------------------------------------------------------------- */

static void nothing_is_no_reason_to_refuse_whatever_its_name(void **state)
{
    (void)state;
    LoraConfig config;
    Error      err = {0};
    assert_true(parse(&config,
                      "{\"peft_type\":\"LORA\",\"r\":null,\"lora_alpha\":false,\"use_dora\":false,"
                      "\"bias\":\"\",\"target_modules\":[],\"rank_pattern\":{},\"loftq_config\":{},"
                      "\"next_years_field\":null,\"another\":[],\"layers_to_transform\":[],"
                      "\"init_lora_weights\":false,\"modules_to_save\":[],\"eva_config\":\"\"}",
                      &err));
    assert_int_equal(config.r, 8);
    assert_close(config.lora_alpha, 8.0, 0.0);
    assert_null(config.layers_to_transform);
    lora_config_free(&config);
}

static void defaults_that_are_something_are_accepted(void **state)
{
    (void)state;
    LoraConfig config;
    Error      err = {0};
    assert_true(parse(&config,
                      "{\"peft_type\":\"LORA\",\"megatron_core\":\"megatron.core\","
                      "\"qalora_group_size\":16,\"peft_version\":\"0.21.2\",\"revision\":\"main\","
                      "\"auto_mapping\":{\"a\":\"b\"},\"inference_mode\":true,"
                      "\"task_type\":\"CAUSAL_LM\",\"layers_pattern\":\"layers\","
                      "\"runtime_config\":{\"x\":true},\"init_lora_weights\":true}",
                      &err));
    assert_ok(&err);
    lora_config_free(&config);
}

static void every_field_survives_writing_and_reading(void **state)
{
    (void)state;
    static const char text[] =
        "{\"peft_type\":\"LORA\",\"r\":6,\"lora_alpha\":10,\"lora_dropout\":0.05,"
        "\"target_modules\":[\"q_proj\",\"model.layers.1.mlp.up_proj\"],"
        "\"exclude_modules\":\"a\\\\.b\",\"modules_to_save\":[\"lm_head\"],\"bias\":\"lora_only\","
        "\"lora_bias\":true,\"use_rslora\":true,\"rank_pattern\":{\"k_proj\":2,\"up_proj\":5},"
        "\"alpha_pattern\":{\"down_proj\":7.5},\"layers_to_transform\":[1,0],"
        "\"base_model_name_or_path\":\"a \\\"name\\\"\"}";
    LoraConfig config, again;
    Error      err = {0};
    Str        first = {0}, second = {0};
    assert_true(parse(&config, text, &err));
    lora_config_write(&first, &config);
    assert_true(parse(&again, first.data, &err));
    lora_config_write(&second, &again);
    assert_string_equal(first.data, second.data);
    assert_int_equal(again.r, 6);
    assert_close(again.lora_alpha, 10.0, 0.0);
    assert_close(again.lora_dropout, 0.05, 0.0);
    assert_string_equal(again.exclude_regex, "a\\.b");
    assert_int_equal(again.bias, LORA_BIAS_LORA_ONLY);
    assert_true(again.lora_bias && again.use_rslora);
    assert_string_equal(again.rank_pattern.item[1].pattern, "up_proj");
    assert_close(again.alpha_pattern.item[0].value, 7.5, 0.0);
    assert_int_equal(again.layers_count, 2);
    assert_int_equal(again.layers_to_transform[0], 1);
    assert_string_equal(again.base_model, "a \"name\"");
    lora_config_free(&config);
    lora_config_free(&again);
    str_free(&first);
    str_free(&second);
}

static void a_configuration_is_written_as_python_writes_it(void **state)
{
    (void)state;
    static const char want[] = "{\n"
                               "  \"alpha_pattern\": {},\n"
                               "  \"base_model_name_or_path\": null,\n"
                               "  \"bias\": \"none\",\n"
                               "  \"fan_in_fan_out\": false,\n"
                               "  \"inference_mode\": true,\n"
                               "  \"init_lora_weights\": true,\n"
                               "  \"layers_to_transform\": null,\n"
                               "  \"lora_alpha\": 16,\n"
                               "  \"lora_dropout\": 0.0,\n"
                               "  \"modules_to_save\": null,\n"
                               "  \"peft_type\": \"LORA\",\n"
                               "  \"r\": 8,\n"
                               "  \"rank_pattern\": {\n"
                               "    \"k_proj\": 2\n"
                               "  },\n"
                               "  \"target_modules\": [\n"
                               "    \"q_proj\",\n"
                               "    \"v_proj\"\n"
                               "  ],\n"
                               "  \"task_type\": \"CAUSAL_LM\",\n"
                               "  \"use_dora\": false,\n"
                               "  \"use_rslora\": false\n"
                               "}";
    LoraConfig        config;
    Error             err = {0};
    Str               text = {0};
    lora_config_init(&config);
    config.lora_alpha = 16.0;
    assert_true(pattern_list_add(&config.rank_pattern, "k_proj", 2.0, &err));
    lora_config_write(&text, &config);
    assert_string_equal(text.data, want);
    str_free(&text);
    lora_config_free(&config);
}

static void initialisations_have_names(void **state)
{
    (void)state;
    LoraInit init;
    for (int i = 0; i < INIT_COUNT; i++) {
        assert_true(lora_init_parse(lora_init_name((LoraInit)i), &init));
        assert_int_equal((int)init, i);
    }
    assert_true(lora_init_parse("Kaiming-Normal", &init));
    assert_int_equal(init, INIT_KAIMING_NORMAL);
    assert_false(lora_init_parse("pissa", &init));
}

/* ---- which modules ---------------------------------------------------------------------- */

typedef struct MatchCase {
    const char *fields;
    const char *modules; /* separated by spaces; without "model.layers." and the middle part */
} MatchCase;

/* "0.q_proj" for model.layers.0.self_attn.q_proj, "embed_tokens" for model.embed_tokens. */
static void short_name(char *out, size_t n, const Module *module)
{
    const char *dot = strrchr(module->name, '.');
    const char *last = dot == NULL ? module->name : dot + 1;
    if (module->layer < 0) {
        snprintf(out, n, "%s", last);
    } else {
        snprintf(out, n, "%d.%s", module->layer, last);
    }
}

static const MatchCase match_cases[] = {
    {"", "0.q_proj 0.v_proj 1.q_proj 1.v_proj"},
    {"\"target_modules\":[\"v_proj\",\"lm_head\"]", "0.v_proj 1.v_proj lm_head"},
    {"\"target_modules\":[\"self_attn.o_proj\"]", "0.o_proj 1.o_proj"},
    {"\"target_modules\":[\"1.mlp.up_proj\"]", "1.up_proj"},
    {"\"target_modules\":[\"embed_tokens\"]", "embed_tokens"},
    {"\"target_modules\":\"ALL-LINEAR\"",
     "0.q_proj 0.k_proj 0.v_proj 0.o_proj 0.gate_proj 0.up_proj 0.down_proj "
     "1.q_proj 1.k_proj 1.v_proj 1.o_proj 1.gate_proj 1.up_proj 1.down_proj"},
    {"\"target_modules\":\"all-linear\",\"exclude_modules\":[\"mlp.up_proj\",\"q_proj\"],"
     "\"modules_to_save\":[\"layers.1.mlp\",\"down_proj\",\"layers.0\"]",
     "1.k_proj 1.v_proj 1.o_proj"},
    {"\"target_modules\":\".*\\\\.0\\\\..*(q|k)_proj\"", "0.q_proj 0.k_proj"},
    {"\"target_modules\":\"lm_head|.*tokens\"", "embed_tokens lm_head"},
    {"\"target_modules\":[\"q_proj\"],\"layers_to_transform\":1", "1.q_proj"},
    {"\"target_modules\":[\"q_proj\",\"lm_head\"],\"layers_to_transform\":[0,5]",
     "0.q_proj lm_head"}, /* a full name does not ask for the layer */
    {"\"target_modules\":[\"model.layers.0.self_attn.q_proj\",\"v_proj\"],"
     "\"layers_to_transform\":[1]",
     "0.q_proj 1.v_proj"},
    {"\"exclude_modules\":\"model\\\\.layers\\\\.1\\\\..*\"", "0.q_proj 0.v_proj"},
};

static void assert_match(const Model *model, const MatchCase *test)
{
    LoraConfig  config;
    Error       err = {0};
    LoraTarget *targets;
    Index       count;
    Str         text = {0}, found = {0};
    str_addf(&text, "{%s%s\"peft_type\":\"LORA\"}", test->fields, *test->fields != '\0' ? "," : "");
    assert_true(parse(&config, text.data, &err));
    (void)!lora_match(&config, model, &targets, &count, &err);
    assert_ok(&err);
    for (Index i = 0; i < count; i++) {
        char name[128];
        short_name(name, sizeof name, &model->modules[targets[i].module]);
        str_addf(&found, "%s%s", i > 0 ? " " : "", name);
    }
    assert_string_equal(found.data, test->modules);
    mem_free(targets);
    str_free(&found);
    str_free(&text);
    lora_config_free(&config);
}

static void modules_are_matched_by_the_rules_of_peft(void **state)
{
    (void)state;
    NetRig rig;
    net_rig_open(&rig, true, "qwen2-tied");
    for (size_t i = 0; i < sizeof match_cases / sizeof *match_cases; i++) {
        assert_match(rig.model, &match_cases[i]);
    }
    net_rig_close(&rig);
}

static void the_first_pattern_that_fits_gives_rank_and_alpha(void **state)
{
    (void)state;
    NetRig      rig;
    LoraConfig  config;
    Error       err = {0};
    LoraTarget *targets;
    Index       count;
    net_rig_open(&rig, true, "qwen2-tied");
    assert_true(parse(&config,
                      "{\"peft_type\":\"LORA\",\"r\":4,\"lora_alpha\":8,\"use_rslora\":true,"
                      "\"rank_pattern\":{\"layers.1.self_attn.q_proj\":9,\"q_proj\":16,"
                      "\"self_attn\":2,\".*\\\\.1\\\\..*v_proj\":25},"
                      "\"alpha_pattern\":{\"v_proj\":10,\".*\":3}}",
                      &err));
    assert_true(lora_match(&config, rig.model, &targets, &count, &err));
    static const double want[4][3] = {{16, 3, 0.75}, {4, 10, 5.0}, {9, 3, 1.0}, {25, 10, 2.0}};
    assert_int_equal(count, 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(targets[i].r, (int)want[i][0]);
        assert_close(targets[i].alpha, want[i][1], 0.0);
        assert_close(targets[i].scale, want[i][2], 1e-12);
    }
    mem_free(targets);
    lora_config_free(&config);
    net_rig_close(&rig);
}

static void saved_modules_are_matched_by_their_ends(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int         count;
    } cases[] = {{"lm_head", 1}, {"model.norm", 1}, {"norm", 5}, {"mlp", 6}, {"embed_tokens", 1}};
    NetRig rig;
    net_rig_open(&rig, true, "qwen2-tied");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        LoraConfig config;
        Error      err = {0};
        int       *modules;
        Index      count;
        lora_config_init(&config);
        assert_true(name_list_add(&config.modules_to_save, cases[i].name, &err));
        assert_true(lora_match_saved(&config, rig.model, &modules, &count, &err));
        assert_int_equal(count, cases[i].count);
        mem_free(modules);
        lora_config_free(&config);
    }
    net_rig_close(&rig);
}

/* ---- expressions ------------------------------------------------------------------------ */

static void an_expression_matches_the_whole_text_or_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *regex, *text;
        bool        yes;
    } cases[] = {{"q_proj", "q_proj", true},
                 {"q", "q_proj", false},
                 {"proj", "q_proj", false},
                 {"q|q_proj", "q_proj", true},
                 {".*?proj", "proj_proj", true},
                 {"q_pro", "q_proj", false},
                 {"", "ab", false},
                 {"^q_proj$", "q_proj", true},
                 {"(?P<a>q)_proj", "q_proj", true},
                 {"(?i)Q_PROJ", "q_proj", true},
                 {"a.", "a\xc3\xa4", true},
                 {"\\w+\\.\\d", "ab.7", true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Error    err = {0};
        Pattern *pattern = pattern_compile(cases[i].regex, &err);
        bool     yes;
        assert_ok(&err);
        assert_true(pattern_matches_whole(pattern, cases[i].text, &yes, &err));
        if (yes != cases[i].yes) fail_msg("%s on %s", cases[i].regex, cases[i].text);
        pattern_free(pattern);
    }
    Error err = {0};
    assert_null(pattern_compile("\xff", &err));
    assert_error(&err, ERR_INPUT, "UTF-8");
}

static void match_body(void *context, Error *err)
{
    NetRig     *rig = context;
    LoraConfig  config;
    LoraTarget *targets = NULL;
    Index       count;
    if (!parse(&config,
               "{\"peft_type\":\"LORA\",\"target_modules\":\".*[qv]_proj\",\"exclude_modules\":"
               "\".*1.*q_proj\",\"rank_pattern\":{\"v_.*\":3},\"modules_to_save\":[\"lm_head\"]}",
               err)) {
        return;
    }
    LoraConfig copy;
    if (lora_config_copy(&copy, &config, err)) {
        (void)!lora_match(&copy, rig->model, &targets, &count, err);
        lora_config_free(&copy);
    }
    mem_free(targets);
    lora_config_free(&config);
}

static void matching_survives_every_failed_allocation(void **state)
{
    (void)state;
    NetRig rig;
    net_rig_open(&rig, true, "qwen2-tied");
    torture(match_body, &rig);
    net_rig_close(&rig);
}

TEST_GROUP(lora_config, cmocka_unit_test(nothing_is_no_reason_to_refuse_whatever_its_name),
           cmocka_unit_test(defaults_that_are_something_are_accepted),
           cmocka_unit_test(every_field_survives_writing_and_reading),
           cmocka_unit_test(a_configuration_is_written_as_python_writes_it),
           cmocka_unit_test(initialisations_have_names),
           cmocka_unit_test(modules_are_matched_by_the_rules_of_peft),
           cmocka_unit_test(the_first_pattern_that_fits_gives_rank_and_alpha),
           cmocka_unit_test(saved_modules_are_matched_by_their_ends),
           cmocka_unit_test(an_expression_matches_the_whole_text_or_nothing),
           cmocka_unit_test(matching_survives_every_failed_allocation));
