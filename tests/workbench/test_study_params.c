/* `params` and `plan`: numbers worked out by hand, and those that PEFT printed elsewhere. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/test.h"
#include "tests/workbench/study_check.h"

/* The base: D 128, L 4, q and o 128 x 128, k and v 64 x 128, gate and up 384 x 128, down 128 x 384.
 */
enum { BASE = 952448 };

static void one_matrix_is_pure_arithmetic(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    const Datum *p = study_must(&rig, "p = params in=4096 out=4096 r=8");
    assert_close(study_number(p, "full"), 16777216, 0);
    assert_close(study_number(p, "lora"), 65536, 0);
    assert_close(study_number(p, "percent"), 0.390625, 0);
    assert_close(study_number(p, "ratio"), 256, 0);
    assert_close(study_number(p, "bytes"), 262144, 0);
    p = study_must(&rig, "p = params in=10 out=20 r=3");
    assert_close(study_number(p, "lora"), 90, 0);
    assert_close(study_number(p, "ratio"), 200.0 / 90, 1e-15);
    p = study_must(&rig, "p = params in=10 out=20 method=full");
    assert_close(study_number(p, "trainable"), 200, 0);
    assert_close(study_number(p, "percent"), 100, 0);
    bench_rig_close(&rig);
}

typedef struct Counted {
    const char *line;
    double      trainable, all, formula, full, others, modules;
} Counted;

static void the_program_and_the_formula_count_alike(void **state)
{
    (void)state;
    /* q, v:   4 * 8 * ((128 + 128) + (128 + 64)) = 14,336
     * linear: 4 * 8 * (256 + 192 + 192 + 256 + 3 * 512) = 77,824
     * biases of q, k, v: 4 * (128 + 64 + 64) = 1024; of q and v alone 768; a head copied whole:
     * 1280 * 128 = 163,840 */
    static const Counted cases[] = {
        {"p = params target_modules=q_proj,v_proj", 14336, BASE + 14336, 14336, 98304, 0, 8},
        {"p = params", 77824, BASE + 77824, 77824, 4 * (2 * 16384 + 2 * 8192 + 3 * 49152), 0, 28},
        {"p = params r=2 target_modules=q_proj bias=all", 4 * 2 * 256 + 1024, BASE + 4 * 2 * 256,
         4 * 2 * 256, 65536, 1024, 4},
        {"p = params target_modules=q_proj,v_proj bias=lora_only", 14336 + 768, BASE + 14336, 14336,
         98304, 768, 8},
        {"p = params r=1 target_modules=k_proj modules_to_save=lm_head", 4 * 192 + 163840,
         BASE + 4 * 192 + 163840, 4 * 192, 32768, 163840, 4},
        {"p = params method=full", BASE, BASE, BASE, BASE, BASE, 38},
    };
    BenchRig rig;
    bench_rig_open(&rig, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const Counted *c = &cases[i];
        const Datum   *p = study_must(&rig, c->line);
        assert_close(study_number(p, "trainable"), c->trainable, 0);
        assert_close(study_number(p, "all"), c->all, 0);
        assert_close(study_number(p, "frozen"), c->all - c->trainable, 0);
        assert_close(study_number(p, "formula"), c->formula, 0);
        assert_close(study_number(p, "lora"), c->trainable - c->others, 0);
        assert_close(study_number(p, "full"), c->full, 0);
        assert_close(study_number(p, "others"), c->others, 0);
        assert_close(study_number(p, "modules"), c->modules, 0);
        assert_close(study_number(p, "bytes"), 4 * c->trainable, 0);
        assert_close(bench_number(&rig, "sum(p.roles.numbers)"), c->formula, 0);
    }
    bench_rig_close(&rig);
}

static void a_role_has_one_row_whatever_its_ranks(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    study_must(&rig, "p = params r=8 target_modules=q_proj,v_proj "
                     "rank_pattern=\"\\{\\\"layers.0.self_attn.v_proj\\\": 2}\"");
    assert_close(bench_number(&rig, "count(p.roles.numbers)"), 2, 0);
    assert_close(bench_number(&rig, "p.roles[role=q_proj].numbers"), 4 * 8 * 256, 0);
    assert_close(bench_number(&rig, "p.roles[role=q_proj].r"), 8, 0);
    assert_close(bench_number(&rig, "p.roles[role=v_proj].count"), 4, 0);
    assert_close(bench_number(&rig, "p.roles[role=v_proj].numbers"), (2 + 3 * 8) * 192, 0);
    assert_true(isnan(bench_number(&rig, "p.roles[role=v_proj].r")));
    bench_rig_close(&rig);
}

static void shapes_give_the_counts_that_peft_prints(void **state)
{
    (void)state;
    typedef struct Printed {
        const char *keys;
        double      trainable, all;
    } Printed;
    static const Printed printed[] = {
        {"shape=llama-2-7b r=8 target_modules=q_proj,v_proj", 4194304, 6742609920},
        {"shape=llama-3.2-1b r=8 target_modules=q_proj", 524288, 1236338688},
        {"shape=qwen2-0.5b r=64", 35192832, 529225600},
        {"shape=qwen2.5-1.5b r=16 target_modules=q_proj,v_proj", 2179072, 1543714304 + 2179072},
    };
    BenchRig rig;
    bench_rig_open(&rig, 1);
    for (size_t i = 0; i < sizeof printed / sizeof *printed; i++) {
        char line[160];
        snprintf(line, sizeof line, "p = params %s", printed[i].keys);
        const Datum *p = study_must(&rig, line);
        assert_close(study_number(p, "trainable"), printed[i].trainable, 0);
        assert_close(study_number(p, "all"), printed[i].all, 0);
        assert_close(study_number(p, "formula"), printed[i].trainable, 0);
        snprintf(line, sizeof line, "p = plan %s", printed[i].keys);
        p = study_must(&rig, line);
        assert_close(study_number(p, "trainable"), printed[i].trainable, 0);
        assert_close(study_number(p, "all"), printed[i].all, 0);
    }
    bench_rig_close(&rig);
}

/* One short row, so that the peak lies in the layer and not at the logits. */
#define ONE_ROW "shape=d4096 r=8 target_modules=q_proj per_device_train_batch_size=1 length=8 "

static void only_the_materialized_product_needs_d_times_d(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    double square = 4096.0 * 4096 * 4;
    study_must(&rig, "factored = plan " ONE_ROW);
    study_must(&rig, "product = plan " ONE_ROW "+materialized");
    study_must(&rig, "whole = plan " ONE_ROW "method=full");
    /* Factored: all that the step keeps is far smaller than one d x d matrix. */
    double factored = bench_number(&rig, "factored.bytes.activations + factored.bytes.scratch");
    assert_true(factored < square / 10);
    /* Materialized: the sum W + s B A, and going back its gradient, are one each. */
    double product = bench_number(&rig, "product.bytes.activations + product.bytes.scratch");
    assert_true(product >= 2 * square && product < 2 * square + factored);
    /* The gradient that full training keeps of that matrix is just as large. */
    assert_true(bench_number(&rig, "whole.bytes.gradients") > square);
    assert_close(bench_number(&rig, "factored.bytes.gradients"), 8 * 8192 * 4, 0);
    bench_rig_close(&rig);
}

static void a_plan_adds_up(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    const Datum *p = study_must(&rig, "p = plan weights=F32 optim=sgd length=32");
    assert_close(bench_number(&rig, "p.bytes.weights + p.bytes.adapter + p.bytes.gradients + "
                                    "p.bytes.optimizer + p.bytes.activations + p.bytes.scratch + "
                                    "p.bytes.text"),
                 study_number(p, "total"), 0);
    assert_close(study_number(p, "bytes.weights"), 4.0 * BASE, 0);
    assert_close(study_number(p, "bytes.adapter"), 4 * 77824, 0);
    assert_close(study_number(p, "bytes.optimizer"), 4 * 77824, 0); /* one buffer of momentum */
    double both = study_number(p, "flops_forward") + study_number(p, "flops_backward");
    assert_close(study_number(p, "flops_per_token"), both / (16 * 32), 1e-6);
    p = study_must(&rig, "p = plan method=full");
    assert_close(study_number(p, "bytes.optimizer"), 8.0 * BASE, 0);
    assert_close(study_number(p, "extra_forward_percent"), 0, 0);
    bench_rig_close(&rig);
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    bench_refuses(&rig, "p = params in=5", ERR_INPUT, "go together");
    bench_refuses(&rig, "p = params in=5 out=5 shape=d4096", ERR_INPUT, "not with a shape");
    bench_refuses(&rig, "p = params in=-5 out=5", ERR_INPUT, "1..");
    bench_refuses(&rig, "p = params r=1e99", ERR_INPUT, "whole number");
    bench_refuses(&rig, "p = params target_modules=nothing", ERR_INPUT, "nothing");
    bench_refuses(&rig, "p = params target_modules=\"(((\"", ERR_INPUT, "target_modules");
    static const char *const names[] = {
        "..", "../tasks", "/etc", "d4096/..", ".", "d4096/config.json", "D4096", "\"\"", "nothing"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char line[80];
        snprintf(line, sizeof line, "p = plan shape=%s", names[i]);
        bench_refuses(&rig, line, ERR_INPUT, "among the shapes");
        assert_non_null(strstr(rig.err.hint, "d4096, llama-2-7b"));
    }
    bench_refuses(&rig, "p = plan length=513", ERR_INPUT, "513");
    bench_refuses(&rig, "p = plan base=data/base/tiny", ERR_INPUT, "base");
    bench_rig_close(&rig);
}

static void every_failed_allocation_is_told(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    assert_true(study_torture(&rig, "p = params target_modules=q_proj,v_proj") > 20);
    assert_true(study_torture(&rig, "p = params method=full") > 20);
    assert_true(study_torture(&rig, "p = params in=4 out=4") > 20);
    assert_true(study_torture(&rig, "p = params shape=qwen2-0.5b") > 20);
    assert_true(study_torture(&rig, "p = plan shape=d4096") > 20);
    bench_rig_close(&rig);
}

TEST_GROUP(study_params, cmocka_unit_test(one_matrix_is_pure_arithmetic),
           cmocka_unit_test(the_program_and_the_formula_count_alike),
           cmocka_unit_test(a_role_has_one_row_whatever_its_ranks),
           cmocka_unit_test(shapes_give_the_counts_that_peft_prints),
           cmocka_unit_test(only_the_materialized_product_needs_d_times_d),
           cmocka_unit_test(a_plan_adds_up), cmocka_unit_test(wrong_arguments_are_refused),
           cmocka_unit_test(every_failed_allocation_is_told));
