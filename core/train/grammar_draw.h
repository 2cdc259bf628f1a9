#ifndef CORE_TRAIN_GRAMMAR_DRAW_H
#define CORE_TRAIN_GRAMMAR_DRAW_H

/*
 * A derivation: which case every rule took and what every slot holds. grammar_draw.c makes one
 * at random, grammar_accept.c finds one for a given text; the values are the same.
 */

#include "core/base/random.h"
#include "core/train/grammar_parts.h"

typedef struct Instance Instance;
typedef struct Value    Value;

typedef enum ValueKind {
    VALUE_NONE,
    VALUE_TEXT,
    VALUE_ROW,  /* of a set */
    VALUE_RULE, /* an instance of a rule */
    VALUE_LIST,
    VALUE_ALIAS, /* when accepting: an argument or an item stands for another value */
} ValueKind;

struct Value {
    ValueKind kind;
    int       number; /* ROW: which; LIST: how many */
    union {
        const char *text;
        const Def  *def; /* ROW */
        Instance   *rule;
        Value      *items; /* LIST */
        Value      *alias;
    };
    union {
        Index         len;    /* TEXT */
        const Source *source; /* LIST: its separators */
    };
    Value *memo; /* LIST, when accepting: the text of each field once known */
};

struct Instance { /* a rule with one case chosen */
    const Def  *rule;
    const Case *choice;
    Value      *slots; /* choice->slot_count */
    Value      *memo;  /* the text of each channel */
    Instance   *next;  /* all instances of the derivation */
};

/* AGAIN: this draw leads nowhere (too long, too deep, nothing differs), another may. */
typedef enum DrawResult { DRAW_OK, DRAW_AGAIN, DRAW_ERROR } DrawResult;

typedef struct Draw Draw;
NODISCARD Draw     *draw_create(const Grammar *g, uint64_t seed, uint64_t stream, Error *err);
void                draw_free(Draw *draw); /* NULL-safe */
/* Draw the main rule afresh. */
NODISCARD DrawResult draw_main(Draw *draw, Error *err);
/* The text of a channel of the last DRAW_OK; lives until the next draw. */
const char *draw_text(const Draw *draw, int channel, Index *len);
bool        draw_is_reserved(const Draw *draw); /* it holds a reserved combination */
bool        draw_is_spent(const Draw *draw);    /* the work allowed for one example is done */
Place       draw_trouble(const Draw *draw);     /* where the last DRAW_AGAIN arose */

/* Read an integer, a sign allowed, within the bounds of the language. */
bool grammar_number(const char *text, Index len, int64_t *number);
bool grammar_compare(CondOp op, int64_t left, int64_t right);

#endif
