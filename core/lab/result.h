#ifndef CORE_LAB_RESULT_H
#define CORE_LAB_RESULT_H

/*
 * What a command returns: values by name, and the same told in lines of text.
 *
 * Values form a small tree (object, list, number, text, yes/no, nothing). A number knows its
 * unit and whether it was measured by a clock or is the same in every run; --json prints the
 * tree, the text form prints `text`. Lessons and reports read the tree by path.
 */

#include "core/base/str.h"

typedef enum ValueKind {
    VALUE_NULL,
    VALUE_BOOL,
    VALUE_INTEGER,
    VALUE_NUMBER,
    VALUE_TEXT,
    VALUE_LIST,
    VALUE_OBJECT
} ValueKind;

typedef struct Value Value;
struct Value {
    ValueKind   kind;
    char       *key;     /* inside an object */
    int64_t     integer; /* also the bool */
    double      number;
    char       *text;
    Index       text_len;
    const char *unit;     /* static, or NULL */
    bool        measured; /* depends on the machine's speed */
    Value     **items;    /* list, object */
    Index       count, cap;
};

typedef struct Result {
    Value *root;      /* an object */
    Str    text;      /* what people read; printed as it is (already safe for a terminal) */
    int    exit_code; /* usually 0 */
    bool   raw;       /* text is data (JSON lines, ids): printed even with --json */
} Result;

NODISCARD bool result_init(Result *result, Error *err);
void           result_free(Result *result);
/* A formatted line (with \n) of the text form. Passes through tr(). */
void result_line(Result *result, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Free a piece of text that went into the result; that it failed is then the result's failure. */
void result_used(Result *result, Str *piece);

/* Build the tree. Allocation failures are sticky in the object's root: ask result_ok once. */
Value         *value_object(Value *parent, const char *key); /* key NULL in a list */
Value         *value_list(Value *parent, const char *key);
Value         *value_number(Value *parent, const char *key, double number, const char *unit);
Value         *value_measured(Value *parent, const char *key, double number, const char *unit);
void           value_integer(Value *parent, const char *key, int64_t number);
void           value_text(Value *parent, const char *key, const char *text, Index n);
void           value_bool(Value *parent, const char *key, bool yes);
void           value_null(Value *parent, const char *key);
NODISCARD bool result_ok(const Result *result, Error *err);

/* Move all members of one object to the end of another. */
void         value_move_items(Value *to, Value *from);
const Value *value_find(const Value *object, const char *path); /* "bytes.weights" */
void         value_json(Str *out, const Value *value);          /* compact JSON */

#endif
