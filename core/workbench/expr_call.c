/* The functions by name, and calls. */

#include <string.h>

#include "core/base/mem.h"
#include "core/workbench/expr_internal.h"
#include "core/workbench/matrix_work.h"

/* ---- the table ---- */

static const Function functions[] = {
    [FN_MIN] = {"min", 1, ARGUMENTS_MAX, FUNCTION_REDUCE},
    [FN_MAX] = {"max", 1, ARGUMENTS_MAX, FUNCTION_REDUCE},
    [FN_MEAN] = {"mean", 1, ARGUMENTS_MAX, FUNCTION_REDUCE},
    [FN_STD] = {"std", 1, ARGUMENTS_MAX, FUNCTION_REDUCE},
    [FN_MEDIAN] = {"median", 1, ARGUMENTS_MAX, FUNCTION_REDUCE},
    [FN_SUM] = {"sum", 1, ARGUMENTS_MAX, FUNCTION_REDUCE},
    [FN_COUNT] = {"count", 1, ARGUMENTS_MAX, FUNCTION_REDUCE},
    [FN_NORM] = {"norm", 1, 2, FUNCTION_REDUCE},
    [FN_ALL] = {"all", 1, ARGUMENTS_MAX, FUNCTION_REDUCE},
    [FN_ANY] = {"any", 1, ARGUMENTS_MAX, FUNCTION_REDUCE},
    [FN_ARGMIN] = {"argmin", 1, 2, FUNCTION_WHERE},
    [FN_ARGMAX] = {"argmax", 1, 2, FUNCTION_WHERE},
    [FN_ABS] = {"abs", 1, 1, FUNCTION_MAP},
    [FN_LOG] = {"log", 1, 1, FUNCTION_MAP},
    [FN_LOG10] = {"log10", 1, 1, FUNCTION_MAP},
    [FN_EXP] = {"exp", 1, 1, FUNCTION_MAP},
    [FN_SQRT] = {"sqrt", 1, 1, FUNCTION_MAP},
    [FN_FLOOR] = {"floor", 1, 1, FUNCTION_MAP},
    [FN_ROUND] = {"round", 1, 2, FUNCTION_MAP},
    [FN_SHARE] = {"share", 1, 1, FUNCTION_MAP},
    [FN_RATIO] = {"ratio", 2, 2, FUNCTION_MAP},
    [FN_RANK] = {"rank", 1, 1, FUNCTION_OTHER},
    [FN_FIRST] = {"first", 1, 1, FUNCTION_OTHER},
    [FN_LAST] = {"last", 1, 1, FUNCTION_OTHER},
    [FN_IF] = {"if", 3, 3, FUNCTION_OTHER},
};
enum { FUNCTION_COUNT = sizeof functions / sizeof functions[0] };

const Function *expr_function(int number)
{
    return &functions[number];
}

int expr_function_find(const char *name)
{
    for (int i = 0; i < FUNCTION_COUNT; i++) {
        if (strcmp(functions[i].name, name) == 0) return i;
    }
    return -1;
}

const char *expr_function_nearest(const char *name)
{
    Nearest nearest = nearest_to(name);
    for (int i = 0; i < FUNCTION_COUNT; i++) nearest_offer(&nearest, functions[i].name);
    return nearest.best;
}

/* ---- each kind ---- */

static Datum *call_map(Eval *eval, const Node *node, const Datum *const *args, int count)
{
    static const int ops[] = {
        [FN_ABS] = ELEMENT_ABS,     [FN_LOG] = ELEMENT_LOG,     [FN_LOG10] = ELEMENT_LOG10,
        [FN_EXP] = ELEMENT_EXP,     [FN_SQRT] = ELEMENT_SQRT,   [FN_FLOOR] = ELEMENT_FLOOR,
        [FN_ROUND] = ELEMENT_ROUND, [FN_SHARE] = ELEMENT_SHARE, [FN_RATIO] = ELEMENT_RATIO};
    return eval_elements(eval, node, ops[node->op], args, count);
}

static Datum *call_rank(Eval *eval, const Node *node, const Datum *matrix)
{
    Error *err = eval->blame.err;
    Index  rank, m = matrix->rows, n = matrix->cols;
    if (matrix->kind != DATUM_MATRIX) {
        blame_at(&eval->blame, node->mark, tr("rank takes a matrix, not a %s"),
                 datum_kind_name(matrix->kind));
        return NULL;
    }
    if (matrix->blank) return blank_of(DATUM_NUMBER, NULL, err);
    if (m == 0 || n == 0) return datum_number(0, NULL, err);
    /* A factorization's step costs much less than one of an expression's. */
    if (!eval_spend(eval, node, m * n / 16 * (m < n ? m : n))) return NULL;
    if (!matrix_numeric_rank(&rank, matrix->values, m, n, err)) return NULL;
    return datum_number((double)rank, NULL, err);
}

static Datum *call_end(Eval *eval, const Node *node, const Datum *value)
{
    bool  rows = value->kind == DATUM_LIST || value->kind == DATUM_TABLE;
    Index n = rows ? value->count : element_count(value);
    bool  flat = rows || value->kind == DATUM_VECTOR || value->kind == DATUM_SERIES ||
                (value->kind == DATUM_MATRIX && (value->rows == 1 || value->cols == 1));
    if (!flat && !value->blank) {
        blame_at(&eval->blame, node->mark, tr("%s takes many values, not a %s"),
                 functions[node->op].name, datum_kind_name(value->kind));
        return NULL;
    }
    if (value->blank) return eval_element(eval, value, 0);
    if (n == 0) {
        blame_at(&eval->blame, node->mark, tr("%s of no values"), functions[node->op].name);
        return NULL;
    }
    return eval_element(eval, value, node->op == FN_FIRST ? 0 : n - 1);
}

static Datum *call_plain(Eval *eval, const Node *node, const Datum *const *args, int count)
{
    switch (functions[node->op].shape) {
    case FUNCTION_MAP:
        return call_map(eval, node, args, count);
    case FUNCTION_REDUCE:
        return eval_reduce(eval, node, args, count, NULL);
    case FUNCTION_WHERE:
        return eval_where(eval, node, args[0], NULL);
    case FUNCTION_OTHER:
        break;
    }
    return node->op == FN_RANK ? call_rank(eval, node, args[0]) : call_end(eval, node, args[0]);
}

/* ---- if: only the branch that is taken is evaluated ---- */

static Datum *call_if(Eval *eval, const Node *node)
{
    const Node *nodes = eval->expr->nodes;
    int         yes = nodes[node->left].next, no = nodes[yes].next;
    bool        holds = false;
    Datum      *condition = eval_node(eval, node->left), *taken = NULL;
    if (condition == NULL) return NULL;
    if (!eval_verdict(eval, &nodes[node->left], condition, &holds)) {
        datum_drop(condition);
        return NULL;
    }
    taken = eval_node(eval, holds ? yes : no);
    if (taken != NULL && condition->blank) { /* both must be possible; neither is known */
        Datum *other = eval_node(eval, no), *blank = NULL;
        bool   plain = taken->kind < DATUM_RECORD;
        if (other != NULL) {
            blank = plain ? blank_of(taken->kind, taken, eval->blame.err) : datum_hold(taken);
        }
        datum_drop(other);
        datum_drop(taken);
        taken = blank;
    }
    datum_drop(condition);
    return taken;
}

/* ---- calls ---- */

/* The axis that the second argument names, when the first one has it. */
static const DatumAxis *axis_argument(const Eval *eval, const Node *node, const Datum *value)
{
    const Node   *nodes = eval->expr->nodes;
    FunctionShape shape = functions[node->op].shape;
    int           second = nodes[node->left].next;
    bool          grouped = shape == FUNCTION_REDUCE || shape == FUNCTION_WHERE;
    if (!grouped || second == NO_NODE || nodes[second].next != NO_NODE) return NULL;
    return nodes[second].kind == NODE_NAME ? datum_axis(value, nodes[second].word) : NULL;
}

static bool no_such_axis(Eval *eval, const Node *node, const Datum *value)
{
    const Node *second = &eval->expr->nodes[eval->expr->nodes[node->left].next];
    Str         known = {0};
    for (Index i = 0; i < value->axis_count; i++) {
        str_addf(&known, "%s%s", i > 0 ? ", " : "", value->axes[i].name);
    }
    Piece piece = piece_of(eval->expr, second);
    blame_at(&eval->blame, second->at, tr("the values have no axis \"%s\""), piece.text);
    if (known.len > 0) {
        blame_hint(&eval->blame, tr("their axes are %s"), str_text(&known));
    } else {
        blame_hint(&eval->blame, tr("only what comes from a sweep's table has axes"));
    }
    str_free(&known);
    return false;
}

/* Is the second argument a bare name that can only be meant as an axis? */
static bool means_axis(const Eval *eval, const Node *node)
{
    const Node *nodes = eval->expr->nodes;
    int         second = nodes[node->left].next;
    if (second == NO_NODE || nodes[second].next != NO_NODE) return false;
    if (functions[node->op].shape == FUNCTION_WHERE || node->op == FN_NORM) return true;
    return functions[node->op].shape == FUNCTION_REDUCE && nodes[second].kind == NODE_NAME &&
           eval->scope->find(eval->scope->context, nodes[second].word) == NULL;
}

static Datum *call_rest(Eval *eval, const Node *node, Datum *first)
{
    const Node  *nodes = eval->expr->nodes;
    Datum       *held[ARGUMENTS_MAX] = {first};
    const Datum *args[ARGUMENTS_MAX] = {numeric_view(first)};
    int          count = 1;
    Datum       *out = NULL;
    for (int i = nodes[node->left].next; i != NO_NODE; i = nodes[i].next) {
        held[count] = eval_node(eval, i);
        if (held[count] == NULL) goto done;
        args[count] = numeric_view(held[count]);
        count++;
    }
    out = call_plain(eval, node, args, count);

done:
    for (int i = 1; i < count; i++) datum_drop(held[i]);
    return out;
}

Datum *eval_call(Eval *eval, const Node *node)
{
    if (node->op == FN_IF) return call_if(eval, node);
    Datum *first = eval_node(eval, node->left), *out = NULL;
    if (first == NULL) return NULL;
    const Datum     *value = numeric_view(first);
    const DatumAxis *axis = axis_argument(eval, node, value);
    bool             where = functions[node->op].shape == FUNCTION_WHERE;
    if (axis != NULL) {
        out =
            where ? eval_where(eval, node, value, axis) : eval_reduce(eval, node, &value, 1, axis);
    } else if (!means_axis(eval, node) || !no_such_axis(eval, node, value)) {
        out = means_axis(eval, node) ? NULL : call_rest(eval, node, first);
    }
    datum_drop(first);
    return out;
}
