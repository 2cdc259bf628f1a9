#ifndef CORE_WORKBENCH_MATRIX_WORK_H
#define CORE_WORKBENCH_MATRIX_WORK_H

/* The computing behind the matrix verbs: row-major doubles. */

#include "core/base/error.h"

/* How many singular values exceed max(m, n) * eps(double) * s1, as numpy.linalg.matrix_rank. */
NODISCARD bool matrix_numeric_rank(Index *rank, const double *A, Index m, Index n, Error *err);

/*
 * The rank of the numbers as they are stored. A double is an integer times a power of two, so
 * the whole matrix times a power of two is one of integers, eliminated here modulo three primes
 * near 2^61. Modulo a prime the rank can only be too small, and is only when the prime divides
 * every minor of the true rank's size; the largest of the three is taken.
 */
NODISCARD bool matrix_exact_rank(Index *rank, const double *A, Index m, Index n, Error *err);

#endif
