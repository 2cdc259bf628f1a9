/* A training that is led: whatever is asked of it, it ends with the bytes of one left alone. */

#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/rooms/workbench/session.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/train/runlog.h"
#include "tests/lab/lab_rig.h"
#include "tests/test.h"

#define SMALL "train --examples 40 --eval_examples 4 --max_steps 12 --eval_steps 5 --threads 2"

typedef struct Rig {
    LabRig        lab;
    sem_t         wakes;
    TrainSession *session;
    SessionLook   look;
    int64_t       serial;
    int64_t       snapshot_bytes;
    Index         snapshot_steps;
} Rig;

static void wake(void *context)
{
    sem_post(context);
}

static void rig_open(Rig *rig)
{
    memset(rig, 0, sizeof *rig);
    lab_rig_open(&rig->lab);
    assert_int_equal(sem_init(&rig->wakes, 0, 0), 0);
}

static void start(Rig *rig, const char *line)
{
    Error err = {0};
    Args *args = lab_parse(line, &err);
    assert_ok(&err);
    SessionSpec spec = {.lab = rig->lab.lab,
                        .args = args,
                        .wake = wake,
                        .context = &rig->wakes,
                        .snapshot_bytes = rig->snapshot_bytes,
                        .snapshot_steps = rig->snapshot_steps};
    rig->serial = 0;
    rig->session = session_create(&spec, &err);
    assert_ok(&err);
}

static void rig_close(Rig *rig)
{
    session_free(rig->session, false);
    sem_destroy(&rig->wakes);
    lab_rig_close(&rig->lab);
}

static void end(Rig *rig)
{
    session_free(rig->session, false);
    rig->session = NULL;
}

/* Waits for what it tells, not for time. */
static void await(Rig *rig, SessionState state, Index step)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 60;
    while (true) {
        session_look(rig->session, &rig->look, &rig->serial);
        bool there = rig->look.state == state && rig->look.doing == NULL;
        if (there && (step < 0 || rig->look.record.step == step)) return;
        if (sem_timedwait(&rig->wakes, &until) != 0) {
            fail_msg("state %d at step %td (%s), not %d at %td", (int)rig->look.state,
                     rig->look.record.step, rig->look.error.message, (int)state, step);
        }
    }
}

static void await_step(Rig *rig, Index step)
{
    while (true) {
        session_look(rig->session, &rig->look, &rig->serial);
        if (rig->look.record.step >= step) return;
        assert_true(rig->look.error.code == ERR_NONE);
        sem_wait(&rig->wakes);
    }
}

static void assert_same_file(const char *a, const char *b)
{
    Error err = {0};
    Index n, m;
    char *x = file_read_all(a, 1 << 24, &n, &err), *y = file_read_all(b, 1 << 24, &m, &err);
    assert_ok(&err);
    assert_int_equal(n, m);
    assert_memory_equal(x, y, (size_t)n);
    mem_free(x);
    mem_free(y);
}

static bool same_file(const char *a, const char *b)
{
    Error err = {0};
    Index n, m;
    char *x = file_read_all(a, 1 << 24, &n, &err), *y = file_read_all(b, 1 << 24, &m, &err);
    assert_ok(&err);
    bool same = n == m && memcmp(x, y, (size_t)n) == 0;
    mem_free(x);
    mem_free(y);
    return same;
}

#define ADAPTER "adapter_model.safetensors"

/* ---- tests ---- */

static void it_ends_like_the_command(void **state)
{
    (void)state;
    Rig rig;
    rig_open(&rig);
    lab_must(&rig.lab, SMALL " --out %s/command");
    lab_must(&rig.lab, SMALL " --out %s/other --learning_rate 1e-3");
    start(&rig, SMALL " --out %s/led");
    await(&rig, SESSION_READY, -1);
    assert_true(rig.look.shape.N > 0);
    assert_true(!path_exists(test_path("led"))); /* nothing is written before the first step */
    session_run(rig.session);
    await(&rig, SESSION_DONE, 12);
    assert_int_equal(rig.look.error.code, ERR_NONE);
    assert_int_equal(rig.look.record.steps.count, 12);
    assert_true(rig.look.record.norm_count >= 5);
    assert_int_equal(rig.look.record.module_count, 28);
    assert_true(rig.look.record.moment_count > 20);
    assert_true(rig.look.record.has_memory);
    assert_true(rig.look.record.text_step == 12);
    assert_string_equal(rig.look.name, "led");
    end(&rig);
    assert_same_file(test_path("command/" ADAPTER), test_path("led/" ADAPTER));
    /* the control: other settings end elsewhere */
    assert_false(same_file(test_path("other/" ADAPTER), test_path("led/" ADAPTER)));
    rig_close(&rig);
}

static void pausing_stepping_and_rewinding_change_no_byte(void **state)
{
    (void)state;
    Rig   rig;
    Error err = {0};
    rig_open(&rig);
    rig.snapshot_steps = 3;
    lab_must(&rig.lab, SMALL " --lora_dropout 0.1 --out %s/alone");
    start(&rig, SMALL " --lora_dropout 0.1 --out %s/led");
    session_step(rig.session);
    await(&rig, SESSION_PAUSED, 1);
    session_step(rig.session);
    await(&rig, SESSION_PAUSED, 2);
    session_run(rig.session);
    await_step(&rig, 5);
    session_pause(rig.session);
    await(&rig, SESSION_PAUSED, -1);
    Index at = rig.look.record.step;
    assert_in_range(at, 5, 12);
    session_write(rig.session, false);
    session_write(rig.session, true);
    session_run(rig.session);
    await(&rig, SESSION_DONE, 12);
    assert_int_equal(rig.look.snapshot_count, 5); /* 0 3 6 9 12 */

    session_rewind(rig.session);
    await(&rig, SESSION_PAUSED, 9);
    session_rewind(rig.session);
    await(&rig, SESSION_PAUSED, 6);
    assert_int_equal(rig.look.record.steps.count, 6);
    session_run(rig.session);
    await(&rig, SESSION_DONE, 12);
    end(&rig);
    assert_same_file(test_path("alone/" ADAPTER), test_path("led/" ADAPTER));

    /* The log reads as if nothing had been taken back. */
    RunData *data = runlog_read(test_path("led/run.jsonl"), &err);
    assert_ok(&err);
    assert_int_equal(data->step_count, 12);
    for (Index i = 0; i < data->step_count; i++) assert_int_equal(data->steps[i].step, i + 1);
    assert_true(data->end[0] != '\0');
    rundata_free(data);
    rig_close(&rig);
}

static void stopping_saves_a_checkpoint_and_loses_nothing(void **state)
{
    (void)state;
    Rig  rig;
    char name[64];
    rig_open(&rig);
    lab_must(&rig.lab, SMALL " --out %s/alone");
    start(&rig, SMALL " --out %s/led");
    session_run(rig.session);
    await_step(&rig, 3);
    session_stop(rig.session);
    await(&rig, SESSION_PAUSED, -1);
    snprintf(name, sizeof name, "led/checkpoint-%td", rig.look.record.step);
    assert_true(path_exists(test_path(name)));
    assert_non_null(strstr(rig.look.record.saved, "checkpoint-"));
    session_free(rig.session, true);
    rig.session = NULL;
    /* The command goes on where the screen stopped. */
    lab_must(&rig.lab, SMALL " --out %s/led --resume_from_checkpoint last");
    assert_same_file(test_path("alone/" ADAPTER), test_path("led/" ADAPTER));
    rig_close(&rig);
}

static void the_adapter_can_be_taken_off(void **state)
{
    (void)state;
    Rig rig;
    rig_open(&rig);
    start(&rig, SMALL " --learning_rate 0.02 --out %s/led");
    session_run(rig.session);
    await(&rig, SESSION_DONE, 12);
    session_write(rig.session, false);
    while (!rig.look.adapter_off) {
        sem_wait(&rig.wakes);
        session_look(rig.session, &rig.look, &rig.serial);
    }
    await(&rig, SESSION_DONE, 12);
    assert_string_equal(rig.look.text_off, rig.look.text_before);
    assert_string_not_equal(rig.look.text_off, rig.look.record.text);
    assert_true(rig.look.text_off[0] != '\0');
    rig_close(&rig);
}

static void snapshots_are_bounded(void **state)
{
    (void)state;
    Rig rig;
    rig_open(&rig);
    rig.snapshot_steps = 1;
    start(&rig, SMALL " --max_steps 40 --eval_steps 0 --out %s/many");
    session_run(rig.session);
    await(&rig, SESSION_DONE, 40);
    assert_in_range(rig.look.snapshot_count, 8, SESSION_SNAPSHOTS);
    assert_int_equal(rig.look.snapshots[0], 0);
    end(&rig);

    rig.snapshot_bytes = 1; /* not even one fits */
    start(&rig, SMALL " --out %s/none");
    session_step(rig.session);
    await(&rig, SESSION_PAUSED, 1);
    session_rewind(rig.session);
    while (rig.look.error.code == ERR_NONE) {
        sem_wait(&rig.wakes);
        session_look(rig.session, &rig.look, &rig.serial);
    }
    assert_error(&rig.look.error, ERR_INPUT, "no snapshot");
    assert_int_equal(rig.look.record.step, 1);
    rig_close(&rig);
}

static void what_cannot_be_trained_is_said(void **state)
{
    (void)state;
    Rig rig;
    rig_open(&rig);
    start(&rig, "train --data no-such-task");
    await(&rig, SESSION_FAILED, -1);
    assert_error(&rig.look.error, ERR_INPUT, "no task \"no-such-task\"");
    session_run(rig.session); /* is not heard, and nothing hangs */
    end(&rig);

    start(&rig, SMALL " --optim sgd --warmup_ratio 0 --learning_rate 1e6 --max_grad_norm 0 "
                      "--eval_steps 0 --out %s/wild");
    session_run(rig.session);
    await(&rig, SESSION_PAUSED, -1);
    assert_error(&rig.look.error, ERR_NUMERIC, "the loss is");
    session_rewind(rig.session);
    await(&rig, SESSION_PAUSED, 0);
    assert_int_equal(rig.look.error.code, ERR_NONE);
    rig_close(&rig);
}

static void out_of_memory_at_any_moment_is_a_sentence(void **state)
{
    (void)state;
    Rig rig;
    int failed = 0;
    rig_open(&rig);
    lab_must(&rig.lab, SMALL " --max_steps 2 --out %s/first"); /* the base is loaded */
    for (int64_t n = 0; n < 6000; n += 1 + n / 9) {
        Error err = {0};
        char  line[256];
        snprintf(line, sizeof line, SMALL " --max_steps 3 --out %%s/oom-%lld", (long long)n);
        Args *args = lab_parse(line, &err);
        assert_ok(&err);
        SessionSpec spec = {.lab = rig.lab.lab, .args = args, .wake = wake, .context = &rig.wakes};
        rig.session = session_create(&spec, &err);
        assert_ok(&err);
        mem_fail_after(n, true);
        session_run(rig.session);
        rig.serial = 0;
        rig.look = (SessionLook){0};
        while (rig.look.error.code == ERR_NONE && rig.look.state != SESSION_DONE) {
            sem_wait(&rig.wakes);
            session_look(rig.session, &rig.look, &rig.serial);
        }
        mem_fail_off();
        failed += rig.look.error.code == ERR_MEMORY;
        if (rig.look.error.code != ERR_MEMORY) assert_int_equal(rig.look.state, SESSION_DONE);
        end(&rig);
    }
    assert_true(failed > 20);
    rig_close(&rig);
}

static void leaving_at_any_moment_is_quick(void **state)
{
    (void)state;
    Rig rig;
    rig_open(&rig);
    for (int i = 0; i < 24; i++) {
        struct timespec pause = {.tv_nsec = (i * 7919 % 160) * 1000000L};
        char            line[256];
        snprintf(line, sizeof line, SMALL " --max_steps 300 --out %%s/leave-%d", i);
        start(&rig, line);
        session_run(rig.session);
        nanosleep(&pause, NULL);
        if (i % 4 == 1) session_rewind(rig.session);
        if (i % 4 == 2) session_write(rig.session, false);
        if (i % 4 == 3) session_stop(rig.session);
        double begin = clock_seconds();
        session_free(rig.session, i % 2 == 0);
        rig.session = NULL;
        assert_true(clock_seconds() - begin < 5.0); /* seconds under a sanitizer, not hours */
    }
    rig_close(&rig);
}

/* Curves of any length take the same room, and a mean stays a mean. */
static void a_long_record_stays_small(void **state)
{
    (void)state;
    static TrainRecord record;
    record_init(&record);
    for (Index step = 1; step <= 100000; step++) {
        Event event = {.type = EVENT_STEP,
                       .step = step,
                       .steps = 100000,
                       .loss = 2.0,
                       .grad_norm = (double)step,
                       .learning_rate = 1e-3,
                       .tokens = 10,
                       .seconds = 0.01};
        record_event(&record, &event);
    }
    assert_in_range(record.steps.count, RECORD_STEPS / 2 - 1, RECORD_STEPS);
    for (Index i = 0; i < record.steps.count; i++) {
        double middle = record.steps.x[i] - (double)(record.steps.stride - 1) / 2;
        assert_close(record.steps.loss[i], 2.0, 1e-12);
        assert_close(record.steps.gradient[i], middle, 1e-6);
    }
    record_back(&record, 50000);
    assert_true(record.steps.x[record.steps.count - 1] <= 50000);
    assert_int_equal(record.step, 50000);
}

TEST_GROUP(session, cmocka_unit_test(it_ends_like_the_command),
           cmocka_unit_test(pausing_stepping_and_rewinding_change_no_byte),
           cmocka_unit_test(stopping_saves_a_checkpoint_and_loses_nothing),
           cmocka_unit_test(the_adapter_can_be_taken_off), cmocka_unit_test(snapshots_are_bounded),
           cmocka_unit_test(what_cannot_be_trained_is_said),
           cmocka_unit_test(out_of_memory_at_any_moment_is_a_sentence),
           cmocka_unit_test(leaving_at_any_moment_is_quick),
           cmocka_unit_test(a_long_record_stays_small));
