#ifndef CORE_WORKBENCH_EXPR_INTERNAL_H
#define CORE_WORKBENCH_EXPR_INTERNAL_H

/* What the files of the expressions share: nodes, blame, and evaluation's helpers. */

#include "core/workbench/expr.h"

/* ---- blame ------------------------------------------------------------------------------ */

/* Where a mistake is told. Both may be NULL. */
typedef struct Blame {
    ExprFault *fault;
    Error     *err;
} Blame;

/* ERR_INPUT at this byte of the text. Returns false. An earlier failure stays. */
bool blame_at(const Blame *blame, Index at, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The hint to the failure just told. Returns false. */
bool blame_hint(const Blame *blame, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The best of some names for a wrong one: start with distance 4, offer each. */
typedef struct Nearest {
    const char *wrong, *best;
    int         distance;
} Nearest;
Nearest nearest_to(const char *wrong);
void    nearest_offer(Nearest *nearest, const char *name);

/* ---- nodes ------------------------------------------------------------------------------ */

typedef enum NodeKind {
    NODE_NUMBER,
    NODE_TEXT,
    NODE_YES,
    NODE_NAME,
    NODE_MEMBER, /* left . word */
    NODE_AT,     /* left .at( right ) */
    NODE_INDEX,  /* left [ items from right on ] */
    NODE_CALL,   /* function op ( items from left on ) */
    NODE_NEGATE,
    NODE_NOT,
    NODE_BINARY, /* left op right */
    NODE_CLOSE,  /* left ~= right +- third */
    NODE_KEY,    /* in a subscript: word = left */
    NODE_RANGE,  /* in a subscript: left .. right */
    NODE_ALL     /* in a subscript: * */
} NodeKind;

typedef enum BinaryOp {
    OP_ADD,
    OP_SUBTRACT,
    OP_MULTIPLY,
    OP_DIVIDE,
    OP_POWER,
    OP_LESS,
    OP_LESS_EQUAL,
    OP_GREATER,
    OP_GREATER_EQUAL,
    OP_EQUAL,
    OP_UNEQUAL,
    OP_AND,
    OP_OR
} BinaryOp;

enum { NO_NODE = -1 };

typedef struct Node {
    NodeKind    kind;
    int         op;                 /* BinaryOp, or a function's number */
    Index       at, end;            /* its bytes in the text */
    Index       mark;               /* where a fault of it is shown */
    double      number;             /* also 1 for yes, and for a tolerance in per cent */
    const char *word;               /* in the pool */
    const char *raw;                /* NODE_KEY: the value as written, NULL where it is no word */
    int         left, right, third; /* NO_NODE: none */
    int         next;               /* of a list of items */
    int         depth;
    bool        soft; /* NODE_NAME: may be a word or an axis instead of a value's name */
} Node;

struct Expr {
    char        *text;
    Index        len;
    char        *pool; /* words, each with its NUL */
    Index        pool_used;
    Node        *nodes;
    int          count, cap, root;
    const char **names; /* in the pool */
    Index        name_count;
};

/* ---- tokens ----------------------------------------------------------------------------- */

/* Single characters stand for themselves. */
typedef enum TokenKind {
    TOKEN_END = 256,
    TOKEN_NUMBER,
    TOKEN_TEXT,
    TOKEN_NAME,
    TOKEN_LESS_EQUAL,
    TOKEN_GREATER_EQUAL,
    TOKEN_EQUAL,
    TOKEN_UNEQUAL,
    TOKEN_CLOSE,  /* ~= */
    TOKEN_WITHIN, /* +- or the sign */
    TOKEN_DOTS,   /* .. */
    TOKEN_AND,
    TOKEN_OR,
    TOKEN_NOT
} TokenKind;

typedef struct Token {
    int    kind;
    Index  at, len;
    double number;
} Token;

/* The token at `at` or behind the blanks there. */
NODISCARD bool expr_token(const char *text, Index n, Index at, Token *token, const Blame *blame);

/* ---- functions -------------------------------------------------------------------------- */

typedef enum FunctionShape {
    FUNCTION_MAP,    /* element by element */
    FUNCTION_REDUCE, /* many numbers to one, or one for each value of an axis */
    FUNCTION_WHERE,  /* argmin, argmax */
    FUNCTION_OTHER
} FunctionShape;

typedef enum FunctionId {
    FN_MIN,
    FN_MAX,
    FN_MEAN,
    FN_STD,
    FN_MEDIAN,
    FN_SUM,
    FN_COUNT,
    FN_NORM,
    FN_ALL,
    FN_ANY,
    FN_ARGMIN,
    FN_ARGMAX,
    FN_ABS,
    FN_LOG,
    FN_LOG10,
    FN_EXP,
    FN_SQRT,
    FN_FLOOR,
    FN_ROUND,
    FN_SHARE,
    FN_RATIO,
    FN_RANK,
    FN_FIRST,
    FN_LAST,
    FN_IF
} FunctionId;

enum { ARGUMENTS_MAX = 16 };

typedef struct Function {
    const char   *name;
    int           min_args, max_args;
    FunctionShape shape;
} Function;

/* The table's rows, and their numbers by name: -1 for none. */
const Function *expr_function(int number);
int             expr_function_find(const char *name);
const char     *expr_function_nearest(const char *name);

/* ---- evaluation ------------------------------------------------------------------------- */

typedef struct Eval {
    const Expr  *expr;
    const Scope *scope;
    Blame        blame;
    int64_t      work; /* elements computed so far */
} Eval;

/* All that follow return a new reference, or NULL with the failure told. */

Datum *eval_node(Eval *eval, int node);
Datum *eval_call(Eval *eval, const Node *node);
Datum *eval_member(Eval *eval, const Node *node, const Datum *base);
Datum *eval_point(Eval *eval, const Node *node, const Datum *base, double x); /* .at(x) */
Datum *eval_index(Eval *eval, const Node *node, const Datum *base);
/* Element or row i, from 0; of something blank, the blank that stands for all. */
Datum *eval_element(Eval *eval, const Datum *base, Index i);

/* Element by element over one to three inputs. */
typedef enum ElementOp {
    ELEMENT_NEGATE = OP_OR + 1, /* before it: the BinaryOps */
    ELEMENT_NOT,
    ELEMENT_CLOSE,
    ELEMENT_CLOSE_PERCENT,
    ELEMENT_ABS,
    ELEMENT_LOG,
    ELEMENT_LOG10,
    ELEMENT_EXP,
    ELEMENT_SQRT,
    ELEMENT_FLOOR,
    ELEMENT_ROUND, /* to so many digits */
    ELEMENT_SHARE,
    ELEMENT_RATIO
} ElementOp;
enum { ELEMENT_INPUTS = 3 };
Datum *eval_elements(Eval *eval, const Node *node, int op, const Datum *const *in, int count);

/* Items that belong together as the elements or rows of from: a vector where all are numbers, a
 * table where all are records, else a list. The items stay the caller's. */
Datum *eval_collect(Eval *eval, Datum **items, Index n, const Datum *from);

/* The node's function over all numbers of the arguments; or, with an axis of the first (and
 * only) one, over those at each value of the axis. */
Datum *eval_reduce(Eval *eval, const Node *node, const Datum *const *args, int count,
                   const DatumAxis *axis);
/* argmin and argmax: axis NULL: where the value's only axis, or its position, is meant. */
Datum *eval_where(Eval *eval, const Node *node, const Datum *value, const DatumAxis *axis);

/* True and no more for a yes, or a vector that is all yes; false and told for anything else. */
NODISCARD bool eval_verdict(Eval *eval, const Node *node, const Datum *value, bool *holds);

/* A value of unknown size or content of this kind. from: its unit and axes (may be NULL). */
Datum *blank_of(DatumKind kind, const Datum *from, Error *err);
/* In numeric places a record stands for its member "matrix". */
const Datum *numeric_view(const Datum *datum);
bool         is_yes(const Datum *datum); /* a yes/no or many of them */
/* Elements of a number (1), vector, matrix, series; -1 for other kinds. */
Index         element_count(const Datum *datum);
const double *element_values(const Datum *datum);
bool          same_unit(const char *a, const char *b);
/* So many elements more; false when that is too much for one expression. */
NODISCARD bool eval_spend(Eval *eval, const Node *node, Index elements);
NODISCARD bool whole_number(Eval *eval, const Node *node, const Datum *value, double lo, double hi,
                            const char *what, Index *out);

/* The source of a node, cut, for messages. */
typedef struct Piece {
    char text[44];
} Piece;
Piece piece_of(const Expr *expr, const Node *node);

#endif
