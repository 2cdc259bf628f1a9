/* What commands return, as the contract has it: names, order, kinds, and what they write. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "tests/lab/lab_rig.h"
#include "tests/test.h"

#define MODEL "--base tests/fixtures/models/qwen2-tied "

/* The JSON text must be read back by a strict reader. */
static void assert_json(const LabRig *rig)
{
    Error err = {0};
    Json *json = json_parse(str_text(&rig->json), rig->json.len, "result", &err);
    assert_ok(&err);
    json_free(json);
}

static void eval_has_loss_tokens_perplexity_exact_match_and_examples(void **state)
{
    (void)state;
    LabRig rig;
    lab_rig_open(&rig);
    lab_must(&rig, "eval " MODEL "--data tests/fixtures/train/data.jsonl --examples 5");
    assert_json(&rig);
    assert_keys(&rig, "", "loss tokens perplexity exact_match examples");
    assert_keys(&rig, "examples", "loss tokens");
    assert_int_equal(value_find(rig.result.root, "examples")->count, 5);
    assert_int_equal(value_find(rig.result.root, "exact_match")->kind, VALUE_NULL);
    assert_int_equal(value_find(rig.result.root, "tokens")->kind, VALUE_INTEGER);
    assert_close(lab_number(&rig, "perplexity"), exp(lab_number(&rig, "loss")), 1e-9);
    lab_rig_close(&rig);
}

static void eval_logprobs_add_up_to_the_losses(void **state)
{
    (void)state;
    LabRig rig;
    lab_rig_open(&rig);
    lab_must(&rig, "eval " MODEL "--data tests/fixtures/train/data.jsonl --logprobs");
    assert_keys(&rig, "examples", "loss tokens logprobs");
    const Value *examples = value_find(rig.result.root, "examples");
    double       all = 0;
    int64_t      targets = 0;
    for (Index i = 0; i < examples->count; i++) {
        const Value *list = value_find(examples->items[i], "logprobs");
        double       sum = 0;
        for (Index t = 0; t < list->count; t++) sum -= list->items[t]->number;
        assert_int_equal(list->count, value_find(examples->items[i], "tokens")->integer);
        assert_close(sum / (double)list->count, value_find(examples->items[i], "loss")->number,
                     1e-9);
        all += sum;
        targets += list->count;
    }
    assert_close(all / (double)targets, lab_number(&rig, "loss"), 1e-9);
    assert_int_equal(targets, value_find(rig.result.root, "tokens")->integer);
    lab_rig_close(&rig);
}

static void eval_of_a_task_has_exact_match(void **state)
{
    (void)state;
    LabRig rig;
    lab_rig_open(&rig);
    lab_must(&rig, "eval --data sql --examples 3");
    assert_keys(&rig, "", "loss tokens perplexity exact_match examples");
    double exact = lab_number(&rig, "exact_match");
    assert_true(exact >= 0 && exact <= 1);
    lab_rig_close(&rig);
}

static void generate_has_ids_text_and_stop(void **state)
{
    (void)state;
    LabRig rig;
    lab_rig_open(&rig);
    lab_must(&rig, "generate " MODEL "--ids 1,2,3 --max_new_tokens 4");
    assert_json(&rig);
    assert_keys(&rig, "", "ids text stop");
    const Value *stop = value_find(rig.result.root, "stop");
    Index        count = value_find(rig.result.root, "ids")->count;
    assert_true(strcmp(stop->text, "eos") == 0 ? count <= 4 : count == 4);
    assert_true(strcmp(stop->text, "eos") == 0 || strcmp(stop->text, "length") == 0);

    lab_must(&rig, "generate --prompt 'Request: list all pets.' --max_new_tokens 5");
    assert_keys(&rig, "", "ids text stop");
    lab_must(&rig, "generate --prompt a --max_new_tokens 5 --temperature 1 --seed 3");
    Str first = {0};
    str_add(&first, str_text(&rig.json));
    lab_must(&rig, "generate --prompt a --max_new_tokens 5 --temperature 1 --seed 3 --threads 2");
    assert_string_equal(str_text(&rig.json), first.data); /* the same seed, the same text */
    str_free(&first);
    lab_rig_close(&rig);
}

static void inspect_lists_what_is_stored_and_sums_it(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        bool        adapter;
    } paths[] = {{"tests/fixtures/models/qwen2-tied", false},
                 {"tests/fixtures/models/qwen2-untied-bf16-sharded", false},
                 {"tests/fixtures/models/qwen2-tied/model.safetensors", false},
                 {"tests/fixtures/lora/a-qv", true}};
    LabRig rig;
    lab_rig_open(&rig);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char line[200];
        snprintf(line, sizeof line, "inspect %s", paths[i].path);
        lab_must(&rig, line);
        assert_json(&rig);
        assert_keys(&rig, "", "parameters trainable bytes tensors");
        assert_keys(&rig, "tensors", "name dtype shape");
        const Value *tensors = value_find(rig.result.root, "tensors");
        int64_t      sum = 0;
        for (Index t = 0; t < tensors->count; t++) {
            const Value *shape = value_find(tensors->items[t], "shape");
            int64_t      n = 1;
            for (Index d = 0; d < shape->count; d++) n *= shape->items[d]->integer;
            sum += n;
        }
        assert_int_equal(value_find(rig.result.root, "parameters")->integer, sum);
        const Value *trainable = value_find(rig.result.root, "trainable");
        assert_int_equal(trainable->kind, paths[i].adapter ? VALUE_INTEGER : VALUE_NULL);
    }
    lab_rig_close(&rig);
}

static void tokenize_goes_line_by_line_and_back(void **state)
{
    (void)state;
    LabRig rig;
    lab_rig_open(&rig);
    rig.input = "\"give me all books\"\n\n\"a\\nb\\u00fc \\ud83d\\ude00\"\n\"\"";
    lab_must(&rig, "tokenize");
    assert_true(rig.result.raw);
    Str ids = {0};
    str_add(&ids, str_text(&rig.result.text));
    assert_int_equal(ids.data[0], '[');
    rig.input = ids.data;
    lab_must(&rig, "tokenize --decode");
    assert_string_equal(str_text(&rig.result.text),
                        "\"give me all books\"\n\"a\\nb\xc3\xbc \xf0\x9f\x98\x80\"\n\"\"\n");
    str_free(&ids);
    rig.input = "\"a\"\nnot json\n";
    lab_fails(&rig, "tokenize", ERR_INPUT, "standard input: line 2");
    rig.input = "[1]\n[1, 99999]\n";
    lab_fails(&rig, "tokenize --decode", ERR_INPUT, "standard input: line 2: element 1 is not");
    rig.input = "";
    lab_must(&rig, "tokenize");
    assert_string_equal(str_text(&rig.result.text), "");
    lab_rig_close(&rig);
}

static void data_writes_lines_that_train_and_eval_read(void **state)
{
    (void)state;
    LabRig rig;
    Error  err = {0};
    lab_rig_open(&rig);
    lab_must(&rig, "data sql --count 7");
    assert_true(rig.result.raw);
    Str first = {0};
    str_add(&first, str_text(&rig.result.text));
    assert_true(file_write_all(test_path("sql.jsonl"), first.data, first.len, &err));
    lab_must(&rig, "data sql --count 7 --seed 42");
    assert_string_equal(str_text(&rig.result.text), first.data);
    lab_must(&rig, "data sql --count 7 --seed 43");
    assert_string_not_equal(str_text(&rig.result.text), first.data);
    lab_must(&rig, "data sql --count 7 --split heldout");
    assert_string_not_equal(str_text(&rig.result.text), first.data);
    str_free(&first);

    lab_must(&rig, "eval --data %s/sql.jsonl");
    double of_file = lab_number(&rig, "loss");
    lab_must(&rig, "eval --data sql --split train --examples 7");
    assert_close(lab_number(&rig, "loss"), of_file, 1e-9);
    lab_fails(&rig, "data sqll", ERR_INPUT, "there is no task \"sqll\"");
    assert_non_null(strstr(rig.err.hint, "sql"));
    lab_rig_close(&rig);
}

static void data_without_a_task_lists_them(void **state)
{
    (void)state;
    LabRig rig;
    lab_rig_open(&rig);
    lab_must(&rig, "data");
    assert_json(&rig);
    assert_keys(&rig, "", "tasks");
    const Value *tasks = value_find(rig.result.root, "tasks");
    assert_true(tasks->count >= 5);
    assert_non_null(strstr(str_text(&rig.json), "\"sql\""));
    lab_rig_close(&rig);
}

static void doctor_looks_at_everything(void **state)
{
    (void)state;
    LabRig rig;
    lab_rig_open(&rig);
    lab_must(&rig, "doctor");
    assert_json(&rig);
    assert_keys(&rig, "", "cpu cuda threads gnuplot terminal locale data state");
    assert_keys(&rig, "cpu", "ok found");
    lab_rig_close(&rig);
}

static void plan_has_its_shape(void **state)
{
    (void)state;
    LabRig rig;
    lab_rig_open(&rig);
    lab_must(&rig, "plan --r 8 --target_modules q_proj,v_proj");
    assert_json(&rig);
    static const char *const members[] = {"trainable", "total",           "percent",
                                          "bytes",     "flops_per_token", "seconds"};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        if (value_find(rig.result.root, members[i]) == NULL) fail_msg("no %s", members[i]);
    }
    lab_rig_close(&rig);
}

/* ---- refusals ---- */

static void bad_input_is_refused_with_its_code(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        ErrorCode   code;
        const char *words;
    } cases[] = {
        {"eval --base nowhere", ERR_INPUT, "nowhere"},
        {"eval " MODEL "--data sql", ERR_INPUT, "tokenizer"},
        {"eval " MODEL "--data nowhere.jsonl", ERR_INPUT, "nowhere.jsonl"},
        {"eval --data nothing", ERR_INPUT, "there is no task \"nothing\""},
        {"eval --data ../base/words", ERR_INPUT, "../base/words"},
        {"eval " MODEL "--adapter nowhere --data tests/fixtures/train/data.jsonl", ERR_INPUT,
         "nowhere"},
        {"generate " MODEL, ERR_INPUT, "needs --prompt or --ids"},
        {"generate " MODEL "--prompt x", ERR_INPUT, "has no tokenizer.json"},
        {"generate " MODEL "--ids x", ERR_INPUT, "\"x\" is not a token id"},
        {"generate " MODEL "--ids 99999", ERR_INPUT, "99999"},
        {"generate " MODEL "--ids -1", ERR_INPUT, "\"-1\" is not a token id"},
        {"generate " MODEL "--ids 1 --max_new_tokens 5000", ERR_INPUT, "256"},
        {"merge --adapter x", ERR_INPUT, "loralab merge needs --out"},
        {"merge --out x", ERR_INPUT, "loralab merge needs --adapter"},
        {"inspect nowhere", ERR_INPUT, "nowhere"},
        {"inspect /dev/zero", ERR_INPUT, "/dev/zero"},
        {"inspect tests/fixtures", ERR_INPUT, "config.json"},
        {"tokenize " MODEL, ERR_INPUT, "tokenizer.json"},
        {"train " MODEL "--data nowhere.jsonl", ERR_INPUT, "nowhere.jsonl"},
        {"train --max_steps 2 --num_train_epochs 1", ERR_INPUT, "both given"},
        {"train --resume_from_checkpoint last", ERR_INPUT, "needs the --out"},
        {"train --target_modules nothing --out %s/x", ERR_INPUT, "nothing"},
        {"train --target_modules '(a' --out %s/x", ERR_INPUT, "(a"},
        {"train --target_modules q_proj,,v_proj", ERR_INPUT, "empty module name"},
        {"train --target_modules q_proj --layers_to_transform x --out %s/x", ERR_INPUT,
         "\"x\" is not a layer number"},
        {"train --target_modules q_proj --layers_to_transform 99 --out %s/x", ERR_INPUT,
         "layers_to_transform"},
        {"train --max_length 2 --examples 5 --out %s/x", ERR_INPUT, "within 2 tokens"},
        {"train --method full --adapter tests/fixtures/lora/a-qv", ERR_INPUT, "--adapter"},
        {"train --out /dev/null/x --max_steps 1", ERR_INPUT, "/dev/null"},
    };
    LabRig rig;
    lab_rig_open(&rig);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (lab_run(&rig, cases[i].line)) fail_msg("\"%s\" succeeds", cases[i].line);
        if (rig.err.code != cases[i].code ||
            (cases[i].words != NULL && strstr(rig.err.message, cases[i].words) == NULL)) {
            fail_msg("\"%s\": code %d, %s", cases[i].line, (int)rig.err.code, rig.err.message);
        }
        assert_false(path_exists(test_path("x/adapter_model.safetensors")));
    }
    lab_rig_close(&rig);
}

TEST_GROUP(shapes, cmocka_unit_test(eval_has_loss_tokens_perplexity_exact_match_and_examples),
           cmocka_unit_test(eval_logprobs_add_up_to_the_losses),
           cmocka_unit_test(eval_of_a_task_has_exact_match),
           cmocka_unit_test(generate_has_ids_text_and_stop),
           cmocka_unit_test(inspect_lists_what_is_stored_and_sums_it),
           cmocka_unit_test(tokenize_goes_line_by_line_and_back),
           cmocka_unit_test(data_writes_lines_that_train_and_eval_read),
           cmocka_unit_test(data_without_a_task_lists_them),
           cmocka_unit_test(doctor_looks_at_everything), cmocka_unit_test(plan_has_its_shape),
           cmocka_unit_test(bad_input_is_refused_with_its_code));
