/*
 * config.json. What is accepted must be within its ranges, and written and read again it must be
 * the same.
 */

#include <string.h>

#include "core/base/mem.h"
#include "core/model/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static bool parse(ModelConfig *config, const char *text, Index n)
{
    Error err = {0};
    Json *json = json_parse(text, n, "fuzz", &err);
    bool  good = json != NULL && config_parse(config, json, &err);
    json_free(json);
    CHECK(good == (err.code == ERR_NONE));
    CHECK(good || err.code == ERR_INPUT);
    return good;
}

static void check_ranges(const ModelConfig *c)
{
    CHECK(c->V > 0 && c->D > 0 && c->L > 0 && c->F > 0 && c->max_position > 0);
    CHECK(c->H > 0 && c->G > 0 && c->H % c->G == 0 && c->K > 0 && c->K % 2 == 0);
    CHECK(c->rms_eps > 0.0f && c->rms_eps <= 1.0f && c->rope.theta >= 1.0);
    CHECK(c->bos < c->V && c->pad < c->V);
    CHECK(c->end_count >= 0 && c->end_count <= CONFIG_MAX_END_TOKENS);
    for (int i = 0; i < c->end_count; i++) CHECK(c->end[i] >= 0 && c->end[i] < c->V);
    int64_t product = 0;
    CHECK(
        !__builtin_mul_overflow(c->L * (c->D + c->H * c->K), 16 * (c->F + c->H * c->K), &product));
}

static void check_written(const ModelConfig *config)
{
    ModelConfig again;
    Str         text = {0};
    config_write(&text, config);
    CHECK(!text.failed && parse(&again, text.data, text.len));
    CHECK(again.V == config->V && again.D == config->D && again.L == config->L);
    CHECK(again.K == config->K && again.G == config->G && again.F == config->F);
    CHECK(again.rms_eps == config->rms_eps && again.rope.theta == config->rope.theta);
    CHECK(again.rope.type == config->rope.type && again.rope.factor == config->rope.factor);
    CHECK(again.tied == config->tied && again.o_bias == config->o_bias);
    CHECK(again.dtype == config->dtype && again.end_count == config->end_count);
    str_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    ModelConfig config;
    int64_t     live = mem_live_blocks();
    /* A copy of the exact size, so that reading beyond it is seen. */
    char *text = mem_alloc_raw(mem_program(), MEM_TEXT, (Index)n, 1, NULL);
    CHECK(text != NULL);
    if (n > 0) memcpy(text, bytes, n);
    if (parse(&config, text, (Index)n)) {
        check_ranges(&config);
        check_written(&config);
    }
    mem_free(text);
    CHECK(mem_live_blocks() == live);
    return 0;
}
