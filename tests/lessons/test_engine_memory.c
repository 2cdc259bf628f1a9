/* The limit of memory that a lesson names holds while it computes, and only then. */

#include <string.h>

#include "core/base/mem.h"
#include "tests/lessons/job_rig.h"
#include "tests/test.h"

static const char lesson[] =
    "---\nid: a\ntitle: A\nsummary: a\nminutes: 1\nseconds: 60\nmemory: 50\n---\n\n## S {#s}\n\n"
    "```predict id=p kind=number\nHow much?\nmeasure: e.loss\n```\n"
    "```run\ne = eval data=sql examples=2\n```\n<!-- pause -->\n"
    "```run\nf = eval data=sql examples=2\n```\n"
    "```quiz id=q\nQ?\n[x] a\n[ ] b -> no\nhint: c\nhint: d\n```\n"
    "```assert\nf.loss == e.loss\n```\n";

enum { ASKED = 100 * 1000 * 1000 }; /* twice what the lesson may take */

typedef struct Seen {
    int waits_granted, waits, results_granted, results;
} Seen;

static bool is_granted(void)
{
    void *block = mem_alloc_raw(mem_program(), MEM_SCRATCH, ASKED, 1, NULL);
    mem_free(block);
    return block != NULL;
}

/* The first question comes before the base is there: nothing is limited yet. */
static void on_tell(void *context, const Tell *tell)
{
    Seen *seen = context;
    if (tell->kind == TELL_ASK) {
        seen->waits++;
        seen->waits_granted += is_granted();
        assert_true(lesson_job_answer(tell->job, tell->question->kind == ASK_QUIZ      ? "1"
                                                 : tell->question->kind == ASK_PREDICT ? "1"
                                                                                       : ""));
    }
    if (tell->kind == TELL_NOTE && tell->note->kind == NOTE_RESULT) {
        seen->results++;
        seen->results_granted += is_granted();
    }
}

static void the_limit_holds_while_it_computes_and_not_while_it_waits(void **state)
{
    (void)state;
    JobRig rig = {0};
    Seen   seen = {0};
    job_rig_open_text(&rig, lesson);
    LessonJobSpec spec = {.lab = rig.lab,
                          .lesson = rig.lesson,
                          .stage = {.context = &seen, .tell = on_tell, .plays = true},
                          .threads = 1,
                          .asks = true};
    rig.job = lesson_job_start(&spec, &rig.err);
    assert_ok(&rig.err);
    if (!lesson_job_wait(rig.job, &rig.err)) fail_msg("%s", rig.err.message);
    assert_int_equal(seen.results, 2);
    assert_int_equal(seen.results_granted, 0);
    assert_in_range(seen.waits, 4, 6); /* predict, budget, pause, quiz, end */
    assert_int_equal(seen.waits_granted, seen.waits);
    job_rig_close(&rig);
    assert_true(is_granted());
}

TEST_GROUP(engine_memory,
           cmocka_unit_test(the_limit_holds_while_it_computes_and_not_while_it_waits));
