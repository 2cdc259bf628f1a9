#ifndef CORE_WORKBENCH_EXPR_PARSE_H
#define CORE_WORKBENCH_EXPR_PARSE_H

/* The parser's two halves: operators (expr_parse.c) and what they join (expr_parse_path.c). */

#include "core/workbench/expr_internal.h"

enum { NEST_MAX = 40, LEVEL_SUM = 5 };

typedef struct Parser {
    Expr *expr;
    Blame blame;
    Token token;  /* the one not yet taken */
    Index behind; /* end of the one taken last */
    int   nest;
} Parser;

/* Functions that return a node's number return NO_NODE with the failure told. */

int parser_level(Parser *p, int level); /* an expression of this level or tighter */
int parser_path(Parser *p);             /* a value with its members and subscripts */

bool  parser_advance(Parser *p);
bool  parser_expect(Parser *p, int kind, const char *wanted);
int   parser_unexpected(Parser *p, const char *wanted); /* what stands there instead */
bool  parser_nest(Parser *p); /* one deeper; false when that is too deep */
int   parser_add(Parser *p, NodeKind kind, Index at);
int   parser_join(Parser *p, NodeKind kind, Index mark, int left, int right);
bool  parser_adopt(Parser *p, int parent, int child); /* depth and extent of a child count */
Node *parser_node(const Parser *p, int i);

#endif
