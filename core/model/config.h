#ifndef CORE_MODEL_CONFIG_H
#define CORE_MODEL_CONFIG_H

/*
 * Sizes of a Qwen2- or Llama-family decoder, read from a Hugging Face config.json as
 * transformers 4 writes it (rope_theta, rope_scaling, torch_dtype at the top) or transformers 5
 * (rope_parameters, dtype). What this program does not compute is refused by name: sliding
 * window in use, mixture of experts, other rope types, quantised files, other activations.
 */

#include "core/base/json.h"
#include "core/math/ops.h"

typedef enum ModelFamily { FAMILY_QWEN2, FAMILY_LLAMA } ModelFamily;
typedef enum RopeType { ROPE_DEFAULT, ROPE_LINEAR, ROPE_LLAMA3 } RopeType;

typedef struct RopeConfig {
    RopeType type;
    double   theta;                                /* > 0 */
    double   factor;                               /* linear, llama3 */
    double   low_freq_factor, high_freq_factor;    /* llama3 */
    double   original_max_position;                /* llama3 */
} RopeConfig;

#define CONFIG_MAX_END_TOKENS 8

typedef struct ModelConfig {
    ModelFamily family;
    Index V, D, L, H, G, K, F; /* vocabulary, width, layers, heads, kv heads, head width, ff */
    Index max_position;        /* max_position_embeddings */
    float rms_eps;
    bool  tied;                /* the head is the embedding */
    bool  qkv_bias, o_bias, mlp_bias;
    RopeConfig rope;
    DType dtype;               /* what the file says it is stored in; F32 when silent */
    int32_t bos, pad;          /* -1: none */
    int32_t end[CONFIG_MAX_END_TOKENS]; /* end-of-text ids, also of generation_config.json */
    int     end_count;
} ModelConfig;

/* From FOLDER/config.json and, where it exists, FOLDER/generation_config.json. */
NODISCARD bool config_read(ModelConfig *config, const char *folder, Error *err);
/* From one parsed document; the file's name is the document's. */
NODISCARD bool config_parse(ModelConfig *config, const Json *json, Error *err);
/* The config.json that transformers 4 and 5 both read. */
void config_write(Str *out, const ModelConfig *config);

#endif
