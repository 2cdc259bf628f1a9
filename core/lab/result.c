/*
 * Building a Result. An allocation that fails marks the object's root; builders go on with a
 * value that belongs to nobody, so a command asks once, at its end.
 */

#include "core/lab/result.h"

#include <string.h>

#include "core/base/json.h"
#include "core/base/mem.h"

bool result_init(Result *result, Error *err)
{
    *result = (Result){0};
    result->root = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof(Value), err);
    if (result->root == NULL) return false;
    result->root->kind = VALUE_OBJECT;
    return true;
}

static void value_free(Value *value)
{
    if (value == NULL) return;
    for (Index i = 0; i < value->count; i++) value_free(value->items[i]);
    mem_free(value->items);
    mem_free(value->key);
    mem_free(value->text);
    mem_free(value);
}

void result_free(Result *result)
{
    value_free(result->root);
    str_free(&result->text);
    *result = (Result){0};
}

void result_line(Result *result, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    str_vaddf(&result->text, tr(fmt), args);
    va_end(args);
    str_add(&result->text, "\n");
}

void result_used(Result *result, Str *piece)
{
    result->text.failed = result->text.failed || piece->failed;
    str_free(piece);
}

/* Containers have no measurement of their own: the flag tells that a child could not be added. */
static void mark_failed(Value *parent)
{
    parent->measured = true;
}

static bool make_room(Value *parent)
{
    if (parent->count < parent->cap) return true;
    Index   cap = parent->cap * 2 + 8;
    Value **larger = mem_resize(parent->items, mem_program(), MEM_TEXT, cap, sizeof *larger, NULL);
    if (larger == NULL) return false;
    parent->items = larger;
    parent->cap = cap;
    return true;
}

/* A new child, or NULL with the parent marked. parent NULL (an earlier failure): NULL. */
static Value *add(Value *parent, const char *key, ValueKind kind)
{
    if (parent == NULL) return NULL;
    Value *value = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *value, NULL);
    if (value == NULL || !make_room(parent)) goto fail;
    value->kind = kind;
    if (key != NULL && (value->key = mem_strdup(key, NULL)) == NULL) goto fail;
    parent->items[parent->count++] = value;
    return value;

fail:
    value_free(value);
    mark_failed(parent);
    return NULL;
}

Value *value_object(Value *parent, const char *key)
{
    return add(parent, key, VALUE_OBJECT);
}

Value *value_list(Value *parent, const char *key)
{
    return add(parent, key, VALUE_LIST);
}

Value *value_number(Value *parent, const char *key, double number, const char *unit)
{
    Value *value = add(parent, key, VALUE_NUMBER);
    if (value == NULL) return NULL;
    value->number = number;
    value->unit = unit;
    return value;
}

Value *value_measured(Value *parent, const char *key, double number, const char *unit)
{
    Value *value = value_number(parent, key, number, unit);
    if (value != NULL) value->measured = true;
    return value;
}

void value_integer(Value *parent, const char *key, int64_t number)
{
    Value *value = add(parent, key, VALUE_INTEGER);
    if (value == NULL) return;
    value->integer = number;
    value->number = (double)number;
}

void value_text(Value *parent, const char *key, const char *text, Index n)
{
    Value *value = add(parent, key, VALUE_TEXT);
    if (value == NULL) return;
    value->text = mem_alloc(mem_program(), MEM_TEXT, n + 1, 1, NULL);
    if (value->text == NULL) {
        mark_failed(parent);
        return;
    }
    memcpy(value->text, text, (size_t)n);
    value->text_len = n;
}

void value_bool(Value *parent, const char *key, bool yes)
{
    Value *value = add(parent, key, VALUE_BOOL);
    if (value != NULL) value->integer = yes;
}

void value_null(Value *parent, const char *key)
{
    if (add(parent, key, VALUE_NULL) == NULL) return;
}

void value_move_items(Value *to, Value *from)
{
    Index kept = 0;
    for (Index i = 0; i < from->count; i++) {
        if (make_room(to)) {
            to->items[to->count++] = from->items[i];
        } else {
            from->items[kept++] = from->items[i];
            mark_failed(to);
        }
    }
    from->count = kept;
}

static bool failed_inside(const Value *value)
{
    bool container = value->kind == VALUE_OBJECT || value->kind == VALUE_LIST;
    if (container && value->measured) return true;
    if (value->kind == VALUE_TEXT && value->text == NULL) return true;
    for (Index i = 0; i < value->count; i++) {
        if (failed_inside(value->items[i])) return true;
    }
    return false;
}

bool result_ok(const Result *result, Error *err)
{
    if (!str_ok(&result->text, err)) return false;
    if (!failed_inside(result->root)) return true;
    return error_set(err, ERR_MEMORY, "out of memory while writing the result");
}

const Value *value_find(const Value *object, const char *path)
{
    while (object != NULL && *path != '\0') {
        size_t       n = strcspn(path, ".");
        const Value *next = NULL;
        for (Index i = 0; i < object->count && next == NULL; i++) {
            const Value *item = object->items[i];
            if (item->key != NULL && strlen(item->key) == n && strncmp(item->key, path, n) == 0) {
                next = item;
            }
        }
        object = next;
        path += n;
        if (*path == '.') path++;
    }
    return object;
}

static void add_items(Str *out, const Value *value, bool keys)
{
    for (Index i = 0; i < value->count; i++) {
        const Value *item = value->items[i];
        if (i > 0) str_add(out, ", ");
        if (keys) {
            json_add_string(out, item->key, (Index)strlen(item->key));
            str_add(out, ": ");
        }
        value_json(out, item);
    }
}

void value_json(Str *out, const Value *value)
{
    switch (value->kind) {
    case VALUE_NULL:
        str_add(out, "null");
        break;
    case VALUE_BOOL:
        str_add(out, value->integer ? "true" : "false");
        break;
    case VALUE_INTEGER:
        str_addf(out, "%lld", (long long)value->integer);
        break;
    case VALUE_NUMBER:
        json_add_number(out, value->number);
        break;
    case VALUE_TEXT:
        json_add_string(out, value->text, value->text_len);
        break;
    case VALUE_LIST:
        str_add(out, "[");
        add_items(out, value, false);
        str_add(out, "]");
        break;
    case VALUE_OBJECT:
        str_add(out, "{");
        add_items(out, value, true);
        str_add(out, "}");
        break;
    }
}
