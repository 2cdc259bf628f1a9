#ifndef CORE_BASE_JSON_H
#define CORE_BASE_JSON_H

/*
 * JSON. Reading is jansson's (duplicate keys and deep nesting rejected, UTF-8 checked) behind
 * a cursor that remembers the file's name, so that every complaint names file and field.
 * Writing is into a Str. Only json.c knows jansson.
 */

#include "core/base/str.h"

typedef struct Json     Json;     /* a parsed document; owns everything below it */
typedef struct JsonNode JsonNode; /* a value inside it; lives as long as the document */

/* `name` is what errors call it (a path, or "line 7 of data.jsonl"). */
NODISCARD Json *json_parse(const char *text, Index len, const char *name, Error *err);
NODISCARD Json *json_read(const char *path, Index max_bytes, Error *err);
void            json_free(Json *json);
const JsonNode *json_root(const Json *json);
const char     *json_name(const Json *json); /* what errors call it */

bool json_is_object(const JsonNode *n);
bool json_is_array(const JsonNode *n);
bool json_is_string(const JsonNode *n);
bool json_is_number(const JsonNode *n); /* integer or real */
bool json_is_integer(const JsonNode *n);
bool json_is_bool(const JsonNode *n);
bool json_is_null(const JsonNode *n);
/* null, false, "", [] or {}: what a configuration may hold anywhere without meaning it. */
bool json_is_nothing(const JsonNode *n);

Index           json_count(const JsonNode *n);            /* members or elements */
const JsonNode *json_at(const JsonNode *array, Index i);  /* NULL when out of range */
const JsonNode *json_get(const JsonNode *object, const char *key); /* NULL when absent */
/* Member i of an object in file order: its key and value. */
const char *json_member(const JsonNode *object, Index i, const JsonNode **value);

/* libjansson exports functions of the first two names, and calls them itself: in the program's
 * symbol table ours must be called something else. */
const char *json_string(const JsonNode *n, Index *len) /* may hold NULs; NULL if no string */
    __asm__("loralab_json_string");
int64_t json_integer(const JsonNode *n) /* 0 if not an integer */
    __asm__("loralab_json_integer");
double      json_number(const JsonNode *n);             /* NaN if not a number */
bool        json_bool(const JsonNode *n);               /* false if not a bool */

/* Fields with types and ranges. Absent or null: *out keeps its value and true is returned
 * unless `required`. Errors read `FILE: field "KEY": ...`. */
NODISCARD bool json_field_int(const Json *json, const JsonNode *object, const char *key,
                              bool required, int64_t lo, int64_t hi, int64_t *out, Error *err);
NODISCARD bool json_field_double(const Json *json, const JsonNode *object, const char *key,
                                 bool required, double lo, double hi, double *out, Error *err);
NODISCARD bool json_field_bool(const Json *json, const JsonNode *object, const char *key,
                               bool *out, Error *err);
NODISCARD bool json_field_string(const Json *json, const JsonNode *object, const char *key,
                                 bool required, const char **out, Error *err);

/* ---- writing ---------------------------------------------------------------------------- */

void json_add_string(Str *out, const char *text, Index n); /* quoted, escaped; bad bytes U+FFFD */
void json_add_number(Str *out, double value);              /* null where it is not finite */

/* Append the value as compact JSON with its members in file order. */
void json_add_node(Str *out, const JsonNode *n);

#endif
