/*
 * What would make the model another function than the one computed here is refused by name: a
 * wrong answer that looks right is worse than none.
 */

#include "core/model/config_internal.h"

#include <string.h>

typedef struct Refusal {
    const char *field;
    const char *what;
} Refusal;

/* Refused when the field holds anything but null, false, zero or nothing. */
static const Refusal refusals[] = {
    {"quantization_config", "quantised weights"},
    {"quantization", "quantised weights"},
    {"compression_config", "compressed weights"},
    {"num_experts", "a mixture of experts"},
    {"num_local_experts", "a mixture of experts"},
    {"n_routed_experts", "a mixture of experts"},
    {"num_experts_per_tok", "a mixture of experts"},
    {"moe_intermediate_size", "a mixture of experts"},
    {"shared_expert_intermediate_size", "a mixture of experts"},
    {"is_encoder_decoder", "an encoder"},
    {"add_cross_attention", "cross attention"},
    {"use_qk_norm", "a norm of queries and keys"},
    {"qk_layernorm", "a norm of queries and keys"},
};

static bool means_something(const JsonNode *node)
{
    if (node == NULL || json_is_nothing(node)) return false;
    return !json_is_number(node) || json_number(node) < 0 || json_number(node) > 0;
}

static bool refuse_fields(const ConfigReader *r)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        if (!means_something(json_get(r->root, refusals[i].field))) continue;
        (void)error_set(r->err, ERR_INPUT, "%s is not supported", refusals[i].what);
        return config_failed_at(r, refusals[i].field);
    }
    return true;
}

static bool refuse_activation(const ConfigReader *r)
{
    const char *name = "silu";
    if (!json_field_string(r->json, r->root, "hidden_act", false, &name, r->err)) return false;
    if (strcmp(name, "silu") == 0) return true;
    (void)error_set(r->err, ERR_INPUT, "\"%.60s\" is not supported, only silu", name);
    return config_failed_at(r, "hidden_act");
}

/* "layer_types" tells of every layer whether its attention is full; without it Qwen2 has a
 * window from layer max_window_layers on, if use_sliding_window says so and a width is given. */
static bool refuse_window(const ConfigReader *r)
{
    const JsonNode *types = json_get(r->root, "layer_types");
    for (Index i = 0; json_is_array(types) && i < json_count(types); i++) {
        const char *type = json_string(json_at(types, i), NULL);
        if (type != NULL && strcmp(type, "full_attention") == 0) continue;
        (void)error_set(r->err, ERR_INPUT,
                        "layer %lld is \"%.60s\", only full_attention is "
                        "supported",
                        (long long)i, type == NULL ? "not a string" : type);
        return config_failed_at(r, "layer_types");
    }
    bool    used = false;
    int64_t layers = 0, from = 28;
    if (!json_field_bool(r->json, r->root, "use_sliding_window", &used, r->err)) return false;
    if (!used || json_is_array(types) || !json_is_number(json_get(r->root, "sliding_window"))) {
        return true;
    }
    if (!json_field_int(r->json, r->root, "max_window_layers", false, 0, INT64_MAX, &from,
                        r->err) ||
        !json_field_int(r->json, r->root, "num_hidden_layers", true, 1, INT64_MAX, &layers,
                        r->err)) {
        return false;
    }
    if (from >= layers) return true;
    (void)error_set(r->err, ERR_INPUT,
                    "attention in a window (from layer %lld of %lld) is not "
                    "supported",
                    (long long)from, (long long)layers);
    return config_failed_at(r, "use_sliding_window");
}

bool config_refuse_unknown(const ConfigReader *r)
{
    return refuse_fields(r) && refuse_activation(r) &&
           (r->config->family != FAMILY_QWEN2 || refuse_window(r));
}
