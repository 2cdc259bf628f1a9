/* Optimizers, clipping and schedules against numbers from transformers and from the formulas. */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/train/optim.h"
#include "core/train/trainer.h"
#include "tests/test.h"

/* ---- schedules ---- */

static void rates_are_those_of_transformers(void **state)
{
    (void)state;
    static const struct {
        const char  *file;
        ScheduleKind kind;
        double       base;
        Index        warmup;
    } runs[] = {{"train/lora-adamw.json", SCHEDULE_LINEAR, 0.005, 5},
                {"train/full-adamw.json", SCHEDULE_COSINE, 0.001, 3},
                {"train/lora-sgd.json", SCHEDULE_CONSTANT, 0.05, 0}};
    for (size_t r = 0; r < sizeof runs / sizeof *runs; r++) {
        Error err = {0};
        Json *json = json_read(test_fixture(runs[r].file), 1 << 20, &err);
        assert_ok(&err);
        const JsonNode *rates = json_get(json_root(json), "learning_rate");
        Index           total = json_count(rates);
        assert_true(total >= 20);
        for (Index k = 0; k < total; k++) {
            double rate = runs[r].base * schedule_factor(runs[r].kind, k, runs[r].warmup, total);
            assert_close(rate, json_number(json_at(rates, k)), 1e-12);
        }
        json_free(json);
    }
}

static void schedules_at_their_edges(void **state)
{
    (void)state;
    assert_close(schedule_factor(SCHEDULE_CONSTANT_WITH_WARMUP, 0, 4, 10), 0, 0);
    assert_close(schedule_factor(SCHEDULE_CONSTANT_WITH_WARMUP, 3, 4, 10), 0.75, 0);
    assert_close(schedule_factor(SCHEDULE_CONSTANT_WITH_WARMUP, 4, 4, 10), 1, 0);
    assert_close(schedule_factor(SCHEDULE_CONSTANT_WITH_WARMUP, 99, 4, 10), 1, 0);
    assert_close(schedule_factor(SCHEDULE_CONSTANT, 0, 4, 10), 1, 0);
    assert_close(schedule_factor(SCHEDULE_LINEAR, 0, 0, 10), 1, 0);
    assert_close(schedule_factor(SCHEDULE_LINEAR, 9, 0, 10), 0.1, 1e-15);
    assert_close(schedule_factor(SCHEDULE_LINEAR, 10, 0, 10), 0, 0);
    assert_close(schedule_factor(SCHEDULE_LINEAR, 25, 0, 10), 0, 0);
    assert_close(schedule_factor(SCHEDULE_COSINE, 5, 0, 10), 0.5, 1e-15);
    assert_close(schedule_factor(SCHEDULE_COSINE, 10, 0, 10), 0, 1e-15);
    /* Warm-up that fills or exceeds the run. */
    assert_close(schedule_factor(SCHEDULE_LINEAR, 9, 10, 10), 0.9, 1e-15);
    assert_close(schedule_factor(SCHEDULE_COSINE, 9, 20, 10), 0.45, 1e-15);
    assert_true(isfinite(schedule_factor(SCHEDULE_LINEAR, 10, 10, 10)));
    assert_true(isfinite(schedule_factor(SCHEDULE_COSINE, 10, 10, 10)));
    assert_close(schedule_factor(SCHEDULE_LINEAR, 0, 0, 1), 1, 0);
}

/* ---- optimizers ---- */

typedef struct Bench {
    Backend    *be;
    MemAccount *account;
    ParamSet   *set;
    Optim      *optim;
} Bench;

/* Two parameters: one of 3 values that decays, one of 2 that does not and is 4 times as fast. */
static void bench_open(Bench *b, const char *backend, OptimSpec spec)
{
    static const float start[3] = {0.71f, -1.37f, 2.11f}, other[2] = {0.5f, -0.5f};
    Error              err = {0};
    b->be = backend_create(backend, 1, &err);
    b->account = mem_account_create("bench", &err);
    b->set = params_create(b->be, b->account, &err);
    assert_ok(&err);
    Param *first = params_add(b->set, "first", 1, 3, &err);
    Param *second = params_add(b->set, "second", 1, 2, &err);
    assert_ok(&err);
    first->rate = second->rate = 1;
    first->decay = true;
    second->decay = false;
    second->rate = 4;
    assert_true(params_build(b->set, true, &err));
    param_put(b->set, first, start);
    param_put(b->set, second, other);
    b->optim = optim_create(b->set, spec, &err);
    assert_ok(&err);
}

static void bench_close(Bench *b)
{
    optim_free(b->optim);
    params_free(b->set);
    mem_account_free(b->account);
    b->be->free(b->be);
}

static void bench_steps(Bench *b)
{
    static const float gradients[3][5] = {
        {0.5f, -0.02f, 3.0f, 1, -1}, {-0.25f, 0.04f, 1.5f, 1, -1}, {0.125f, 0.0f, -2.0f, 1, -1}};
    static const double rates[3] = {0.1, 0.05, 0.02};
    for (int t = 0; t < 3; t++) {
        for (Index p = 0; p < 2; p++) {
            const Param *param = b->set->list[p];
            memcpy(param->tensor.grad, gradients[t] + (p == 0 ? 0 : 3),
                   (size_t)(p == 0 ? 3 : 2) * sizeof(float));
        }
        optim_step(b->optim, rates[t], 1.0);
    }
}

static const char *const backends[] = {"ref", "cpu"};

static void adamw_has_the_values_of_its_formula(void **state)
{
    (void)state;
    OptimSpec spec = {
        .kind = OPTIM_ADAMW, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 0.1};
    for (int i = 0; i < 2; i++) {
        Bench b;
        bench_open(&b, backends[i], spec);
        bench_steps(&b);
        const float *x = b.set->list[0]->tensor.data, *y = b.set->list[1]->tensor.data;
        assert_close((double)x[0], 0.578586930, 2e-6);
        assert_close((double)x[1], -1.271447052, 2e-6);
        assert_close((double)x[2], 1.922654388, 2e-6);
        /* A constant gradient moves by the rate at each step; no decay, rate times 4. */
        assert_close((double)y[0], 0.5 - 4 * 0.17, 2e-6);
        assert_close((double)y[1], -0.5 + 4 * 0.17, 2e-6);
        assert_int_equal(b.optim->t, 3);
        bench_close(&b);
    }
}

static void sgd_has_the_values_of_its_formula(void **state)
{
    (void)state;
    OptimSpec spec = {.kind = OPTIM_SGD, .momentum = 0.9};
    for (int i = 0; i < 2; i++) {
        Bench b;
        bench_open(&b, backends[i], spec);
        assert_null(b.optim->v);
        bench_steps(&b);
        const float *x = b.set->list[0]->tensor.data;
        assert_close((double)x[0], 0.6439, 1e-6);
        assert_close((double)x[1], -1.369496, 1e-6);
        assert_close((double)x[2], 1.5644, 1e-6);
        bench_close(&b);
    }
}

static void sgd_without_momentum_keeps_no_moments(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, "cpu", (OptimSpec){.kind = OPTIM_SGD});
    assert_null(b.optim->m);
    assert_int_equal(mem_use(b.account, MEM_HOST, MEM_OPTIMIZER).in_use, 0);
    bench_steps(&b);
    const float *x = b.set->list[0]->tensor.data;
    assert_close((double)x[0], 0.71 - 0.05 + 0.0125 - 0.0025, 1e-6);
    bench_close(&b);
}

/* ---- clipping ---- */

static void the_norm_spans_all_parameters_and_clipping_is_torchs(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, "cpu", (OptimSpec){.kind = OPTIM_SGD});
    static const float g[5] = {1, 2, 2, 4, 5};
    memcpy(b.set->list[0]->tensor.grad, g, 3 * sizeof(float));
    memcpy(b.set->list[1]->tensor.grad, g + 3, 2 * sizeof(float));
    assert_close(params_grad_norm(b.set), sqrt(50.0), 1e-12);
    b.set->list[1]->tensor.grad[0] = NAN;
    assert_int_equal(isfinite(params_grad_norm(b.set)) != 0, 0);
    b.set->list[1]->tensor.grad[0] = 3e38f; /* its square needs a double */
    assert_close(params_grad_norm(b.set) / (double)3e38f, 1, 1e-12);
    bench_close(&b);

    assert_close(clip_scale(10, 1), 1 / (10 + 1e-6), 1e-15);
    assert_close(clip_scale(0.5, 1), 1, 0);
    assert_close(clip_scale(10, 0), 1, 0);
    assert_close(clip_scale(0, 1), 1, 0);
}

/* ---- defaults ---- */

static void defaults_are_those_of_training_arguments(void **state)
{
    (void)state;
    TrainSettings s;
    train_settings_init(&s);
    assert_close(s.learning_rate, 5e-5, 0);
    assert_close(s.num_train_epochs, 3, 0);
    assert_int_equal(s.batch, 8);
    assert_int_equal(s.accumulation, 1);
    assert_int_equal(s.schedule, SCHEDULE_LINEAR);
    assert_close(s.max_grad_norm, 1, 0);
    assert_close(s.optim.beta1, 0.9, 0);
    assert_close(s.optim.beta2, 0.999, 0);
    assert_close(s.optim.epsilon, 1e-8, 0);
    assert_close(s.optim.weight_decay, 0, 0);
    assert_int_equal(s.seed, 42);
}

static void create_optimizer(void *context, Error *err)
{
    Bench *b = context;
    Optim *optim = optim_create(b->set, (OptimSpec){.kind = OPTIM_ADAMW}, err);
    optim_free(optim);
}

static void an_optimizer_survives_every_failed_allocation(void **state)
{
    (void)state;
    Bench b;
    bench_open(&b, "cpu", (OptimSpec){.kind = OPTIM_SGD});
    torture(create_optimizer, &b);
    bench_close(&b);
}

TEST_GROUP(optim, cmocka_unit_test(rates_are_those_of_transformers),
           cmocka_unit_test(schedules_at_their_edges),
           cmocka_unit_test(adamw_has_the_values_of_its_formula),
           cmocka_unit_test(sgd_has_the_values_of_its_formula),
           cmocka_unit_test(sgd_without_momentum_keeps_no_moments),
           cmocka_unit_test(the_norm_spans_all_parameters_and_clipping_is_torchs),
           cmocka_unit_test(defaults_are_those_of_training_arguments),
           cmocka_unit_test(an_optimizer_survives_every_failed_allocation));
