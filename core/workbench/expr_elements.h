#ifndef CORE_WORKBENCH_EXPR_ELEMENTS_H
#define CORE_WORKBENCH_EXPR_ELEMENTS_H

/* What can be done with one element: expr_ops.c has the table, expr_elements.c applies it. */

#include "core/workbench/expr_internal.h"

typedef enum ElementKind {
    TAKES_NUMBERS, /* gives a number */
    TAKES_YES,     /* gives a yes/no */
    COMPARES       /* finite numbers; gives a yes/no */
} ElementKind;

typedef enum ElementUnit { UNIT_NONE, UNIT_SAME, UNIT_SUM, UNIT_PRODUCT, UNIT_SHARE } ElementUnit;

typedef double ElementFn(const double *v);

typedef struct Element {
    const char *name;
    ElementFn  *apply;
    ElementKind kind;
    ElementUnit unit;
} Element;

/* The row of a BinaryOp or ElementOp. */
const Element *element_row(int op);
/* The unit of the result; b NULL: of one input. Units are for showing only: a share or a count
 * loses its own when it is scaled. */
const char *element_unit(int op, const Datum *a, const Datum *b);
/* False and told: these inputs have no result (a division by zero, NaN in a comparison). */
NODISCARD bool element_allowed(Eval *eval, const Node *node, int op, const double *v, int count);

#endif
