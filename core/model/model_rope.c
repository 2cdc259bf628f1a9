/*
 * Rotary tables. Pair j of a head turns by position * inv_freq[j],
 *
 *     inv_freq[j] = theta ^ -(2j/K)
 *
 * computed in float32 operation by operation as transformers does, because at position 10^4 the
 * last bit of inv_freq moves an angle by 10^-3. Each statement below is one rounding.
 *
 * linear: all divided by `factor`. llama3: wavelengths longer than the original context divided
 * by low_freq_factor are; those shorter than it divided by high_freq_factor are left; between
 * them it slides.
 */

#include "core/model/model_internal.h"

#include <math.h>

static const float two_pi = 6.283185307179586f;

static float llama3_frequency(float freq, const RopeConfig *rope)
{
    float  factor = (float)rope->factor, low = (float)rope->low_freq_factor;
    float  context = (float)rope->original_max_position;
    float  span = (float)(rope->high_freq_factor - rope->low_freq_factor);
    double longest = rope->original_max_position / rope->low_freq_factor;
    double shortest = rope->original_max_position / rope->high_freq_factor;

    float wavelength = 1.0f / freq; /* torch divides a number by a tensor in these two steps */
    wavelength *= two_pi;
    float slow = freq / factor;
    if (wavelength > (float)longest) return slow;
    if (wavelength < (float)shortest) return freq;

    float smooth = 1.0f / wavelength;
    smooth *= context;
    smooth -= low;
    smooth /= span;
    float rest = 1.0f - smooth;
    float a = rest * freq;
    a /= factor;
    float b = smooth * freq;
    return a + b;
}

static float frequency(const ModelConfig *config, Index j)
{
    const RopeConfig *rope = &config->rope;
    float             exponent = (float)(2 * j) / (float)config->K;
    float             power = powf((float)rope->theta, exponent);
    float             freq = 1.0f / power;
    if (rope->type == ROPE_LINEAR) freq /= (float)rope->factor;
    if (rope->type == ROPE_LLAMA3) freq = llama3_frequency(freq, rope);
    return freq;
}

static void fill_tables(float *cosines, float *sines, const ModelConfig *config, Index positions)
{
    Index half = config->K / 2;
    for (Index j = 0; j < half; j++) {
        float freq = frequency(config, j);
        for (Index p = 0; p < positions; p++) {
            float angle = (float)p * freq;
            cosines[p * half + j] = (float)cos((double)angle);
            sines[p * half + j] = (float)sin((double)angle);
        }
    }
}

static void count_table(Model *model, int64_t bytes)
{
    mem_count(model->account, model->be->space, MEM_SCRATCH, bytes, bytes);
}

/* Put new tables in place of the old ones; on failure those stay. */
static bool replace_tables(Model *model, const float *cosines, const float *sines, Index positions,
                           Error *err)
{
    ModelOwner *owner = model_owner(model);
    Backend    *be = model->be;
    Index       bytes = positions * (model->config.K / 2) * (Index)sizeof(float);
    float      *on_cos = be->alloc(be, bytes, err);
    float      *on_sin = on_cos == NULL ? NULL : be->alloc(be, bytes, err);
    if (on_sin == NULL) {
        if (on_cos != NULL) be->release(be, on_cos);
        return false;
    }
    be->put(be, on_cos, cosines, bytes);
    be->put(be, on_sin, sines, bytes);
    if (model->rope_cos != NULL) {
        be->release(be, model->rope_cos);
        be->release(be, model->rope_sin);
    }
    count_table(model, 2 * (bytes - owner->rope_bytes));
    owner->rope_bytes = bytes;
    model->rope_cos = on_cos;
    model->rope_sin = on_sin;
    model->rope_positions = positions;
    return true;
}

bool model_reserve_positions(Model *model, Index positions, Error *err)
{
    CHECK(model->be != NULL && positions >= 0);
    if (positions > model->config.max_position) {
        return error_set(err, ERR_INPUT,
                         "%lld positions are more than the model's max_position_embeddings %lld",
                         (long long)positions, (long long)model->config.max_position);
    }
    if (positions <= model->rope_positions) return true;

    Index  half = model->config.K / 2;
    float *tables =
        mem_alloc_raw(mem_program(), MEM_SCRATCH, 2 * positions * half, sizeof *tables, err);
    if (tables == NULL) return false;
    float *sines = tables + positions * half;
    fill_tables(tables, sines, &model->config, positions);
    bool good = replace_tables(model, tables, sines, positions, err);
    mem_free(tables);
    return good;
}
