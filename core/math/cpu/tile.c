/*
 * Small and narrow products without OpenBLAS, whose packing and beta passes cost as much as the
 * product itself where one side is short (rank 8, 64 keys).
 *
 * C = alpha A B + beta C with the rows of B contiguous. A tile of 6 rows and 4 vectors of C stays
 * in registers while k runs: per step 4 loads of B and 6 numbers of A make 24 multiply-adds. A is
 * read in place, by its two strides, transposed or not. k is cut into blocks whose part of B fits
 * the nearest caches; the sums of a block are added to C.
 *
 * Where the vectors that are compiled for are narrow, OpenBLAS's own choice at run time is the
 * better one.
 */

#include "core/math/cpu/vec.h"

#include <string.h>

#if defined(__AVX512F__)
enum { WIDE = 1, VECS = 4 };
#elif defined(__AVX2__) && defined(__FMA__)
enum { WIDE = 1, VECS = 2 };
#else
enum { WIDE = 0, VECS = 2 };
#endif
enum { ROWS = 6, K_BLOCK = 256, SHORT_K = 32, NEAR_CACHE = 32 * 1024 };

typedef struct Tile {
    const float *A, *B;
    float       *C;
    Index        row, step; /* from one row of A to the next, from one k to the next */
    Index        ldb, ldc, m, n, k;
    float        alpha, beta;
} Tile;

/* rows and vecs are constants where this is called: the sums become registers. Where nothing has
 * to be multiplied they start from C, so that after a short k only stores remain. */
ALWAYS_INLINE void tile(const Tile *t, int rows, int vecs, Index i, Index j)
{
    const float *A = t->A + i * t->row, *B = t->B + j;
    float       *C = t->C + i * t->ldc + j;
    Index        row = t->row, step = t->step, ldb = t->ldb, ldc = t->ldc;
    bool         plain = t->alpha == 1.0f && (t->beta == 1.0f || t->beta == 0.0f);
    Vec          sum[2 * ROWS][VECS];

    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int v = 0; v < vecs; v++) sum[r][v] = (Vec){0.0f};
    }
    if (plain && t->beta == 1.0f) {
        UNROLL
        for (int r = 0; r < rows; r++) {
            UNROLL
            for (int v = 0; v < vecs; v++) sum[r][v] = vec_load(C + r * ldc + v * CPU_LANES);
        }
    }
    for (Index p = t->k; p > 0; p--, A += step, B += ldb) {
        Vec b[VECS];
        UNROLL
        for (int v = 0; v < vecs; v++) b[v] = vec_load(B + v * CPU_LANES);
        UNROLL
        for (int r = 0; r < rows; r++) {
            float a = A[r * row];
            UNROLL
            for (int v = 0; v < vecs; v++) sum[r][v] += a * b[v];
        }
    }
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int v = 0; v < vecs; v++) {
            float *c = C + r * ldc + v * CPU_LANES;
            Vec    s = plain ? sum[r][v] : t->alpha * sum[r][v];
            vec_store(c, plain || t->beta == 0.0f ? s : s + t->beta * vec_load(c));
        }
    }
}

/* All rows of the columns that begin at j: for a long k, whose part of B stays in the cache. */
ALWAYS_INLINE void column(const Tile *t, int rows, int vecs, Index j)
{
    Index i = 0, m = t->m;
    for (; m - i >= rows && m - i != 8; i += rows) tile(t, rows, vecs, i, j);
    for (; m - i >= 4; i += 4) tile(t, 4, vecs, i, j);
    for (; m - i >= 2; i += 2) tile(t, 2, vecs, i, j);
    if (i < m) tile(t, 1, vecs, i, j);
}

/* All columns of the rows that begin at i: for a short k, when all of B is in the cache and C
 * is best walked through row after row. */
ALWAYS_INLINE void band(const Tile *t, int rows, Index i)
{
    Index j = 0;
    for (; t->n - j >= VECS * CPU_LANES; j += VECS * CPU_LANES) tile(t, rows, VECS, i, j);
    for (; j < t->n; j += CPU_LANES) tile(t, rows, 1, i, j);
}

static void short_block(const Tile *t)
{
    Index i = 0;
    for (; t->m - i >= ROWS; i += ROWS) band(t, ROWS, i);
    for (; i < t->m; i++) band(t, 1, i);
}

static void long_block(const Tile *t)
{
    Index j = 0;
    for (; t->n - j >= VECS * CPU_LANES; j += VECS * CPU_LANES) column(t, ROWS, VECS, j);
    for (; t->n - j >= 2 * CPU_LANES; j += 2 * CPU_LANES) column(t, ROWS, 2, j);
    for (; j < t->n; j += CPU_LANES) column(t, 2 * ROWS, 1, j);
}

bool cpu_tiles_fit(const Product *p)
{
    return WIDE && !p->tb && p->n % CPU_LANES == 0 && p->bias == NULL && p->k > 0;
}

void cpu_tiles(const Product *p)
{
    if (!cpu_tiles_fit(p)) {
        cpu_sgemm(p);
        return;
    }
    Tile t = {.C = p->C, .ldb = p->ldb, .ldc = p->ldc, .m = p->m, .n = p->n, .alpha = p->alpha};
    t.row = p->ta ? 1 : p->lda;
    t.step = p->ta ? p->lda : 1;
    for (Index k = 0; k < p->k; k += K_BLOCK) {
        t.A = p->A + k * t.step;
        t.B = p->B + k * p->ldb;
        t.k = cpu_min(K_BLOCK, p->k - k);
        t.beta = k == 0 ? p->beta : 1.0f;
        bool small = t.k <= SHORT_K && t.k * t.n * (Index)sizeof(float) <= NEAR_CACHE;
        small ? short_block(&t) : long_block(&t);
    }
}

Index cpu_spread(Index n)
{
    Index vectors = cpu_pieces(n, 16);
    return (vectors + 1 - vectors % 2) * 16;
}

void cpu_pack(float *out, const float *x, Index step, Index rows, Index cols)
{
    for (Index i = 0; i < rows; i++) {
        memcpy(out + i * cols, x + i * step, (size_t)cols * sizeof *out);
    }
}

void cpu_transpose(float *out, Index ld, Index width, const float *x, Index step, Index rows,
                   Index cols)
{
    enum { SIDE = 16 };
    for (Index i = 0; i < width; i += SIDE) {
        Index n = cpu_max(cpu_min(SIDE, rows - i), 0), room = cpu_min(SIDE, width - i);
        for (Index j = 0; j < cols; j++) {
            float *to = out + j * ld + i;
            for (Index r = 0; r < n; r++) to[r] = x[(i + r) * step + j];
            for (Index r = n; r < room; r++) to[r] = 0.0f;
        }
    }
}
