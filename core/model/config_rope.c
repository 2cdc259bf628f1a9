/*
 * Rotary settings. transformers 4 has "rope_theta" at the top and "rope_scaling" (null: plain
 * angles) with "rope_type", once "type"; transformers 5 has all of it in "rope_parameters".
 * Where a file has both, "rope_scaling" is what either version believes.
 */

#include "core/model/config_internal.h"

#include <string.h>

static const char *const rope_names[] = {
    [ROPE_DEFAULT] = "default", [ROPE_LINEAR] = "linear", [ROPE_LLAMA3] = "llama3"};

static bool read_type(const ConfigReader *r, const JsonNode *object, RopeType *type)
{
    const char *field = json_get(object, "rope_type") != NULL ? "rope_type" : "type";
    const char *text = "default";
    if (!json_field_string(r->json, object, field, false, &text, r->err)) return false;
    for (size_t i = 0; i < sizeof rope_names / sizeof *rope_names; i++) {
        if (strcmp(text, rope_names[i]) != 0) continue;
        *type = (RopeType)i;
        return true;
    }
    (void)error_set(r->err, ERR_INPUT, "\"%.60s\" is not supported, only default, linear, llama3",
                    text);
    return config_failed_at(r, field);
}

static bool check_whole(const ConfigReader *r, const JsonNode *object)
{
    double part = 1.0;
    if (!json_field_double(r->json, object, "partial_rotary_factor", false, 0.0, 1.0, &part,
                           r->err)) {
        return false;
    }
    if (part >= 1.0) return true;
    (void)error_set(r->err, ERR_INPUT, "%g is not supported, only 1", part);
    return config_failed_at(r, "partial_rotary_factor");
}

static bool read_llama3(const ConfigReader *r, const JsonNode *object, RopeConfig *rope)
{
    rope->original_max_position = (double)r->config->max_position;
    if (!json_field_double(r->json, object, "low_freq_factor", true, 1e-6, 1e6,
                           &rope->low_freq_factor, r->err) ||
        !json_field_double(r->json, object, "high_freq_factor", true, 1e-6, 1e6,
                           &rope->high_freq_factor, r->err) ||
        !json_field_double(r->json, object, "original_max_position_embeddings", false, 1.0, 1e9,
                           &rope->original_max_position, r->err)) {
        return false;
    }
    if (rope->high_freq_factor > rope->low_freq_factor) return true;
    (void)error_set(r->err, ERR_INPUT, "%g must be above low_freq_factor %g",
                    rope->high_freq_factor, rope->low_freq_factor);
    return config_failed_at(r, "high_freq_factor");
}

static bool read_object(const ConfigReader *r, const char *field, const JsonNode *object)
{
    RopeConfig *rope = &r->config->rope;
    if (!json_is_object(object)) {
        (void)error_set(r->err, ERR_INPUT, "must be an object");
        return config_failed_at(r, field);
    }
    if (json_is_object(json_get(object, "full_attention"))) {
        (void)error_set(r->err, ERR_INPUT, "settings per type of layer are not supported");
        return config_failed_at(r, field);
    }
    if (!read_type(r, object, &rope->type) || !check_whole(r, object) ||
        !json_field_double(r->json, object, "rope_theta", false, 1.0, 1e12, &rope->theta, r->err)) {
        return false;
    }
    if (rope->type == ROPE_DEFAULT) return true;
    if (!json_field_double(r->json, object, "factor", true, 1e-3, 1e6, &rope->factor, r->err)) {
        return false;
    }
    return rope->type != ROPE_LLAMA3 || read_llama3(r, object, rope);
}

bool config_read_rope(const ConfigReader *r)
{
    r->config->rope = (RopeConfig){.type = ROPE_DEFAULT, .theta = 1e4, .factor = 1.0};
    if (!json_field_double(r->json, r->root, "rope_theta", false, 1.0, 1e12, &r->config->rope.theta,
                           r->err) ||
        !check_whole(r, r->root)) {
        return false;
    }
    static const char *const fields[] = {"rope_scaling", "rope_parameters"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const JsonNode *node = json_get(r->root, fields[i]);
        if (node != NULL && !json_is_nothing(node)) return read_object(r, fields[i], node);
    }
    return true;
}
