#ifndef CORE_ADAPT_LORA_VALUE_H
#define CORE_ADAPT_LORA_VALUE_H

/* Reading one field of adapter_config.json: `value` is the member `key` of the root object. */

#include "core/adapt/lora_config.h"

/* FILE: field "KEY": SENTENCE */
bool lora_value_wrong(const Json *json, const char *key, const char *sentence, Error *err);
/* FILE: field "KEY": VALUE SENTENCE, key and value as they may be shown. */
bool lora_value_refuse(const Json *json, const char *key, const JsonNode *value,
                       const char *sentence, Error *err);
/* The text of a string without NUL; NULL: something else. */
const char    *lora_value_text(const JsonNode *value);
NODISCARD bool lora_value_take_text(char **to, const Json *json, const char *key,
                                    const JsonNode *value, Error *err);
NODISCARD bool lora_value_take_list(NameList *list, const Json *json, const char *key,
                                    const JsonNode *value, Error *err);
/* An object of numbers. */
NODISCARD bool lora_value_take_patterns(PatternList *list, const Json *json, const char *key,
                                        const JsonNode *value, Error *err);

#endif
