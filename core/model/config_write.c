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

/* One object; `words` are the names that the version has for the type. */
static void add_rope(Str *out, const char *words, const RopeConfig *rope)
{
    static const char *const names[] = {
        [ROPE_DEFAULT] = "default", [ROPE_LINEAR] = "linear", [ROPE_LLAMA3] = "llama3"};
    const char *name = names[rope->type];
    str_add(out, "{");
    str_addf(out, words, name, name);
    if (rope->type != ROPE_DEFAULT) add_number(out, "factor", rope->factor);
    if (rope->type == ROPE_LLAMA3) {
        add_number(out, "low_freq_factor", rope->low_freq_factor);
        add_number(out, "high_freq_factor", rope->high_freq_factor);
        str_addf(out, ", \"original_max_position_embeddings\": %lld",
                 (long long)rope->original_max_position);
    }
}
