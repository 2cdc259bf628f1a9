/* Lessons as jobs: what is asked, compared, played and judged. */

#include <string.h>

#include "core/base/mem.h"
#include "lessons/engine/report.h"
#include "tests/lessons/job_rig.h"
#include "tests/test.h"

#define PLAY "play-small.md"

static void assert_said(const JobRig *rig, const char *words)
{
    if (strstr(str_text(&rig->said), words) == NULL) {
        fail_msg("\"%s\" was not said, but:\n%s", words, str_text(&rig->said));
    }
}

static void without_questions_everything_is_measured_and_judged(void **state)
{
    (void)state;
    JobRig rig = {0};
    job_rig_open(&rig, PLAY);
    job_rig_run(&rig);
    assert_ok(&rig.err);
    const Transcript *t = job_rig_transcript(&rig);
    assert_int_equal(t->asserts, 3);
    assert_int_equal(t->failed, 0);
    assert_int_equal(t->predictions, 4);
    assert_int_equal(t->predicted_right, 0);
    assert_null(job_note_of(&rig, NOTE_PREDICT, "number")->answer);
    assert_string_equal(job_note_of(&rig, NOTE_PREDICT, "number")->measured, "1");
    assert_string_equal(job_note_of(&rig, NOTE_PREDICT, "choice")->measured, "B");
    assert_string_equal(job_note_of(&rig, NOTE_PREDICT, "order")->measured, "B (3); A (1)");
    assert_string_equal(job_note_of(&rig, NOTE_PREDICT, "curve")->measured, "2, 1, 1");
    assert_int_equal(job_note_of(&rig, NOTE_FIGURE, "fall")->figure->count, 2);
    assert_int_equal(lesson_job_step(rig.job), 2);
    assert_string_equal(t->repeat, "loralab run it");
    assert_true(t->machine[0] != '\0' && t->backend[0] != '\0');
    job_rig_close(&rig);
}

static void prepared_answers_are_compared(void **state)
{
    (void)state;
    static const struct {
        const char *answers, *id;
        Verdict     verdict;
    } cases[] = {
        {"{\"number\": 1.4}", "number", VERDICT_RIGHT}, /* within the tolerance of 0.5 */
        {"{\"number\": \"1.6\"}", "number", VERDICT_WRONG},
        {"{\"choice\": \"2; because B has no multiples\"}", "choice", VERDICT_RIGHT},
        {"{\"choice\": 3}", "choice", VERDICT_WRONG},
        {"{\"order\": \"2 1\"}", "order", VERDICT_RIGHT},
        {"{\"order\": \"1, 2\"}", "order", VERDICT_WRONG},
        {"{\"curve\": \"4 2 0.5\"}", "curve", VERDICT_RIGHT}, /* each within a factor of 2 */
        {"{\"curve\": \"4 2 0.4\"}", "curve", VERDICT_WRONG},
        {"{\"curve\": \"skip\"}", "curve", VERDICT_NONE},
    };
    JobRig rig = {0};
    job_rig_open(&rig, PLAY);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rig.answers = cases[i].answers;
        job_rig_run(&rig);
        assert_ok(&rig.err);
        const Note *note = job_note_of(&rig, NOTE_PREDICT, cases[i].id);
        if (note->verdict != cases[i].verdict) fail_msg("%s", cases[i].answers);
        assert_int_equal(job_rig_transcript(&rig)->failed, 0); /* no prediction is an error */
        assert_int_equal(job_rig_transcript(&rig)->predicted_right, note->verdict == VERDICT_RIGHT);
        bool said = strstr(cases[i].answers, "because") != NULL;
        if (said) assert_string_equal(note->reason, "B has no multiples");
    }
    job_rig_close(&rig);
}

static void an_explanation_has_the_prediction_beside_it(void **state)
{
    (void)state;
    JobRig rig = {.answers = "{\"number\": 3}"};
    job_rig_open(&rig, PLAY);
    job_rig_run(&rig);
    const Transcript *t = job_rig_transcript(&rig);
    bool              found = false;
    for (Index i = 0; i < t->count; i++) {
        const Note *note = &t->notes[i];
        bool        here = note->kind == NOTE_PROSE && strstr(note->text, "You said 3") != NULL;
        found = found || here;
        if (here) assert_non_null(strstr(note->text, "measured was 1."));
    }
    assert_true(found);
    job_rig_close(&rig);
}

static void a_figure_lays_the_predicted_curve_over_the_measured(void **state)
{
    (void)state;
    JobRig rig = {.answers = "{\"curve\": \"4 2 1\"}"};
    job_rig_open(&rig, PLAY);
    job_rig_run(&rig);
    const Figure *figure = job_note_of(&rig, NOTE_FIGURE, "fall")->figure;
    assert_int_equal(figure->count, 3);
    assert_true(figure->series[2].guess);
    assert_false(figure->series[1].guess);
    assert_close(figure->series[2].y[0], 4, 0);
    assert_close(figure->series[1].y[0], 2, 1e-12);
    assert_close(figure->series[1].x[0], 1, 0);
    job_rig_close(&rig);
}

static const char *const by_hand[] = {"",     "three", "1; because I guess",
                                      "2",    "",      "",
                                      "2 1",  "1 2",   "4 2 1",
                                      "",     "9",     "1",
                                      "hint", "hint",  "hint",
                                      "2",    "",      NULL};

static void points_over_another_measurement_are_one_curve(void **state)
{
    (void)state;
    JobRig rig = {0};
    job_rig_open_text(&rig, "---\nid: a\ntitle: A\nsummary: a\nminutes: 1\nseconds: 9\n"
                            "memory: 50\n---\n\n## S {#s}\n\n"
                            "```predict id=p kind=number\nHow much?\nmeasure: max(t.kept)\n```\n"
                            "```run\nW = matrix random=6x4\nt = sweep r=1,2,3 : truncate W\n```\n"
                            "```plot id=front kind=line title=T x=kept y=error\n"
                            "t.error_frobenius vs t.kept :: truncated\n```\n"
                            "```quiz id=q\nQ?\n[x] a\n[ ] b -> no\nhint: c\nhint: d\n```\n"
                            "```assert\nmax(t.kept) < 1\n```\n");
    job_rig_run(&rig);
    assert_ok(&rig.err);
    const Figure *figure = job_note_of(&rig, NOTE_FIGURE, "front")->figure;
    assert_int_equal(figure->count, 1);
    assert_int_equal(figure->series[0].n, 3);
    assert_true(figure->series[0].x[0] > 0 && figure->series[0].x[2] < 1);
    assert_string_equal(figure->series[0].label, "truncated");
    job_rig_close(&rig);
}

static void questions_are_asked_until_they_are_answered(void **state)
{
    (void)state;
    for (int inside = 0; inside < 2; inside++) {
        JobRig rig = {.lines = by_hand, .inside = inside != 0};
        job_rig_open(&rig, PLAY);
        job_rig_run(&rig);
        assert_ok(&rig.err);
        assert_said(&rig, "a prediction first");
        assert_said(&rig, "\"three\" is not a number");
        assert_said(&rig, "3 numbers are wanted");
        assert_said(&rig, "\"9\" is no choice");
        assert_said(&rig, "its size is 3 x 3 all the same");
        assert_said(&rig, "hint 2 of 2: the second is twice the first");
        assert_said(&rig, "there are no more hints");
        const Note *quiz = job_note_of(&rig, NOTE_QUIZ, "quiz");
        assert_int_equal(quiz->tries, 2);
        assert_int_equal(quiz->verdict, VERDICT_RIGHT);
        assert_int_equal(job_rig_transcript(&rig)->predicted_right, 4);
        assert_string_equal(job_note_of(&rig, NOTE_PREDICT, "number")->reason, "I guess");
        job_rig_close(&rig);
    }
}

/* ---- values ---- */

static void values_come_from_the_lesson_from_quick_and_from_settings(void **state)
{
    (void)state;
    JobRig rig = {.settings = {{"r", "4"}, {"word", "other, words"}}, .setting_count = 2};
    job_rig_open(&rig, PLAY);
    job_rig_run(&rig);
    assert_ok(&rig.err);
    assert_string_equal(job_note_of(&rig, NOTE_PREDICT, "curve")->measured, "4, 1, 1");
    assert_string_equal(job_rig_transcript(&rig)->settings, "r = 4, word = other, words");
    assert_non_null(strstr(job_rig_transcript(&rig)->notes[1].text, "words"));
    job_rig_close(&rig);
}

static void settings_that_do_not_fit_are_refused_before_anything_runs(void **state)
{
    (void)state;
    static const struct {
        LessonSetting setting;
        const char   *words;
    } cases[] = {{{"rr", "2"}, "no value \"rr\""},
                 {{"r", "5"}, "1..4"},
                 {{"r", "two"}, "two"},
                 {{"r", "1,2"}, "1,2"},
                 {{"ranks", "1,9"}, "1..4"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        JobRig rig = {.settings = {cases[i].setting}, .setting_count = 1};
        job_rig_open(&rig, PLAY);
        job_rig_run(&rig);
        assert_error(&rig.err, ERR_INPUT, cases[i].words);
        assert_null(rig.job);
        assert_int_equal(rig.tells, 0);
        job_rig_close(&rig);
    }
}

/* ---- free play ---- */

static const char *const plain[] = {"1", "2", "", "", "2 1", "4 2 1", "", "2", "", NULL};
static const char *const played[] = {
    "1", "2", "",
    /* at the end of the first step: other values, other matrices, errors, a restore */
    "set r=3", "run", "A = matrix rows=\"1 0; 0 1\"", "rank A", "rank nothing", "set r=9",
    "set q=1", "values", "restore", "rank A", "B = matrix rows=\"5 5; 5 5\"", "",
    /* at a question, before and after its step's runs */
    "run", "2 1", "4 2 1", "set r=1", "run", "",
    /* at the quiz */
    "A = matrix rows=\"9 9; 9 9\"", "run", "2", "set r=4", "run", "", NULL};

static void report_of(JobRig *rig, const char *const *lines, Str *report)
{
    Str raw = {0};
    rig->lines = lines;
    job_rig_run(rig);
    assert_ok(&rig->err);
    report_jsonl(&raw, job_rig_transcript(rig));
    blank_timed(report, str_text(&raw));
    str_free(&raw);
}

static void play_harms_neither_lesson_nor_report(void **state)
{
    (void)state;
    JobRig rig = {0};
    Str    without = {0}, with = {0};
    job_rig_open(&rig, PLAY);
    report_of(&rig, plain, &without);
    report_of(&rig, played, &with);
    assert_said(&rig, "r = 3; \"run\"");
    assert_said(&rig, "B: matrix [1, 0, 0; 0, 1, 0; 0, 0, 3]");
    assert_said(&rig, "rank 2");
    assert_said(&rig, "9");
    assert_said(&rig, "no value \"q\"");
    assert_said(&rig, "the step's own state is back");
    assert_said(&rig, "nothing of this step has run yet");
    assert_said(&rig, "does not hold: sb.singular[1] == r (2 == 4)");
    assert_string_equal(str_text(&without), str_text(&with));
    str_free(&without);
    str_free(&with);
    job_rig_close(&rig);
}

/* The control: the same change, made by the lesson's own value, is seen in the report. */
static void a_change_that_is_no_play_is_in_the_report(void **state)
{
    (void)state;
    JobRig rig = {0}, other = {.settings = {{"r", "3"}}, .setting_count = 1};
    Str    one = {0}, two = {0};
    job_rig_open(&rig, PLAY);
    job_rig_open(&other, PLAY);
    report_of(&rig, plain, &one);
    report_of(&other, plain, &two);
    assert_string_not_equal(str_text(&one), str_text(&two));
    str_free(&one);
    str_free(&two);
    job_rig_close(&rig);
    job_rig_close(&other);
}

static void quit_ends_the_lesson_where_it_is(void **state)
{
    (void)state;
    static const char *const lines[] = {"1", "2", "", "quit", NULL};
    JobRig                   rig = {.lines = lines};
    job_rig_open(&rig, PLAY);
    job_rig_run(&rig);
    assert_error(&rig.err, ERR_CANCELLED, NULL);
    assert_int_equal(lesson_job_step(rig.job), 1);
    job_rig_close(&rig);
}

/* ---- steps done earlier ---- */

static void earlier_steps_run_again_without_questions(void **state)
{
    (void)state;
    static const char *const lines[] = {"2 1", "4 2 1", "", "2", "", NULL};
    JobRig rig = {.lines = lines, .from = 1, .answers = "{\"number\": \"1; because I did\"}"};
    job_rig_open(&rig, PLAY);
    job_rig_run(&rig);
    assert_ok(&rig.err);
    assert_int_equal(job_rig_transcript(&rig)->asserts, 3);
    assert_int_equal(job_note_of(&rig, NOTE_PREDICT, "number")->verdict, VERDICT_RIGHT);
    assert_null(job_note_of(&rig, NOTE_PREDICT, "choice")->answer);
    assert_non_null(job_note_of(&rig, NOTE_PREDICT, "order")->answer);
    job_rig_close(&rig);
}

static void an_answer_without_a_question_is_not_taken(void **state)
{
    (void)state;
    JobRig rig = {0};
    job_rig_open(&rig, PLAY);
    job_rig_run(&rig);
    assert_false(lesson_job_asking(rig.job));
    assert_false(lesson_job_answer(rig.job, "1"));
    lesson_job_cancel(rig.job); /* after the end: nothing */
    assert_true(lesson_job_wait(rig.job, &rig.err));
    job_rig_close(&rig);
}

TEST_GROUP(engine, cmocka_unit_test(without_questions_everything_is_measured_and_judged),
           cmocka_unit_test(prepared_answers_are_compared),
           cmocka_unit_test(an_explanation_has_the_prediction_beside_it),
           cmocka_unit_test(a_figure_lays_the_predicted_curve_over_the_measured),
           cmocka_unit_test(points_over_another_measurement_are_one_curve),
           cmocka_unit_test(questions_are_asked_until_they_are_answered),
           cmocka_unit_test(values_come_from_the_lesson_from_quick_and_from_settings),
           cmocka_unit_test(settings_that_do_not_fit_are_refused_before_anything_runs),
           cmocka_unit_test(play_harms_neither_lesson_nor_report),
           cmocka_unit_test(a_change_that_is_no_play_is_in_the_report),
           cmocka_unit_test(quit_ends_the_lesson_where_it_is),
           cmocka_unit_test(earlier_steps_run_again_without_questions),
           cmocka_unit_test(an_answer_without_a_question_is_not_taken));
