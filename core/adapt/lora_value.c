/* Values of an adapter_config.json: taken into a configuration, or refused in words. */

#include "core/adapt/lora_value.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"

bool lora_value_wrong(const Json *json, const char *key, const char *sentence, Error *err)
{
    return error_set(err, ERR_INPUT, "%s: field \"%s\": %s", json_name(json), key, sentence);
}

/* "FILE: field "KEY": VALUE SENTENCE", the value as it may be shown. */
bool lora_value_refuse(const Json *json, const char *key, const JsonNode *value,
                       const char *sentence, Error *err)
{
    Str text = {0}, name = {0}, shown = {0};
    json_add_node(&text, value);
    safe_name(&name, key);
    safe_text(&shown, str_text(&text), text.len, false, 60);
    if (str_ok(&text, err) && str_ok(&name, err) && str_ok(&shown, err)) {
        (void)error_set(err, ERR_INPUT, "%s: field \"%s\": %s %s", json_name(json), str_text(&name),
                        str_text(&shown), sentence);
    }
    str_free(&text);
    str_free(&name);
    str_free(&shown);
    return false;
}

const char *lora_value_text(const JsonNode *value)
{
    Index       len;
    const char *text = json_string(value, &len);
    return text != NULL && (Index)strlen(text) == len ? text : NULL;
}

bool lora_value_take_text(char **to, const Json *json, const char *key, const JsonNode *value,
                          Error *err)
{
    const char *text = lora_value_text(value);
    if (text == NULL) return lora_value_refuse(json, key, value, "is not a text", err);
    mem_free(*to);
    *to = mem_strdup(text, err);
    return *to != NULL;
}

bool lora_value_take_list(NameList *list, const Json *json, const char *key, const JsonNode *value,
                          Error *err)
{
    if (!json_is_array(value)) return lora_value_refuse(json, key, value, "is not a list", err);
    for (Index i = 0; i < json_count(value); i++) {
        const char *name = lora_value_text(json_at(value, i));
        if (name == NULL || *name == '\0') {
            return lora_value_wrong(json, key, "every element must be a name", err);
        }
        if (!name_list_add(list, name, err)) return false;
    }
    return true;
}

bool lora_value_take_patterns(PatternList *list, const Json *json, const char *key,
                              const JsonNode *value, Error *err)
{
    if (!json_is_object(value)) return lora_value_refuse(json, key, value, "is not an object", err);
    for (Index i = 0; i < json_count(value); i++) {
        const JsonNode *number;
        const char     *pattern = json_member(value, i, &number);
        if (!json_is_number(number))
            return lora_value_wrong(json, key, "every value must be a number", err);
        if (!pattern_list_add(list, pattern, json_number(number), err)) return false;
    }
    return true;
}
