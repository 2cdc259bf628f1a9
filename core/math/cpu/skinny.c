/*
 * The six products of a low-rank branch, h = x A^T, y += s h B^T, dh = s dy B, dB += s dy^T h,
 * dA += dh^T x, dx += dh A, and whatever else has a short side. Each becomes a product whose
 * right factor has contiguous rows of whole vectors:
 *
 *   short n   [m,k] [k,n]       B is copied to [k, padded n]; a block of C is copied back
 *                               (n <= 12: sums along k instead, with B^T)
 *   short k   [m,k] [k,n]       B is transposed to [k,n] when it is not so already
 *   short m   [m,k] [k,n]       as it is
 *   and for A^T with short n    C^T = B^T A is a product with short m; it is added transposed
 *
 * The copies are small (they have the short side) and are made once, by the caller.
 */

#include "core/math/cpu/cpu.h"

enum { SHORT = 64, LONG = 64, FEW = 16, VERY_SHORT = 12, BLOCK_ROWS = 128, STRIPE = 64 };

typedef struct Skinny {
    Backend *be;
    Product  p;       /* with the right factor as the tiles want it */
    float   *C;       /* where the result goes when p.C is only passing through */
    Index    ldc, n;  /* of that result */
    Index    rows, cols, across;
} Skinny;

static bool fits_shared(Index floats)
{
    return floats * (Index)sizeof(float) <= CPU_SHARED;
}

static bool light(const Product *p)
{
    return 2.0 * (double)p->m * (double)p->n * (double)p->k < 1e6;
}

/* ---- blocks of the result that the tiles write in place --------------------------------- */

static void in_place_task(void *context, Index task, int worker)
{
    (void)worker;
    const Skinny *s = context;
    Product       p = s->p;
    Index         i = task / s->across * s->rows, j = task % s->across * s->cols;
    p.m = cpu_min(s->rows, p.m - i);
    p.n = cpu_min(s->cols, p.n - j);
    p.A += p.ta ? i : i * p.lda;
    p.B += j;
    p.C += i * p.ldc + j;
    cpu_tiles(&p);
}

static void in_place(Backend *be, const Product *p, Index rows, Index cols)
{
    Skinny s = {.be = be, .p = *p, .rows = rows, .cols = cols, .across = cpu_pieces(p->n, cols)};
    cpu_run(be, cpu_pieces(p->m, rows) * s.across, light(p), in_place_task, &s);
}

/* ---- very short n: sums along k --------------------------------------------------------- */

static void dots_task(void *context, Index task, int worker)
{
    (void)worker;
    const Skinny *s = context;
    Product       p = s->p;
    Index         i = task * s->rows;
    p.m = cpu_min(s->rows, p.m - i);
    p.A += i * p.lda;
    p.C += i * p.ldc;
    cpu_dots(&p);
}

static bool dots(Backend *be, const Product *p)
{
    Skinny s = {.be = be, .p = *p, .rows = BLOCK_ROWS};
    if (!p->tb) {
        if (!fits_shared(p->k * p->n)) return false;
        cpu_transpose(cpu_state(be)->shared, p->k, p->k, p->B, p->ldb, p->k, p->n);
        s.p.tb = true, s.p.B = cpu_state(be)->shared, s.p.ldb = p->k;
    }
    cpu_run(be, cpu_pieces(p->m, BLOCK_ROWS), light(p), dots_task, &s);
    return true;
}

/* ---- short n: through the worker's scratch memory --------------------------------------- */

static void narrow_task(void *context, Index task, int worker)
{
    const Skinny *s = context;
    Product       p = s->p;
    Index         i = task * s->rows, n = s->n;
    p.m = cpu_min(s->rows, p.m - i);
    p.A += p.ta ? i : i * p.lda;
    p.ldc = p.n;
    p.C = cpu_scratch(s->be, worker, p.m * p.n * (Index)sizeof(float));
    p.beta = 0.0f;
    cpu_tiles(&p);

    float beta = s->p.beta;
    for (Index r = 0; r < p.m; r++) {
        const float *from = p.C + r * p.n;
        float       *to = s->C + (i + r) * s->ldc;
        for (Index j = 0; j < n; j++) to[j] = beta == 0.0f ? from[j] : from[j] + beta * to[j];
    }
}

static bool narrow(Backend *be, const Product *p)
{
    Index width = cpu_padded(p->n);
    if (!fits_shared(p->k * width)) return false;

    float *B = cpu_state(be)->shared;
    if (p->tb) {
        cpu_transpose(B, width, width, p->B, p->ldb, p->n, p->k);
    } else {
        for (Index k = 0; k < p->k; k++) {
            for (Index j = 0; j < width; j++) {
                B[k * width + j] = j < p->n ? p->B[k * p->ldb + j] : 0.0f;
            }
        }
    }
    Skinny s = {.be = be, .p = *p, .C = p->C, .ldc = p->ldc, .n = p->n, .rows = BLOCK_ROWS};
    s.p.tb = false, s.p.B = B, s.p.ldb = width, s.p.n = width;
    cpu_run(be, cpu_pieces(p->m, BLOCK_ROWS), light(p), narrow_task, &s);
    return true;
}

/* ---- A^T with short n: the result transposed -------------------------------------------- */

static bool transposed(Backend *be, const Product *p)
{
    if (!fits_shared(p->m * p->n)) return false;

    float  *T = cpu_state(be)->shared; /* [n,m] = B^T A */
    Product t = {.ta = !p->tb, .m = p->n, .n = p->m, .k = p->k, .alpha = p->alpha,
                 .A = p->B, .lda = p->ldb, .B = p->A, .ldb = p->lda, .C = T, .ldc = p->m};
    in_place(be, &t, p->n, STRIPE);
    for (Index i = 0; i < p->m; i++) {
        float *row = p->C + i * p->ldc;
        for (Index j = 0; j < p->n; j++) {
            float x = T[j * p->m + i];
            row[j] = p->beta == 0.0f ? x : x + p->beta * row[j];
        }
    }
    return true;
}

/* ---- short k with B^T ------------------------------------------------------------------- */

static bool turned(Backend *be, const Product *p)
{
    if (!fits_shared(p->k * p->n)) return false;

    Product t = *p;
    t.tb = false, t.B = cpu_state(be)->shared, t.ldb = p->n;
    cpu_transpose(cpu_state(be)->shared, p->n, p->n, p->B, p->ldb, p->n, p->k);
    for (Index i = 0; i < p->k * p->n && p->alpha != 1.0f; i++) {
        cpu_state(be)->shared[i] *= p->alpha;
    }
    t.alpha = 1.0f;
    in_place(be, &t, BLOCK_ROWS, p->n);
    return true;
}

bool cpu_skinny(Backend *be, const Product *p)
{
    Product whole = *p;
    whole.tb = false;
    whole.n = CPU_LANES;
    if (!cpu_tiles_fit(&whole) || p->m == 0 || p->n == 0) return false;

    bool vectors = p->n % CPU_LANES == 0;
    if (p->ta && p->n <= SHORT && p->m >= LONG && p->m % CPU_LANES == 0) return transposed(be, p);
    if (!p->ta && p->n <= VERY_SHORT && p->m >= LONG && p->k % CPU_LANES == 0) return dots(be, p);
    if (p->n <= SHORT && p->m >= LONG) return narrow(be, p);
    if (p->k <= SHORT && vectors && p->tb) return p->m >= FEW && turned(be, p);
    if (p->k <= SHORT && vectors) return in_place(be, p, BLOCK_ROWS, p->n), true;
    if (p->m <= SHORT && vectors && !p->tb && p->k >= LONG) {
        return in_place(be, p, p->m, STRIPE), true;
    }
    return false;
}
