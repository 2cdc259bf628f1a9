/* Numbers that are not finite: named at once, nothing changed, never written to disk. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "core/base/hash.h"
#include "tests/test.h"
#include "tests/train/rig.h"

/* The base is immutable by type; a damaged file is stood in for by writing through its address. */
static float *writable(const void *data)
{
    float *address;
    memcpy(&address, &data, sizeof address);
    return address;
}

static void must_fail(Rig *rig, const char *what)
{
    StepReport report;
    Error      err = {0};
    EvalResult result;
    uint64_t   before = rig_state_hash(rig);

    if (trainer_step(rig->trainer, NULL, &report, &err)) fail_msg("%s went unnoticed", what);
    assert_error(&err, ERR_NUMERIC, "step");
    assert_int_equal(rig_state_hash(rig), before);
    err = (Error){0};
    assert_false(evaluate(rig->net, rig->tape, rig->data, 0, NULL, NULL, NULL, &result, &err));
    assert_error(&err, ERR_NUMERIC, "loss");
}

static void spoil(Rig *rig, const void *data, float value, const char *what)
{
    if (data == NULL) return;
    float *x = writable(data), kept = *x;
    *x = value;
    must_fail(rig, what);
    *x = kept;
}

static void one_bad_value_in_any_tensor_of_the_base_is_an_event(void **state)
{
    (void)state;
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    Rig                rig;
    TrainSettings      settings = rig_hard_settings();
    RigSpec            spec = rig_hard(NULL);
    LoraConfig         dry = rig_hard_lora;
    dry.lora_dropout = 0;
    spec.lora = &dry;
    rig_open(&rig, &spec, &settings);
    uint64_t base = rig_base_hash(&rig);
    for (Index i = 0; i < rig.model->module_count; i++) {
        const Module *m = &rig.model->modules[i];
        assert_true(m->weight.data == NULL || m->weight.dtype == DTYPE_F32);
        /* An infinite gate is a closed or open one: silu(-inf) = 0 is a number. */
        int kinds = m->role == ROLE_GATE || m->role == ROLE_K || m->role == ROLE_Q ? 1 : 3;
        for (int b = 0; b < kinds; b++) {
            spoil(&rig, m->weight.data, bad[b], m->name);
            spoil(&rig, m->gain, bad[b], m->name);
            spoil(&rig, m->bias, bad[b], m->name);
        }
    }
    assert_int_equal(rig_base_hash(&rig), base);
    rig_steps_to(&rig, RIG_HARD_STEPS); /* and with all in order again it goes on */
    rig_close(&rig);
}

static void one_bad_value_in_any_trained_tensor_is_an_event(void **state)
{
    (void)state;
    Rig           rig;
    TrainSettings settings = rig_hard_settings();
    RigSpec       spec = {.backend = "cpu", .threads = 1, .full = true, .examples = 7};
    rig_open(&rig, &spec, &settings);
    ParamSet *set = rig.method->params;
    for (Index i = 0; i < set->count; i++) {
        spoil(&rig, set->values + set->list[i]->offset, NAN, set->list[i]->name);
    }
    rig_close(&rig);
}

static uint64_t file_hash(const char *path)
{
    Error err = {0};
    Index n = 0;
    char *bytes = file_read_all(path, 1 << 24, &n, &err);
    assert_ok(&err);
    uint64_t hash = hash_bytes(bytes, n);
    mem_free(bytes);
    return hash;
}

static void open_saved(Rig *rig)
{
    Error         err = {0};
    TrainSettings settings = rig_hard_settings();
    settings.save_steps = 1;
    settings.max_grad_norm = 0;
    assert_true(folder_make(test_path("out"), &err));
    RigSpec spec = rig_hard(test_path("out"));
    rig_open(rig, &spec, &settings);
    rig_steps_to(rig, 2);
    assert_true(trainer_save(rig->trainer, &err));
    assert_ok(&err);
}

static void a_run_that_meets_nan_keeps_its_last_checkpoint_as_it_was(void **state)
{
    (void)state;
    rig_quick_disk();
    Rig   rig;
    Error err = {0};
    char *last;
    open_saved(&rig);
    uint64_t saved = file_hash(test_path("out/checkpoint-2/MANIFEST.json"));
    rig.method->params->values[3] = NAN;
    assert_false(trainer_run(rig.trainer, NULL, &err));
    assert_error(&err, ERR_NUMERIC, "step 3");
    assert_non_null(strstr(err.hint, "learning_rate"));
    Error now = {0};
    assert_true(checkpoint_last(rig.out, &last, &now));
    assert_string_equal(path_base(last), "checkpoint-2");
    assert_int_equal(file_hash(test_path("out/checkpoint-2/MANIFEST.json")), saved);
    assert_true(trainer_resume(rig.trainer, last, &now));
    rig_step(&rig);
    mem_free(last);
    rig_close(&rig);
}

static void a_state_that_is_not_finite_is_never_saved(void **state)
{
    (void)state;
    rig_quick_disk();
    Rig rig;
    open_saved(&rig);
    rig_step(&rig);
    Error err = {0};
    rig.method->params->values[7] = -INFINITY;
    assert_false(trainer_save(rig.trainer, &err));
    assert_error(&err, ERR_NUMERIC, "\"values\" holds -inf at 7");
    assert_false(path_exists(test_path("out/checkpoint-3")));
    assert_false(path_exists(test_path("out/checkpoint-3.tmp")));
    assert_true(path_exists(test_path("out/checkpoint-2/MANIFEST.json")));
    rig_close(&rig);
}

static void count_checkpoints(void *context, const Event *event)
{
    *(int *)context += event->type == EVENT_CHECKPOINT;
}

static void a_rate_that_is_far_too_high_ends_as_not_finite_or_finite_never_as_a_crash(void **state)
{
    (void)state;
    rig_quick_disk();
    static const double rates[] = {1e3, 1e6, 1e12, 1e20, 1e38};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        Rig           rig;
        Error         err = {0};
        int           saved = 0;
        Sink          sink = {.context = &saved, .event = count_checkpoints};
        TrainSettings settings = rig_hard_settings();
        settings.learning_rate = rates[i];
        settings.optim.kind = OPTIM_SGD;
        settings.max_grad_norm = 0;
        settings.warmup_steps = 0;
        settings.save_steps = 1;
        assert_true(folder_make(test_path("out"), &err));
        RigSpec spec = rig_hard(test_path("out"));
        spec.sink = &sink;
        rig_open(&rig, &spec, &settings);
        bool ok = trainer_run(rig.trainer, NULL, &err);
        assert_true(ok ? err.code == ERR_NONE : err.code == ERR_NUMERIC);
        if (rates[i] >= 1e20) assert_false(ok);
        rig_close(&rig);
        test_folder_remove();
    }
}

TEST_GROUP(
    numeric, cmocka_unit_test(one_bad_value_in_any_tensor_of_the_base_is_an_event),
    cmocka_unit_test(one_bad_value_in_any_trained_tensor_is_an_event),
    cmocka_unit_test(a_run_that_meets_nan_keeps_its_last_checkpoint_as_it_was),
    cmocka_unit_test(a_state_that_is_not_finite_is_never_saved),
    cmocka_unit_test(a_rate_that_is_far_too_high_ends_as_not_finite_or_finite_never_as_a_crash));
