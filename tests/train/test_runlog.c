/* The run log: what is written is read; what is torn, unknown or taken back is not. */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/json.h"
#include "core/train/runlog.h"
#include "tests/test.h"

static RunLog *open_log(bool append)
{
    Error   err = {0};
    RunLog *log = runlog_open(test_path("run.jsonl"), append, &err);
    assert_ok(&err);
    return log;
}

static void step(RunLog *log, Index n, double loss)
{
    Event event = {.type = EVENT_STEP,
                   .step = n,
                   .steps = 9,
                   .epoch = 0.5,
                   .loss = loss,
                   .grad_norm = 0.25,
                   .learning_rate = 1e-3,
                   .tokens = 77,
                   .seconds = 0.125};
    runlog_event(log, &event);
}

static void eval(RunLog *log, Index n, double loss)
{
    Event event = {.type = EVENT_EVAL, .step = n, .loss = loss, .exact_match = 0.5, .tokens = 10};
    runlog_event(log, &event);
}

static char *content(void)
{
    Error err = {0};
    Index n;
    char *text = file_read_all(test_path("run.jsonl"), 1 << 20, &n, &err);
    assert_ok(&err);
    return text;
}

static RunData *read_text(const char *text)
{
    Error err = {0};
    assert_true(file_write_all(test_path("run.jsonl"), text, (Index)strlen(text), &err));
    RunData *data = runlog_read(test_path("run.jsonl"), &err);
    assert_ok(&err);
    return data;
}

static void each_event_is_one_line_with_its_fields_in_order(void **state)
{
    (void)state;
    RunLog *log = open_log(false);
    runlog_event(log, &(Event){.type = EVENT_START, .json = "\"seed\": 7, \"r\": 8"});
    step(log, 1, 3.25);
    eval(log, 1, 2.5);
    runlog_event(log, &(Event){.type = EVENT_EVAL, .step = 2, .loss = 1, .exact_match = -1});
    runlog_event(log, &(Event){.type = EVENT_MODULES, .step = 2, .json = "\"modules\": []"});
    runlog_event(log, &(Event){.type = EVENT_SAMPLE, .step = 2, .text = "a\n\"b\"\033[0m"});
    runlog_event(log, &(Event){.type = EVENT_CHECKPOINT, .step = 2, .text = "out/checkpoint-2"});
    runlog_event(log, &(Event){.type = EVENT_RESUME, .step = 2, .text = "out/checkpoint-2"});
    runlog_event(log, &(Event){.type = EVENT_NOTE, .text = "a note"});
    runlog_event(log, &(Event){.type = EVENT_TEXT, .text = "not logged"});
    runlog_event(log, &(Event){.type = EVENT_PROGRESS, .text = "not logged"});
    runlog_event(log, &(Event){.type = EVENT_END, .json = "\"steps\": 2"});
    assert_true(runlog_ok(log, NULL));
    runlog_close(log);
    char *text = content();
    assert_string_equal(
        text,
        "{\"type\": \"start\", \"seed\": 7, \"r\": 8}\n"
        "{\"type\": \"step\", \"step\": 1, \"epoch\": 0.5, \"loss\": 3.25, \"grad_norm\": 0.25, "
        "\"learning_rate\": 0.001, \"tokens\": 77, \"seconds\": 0.125}\n"
        "{\"type\": \"eval\", \"step\": 1, \"loss\": 2.5, \"exact_match\": 0.5, \"tokens\": 10}\n"
        "{\"type\": \"eval\", \"step\": 2, \"loss\": 1, \"tokens\": 0}\n"
        "{\"type\": \"modules\", \"step\": 2, \"modules\": []}\n"
        "{\"type\": \"sample\", \"step\": 2, \"text\": \"a\\n\\\"b\\\"\\u001b[0m\"}\n"
        "{\"type\": \"checkpoint\", \"step\": 2, \"folder\": \"out/checkpoint-2\"}\n"
        "{\"type\": \"resume\", \"step\": 2, \"folder\": \"out/checkpoint-2\"}\n"
        "{\"type\": \"note\", \"text\": \"a note\"}\n"
        "{\"type\": \"end\", \"steps\": 2}\n");
    mem_free(text);
}

static void memory_is_told_by_purpose(void **state)
{
    (void)state;
    RunLog *log = open_log(false);
    Event   event = {.type = EVENT_MEMORY, .step = 4};
    for (int p = 0; p < MEM_PURPOSE_COUNT; p++) event.bytes[p] = 1000 + p;
    runlog_event(log, &event);
    runlog_close(log);
    Error err = {0};
    Json *json = json_read(test_path("run.jsonl"), 1 << 20, &err);
    assert_ok(&err);
    const JsonNode *bytes = json_get(json_root(json), "bytes");
    assert_int_equal(json_count(bytes), MEM_PURPOSE_COUNT);
    for (int p = 0; p < MEM_PURPOSE_COUNT; p++) {
        const JsonNode *value;
        assert_string_equal(json_member(bytes, p, &value), mem_purpose_name((MemPurpose)p));
        assert_int_equal(json_integer(value), 1000 + p);
    }
    json_free(json);
}

static void what_was_written_is_read_back(void **state)
{
    (void)state;
    RunLog *log = open_log(false);
    runlog_event(log, &(Event){.type = EVENT_START, .json = "\"seed\": 7"});
    for (Index n = 1; n <= 100; n++) {
        step(log, n, 1.0 / (double)n);
        if (n % 10 == 0) eval(log, n, 0.1 * (double)n);
    }
    runlog_event(log, &(Event){.type = EVENT_END, .json = "\"steps\": 100"});
    runlog_close(log);
    Error    err = {0};
    RunData *data = runlog_read(test_path("run.jsonl"), &err);
    assert_ok(&err);
    assert_int_equal(data->step_count, 100);
    assert_int_equal(data->eval_count, 10);
    for (Index n = 1; n <= 100; n++) {
        const RunStep *s = &data->steps[n - 1];
        assert_int_equal(s->step, n);
        assert_close(s->loss, 1.0 / (double)n, 0); /* every bit */
        assert_close(s->grad_norm, 0.25, 0);
        assert_close(s->learning_rate, 1e-3, 0);
        assert_close(s->seconds, 0.125, 0);
        assert_int_equal(s->tokens, 77);
    }
    assert_close(data->evals[3].exact_match, 0.5, 0);
    assert_string_equal(data->start, "{\"type\": \"start\", \"seed\": 7}");
    assert_string_equal(data->end, "{\"type\": \"end\", \"steps\": 100}");
    rundata_free(data);
}

static void a_number_that_is_not_finite_is_null_and_read_as_nan(void **state)
{
    (void)state;
    RunLog *log = open_log(false);
    step(log, 1, (double)NAN);
    step(log, 2, (double)INFINITY);
    runlog_close(log);
    char *text = content();
    assert_non_null(strstr(text, "\"loss\": null"));
    assert_null(strstr(text, "nan"));
    assert_null(strstr(text, "inf"));
    mem_free(text);
    Error    err = {0};
    RunData *data = runlog_read(test_path("run.jsonl"), &err);
    assert_int_equal(data->step_count, 2);
    assert_true(isnan(data->steps[0].loss) && isnan(data->steps[1].loss));
    rundata_free(data);
}

/* ---- reading what others or accidents left ---- */

#define STEP(n) "{\"type\": \"step\", \"step\": " #n ", \"loss\": " #n ".5}\n"
#define EVAL(n) "{\"type\": \"eval\", \"step\": " #n ", \"loss\": " #n ".25}\n"

static void a_torn_last_line_does_not_count_wherever_it_is_torn(void **state)
{
    (void)state;
    const char *last = STEP(3);
    for (size_t cut = 0; cut < strlen(last); cut++) {
        char text[300];
        snprintf(text, sizeof text, STEP(1) STEP(2) "%.*s", (int)cut, last);
        RunData *data = read_text(text);
        assert_int_equal(data->step_count, 2);
        rundata_free(data);
    }
}

static void unknown_types_fields_and_broken_lines_are_skipped(void **state)
{
    (void)state;
    RunData *data =
        read_text("\n\n" STEP(1) "{\"type\": \"weather\", \"step\": 9}\n"
                                 "{\"step\": 7}\n[1]\n7\nnull\n{\"type\": 5}\nnot json\n"
                                 "{\"type\": \"step\", \"st\n" STEP(2) EVAL(2));
    assert_int_equal(data->step_count, 2);
    assert_int_equal(data->steps[1].step, 2);
    assert_int_equal(data->eval_count, 1);
    assert_close(data->evals[0].exact_match, -1, 0);
    assert_string_equal(data->start, "");
    assert_string_equal(data->end, "");
    rundata_free(data);
}

static void resume_takes_back_what_lies_beyond_it(void **state)
{
    (void)state;
    RunData *data =
        read_text(STEP(1) STEP(2) EVAL(2) STEP(3) STEP(4)
                      EVAL(4) "{\"type\": \"end\"}\n{\"type\": \"start\", \"life\": 2}\n" EVAL(
                          0) "{\"type\": \"resume\", \"step\": 2}\n" STEP(3) STEP(4) STEP(5));
    assert_int_equal(data->step_count, 5);
    for (Index i = 0; i < 5; i++) assert_int_equal(data->steps[i].step, i + 1);
    assert_int_equal(data->eval_count, 2); /* 2 and 0; that of step 4 is taken back */
    assert_int_equal(data->evals[0].step, 2);
    assert_string_equal(data->end, "");
    assert_non_null(strstr(data->start, "\"life\": 2"));
    rundata_free(data);
}

static void resume_at_zero_takes_back_everything(void **state)
{
    (void)state;
    RunData *data = read_text(STEP(1) STEP(2) "{\"type\": \"resume\", \"step\": 0}\n" STEP(1));
    assert_int_equal(data->step_count, 1);
    rundata_free(data);
}

static void a_log_that_is_continued_loses_only_its_torn_line(void **state)
{
    (void)state;
    Error err = {0};
    assert_true(file_write_all(test_path("run.jsonl"), STEP(1) "{\"type\": \"st",
                               (Index)strlen(STEP(1)) + 12, &err));
    RunLog *log = open_log(true);
    step(log, 2, 2.5);
    runlog_close(log);
    RunData *data = runlog_read(test_path("run.jsonl"), &err);
    assert_ok(&err);
    assert_int_equal(data->step_count, 2);
    rundata_free(data);
    log = open_log(false); /* not continued: begun anew */
    runlog_close(log);
    char *text = content();
    assert_string_equal(text, "");
    mem_free(text);
}

/* ---- faults ---- */

static void a_full_disk_is_remembered_and_told_at_the_end(void **state)
{
    (void)state;
    Error   err = {0};
    RunLog *log = open_log(false);
    step(log, 1, 1);
    file_fail_after(0, ENOSPC, false);
    step(log, 2, 2);
    file_fail_off();
    step(log, 3, 3); /* after a gap a log would lie: it stays as it is */
    assert_false(runlog_ok(log, &err));
    assert_error(&err, ERR_DISK, "run.jsonl");
    runlog_close(log);
    RunData *data = runlog_read(test_path("run.jsonl"), &(Error){0});
    assert_int_equal(data->step_count, 1);
    rundata_free(data);
}

static void write_and_read(void *context, Error *err)
{
    (void)context;
    RunLog *log = runlog_open(test_path("run.jsonl"), false, err);
    if (log == NULL) return;
    step(log, 1, 1);
    eval(log, 1, 1);
    bool ok = runlog_ok(log, err);
    runlog_close(log);
    if (ok) rundata_free(runlog_read(test_path("run.jsonl"), err));
}

static void logs_survive_every_failed_allocation(void **state)
{
    (void)state;
    test_path("run.jsonl");
    torture(write_and_read, NULL);
}

static void absent_and_strange_logs_are_refused_by_name(void **state)
{
    (void)state;
    Error err = {0};
    assert_null(runlog_read(test_path("none.jsonl"), &err));
    assert_error(&err, ERR_INPUT, "none.jsonl");
    err = (Error){0};
    assert_null(runlog_read("/dev/zero", &err));
    assert_error(&err, ERR_INPUT, "/dev/zero");
}

TEST_GROUP(runlog, cmocka_unit_test(each_event_is_one_line_with_its_fields_in_order),
           cmocka_unit_test(memory_is_told_by_purpose),
           cmocka_unit_test(what_was_written_is_read_back),
           cmocka_unit_test(a_number_that_is_not_finite_is_null_and_read_as_nan),
           cmocka_unit_test(a_torn_last_line_does_not_count_wherever_it_is_torn),
           cmocka_unit_test(unknown_types_fields_and_broken_lines_are_skipped),
           cmocka_unit_test(resume_takes_back_what_lies_beyond_it),
           cmocka_unit_test(resume_at_zero_takes_back_everything),
           cmocka_unit_test(a_log_that_is_continued_loses_only_its_torn_line),
           cmocka_unit_test(a_full_disk_is_remembered_and_told_at_the_end),
           cmocka_unit_test(logs_survive_every_failed_allocation),
           cmocka_unit_test(absent_and_strange_logs_are_refused_by_name));
