/* How a lesson may end: cancelled at any event, out of budget or memory, failed, by an error. */

#include <string.h>

#include "core/base/mem.h"
#include "lessons/engine/report.h"
#include "tests/lessons/job_rig.h"
#include "tests/test.h"

#define HEAD                                                                   \
    "---\nid: x\ntitle: T\nsummary: s\nminutes: 1\nseconds: %s\nmemory: 400\n" \
    "seed: 1\n---\n\n## One {#one}\n\n"                                        \
    "```predict id=p kind=number\nWhich?\nmeasure: a.rank\n```\n\n"
#define TAIL                                                                                \
    "\n```quiz id=q\nWhich?\n[ ] this -> not this\n[x] that -> that\nhint: not this\n```\n" \
    "\n```assert\na.rank == 1\n```\n"

static void open_with(JobRig *rig, const char *seconds, const char *middle)
{
    Str text = {0};
    str_add(&text, HEAD);
    char *at = strstr(text.data, "%s");
    Str   whole = {0};
    str_add_bytes(&whole, text.data, at - text.data);
    str_addf(&whole, "%s%s%s%s", seconds, at + 2, middle, TAIL);
    job_rig_open_text(rig, str_text(&whole));
    str_free(&text);
    str_free(&whole);
}

/* ---- cancel ---- */

static const char *const lines[] = {"1",     "2", "",     "set r=3", "run", "rank A", "",  "2 1",
                                    "4 2 1", "",  "hint", "1",       "2",   "",       NULL};

/* At each tell in turn, from its thread; whatever the job was about, it ends at once. */
static void cancel_everywhere(const char *lesson, const char *const *typed, bool inside)
{
    JobRig rig = {.lines = typed, .inside = inside, .quick = true};
    job_rig_open(&rig, lesson);
    job_rig_run(&rig);
    assert_ok(&rig.err);
    Index all = rig.tells;
    assert_true(all > 20);
    int64_t live = mem_live_blocks();
    for (Index k = 1; k <= all; k++) {
        rig.cancel_at = k;
        job_rig_run(&rig);
        /* Cancelled at its last words it has ended already. */
        if (k < all) assert_error(&rig.err, ERR_CANCELLED, "stopped");
        /* After the cancel come what was under way and the close. */
        if (rig.tells > k + 4)
            fail_msg("cancelled at %td of %td, ended at %td", k, all, (Index)rig.tells);
        lesson_job_free(rig.job);
        rig.job = NULL;
        str_free(&rig.said);
        assert_true(mem_live_blocks() <= live);
    }
    job_rig_close(&rig);
}

static void a_lesson_ends_when_it_is_cancelled_at_any_event(void **state)
{
    (void)state;
    cancel_everywhere("play-small.md", lines, true);
    cancel_everywhere("play-small.md", lines, false);
}

static void a_training_ends_when_it_is_cancelled_at_any_event(void **state)
{
    (void)state;
    static const char *const typed[] = {"3", "", "2", "", NULL};
    cancel_everywhere("train-small.md", typed, true);
}

static void a_waiting_question_ends_when_another_thread_cancels(void **state)
{
    (void)state;
    static const char *const none[] = {NULL};
    JobRig                   rig = {.lines = none, .inside = true, .cancel_at = 5};
    job_rig_open(&rig, "play-small.md");
    for (Index k = 1; k < 12; k++) {
        rig.cancel_at = 0;
        LessonJobSpec spec = {.lab = rig.lab,
                              .lesson = rig.lesson,
                              .stage = {.plays = true},
                              .threads = 1,
                              .asks = true};
        rig.job = lesson_job_start(&spec, &rig.err);
        assert_non_null(rig.job);
        while (!lesson_job_asking(rig.job)) continue;
        if (k % 2 == 0) lesson_job_cancel(rig.job);
        lesson_job_free(rig.job); /* cancels what waits */
        rig.job = NULL;
    }
    job_rig_close(&rig);
}

/* ---- budget ---- */

#define LONG_TRAINING                                         \
    "```run id=r\nA = matrix rows=\"1 2; 2 4\"\na = rank A\n" \
    "t = train data=sql max_steps=20000 eval_steps=0\n```\n"
#define SHORT_TRAINING                                        \
    "```run id=r\nA = matrix rows=\"1 2; 2 4\"\na = rank A\n" \
    "t = train data=sql max_steps=2 eval_steps=0\n```\n"

static void a_spent_budget_ends_the_lesson_and_names_it(void **state)
{
    (void)state;
    JobRig rig = {0};
    open_with(&rig, "1", LONG_TRAINING);
    double begun = clock_seconds();
    job_rig_run(&rig);
    assert_error(&rig.err, ERR_FAILED, "budget of 1 s");
    assert_true(clock_seconds() - begun < 10);
    job_rig_close(&rig);
    /* The control: what fits is not stopped. */
    JobRig fits = {0};
    open_with(&fits, "60", SHORT_TRAINING);
    job_rig_run(&fits);
    assert_ok(&fits.err);
    job_rig_close(&fits);
}

/* ---- verdicts ---- */

static Index line_of(const Lesson *lesson, const char *text)
{
    Index line = 1;
    for (const char *at = lesson->source; at < strstr(lesson->source, text); at++) {
        line += *at == '\n';
    }
    return line;
}

static void a_failed_assert_is_counted_and_no_error(void **state)
{
    (void)state;
    static const struct {
        const char *block, *figures;
    } cases[] = {
        {"```assert\na.rank == 2\n```\n", "1 == 2"},
        {"```assert\nlog(a.rank - 1) < 1\n```\n", ""}, /* not finite */
        {"```assert\na.singular[7] < 1\n```\n", ""},   /* missing */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Str    middle = {0};
        JobRig rig = {0};
        str_addf(&middle, "```run id=r\nA = matrix rows=\"1 2; 2 4\"\na = rank A\n```\n\n%s",
                 cases[i].block);
        open_with(&rig, "10", middle.data);
        job_rig_run(&rig);
        assert_ok(&rig.err);
        const Transcript *t = job_rig_transcript(&rig);
        assert_int_equal(t->asserts, 2);
        assert_int_equal(t->failed, 1);
        bool found = false;
        for (Index n = 0; n < t->count; n++) {
            const Note *note = &t->notes[n];
            bool        failed = note->kind == NOTE_ASSERT && note->verdict == VERDICT_WRONG;
            if (failed) assert_non_null(strstr(note->measured, cases[i].figures));
            if (failed) assert_true(note->measured[0] != '\0');
            if (failed) assert_int_equal(note->place.line, line_of(rig.lesson, note->text));
            found = found || failed;
        }
        assert_true(found);
        str_free(&middle);
        job_rig_close(&rig);
    }
}

static void an_error_of_a_command_names_its_place(void **state)
{
    (void)state;
    JobRig rig = {0};
    open_with(&rig, "10",
              "```run id=r\nA = matrix rows=\"1 2; 2 4\"\na = rank A\nB = matrix rows=\"1 2 3\"\n"
              "C = matmul A B\n```\n");
    job_rig_run(&rig);
    assert_error(&rig.err, ERR_INPUT, "lesson.md:22:1");
    assert_int_equal(lesson_job_step(rig.job), 0);
    job_rig_close(&rig);
}

/* ---- memory ---- */

static void run_once(void *context, Error *err)
{
    JobRig *rig = context;
    Str     reports = {0};
    str_free(&rig->said);
    job_rig_run(rig);
    if (rig->err.code != ERR_NONE) error_set(err, rig->err.code, "%s", rig->err.message);
    if (rig->job != NULL && rig->err.code == ERR_NONE) {
        report_markdown(&reports, job_rig_transcript(rig));
        report_html(&reports, job_rig_transcript(rig));
        report_jsonl(&reports, job_rig_transcript(rig));
        if (!str_ok(&reports, err)) reports.failed = true;
    }
    str_free(&reports);
    lesson_job_free(rig->job);
    rig->job = NULL;
    str_free(&rig->said);
}

static void a_lesson_survives_every_failed_allocation(void **state)
{
    (void)state;
    JobRig rig = {.deaf = true};
    job_rig_open(&rig, "play-small.md");
    Error err = {0};
    run_once(&rig, &err); /* loads the base, which other tests let fail */
    assert_ok(&err);
    torture(run_once, &rig);
    job_rig_close(&rig);
}

TEST_GROUP(engine_ends, cmocka_unit_test(a_lesson_ends_when_it_is_cancelled_at_any_event),
           cmocka_unit_test(a_training_ends_when_it_is_cancelled_at_any_event),
           cmocka_unit_test(a_waiting_question_ends_when_another_thread_cancels),
           cmocka_unit_test(a_spent_budget_ends_the_lesson_and_names_it),
           cmocka_unit_test(a_failed_assert_is_counted_and_no_error),
           cmocka_unit_test(an_error_of_a_command_names_its_place),
           cmocka_unit_test(a_lesson_survives_every_failed_allocation));
