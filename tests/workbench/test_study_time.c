/* `time`: what was measured hangs together, and the multiplications are those of the shapes. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/workbench/time_run.h"
#include "tests/test.h"
#include "tests/workbench/study_check.h"

#define QUICK "data=sql-lite per_device_train_batch_size=2 repeats=3 "

static void the_parts_make_up_the_step(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    study_must(&rig, "t = time " QUICK "compare=full");
    assert_true(bench_number(&rig, "t.forward > 0 and t.backward > 0 and t.optimizer > 0") == 1);
    assert_true(bench_number(&rig, "t.step > t.forward and t.step > t.backward") == 1);
    assert_true(bench_number(&rig, "t.other.optimizer > 0 and t.other.backward > 0") == 1);
    assert_close(bench_number(&rig, "t.ratio * t.other.step / t.step"), 1, 1e-12);
    /* AdamW over 952,448 values takes longer than over 77,824. */
    assert_true(bench_number(&rig, "t.other.optimizer > t.optimizer") == 1);
    const Datum *t = study_must(&rig, "t = time " QUICK);
    assert_true(isnan(study_number(t, "token_seconds")));
    assert_true(isnan(study_number(t, "other.step")) && isnan(study_number(t, "ratio")));
    bench_rig_close(&rig);
}

static void only_forward_where_nothing_trains(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "t = time " QUICK "method=none",
        "t = time " QUICK "+merged",
        "t = time " QUICK "+inference compare=merged",
        "t = time " QUICK "adapter=none compare=none",
    };
    BenchRig rig;
    bench_rig_open(&rig, 1);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const Datum *t = study_must(&rig, lines[i]);
        assert_true(study_number(t, "forward") > 0);
        assert_close(study_number(t, "backward"), 0, 0);
        assert_close(study_number(t, "optimizer"), 0, 0);
        assert_close(study_number(t, "flops_backward"), 0, 0);
        bool branch = strstr(lines[i], "+inference") != NULL;
        assert_int_equal(study_number(t, "multiplications_lora") > 0, branch);
        assert_int_equal(study_number(t, "extra_percent") > 0, branch);
    }
    bench_rig_close(&rig);
}

static void tokens_are_timed_for_adapters_by_name(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    bench_must(&rig, "a = " QUICK_TRAIN);
    bench_must(&rig, "f = train data=sql-lite method=full " QUICK_KEYS "max_steps=2");
    const Datum *t = study_must(&rig, "t = time generate adapter=a " QUICK "max_new_tokens=4 "
                                      "compare=merged");
    assert_true(study_number(t, "token_seconds") > 0);
    assert_true(study_number(t, "other.token_seconds") > 0);
    assert_true(isnan(study_number(t, "forward")) && isnan(study_number(t, "other.step")));
    assert_close(study_number(t, "ratio") * study_number(t, "other.token_seconds") /
                     study_number(t, "token_seconds"),
                 1, 1e-12);
    /* r 2 on q and v: each row of the batch 2 * (256 + 192) for each layer. */
    t = study_must(&rig, "t = time adapter=a " QUICK);
    double tokens = study_number(t, "tokens");
    assert_close(study_number(t, "multiplications_lora"), tokens * 4 * 2 * (256 + 192), 0);
    study_must(&rig, "t = time adapter=f " QUICK);
    bench_refuses(&rig, "t = time adapter=f +merged " QUICK, ERR_INPUT, "nothing to merge");
    bench_rig_close(&rig);
}

typedef struct Products {
    const char *keys;
    double      maps_percent; /* 100 r (in + out) / (in * out); NaN: not one kind of map */
} Products;

static void formulas_agree_with_the_planner(void **state)
{
    (void)state;
    static const Products cases[] = {
        {"target_modules=q_proj r=8", 100.0 * 8 * 256 / 16384},
        {"target_modules=q_proj r=2", 100.0 * 2 * 256 / 16384}, /* 3.125: the course's example */
        {"target_modules=v_proj r=8", 100.0 * 8 * 192 / 8192},
        {"target_modules=down_proj r=4", 100.0 * 4 * 512 / 49152},
        {"r=8", -1},
        {"target_modules=lm_head,embed_tokens,o_proj r=4", -1},
        {"target_modules=k_proj,up_proj r=4 +materialized", -1},
    };
    BenchRig rig;
    bench_rig_open(&rig, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[200];
        snprintf(line, sizeof line, "t = time " QUICK "%s", cases[i].keys);
        const Datum *t = study_must(&rig, line);
        double       percent = study_number(t, "extra_percent");
        assert_true(percent > 0);
        assert_close(study_number(t, "extra_formula") / percent, 1, 1e-12);
        double maps = study_number(t, "extra_maps_percent");
        if (cases[i].maps_percent > 0) assert_close(maps / cases[i].maps_percent, 1, 1e-12);
        assert_true(maps > percent); /* other maps and attention have no branch */
        assert_close(study_number(t, "flops_forward") / 2,
                     study_number(t, "multiplications_forward"), 0);
    }
    bench_rig_close(&rig);
}

static void the_median_is_the_middle(void **state)
{
    (void)state;
    double  odd[] = {5, 1, 3}, even[] = {4, 1, 3, 100};
    TimeRun run = {.done = 3};
    run.seconds[TIME_STEP] = odd;
    assert_close(time_median(&run, TIME_STEP), 3, 0);
    run.seconds[TIME_STEP] = even;
    run.done = 4;
    assert_close(time_median(&run, TIME_STEP), 3.5, 0);
    assert_true(isnan(time_median(&run, TIME_TOKEN)));
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    bench_refuses(&rig, "t = time everything", ERR_INPUT, "generate");
    bench_refuses(&rig, "t = time adapter=z", ERR_INPUT, "no adapter \"z\"");
    bench_refuses(&rig, "t = time adapter=z r=4", ERR_INPUT, "its own r");
    bench_refuses(&rig, "t = time method=full +merged", ERR_INPUT, "merged");
    bench_refuses(&rig, "t = time repeats=2", ERR_INPUT, "3..1000");
    bench_refuses(&rig, "t = time compare=nothing", ERR_INPUT, "known names");
    bench_refuses(&rig, "t = time generate max_new_tokens=512", ERR_INPUT, "512");
    bench_refuses(&rig, "t = time data=a/b", ERR_INPUT, "not the name of a task");
    cancel_request(&rig.cancel);
    bench_refuses(&rig, "t = time " QUICK, ERR_CANCELLED, "stopped");
    bench_rig_close(&rig);
}

static void every_failed_allocation_is_told(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    assert_true(study_torture(&rig, "t = time data=sql-lite per_device_train_batch_size=1 "
                                    "target_modules=q_proj layers_to_transform=3 repeats=3 "
                                    "compare=merged") > 60);
    bench_rig_close(&rig);
}

TEST_GROUP(study_time, cmocka_unit_test(the_parts_make_up_the_step),
           cmocka_unit_test(only_forward_where_nothing_trains),
           cmocka_unit_test(tokens_are_timed_for_adapters_by_name),
           cmocka_unit_test(formulas_agree_with_the_planner),
           cmocka_unit_test(the_median_is_the_middle),
           cmocka_unit_test(wrong_arguments_are_refused),
           cmocka_unit_test(every_failed_allocation_is_told));
