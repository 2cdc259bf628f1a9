/* One optimizer step: what it learns from, what it leaves alone, and what it does when it fails. */

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/file.h"
#include "core/base/hash.h"
#include "tests/test.h"
#include "tests/train/rig.h"

/* ---- what counts ---- */

static LoraConfig both_random(void)
{
    LoraConfig config = rig_hard_lora;
    config.lora_dropout = 0;
    config.init = INIT_BROKEN_BOTH_RANDOM; /* so that A and B both have gradients at once */
    return config;
}

/* Gradients of the first step, copied. */
static float *first_gradients(Rig *rig, Index *n)
{
    Error     err = {0};
    ParamSet *set = rig->method->params;
    rig_step(rig);
    float *copy = mem_alloc(mem_program(), MEM_TEXT, set->total, sizeof(float), &err);
    assert_ok(&err);
    memcpy(copy, set->grads, (size_t)set->total * sizeof(float));
    *n = set->total;
    return copy;
}

static float *gradients_with(const char *data, Index batch, Index accumulation, bool packing,
                             Index *n)
{
    Rig           rig;
    TrainSettings settings = rig_hard_settings();
    LoraConfig    config = both_random();
    RigSpec       spec = rig_hard(NULL);
    settings.shuffle = false;
    settings.batch = batch;
    settings.accumulation = accumulation;
    settings.packing = packing;
    settings.max_length = 200;
    spec.lora = &config;
    spec.data = data;
    rig_open(&rig, &spec, &settings);
    float *gradients = first_gradients(&rig, n);
    rig_close(&rig);
    return gradients;
}

static void write_lines(const char *path, const char *lines)
{
    Error err = {0};
    assert_true(file_write_all(path, lines, (Index)strlen(lines), &err));
    assert_ok(&err);
}

static void what_is_masked_changes_no_bit_of_the_gradient(void **state)
{
    (void)state;
    Index n;
    char  one[600], other[600];
    snprintf(one, sizeof one, "%s", test_path("one.jsonl"));
    snprintf(other, sizeof other, "%s", test_path("other.jsonl"));
    /* The first label is never a target; what follows the last target is never read. */
    write_lines(one, "{\"input_ids\":[5,6,7,8,9],\"labels\":[-100,-100,7,8,-100]}\n");
    write_lines(other, "{\"input_ids\":[5,6,7,20,30],\"labels\":[5,-100,7,8,-100]}\n");
    float *a = gradients_with(one, 1, 1, false, &n);
    float *b = gradients_with(other, 1, 1, false, &n);
    /* ids[3] is the target's own token: no row is computed for it. */
    assert_memory_equal(a, b, (size_t)n * sizeof(float));
    mem_free(b);
    /* The control: a token before a target does count. */
    write_lines(other, "{\"input_ids\":[5,40,7,8,9],\"labels\":[-100,-100,7,8,-100]}\n");
    b = gradients_with(other, 1, 1, false, &n);
    assert_memory_not_equal(a, b, (size_t)n * sizeof(float));
    mem_free(a);
    mem_free(b);
}

static void packed_batched_or_alone_an_example_has_one_gradient(void **state)
{
    (void)state;
    Index n;
    char  path[600];
    snprintf(path, sizeof path, "%s", test_path("three.jsonl"));
    write_lines(path, "{\"input_ids\":[5,6,7,8,9,10,11]}\n"
                      "{\"input_ids\":[40,41,42],\"labels\":[-100,41,-100]}\n"
                      "{\"input_ids\":[60,6,62,63,64],\"labels\":[-100,-100,-100,63,64]}\n");
    float *alone = gradients_with(path, 1, 3, false, &n);
    float *batched = gradients_with(path, 3, 1, false, &n);
    float *packed = gradients_with(path, 1, 1, true, &n);
    assert_tensor_close(batched, alone, n, 1e-5);
    assert_memory_equal(packed, batched, (size_t)n * sizeof(float));
    mem_free(alone);
    mem_free(batched);
    mem_free(packed);
}

static void training_an_adapter_changes_no_byte_of_the_base(void **state)
{
    (void)state;
    Rig           rig;
    TrainSettings settings = rig_hard_settings();
    RigSpec       spec = rig_hard(NULL);
    settings.learning_rate = 1;
    rig_open(&rig, &spec, &settings);
    uint64_t base = rig_base_hash(&rig), values = rig_hash(&rig);
    rig_steps_to(&rig, RIG_HARD_STEPS);
    assert_int_equal(rig_base_hash(&rig), base);
    assert_int_not_equal(rig_hash(&rig), values);
    rig_close(&rig);
}

static bool keep_logprobs(void *context, Index example, double loss, Index targets,
                          const double *logprobs, bool exact, Error *err)
{
    (void)example, (void)loss, (void)exact, (void)err;
    uint64_t *hash = context;
    uint64_t  part[2] = {*hash, hash_bytes(logprobs, targets * (Index)sizeof(double))};
    *hash = hash_bytes(part, sizeof part);
    return true;
}

static uint64_t logprobs_hash(Rig *rig)
{
    Error      err = {0};
    EvalResult result;
    uint64_t   hash = 0;
    assert_true(
        evaluate(rig->net, rig->tape, rig->data, 0, keep_logprobs, &hash, NULL, &result, &err));
    assert_ok(&err);
    return hash;
}

static void an_adapter_whose_b_is_zero_starts_as_the_base(void **state)
{
    (void)state;
    Rig           rig;
    Error         err = {0};
    TrainSettings settings = rig_hard_settings();
    RigSpec       spec = rig_hard(NULL);
    rig_open(&rig, &spec, &settings);
    uint64_t with = logprobs_hash(&rig);
    rig.method->detach(rig.method, rig.net);
    assert_int_equal(logprobs_hash(&rig), with);
    assert_true(rig.method->attach(rig.method, rig.net, &err));
    rig_steps_to(&rig, 2); /* the first has rate 0 */
    assert_int_not_equal(logprobs_hash(&rig), with);
    rig.method->detach(rig.method, rig.net);
    assert_int_equal(logprobs_hash(&rig), with);
    assert_true(rig.method->attach(rig.method, rig.net, &err));
    rig_close(&rig);
}

static void measuring_takes_no_part_in_training(void **state)
{
    (void)state;
    Rig           rig;
    TrainSettings settings = rig_hard_settings();
    RigSpec       spec = rig_hard(NULL);
    rig_open(&rig, &spec, &settings);
    rig_steps_to(&rig, RIG_HARD_STEPS);
    uint64_t want = rig_state_hash(&rig);
    rig_close(&rig);
    rig_open(&rig, &spec, &settings);
    for (Index k = 1; k <= RIG_HARD_STEPS; k++) {
        logprobs_hash(&rig);
        rig_steps_to(&rig, k);
    }
    assert_int_equal(rig_state_hash(&rig), want);
    rig_close(&rig);
}

/* ---- giving up ---- */

/* After a step that failed, the same step and all others lead to the same end. */
static void assert_same_end(Rig *rig, uint64_t want)
{
    rig_steps_to(rig, RIG_HARD_STEPS);
    assert_int_equal(rig_state_hash(rig), want);
}

static uint64_t calm_end(const RigSpec *spec, const TrainSettings *settings)
{
    Rig rig;
    rig_open(&rig, spec, settings);
    rig_steps_to(&rig, RIG_HARD_STEPS);
    uint64_t hash = rig_state_hash(&rig);
    rig_close(&rig);
    return hash;
}

typedef struct Trap {
    Cancel cancel;
    int    countdown;
} Trap;

/* Asks for a stop at the countdown's end, between two ops. */
static Tensor *spring(void *self, Tape *tape, const Module *module, Tensor *x, Tensor *y)
{
    Trap *trap = self;
    (void)tape, (void)module, (void)x;
    if (trap->countdown-- == 0) cancel_request(&trap->cancel);
    return y;
}

static void a_stop_within_the_forward_pass_changes_nothing(void **state)
{
    (void)state;
    Rig           rig;
    Error         err = {0};
    TrainSettings settings = rig_hard_settings();
    RigSpec       spec = rig_hard(NULL);
    uint64_t      want = calm_end(&spec, &settings);
    Trap          trap = {.countdown = 0};
    Hooks         hooks = {.self = &trap, .linear = spring};
    int           stops = 0;

    settings.gradient_checkpointing = true; /* then the hook is called in the backward too */
    rig_open(&rig, &spec, &settings);
    rig_step(&rig);
    assert_true(net_add_hooks(rig.net, &hooks, &err));
    uint64_t before = rig_state_hash(&rig);
    for (;; stops++) {
        StepReport report;
        Error      why = {0};
        trap = (Trap){.countdown = stops};
        if (trainer_step(rig.trainer, &trap.cancel, &report, &why)) break;
        assert_error(&why, ERR_CANCELLED, NULL);
        assert_int_equal(rig_state_hash(&rig), before);
    }
    assert_true(stops > 40);
    net_remove_hooks(rig.net, &hooks);
    assert_same_end(&rig, want);
    rig_close(&rig);
}

typedef struct Alarm {
    Cancel cancel;
    long   nanoseconds;
} Alarm;

static void *ring(void *context)
{
    Alarm          *a = context;
    struct timespec pause = {.tv_nsec = a->nanoseconds};
    nanosleep(&pause, NULL);
    cancel_request(&a->cancel);
    return NULL;
}

static void a_stop_from_another_thread_at_any_time_changes_nothing(void **state)
{
    (void)state;
    Rig           rig;
    TrainSettings settings = rig_hard_settings();
    RigSpec       spec = rig_hard(NULL);
    uint64_t      want = calm_end(&spec, &settings);
    int           stopped = 0;

    Error making = {0};
    rig_open(&rig, &spec, &settings);
    rig_step(&rig);
    double begin = clock_seconds();
    rig_step(&rig);
    double      took = clock_seconds() - begin;
    TrainState *moment = trainer_snapshot(rig.trainer, &making);
    assert_ok(&making);
    uint64_t before = rig_state_hash(&rig);
    for (int i = 0; i < 100; i++) {
        Alarm      a = {.nanoseconds = (long)(took * 1e7 * i)};
        StepReport report;
        Error      err = {0};
        pthread_t  thread;
        assert_int_equal(pthread_create(&thread, NULL, ring, &a), 0);
        bool done = trainer_step(rig.trainer, &a.cancel, &report, &err);
        pthread_join(thread, NULL);
        if (done) {
            assert_true(trainer_restore(rig.trainer, moment, &err));
        } else {
            stopped++;
            assert_error(&err, ERR_CANCELLED, NULL);
        }
        assert_int_equal(rig_state_hash(&rig), before);
    }
    train_state_free(moment);
    assert_true(stopped > 0);
    assert_same_end(&rig, want);
    rig_close(&rig);
}

static void request(void *context, const Event *event)
{
    if (event->type == EVENT_STEP && event->step == 3) cancel_request(context);
}

static void a_stop_between_steps_saves_and_goes_on(void **state)
{
    (void)state;
    rig_quick_disk();
    Rig           rig;
    Error         err = {0};
    Cancel        cancel = {0};
    Sink          sink = {.context = &cancel, .event = request};
    TrainSettings settings = rig_hard_settings();
    RigSpec       spec = rig_hard(NULL);
    char         *last;
    uint64_t      want = calm_end(&spec, &settings);

    assert_true(folder_make(test_path("out"), &err));
    spec.out = test_path("out");
    spec.sink = &sink;
    rig_open(&rig, &spec, &settings);
    assert_false(trainer_run(rig.trainer, &cancel, &err));
    assert_error(&err, ERR_CANCELLED, NULL);
    rig_close(&rig);

    Error now = {0};
    spec.out = test_path("out");
    spec.sink = NULL;
    assert_true(checkpoint_last(test_path("out"), &last, &now));
    assert_string_equal(path_base(last), "checkpoint-3");
    rig_open(&rig, &spec, &settings);
    assert_true(trainer_resume(rig.trainer, last, &now));
    assert_same_end(&rig, want);
    rig_close(&rig);
    mem_free(last);
}

static void out_of_memory_at_any_allocation_changes_nothing(void **state)
{
    (void)state;
    TrainSettings settings = rig_hard_settings();
    RigSpec       spec = rig_hard(NULL);
    uint64_t      want = calm_end(&spec, &settings);
    bool          reached = true;
    int64_t       n = 0;

    for (; reached; n++) {
        Rig        rig;
        StepReport report;
        Error      err = {0};
        rig_open(&rig, &spec, &settings);
        uint64_t before = rig_state_hash(&rig);
        mem_fail_after(n, n % 2 == 1);
        bool ok = trainer_step(rig.trainer, NULL, &report, &err);
        reached = mem_fail_off() > n;
        assert_int_equal(ok, !reached);
        if (reached) {
            assert_error(&err, ERR_MEMORY, NULL);
            assert_int_equal(rig_state_hash(&rig), before);
        }
        assert_same_end(&rig, want);
        rig_close(&rig);
    }
    assert_true(n > 20);
}

TEST_GROUP(step, cmocka_unit_test(what_is_masked_changes_no_bit_of_the_gradient),
           cmocka_unit_test(packed_batched_or_alone_an_example_has_one_gradient),
           cmocka_unit_test(training_an_adapter_changes_no_byte_of_the_base),
           cmocka_unit_test(an_adapter_whose_b_is_zero_starts_as_the_base),
           cmocka_unit_test(measuring_takes_no_part_in_training),
           cmocka_unit_test(a_stop_within_the_forward_pass_changes_nothing),
           cmocka_unit_test(a_stop_from_another_thread_at_any_time_changes_nothing),
           cmocka_unit_test(a_stop_between_steps_saves_and_goes_on),
           cmocka_unit_test(out_of_memory_at_any_allocation_changes_nothing));
