/* A learner's whole way through the commands: train, measure, write, merge, look, go on. */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/train/runlog.h"
#include "tests/lab/lab_rig.h"
#include "tests/test.h"

/* Small enough to be quick, long enough to learn something. */
#define QUICK                                                                           \
    "train --data sql --examples 40 --eval_examples 8 --max_steps 12 --warmup_steps 2 " \
    "--per_device_train_batch_size 4 --eval_steps 6 --save_steps 5 --lora_dropout 0.1 "

static uint64_t file_hash(const char *path)
{
    Error err = {0};
    Index n = 0;
    char *bytes = file_read_all(path, 1 << 26, &n, &err);
    assert_ok(&err);
    uint64_t hash = hash_bytes(bytes, n);
    mem_free(bytes);
    return hash;
}

static uint64_t adapter_hash(const char *folder)
{
    char path[100];
    snprintf(path, sizeof path, "%s/adapter_model.safetensors", folder);
    return file_hash(test_path(path));
}

static void the_summary_has_its_members_and_its_words(void **state)
{
    (void)state;
    LabRig rig;
    lab_rig_open(&rig);
    lab_must(&rig, QUICK "--out %s/out");
    assert_keys(&rig, "",
                "modules trainable all percent before after prompt text_before text_after steps "
                "seconds tokens_per_second first_step_seconds bytes process_peak_bytes out "
                "out_bytes log seed backend device dtype repeat finding");
    assert_keys(&rig, "before", "loss exact_match examples");
    assert_keys(&rig, "after", "loss exact_match examples");
    assert_keys(&rig, "bytes",
                "weights adapter gradients optimizer activations scratch text total");
    assert_true(lab_number(&rig, "after.loss") < lab_number(&rig, "before.loss"));
    const char              *text = str_text(&rig.result.text);
    static const char *const words[] = {"modules matched: ",
                                        "trainable params: ",
                                        " || all params: ",
                                        " || trainable%: ",
                                        "before: loss ",
                                        "after: loss ",
                                        " tokens/s",
                                        "peak memory: ",
                                        "written: ",
                                        "seed 42",
                                        "repeat with: loralab train --data sql "};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strstr(text, words[i]) == NULL) fail_msg("\"%s\" is not in: %s", words[i], text);
    }
    double percent = 100 * lab_number(&rig, "trainable") / lab_number(&rig, "all");
    assert_close(lab_number(&rig, "percent"), percent, 1e-9);
    lab_rig_close(&rig);
}

static void events_come_in_order_and_the_log_holds_them(void **state)
{
    (void)state;
    LabRig rig;
    Error  err = {0};
    lab_rig_open(&rig);
    lab_must(&rig, QUICK "--out %s/out");
    assert_string_equal(str_text(&rig.events),
                        "start eval step step step step step checkpoint step eval sample step step "
                        "step step modules checkpoint step step eval end");
    RunData *data = runlog_read(test_path("out/run.jsonl"), &err);
    assert_ok(&err);
    assert_int_equal(data->step_count, 12);
    assert_int_equal(data->eval_count, 3); /* before, at 6, after */
    assert_close(data->evals[0].loss, lab_number(&rig, "before.loss"), 0);
    assert_close(data->evals[2].loss, lab_number(&rig, "after.loss"), 0);
    Json *start = json_parse(data->start, (Index)strlen(data->start), "start", &err);
    assert_ok(&err);
    static const char *const keys[] = {"seed", "version", "backend",   "device", "base",
                                       "data", "repeat",  "trainable", "all",    "steps",
                                       "lora", "r",       "max_steps"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const JsonNode *root = json_root(start);
        if (json_get(root, keys[i]) == NULL && json_get(json_get(root, "lora"), keys[i]) == NULL) {
            fail_msg("start has no \"%s\"", keys[i]);
        }
    }
    json_free(start);
    assert_true(data->end[0] != '\0');
    rundata_free(data);
    lab_rig_close(&rig);
}

static void train_eval_generate_merge_eval_inspect(void **state)
{
    (void)state;
    LabRig rig;
    lab_rig_open(&rig);
    lab_must(&rig, QUICK "--out %s/out");
    double after = lab_number(&rig, "after.loss"), before = lab_number(&rig, "before.loss");
    double trainable = lab_number(&rig, "trainable");

    lab_must(&rig, "eval --data sql --examples 8 --adapter %s/out");
    assert_close(lab_number(&rig, "loss"), after, 1e-6);
    lab_must(&rig, "eval --data sql --examples 8");
    assert_close(lab_number(&rig, "loss"), before, 1e-6); /* the base is as it was */

    lab_must(&rig, "generate --adapter %s/out --prompt 'Request: list all pets.' "
                   "--max_new_tokens 8");
    Str text = {0};
    str_add(&text, value_find(rig.result.root, "text")->text);

    lab_must(&rig, "merge --adapter %s/out --out %s/merged");
    assert_keys(&rig, "", "out tensors_merged");
    lab_must(&rig, "eval --data sql --examples 8 --base %s/merged");
    assert_close(lab_number(&rig, "loss"), after, 0.02); /* rounded to the base's bfloat16 */
    lab_must(&rig, "generate --base %s/merged --prompt 'Request: list all pets.' "
                   "--max_new_tokens 8");
    str_free(&text);

    lab_must(&rig, "inspect %s/out");
    assert_close(lab_number(&rig, "trainable"), trainable, 0);
    assert_non_null(strstr(str_text(&rig.result.text), "LoRA adapter: r 8, lora_alpha 16"));
    lab_must(&rig, "inspect %s/merged");
    double parameters = lab_number(&rig, "parameters");
    lab_must(&rig, "plan --r 8");
    assert_close(parameters + trainable, lab_number(&rig, "total"), 0.5);
    lab_fails(&rig, "merge --adapter %s/out --out %s/merged", ERR_INPUT, "holds a model already");
    lab_rig_close(&rig);
}

static void a_float32_base_merged_measures_the_same(void **state)
{
    (void)state;
    LabRig rig;
    lab_rig_open(&rig);
#define FIXTURE "--base tests/fixtures/models/qwen2-tied "
#define LINES "--data tests/fixtures/train/data.jsonl "
    lab_must(&rig, "train " FIXTURE LINES "--max_steps 10 --learning_rate 0.01 --out %s/out "
                   "--target_modules q_proj,v_proj,down_proj --save_steps 0");
    lab_must(&rig, "eval " FIXTURE LINES "--adapter %s/out");
    double with = lab_number(&rig, "loss");
    lab_must(&rig, "merge " FIXTURE "--adapter %s/out --out %s/merged");
    lab_must(&rig, "eval --base %s/merged " LINES);
    assert_close(lab_number(&rig, "loss"), with, 1e-4);
    lab_must(&rig, "eval " FIXTURE LINES);
    assert_true(lab_number(&rig, "loss") > with + 0.01); /* the control: it had learned */
    lab_rig_close(&rig);
}

static void full_fine_tuning_writes_a_model_that_measures_the_same(void **state)
{
    (void)state;
    LabRig rig;
    lab_rig_open(&rig);
    lab_must(&rig,
             "train " FIXTURE LINES "--method full --max_steps 6 --out %s/out --save_steps 3");
    double after = lab_number(&rig, "after.loss");
    assert_close(lab_number(&rig, "percent"), 100, 1e-9);
    lab_must(&rig, "eval --base %s/out " LINES);
    assert_close(lab_number(&rig, "loss"), after, 1e-6);
    lab_rig_close(&rig);
}

/* ---- repeating and going on ---- */

/* The summary's own line, with another --out. */
static void repeat(LabRig *rig, const char *out)
{
    char        line[2000];
    const char *said = value_find(rig->result.root, "repeat")->text;
    const char *at = strstr(said, " --out ");
    assert_non_null(at);
    const char *rest = strchr(at + 7, ' ');
    snprintf(line, sizeof line, "%.*s --out %s%s", (int)(at - said) - 8, said + 8, test_path(out),
             rest);
    lab_must(rig, line);
}

static void the_repeat_line_makes_the_same_bytes(void **state)
{
    (void)state;
    LabRig rig;
    lab_rig_open(&rig);
    lab_must(&rig, QUICK "--out %s/one --threads 1");
    repeat(&rig, "two");
    assert_int_equal(adapter_hash("one"), adapter_hash("two"));
    lab_must(&rig, QUICK "--out %s/three --threads 3 --eval_steps 0 --save_steps 1");
    assert_int_equal(adapter_hash("one"), adapter_hash("three"));
    lab_must(&rig, QUICK "--out %s/four --seed 43");
    assert_int_not_equal(adapter_hash("one"), adapter_hash("four"));
    lab_rig_close(&rig);
}

static void a_stopped_run_goes_on_to_the_same_bytes(void **state)
{
    (void)state;
    LabRig rig;
    Error  err = {0};
    lab_rig_open(&rig);
    lab_must(&rig, QUICK "--out %s/whole");
    lab_must(&rig, QUICK "--out %s/cut");
    assert_int_equal(adapter_hash("cut"), adapter_hash("whole"));

    /* As if stopped at step 5: the later checkpoint and the results have never been. */
    assert_true(folder_remove(test_path("cut/checkpoint-10"), &err));
    assert_int_equal(unlink(test_path("cut/adapter_model.safetensors")), 0);
    lab_must(&rig, QUICK "--out %s/cut --resume_from_checkpoint last");
    assert_int_equal(adapter_hash("cut"), adapter_hash("whole"));
    RunData *data = runlog_read(test_path("cut/run.jsonl"), &err);
    assert_ok(&err);
    assert_int_equal(data->step_count, 12);
    for (Index i = 0; i < 12; i++) assert_int_equal(data->steps[i].step, i + 1);
    for (Index i = 1; i < data->eval_count; i++) {
        assert_true(data->evals[i - 1].step <= data->evals[i].step);
    }
    rundata_free(data);

    /* By name, from a base spelled differently, and from nothing at all. */
    lab_must(&rig, QUICK "--out %s/cut --resume_from_checkpoint %s/cut/checkpoint-5 "
                         "--base data/../data/base/tiny --threads 2");
    assert_int_equal(adapter_hash("cut"), adapter_hash("whole"));
    lab_must(&rig, QUICK "--out %s/new --resume_from_checkpoint last");
    assert_non_null(strstr(str_text(&rig.events), "note"));
    assert_int_equal(adapter_hash("new"), adapter_hash("whole"));
    lab_rig_close(&rig);
}

static void what_must_be_the_same_to_go_on_is_named(void **state)
{
    (void)state;
#define ON "--out %s/out --resume_from_checkpoint last "
    static const struct {
        const char *line, *words;
    } cases[] = {
        {QUICK ON "--r 4", "the settings changed"},
        {QUICK ON "--learning_rate 0.1", "the settings changed"},
        {QUICK ON "--seed 43", "the training data changed"},
        {QUICK ON "--max_steps 13", "the settings changed"},
        {QUICK ON "--data js", "the training data changed"},
        {QUICK ON "--examples 41", "the training data changed"},
        {QUICK ON "--base %s/other", "the base model changed"},
        {QUICK ON "--method full", NULL},
    };
    LabRig rig;
    lab_rig_open(&rig);
    lab_must(&rig, QUICK "--out %s/out");
    uint64_t before = adapter_hash("out");
    lab_must(&rig, "merge --adapter %s/out --out %s/other"); /* the tokenizer comes along */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (lab_run(&rig, cases[i].line)) fail_msg("\"%s\" goes on", cases[i].line);
        assert_error(&rig.err, ERR_MISMATCH, cases[i].words);
        assert_int_equal(adapter_hash("out"), before);
    }
    lab_fails(&rig, QUICK "--out %s/out", ERR_INPUT, "holds a training already");
    assert_non_null(strstr(rig.err.hint, "--resume_from_checkpoint last"));
    lab_rig_close(&rig);
}

static void an_adapter_is_continued(void **state)
{
    (void)state;
    LabRig rig;
    lab_rig_open(&rig);
    lab_must(&rig, QUICK "--out %s/one");
    double after = lab_number(&rig, "after.loss");
    lab_must(&rig, QUICK "--adapter %s/one --out %s/two");
    assert_close(lab_number(&rig, "before.loss"), after, 1e-6);
    assert_true(lab_number(&rig, "after.loss") < after);
    assert_non_null(strstr(str_text(&rig.result.text), "adapter read: "));
    lab_rig_close(&rig);
}

/* ---- without writing, and stopping ---- */

static void a_dry_run_writes_nothing(void **state)
{
    (void)state;
    LabRig rig;
    lab_rig_open(&rig);
    lab_must(&rig, QUICK "--out %s/out --dry_run");
    assert_keys(&rig, "", "modules trainable all percent bytes examples");
    assert_false(path_exists(test_path("out")));
    assert_false(path_exists(test_path("loralab")));
    assert_non_null(strstr(str_text(&rig.result.text), "nothing was trained or written"));
    assert_string_equal(str_text(&rig.events), "");
    lab_rig_close(&rig);
}

static void without_out_a_run_lives_in_the_state_folder(void **state)
{
    (void)state;
    LabRig rig;
    lab_rig_open(&rig);
    lab_must(&rig, QUICK);
    lab_must(&rig, QUICK);
    assert_true(path_exists(test_path("loralab/runs/sql-lora-1/run.jsonl")));
    assert_true(path_exists(test_path("loralab/runs/sql-lora-2/adapter_model.safetensors")));
    lab_rig_close(&rig);
}

static void a_stop_asked_for_beforehand_is_heeded_by_every_long_command(void **state)
{
    (void)state;
    static const char *const lines[] = {
        QUICK "--out %s/out",
        "eval --data sql",
        "generate --prompt a --max_new_tokens 50",
        "data sql --count 1000000",
        "pretrain --out %s/base",
        "train --data sql --examples 20 --dry_run --max_steps 1000000000"};
    LabRig rig;
    lab_rig_open(&rig);
    cancel_request(&rig.cancel);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        double begin = clock_seconds();
        lab_fails(&rig, lines[i], ERR_CANCELLED, NULL);
        assert_true(clock_seconds() - begin < 3);
    }
    rig.input = "\"a\"\n";
    lab_fails(&rig, "tokenize", ERR_CANCELLED, NULL);
    lab_rig_close(&rig);
}

static void a_folder_in_use_is_refused(void **state)
{
    (void)state;
    LabRig rig;
    Error  err = {0};
    lab_rig_open(&rig);
    assert_true(folder_make(test_path("out"), &err));
    FolderLock *lock = folder_lock(test_path("out"), &err);
    assert_ok(&err);
    lab_fails(&rig, QUICK "--out %s/out", ERR_LOCKED, "out");
    assert_false(path_exists(test_path("out/run.jsonl")));
    lab_must(&rig, "eval --data sql --examples 2"); /* reading needs no lock */
    folder_unlock(lock);
    lab_must(&rig, QUICK "--out %s/out");
    lab_rig_close(&rig);
}

static void a_base_is_loaded_once_for_many_commands(void **state)
{
    (void)state;
    LabRig rig;
    lab_rig_open(&rig);
    lab_must(&rig, "eval --data sql --examples 2");
    Model *model = rig.lab->model;
    lab_must(&rig, "generate --prompt a --max_new_tokens 2");
    assert_ptr_equal(rig.lab->model, model);
    lab_must(&rig, "eval " FIXTURE LINES);
    assert_ptr_not_equal(rig.lab->tok, (void *)1);
    assert_null(rig.lab->tok); /* and its tokenizer goes with it */
    lab_rig_close(&rig);
}

TEST_GROUP(flow, cmocka_unit_test(the_summary_has_its_members_and_its_words),
           cmocka_unit_test(events_come_in_order_and_the_log_holds_them),
           cmocka_unit_test(train_eval_generate_merge_eval_inspect),
           cmocka_unit_test(a_float32_base_merged_measures_the_same),
           cmocka_unit_test(full_fine_tuning_writes_a_model_that_measures_the_same),
           cmocka_unit_test(the_repeat_line_makes_the_same_bytes),
           cmocka_unit_test(a_stopped_run_goes_on_to_the_same_bytes),
           cmocka_unit_test(what_must_be_the_same_to_go_on_is_named),
           cmocka_unit_test(an_adapter_is_continued), cmocka_unit_test(a_dry_run_writes_nothing),
           cmocka_unit_test(without_out_a_run_lives_in_the_state_folder),
           cmocka_unit_test(a_stop_asked_for_beforehand_is_heeded_by_every_long_command),
           cmocka_unit_test(a_folder_in_use_is_refused),
           cmocka_unit_test(a_base_is_loaded_once_for_many_commands));
