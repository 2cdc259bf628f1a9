#ifndef CORE_TRAIN_GRAMMAR_PARTS_H
#define CORE_TRAIN_GRAMMAR_PARTS_H

/*
 * A grammar in memory; only the files of the grammar include this.
 *
 *   grammar_scan.c      one line -> tokens, sums, comparisons; grammar_template.c: texts in quotes
 *   grammar_read.c      a file -> statements; grammar_set.c, grammar_rule.c: their lines
 *   grammar_check.c     names -> slots, definitions and fields; types
 *   grammar_draw.c      a derivation, drawn at random; its texts: grammar_text.c
 *   grammar_accept.c    a derivation, found for a given text; grammar_derive.c, grammar_known.c
 *   grammar.c           memory, splits, weights, the public functions
 *
 * Everything of a grammar lives in its arena and is freed at once.
 */

#include "core/train/grammar.h"

enum {
    GRAMMAR_MAX_FILE_BYTES = 1 << 18,
    GRAMMAR_MAX_FILES = 32,
    GRAMMAR_MAX_ARENA = 64 << 20, /* bytes of one grammar */
    GRAMMAR_MAX_DEFS = 512,
    GRAMMAR_MAX_ROWS = 1024, /* of a list or record */
    GRAMMAR_MAX_CASES = 256,
    GRAMMAR_MAX_SLOTS = 32, /* of one case, arguments included */
    GRAMMAR_MAX_FIELDS = 16,
    GRAMMAR_MAX_ARGS = 8,
    GRAMMAR_MAX_ITEMS = 64,   /* of one repetition */
    GRAMMAR_MAX_NESTING = 16, /* braces in braces, items of lists of lists */
    GRAMMAR_MAX_DEPTH = 24,   /* rules in rules */
    GRAMMAR_MAX_NUMBER = 1000000000,
    FIELD_NONE = -1,
    FIELD_COUNT = -2, /* xs.count */
};

typedef struct Place {
    const char *file;
    int         line;
} Place;
typedef struct Def    Def;
typedef struct Node   Node;
typedef struct Source Source;

/* A name in an expression: `slot`, `slot.field` or a definition drawn on the spot. */
typedef struct Ref {
    const char *name, *field; /* field NULL: none written */
    int         slot;         /* >= 0, or -1: a fresh draw from def */
    Def        *def;          /* of the fresh draw */
    int         index;        /* of the field; FIELD_NONE for plain text; FIELD_COUNT */
} Ref;

typedef enum TermKind { TERM_NUMBER, TERM_TEXT, TERM_REF } TermKind;
typedef struct Term {
    TermKind    kind;
    int         sign; /* +1 or -1 */
    int64_t     number;
    const char *text;
    Ref         ref;
} Term;

typedef struct Expr { /* a sum; one term of sign +1 is a plain value and may be text */
    Term *terms;
    int   count;
    Place place;
} Expr;

typedef enum CondOp { COND_EQ, COND_NE, COND_LE, COND_GE, COND_LT, COND_GT, COND_COUNT } CondOp;
typedef struct Cond {
    Expr   left, right;
    CondOp op;
    int    limit; /* of a `require` line: see Channel */
} Cond;

typedef enum NodeKind { NODE_TEXT, NODE_VALUE, NODE_CHOICE, NODE_CHANCE, NODE_IF } NodeKind;
struct Node { /* one piece of a template; a template is a chain of them, NULL when empty */
    NodeKind    kind;
    Node       *next;
    const char *text; /* TEXT */
    Index       len;
    Expr        expr;    /* VALUE */
    int         width;   /* VALUE: zero padded to so many digits; 0 = as it is */
    int         percent; /* CHANCE: of the first branch, else the second */
    Cond        cond;    /* IF: the first branch where it holds, else the second */
    Node      **branches;
    int         branch_count;
};

typedef struct Type { /* of a slot: plain text where def is NULL, else it has def's fields */
    Def *def;
    bool known, list;
} Type;

typedef enum SourceKind {
    FROM_VALUE,    /* an expression; the checker makes some FROM_DEF or FROM_FIELD */
    FROM_RANGE,    /* low .. high */
    FROM_DEF,      /* a row of a set, or an instance of a rule with arguments */
    FROM_FIELD,    /* t.column: the field of a row says where to draw */
    FROM_TEMPLATE, /* "text" */
    FROM_LIST,     /* low .. high of item */
    FROM_ITEM,     /* xs[low] */
} SourceKind;

struct Source {
    SourceKind  kind;
    Place       place;
    Expr        low, high;
    Ref         ref; /* DEF: its name; FIELD: slot and field; ITEM: the list */
    Def        *def; /* DEF */
    const char *arg_names[GRAMMAR_MAX_ARGS];
    int         args[GRAMMAR_MAX_ARGS], arg_count;
    Node       *text;
    Source     *item;
    const char *joined, *last; /* separators; `last` stands before the last item */
    bool        different;
    const char *unlike[GRAMMAR_MAX_FIELDS]; /* the fields in which items differ */
    int         unlike_index[GRAMMAR_MAX_FIELDS], unlike_count;
};

typedef struct Slot {
    const char *name;   /* "" in a delegating case */
    Source     *source; /* NULL: an argument */
    int         group;  /* first slot of the same line: slots of one line differ */
    Place       place;
    Type        type;
} Slot;

typedef struct Channel {
    const char *name;
    Node       *text;
    Place       place;
    int         limit; /* 0, or one more than the slots it may name: those of the common lines */
} Channel;

typedef struct Case {
    double   weight, file_weight;
    bool     delegate; /* `case 3 story`: the last slot gives every channel */
    Place    place;
    Slot    *slots; /* arguments, common slots, own slots */
    int      slot_count;
    Channel *channels; /* in the order of the rule's fields once checked */
    int      channel_count;
    Cond    *require;
    int      require_count;
} Case;

typedef struct Cell { /* of a set */
    const char *text; /* NULL: a source */
    Index       len;
    const char *def_name; /* of the source; NULL: the range */
    Def        *def;
    int64_t     low, high;
} Cell;

typedef enum DefKind { DEF_SET, DEF_RULE } DefKind;
typedef enum CheckState { CHECK_NOT, CHECK_BUSY, CHECK_DONE } CheckState;
struct Def {
    const char *name;
    DefKind     kind;
    Place       place;
    const char *fields[GRAMMAR_MAX_FIELDS]; /* of a set; the channels of a rule */
    int         field_count;
    Cell       *cells; /* row after row */
    int         row_count;
    bool        record;                 /* rows stand on lines of their own */
    Slot        args[GRAMMAR_MAX_ARGS]; /* of a rule */
    int         arg_count;
    Case       *cases;
    int         case_count;
    CheckState  fields_state, state;
};

typedef struct Reserve { /* slot k has one of its values, for all k */
    const char *slots[GRAMMAR_MAX_ARGS];
    const char *values[GRAMMAR_MAX_ARGS][GRAMMAR_MAX_FIELDS];
    int         value_counts[GRAMMAR_MAX_ARGS], count;
    Place       place;
} Reserve;

typedef struct Chunk Chunk;
struct Grammar {
    Chunk      *chunks; /* the arena */
    Index       arena_bytes;
    Def       **defs;
    int         def_count;
    Reserve    *reserves;
    int         reserve_count;
    const char *files[GRAMMAR_MAX_FILES];
    int         file_count;
    const char *title, *description, *sample;
    Def        *main;
};

/* Zeroed memory of the grammar's arena; NULL with err. */
void *grammar_room(Grammar *g, Index count, Index size, Error *err);
char *grammar_copy(Grammar *g, const char *text, Index len, Error *err);
/* Room for one more zeroed element after `count` of them: the array moves when count is a power
 * of two, so the old pointer must not be kept. NULL with err. */
void *grammar_grow(Grammar *g, void *array, int count, Index size, Error *err);
/* Report FILE:LINE: message, ERR_INPUT. Returns false. */
bool grammar_wrong(Error *err, Place place, const char *fmt, ...) PRINTF_LIKE(3, 4);

NODISCARD bool grammar_check(Grammar *g, Error *err);
Def           *grammar_find(const Grammar *g, const char *name); /* NULL when absent */
int            grammar_field(const Def *def, const char *field); /* -1 when absent */

#endif
