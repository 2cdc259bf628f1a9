#ifndef CORE_STUDY_SPECTRUM_H
#define CORE_STUDY_SPECTRUM_H

/*
 * Looking at a matrix through its singular values s1 >= s2 >= ...
 *
 *   numeric rank      how many exceed tolerance = max(m, n) * eps(float32) * s1, as
 *                     numpy.linalg.matrix_rank, or a tolerance given
 *   effective rank    exp(-sum p log p), p = s / sum s (Roy, Vetterli 2007)
 *   energy(k)         share of the squared Frobenius norm in the first k
 */

#include "core/base/error.h"

typedef struct Spectrum {
    double *s;     /* [count], mem_free through spectrum_free */
    Index   count;
    Index   rows, cols;
} Spectrum;

NODISCARD bool spectrum_of(Spectrum *out, const float *A, Index rows, Index cols, Error *err);
/* Of B A without forming it: B [m,r], A [r,n]. count = r. */
NODISCARD bool spectrum_of_product(Spectrum *out, const float *B, const float *A, Index m, Index n,
                                   Index r, Error *err);
void   spectrum_free(Spectrum *spectrum);
Index  spectrum_rank(const Spectrum *spectrum, double tolerance); /* <= 0: the default */
double spectrum_effective_rank(const Spectrum *spectrum);
double spectrum_energy(const Spectrum *spectrum, Index k);
/* Best approximation of rank k (Eckart, Young 1936): out [rows, cols]. */
NODISCARD bool spectrum_truncate(float *out, const float *A, Index rows, Index cols, Index k,
                                 Error *err);

#endif
