#ifndef CORE_MODEL_CONFIG_INTERNAL_H
#define CORE_MODEL_CONFIG_INTERNAL_H

/* What the files that read config.json share. */

#include "core/model/config.h"

typedef struct ConfigReader {
    ModelConfig    *config;
    const Json     *json;
    const JsonNode *root;
    Error          *err;
} ConfigReader;

/* After error_set: say in which file and field. Returns false. */
bool config_failed_at(const ConfigReader *r, const char *field);
/* As json_field_int, into an Index. */
NODISCARD bool config_size(const ConfigReader *r, const char *key, bool required, Index hi,
                           Index *out);
/* config_rope.c: the rotary angles; max_position is read already. */
NODISCARD bool config_read_rope(const ConfigReader *r);
/* config_refuse.c: whatever would make another function of the model than is computed here. */
NODISCARD bool config_refuse_unknown(const ConfigReader *r);

#endif
