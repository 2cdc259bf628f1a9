/* Models that come from sizes alone: outlines and random ones. */

#include "tests/test.h"

#include <math.h>

#include "tests/model/model_fixture.h"

static void an_outline_has_the_shapes_and_no_weights(void **state)
{
    (void)state;
    ModelBench bench = model_bench();
    for (int i = 0; i < MODEL_FIXTURES; i++) {
        Error  err = {0};
        Model *model = model_must_load(&bench, model_fixture(i));
        Model *outline = model_outline(&model->config, &err);
        assert_ok(&err);
        assert_int_equal(outline->parameters, model->parameters);
        assert_int_equal(outline->module_count, model->module_count);
        for (Index m = 0; m < model->module_count; m++) {
            const Module *a = &outline->modules[m], *b = &model->modules[m];
            assert_string_equal(a->name, b->name);
            assert_null(a->weight.data);
            assert_true(a->weight.rows == b->weight.rows && a->weight.cols == b->weight.cols);
            assert_int_equal(module_parameters(a), module_parameters(b));
            assert_true((a->bias == NULL) == (b->bias == NULL));
        }
        model_free(outline);
        model_free(model);
    }
    model_bench_done(&bench);
}

static void qwen2_half_a_billion_has_its_published_size(void **state)
{
    (void)state;
    Error       err = {0};
    ModelConfig config = model_tiny_config(true);
    config.V = 151936, config.D = 896, config.L = 24, config.H = 14, config.G = 2, config.K = 64;
    config.F = 4864;
    Model *outline = model_outline(&config, &err);
    assert_ok(&err);
    assert_int_equal(outline->parameters, 494032768);
    model_free(outline);
}

static double spread(const Module *module)
{
    double       sum = 0.0;
    Index        n = module->weight.rows * module->weight.cols;
    const float *w = module->weight.data;
    for (Index i = 0; i < n; i++) sum += (double)w[i] * (double)w[i];
    return sqrt(sum / (double)n);
}

static void random_weights_have_their_spread_and_repeat(void **state)
{
    (void)state;
    ModelBench  bench = model_bench();
    Error       err = {0};
    ModelConfig config = model_tiny_config(false);
    config.D = 64, config.V = 200, config.H = 4, config.K = 16, config.F = 96;
    Model *model = model_random(&config, 7, bench.be, bench.account, &err);
    assert_ok(&err);
    assert_close(spread(model_module(model, ROLE_Q, 0)), 1.0 / 8.0, 0.005);
    assert_close(spread(model_module(model, ROLE_O, 1)), 1.0 / 16.0, 0.003);
    assert_close(spread(model_module(model, ROLE_DOWN, 1)), 1.0 / sqrt(96.0) / 2.0, 0.003);
    assert_close(spread(model_module(model, ROLE_EMBED, -1)), 0.04, 0.001);
    assert_close(spread(model_module(model, ROLE_HEAD, -1)), 1.0 / 8.0, 0.005);
    assert_true(model_module(model, ROLE_NORM1, 0)->gain[63] == 1.0f);
    assert_true(model_module(model, ROLE_Q, 1)->bias[63] == 0.0f);

    Model *same = model_random(&config, 7, bench.be, bench.account, &err);
    Model *other = model_random(&config, 8, bench.be, bench.account, &err);
    assert_true(same->hash == model->hash);
    assert_true(other->hash != model->hash);
    model_free(other);
    model_free(same);
    model_free(model);
    model_bench_done(&bench);
}

TEST_GROUP(model_make, cmocka_unit_test(an_outline_has_the_shapes_and_no_weights),
           cmocka_unit_test(qwen2_half_a_billion_has_its_published_size),
           cmocka_unit_test(random_weights_have_their_spread_and_repeat));
