/*
 * C = alpha op(A) op(B) + beta C, each element a sum over k in double:
 *
 *   C[i,j] = alpha * sum_l op(A)[i,l] op(B)[l,j] + beta * C[i,j]
 *
 * With beta = 0 the old C is not read, so that what stood there (a NaN, say) does not matter.
 */

#include "core/math/ref/ref.h"

void ref_gemm(Backend *be, bool ta, bool tb, Index m, Index n, Index k, float alpha, const float *A,
              Index lda, const float *B, Index ldb, float beta, float *C, Index ldc)
{
    (void)be;
    /* One step along i, l or j in the memory of A and of B. */
    Index a_i = ta ? 1 : lda, a_l = ta ? lda : 1;
    Index b_l = tb ? 1 : ldb, b_j = tb ? ldb : 1;

    for (Index i = 0; i < m; i++) {
        for (Index j = 0; j < n; j++) {
            double sum = 0.0;
            for (Index l = 0; l < k; l++) {
                sum += (double)A[i * a_i + l * a_l] * (double)B[l * b_l + j * b_j];
            }
            float *c = &C[i * ldc + j];
            double old = beta == 0.0f ? 0.0 : (double)beta * (double)*c;
            *c = (float)((double)alpha * sum + old);
        }
    }
}
