/*
 * Reading JSON. jansson parses; what it makes is wrapped once in nodes that know their members
 * by number and by name in constant time (jansson itself reaches member i only from member i-1).
 *
 * A document lives in an arena of its own: jansson's many small blocks cost no header each, and
 * freeing a document is freeing a few chunks. jansson's allocator is global, so the arena it
 * draws from is a variable of the thread, set for the duration of a parse. An allocation that
 * fails inside jansson leaves it by longjmp: jansson 2.14 overlooks some failures and runs into an
 * assertion of its own, and it holds nothing that is not in the arena.
 */

#include "core/base/json.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <string.h>

/* Two of jansson's functions have the names of ours; it is not called by those here. Its type
 * tests are macros, which give way. */
#define json_string jansson_string
#define json_integer jansson_integer
#include <jansson.h>
#undef json_string
#undef json_integer
#undef json_is_object
#undef json_is_array
#undef json_is_string
#undef json_is_number
#undef json_is_integer
#undef json_is_null

#include "core/base/file.h"
#include "core/base/hash.h"
#include "core/base/json_internal.h"
#include "core/base/mem.h"
#include "core/base/text.h"

struct JsonNode {
    const json_t *value;
    const char   *key;   /* when a member of an object */
    JsonNode     *items; /* members or elements */
    Index         count;
    int32_t      *slots; /* hash table over items: item + 1, 0 for none; NULL for few */
    Index         slot_mask;
};

enum { HASH_FROM = 9 }; /* fewer members are found by looking at each */

struct Json {
    JsonArena   arena;
    const char *name;
    JsonNode    root;
};

/* ---- jansson's memory ------------------------------------------------------------------- */

static _Thread_local struct {
    JsonArena *arena; /* NULL outside of a parse */
    jmp_buf    escape;
} current;

static void *jansson_alloc(size_t n)
{
    CHECK(current.arena != NULL && n < PTRDIFF_MAX / 2);
    void *block = json_arena_alloc(current.arena, (Index)n);
    if (block == NULL) longjmp(current.escape, 1);
    return block;
}

static void jansson_free(void *block)
{
    (void)block; /* the arena is given back as a whole */
}

static void set_allocator(void)
{
    json_set_alloc_funcs(jansson_alloc, jansson_free);
}

/* ---- wrapping --------------------------------------------------------------------------- */

static bool wrap(JsonArena *arena, JsonNode *node, const json_t *value);

static Index slot_of(const JsonNode *object, const char *key)
{
    Index slot = (Index)(hash_bytes(key, (Index)strlen(key)) & (uint64_t)object->slot_mask);
    while (object->slots[slot] != 0 &&
           strcmp(object->items[object->slots[slot] - 1].key, key) != 0) {
        slot = (slot + 1) & object->slot_mask;
    }
    return slot;
}

static bool index_keys(JsonArena *arena, JsonNode *object)
{
    if (object->count < HASH_FROM || object->count > INT32_MAX / 2) return true;

    Index slots = 16;
    while (slots < 2 * object->count) slots *= 2;
    object->slots = json_arena_alloc(arena, slots * (Index)sizeof *object->slots);
    if (object->slots == NULL) return false;
    memset(object->slots, 0, (size_t)slots * sizeof *object->slots);
    object->slot_mask = slots - 1;
    for (Index i = 0; i < object->count; i++) {
        object->slots[slot_of(object, object->items[i].key)] = (int32_t)(i + 1);
    }
    return true;
}

static bool wrap_members(JsonArena *arena, JsonNode *node)
{
    json_t *object = (json_t *)(uintptr_t)node->value; /* iterating changes nothing */
    void   *at = json_object_iter(object);
    for (Index i = 0; i < node->count; i++, at = json_object_iter_next(object, at)) {
        node->items[i].key = json_object_iter_key(at);
        if (!wrap(arena, &node->items[i], json_object_iter_value(at))) return false;
    }
    return index_keys(arena, node);
}

static bool wrap(JsonArena *arena, JsonNode *node, const json_t *value)
{
    node->value = value;
    bool object = json_typeof(value) == JSON_OBJECT;
    if (!object && json_typeof(value) != JSON_ARRAY) return true;

    node->count = (Index)(object ? json_object_size(value) : json_array_size(value));
    if (node->count == 0) return true;
    Index bytes = node->count * (Index)sizeof *node->items;
    node->items = json_arena_alloc(arena, bytes);
    if (node->items == NULL) return false;
    memset(node->items, 0, (size_t)bytes);
    if (object) return wrap_members(arena, node);
    for (Index i = 0; i < node->count; i++) {
        if (!wrap(arena, &node->items[i], json_array_get(value, (size_t)i))) return false;
    }
    return true;
}

/* ---- parsing ---------------------------------------------------------------------------- */

/* NULL with *problem, or with arena->failed. */
static json_t *parse(JsonArena *arena, const char *text, Index len, json_error_t *problem)
{
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY;
    json_t      *value = NULL;
    current.arena = arena;
    if (setjmp(current.escape) == 0) value = json_loadb(text, (size_t)len, flags, problem);
    current.arena = NULL;
    return arena->failed ? NULL : value;
}

static json_t *parse_softened(JsonArena *arena, const char *text, Index len, json_error_t *problem)
{
    char *copy = json_arena_alloc(arena, len);
    if (copy == NULL) return NULL;
    memcpy(copy, text, (size_t)len);
    return json_soften_integers(copy, len) > 0 ? parse(arena, copy, len, problem) : NULL;
}

/* jansson's sentence quotes the file, so it passes the filter for terminals here. */
static bool complain(const Json *json, const json_error_t *problem, Error *err)
{
    if (json->arena.failed) {
        return error_set(err, ERR_MEMORY, "%s: out of memory while reading JSON", json->name);
    }
    Str shown = {0};
    safe_text(&shown, problem->text, (Index)strnlen(problem->text, sizeof problem->text), false,
              160);
    if (str_ok(&shown, err)) {
        error_set(err, ERR_INPUT, "%s: line %d, column %d: %s", json->name, problem->line,
                  problem->column, str_text(&shown));
    }
    str_free(&shown);
    return false;
}

static bool fill(Json *json, const char *text, Index len, const char *name, Error *err)
{
    json_error_t problem = {.line = -1};
    Index        name_bytes = (Index)strlen(name) + 1;
    char        *copy = json_arena_alloc(&json->arena, name_bytes);
    json->name = copy == NULL ? "JSON" : memcpy(copy, name, (size_t)name_bytes);
    if (copy == NULL) return complain(json, &problem, err);

    json_t *value = parse(&json->arena, text, len, &problem);
    if (value == NULL && json_error_code(&problem) == json_error_numeric_overflow) {
        value = parse_softened(&json->arena, text, len, &problem);
    }
    bool made = value != NULL && wrap(&json->arena, &json->root, value);
    return made || complain(json, &problem, err);
}

Json *json_parse(const char *text, Index len, const char *name, Error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_allocator);

    Json *json = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *json, err);
    if (json == NULL) return NULL;
    if (fill(json, text, len, name, err)) return json;

    json_free(json);
    return NULL;
}

Json *json_read(const char *path, Index max_bytes, Error *err)
{
    Index len;
    char *text = file_read_all(path, max_bytes, &len, err);
    if (text == NULL) return NULL;

    Json *json = json_parse(text, len, path, err);
    mem_free(text);
    return json;
}

void json_free(Json *json)
{
    if (json == NULL) return;
    json_arena_free(&json->arena);
    mem_free(json);
}

const JsonNode *json_root(const Json *json)
{
    return &json->root;
}

const char *json_name(const Json *json)
{
    return json->name;
}

/* ---- looking ---------------------------------------------------------------------------- */

static bool is(const JsonNode *n, json_type type)
{
    return n != NULL && json_typeof(n->value) == type;
}

bool json_is_object(const JsonNode *n)
{
    return is(n, JSON_OBJECT);
}

bool json_is_array(const JsonNode *n)
{
    return is(n, JSON_ARRAY);
}

bool json_is_string(const JsonNode *n)
{
    return is(n, JSON_STRING);
}

bool json_is_integer(const JsonNode *n)
{
    return is(n, JSON_INTEGER);
}

bool json_is_number(const JsonNode *n)
{
    return is(n, JSON_INTEGER) || is(n, JSON_REAL);
}

bool json_is_bool(const JsonNode *n)
{
    return is(n, JSON_TRUE) || is(n, JSON_FALSE);
}

bool json_is_null(const JsonNode *n)
{
    return is(n, JSON_NULL);
}

Index json_count(const JsonNode *n)
{
    return n == NULL ? 0 : n->count;
}

const JsonNode *json_at(const JsonNode *array, Index i)
{
    return is(array, JSON_ARRAY) && i >= 0 && i < array->count ? &array->items[i] : NULL;
}

const JsonNode *json_get(const JsonNode *object, const char *key)
{
    if (!is(object, JSON_OBJECT)) return NULL;
    if (object->slots != NULL) {
        int32_t item = object->slots[slot_of(object, key)];
        return item == 0 ? NULL : &object->items[item - 1];
    }
    for (Index i = 0; i < object->count; i++) {
        if (strcmp(object->items[i].key, key) == 0) return &object->items[i];
    }
    return NULL;
}

const char *json_member(const JsonNode *object, Index i, const JsonNode **value)
{
    CHECK(is(object, JSON_OBJECT) && i >= 0 && i < object->count);
    *value = &object->items[i];
    return object->items[i].key;
}

const char *json_string(const JsonNode *n, Index *len)
{
    if (!is(n, JSON_STRING)) return NULL;
    if (len != NULL) *len = (Index)json_string_length(n->value);
    return json_string_value(n->value);
}

int64_t json_integer(const JsonNode *n)
{
    return is(n, JSON_INTEGER) ? json_integer_value(n->value) : 0;
}

double json_number(const JsonNode *n)
{
    return json_is_number(n) ? json_number_value(n->value) : (double)NAN;
}

bool json_bool(const JsonNode *n)
{
    return is(n, JSON_TRUE);
}
