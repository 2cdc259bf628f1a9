/* Rotary tables against those of transformers 5.23 (torch 2.15, float32). */

#include "tests/test.h"

#include "tests/model/model_fixture.h"

typedef struct Angle {
    int    position, pair;
    double cosine, sine;
} Angle;

typedef struct RopeCase {
    RopeConfig rope;
    Index      K;
    Angle      angles[8];
} RopeCase;

static const RopeCase cases[] = {
    {{.type = ROPE_DEFAULT, .theta = 1e6},
     128,
     {{1, 1, 0.69250387, 0.721414149},
      {7, 63, 1, 8.68656389e-06},
      {100, 21, 0.476077139, 0.879403532},
      {4095, 0, -0.0659759939, -0.997821212},
      {4095, 32, -0.578907907, -0.815392911},
      {8191, 1, -0.985980749, -0.166859254},
      {8191, 31, -0.738641024, -0.674098969},
      {511, 63, 0.999999821, 0.000634119147}}},
    {{.type = ROPE_LINEAR, .theta = 1e4, .factor = 4.0},
     64,
     {{1, 1, 0.982478261, 0.186377317},
      {7, 31, 1, 0.000233366271},
      {100, 10, 0.164196163, 0.986427724},
      {4095, 0, 0.917437375, -0.397880167},
      {4095, 16, -0.687524199, -0.72616148},
      {8191, 1, -0.800311089, 0.599584937},
      {8191, 15, -0.56765002, 0.823269963},
      {511, 31, 0.999854922, 0.0170349143}}},
    {{.type = ROPE_LLAMA3,
      .theta = 5e5,
      .factor = 32.0,
      .low_freq_factor = 1.0,
      .high_freq_factor = 4.0,
      .original_max_position = 8192}, /* Llama 3.2 */
     64,
     {{1, 1, 0.787779093, 0.615957856},
      {7, 31, 1, 6.59281454e-07},
      {100, 10, -0.0851445869, 0.996368587},
      {4095, 0, -0.0659759939, -0.997821212},
      {4095, 16, -0.187128738, 0.982335389},
      {8191, 1, 0.823742986, 0.566963375},
      {8191, 15, -0.412043184, -0.911164343},
      {511, 31, 1, 4.81275456e-05}}},
    {{.type = ROPE_LLAMA3,
      .theta = 5e5,
      .factor = 8.0,
      .low_freq_factor = 1.0,
      .high_freq_factor = 4.0,
      .original_max_position = 64},
     12,
     {{1, 1, 0.999824703, 0.0187220965},
      {7, 5, 1, 1.55907328e-05},
      {100, 2, 0.987624049, 0.156839877},
      {4095, 0, -0.0659759939, -0.997821212},
      {4095, 3, 0.74922806, 0.66231209},
      {8191, 1, -0.838434756, 0.545001984},
      {8191, 2, 0.944855154, 0.327488512},
      {511, 5, 0.999999344, 0.00113812322}}},
};

static Model *rope_model(ModelBench *bench, const RopeConfig *rope, Index K)
{
    Error       err = {0};
    ModelConfig config = model_tiny_config(true);
    config.rope = *rope;
    config.K = K;
    config.max_position = 8192;
    Model *model = model_random(&config, 1, bench->be, bench->account, &err);
    assert_ok(&err);
    return model;
}

static void tables_agree_with_transformers(void **state)
{
    (void)state;
    ModelBench bench = model_bench();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Error  err = {0};
        Model *model = rope_model(&bench, &cases[i].rope, cases[i].K);
        assert_true(model_reserve_positions(model, 8192, &err));
        for (int k = 0; k < 8; k++) {
            const Angle *angle = &cases[i].angles[k];
            Index        at = angle->position * (cases[i].K / 2) + angle->pair;
            assert_close((double)model->rope_cos[at], angle->cosine, 1e-6);
            assert_close((double)model->rope_sin[at], angle->sine, 1e-6);
        }
        model_free(model);
    }
    model_bench_done(&bench);
}

static void position_zero_turns_nothing(void **state)
{
    (void)state;
    ModelBench bench = model_bench();
    Error      err = {0};
    Model     *model = rope_model(&bench, &cases[0].rope, 6);
    assert_int_equal(model->rope_positions, 0);
    assert_true(model_reserve_positions(model, 1, &err));
    for (int j = 0; j < 3; j++) {
        assert_true(model->rope_cos[j] == 1.0f && model->rope_sin[j] == 0.0f);
    }
    model_free(model);
    model_bench_done(&bench);
}

static void tables_grow_and_are_counted_once(void **state)
{
    (void)state;
    ModelBench bench = model_bench();
    Error      err = {0};
    Model     *model = rope_model(&bench, &cases[0].rope, 6);
    assert_true(model_reserve_positions(model, 20, &err));
    float early = model->rope_sin[19 * 3 + 1];
    assert_true(model_reserve_positions(model, 10, &err)); /* never smaller */
    assert_int_equal(model->rope_positions, 20);
    assert_true(model_reserve_positions(model, 50, &err));
    assert_int_equal(model->rope_positions, 50);
    assert_true(model->rope_sin[19 * 3 + 1] == early);
    MemUse use = mem_use(bench.account, MEM_HOST, MEM_SCRATCH);
    assert_int_equal(use.in_use, 2 * 50 * 3 * 4);
    assert_int_equal(use.reserved, 2 * 50 * 3 * 4);

    assert_false(model_reserve_positions(model, 8193, &err));
    assert_error(&err, ERR_INPUT, "8193 positions are more than the model's");
    assert_error(&err, ERR_INPUT, "max_position_embeddings 8192");
    assert_int_equal(model->rope_positions, 50);
    model_free(model);
    model_bench_done(&bench);
}

static void reserve_body(void *context, Error *err)
{
    Model *model = context;
    Index  before = model->rope_positions;
    if (!model_reserve_positions(model, before + 1, err)) {
        assert_int_equal(model->rope_positions, before);
        assert_true(model->rope_cos[0] == 1.0f);
    }
}

static void reserving_survives_every_failed_allocation(void **state)
{
    (void)state;
    ModelBench bench = model_bench();
    Error      err = {0};
    Model     *model = rope_model(&bench, &cases[0].rope, 6);
    assert_true(model_reserve_positions(model, 4, &err));
    torture(reserve_body, model);
    model_free(model);
    model_bench_done(&bench);
}

TEST_GROUP(model_rope, cmocka_unit_test(tables_agree_with_transformers),
           cmocka_unit_test(position_zero_turns_nothing),
           cmocka_unit_test(tables_grow_and_are_counted_once),
           cmocka_unit_test(reserving_survives_every_failed_allocation));
