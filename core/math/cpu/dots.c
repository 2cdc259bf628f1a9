/*
 * C = alpha A B^T + beta C for few rows of B (h = x A^T of a low-rank branch): both factors are
 * read along k, as many sums side by side as there are registers, and added up across lanes at
 * the end. A is read once, which is all the time there is: rank 8 makes few operations of it.
 */

#include "core/math/cpu/vec.h"

enum { MOST_ROWS = 6, MOST_COLS = 8 };

/* rows and cols are constants where this is called. */
ALWAYS_INLINE void tile(const Product *p, int rows, int cols, Index i, Index j)
{
    const float *A = p->A + i * p->lda, *B = p->B + j * p->ldb;
    Vec          sum[MOST_ROWS][MOST_COLS];

    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int c = 0; c < cols; c++) sum[r][c] = (Vec){0.0f};
    }
    for (Index k = 0; k < p->k; k += CPU_LANES) {
        Vec a[MOST_ROWS];
        UNROLL
        for (int r = 0; r < rows; r++) a[r] = vec_load(A + r * p->lda + k);
        UNROLL
        for (int c = 0; c < cols; c++) {
            Vec b = vec_load(B + c * p->ldb + k);
            UNROLL
            for (int r = 0; r < rows; r++) sum[r][c] += a[r] * b;
        }
    }
    UNROLL
    for (int r = 0; r < rows; r++) {
        float *C = p->C + (i + r) * p->ldc + j;
        UNROLL
        for (int c = 0; c < cols; c++) {
            float s = p->alpha * vec_sum(sum[r][c]);
            C[c] = p->beta == 0.0f ? s : s + p->beta * C[c];
        }
    }
}

ALWAYS_INLINE void column(const Product *p, int rows, int cols, Index j)
{
    Index i = 0;
    for (; i + rows <= p->m; i += rows) tile(p, rows, cols, i, j);
    for (; i < p->m; i++) tile(p, 1, cols, i, j);
}

void cpu_dots(const Product *p)
{
    CHECK(!p->ta && p->tb && p->bias == NULL && p->k % CPU_LANES == 0);
    Index j = 0;
    for (; p->n - j >= 8; j += 8) column(p, 3, 8, j);
    for (; p->n - j >= 4; j += 4) column(p, 6, 4, j);
    for (; j < p->n; j++) column(p, 6, 1, j);
}
