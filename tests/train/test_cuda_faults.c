/*
 * A device that fails, at any call and in the middle of its work: one error that says so, nothing
 * left on the device, the last checkpoint whole, and no op that waits for ever.
 */

#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "tests/cuda/emulator/emulator.h"
#include "tests/math/cuda_rig.h"
#include "tests/test.h"
#include "tests/train/rig.h"

static void emulate(void)
{
    if (cuda_is_real()) skip(); /* these faults can only be made where the device is played */
    emulated_reset();
    use_cuda(NULL);
}

/* ---- a training in which anything may fail ------------------------------------------------- */

typedef struct Parts {
    Backend    *be;
    Model      *model;
    MemAccount *account;
    Method     *method;
    Net        *net;
    Tape       *tape;
    Dataset    *data;
    Trainer    *trainer;
} Parts;

static bool open_parts(Parts *p, const TrainSettings *settings, Error *err)
{
    p->be = backend_create("cuda", 1, err);
    if (p->be == NULL) return false;
    p->model = model_load(test_fixture("models/qwen2-tied"), p->be, mem_program(), err);
    if (p->model == NULL) return false;
    p->account = mem_account_create("run", err);
    p->net = net_create(p->model, err);
    p->tape = tape_create(p->be, p->account, err);
    p->method = lora_create(p->model, &rig_hard_lora, 1, true, p->account, err);
    if (p->method == NULL || !p->method->attach(p->method, p->net, err)) return false;
    DataSpec data = {.config = &p->model->config};
    p->data = dataset_read_jsonl(test_fixture("train/data.jsonl"), &data, err);
    TrainerSpec spec = {.settings = *settings,
                        .net = p->net,
                        .method = p->method,
                        .tape = p->tape,
                        .train = p->data};
    p->trainer = trainer_create(&spec, err);
    return p->trainer != NULL;
}

static void close_parts(Parts *p)
{
    trainer_free(p->trainer);
    if (p->method != NULL) p->method->detach(p->method, p->net);
    dataset_free(p->data);
    tape_free(p->tape);
    net_free(p->net);
    method_free(p->method);
    mem_account_free(p->account);
    model_free(p->model);
    if (p->be != NULL) p->be->free(p->be);
}

/* Three steps of one shape, so that the last is a graph; then the values are read. */
static bool train_a_little(Error *err)
{
    TrainSettings settings = rig_hard_settings();
    settings.max_steps = 3;
    settings.batch = 2;
    settings.accumulation = 1;
    settings.shuffle = false;
    Parts      parts = {0};
    StepReport report;
    bool       ok = open_parts(&parts, &settings, err);
    for (int i = 0; ok && i < 3; i++) ok = trainer_step(parts.trainer, NULL, &report, err);
    if (ok) {
        TrainState *state = trainer_snapshot(parts.trainer, err);
        train_state_free(state);
        ok = parts.be->sync(parts.be, err);
    }
    close_parts(&parts);
    return ok;
}

static void check_failure(int64_t n, bool ok, const Error *err)
{
    bool known = err->code == ERR_DEVICE || err->code == ERR_MEMORY;
    if (ok == known || (!ok && err->message[0] == '\0')) {
        fail_msg("call %lld failed: %s, code %d, \"%s\"", (long long)n, ok ? "no error" : "error",
                 err->code, err->message);
    }
    if (emulated_live() != 0) fail_msg("call %lld failed: things are left on it", (long long)n);
}

/* Every one of the first calls, then some of the thousands that follow. */
static void fail_at_each_call(cudaError_t error)
{
    Error   none = {0};
    int64_t failed = 0, calls;
    assert_true(train_a_little(&none));
    (void)emulated_fail_off();
    assert_true(train_a_little(&none));
    calls = emulated_fail_off();
    assert_true(calls > 300);
    for (int64_t n = 0; n < calls; n += n < 40 ? 1 : 1 + calls / 40) {
        Error err = {0};
        emulated_reset();
        use_cuda(NULL); /* asks for the device anew */
        emulated_fail_call(n, error);
        bool ok = train_a_little(&err);
        (void)emulated_fail_off();
        check_failure(n, ok, &err);
        failed += !ok;
    }
    assert_true(failed > 40);
}

static void any_call_may_find_the_device_broken(void **state)
{
    (void)state;
    emulate();
    fail_at_each_call(cudaErrorLaunchFailure);
}

/* One call without memory: it is told, or (a graph's) done without. */
static void any_call_may_find_no_memory(void **state)
{
    (void)state;
    emulate();
    fail_at_each_call(cudaErrorMemoryAllocation);
}

/* ---- in the middle of the work -------------------------------------------------------------- */

static void a_failure_in_a_step_keeps_the_last_checkpoint(void **state)
{
    (void)state;
    emulate();
    Error err = {0};
    char  out[512], *last = NULL;
    snprintf(out, sizeof out, "%s", test_path("out"));
    assert_true(folder_make(out, &err));
    TrainSettings settings = rig_hard_settings();
    RigSpec       spec = rig_hard(out);
    spec.backend = "cuda";

    Rig        rig;
    StepReport report;
    rig_open(&rig, &spec, &settings);
    rig_steps_to(&rig, 2);
    assert_true(trainer_save(rig.trainer, &err));
    emulated_fail_work(60, cudaErrorIllegalAddress);
    assert_false(trainer_step(rig.trainer, NULL, &report, &err));
    assert_error(&err, ERR_DEVICE, "the GPU failed");
    Error again = {0};
    assert_false(trainer_step(rig.trainer, NULL, &report, &again)); /* at once, and for good */
    assert_int_equal(again.code, ERR_DEVICE);
    rig_close(&rig);
    (void)emulated_fail_off();

    /* The cpu goes on from there. */
    Error fine = {0};
    spec.backend = "cpu";
    rig_open(&rig, &spec, &settings);
    assert_true(checkpoint_last(out, &last, &fine));
    assert_true(trainer_resume(rig.trainer, last, &fine));
    assert_int_equal(trainer_step_number(rig.trainer), 2);
    rig_step(&rig);
    rig_close(&rig);
    mem_free(last);
}

/* ---- memory --------------------------------------------------------------------------------- */

static void a_full_device_is_told_in_numbers(void **state)
{
    (void)state;
    emulate();
    Error err = {0};
    emulated_device.memory = 16 << 20;
    Backend *be = backend_create("cuda", 1, &err);
    assert_ok(&err);
    assert_null(be->alloc(be, 64 << 20, &err));
    assert_error(&err, ERR_MEMORY, "64.0 MiB");
    assert_non_null(strstr(err.message, "of the GPU's 16.0 MiB are free"));
    Error fine = {0};
    void *block = be->alloc(be, 1 << 20, &fine); /* no failure of the device */
    assert_ok(&fine);
    be->release(be, block);
    assert_true(be->sync(be, &fine));
    be->free(be);
    assert_int_equal(emulated_live(), 0);
    emulated_reset();
}

TEST_GROUP(cuda_faults, cmocka_unit_test(any_call_may_find_the_device_broken),
           cmocka_unit_test(any_call_may_find_no_memory),
           cmocka_unit_test(a_failure_in_a_step_keeps_the_last_checkpoint),
           cmocka_unit_test(a_full_device_is_told_in_numbers));
