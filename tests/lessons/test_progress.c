/* Progress: kept, gone on with, reset, durable, versioned. */

#include <string.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "lessons/engine/progress.h"
#include "tests/lessons/job_rig.h"
#include "tests/test.h"

static void write_file(const JobRig *rig, const char *text)
{
    Error err = {0};
    char *path = path_join(rig->lab->state_folder, "progress.json", &err);
    assert_true(folder_make(rig->lab->state_folder, &err));
    assert_true(file_write_all(path, text, (Index)strlen(text), &err));
    mem_free(path);
}

static void what_was_done_is_read_back(void **state)
{
    (void)state;
    JobRig     rig = {.answers = "{\"number\": \"1; because of \\\"this\\\"\", \"quiz\": \"2\"}"};
    Progresses all = {0}, again = {0};
    Error      err = {0};
    job_rig_open(&rig, "play-small.md");
    job_rig_run(&rig);
    assert_true(progress_read(&all, rig.lab, &err)); /* none yet */
    assert_int_equal(all.count, 0);
    assert_true(progress_note(&all, job_rig_transcript(&rig), 1, 2, &err));
    assert_true(progress_write(&all, rig.lab, &err));
    assert_true(progress_read(&again, rig.lab, &err));
    const LessonProgress *p = progress_find(&again, "play-small");
    assert_non_null(p);
    assert_int_equal(p->step, 1);
    assert_int_equal(p->steps, 2);
    assert_false(p->done);
    assert_int_equal(p->predictions, 1);
    assert_int_equal(p->right, 1);
    LessonAnswers *answers =
        lesson_answers_parse(p->answers, (Index)strlen(p->answers), "answers", &err);
    assert_ok(&err);
    assert_string_equal(lesson_answer_of(answers, "number"), "1; because of \"this\"");
    assert_string_equal(lesson_answer_of(answers, "quiz"), "2");
    assert_null(lesson_answer_of(answers, "order"));
    lesson_answers_free(answers);
    progress_free(&all);
    progress_free(&again);
    job_rig_close(&rig);
}

static void earlier_answers_stay_and_done_stays_done(void **state)
{
    (void)state;
    JobRig     rig = {.answers = "{\"number\": 2}"};
    Progresses all = {0};
    Error      err = {0};
    job_rig_open(&rig, "play-small.md");
    write_file(&rig, "{\"version\": 1, \"lessons\": {\"play-small\": {\"step\": 2, \"steps\": 2, "
                     "\"done\": true, \"answers\": {\"number\": \"1\", \"old\": \"7\"}},\n"
                     "\"unknown\": {\"step\": 3, \"steps\": 9, \"done\": false}}}");
    assert_true(progress_read(&all, rig.lab, &err));
    job_rig_run(&rig);
    assert_true(progress_note(&all, job_rig_transcript(&rig), 1, 2, &err));
    const LessonProgress *p = progress_find(&all, "play-small");
    assert_true(p->done);
    assert_int_equal(p->step, 1);
    assert_non_null(strstr(p->answers, "\"old\": \"7\""));
    assert_non_null(strstr(p->answers, "\"number\": \"2\""));
    assert_null(strstr(p->answers, "\"number\": \"1\""));
    assert_int_equal(progress_find(&all, "unknown")->step, 3); /* kept */
    progress_reset(&all, "play-small");
    assert_null(progress_find(&all, "play-small"));
    assert_int_equal(all.count, 1);
    progress_reset(&all, NULL);
    assert_int_equal(all.count, 0);
    progress_free(&all);
    job_rig_close(&rig);
}

static void files_that_are_none_of_ours_are_refused(void **state)
{
    (void)state;
    static const struct {
        ErrorCode   code;
        const char *text, *words;
    } cases[] = {
        {ERR_MISMATCH, "{\"version\": 2, \"lessons\": {}}", "version 2"},
        {ERR_INPUT, "", "progress.json"},
        {ERR_INPUT, "[]", "version"},
        {ERR_INPUT, "{\"version\": 1}", "lessons"},
        {ERR_INPUT, "{\"version\": 1, \"lessons\": {\"a\": 3}}", "\"a\""},
        {ERR_INPUT, "{\"version\": 1, \"lessons\": {\"a\": {\"step\": -1}}}", "step"},
        {ERR_INPUT, "{\"version\": 1, \"lessons\": {\"a\": {\"step\": 1, \"steps\": \"x\"}}}",
         "steps"},
    };
    JobRig rig = {0};
    job_rig_open(&rig, "play-small.md");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Progresses all = {0};
        Error      err = {0};
        write_file(&rig, cases[i].text);
        assert_false(progress_read(&all, rig.lab, &err));
        assert_error(&err, cases[i].code, cases[i].words);
        assert_int_equal(all.count, 0);
    }
    job_rig_close(&rig);
}

typedef struct Scene {
    const Lab        *lab;
    const Transcript *transcript;
} Scene;

static void read_change_write(void *context, Error *err)
{
    const Scene *scene = context;
    Progresses   all = {0};
    if (progress_read(&all, scene->lab, err) && progress_note(&all, scene->transcript, 1, 2, err) &&
        progress_write(&all, scene->lab, err)) {
        progress_reset(&all, "x");
    }
    progress_free(&all);
}

static void faults_leave_the_file_as_it_was_or_new(void **state)
{
    (void)state;
    JobRig rig = {.answers = "{\"number\": 1}"};
    job_rig_open(&rig, "play-small.md");
    write_file(&rig, "{\"version\": 1, \"lessons\": {\"x\": {\"step\": 2, \"steps\": 4, "
                     "\"done\": false, \"answers\": {\"a\": \"1\"}}}}");
    job_rig_run(&rig);
    Scene scene = {rig.lab, job_rig_transcript(&rig)};
    torture(read_change_write, &scene);
    torture_disk(read_change_write, &scene);
    Progresses all = {0};
    assert_true(progress_read(&all, rig.lab, &rig.err));
    assert_int_equal(progress_find(&all, "x")->step, 2);
    progress_free(&all);
    job_rig_close(&rig);
}

static void prepared_answers_are_read_or_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "[1]",
                                        "{\"a\": [1]}",
                                        "{\"a\": null}",
                                        "{\"a\": \"1\", \"a\": \"2\"}",
                                        "{\"a\": \"\\u0000\"}"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        Error err = {0};
        assert_null(lesson_answers_parse(wrong[i], (Index)strlen(wrong[i]), "answers", &err));
        assert_error(&err, ERR_INPUT, "answers");
    }
    /* One that cannot be read is told at its question. */
    JobRig rig = {.answers = "{\"order\": \"1 1\"}"};
    job_rig_open(&rig, "play-small.md");
    job_rig_run(&rig);
    assert_error(&rig.err, ERR_INPUT, "the prepared answer of order");
    rig.answers = "{\"quiz\": \"3\"}";
    job_rig_run(&rig);
    assert_error(&rig.err, ERR_INPUT, "the prepared answer of quiz");
    job_rig_close(&rig);
}

TEST_GROUP(progress, cmocka_unit_test(what_was_done_is_read_back),
           cmocka_unit_test(earlier_answers_stay_and_done_stays_done),
           cmocka_unit_test(files_that_are_none_of_ours_are_refused),
           cmocka_unit_test(faults_leave_the_file_as_it_was_or_new),
           cmocka_unit_test(prepared_answers_are_read_or_refused));
