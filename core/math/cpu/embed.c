/*
 * Rows in and out of tables. Adding to a table is cut over columns, so that rows which name the
 * same token are added in their order and no two tasks touch one number.
 */

#include "core/math/cpu/cpu_ops.h"

#include <string.h>

typedef struct Embed {
    float         *y;
    const int32_t *ids;
    Mat            table;
} Embed;

static void embed_span(void *context, Index from, Index to)
{
    const Embed *e = context;
    Index        D = e->table.cols, row_bytes = D * dtype_bytes(e->table.dtype);
    for (Index n = from; n < to; n++) {
        CHECK(e->ids[n] >= 0 && e->ids[n] < e->table.rows);
        const char *row = (const char *)e->table.data + e->ids[n] * row_bytes;
        convert_to_f32(e->y + n * D, row, e->table.dtype, D);
    }
}

void cpu_embed(Backend *be, float *y, const int32_t *ids, Mat table, Index N)
{
    cpu_for(be, N, cpu_rows(table.cols), embed_span, &(Embed){y, ids, table});
}

typedef struct EmbedGrad {
    float         *dtable;
    const float   *dy;
    const int32_t *ids;
    Index          N, V, D;
} EmbedGrad;

static void embed_grad_span(void *context, Index from, Index to)
{
    const EmbedGrad *e = context;
    for (Index n = 0; n < e->N; n++) {
        CHECK(e->ids[n] >= 0 && e->ids[n] < e->V);
        float *restrict d = e->dtable + e->ids[n] * e->D;
        const float *restrict dy = e->dy + n * e->D;
        for (Index j = from; j < to; j++) d[j] += dy[j];
    }
}

void cpu_embed_grad(Backend *be, float *dtable, const float *dy, const int32_t *ids, Index N,
                    Index V, Index D)
{
    if (dtable == NULL) return;
    Index stripe = N * D <= 2 * CPU_CHUNK ? cpu_max(D, 1) : 64;
    cpu_for(be, D, stripe, embed_grad_span, &(EmbedGrad){dtable, dy, ids, N, V, D});
}

typedef struct Gather {
    float       *y;
    const float *x;
    const Index *rows;
    Index        D;
} Gather;

static void gather_span(void *context, Index from, Index to)
{
    const Gather *g = context;
    for (Index m = from; m < to; m++) {
        memcpy(g->y + m * g->D, g->x + g->rows[m] * g->D, (size_t)g->D * sizeof(float));
    }
}

void cpu_gather(Backend *be, float *y, const float *x, const Index *rows, Index M, Index D)
{
    cpu_for(be, M, cpu_rows(D), gather_span, &(Gather){y, x, rows, D});
}

static void gather_grad_span(void *context, Index from, Index to)
{
    const Gather *g = context;
    Index         D = g->D;
    for (Index m = from; m < to; m++) {
        float *restrict dx = g->y + g->rows[m] * D;
        const float *restrict dy = g->x + m * D;
        for (Index d = 0; d < D; d++) dx[d] += dy[d];
    }
}

void cpu_gather_grad(Backend *be, float *dx, const float *dy, const Index *rows, Index M, Index D)
{
    if (dx == NULL) return;
    cpu_for(be, M, cpu_rows(D), gather_grad_span, &(Gather){dx, dy, rows, D});
}
