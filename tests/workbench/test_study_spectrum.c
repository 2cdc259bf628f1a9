/* `spectrum`: against matrices worked out by hand, and against dense decompositions. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/math/linalg.h"
#include "core/workbench/change.h"
#include "core/workbench/study.h"
#include "tests/test.h"
#include "tests/workbench/study_check.h"

#define MODULE "model.layers.2.self_attn.v_proj"

/* ---- by hand ---------------------------------------------------------------------------- */

static double overlap_of(const float *X1, const float *X2, Index i, Index j, bool right)
{
    Error  err = {0};
    double phi[4];
    Index  shape[2] = {2, 2};
    assert_true(subspace_overlap(phi, i, j, X1, shape, X2, shape, right, &err));
    return phi[i * j - 1];
}

static void overlaps_of_small_matrices(void **state)
{
    (void)state;
    static const float first[] = {3, 0, 0, 1}, second[] = {1, 0, 0, 3}; /* e1, e2 and e2, e1 */
    static const float turned[] = {1, 1, 0, 0}; /* right: (1,1)/sqrt 2; left: e1 */
    for (int right = 0; right < 2; right++) {
        assert_close(overlap_of(first, first, 1, 1, right), 1, 1e-6);
        assert_close(overlap_of(first, second, 1, 1, right), 0, 1e-6);
        assert_close(overlap_of(first, second, 1, 2, right), 1, 1e-6);
        assert_close(overlap_of(first, second, 2, 1, right), 1, 1e-6);
        assert_close(overlap_of(first, second, 2, 2, right), 1, 1e-6);
    }
    assert_close(overlap_of(first, turned, 1, 1, true), 0.5, 1e-6);
    assert_close(overlap_of(first, turned, 1, 1, false), 1, 1e-6);
    assert_close(overlap_of(second, turned, 1, 1, false), 0, 1e-6);
}

static void projections_of_small_matrices(void **state)
{
    (void)state;
    Error              err = {0};
    double             norm;
    static const float W[] = {1, 2, 3, 4}, X[] = {5, 0, 0, 1};
    assert_true(projected_norm(&norm, W, X, 2, 2, 1, &err));
    assert_close(norm, 1, 1e-6); /* u = v = e1 */
    assert_true(projected_norm(&norm, W, X, 2, 2, 2, &err));
    assert_close(norm, sqrt(30), 1e-6); /* all of W */
    assert_true(projected_norm(&norm, W, X, 2, 2, 0, &err));
    assert_close(norm, 0, 0);
}

/* ---- the base --------------------------------------------------------------------------- */

static double sum_squares(const float *x, Index n)
{
    double sum = 0;
    for (Index i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
    return sum;
}

static void a_weight_has_the_spectrum_of_its_decomposition(void **state)
{
    (void)state;
    Error    err = {0};
    BenchRig rig;
    bench_rig_open(&rig, 1);
    const Datum *s = study_must(&rig, "s = spectrum weight=layers.2.self_attn.v_proj");
    assert_string_equal(bench_word(s, "module"), MODULE);
    Model        *model = bench_worker(rig.bench, &err)->model;
    const Module *module = model_find(model, MODULE);
    float        *W = study_weight(model->be, module->weight, &err);
    double        values[64];
    assert_true(linalg_svd(values, NULL, NULL, W, 64, 128, &err));
    const Datum *singular = datum_member(s, "singular"), *energy = datum_member(s, "energy");
    assert_int_equal(singular->rows, 64);
    double squares = sum_squares(W, 64 * 128), so_far = 0;
    Index  k90 = 0;
    for (Index i = 0; i < 64; i++) {
        assert_close(singular->values[i], values[i], 0);
        if (so_far / squares < 0.9) k90++;
        so_far += values[i] * values[i];
        assert_close(energy->values[i], so_far / squares, 1e-6);
    }
    assert_close(study_number(s, "frobenius"), sqrt(squares), 1e-5);
    assert_close(study_number(s, "base_norm"), sqrt(squares), 1e-9);
    assert_close(study_number(s, "spectral"), values[0], 0);
    assert_close(study_number(s, "k90"), (double)k90, 0);
    assert_close(study_number(s, "full"), 64, 0);
    assert_close(study_number(s, "rank"), 64, 0); /* W itself is not of low rank */
    assert_true(study_number(s, "effective_rank") > 32);
    assert_true(isnan(study_number(s, "overlap")) && isnan(study_number(s, "amplification")));
    mem_free(W);
    bench_rig_close(&rig);
}

/* ---- what was learned ------------------------------------------------------------------- */

static void train_two(BenchRig *rig)
{
    bench_must(rig, "a = " QUICK_TRAIN);
    bench_must(rig, "b = train data=sql-lite target_modules=q_proj,v_proj r=3 " QUICK_KEYS
                    "max_steps=4 seed=7");
    bench_must(rig, "f = train data=sql-lite method=full " QUICK_KEYS "max_steps=2");
}

static Change change_at(BenchRig *rig, const char *name, const char *module)
{
    Error        err = {0};
    BenchWorker *worker = bench_worker(rig->bench, &err);
    Change       change;
    assert_true(change_of(&change, worker, bench_learned(rig->bench, name),
                          model_find(worker->model, module), &err));
    return change;
}

/* The singular values come from the factors; the change itself, decomposed whole, has the same,
 * and no others. */
static void a_product_has_the_spectrum_of_the_dense_change(void **state)
{
    (void)state;
    Error    err = {0};
    BenchRig rig;
    bench_rig_open(&rig, 1);
    train_two(&rig);
    const Datum *s = study_must(&rig, "s = spectrum of=a module=layers.2.self_attn.v_proj");
    Change       change = change_at(&rig, "a", MODULE);
    double       values[64];
    assert_true(linalg_svd(values, NULL, NULL, change.dW, 64, 128, &err));
    const Datum *singular = datum_member(s, "singular");
    assert_int_equal(singular->rows, 2);
    assert_true(values[0] > 1e-3);
    for (Index i = 0; i < 2; i++) assert_close(singular->values[i] / values[i], 1, 1e-5);
    assert_true(values[2] < 1e-6 * values[0]);
    assert_close(study_number(s, "rank"), 2, 0);
    assert_close(study_number(s, "k"), 2, 0);
    /* Both directions hold all of it, so its own norm in them is the whole. */
    double own, norm = sqrt(sum_squares(change.dW, 64 * 128));
    assert_true(projected_norm(&own, change.dW, change.dW, 64, 128, 2, &err));
    assert_close(own / norm, 1, 1e-5);
    assert_close(study_number(s, "frobenius") / norm, 1, 1e-5);
    change_free(&change);
    bench_rig_close(&rig);
}

static void full_training_is_the_difference_to_the_base(void **state)
{
    (void)state;
    Error    err = {0};
    BenchRig rig;
    bench_rig_open(&rig, 1);
    train_two(&rig);
    const Datum *s = study_must(&rig, "s = spectrum of=f module=" MODULE);
    assert_close(study_number(s, "full"), 64, 0);
    assert_int_equal(datum_member(s, "singular")->rows, 64);

    BenchWorker *worker = bench_worker(rig.bench, &err);
    MemAccount  *account = mem_account_create("test", &err);
    Learned     *learned = bench_learned(rig.bench, "f");
    Method      *method = learned_method(learned, worker->model, false, account, &err);
    assert_ok(&err);
    const Module *module = model_find(worker->model, MODULE);
    int           index = (int)(module - worker->model->modules);
    const float  *trained = study_param(method, index, 'w')->tensor.data;
    float        *base = study_weight(worker->be, module->weight, &err);
    double        sum = 0;
    for (Index i = 0; i < 64 * 128; i++) {
        double d = (double)trained[i] - (double)base[i];
        sum += d * d;
    }
    assert_true(sum > 0);
    assert_close(study_number(s, "frobenius") / sqrt(sum), 1, 1e-4);
    mem_free(base);
    method_free(method);
    mem_account_free(account);
    bench_rig_close(&rig);
}

static void amplification_is_that_of_table_7(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    train_two(&rig);
    study_must(&rig, "s = spectrum of=a module=" MODULE " k=1");
    study_must(&rig, "w = spectrum weight=" MODULE);
    assert_close(bench_number(&rig, "s.amplification * s.projected / s.frobenius"), 1, 1e-12);
    assert_close(bench_number(&rig, "s.projected_own / w.spectral"), 1, 1e-5);
    assert_close(bench_number(&rig, "s.base_norm / w.frobenius"), 1, 1e-6);
    assert_true(bench_number(&rig, "s.projected <= s.projected_own") == 1);
    assert_true(bench_number(&rig, "s.projected_random < s.projected_own") == 1);
    study_must(&rig, "s = spectrum of=a module=" MODULE " k=64");
    /* All 64 rows of W, but only 64 of 128 columns' directions. */
    assert_close(bench_number(&rig, "s.projected_own / w.frobenius"), 1, 1e-5);
    bench_rig_close(&rig);
}

static void overlaps_compare_two_adapters(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    train_two(&rig);
    study_must(&rig, "s = spectrum of=a module=" MODULE " overlap=a");
    assert_close(bench_number(&rig, "s.overlap"), 1, 1e-5);
    study_must(&rig, "s = spectrum of=a module=" MODULE " overlap=b side=left i=1 j=2");
    study_must(&rig, "t = spectrum of=b module=" MODULE " overlap=a side=left i=2 j=1");
    assert_close(bench_number(&rig, "s.overlap - t.overlap"), 0, 1e-6);
    assert_close(bench_number(&rig, "s.phi.rows"), 1, 0);
    assert_close(bench_number(&rig, "s.phi.cols"), 2, 0);
    assert_close(bench_number(&rig, "s.phi[1,2] - s.overlap"), 0, 0);
    assert_true(bench_number(&rig, "all(s.phi >= 0) and all(s.phi <= 1.00001)") == 1);
    /* A's start from two seeds has little in common. */
    study_must(&rig, "s = spectrum of=a module=" MODULE " overlap=b");
    assert_true(bench_number(&rig, "s.overlap") < 0.5);
    /* The change as a whole, and beside full training. */
    study_must(&rig, "s = spectrum of=a module=" MODULE " overlap=f matrix=change i=2 j=4");
    study_must(&rig, "s = spectrum of=f module=" MODULE " overlap=a i=4");
    assert_close(bench_number(&rig, "s.phi.cols"), 2, 0);
    bench_rig_close(&rig);
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    train_two(&rig);
    bench_refuses(&rig, "s = spectrum", ERR_INPUT, "weight= or of=");
    bench_refuses(&rig, "s = spectrum weight=q_proj of=a", ERR_INPUT, "weight= or of=");
    bench_refuses(&rig, "s = spectrum of=a", ERR_INPUT, "module=");
    bench_refuses(&rig, "s = spectrum weight=v_proj", ERR_INPUT, "may be 4 modules");
    bench_refuses(&rig, "s = spectrum weight=roj", ERR_INPUT, "no matrix");
    bench_refuses(&rig, "s = spectrum weight=model.norm", ERR_INPUT, "no matrix");
    bench_refuses(&rig, "s = spectrum weight=../v_proj", ERR_INPUT, "no matrix");
    bench_refuses(&rig, "s = spectrum weight=lm_head overlap=a", ERR_INPUT, "needs of=");
    bench_refuses(&rig, "s = spectrum of=z module=" MODULE, ERR_INPUT, "no adapter \"z\"");
    bench_refuses(&rig, "s = spectrum of=a module=layers.0.mlp.up_proj", ERR_INPUT,
                  "has nothing at");
    bench_refuses(&rig, "s = spectrum of=a module=" MODULE " k=65", ERR_INPUT, "64 directions");
    bench_refuses(&rig, "s = spectrum of=a module=" MODULE " overlap=b i=3", ERR_INPUT, "i is 3");
    bench_refuses(&rig, "s = spectrum of=f module=embed_tokens overlap=a", ERR_INPUT, "nothing at");
    bench_rig_close(&rig);
}

static void every_failed_allocation_is_told(void **state)
{
    (void)state;
    BenchRig rig;
    bench_rig_open(&rig, 1);
    train_two(&rig);
    assert_true(study_torture(&rig, "s = spectrum weight=" MODULE) > 20);
    assert_true(study_torture(&rig, "s = spectrum of=a module=" MODULE " overlap=b") > 40);
    bench_rig_close(&rig);
}

TEST_GROUP(study_spectrum, cmocka_unit_test(overlaps_of_small_matrices),
           cmocka_unit_test(projections_of_small_matrices),
           cmocka_unit_test(a_weight_has_the_spectrum_of_its_decomposition),
           cmocka_unit_test(a_product_has_the_spectrum_of_the_dense_change),
           cmocka_unit_test(full_training_is_the_difference_to_the_base),
           cmocka_unit_test(amplification_is_that_of_table_7),
           cmocka_unit_test(overlaps_compare_two_adapters),
           cmocka_unit_test(wrong_arguments_are_refused),
           cmocka_unit_test(every_failed_allocation_is_told));
