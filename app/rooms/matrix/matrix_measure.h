#ifndef APP_ROOMS_MATRIX_MATRIX_MEASURE_H
#define APP_ROOMS_MATRIX_MATRIX_MEASURE_H

/* What the workbench's verbs `rank` and `truncate` say of one matrix. Any thread. */

#include "core/workbench/datum.h"

typedef struct MatrixAsk {
    double tolerance; /* 0: the usual one */
    bool   single;    /* the numbers were float32: their rounding counts */
    Index  r;         /* 0: not cut */
} MatrixAsk;

typedef struct MatrixFacts {
    Datum *singular;    /* vector */
    Index  rank, exact; /* exact -1: too large for it */
    double tolerance;
    Index  r;   /* 0: not cut */
    Datum *cut; /* matrix; NULL: not cut, or too large */
    double error_frobenius, error_spectral, bound_frobenius, bound_spectral, kept;
} MatrixFacts;

/* matrix: of kind DATUM_MATRIX. Free in any case. */
NODISCARD bool matrix_measure(MatrixFacts *facts, const Datum *matrix, const MatrixAsk *ask,
                              Error *err);
void           matrix_facts_free(MatrixFacts *facts);

#endif
