/*
 * From text to a tree, by precedence climbing. Levels, from loose to tight:
 *   1 or   2 and   3 not   4 < <= > >= == != ~=   5 + -   6 * /   7 unary -   8 ^   then . [ ] ( )
 */

#include <string.h>

#include "core/base/mem.h"
#include "core/workbench/expr_parse.h"

/* DEPTH_MAX bounds the tree, and so the recursion of evaluation. */
enum { DEPTH_MAX = 200, LEVEL_NOT = 3, LEVEL_COMPARE = 4, LEVEL_UNARY = 7 };

/* ---- tokens and nodes ---- */

bool parser_advance(Parser *p)
{
    p->behind = p->token.at + p->token.len;
    return expr_token(p->expr->text, p->expr->len, p->behind, &p->token, &p->blame);
}

int parser_unexpected(Parser *p, const char *wanted)
{
    if (p->token.kind == TOKEN_END) {
        blame_at(&p->blame, p->token.at, tr("the expression ends where %s should follow"), wanted);
    } else {
        int n = p->token.len < 40 ? (int)p->token.len : 40;
        blame_at(&p->blame, p->token.at, tr("\"%.*s\" stands where %s should"), n,
                 p->expr->text + p->token.at, wanted);
    }
    return NO_NODE;
}

bool parser_expect(Parser *p, int kind, const char *wanted)
{
    if (p->token.kind == kind) return parser_advance(p);
    parser_unexpected(p, wanted);
    return false;
}

int parser_add(Parser *p, NodeKind kind, Index at)
{
    Expr *expr = p->expr;
    if (expr->count == expr->cap) {
        int   cap = expr->cap == 0 ? 16 : expr->cap * 2;
        Node *larger =
            mem_resize(expr->nodes, mem_program(), MEM_SCRATCH, cap, sizeof *larger, p->blame.err);
        if (larger == NULL) return NO_NODE;
        expr->nodes = larger;
        expr->cap = cap;
    }
    expr->nodes[expr->count] = (Node){.kind = kind,
                                      .at = at,
                                      .mark = at,
                                      .end = p->behind,
                                      .left = NO_NODE,
                                      .right = NO_NODE,
                                      .third = NO_NODE,
                                      .next = NO_NODE,
                                      .depth = 1};
    return expr->count++;
}

Node *parser_node(const Parser *p, int i)
{
    return &p->expr->nodes[i];
}

bool parser_adopt(Parser *p, int parent, int child)
{
    Node *node = parser_node(p, parent), *below = parser_node(p, child);
    if (below->depth + 1 > node->depth) node->depth = below->depth + 1;
    if (node->end < below->end) node->end = below->end;
    if (node->depth <= DEPTH_MAX) return true;
    return blame_at(&p->blame, node->mark, tr("the expression is built of too many parts"));
}

int parser_join(Parser *p, NodeKind kind, Index mark, int left, int right)
{
    int i = parser_add(p, kind, left != NO_NODE ? parser_node(p, left)->at : mark);
    if (i == NO_NODE) return NO_NODE;
    parser_node(p, i)->mark = mark;
    parser_node(p, i)->left = left;
    parser_node(p, i)->right = right;
    if (left != NO_NODE && !parser_adopt(p, i, left)) return NO_NODE;
    if (right != NO_NODE && !parser_adopt(p, i, right)) return NO_NODE;
    return i;
}

bool parser_nest(Parser *p)
{
    if (++p->nest <= NEST_MAX) return true;
    return blame_at(&p->blame, p->token.at, tr("the expression is nested more than %d deep"),
                    NEST_MAX);
}

/* ---- operators ---- */

static int binary_level(int token, BinaryOp *op)
{
    static const struct {
        int      token, level;
        BinaryOp op;
    } rows[] = {
        {TOKEN_OR, 1, OP_OR},       {TOKEN_AND, 2, OP_AND},
        {'<', 4, OP_LESS},          {TOKEN_LESS_EQUAL, 4, OP_LESS_EQUAL},
        {'>', 4, OP_GREATER},       {TOKEN_GREATER_EQUAL, 4, OP_GREATER_EQUAL},
        {TOKEN_EQUAL, 4, OP_EQUAL}, {TOKEN_UNEQUAL, 4, OP_UNEQUAL},
        {'+', 5, OP_ADD},           {'-', 5, OP_SUBTRACT},
        {'*', 6, OP_MULTIPLY},      {'/', 6, OP_DIVIDE},
        {'^', 8, OP_POWER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].token != token) continue;
        *op = rows[i].op;
        return rows[i].level;
    }
    return 0;
}

/* Behind "~=": y, then the tolerance. */
static int parse_close(Parser *p, int left, Index mark)
{
    int right = parser_level(p, LEVEL_SUM);
    if (right == NO_NODE) return NO_NODE;
    if (p->token.kind != TOKEN_WITHIN) {
        parser_unexpected(p, "a tolerance");
        blame_hint(&p->blame, tr("write x ~= y +- 0.1, or +- 5%%"));
        return NO_NODE;
    }
    if (!parser_advance(p)) return NO_NODE;
    int third = parser_level(p, LEVEL_SUM);
    if (third == NO_NODE) return NO_NODE;
    int i = parser_join(p, NODE_CLOSE, mark, left, right);
    if (i == NO_NODE || !parser_adopt(p, i, third)) return NO_NODE;
    parser_node(p, i)->third = third;
    if (p->token.kind == '%') {
        if (!parser_advance(p)) return NO_NODE;
        parser_node(p, i)->number = 1.0;
        parser_node(p, i)->end = p->behind;
    }
    return i;
}

static int parse_prefix(Parser *p, int level)
{
    Index mark = p->token.at;
    bool  minus = p->token.kind == '-';
    if (!minus && p->token.kind != TOKEN_NOT) return parser_path(p);
    if (!minus && level > LEVEL_NOT) {
        parser_unexpected(p, "a value");
        blame_hint(&p->blame, tr("put parentheses around not"));
        return NO_NODE;
    }
    if (!parser_nest(p)) return NO_NODE;
    if (!parser_advance(p)) return NO_NODE;
    int operand = parser_level(p, minus ? LEVEL_UNARY : LEVEL_NOT);
    p->nest--;
    if (operand == NO_NODE) return NO_NODE;
    int i = parser_join(p, minus ? NODE_NEGATE : NODE_NOT, mark, operand, NO_NODE);
    if (i != NO_NODE) parser_node(p, i)->at = mark;
    return i;
}

static bool compares(int token)
{
    BinaryOp op;
    return token == TOKEN_CLOSE || binary_level(token, &op) == LEVEL_COMPARE;
}

/* The rest of one operation behind its left side; the operator is the token. */
static int parse_operation(Parser *p, int left, int level, BinaryOp op)
{
    Index mark = p->token.at;
    bool  close = p->token.kind == TOKEN_CLOSE;
    if (!parser_advance(p)) return NO_NODE;
    int i;
    if (close) {
        i = parse_close(p, left, mark);
    } else {
        /* ^ groups to the right, the others to the left. */
        bool power = op == OP_POWER;
        if (power && !parser_nest(p)) return NO_NODE;
        int right = parser_level(p, power ? LEVEL_UNARY : level + 1);
        if (power) p->nest--;
        i = right != NO_NODE ? parser_join(p, NODE_BINARY, mark, left, right) : NO_NODE;
        if (i != NO_NODE) parser_node(p, i)->op = (int)op;
    }
    if (i != NO_NODE && level == LEVEL_COMPARE && compares(p->token.kind)) {
        blame_at(&p->blame, p->token.at, tr("comparisons cannot be chained"));
        blame_hint(&p->blame, tr("write a < b and b < c"));
        return NO_NODE;
    }
    return i;
}

int parser_level(Parser *p, int level)
{
    int left = parse_prefix(p, level);
    while (left != NO_NODE) {
        BinaryOp op = OP_EQUAL;
        int found = p->token.kind == TOKEN_CLOSE ? LEVEL_COMPARE : binary_level(p->token.kind, &op);
        if (found == 0 || found < level) break;
        left = parse_operation(p, left, found, op);
    }
    return left;
}

/* ---- the whole ---- */

static bool list_names(Expr *expr, Error *err)
{
    expr->names = mem_alloc(mem_program(), MEM_TEXT, expr->count, sizeof *expr->names, err);
    for (int i = 0; expr->names != NULL && i < expr->count; i++) {
        const Node *node = &expr->nodes[i];
        bool        known = node->kind != NODE_NAME || node->soft;
        for (Index j = 0; !known && j < expr->name_count; j++) {
            known = strcmp(expr->names[j], node->word) == 0;
        }
        if (!known) expr->names[expr->name_count++] = node->word;
    }
    return expr->names != NULL;
}

static bool parse_whole(Parser *p)
{
    Expr *expr = p->expr;
    if (!parser_advance(p)) return false;
    if (p->token.kind == TOKEN_END) {
        return blame_at(&p->blame, 0, tr("an expression is missing here"));
    }
    expr->root = parser_level(p, 1);
    if (expr->root == NO_NODE) return false;
    if (p->token.kind == TOKEN_END) return true;
    parser_unexpected(p, "an operator or the end");
    if (p->token.kind == '=') blame_hint(&p->blame, tr("values are compared with =="));
    if (p->token.kind == '%') {
        blame_hint(&p->blame, tr("%% follows a tolerance only; share(x) shows per cent"));
    }
    if (p->token.kind == TOKEN_WITHIN) blame_hint(&p->blame, tr("a tolerance follows x ~= y"));
    return false;
}

Expr *expr_parse(const char *text, Index n, ExprFault *fault, Error *err)
{
    Blame blame = {fault, err};
    if (fault != NULL) *fault = (ExprFault){0};
    if (n > EXPR_MAX_TEXT) {
        blame_at(&blame, 0, tr("an expression of %td characters; %d at most"), n, EXPR_MAX_TEXT);
        return NULL;
    }
    Expr *expr = mem_alloc(mem_program(), MEM_SCRATCH, 1, sizeof *expr, err);
    if (expr == NULL) return NULL;
    expr->len = n;
    expr->text = mem_alloc(mem_program(), MEM_TEXT, n + 1, 1, err);
    expr->pool = mem_alloc(mem_program(), MEM_TEXT, 2 * n + 2, 1, err);
    bool ok = expr->text != NULL && expr->pool != NULL;
    if (ok && n > 0) memcpy(expr->text, text, (size_t)n);
    Parser parser = {.expr = expr, .blame = blame};
    if (!ok || !parse_whole(&parser) || !list_names(expr, err)) {
        expr_free(expr);
        return NULL;
    }
    return expr;
}

void expr_free(Expr *expr)
{
    if (expr == NULL) return;
    mem_free(expr->names);
    mem_free(expr->nodes);
    mem_free(expr->pool);
    mem_free(expr->text);
    mem_free(expr);
}

Index expr_names(const Expr *expr)
{
    return expr->name_count;
}

const char *expr_name(const Expr *expr, Index i)
{
    CHECK(i >= 0 && i < expr->name_count);
    return expr->names[i];
}
