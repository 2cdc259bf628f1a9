/* Operands of the matrix verbs. */

#include "core/workbench/matrix_operand.h"

#include <math.h>
#include <string.h>

#include "core/workbench/expr_internal.h"

bool matrix_size_ok(Index rows, Index cols, Error *err)
{
    bool sides = rows <= MATRIX_SIDE_MAX && cols <= MATRIX_SIDE_MAX;
    if (rows < 1 || cols < 1) return error_set(err, ERR_INPUT, tr("a matrix without numbers"));
    if (sides && rows * cols <= MATRIX_NUMBERS_MAX) return true;
    return error_set(err, ERR_INPUT,
                     tr("a matrix of %td x %td is too large: %d a side, %d numbers at most"), rows,
                     cols, MATRIX_SIDE_MAX, MATRIX_NUMBERS_MAX);
}

static bool check_values(const Operand *operand, const char *text, Error *err)
{
    for (Index i = 0; i < operand->rows * operand->cols; i++) {
        if (isfinite(operand->values[i])) continue;
        return error_set(err, ERR_INPUT,
                         tr("%.60s holds a number that is not finite (row %td, "
                            "column %td)"),
                         text, i / operand->cols + 1, i % operand->cols + 1);
    }
    return true;
}

static bool use_value(Operand *operand, const char *text, Error *err)
{
    const Datum *value = numeric_view(operand->held);
    if (value->kind != DATUM_MATRIX && value->kind != DATUM_VECTOR) {
        return error_set(err, ERR_INPUT, tr("%.60s is a %s, not a matrix"), text,
                         datum_kind_name(value->kind));
    }
    operand->values = value->values;
    operand->rows = value->rows;
    operand->cols = value->cols;
    return matrix_size_ok(value->rows, value->cols, err) && check_values(operand, text, err);
}

bool operand_read(Operand *operand, const VerbCall *call, const char *text, Error *err)
{
    *operand = (Operand){0};
    Expr *expr = expr_parse(text, (Index)strlen(text), NULL, err);
    if (expr == NULL) return false;
    operand->held = expr_eval(expr, call->scope, NULL, err);
    expr_free(expr);
    if (operand->held != NULL && use_value(operand, text, err)) return true;
    operand_drop(operand);
    return false;
}

bool operand_at(Operand *operand, const VerbCall *call, Index i, Error *err)
{
    return operand_read(operand, call, args_operand(call->args, i), err);
}

void operand_drop(Operand *operand)
{
    datum_drop(operand->held);
    *operand = (Operand){0};
}
