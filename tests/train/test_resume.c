/*
 * A training that is stopped and goes on ends in the very bytes of one that was not: at every
 * step, with dropout, accumulation over the ends of epochs, short batches, packing and shuffling;
 * however often it is saved; on any number of threads.
 */

#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "tests/test.h"
#include "tests/train/rig.h"

static uint64_t uninterrupted(const RigSpec *spec, const TrainSettings *settings)
{
    Rig rig;
    rig_open(&rig, spec, settings);
    rig_steps_to(&rig, trainer_total_steps(rig.trainer));
    uint64_t hash = rig_adapter_hash(&rig);
    rig_close(&rig);
    return hash;
}

/* Steps until `stop`, a checkpoint, and a new process's view of it until the end. */
static uint64_t stopped_at(const RigSpec *spec, const TrainSettings *settings, Index stop)
{
    Error err = {0};
    char *last;
    Rig   rig;

    rig_open(&rig, spec, settings);
    rig_steps_to(&rig, stop);
    if (stop > 0) assert_true(trainer_save(rig.trainer, &err));
    assert_ok(&err);
    rig_close(&rig);

    rig_open(&rig, spec, settings);
    assert_true(checkpoint_last(spec->out, &last, &err));
    assert_int_equal(last != NULL, stop > 0);
    if (last != NULL) assert_true(trainer_resume(rig.trainer, last, &err));
    assert_ok(&err);
    assert_int_equal(trainer_step_number(rig.trainer), stop);
    rig_steps_to(&rig, trainer_total_steps(rig.trainer));
    uint64_t hash = rig_adapter_hash(&rig);
    rig_close(&rig);
    mem_free(last);
    assert_true(folder_remove(spec->out, &err));
    assert_true(folder_make(spec->out, &err));
    return hash;
}

static void check_every_stop(const TrainSettings *settings)
{
    char out[512];
    snprintf(out, sizeof out, "%s", test_path("out"));
    Error err = {0};
    assert_true(folder_make(out, &err));
    RigSpec spec = rig_hard(out);

    uint64_t want = uninterrupted(&spec, settings);
    for (Index k = 0; k <= settings->max_steps; k++) {
        assert_int_equal(stopped_at(&spec, settings, k), want);
    }
}

static void a_stop_at_any_step_changes_no_byte(void **state)
{
    (void)state;
    rig_quick_disk();
    TrainSettings settings = rig_hard_settings();
    check_every_stop(&settings);
}

static void a_stop_with_packing_changes_no_byte(void **state)
{
    (void)state;
    rig_quick_disk();
    TrainSettings settings = rig_hard_settings();
    settings.packing = true;
    check_every_stop(&settings);
}

static void a_stop_in_file_order_and_with_sgd_changes_no_byte(void **state)
{
    (void)state;
    rig_quick_disk();
    TrainSettings settings = rig_hard_settings();
    settings.shuffle = false;
    settings.optim.kind = OPTIM_SGD;
    settings.optim.momentum = 0.9;
    check_every_stop(&settings);
    settings.optim.momentum = 0; /* no moments at all on disk */
    check_every_stop(&settings);
}

static void dropout_accumulation_and_shuffling_each_matter(void **state)
{
    (void)state; /* the control: what the tests above rely on really acts */
    rig_quick_disk();
    TrainSettings settings = rig_hard_settings(), other;
    LoraConfig    dry = rig_hard_lora;
    RigSpec       spec = rig_hard(NULL);
    uint64_t      hash = uninterrupted(&spec, &settings);

    dry.lora_dropout = 0;
    spec.lora = &dry;
    assert_int_not_equal(uninterrupted(&spec, &settings), hash);
    spec.lora = &rig_hard_lora;
    other = settings;
    other.accumulation = 2;
    assert_int_not_equal(uninterrupted(&spec, &other), hash);
    other = settings;
    other.shuffle = false;
    assert_int_not_equal(uninterrupted(&spec, &other), hash);
    other = settings;
    other.packing = true;
    assert_int_not_equal(uninterrupted(&spec, &other), hash);
    other = settings;
    other.seed++;
    assert_int_not_equal(uninterrupted(&spec, &other), hash);
}

static void full_fine_tuning_goes_on_as_if_never_stopped(void **state)
{
    (void)state;
    rig_quick_disk();
    Error         err = {0};
    Rig           rig;
    TrainSettings settings = rig_hard_settings();
    char          out[512], *last;
    snprintf(out, sizeof out, "%s", test_path("out"));
    assert_true(folder_make(out, &err));
    RigSpec spec = {.backend = "cpu", .threads = 1, .full = true, .examples = 7, .out = out};

    rig_open(&rig, &spec, &settings);
    rig_steps_to(&rig, 3);
    assert_true(trainer_save(rig.trainer, &err));
    rig_steps_to(&rig, RIG_HARD_STEPS);
    uint64_t want = rig_state_hash(&rig);
    rig_close(&rig);

    rig_open(&rig, &spec, &settings);
    assert_true(checkpoint_last(out, &last, &err));
    assert_true(trainer_resume(rig.trainer, last, &err));
    assert_ok(&err);
    rig_steps_to(&rig, RIG_HARD_STEPS);
    assert_int_equal(rig_state_hash(&rig), want);
    rig_close(&rig);
    mem_free(last);
}

static void how_often_it_is_saved_and_measured_changes_no_byte(void **state)
{
    (void)state;
    rig_quick_disk();
    RigSpec       spec = rig_hard(NULL);
    TrainSettings settings = rig_hard_settings();
    uint64_t      want = uninterrupted(&spec, &settings);

    for (Index every = 1; every <= 4; every++) {
        Error err = {0};
        Rig   rig;
        char  out[512];
        snprintf(out, sizeof out, "%s", test_path("out"));
        assert_true(folder_make(out, &err));
        settings.save_steps = every;
        settings.modules_steps = every;
        settings.memory_steps = every;
        settings.save_total_limit = 1;
        spec.out = out;
        rig_open(&rig, &spec, &settings);
        assert_true(trainer_run(rig.trainer, NULL, &err));
        assert_ok(&err);
        assert_int_equal(rig_adapter_hash(&rig), want);
        rig_close(&rig);
        assert_true(folder_remove(out, &err));
    }
}

static void the_number_of_threads_changes_no_byte(void **state)
{
    (void)state;
    rig_quick_disk();
    RigSpec       spec = rig_hard(NULL);
    TrainSettings settings = rig_hard_settings();
    uint64_t      want = uninterrupted(&spec, &settings);
    for (int threads = 2; threads <= 5; threads++) {
        spec.threads = threads;
        assert_int_equal(uninterrupted(&spec, &settings), want);
    }
}

static void gradient_checkpointing_changes_no_byte(void **state)
{
    (void)state;
    rig_quick_disk();
    RigSpec       spec = rig_hard(NULL);
    TrainSettings settings = rig_hard_settings();
    uint64_t      want = uninterrupted(&spec, &settings);
    settings.gradient_checkpointing = true;
    assert_int_equal(uninterrupted(&spec, &settings), want);
}

static void a_snapshot_rewinds_to_the_same_future(void **state)
{
    (void)state;
    rig_quick_disk();
    Error         err = {0};
    Rig           rig;
    RigSpec       spec = rig_hard(NULL);
    TrainSettings settings = rig_hard_settings();

    rig_open(&rig, &spec, &settings);
    TrainState *moments[RIG_HARD_STEPS];
    uint64_t    hashes[RIG_HARD_STEPS];
    for (Index k = 0; k < RIG_HARD_STEPS; k++) {
        moments[k] = trainer_snapshot(rig.trainer, &err);
        assert_non_null(moments[k]);
        hashes[k] = rig_state_hash(&rig);
        rig_step(&rig);
    }
    uint64_t want = rig_state_hash(&rig);
    for (Index k = RIG_HARD_STEPS - 1; k >= 0; k--) {
        assert_true(trainer_restore(rig.trainer, moments[k], &err));
        assert_int_equal(rig_state_hash(&rig), hashes[k]);
        rig_steps_to(&rig, RIG_HARD_STEPS);
        assert_int_equal(rig_state_hash(&rig), want);
        train_state_free(moments[k]);
    }
    rig_close(&rig);
}

static void a_snapshot_of_another_method_is_refused(void **state)
{
    (void)state;
    rig_quick_disk();
    Error         err = {0};
    Rig           one, other;
    RigSpec       spec = rig_hard(NULL);
    TrainSettings settings = rig_hard_settings();
    LoraConfig    wider = rig_hard_lora;

    rig_open(&one, &spec, &settings);
    TrainState *moment = trainer_snapshot(one.trainer, &err);
    assert_non_null(moment);
    wider.r = 5;
    spec.lora = &wider;
    rig_open(&other, &spec, &settings);
    uint64_t before = rig_state_hash(&other);
    assert_false(trainer_restore(other.trainer, moment, &err));
    assert_error(&err, ERR_MISMATCH, "trainable values");
    assert_int_equal(rig_state_hash(&other), before);
    train_state_free(moment);
    rig_close(&other);
    rig_close(&one);
}

TEST_GROUP(resume, cmocka_unit_test(a_stop_at_any_step_changes_no_byte),
           cmocka_unit_test(a_stop_with_packing_changes_no_byte),
           cmocka_unit_test(a_stop_in_file_order_and_with_sgd_changes_no_byte),
           cmocka_unit_test(dropout_accumulation_and_shuffling_each_matter),
           cmocka_unit_test(full_fine_tuning_goes_on_as_if_never_stopped),
           cmocka_unit_test(how_often_it_is_saved_and_measured_changes_no_byte),
           cmocka_unit_test(the_number_of_threads_changes_no_byte),
           cmocka_unit_test(gradient_checkpointing_changes_no_byte),
           cmocka_unit_test(a_snapshot_rewinds_to_the_same_future),
           cmocka_unit_test(a_snapshot_of_another_method_is_refused));
