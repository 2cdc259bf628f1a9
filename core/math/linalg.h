#ifndef CORE_MATH_LINALG_H
#define CORE_MATH_LINALG_H

/*
 * Dense linear algebra on the host, through LAPACKE. Row-major float32 in and out (double where
 * the name says so), work in double. All functions allocate their workspace (MEM_SCRATCH) and
 * give it back.
 */

#include "core/base/error.h"
#include "core/base/pool.h"

/* Singular values of A [m,n], largest first: s [min(m,n)]. U [m,k] and Vt [k,n] with
 * k = min(m,n), A = U diag(s) Vt; either may be NULL. ERR_NUMERIC when A is not finite. */
NODISCARD bool linalg_svd(double *s, float *U, float *Vt, const float *A, Index m, Index n,
                          Error *err);
/* The same in double from end to end. A is not changed. */
NODISCARD bool linalg_svd_double(double *s, double *U, double *Vt, const double *A, Index m,
                                 Index n, Error *err);
/* Who waits for a long one: it stops when `cancel` says so (ERR_CANCELLED) and tells how far it
 * is, in percent. Members may be NULL. */
typedef struct LinalgWatch {
    const Cancel *cancel;
    void (*tell)(void *context, int percent);
    void *context;
} LinalgWatch;
/* The singular values alone, of a matrix that may be large: s [min(m,n)]. watch may be NULL. */
NODISCARD bool linalg_singular_values(double *s, const double *A, Index m, Index n,
                                      const LinalgWatch *watch, Error *err);
/* Thin QR: A [m,n], m >= n: Q [m,n] with orthonormal columns, R [n,n] upper triangular. */
NODISCARD bool linalg_qr(float *Q, float *R, const float *A, Index m, Index n, Error *err);
/* Singular values of the product B A, B [m,r], A [r,n], without forming it: QR of B and of
 * A^T, then an r x r SVD. s [r]. */
NODISCARD bool linalg_svd_product(double *s, const float *B, const float *A, Index m, Index n,
                                  Index r, Error *err);

#endif
