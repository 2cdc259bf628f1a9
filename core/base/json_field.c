/* Fields of configurations: types, ranges, and complaints that name file and field. */

#include <stdio.h>

#include "core/base/json.h"
#include "core/base/text.h"

bool json_is_nothing(const JsonNode *n)
{
    if (n == NULL || json_is_null(n)) return true;
    if (json_is_bool(n)) return !json_bool(n);
    if (json_is_string(n)) {
        Index len;
        json_string(n, &len);
        return len == 0;
    }
    return (json_is_object(n) || json_is_array(n)) && json_count(n) == 0;
}

/* "FILE: field "KEY": SENTENCE" where the sentence ends with what was found instead. */
static bool refuse(const Json *json, const char *key, const JsonNode *found, const char *wanted,
                   Error *err)
{
    Str value = {0}, shown = {0};
    if (json_is_object(found) || json_is_array(found)) {
        str_add(&value, json_is_object(found) ? "an object" : "a list");
    } else {
        json_add_node(&value, found);
    }
    safe_text(&shown, str_text(&value), value.len, false, 60);
    if (str_ok(&value, err) && str_ok(&shown, err)) {
        error_set(err, ERR_INPUT, "%s: field \"%s\": must be %s, not %s", json_name(json), key,
                  wanted, str_text(&shown));
    }
    str_free(&value);
    str_free(&shown);
    return false;
}

/* False: stop with an error. True with *found NULL: absent, and that is fine. */
static bool find(const Json *json, const JsonNode *object, const char *key, bool required,
                 const JsonNode **found, Error *err)
{
    *found = NULL;
    if (!json_is_object(object)) {
        return error_set(err, ERR_INPUT, "%s: an object with the field \"%s\" is expected",
                         json_name(json), key);
    }
    const JsonNode *n = json_get(object, key);
    if (n != NULL && !json_is_null(n)) {
        *found = n;
        return true;
    }
    if (!required) return true;
    return error_set(err, ERR_INPUT, "%s: field \"%s\": is missing", json_name(json), key);
}

bool json_field_int(const Json *json, const JsonNode *object, const char *key, bool required,
                    int64_t lo, int64_t hi, int64_t *out, Error *err)
{
    const JsonNode *n;
    if (!find(json, object, key, required, &n, err)) return false;
    if (n == NULL) return true;

    int64_t value = json_integer(n);
    if (json_is_integer(n) && value >= lo && value <= hi) {
        *out = value;
        return true;
    }
    char wanted[96] = "an integer";
    if (lo != INT64_MIN && hi == INT64_MAX) {
        snprintf(wanted, sizeof wanted, "an integer of at least %lld", (long long)lo);
    } else if (lo != INT64_MIN || hi != INT64_MAX) {
        snprintf(wanted, sizeof wanted, "an integer from %lld to %lld", (long long)lo,
                 (long long)hi);
    }
    return refuse(json, key, n, wanted, err);
}

bool json_field_double(const Json *json, const JsonNode *object, const char *key, bool required,
                       double lo, double hi, double *out, Error *err)
{
    const JsonNode *n;
    if (!find(json, object, key, required, &n, err)) return false;
    if (n == NULL) return true;

    double value = json_number(n);
    if (value >= lo && value <= hi) { /* false for the NaN of what is no number */
        *out = value;
        return true;
    }
    char wanted[96];
    snprintf(wanted, sizeof wanted, "a number from %g to %g", lo, hi);
    return refuse(json, key, n, wanted, err);
}

bool json_field_bool(const Json *json, const JsonNode *object, const char *key, bool *out,
                     Error *err)
{
    const JsonNode *n;
    if (!find(json, object, key, false, &n, err)) return false;
    if (n == NULL) return true;
    if (!json_is_bool(n)) return refuse(json, key, n, "true or false", err);
    *out = json_bool(n);
    return true;
}

bool json_field_string(const Json *json, const JsonNode *object, const char *key, bool required,
                       const char **out, Error *err)
{
    const JsonNode *n;
    if (!find(json, object, key, required, &n, err)) return false;
    if (n == NULL) return true;

    Index       len;
    const char *text = json_string(n, &len);
    if (text == NULL) return refuse(json, key, n, "a string", err);
    for (Index i = 0; i < len; i++) {
        if (text[i] == '\0') return refuse(json, key, n, "a string without NUL", err);
    }
    *out = text;
    return true;
}
