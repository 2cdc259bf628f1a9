/*
 * Rows picked by number. Embedding picks rows of a table, one for each token; gather picks rows
 * of an activation (the positions that have a target). Picking is multiplying by a matrix of
 * zeros and ones, so the gradient is its transpose: each row of dy is added to where it came
 * from. A row picked several times collects its gradients in the order of n.
 */

#include "core/math/ref/ref.h"

void ref_embed(Backend *be, float *y, const int32_t *ids, Mat table, Index N)
{
    (void)be;
    Index D = table.cols;
    for (Index n = 0; n < N; n++) {
        CHECK(ids[n] >= 0 && ids[n] < table.rows);
        for (Index d = 0; d < D; d++) y[n * D + d] = (float)ref_mat_at(table, ids[n] * D + d);
    }
}

void ref_embed_grad(Backend *be, float *dtable, const float *dy, const int32_t *ids, Index N,
                    Index V, Index D)
{
    (void)be;
    if (dtable == NULL) return;
    for (Index n = 0; n < N; n++) {
        CHECK(ids[n] >= 0 && ids[n] < V);
        for (Index d = 0; d < D; d++) dtable[ids[n] * D + d] += dy[n * D + d];
    }
}

void ref_gather(Backend *be, float *y, const float *x, const Index *rows, Index M, Index D)
{
    (void)be;
    for (Index m = 0; m < M; m++) {
        for (Index d = 0; d < D; d++) y[m * D + d] = x[rows[m] * D + d];
    }
}

void ref_gather_grad(Backend *be, float *dx, const float *dy, const Index *rows, Index M, Index D)
{
    (void)be;
    if (dx == NULL) return;
    for (Index m = 0; m < M; m++) {
        for (Index d = 0; d < D; d++) dx[rows[m] * D + d] += dy[m * D + d];
    }
}
