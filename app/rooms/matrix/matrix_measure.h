#ifndef APP_ROOMS_MATRIX_MATRIX_MEASURE_H
#define APP_ROOMS_MATRIX_MATRIX_MEASURE_H

/* What the workbench's verbs `rank` and `truncate` say of one matrix. Any thread. */

#include "core/math/linalg.h"
#include "core/workbench/datum.h"

/* Of more numbers than this only the singular values are computed, in steps that can be stopped:
 * no exact rank, and of a cut only what it leaves out. */
enum { MATRIX_WHOLE_MAX = 512 * 512 };

typedef struct MatrixAsk {
    double tolerance; /* 0: the usual one */
    bool   single;    /* the numbers were float32: their rounding counts */
    Index  r;         /* 0: not cut */
} MatrixAsk;

typedef struct MatrixFacts {
    Datum *of;          /* the matrix */
    Datum *singular;    /* vector */
    Index  rank, exact; /* exact -1: too large for it */
    double tolerance;
    Index  r;   /* 0: not cut */
    Datum *cut; /* matrix; NULL: not cut, or too large */
    double error_frobenius, error_spectral, bound_frobenius, bound_spectral, kept;
} MatrixFacts;

/* Longer than the next frame may wait. */
bool matrix_takes_long(const Datum *matrix);
/* matrix: of kind DATUM_MATRIX. Free in any case. */
NODISCARD bool matrix_measure(MatrixFacts *facts, const Datum *matrix, const MatrixAsk *ask,
                              const LinalgWatch *watch, Error *err);
/* The same matrix held against something else, from what is known of a large one at once. False:
 * it has to be measured. */
bool matrix_measure_again(MatrixFacts *facts, const Datum *matrix, const MatrixAsk *ask);
/* What singular values up to it are no more than: max(rows, cols) * eps * the largest. */
double matrix_rounding(const MatrixFacts *facts, bool single);
void   matrix_facts_free(MatrixFacts *facts);

#endif
