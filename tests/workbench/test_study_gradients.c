/* `gradients`: against finite differences of the loss, and against what the formulas say. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/train/evaluate.h"
#include "core/workbench/study.h"
#include "tests/test.h"
#include "tests/workbench/study_check.h"

#define SMALL                                                                \
    "data=sql-lite per_device_train_batch_size=2 r=1 target_modules=v_proj " \
    "layers_to_transform=2 "

/* ---- finite differences ----------------------------------------------------------------- */

/* The same adapter and examples as SMALL, and no code of the verb: the loss is evaluate's. */
typedef struct Probe {
    MemAccount    *account;
    Method        *method;
    Net           *net;
    Tape          *tape;
    const Dataset *data;
} Probe;

static void probe_open(Probe *probe, BenchRig *rig, LoraInit init)
{
    Error         err = {0};
    LoraConfig    config;
    Model        *model = bench_worker(rig->bench, &err)->model;
    Index         layer = 2;
    BenchDataSpec want = {.name = "sql-lite", .split = "train", .count = 2, .seed = 42};
    lora_config_init(&config);
    config.r = 1;
    config.lora_alpha = 16;
    config.init = init;
    config.layers_to_transform = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof layer, &err);
    config.layers_to_transform[0] = layer;
    config.layers_count = 1;
    assert_true(name_list_add(&config.target_modules, "v_proj", &err));
    *probe = (Probe){.account = mem_account_create("probe", &err)};
    probe->method = lora_create(model, &config, 42, true, probe->account, &err);
    lora_config_free(&config);
    probe->net = net_create(model, &err);
    probe->tape = tape_create(model->be, probe->account, &err);
    probe->data = bench_data_cut(rig->bench, &want, NULL, &err);
    assert_ok(&err);
    assert_true(probe->method->attach(probe->method, probe->net, &err));
}

static void probe_close(Probe *probe)
{
    probe->method->detach(probe->method, probe->net);
    tape_free(probe->tape);
    net_free(probe->net);
    method_free(probe->method);
    mem_account_free(probe->account);
}

static double probe_loss(const Probe *probe)
{
    Error      err = {0};
    EvalResult result;
    assert_true(evaluate(probe->net, probe->tape, probe->data, 0, NULL, NULL, NULL, &result, &err));
    return result.loss;
}

/* The norm of the gradient of A or B, one number of it at a time. */
static double probe_norm(const Probe *probe, char part)
{
    const double step = 0.03;
    double       squares = 0;
    for (Index p = 0; p < probe->method->params->count; p++) {
        Param *param = probe->method->params->list[p];
        if (param->part != part) continue;
        for (Index i = 0; i < param->tensor.rows * param->tensor.cols; i++) {
            float *x = &param->tensor.data[i], was = *x;
            *x = was + (float)step;
            double above = probe_loss(probe);
            *x = was - (float)step;
            double slope = (above - probe_loss(probe)) / (2 * step);
            *x = was;
            squares += slope * slope;
        }
    }
    return sqrt(squares);
}

static void compare_with_differences(BenchRig *rig, LoraInit init, char part, const char *line)
{
    Probe        probe;
    const Datum *g = study_must(rig, line);
    probe_open(&probe, rig, init);
    double slope = probe_norm(&probe, part);
    assert_true(slope > 1e-3);
    assert_close(study_number(g, part == 'A' ? "norm_A" : "norm_B") / slope, 1, 0.01);
    assert_close(study_number(g, "loss"), probe_loss(&probe), 1e-5);
    probe.method->detach(probe.method, probe.net);
    assert_close(study_number(g, "base_loss"), probe_loss(&probe), 1e-5);
    probe_close(&probe);
}

static void measured_norms_are_those_of_finite_differences(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    compare_with_differences(&rig, INIT_PEFT, 'B', "g = gradients " SMALL);
    compare_with_differences(&rig, INIT_SWAPPED, 'A',
                             "g = gradients " SMALL "init_lora_weights=swapped");
    bench_rig_close(&rig);
}

/* ---- the inits -------------------------------------------------------------------------- */

typedef struct Start {
    const char *init;
    bool        zero_A, zero_B, shifted;
} Start;

static void what_starts_at_zero_decides_what_learns_first(void **state)
{
    (void)state;
    static const Start starts[] = {
        {"true", true, false, false},
        {"gaussian", true, false, false},
        {"kaiming_normal", true, false, false},
        {"xavier_normal", true, false, false},
        {"variance_1", true, false, false},
        {"variance_1_r", true, false, false},
        {"variance_2_r", true, false, false},
        {"variance_2_rk", true, false, false},
        {"swapped", false, true, false},
        {"broken_both_zero", true, true, false},
        {"broken_both_random", false, false, true},
    };
    BenchRig rig;
    bench_rig_open(&rig, 1);
    assert_int_equal(sizeof starts / sizeof *starts, INIT_COUNT);
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        char line[120];
        snprintf(line, sizeof line, "g = gradients data=sql-lite init_lora_weights=%s",
                 starts[i].init);
        const Datum *g = study_must(&rig, line);
        assert_int_equal(study_number(g, "zero_A"), starts[i].zero_A);
        assert_int_equal(study_number(g, "zero_B"), starts[i].zero_B);
        assert_int_equal(study_number(g, "norm_A") == 0, starts[i].zero_A);
        assert_int_equal(study_number(g, "norm_B") == 0, starts[i].zero_B);
        assert_true(study_number(g, "error_A") < 1e-5 && study_number(g, "error_B") < 1e-5);
        /* Without a product the start is the base, to the last bit. */
        double shift = study_number(g, "start_shift");
        assert_int_equal(shift != 0, starts[i].shifted);
        assert_close(shift, study_number(g, "loss") - study_number(g, "base_loss"), 0);
        if (starts[i].shifted) assert_true(shift > 1); /* a random start is worse than the base */
        assert_true(study_number(g, "full_norm") > 0.1);
        /* One factor at zero keeps the other without a gradient. */
        assert_int_equal(study_number(g, "rms_A") == 0, starts[i].zero_B);
        assert_int_equal(study_number(g, "rms_B") == 0, starts[i].zero_A);
    }
    bench_rig_close(&rig);
}

static void predictions_hold_for_every_kind_of_module(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "init_lora_weights=broken_both_random lora_alpha=64",
        "init_lora_weights=broken_both_random +materialized",
        "init_lora_weights=broken_both_random target_modules=embed_tokens,lm_head,q_proj",
        "use_rslora=true r=16 rank_pattern=\"\\{\\\"q_proj\\\": 3}\"",
        "target_modules=q_proj,v_proj bias=all modules_to_save=norm,down_proj",
        "lora_bias=true data=label max_length=20",
    };
    BenchRig rig;
    bench_rig_open(&rig, 2);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char line[200];
        snprintf(line, sizeof line, "g = gradients %s", keys[i]);
        const Datum *g = study_must(&rig, line);
        assert_true(study_number(g, "error_A") < 1e-5);
        assert_true(study_number(g, "error_B") < 1e-5);
        assert_true(study_number(g, "norm_B") > 0);
        /* The modules' own norms make up the whole. */
        double norm = study_number(g, "norm_B"), full = study_number(g, "full_norm");
        assert_close(bench_number(&rig, "sum(g.modules.norm_B ^ 2) ^ 0.5") / norm, 1, 1e-12);
        assert_close(bench_number(&rig, "sum(g.modules.full_norm ^ 2) ^ 0.5") / full, 1, 1e-12);
    }
    bench_rig_close(&rig);
}

/* Control: a prediction with another scale than the measurement's is seen in error_B. With
 * B = 0 the gradient is proportional to the scale, all else being equal. */
static void the_scale_multiplies_the_gradient(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    study_must(&rig, "a = gradients data=sql-lite lora_alpha=8");
    study_must(&rig, "b = gradients data=sql-lite lora_alpha=32");
    assert_close(bench_number(&rig, "b.norm_B / a.norm_B"), 4, 1e-5);
    assert_close(bench_number(&rig, "b.predicted_B / a.predicted_B"), 4, 1e-12);
    assert_true(fabs(bench_number(&rig, "b.norm_B / a.predicted_B") - 1) > 1);
    assert_close(bench_number(&rig, "b.full_norm / a.full_norm"), 1, 1e-12);
    bench_rig_close(&rig);
}

static void results_do_not_depend_on_threads(void **state)
{
    (void)state;
    BenchRig one, two;
    bench_rig_open(&one, 1);
    bench_rig_open(&two, 2);
    const Datum *a = study_must(&one, "g = gradients data=sql-lite");
    const Datum *b = study_must(&two, "g = gradients data=sql-lite");
    assert_true(datum_same(a, b));
    b = study_must(&two, "g = gradients data=sql-lite seed=7");
    assert_false(datum_same(a, b));
    bench_rig_close(&two);
    bench_rig_close(&one);
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    bench_refuses(&rig, "g = gradients lora_dropout=0.1", ERR_INPUT, "lora_dropout");
    bench_refuses(&rig, "g = gradients data=../tasks/sql", ERR_INPUT, "not the name of a task");
    bench_refuses(&rig, "g = gradients data=nothing", ERR_INPUT, "nothing");
    bench_refuses(&rig, "g = gradients per_device_train_batch_size=0", ERR_INPUT, "1..");
    bench_refuses(&rig, "g = gradients init_lora_weights=nothing", ERR_INPUT, "known names");
    bench_refuses(&rig, "g = gradients max_length=2", ERR_INPUT, "within 2 tokens");
    bench_refuses(&rig, "g = gradients method=full", ERR_INPUT, "method");
    cancel_request(&rig.cancel);
    bench_refuses(&rig, "g = gradients", ERR_CANCELLED, "stopped");
    bench_rig_close(&rig);
}

static void every_failed_allocation_is_told(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    assert_true(study_torture(&rig, "g = gradients " SMALL) > 100);
    bench_rig_close(&rig);
}

TEST_GROUP(study_gradients, cmocka_unit_test(measured_norms_are_those_of_finite_differences),
           cmocka_unit_test(what_starts_at_zero_decides_what_learns_first),
           cmocka_unit_test(predictions_hold_for_every_kind_of_module),
           cmocka_unit_test(the_scale_multiplies_the_gradient),
           cmocka_unit_test(results_do_not_depend_on_threads),
           cmocka_unit_test(wrong_arguments_are_refused),
           cmocka_unit_test(every_failed_allocation_is_told));
