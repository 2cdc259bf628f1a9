/* Lessons that authors look at: the template and the translated one, checked and run. */

#include <string.h>

#include "core/base/mem.h"
#include "tests/lessons/job_rig.h"
#include "tests/test.h"

#define TEMPLATE "../../lessons/template.md"

static void expect_verdict(JobRig *rig)
{
    job_rig_run(rig);
    assert_ok(&rig->err);
    const Transcript *transcript = job_rig_transcript(rig);
    for (Index i = 0; i < transcript->count; i++) {
        const Note *note = &transcript->notes[i];
        if (note->kind == NOTE_ASSERT && note->verdict != VERDICT_RIGHT) {
            fail_msg("%s: %s", note->text, note->measured);
        }
    }
    assert_true(transcript->asserts > 0 && transcript->failed == 0);
}

static void the_template_runs(void **state)
{
    (void)state;
    JobRig rig = {0};
    job_rig_open(&rig, TEMPLATE);
    expect_verdict(&rig);
    rig.quick = true;
    expect_verdict(&rig);
    rig.quick = false;
    rig.seed = 7;
    rig.settings[0] = (LessonSetting){"entry", "5"};
    rig.setting_count = 1;
    expect_verdict(&rig);
    job_rig_close(&rig);
}

static void the_template_compares_what_was_answered(void **state)
{
    (void)state;
    JobRig rig = {.answers = "{\"p1\": \"1\", \"p2\": \"2\", \"q1\": \"2\"}"};
    job_rig_open(&rig, TEMPLATE);
    expect_verdict(&rig);
    assert_int_equal(job_note_of(&rig, NOTE_PREDICT, "p1")->verdict, VERDICT_RIGHT);
    assert_int_equal(job_note_of(&rig, NOTE_PREDICT, "p2")->verdict, VERDICT_WRONG);
    assert_int_equal(job_note_of(&rig, NOTE_QUIZ, "q1")->verdict, VERDICT_RIGHT);
    job_rig_close(&rig);
}

static const Note *first_prose(const JobRig *rig)
{
    const Transcript *transcript = job_rig_transcript(rig);
    Index             i = 0;
    while (i < transcript->count && transcript->notes[i].kind != NOTE_PROSE) i++;
    assert_true(i < transcript->count);
    return &transcript->notes[i];
}

static void a_translated_lesson_runs_in_both_languages(void **state)
{
    (void)state;
    JobRig rig = {.answers =
                      "{\"p1\": \"2\", \"p2\": \"2\", \"p3\": \"2 1 3\", \"p4\": \"50 80 95\"}"};
    job_rig_open(&rig, "rank-small.md");
    expect_verdict(&rig);
    Index asserts = job_rig_transcript(&rig)->asserts;
    assert_non_null(strstr(first_prose(&rig)->text, "In this matrix"));
    lesson_job_free(rig.job);
    rig.job = NULL;
    lesson_free(rig.lesson);

    rig.lesson = lesson_load(job_lesson("rank-small.md"), "zh", &rig.err);
    assert_ok(&rig.err);
    expect_verdict(&rig);
    assert_int_equal(job_rig_transcript(&rig)->asserts, asserts);
    assert_non_null(strstr(first_prose(&rig)->text, "在这个矩阵里"));
    assert_string_equal(job_note_of(&rig, NOTE_PREDICT, "p2")->measured, "能有多大就有多大");
    rig.quick = true;
    rig.answers = NULL; /* the curve has fewer points then */
    expect_verdict(&rig);
    job_rig_close(&rig);
}

TEST_GROUP(lesson_files, cmocka_unit_test(the_template_runs),
           cmocka_unit_test(the_template_compares_what_was_answered),
           cmocka_unit_test(a_translated_lesson_runs_in_both_languages));
