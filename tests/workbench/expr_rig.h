#ifndef TESTS_WORKBENCH_EXPR_RIG_H
#define TESTS_WORKBENCH_EXPR_RIG_H

/* A small bench of made-up values for the tests of expressions. */

#include "core/workbench/expr.h"

/*
 *   n = 3   share = 0.25 (%)   size = 12345 (bytes)   t = 2.5 (s, timed)   nan   yes1 = yes
 *   word = "sql"   v = [3, 1, 2]   m = [1 2 3; 4 5 6]   col = 3 x 1 [1; 2; 3]
 *   loss: series over step 10 20 30: 4 2 1 (nats/token)
 *   rec: a = 1, deep.b = 2, text = "x*y", matrix = [1 2; 2 4]
 *   s: table over r = 1, 2 and seed = 42, 43; rows: end = 10 r + (seed - 42), loss = series that
 *      ends there, kind = "k1" or "k2", inner.x = r, sick = (r is 2)
 *   w: table over init = zero-b, true: end = 1, 2
 *   blank: everything blank: a table over r and seed with end, loss, kind, inner.x, sick
 */
NODISCARD bool expr_rig_create(Error *err);
void           expr_rig_free(void);
const Scope   *expr_rig_scope(void);
void           expr_rig_open(void); /* create, or fail the test */
/* Parse and evaluate over the rig's values. */
NODISCARD Datum *expr_rig_value(const char *text, ExprFault *fault, Error *err);

/* An expression that must be refused. */
typedef struct Wrong {
    const char *text;
    Index       at;
    const char *message, *hint; /* parts of them; hint NULL: none is expected */
} Wrong;

#endif
