/* Ctrl-C, kill, hang-up: the first saves and says how to go on, the second ends at once. */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/pool.h"
#include "tests/app/program.h"
#include "tests/test.h"

#define RUN                                                                                 \
    "train --base tests/fixtures/models/qwen2-tied --data tests/fixtures/train/data.jsonl " \
    "--max_steps 200 --eval_steps 0 --save_steps 0 --lora_dropout 0.1 "                     \
    "--target_modules q_proj,v_proj "

static uint64_t adapter_hash(const char *name)
{
    Error err = {0};
    Index n = 0;
    char  path[100];
    snprintf(path, sizeof path, "%s/adapter_model.safetensors", name);
    char *bytes = file_read_all(test_path(path), 1 << 24, &n, &err);
    assert_ok(&err);
    uint64_t hash = hash_bytes(bytes, n);
    mem_free(bytes);
    return hash;
}

/* Wait until the run has made some steps. */
static void await_steps(const char *name)
{
    char path[100];
    snprintf(path, sizeof path, "%s/run.jsonl", name);
    program_await(test_path(path));
    for (int i = 0; i < 5000; i++) {
        struct timespec pause = {.tv_nsec = 2000000};
        Error           err = {0};
        Index           n = 0;
        char           *log = file_read_all(test_path(path), 1 << 26, &n, &err);
        bool some = log != NULL && strstr(log, "\"type\": \"step\", \"step\": 3") != NULL;
        mem_free(log);
        if (some) return;
        nanosleep(&pause, NULL);
    }
    fail_msg("no steps are made");
}

static void stop_and_go_on(int number, int status)
{
    Program p = {0};
    assert_status(&p, RUN "--out %s/whole", 0);

    program_start(&p, RUN "--out %s/cut");
    await_steps("cut");
    kill(p.pid, number);
    assert_int_equal(program_wait(&p), status);
    assert_int_equal(p.out.len, 0);
    assert_non_null(strstr(p.err.data, "checkpoint: "));
    const char *hint = strstr(p.err.data, "hint: go on with: --out ");
    assert_non_null(hint);
    assert_non_null(strstr(hint, "--resume_from_checkpoint last"));
    assert_false(path_exists(test_path("cut/adapter_model.safetensors")));

    assert_status(&p, RUN "--out %s/cut --resume_from_checkpoint last", 0);
    assert_non_null(strstr(p.err.data, "going on from: "));
    assert_int_equal(adapter_hash("cut"), adapter_hash("whole"));
    program_free(&p);
}

static void ctrl_c_saves_says_how_to_go_on_and_no_byte_is_lost(void **state)
{
    (void)state;
    stop_and_go_on(SIGINT, 130);
}

static void kill_does_the_same_with_143(void **state)
{
    (void)state;
    stop_and_go_on(SIGTERM, 143);
}

static void a_hang_up_saves_too_unless_it_is_ignored(void **state)
{
    (void)state;
    Program p = {0}, q = {.ignore_hup = true};
    program_start(&p, RUN "--out %s/cut");
    await_steps("cut");
    kill(p.pid, SIGHUP);
    assert_int_equal(program_wait(&p), 128 + SIGHUP);
    assert_non_null(strstr(p.err.data, "checkpoint: "));
    program_free(&p);

    program_start(&q, RUN "--out %s/nohup");
    await_steps("nohup");
    kill(q.pid, SIGHUP);
    assert_int_equal(program_wait(&q), 0);
    program_free(&q);
}

static void a_second_ctrl_c_ends_at_once(void **state)
{
    (void)state;
    Program p = {0};
    program_start(&p, "pretrain --max_steps 10 --out %s/base");
    program_await(test_path("base"));
    kill(p.pid, SIGINT);
    kill(p.pid, SIGINT);
    assert_int_equal(program_wait(&p), 130);
    program_free(&p);
}

static void reading_that_is_interrupted_ends_with_130(void **state)
{
    (void)state;
    Program p = {0};
    int     ends[2]; /* a stdin that never says anything */
    program_path();
    CHECK(pipe(ends) == 0);
    fflush(NULL);
    p.pid = fork();
    CHECK(p.pid >= 0);
    if (p.pid == 0) {
        signal(SIGINT, SIG_DFL);
        if (dup2(ends[0], 0) != 0) _exit(99);
        execl(program_path(), "loralab", "tokenize", (char *)NULL);
        _exit(97);
    }
    struct timespec pause = {.tv_sec = 1}; /* until it reads, on a busy machine too */
    nanosleep(&pause, NULL);
    kill(p.pid, SIGINT);
    p.seconds = clock_seconds();
    assert_int_equal(program_wait(&p), 130);
    close(ends[0]);
    close(ends[1]);
    program_free(&p);
}

static void a_reader_that_goes_away_is_an_error_not_a_death(void **state)
{
    (void)state;
    Program p = {.close_out = false};
    int     ends[2];
    CHECK(pipe(ends) == 0);
    close(ends[0]);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[1]);
    p.out_path = path; /* opening it for writing gives a pipe without a reader */
    program_start(&p, "data sql --count 5000");
    close(ends[1]);
    assert_int_equal(program_wait(&p), 5);
    program_free(&p);
}

TEST_GROUP(signals, cmocka_unit_test(ctrl_c_saves_says_how_to_go_on_and_no_byte_is_lost),
           cmocka_unit_test(kill_does_the_same_with_143),
           cmocka_unit_test(a_hang_up_saves_too_unless_it_is_ignored),
           cmocka_unit_test(a_second_ctrl_c_ends_at_once),
           cmocka_unit_test(reading_that_is_interrupted_ends_with_130),
           cmocka_unit_test(a_reader_that_goes_away_is_an_error_not_a_death));
