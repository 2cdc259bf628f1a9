/* Recorded runs: found, told apart, listed, and turned into figures, as text, SVG and CSV. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"
#include "core/lab/plot_job.h"
#include "tests/lab/lab_rig.h"
#include "tests/test.h"

#define START(r, rate)                                                                       \
    "{\"type\": \"start\", \"learning_rate\": " rate ", \"method\": \"lora\", \"seed\": 1, " \
    "\"lora\": {\"r\": " r ", \"lora_alpha\": 16}, \"version\": \"x" r "\", \"steps\": 4, "  \
    "\"parameters\": [{\"name\": \"q_proj\", \"trained\": 10, \"frozen\": 1000}, "           \
    "{\"name\": \"embed\", \"trained\": 0, \"frozen\": 500}]}\n"
#define STEP(n, loss)                                                              \
    "{\"type\": \"step\", \"step\": " n ", \"loss\": " loss ", \"grad_norm\": 2, " \
    "\"learning_rate\": 0.5, \"tokens\": 3, \"seconds\": 1}\n"
#define EVAL(n, loss) "{\"type\": \"eval\", \"step\": " n ", \"loss\": " loss "}\n"
#define MODULES(n)                                                                          \
    "{\"type\": \"modules\", \"step\": " n ", \"modules\": [{\"name\": \"a.0.q_proj\", "    \
    "\"grad\": 3, \"A\": 1, \"B\": 1, \"BA\": 6}, {\"name\": \"a.1.q_proj\", \"grad\": 4, " \
    "\"BA\": 8}, {\"name\": \"a.0.v_proj\", \"grad\": 1, \"BA\": 2}]}\n"
#define MEMORY(n) \
    "{\"type\": \"memory\", \"step\": " n ", \"bytes\": {\"weights\": 0, \"adapter\": 70}}\n"
#define END "{\"type\": \"end\"}\n"

static void record(const char *name, const char *log)
{
    Error err = {0};
    char  path[300];
    snprintf(path, sizeof path, "loralab/runs/%s", name);
    assert_true(folder_make(test_path(path), &err));
    snprintf(path, sizeof path, "loralab/runs/%s/run.jsonl", name);
    assert_true(file_write_all(test_path(path), log, (Index)strlen(log), &err));
}

static void record_two(void)
{
    record("sql-lora-2", START("4", "0.1") EVAL("0", "3") STEP("1", "3") STEP("2", "2") MODULES("2")
                             MEMORY("2") STEP("3", "1") STEP("4", "0.5") EVAL("4", "0.75") END);
    record("sql-lora-10", START("8", "0.1") STEP("1", "4") STEP("2", "3"));
}

/* The values as JSON hold these, blanks left aside. */
static void assert_json(const LabRig *rig, const char *want)
{
    Str got = {0}, words = {0};
    for (const char *c = rig->json.data; *c != '\0'; c++) {
        if (*c != ' ') str_add_bytes(&got, c, 1);
    }
    for (const char *c = want; *c != '\0'; c++) {
        if (*c != ' ') str_add_bytes(&words, c, 1);
    }
    if (strstr(got.data, words.data) == NULL) fail_msg("%s is not in %s", want, got.data);
    str_free(&got);
    str_free(&words);
}

static void runs_are_listed_with_what_differs(void **state)
{
    (void)state;
    LabRig rig;
    lab_rig_open(&rig);
    lab_must(&rig, "runs");
    assert_non_null(strstr(rig.result.text.data, "no runs are recorded"));
    record_two();
    lab_must(&rig, "runs");
    const char *two = strstr(rig.result.text.data, "sql-lora-2 "),
               *ten = strstr(rig.result.text.data, "sql-lora-10");
    assert_true(two != NULL && ten > two); /* by number, not by letter */
    assert_non_null(strstr(two, "3.0000 ->  0.7500  r=4"));
    assert_non_null(strstr(ten, "4.0000 ->  3.0000  (not ended)  r=8"));
    assert_null(strstr(rig.result.text.data, "version"));
    assert_null(strstr(rig.result.text.data, "alpha"));
    assert_json(&rig, "\"settings\":{\"r\":\"4\"}");
    lab_rig_close(&rig);
}

static void a_broken_log_is_passed_over(void **state)
{
    (void)state;
    LabRig rig;
    Error  err = {0};
    lab_rig_open(&rig);
    record_two();
    record("garbage", "{\"type\": \"step\", \"step\": \n\377\377\n[[[[\n");
    assert_true(folder_make(test_path("loralab/runs/empty"), &err));
    lab_must(&rig, "runs");
    assert_non_null(strstr(rig.result.text.data, "sql-lora-10"));
    assert_null(strstr(rig.result.text.data, "empty"));
    lab_fails(&rig, "plot garbage", ERR_INPUT, "nothing of what --what names");
    lab_fails(&rig, "plot empty", ERR_INPUT, "has no run.jsonl");
    lab_rig_close(&rig);
}

static void a_run_is_a_name_a_folder_or_a_log(void **state)
{
    (void)state;
    LabRig rig;
    Error  err = {0};
    lab_rig_open(&rig);
    record_two();
    static const char *const lines[] = {"plot sql-lora-2", "plot %s/loralab/runs/sql-lora-2",
                                        "plot %s/loralab/runs/sql-lora-2/",
                                        "plot %s/loralab/runs/sql-lora-2/run.jsonl"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        lab_must(&rig, lines[i]);
        assert_non_null(strstr(rig.result.text.data, "loss of sql-lora-2"));
    }
    lab_fails(&rig, "plot nope", ERR_INPUT, "no run \"nope\"");
    lab_fails(&rig, "plot ../sql", ERR_INPUT, "no run");
    assert_true(folder_make(test_path("plain"), &err));
    lab_fails(&rig, "plot %s/plain", ERR_INPUT, "no run.jsonl");
    lab_rig_close(&rig);
}

static void series_hold_what_the_log_holds(void **state)
{
    (void)state;
    LabRig rig;
    lab_rig_open(&rig);
    record_two();
    lab_must(&rig, "plot sql-lora-2 --json");
    assert_json(&rig, "{\"label\":\"train\",\"x\":[1,2,3,4],"
                      "\"y\":[3,2,1,0.5]}");
    assert_json(&rig, "{\"label\":\"held out\",\"x\":[0,4],"
                      "\"y\":[3,0.75]}");
    lab_must(&rig, "plot sql-lora-2 --json --what loss --smooth 2");
    assert_json(&rig, "\"y\":[3,2.5,1.5,0.75]");
    lab_must(&rig, "plot sql-lora-2 --json --what lr,grad_norm,modules,memory");
    assert_json(&rig, "\"y\":[0.5,0.5,0.5,0.5]");
    assert_json(&rig, "\"y\":[2,2,2,2]");
    /* Two layers of one kind: the root of 36 + 64. */
    assert_json(&rig, "{\"label\":\"q_proj\",\"x\":[2],\"y\":[10]}");
    assert_json(&rig, "{\"label\":\"v_proj\",\"x\":[2],\"y\":[2]}");
    assert_json(&rig, "{\"label\":\"adapter\",\"x\":[2],\"y\":[70]}");
    assert_null(strstr(rig.json.data, "\"weights\""));
    lab_rig_close(&rig);
}

static void several_runs_share_axes_and_are_labelled_by_what_differs(void **state)
{
    (void)state;
    LabRig rig;
    lab_rig_open(&rig);
    record_two();
    record("other", START("8", "0.1") STEP("1", "5"));
    lab_must(&rig, "plot sql-lora-2 sql-lora-10 --json --what loss");
    assert_json(&rig, "\"label\":\"r=4\"");
    assert_json(&rig, "\"label\":\"r=8\"");
    /* The same settings twice tell nothing: names then. */
    lab_must(&rig, "plot sql-lora-2 sql-lora-10 other --json --what loss");
    assert_json(&rig, "\"label\":\"r=4\"");
    assert_json(&rig, "\"label\":\"sql-lora-10\"");
    assert_json(&rig, "\"label\":\"other\"");
    lab_rig_close(&rig);
}

static void a_resumed_run_takes_back_modules_and_memory(void **state)
{
    (void)state;
    LabRig rig;
    lab_rig_open(&rig);
    record("back", START("4", "0.1") STEP("1", "1") MODULES("1") MEMORY("1") STEP("2", "2") MODULES(
                       "2") MEMORY("2") "{\"type\": \"resume\", \"step\": 1}\n" STEP("2", "7"));
    lab_must(&rig, "plot back --json --what loss,modules,memory");
    assert_json(&rig, "\"x\":[1,2],\"y\":[1,7]");
    assert_json(&rig, "{\"label\":\"q_proj\",\"x\":[1],\"y\":[10]}");
    assert_json(&rig, "{\"label\":\"adapter\",\"x\":[1],\"y\":[70]}");
    lab_rig_close(&rig);
}

static void assert_file_holds(const char *name, const char *words)
{
    Error err = {0};
    Index n = 0;
    char *bytes = file_read_all(test_path(name), 1 << 24, &n, &err);
    assert_ok(&err);
    if (strstr(bytes, words) == NULL) fail_msg("%s does not hold %s: %s", name, words, bytes);
    mem_free(bytes);
}

static void the_format_follows_the_file(void **state)
{
    (void)state;
    LabRig rig;
    lab_rig_open(&rig);
    record_two();
    lab_must(&rig, "plot sql-lora-2 --out %s/a.svg");
    assert_file_holds("a.svg", "<svg");
    lab_must(&rig, "plot sql-lora-2 --out %s/a.csv");
    assert_file_holds("a.csv", "train");
    lab_must(&rig, "plot sql-lora-2 --out %s/a.txt --charset ascii");
    assert_file_holds("a.txt", "loss of sql-lora-2");
    lab_must(&rig, "plot sql-lora-2 --out %s/plain --format csv");
    assert_file_holds("plain", "train");
    lab_must(&rig, "plot sql-lora-2 --format csv");
    assert_true(rig.result.raw);
    assert_int_equal(strncmp(rig.result.text.data, "series", 6) == 0 ||
                         strncmp(rig.result.text.data, "step", 4) == 0,
                     1);
    lab_rig_close(&rig);
}

static void what_does_not_go_together_is_refused(void **state)
{
    (void)state;
    LabRig rig;
    lab_rig_open(&rig);
    record_two();
    lab_fails(&rig, "plot", ERR_INPUT, "needs RUN");
    lab_fails(&rig, "plot sql-lora-2 --what los", ERR_INPUT, "--what los");
    lab_fails(&rig, "plot sql-lora-2 --out %s/a.jpeg", ERR_INPUT, "no format is called \"jpeg\"");
    lab_fails(&rig, "plot sql-lora-2 --format png", ERR_INPUT, "needs --out");
    lab_fails(&rig, "plot sql-lora-2 --follow --format svg", ERR_INPUT, "text or window");
    lab_fails(&rig, "plot sql-lora-2 --follow --out %s/a.txt", ERR_INPUT, "does not go");
    lab_fails(&rig, "plot sql-lora-2 --format window --out %s/a.txt", ERR_INPUT, "does not go");
    lab_fails(&rig, "plot sql-lora-2 --what loss,lr --format svg", ERR_INPUT, "2 figures");
    lab_fails(&rig, "plot sql-lora-10 --what modules", ERR_INPUT, "nothing of what --what names");
    /* Nothing around here has gnuplot or a screen. */
    lab_fails(&rig, "plot sql-lora-2 --out %s/a.png", ERR_DEVICE, "png");
    lab_fails(&rig, "plot sql-lora-2 --follow", ERR_DEVICE, "--follow");
    lab_rig_close(&rig);
}

static void names_and_values_are_shown_not_obeyed(void **state)
{
    (void)state;
    LabRig rig;
    lab_rig_open(&rig);
    record("a\033]0;x\a", START("\"\\u001b[31m\"", "1") STEP("1", "2"));
    record("b", START("\"\\u009bq\"", "1") STEP("1", "3"));
    lab_must(&rig, "runs");
    assert_null(strchr(rig.result.text.data, '\033'));
    assert_null(strstr(rig.result.text.data, "\302\233"));
    assert_non_null(strstr(rig.result.text.data, "^[]0;x^G"));
    Str line = {0};
    str_add(&line, "plot b 'a\033]0;x\a' --charset ascii");
    lab_must(&rig, line.data);
    assert_null(strchr(rig.result.text.data, '\033'));
    str_free(&line);
    lab_rig_close(&rig);
}

static void parameters_come_from_the_start_line(void **state)
{
    (void)state;
    Error       err = {0};
    const char *start = START("4", "1");
    Json       *json = json_parse(start, (Index)strlen(start), "start", &err);
    Figure     *figure = run_parameters_figure(json_root(json), &err);
    assert_non_null(figure);
    assert_int_equal(figure->categories, 2);
    assert_string_equal(figure->category[1], "embed");
    assert_int_equal(figure->count, 2);
    assert_true(figure->series[0].y[0] == 10 && figure->series[1].y[1] == 500);
    figure_free(figure);
    json_free(json);
    json = json_parse("{}", 2, "start", &err);
    assert_null(run_parameters_figure(json_root(json), &err));
    assert_ok(&err);
    json_free(json);
}

/* What `train` writes is what `plot` reads: counts add up to what it prints. */
static void a_training_records_its_parameters(void **state)
{
    (void)state;
    LabRig                   rig;
    Error                    err = {0};
    static const char *const methods[] = {"--method full", "--target_modules q_proj,v_proj --r 2",
                                          "--modules_to_save lm_head --target_modules q_proj"};
    for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
        char line[400];
        lab_rig_open(&rig);
        snprintf(line, sizeof line,
                 "train --base tests/fixtures/models/qwen2-tied --data "
                 "tests/fixtures/train/data.jsonl --max_steps 1 --out %%s/out%zu %s",
                 m, methods[m]);
        bool ran = lab_run(&rig, line);
        if (!ran && m == 2) { /* a tied head cannot be saved by itself */
            lab_rig_close(&rig);
            continue;
        }
        assert_ok(&rig.err);
        char log[100];
        snprintf(log, sizeof log, "out%zu/run.jsonl", m);
        RunData *data = runlog_read(test_path(log), &err);
        assert_ok(&err);
        Json           *json = json_parse(data->start, (Index)strlen(data->start), "start", &err);
        int64_t         trained = 0, frozen = 0;
        const JsonNode *list = json_get(json_root(json), "parameters");
        assert_true(json_count(list) > 5);
        for (Index i = 0; i < json_count(list); i++) {
            trained += json_integer(json_get(json_at(list, i), "trained"));
            frozen += json_integer(json_get(json_at(list, i), "frozen"));
        }
        assert_int_equal(trained, (int64_t)lab_number(&rig, "trainable"));
        assert_int_equal(trained + frozen, (int64_t)lab_number(&rig, "all"));
        json_free(json);
        rundata_free(data);
        lab_rig_close(&rig);
    }
}

static void plot_it(void *context, Error *err)
{
    Result result;
    Cancel cancel = {0};
    if (!result_init(&result, err)) return;
    Args *args = lab_parse("plot sql-lora-2 sql-lora-10 --what loss,eval,modules,memory", err);
    if (args != NULL) cmd_plot(context, args, NULL, &cancel, &result, err);
    args_free(args);
    result_free(&result);
}

static void list_them(void *context, Error *err)
{
    Result result;
    Cancel cancel = {0};
    if (!result_init(&result, err)) return;
    Args *args = lab_parse("runs", err);
    if (args != NULL) cmd_runs(context, args, NULL, &cancel, &result, err);
    args_free(args);
    result_free(&result);
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    LabRig rig;
    lab_rig_open(&rig);
    record_two();
    assert_true(torture(plot_it, rig.lab) > 100);
    assert_true(torture(list_them, rig.lab) > 100);
    lab_rig_close(&rig);
}

TEST_GROUP(runs, cmocka_unit_test(runs_are_listed_with_what_differs),
           cmocka_unit_test(a_broken_log_is_passed_over),
           cmocka_unit_test(a_run_is_a_name_a_folder_or_a_log),
           cmocka_unit_test(series_hold_what_the_log_holds),
           cmocka_unit_test(several_runs_share_axes_and_are_labelled_by_what_differs),
           cmocka_unit_test(a_resumed_run_takes_back_modules_and_memory),
           cmocka_unit_test(the_format_follows_the_file),
           cmocka_unit_test(what_does_not_go_together_is_refused),
           cmocka_unit_test(names_and_values_are_shown_not_obeyed),
           cmocka_unit_test(parameters_come_from_the_start_line),
           cmocka_unit_test(a_training_records_its_parameters),
           cmocka_unit_test(memory_may_run_out_anywhere));
