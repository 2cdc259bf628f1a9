/* A condition with what was measured in place of what was asked: "0.039 < 0.114 and 1 == 1". */

#include <string.h>

#include "core/workbench/expr_internal.h"

static bool explain_node(Str *out, Eval *eval, int number);

static const char *operator_text(int op)
{
    static const char *const texts[] = {
        [OP_LESS] = "<",   [OP_LESS_EQUAL] = "<=", [OP_GREATER] = ">", [OP_GREATER_EQUAL] = ">=",
        [OP_EQUAL] = "==", [OP_UNEQUAL] = "!=",    [OP_AND] = "and",   [OP_OR] = "or"};
    return texts[op];
}

static bool is_comparison(const Node *node)
{
    return node->kind == NODE_BINARY && node->op >= OP_LESS && node->op <= OP_UNEQUAL;
}

static bool is_logic(const Node *node)
{
    return node->kind == NODE_BINARY && (node->op == OP_AND || node->op == OP_OR);
}

/* Without a unit: both sides have it, and the condition is about the number. */
static void show(Str *out, const Datum *value, int digits)
{
    bool number = value->kind == DATUM_NUMBER && value->unit != NULL &&
                  strcmp(value->unit, "%") != 0 && strcmp(value->unit, "bytes") != 0;
    if (value->kind == DATUM_TEXT) {
        str_addf(out, "\"%s\"", value->text);
    } else if (number && digits < 0 && !value->blank) {
        Datum plain = {.kind = DATUM_NUMBER, .number = value->number}; /* only looked at */
        datum_show(out, &plain, 0, digits, false);
    } else if (digits < 0 || value->kind != DATUM_NUMBER || value->blank) {
        datum_show(out, value, 0, -1, false);
    } else {
        datum_show(out, value, digits < 0 ? 0 : 'g', digits, false);
    }
}

/* With more digits where the usual few make two different numbers look the same. */
static void show_pair(Str *out, const Datum *a, const char *sign, const Datum *b)
{
    static const int digits[] = {-1, 6, 9, 17};
    bool             numbers = a->kind == DATUM_NUMBER && b->kind == DATUM_NUMBER;
    bool             differ = numbers && a->number != b->number && !a->blank && !b->blank;
    for (size_t i = 0; i < sizeof digits / sizeof digits[0]; i++) {
        Str  left = {0}, right = {0};
        bool last = i + 1 == sizeof digits / sizeof digits[0];
        show(&left, a, digits[i]);
        show(&right, b, digits[i]);
        bool clear = !differ || last || strcmp(str_text(&left), str_text(&right)) != 0;
        if (clear) str_addf(out, "%s %s %s", str_text(&left), sign, str_text(&right));
        out->failed = out->failed || left.failed || right.failed;
        str_free(&left);
        str_free(&right);
        if (clear) return;
    }
}

static bool explain_comparison(Str *out, Eval *eval, const Node *node)
{
    Datum *left = eval_node(eval, node->left);
    Datum *right = left != NULL ? eval_node(eval, node->right) : NULL;
    bool   close = node->kind == NODE_CLOSE;
    if (right != NULL) show_pair(out, left, close ? "~=" : operator_text(node->op), right);
    bool ok = right != NULL;
    datum_drop(left);
    datum_drop(right);
    if (!ok || !close) return ok;

    Datum *tolerance = eval_node(eval, node->third);
    if (tolerance == NULL) return false;
    str_add(out, " \xc2\xb1 ");
    show(out, tolerance, -1);
    if (node->number != 0) str_add(out, "%");
    datum_drop(tolerance);
    return true;
}

static bool explain_inside(Str *out, Eval *eval, int number, bool parentheses)
{
    if (parentheses) str_add(out, "(");
    bool ok = explain_node(out, eval, number);
    if (parentheses) str_add(out, ")");
    return ok;
}

/* What was not needed for the verdict is not evaluated here either. */
static bool explain_logic(Str *out, Eval *eval, const Node *node)
{
    const Node *nodes = eval->expr->nodes;
    bool        loose = node->op == OP_AND;
    bool        left_in = loose && is_logic(&nodes[node->left]) && nodes[node->left].op == OP_OR;
    bool        right_in = loose && is_logic(&nodes[node->right]) && nodes[node->right].op == OP_OR;
    if (!explain_inside(out, eval, node->left, left_in)) return false;
    str_addf(out, " %s ", operator_text(node->op));

    Datum *left = eval_node(eval, node->left);
    if (left == NULL) return false;
    bool decided =
        left->kind == DATUM_YES && !left->blank && (left->number != 0) == (node->op == OP_OR);
    datum_drop(left);
    if (!decided) return explain_inside(out, eval, node->right, right_in);
    str_add(out, "...");
    return true;
}

static bool explain_call(Str *out, Eval *eval, const Node *node)
{
    str_addf(out, "%s(", expr_function(node->op)->name);
    for (int i = node->left; i != NO_NODE; i = eval->expr->nodes[i].next) {
        if (i != node->left) str_add(out, ", ");
        if (!explain_node(out, eval, i)) return false;
    }
    str_add(out, ")");
    return true;
}

static bool explain_value(Str *out, Eval *eval, int number)
{
    Datum *value = eval_node(eval, number);
    if (value == NULL) return false;
    show(out, value, -1);
    datum_drop(value);
    return true;
}

/* all(a < b, c < d), but not all(v, r), whose second argument is an axis. */
static bool joins_conditions(const Eval *eval, const Node *node)
{
    const Node *nodes = eval->expr->nodes;
    if (node->kind != NODE_CALL || (node->op != FN_ALL && node->op != FN_ANY)) return false;
    int second = nodes[node->left].next;
    return second == NO_NODE || nodes[second].kind != NODE_NAME;
}

static bool explain_node(Str *out, Eval *eval, int number)
{
    const Node *nodes = eval->expr->nodes, *node = &nodes[number];
    if (is_comparison(node) || node->kind == NODE_CLOSE) {
        return explain_comparison(out, eval, node);
    }
    if (is_logic(node)) return explain_logic(out, eval, node);
    if (node->kind == NODE_NOT) {
        str_add(out, "not ");
        return explain_inside(out, eval, node->left, is_logic(&nodes[node->left]));
    }
    if (joins_conditions(eval, node)) return explain_call(out, eval, node);
    return explain_value(out, eval, number);
}

bool expr_explain(Str *out, const Expr *expr, const Scope *scope, Error *err)
{
    Eval eval = {.expr = expr, .scope = scope, .blame = {NULL, err}};
    return explain_node(out, &eval, expr->root) && str_ok(out, err);
}
