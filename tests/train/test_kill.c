/*
 * kill -9 at any moment: what is on disk goes on to the very bytes of a run that was left alone.
 * $LORALAB_KILLS is how many random moments are tried (the soak test asks for more).
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/hash.h"
#include "tests/test.h"
#include "tests/train/rig.h"

enum { STEPS = 10, KILLS = 50 };

static TrainSettings settings_of_run(void)
{
    TrainSettings settings = rig_hard_settings();
    settings.max_steps = STEPS;
    settings.save_steps = 1;
    settings.save_total_limit = 2;
    return settings;
}

/* What a process does: lock, go on from what is there, train to the end, write the adapter. */
static void train(const char *out)
{
    Rig           rig;
    Error         err = {0};
    char         *last;
    TrainSettings settings = settings_of_run();
    RigSpec       spec = rig_hard(out);

    FolderLock *lock = folder_lock(out, &err);
    assert_ok(&err);
    rig_open(&rig, &spec, &settings);
    assert_true(checkpoint_last(out, &last, &err));
    if (last != NULL) assert_true(trainer_resume(rig.trainer, last, &err));
    assert_ok(&err);
    assert_true(trainer_run(rig.trainer, NULL, &err));
    assert_true(rig.method->save(rig.method, out, &err));
    assert_ok(&err);
    mem_free(last);
    rig_close(&rig);
    folder_unlock(lock);
}

static pid_t start(const char *out, int64_t die_at)
{
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child > 0) return child;
    setenv("CMOCKA_TEST_ABORT", "1", 1); /* a failed assertion ends this process, not the test */
    if (die_at >= 0) file_fail_after(die_at, 0, false);
    train(out);
    _exit(0);
}

static void wait_ms(double ms)
{
    struct timespec pause = {.tv_sec = (time_t)(ms / 1000),
                             .tv_nsec = (long)((ms - 1000 * (double)(time_t)(ms / 1000)) * 1e6)};
    nanosleep(&pause, NULL);
}

/* True when it ended by SIGKILL, false when it ended well. */
static bool was_killed(pid_t child)
{
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) return true;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("the child's status is %d", status);
    return false;
}

static uint64_t adapter_hash(const char *out)
{
    Error err = {0};
    Index n = 0;
    char  path[700];
    snprintf(path, sizeof path, "%s/adapter_model.safetensors", out);
    char *bytes = file_read_all(path, 1 << 24, &n, &err);
    assert_ok(&err);
    uint64_t hash = hash_bytes(bytes, n);
    mem_free(bytes);
    return hash;
}

/* Two checkpoints and the one that was being put in their place; temporaries do not pile up. */
static void check_folder(const char *out)
{
    Error  err = {0};
    char **names;
    Index  count, checkpoints = 0, other = 0;
    assert_true(folder_list(out, &names, &count, &err));
    for (Index i = 0; i < count; i++) {
        bool checkpoint = strncmp(names[i], "checkpoint-", 11) == 0;
        checkpoints += checkpoint;
        other += !checkpoint;
        mem_free(names[i]);
    }
    mem_free(names);
    assert_in_range(checkpoints, 0, 3);
    assert_in_range(other, 0, 1 + 2 + 2); /* lock, the adapter's files, their temporaries */
}

static char out[600], calm[600];

static uint64_t run_left_alone(double *ms)
{
    Error err = {0};
    snprintf(out, sizeof out, "%s", test_path("out"));
    snprintf(calm, sizeof calm, "%s", test_path("calm"));
    assert_true(folder_make(calm, &err));
    double begin = clock_seconds();
    assert_false(was_killed(start(calm, -1)));
    *ms = 1000 * (clock_seconds() - begin);
    return adapter_hash(calm);
}

static void start_anew(void)
{
    Error err = {0};
    assert_true(folder_remove(out, &err));
    assert_true(folder_make(out, &err));
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void killed_at_random_moments_it_goes_on_to_the_same_bytes(void **state)
{
    (void)state;
    rig_quick_disk();
    const char *wanted = getenv("LORALAB_KILLS");
    long        kills = wanted != NULL ? strtol(wanted, NULL, 10) : KILLS;
    double      ms;
    uint64_t    want = run_left_alone(&ms);
    uint32_t    seed = 20240711;
    bool        fresh = true;

    for (long done = 0; done < kills;) {
        if (fresh) start_anew();
        pid_t child = start(out, -1);
        wait_ms((double)(next_random(&seed) % 1000) / 1000 * ms);
        kill(child, SIGKILL);
        bool killed = was_killed(child);
        done += killed;
        check_folder(out);
        /* Some lives end at once again, some are let go to the end. */
        fresh = !killed || next_random(&seed) % 3 == 0;
        if (!fresh) continue;
        if (killed) assert_false(was_killed(start(out, -1)));
        check_folder(out);
        assert_int_equal(adapter_hash(out), want);
    }
}

static void killed_at_each_operation_of_a_save_it_goes_on_to_the_same_bytes(void **state)
{
    (void)state;
    rig_quick_disk();
    double   ms;
    uint64_t want = run_left_alone(&ms);
    int      deaths = 0;
    /* Three saves' worth: the first, one beside another, one that removes an older one. The lock
     * is the first operation. */
    for (int64_t n = 0; n < 100; n++) {
        start_anew();
        deaths += was_killed(start(out, n));
        check_folder(out);
        if (n % 4 == 0) deaths += was_killed(start(out, n / 2)); /* and again while it recovers */
        assert_false(was_killed(start(out, -1)));
        check_folder(out);
        assert_int_equal(adapter_hash(out), want);
    }
    assert_in_range(deaths, 120, 130);
}

/* ---- locks ---- */

static void a_folder_in_use_is_refused_at_once_and_free_after_kill_9(void **state)
{
    (void)state;
    rig_quick_disk();
    Error err = {0};
    int   ready[2];
    char  byte;
    start_anew();
    CHECK(pipe(ready) == 0);
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        if (folder_lock(out, NULL) == NULL) _exit(1);
        if (write(ready[1], "x", 1) == 1) pause();
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);

    double begin = clock_seconds();
    assert_null(folder_lock(out, &err));
    assert_error(&err, ERR_LOCKED, out);
    assert_true(clock_seconds() - begin < 1.0);
    kill(child, SIGKILL);
    assert_true(was_killed(child));

    Error       now = {0};
    FolderLock *lock = folder_lock(out, &now);
    assert_ok(&now);
    folder_unlock(lock);
}

TEST_GROUP(kill, cmocka_unit_test(killed_at_random_moments_it_goes_on_to_the_same_bytes),
           cmocka_unit_test(killed_at_each_operation_of_a_save_it_goes_on_to_the_same_bytes),
           cmocka_unit_test(a_folder_in_use_is_refused_at_once_and_free_after_kill_9));
