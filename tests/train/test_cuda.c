/*
 * Whole trainings on the CUDA backend: the cpu's losses, the same bytes for the same seed, steps
 * replayed as graphs, going on after a stop, and rows filled up that change nothing.
 */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/file.h"
#include "core/train/trainer_internal.h"
#include "tests/math/cuda_rig.h"
#include "tests/test.h"
#include "tests/train/rig.h"

static RigSpec on_cuda(const char *out)
{
    RigSpec spec = rig_hard(out);
    spec.backend = "cuda";
    return spec;
}

/* ---- losses ------------------------------------------------------------------------------ */

/* Dropout, accumulation, clipping and a short last batch: the cpu's losses, step by step. */
static void compare_losses(const RigSpec *cpu, const RigSpec *cuda, const TrainSettings *settings)
{
    Rig a, b;
    rig_open(&a, cpu, settings);
    rig_open(&b, cuda, settings);
    for (Index i = 0; i < settings->max_steps; i++) {
        StepReport want = rig_step(&a), got = rig_step(&b);
        assert_close(got.loss, want.loss, 1e-4 * want.loss);
        assert_close(got.grad_norm, want.grad_norm, 1e-3 * want.grad_norm);
        assert_int_equal(got.tokens, want.tokens);
        assert_int_equal(got.targets, want.targets);
    }
    rig_close(&a);
    rig_close(&b);
}

static void losses_are_those_of_the_cpu(void **state)
{
    (void)state;
    use_cuda(NULL);
    TrainSettings settings = rig_hard_settings();
    RigSpec       cpu = rig_hard(NULL), cuda = on_cuda(NULL);
    compare_losses(&cpu, &cuda, &settings);
    settings.packing = true;
    settings.gradient_checkpointing = true;
    compare_losses(&cpu, &cuda, &settings);
    cpu.full = cuda.full = true;
    compare_losses(&cpu, &cuda, &settings);
}

/* bf16 and tf32 round what goes into products: close, and not the same. */
static void rounded_products_stay_close(void **state)
{
    (void)state;
    TrainSettings settings = rig_hard_settings();
    RigSpec       cpu = rig_hard(NULL), cuda = on_cuda(NULL);
    const struct {
        Precision precision;
        double    tol;
    } rows[] = {{PRECISION_TF32, 2e-3}, {PRECISION_BF16, 1e-2}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        use_cuda(NULL);
        cuda.precision = rows[i].precision;
        Rig  a, b;
        bool differs = false;
        rig_open(&a, &cpu, &settings);
        rig_open(&b, &cuda, &settings);
        for (Index n = 0; n < settings.max_steps; n++) {
            double want = rig_step(&a).loss, got = rig_step(&b).loss;
            assert_close(got, want, rows[i].tol * want);
            differs = differs || fabs(got - want) > 1e-6 * want;
        }
        assert_true(differs);
        rig_close(&a);
        rig_close(&b);
    }
}

/* ---- the same bytes ---------------------------------------------------------------------- */

/* Steps of one shape. */
static TrainSettings even_settings(void)
{
    TrainSettings settings = rig_hard_settings();
    settings.batch = 7; /* all examples, in every step */
    settings.accumulation = 1;
    return settings;
}

static uint64_t train_all(const RigSpec *spec, const TrainSettings *settings, int64_t *as_graph)
{
    Rig     rig;
    int64_t one_by_one;
    rig_open(&rig, spec, settings);
    rig_steps_to(&rig, trainer_total_steps(rig.trainer));
    cuda_lists(rig.be, as_graph, &one_by_one);
    uint64_t hash = rig_adapter_hash(&rig);
    rig_close(&rig);
    return hash;
}

/* The emulator runs threads in another order each time, so equal bytes mean that no order
 * matters; and a graph must do what its commands did. */
static void the_same_seed_gives_the_same_bytes_with_and_without_graphs(void **state)
{
    (void)state;
    const CudaSpec plain = {.workspace = 4 << 20, .staging = 1 << 18, .no_graphs = true};
    TrainSettings  settings = even_settings();
    RigSpec        spec = on_cuda(NULL);
    int64_t        first, second, none;
    use_cuda(NULL);
    uint64_t want = train_all(&spec, &settings, &first);
    assert_int_equal(train_all(&spec, &settings, &second), want);
    use_cuda(&plain);
    assert_int_equal(train_all(&spec, &settings, &none), want);
    if (cuda_is_real()) return;
    /* What was put off before the first step is in its list. The second step's is issued, the
     * third's captured, and all from there on are replays. */
    assert_true(first >= settings.max_steps - 2);
    assert_int_equal(first, second);
    assert_int_equal(none, 0);
}

static void a_stop_at_any_step_changes_no_byte(void **state)
{
    (void)state;
    Error err = {0};
    char  out[512];
    use_cuda(NULL);
    rig_quick_disk();
    snprintf(out, sizeof out, "%s", test_path("out"));
    assert_true(folder_make(out, &err));
    TrainSettings settings = rig_hard_settings();
    RigSpec       spec = on_cuda(out);
    int64_t       graphs;
    uint64_t      want = train_all(&spec, &settings, &graphs);

    Rig rig;
    rig_open(&rig, &spec, &settings);
    rig_steps_to(&rig, 4);
    assert_true(trainer_save(rig.trainer, &err));
    rig_close(&rig);
    rig_open(&rig, &spec, &settings);
    char *last = NULL;
    assert_true(checkpoint_last(out, &last, &err));
    assert_true(trainer_resume(rig.trainer, last, &err));
    assert_int_equal(trainer_step_number(rig.trainer), 4);
    rig_steps_to(&rig, trainer_total_steps(rig.trainer));
    assert_int_equal(rig_adapter_hash(&rig), want);
    rig_close(&rig);
    mem_free(last);
}

/* ---- rows filled up ---------------------------------------------------------------------- */

static Index to_the_next_50(Index N)
{
    return (N + 49) / 50 * 50;
}

static void filled_up_rows_change_nothing(void **state)
{
    (void)state;
    TrainSettings settings = rig_hard_settings();
    RigSpec       spec = rig_hard(NULL);
    Rig           plain, filled;
    rig_open(&plain, &spec, &settings);
    rig_open(&filled, &spec, &settings);
    filled.trainer->batch.row_bucket = to_the_next_50;
    for (Index i = 0; i < settings.max_steps; i++) {
        StepReport want = rig_step(&plain), got = rig_step(&filled);
        assert_close(got.loss, want.loss, 1e-5 * want.loss);
        assert_close(got.grad_norm, want.grad_norm, 1e-4 * want.grad_norm);
        assert_int_equal(got.tokens, want.tokens);
        assert_int_equal(filled.trainer->batch.rows.N % 50, 0);
        assert_true(filled.trainer->batch.rows.fill > 0);
    }
    rig_close(&plain);
    rig_close(&filled);
}

TEST_GROUP(cuda_train, cmocka_unit_test(losses_are_those_of_the_cpu),
           cmocka_unit_test(rounded_products_stay_close),
           cmocka_unit_test(the_same_seed_gives_the_same_bytes_with_and_without_graphs),
           cmocka_unit_test(a_stop_at_any_step_changes_no_byte),
           cmocka_unit_test(filled_up_rows_change_nothing));
