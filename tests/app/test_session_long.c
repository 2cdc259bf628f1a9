/* An hour of training, compressed: memory does not grow; nor does any size of the screen matter. */

#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/rooms/workbench/session.h"
#include "core/base/mem.h"
#include "tests/app/screens.h"
#include "tests/app/watch.h"
#include "tests/lab/lab_rig.h"
#include "tests/test.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SLOWER = 8 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
enum { SLOWER = 8 };
#else
enum { SLOWER = 1 };
#endif
#else
enum { SLOWER = 1 };
#endif

/* Steps as short as they can be: one row of few tokens, one small pair. */
#define SHORT                                                                           \
    "--examples 8 --eval_examples 2 --per_device_train_batch_size 1 --r 1 --threads 1 " \
    "--target_modules q_proj"

/* ---- a session alone ---- */

typedef struct Rig {
    LabRig        lab;
    sem_t         wakes;
    TrainSession *session;
    SessionLook   look;
    int64_t       serial;
} Rig;

static void wake(void *context)
{
    sem_post(context);
}

static void start(Rig *rig, Index steps)
{
    Error err = {0};
    char  line[300];
    memset(rig, 0, sizeof *rig);
    lab_rig_open(&rig->lab);
    assert_int_equal(sem_init(&rig->wakes, 0, 0), 0);
    snprintf(line, sizeof line, "train " SHORT " --max_steps %td --eval_steps 50 --out %%s/long",
             steps);
    Args *args = lab_parse(line, &err);
    assert_ok(&err);
    SessionSpec spec = {.lab = rig->lab.lab, .args = args, .wake = wake, .context = &rig->wakes};
    rig->session = session_create(&spec, &err);
    assert_ok(&err);
}

static void end(Rig *rig)
{
    session_free(rig->session, false);
    sem_destroy(&rig->wakes);
    lab_rig_close(&rig->lab);
}

static void hear(Rig *rig)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 120;
    if (sem_timedwait(&rig->wakes, &until) != 0) fail_msg("nothing is heard of it");
    (void)session_look(rig->session, &rig->look, &rig->serial);
    if (rig->look.error.code != ERR_NONE) fail_msg("%s", rig->look.error.message);
}

/* Lets it make steps up to this one, stops it there, and counts what is in memory. */
static int64_t bytes_at(Rig *rig, Index step)
{
    session_run(rig->session);
    while (rig->look.record.step < step) hear(rig);
    session_pause(rig->session);
    while (rig->look.state != SESSION_PAUSED || rig->look.doing != NULL) hear(rig);
    return mem_live_bytes();
}

/* What may come and go: blocks that grow by doubling, a snapshot more or less (12 bytes each of
 * 1,024 numbers, and what describes them). */
enum { SLACK = 256 << 10 };

static bool grows(int64_t before, int64_t after)
{
    return after > before + SLACK;
}

static void thousands_of_steps_need_no_more_memory(void **state)
{
    (void)state;
    enum { EARLY = 800 / SLOWER, LATE = 3200 / SLOWER };
    static Rig rig;
    start(&rig, 2 * LATE);
    int64_t early = bytes_at(&rig, EARLY), late = bytes_at(&rig, LATE);
    if (grows(early, late)) {
        fail_msg("%lld bytes after %d steps, %lld after %d", (long long)early, EARLY,
                 (long long)late, LATE);
    }
    /* The control: what is kept is seen. */
    void *kept = mem_alloc(mem_program(), MEM_TEXT, 1, 2 * SLACK, NULL);
    assert_non_null(kept);
    assert_true(grows(early, mem_live_bytes()));
    mem_free(kept);
    end(&rig);
}

static void going_back_and_on_needs_no_more_memory(void **state)
{
    (void)state;
    enum { TIMES = 64 / SLOWER, STEPS = 40 };
    static Rig rig;
    int64_t    early = 0, late = 0;
    start(&rig, 10 * STEPS);
    for (int i = 0; i < TIMES; i++) {
        late = bytes_at(&rig, STEPS);
        if (i == TIMES / 4) early = late;
        while (rig.look.record.step >= STEPS) {
            session_rewind(rig.session);
            do hear(&rig);
            while (rig.look.state != SESSION_PAUSED || rig.look.doing != NULL);
        }
    }
    if (grows(early, late)) {
        fail_msg("%lld bytes at first, %lld at the end", (long long)early, (long long)late);
    }
    end(&rig);
}

/* ---- the screen around one ---- */

enum { RESIZES = 1000, OFTEN = 50 };

typedef struct Hand {
    uint64_t random;
    int      resizes, begun;
    int64_t  early, late; /* the most that was in memory, over the first and last tenth */
} Hand;

static void count_bytes(Hand *hand)
{
    int64_t bytes = mem_live_bytes();
    if (hand->resizes < RESIZES / 10 && bytes > hand->early) hand->early = bytes;
    if (hand->resizes >= RESIZES - RESIZES / 10 && bytes > hand->late) hand->late = bytes;
}

static bool resize(Watch *watch, Key *key)
{
    static const Key others[] = {{K_TAB, 0},    {K_DOWN, 0},   {K_PAGE_DOWN, 0}, {K_RIGHT, 0},
                                 {K_CHAR, 'S'}, {K_CHAR, 'y'}, {K_CHAR, 'r'},    {K_CTRL, 'l'}};
    Hand            *hand = watch->context;
    int              others_count = sizeof others / sizeof *others;
    if (hand->begun == 0) {
        if (!watch_shows(watch, "ready")) return false;
        hand->begun = 1;
        *key = (Key){K_CHAR, 'p'};
        return true;
    }
    if (hand->begun == 1) {
        if (!watch_shows(watch, "tokens/s")) return false;
        hand->begun = 2;
    }
    if (hand->resizes == RESIZES && watch->rows == 24) {
        *key = (Key){K_GONE, 0};
        return true;
    }
    if (hand->begun++ % 3 == 0) {
        *key = others[next_random(&hand->random, others_count)];
        return true;
    }
    hand->resizes += hand->resizes < RESIZES;
    watch->rows = next_random(&hand->random, 100) + 1;
    watch->cols = next_random(&hand->random, 300) + 1;
    if (hand->resizes % OFTEN == 0) {
        watch->rows = 24;
        watch->cols = 80;
        count_bytes(hand);
    }
    *key = (Key){K_RESIZE, 0};
    return true;
}

static void a_thousand_sizes_while_it_trains(void **state)
{
    (void)state;
    LabRig rig;
    Hand   hand = {.random = 7};
    Watch  watch = {.rows = 36, .cols = 120, .sized_only = true, .next = resize, .context = &hand};
    lab_rig_open(&rig);
    watch_run(&watch, rig.lab, ROOM_WORKBENCH,
              "examples=8 eval_examples=2 per_device_train_batch_size=1 r=1 "
              "target_modules=q_proj max_steps=200000 eval_steps=0");
    assert_int_equal(hand.resizes, RESIZES);
    assert_true(watch.shown > RESIZES);
    if (!watch_shows(&watch, "training")) fail_msg("it does not train:\n%s", str_text(&watch.text));
    /* Snapshots fill up to their number, curves are of fixed size, the rest comes and goes. */
    if (hand.late > hand.early + (4 << 20)) {
        fail_msg("%lld bytes at first, %lld at the end", (long long)hand.early,
                 (long long)hand.late);
    }
    watch_free(&watch);
    lab_rig_close(&rig);
}

TEST_GROUP(session_long, cmocka_unit_test(thousands_of_steps_need_no_more_memory),
           cmocka_unit_test(going_back_and_on_needs_no_more_memory),
           cmocka_unit_test(a_thousand_sizes_while_it_trains));
