/* Evaluation: names, operators, verdicts. */

#include <math.h>
#include <string.h>

#include "core/workbench/expr_internal.h"

static Datum *eval_name(Eval *eval, const Node *node)
{
    const Scope *scope = eval->scope;
    const Datum *value = scope->find(scope->context, node->word);
    if (value != NULL) return datum_hold(value);
    blame_at(&eval->blame, node->at, tr("there is no value \"%.40s\""), node->word);
    const char *near = scope->nearest != NULL ? scope->nearest(scope->context, node->word) : NULL;
    if (near != NULL) {
        blame_hint(&eval->blame, tr("did you mean %.40s?"), near);
    } else if (expr_function_find(node->word) >= 0) {
        blame_hint(&eval->blame, tr("a function is written %s(...)"), node->word);
    }
    return NULL;
}

static Datum *eval_under(Eval *eval, const Node *node)
{
    Datum *base = eval_node(eval, node->left), *out;
    if (base == NULL) return NULL;
    out = node->kind == NODE_MEMBER ? eval_member(eval, node, base) : eval_index(eval, node, base);
    datum_drop(base);
    return out;
}

static Datum *eval_at(Eval *eval, const Node *node)
{
    Datum *base = eval_node(eval, node->left), *x = NULL, *out = NULL;
    if (base == NULL) return NULL;
    x = eval_node(eval, node->right);
    if (x != NULL && x->kind != DATUM_NUMBER) {
        blame_at(&eval->blame, eval->expr->nodes[node->right].at,
                 tr(".at takes a number, not a %s"), datum_kind_name(x->kind));
    } else if (x != NULL) {
        out = eval_point(eval, node, base, x->blank ? (double)NAN : x->number);
    }
    datum_drop(x);
    datum_drop(base);
    return out;
}

static Datum *eval_unary(Eval *eval, const Node *node)
{
    Datum *operand = eval_node(eval, node->left), *out;
    if (operand == NULL) return NULL;
    const Datum *in = operand;
    out = eval_elements(eval, node, node->kind == NODE_NOT ? ELEMENT_NOT : ELEMENT_NEGATE, &in, 1);
    datum_drop(operand);
    return out;
}

/* One yes or no that settles "and" or "or", so that what follows need not have a value. */
static bool decides(const Node *node, const Datum *left)
{
    if (left->kind != DATUM_YES || left->blank) return false;
    return (node->op == OP_AND && left->number == 0) || (node->op == OP_OR && left->number != 0);
}

static Datum *eval_binary(Eval *eval, const Node *node)
{
    Datum *left = eval_node(eval, node->left), *right, *out = NULL;
    if (left == NULL || decides(node, left)) return left;
    right = eval_node(eval, node->right);
    if (right != NULL) {
        const Datum *in[] = {left, right};
        out = eval_elements(eval, node, node->op, in, 2);
    }
    datum_drop(right);
    datum_drop(left);
    return out;
}

static bool check_tolerance(Eval *eval, const Node *node, const Datum *tolerance)
{
    if (tolerance->kind != DATUM_NUMBER || tolerance->blank || !(tolerance->number < 0))
        return true;
    return blame_at(&eval->blame, eval->expr->nodes[node->third].at,
                    tr("a tolerance of %g; it must be 0 or more"), tolerance->number);
}

static Datum *eval_close(Eval *eval, const Node *node)
{
    Datum *parts[ELEMENT_INPUTS] = {0}, *out = NULL;
    int    nodes[ELEMENT_INPUTS] = {node->left, node->right, node->third};
    int    op = node->number != 0 ? ELEMENT_CLOSE_PERCENT : ELEMENT_CLOSE;
    for (int i = 0; i < ELEMENT_INPUTS; i++) {
        parts[i] = eval_node(eval, nodes[i]);
        if (parts[i] == NULL) goto done;
    }
    if (check_tolerance(eval, node, parts[2])) {
        const Datum *in[] = {parts[0], parts[1], parts[2]};
        out = eval_elements(eval, node, op, in, ELEMENT_INPUTS);
    }

done:
    for (int i = 0; i < ELEMENT_INPUTS; i++) datum_drop(parts[i]);
    return out;
}

Datum *eval_node(Eval *eval, int number)
{
    const Node *node = &eval->expr->nodes[number];
    Error      *err = eval->blame.err;
    if (!eval_spend(eval, node, 1)) return NULL;
    switch (node->kind) {
    case NODE_NUMBER:
        return datum_number(node->number, NULL, err);
    case NODE_TEXT:
        return datum_text(node->word, (Index)strlen(node->word), err);
    case NODE_YES:
        return datum_yes(node->number != 0, err);
    case NODE_NAME:
        return eval_name(eval, node);
    case NODE_MEMBER:
    case NODE_INDEX:
        return eval_under(eval, node);
    case NODE_AT:
        return eval_at(eval, node);
    case NODE_CALL:
        return eval_call(eval, node);
    case NODE_NEGATE:
    case NODE_NOT:
        return eval_unary(eval, node);
    case NODE_BINARY:
        return eval_binary(eval, node);
    case NODE_CLOSE:
        return eval_close(eval, node);
    case NODE_KEY:
    case NODE_RANGE:
    case NODE_ALL:
        break;
    }
    CHECK(false); /* parts of a subscript are read by eval_index */
    return NULL;
}

/* ---- verdicts ---- */

static bool all_yes(const Datum *value)
{
    const double *v = element_values(value);
    for (Index i = 0; i < element_count(value); i++) {
        if (v[i] == 0) return false;
    }
    return true;
}

bool eval_verdict(Eval *eval, const Node *node, const Datum *value, bool *holds)
{
    *holds = true;
    if (value->kind == DATUM_LIST && (value->count > 0 || value->blank)) {
        for (Index i = 0; i < value->count; i++) {
            bool one;
            if (!eval_verdict(eval, node, value->items[i], &one)) return false;
            *holds = *holds && one;
        }
        return true;
    }
    if (!is_yes(value)) {
        blame_at(&eval->blame, node->at, tr("this is a %s, not a yes or no"),
                 datum_kind_name(value->kind));
        return blame_hint(&eval->blame, tr("compare it with something"));
    }
    if (value->blank) return true;
    if (element_count(value) == 0) {
        return blame_at(&eval->blame, node->at, tr("there is nothing to compare here"));
    }
    *holds = all_yes(value);
    return true;
}

static Eval start(const Expr *expr, const Scope *scope, ExprFault *fault, Error *err)
{
    if (fault != NULL) *fault = (ExprFault){0};
    return (Eval){.expr = expr, .scope = scope, .blame = {fault, err}};
}

Datum *expr_eval(const Expr *expr, const Scope *scope, ExprFault *fault, Error *err)
{
    Eval eval = start(expr, scope, fault, err);
    return eval_node(&eval, expr->root);
}

bool expr_holds(const Expr *expr, const Scope *scope, bool *holds, ExprFault *fault, Error *err)
{
    Eval   eval = start(expr, scope, fault, err);
    Datum *value = eval_node(&eval, expr->root);
    bool   ok = value != NULL && eval_verdict(&eval, &expr->nodes[expr->root], value, holds);
    if (!ok) *holds = false;
    datum_drop(value);
    return ok;
}
