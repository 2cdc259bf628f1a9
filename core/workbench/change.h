#ifndef CORE_WORKBENCH_CHANGE_H
#define CORE_WORKBENCH_CHANGE_H

/*
 * What an adapter learned of one module, on the host, and the comparisons that section 7 of
 * Hu et al. 2021 makes with it. Matrices are in the layout of the base's weight.
 */

#include "core/workbench/bench.h"

typedef struct Change {
    Index  rows, cols; /* of the base's weight */
    float *dW;         /* [rows, cols]: scale B A, or trained less base */
    /* LoRA: its factors. NULL for full training. */
    Index  r;
    double scale;
    float *A, *B; /* [r, in], [out, r] */
    Index  in, out;
} Change;

/* ERR_INPUT when the adapter has nothing at this module. Free in any case. */
NODISCARD bool change_of(Change *change, const BenchWorker *worker, const Learned *learned,
                         const Module *module, Error *err);
void           change_free(Change *change);

/* phi(i, j) = || U1_i^T U2_j ||_F^2 / min(i, j), in [0, 1]: how much of the span of the first i
 * singular vectors of X1 lies in that of the first j of X2. phi [i_max, j_max] row-major.
 * right: right singular vectors (X1 and X2 have equally many columns), else left ones. */
NODISCARD bool subspace_overlap(double *phi, Index i_max, Index j_max, const float *X1,
                                const Index shape1[2], const float *X2, const Index shape2[2],
                                bool right, Error *err);

/* || U_k^T W V_k ||_F with the first k singular vectors of X; W and X [rows, cols]. */
NODISCARD bool projected_norm(double *norm, const float *W, const float *X, Index rows, Index cols,
                              Index k, Error *err);

#endif
