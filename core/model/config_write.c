/*
 * Writing config.json with the words of transformers 4 and 5 both: each reads its own and
 * ignores the other's. Members stand in the order of the alphabet, as transformers writes them.
 */

#include "core/model/config.h"

#include <math.h>

static void add_flag(Str *out, const char *key, bool value)
{
    str_addf(out, "  \"%s\": %s,\n", key, value ? "true" : "false");
}

static void add_size(Str *out, const char *key, Index value)
{
    str_addf(out, "  \"%s\": %lld,\n", key, (long long)value);
}

static void add_id(Str *out, const char *key, int32_t id)
{
    if (id < 0) {
        str_addf(out, "  \"%s\": null,\n", key);
    } else {
        add_size(out, key, id);
    }
}

static void add_ends(Str *out, const ModelConfig *config)
{
    str_add(out, "  \"eos_token_id\": ");
    if (config->end_count == 0) str_add(out, "null");
    if (config->end_count == 1) str_addf(out, "%d", (int)config->end[0]);
    if (config->end_count > 1) {
        for (int i = 0; i < config->end_count; i++) {
            str_addf(out, "%s%d", i == 0 ? "[" : ", ", (int)config->end[i]);
        }
        str_add(out, "]");
    }
    str_add(out, ",\n");
}

/* The shortest decimal that is this float: 1e-06 and not 9.999999974752427e-07. */
static void add_float(Str *out, float value)
{
    double x = (double)value;
    for (int digits = 1; digits <= 9; digits++) {
        double power = pow(10.0, digits - 1 - floor(log10(x)));
        double rounded = nearbyint(x * power) / power;
        if ((float)rounded != value) continue;
        x = rounded;
        break;
    }
    json_add_number(out, x);
}

static void add_number(Str *out, const char *key, double value)
{
    str_addf(out, ", \"%s\": ", key);
    json_add_number(out, value);
}

static void add_scaling(Str *out, const RopeConfig *rope)
{
    if (rope->type != ROPE_DEFAULT) add_number(out, "factor", rope->factor);
    if (rope->type != ROPE_LLAMA3) return;
    add_number(out, "low_freq_factor", rope->low_freq_factor);
    add_number(out, "high_freq_factor", rope->high_freq_factor);
    str_addf(out, ", \"original_max_position_embeddings\": %lld",
             (long long)rope->original_max_position);
}

static void add_rope(Str *out, const RopeConfig *rope)
{
    static const char *const names[] = {
        [ROPE_DEFAULT] = "default", [ROPE_LINEAR] = "linear", [ROPE_LLAMA3] = "llama3"};
    const char *name = names[rope->type];

    str_addf(out, "  \"rope_parameters\": {\"rope_type\": \"%s\"", name);
    add_number(out, "rope_theta", rope->theta);
    add_scaling(out, rope);
    str_add(out, "},\n  \"rope_scaling\": ");
    if (rope->type == ROPE_DEFAULT) {
        str_add(out, "null");
    } else { /* "type" is the older word */
        str_addf(out, "{\"rope_type\": \"%s\", \"type\": \"%s\"", name, name);
        add_scaling(out, rope);
        str_add(out, "}");
    }
    str_add(out, ",\n  \"rope_theta\": ");
    json_add_number(out, rope->theta);
    str_add(out, ",\n");
}

void config_write(Str *out, const ModelConfig *config)
{
    static const char *const dtypes[] = {
        [DTYPE_F32] = "float32", [DTYPE_F16] = "float16", [DTYPE_BF16] = "bfloat16"};
    bool qwen2 = config->family == FAMILY_QWEN2;

    str_addf(out, "{\n  \"architectures\": [\"%s\"],\n",
             qwen2 ? "Qwen2ForCausalLM" : "LlamaForCausalLM");
    if (!qwen2) add_flag(out, "attention_bias", config->qkv_bias);
    add_id(out, "bos_token_id", config->bos);
    str_addf(out, "  \"dtype\": \"%s\",\n", dtypes[config->dtype]);
    add_ends(out, config);
    add_size(out, "head_dim", config->K);
    str_add(out, "  \"hidden_act\": \"silu\",\n");
    add_size(out, "hidden_size", config->D);
    add_size(out, "intermediate_size", config->F);
    add_size(out, "max_position_embeddings", config->max_position);
    if (!qwen2) add_flag(out, "mlp_bias", config->mlp_bias);
    str_addf(out, "  \"model_type\": \"%s\",\n", qwen2 ? "qwen2" : "llama");
    add_size(out, "num_attention_heads", config->H);
    add_size(out, "num_hidden_layers", config->L);
    add_size(out, "num_key_value_heads", config->G);
    add_id(out, "pad_token_id", config->pad);
    str_add(out, "  \"rms_norm_eps\": ");
    add_float(out, config->rms_eps);
    str_add(out, ",\n");
    add_rope(out, &config->rope);
    add_flag(out, "tie_word_embeddings", config->tied);
    str_addf(out, "  \"torch_dtype\": \"%s\",\n", dtypes[config->dtype]);
    str_add(out, "  \"use_cache\": true,\n");
    if (qwen2) add_flag(out, "use_sliding_window", false);
    str_addf(out, "  \"vocab_size\": %lld\n}\n", (long long)config->V);
}
