#ifndef CORE_WORKBENCH_MATRIX_OPERAND_H
#define CORE_WORKBENCH_MATRIX_OPERAND_H

/* What the matrix verbs work on: expressions that give a matrix. */

#include "core/workbench/verb.h"

#define MATRIX_SIDE_MAX 4096
#define MATRIX_NUMBERS_MAX (1 << 20)

/* Numbers of a value that is held as long as they are used. A vector is a column. */
typedef struct Operand {
    Datum        *held;
    const double *values;
    Index         rows, cols;
} Operand;

/* Evaluate a text over the call's values. A record stands for its member "matrix". ERR_INPUT when
 * it is no matrix, is empty, too large, or holds a number that is not finite. */
NODISCARD bool operand_read(Operand *operand, const VerbCall *call, const char *text, Error *err);
/* The call's operand i. */
NODISCARD bool operand_at(Operand *operand, const VerbCall *call, Index i, Error *err);
void           operand_drop(Operand *operand); /* fine on {0} */

NODISCARD bool matrix_size_ok(Index rows, Index cols, Error *err);

#endif
