/* The operations on single elements, and what they refuse. */

#include <math.h>
#include <string.h>

#include "core/workbench/expr_elements.h"

/* ---- one element ---- */

static double do_add(const double *v)
{
    return v[0] + v[1];
}

static double do_subtract(const double *v)
{
    return v[0] - v[1];
}

static double do_multiply(const double *v)
{
    return v[0] * v[1];
}

static double do_divide(const double *v)
{
    return v[0] / v[1];
}

static double do_power(const double *v)
{
    return pow(v[0], v[1]);
}

static double do_less(const double *v)
{
    return v[0] < v[1];
}

static double do_less_equal(const double *v)
{
    return v[0] <= v[1];
}

static double do_greater(const double *v)
{
    return v[0] > v[1];
}

static double do_greater_equal(const double *v)
{
    return v[0] >= v[1];
}

static double do_equal(const double *v)
{
    return v[0] == v[1];
}

static double do_unequal(const double *v)
{
    return v[0] != v[1];
}

static double do_and(const double *v)
{
    return v[0] != 0 && v[1] != 0;
}

static double do_or(const double *v)
{
    return v[0] != 0 || v[1] != 0;
}

static double do_negate(const double *v)
{
    return -v[0];
}

static double do_not(const double *v)
{
    return v[0] == 0;
}

static double do_close(const double *v)
{
    return fabs(v[0] - v[1]) <= v[2];
}

static double do_close_percent(const double *v)
{
    return fabs(v[0] - v[1]) <= v[2] / 100 * fabs(v[1]);
}

static double do_abs(const double *v)
{
    return fabs(v[0]);
}

static double do_log(const double *v)
{
    return log(v[0]);
}

static double do_log10(const double *v)
{
    return log10(v[0]);
}

static double do_exp(const double *v)
{
    return exp(v[0]);
}

static double do_sqrt(const double *v)
{
    return sqrt(v[0]);
}

static double do_floor(const double *v)
{
    return floor(v[0]);
}

/* To v[1] digits; where the power of ten is beyond doubles nothing is left to round. */
static double do_round(const double *v)
{
    double scale = pow(10, v[1]), scaled = v[0] * scale;
    return isfinite(scaled) ? round(scaled) / scale : v[0];
}

static double do_share(const double *v)
{
    return v[0];
}

/* ---- the table ---- */

static const Element elements[] = {
    [OP_ADD] = {"+", do_add, TAKES_NUMBERS, UNIT_SUM},
    [OP_SUBTRACT] = {"-", do_subtract, TAKES_NUMBERS, UNIT_SUM},
    [OP_MULTIPLY] = {"*", do_multiply, TAKES_NUMBERS, UNIT_PRODUCT},
    [OP_DIVIDE] = {"/", do_divide, TAKES_NUMBERS, UNIT_PRODUCT},
    [OP_POWER] = {"^", do_power, TAKES_NUMBERS, UNIT_NONE},
    [OP_LESS] = {"<", do_less, COMPARES, UNIT_NONE},
    [OP_LESS_EQUAL] = {"<=", do_less_equal, COMPARES, UNIT_NONE},
    [OP_GREATER] = {">", do_greater, COMPARES, UNIT_NONE},
    [OP_GREATER_EQUAL] = {">=", do_greater_equal, COMPARES, UNIT_NONE},
    [OP_EQUAL] = {"==", do_equal, COMPARES, UNIT_NONE},
    [OP_UNEQUAL] = {"!=", do_unequal, COMPARES, UNIT_NONE},
    [OP_AND] = {"and", do_and, TAKES_YES, UNIT_NONE},
    [OP_OR] = {"or", do_or, TAKES_YES, UNIT_NONE},
    [ELEMENT_NEGATE] = {"-", do_negate, TAKES_NUMBERS, UNIT_SAME},
    [ELEMENT_NOT] = {"not", do_not, TAKES_YES, UNIT_NONE},
    [ELEMENT_CLOSE] = {"~=", do_close, COMPARES, UNIT_NONE},
    [ELEMENT_CLOSE_PERCENT] = {"~=", do_close_percent, COMPARES, UNIT_NONE},
    [ELEMENT_ABS] = {"abs", do_abs, TAKES_NUMBERS, UNIT_SAME},
    [ELEMENT_LOG] = {"log", do_log, TAKES_NUMBERS, UNIT_NONE},
    [ELEMENT_LOG10] = {"log10", do_log10, TAKES_NUMBERS, UNIT_NONE},
    [ELEMENT_EXP] = {"exp", do_exp, TAKES_NUMBERS, UNIT_NONE},
    [ELEMENT_SQRT] = {"sqrt", do_sqrt, TAKES_NUMBERS, UNIT_NONE},
    [ELEMENT_FLOOR] = {"floor", do_floor, TAKES_NUMBERS, UNIT_SAME},
    [ELEMENT_ROUND] = {"round", do_round, TAKES_NUMBERS, UNIT_SAME},
    [ELEMENT_SHARE] = {"share", do_share, TAKES_NUMBERS, UNIT_SHARE},
    [ELEMENT_RATIO] = {"ratio", do_divide, TAKES_NUMBERS, UNIT_NONE},
};

const Element *element_row(int op)
{
    return &elements[op];
}

const char *element_unit(int op, const Datum *a, const Datum *b)
{
    const char *ua = a->unit, *ub = b != NULL ? b->unit : NULL;
    switch (elements[op].unit) {
    case UNIT_NONE:
        return NULL;
    case UNIT_SAME:
        return ua;
    case UNIT_SHARE:
        return "%";
    case UNIT_SUM:
        if (ua == NULL || ub == NULL) return ua != NULL ? ua : ub;
        return same_unit(ua, ub) ? ua : NULL;
    case UNIT_PRODUCT:
        if (ua != NULL && ub != NULL) return NULL;
        if (ua == NULL && op == OP_DIVIDE) return NULL;
        ua = ua != NULL ? ua : ub;
        return ua != NULL && strcmp(ua, "%") == 0 ? NULL : ua;
    }
    return NULL;
}

/* ---- refusing ---- */

static bool finite_inputs(const double *v, int count)
{
    for (int i = 0; i < count; i++) {
        if (!isfinite(v[i])) return false;
    }
    return true;
}

bool element_allowed(Eval *eval, const Node *node, int op, const double *v, int count)
{
    if (elements[op].kind == COMPARES && !finite_inputs(v, count)) {
        int bad = 0;
        while (isfinite(v[bad])) bad++;
        return blame_at(&eval->blame, node->mark,
                        tr("a value that is compared is %s, not a finite number"),
                        isnan(v[bad]) ? "NaN" : "infinite");
    }
    bool divides = op == OP_DIVIDE || op == ELEMENT_RATIO;
    if (divides && v[1] == 0) return blame_at(&eval->blame, node->mark, tr("a division by zero"));
    if ((op == ELEMENT_LOG || op == ELEMENT_LOG10) && v[0] <= 0) {
        return blame_at(&eval->blame, node->mark, tr("the logarithm of %g"), v[0]);
    }
    if (op == ELEMENT_SQRT && v[0] < 0) {
        return blame_at(&eval->blame, node->mark, tr("the square root of %g"), v[0]);
    }
    if (op == OP_POWER && v[0] < 0 && v[1] != floor(v[1])) {
        return blame_at(&eval->blame, node->mark, tr("%g to the power of %g"), v[0], v[1]);
    }
    return true;
}
