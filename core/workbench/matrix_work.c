/* Ranks of a matrix: of its rounded numbers by singular values, of its exact ones by elimination.
 */

#include "core/workbench/matrix_work.h"

#include <float.h>
#include <math.h>

#include "core/base/mem.h"
#include "core/math/linalg.h"

bool matrix_numeric_rank(Index *rank, const double *A, Index m, Index n, Error *err)
{
    Index   count = m < n ? m : n;
    double *s = mem_alloc(mem_program(), MEM_SCRATCH, count, sizeof *s, err);
    bool    ok = s != NULL && linalg_svd_double(s, NULL, NULL, A, m, n, err);
    *rank = 0;
    if (ok) {
        double tolerance = (double)(m > n ? m : n) * DBL_EPSILON * s[0];
        while (*rank < count && s[*rank] > tolerance) ++*rank;
    }
    mem_free(s);
    return ok;
}

/* ---- arithmetic modulo a prime: Montgomery's, with R = 2^64 ---- */

__extension__ typedef unsigned __int128 Wide;

/* Numbers are kept as x R modulo p. */
typedef struct Field {
    uint64_t p;
    uint64_t inverse; /* -1/p modulo R */
    uint64_t one;     /* R modulo p */
    uint64_t square;  /* R^2 modulo p */
} Field;

static Field field_of(uint64_t p)
{
    Field    field = {.p = p};
    uint64_t x = p; /* Newton: each round doubles the bits that are right, three at first */
    for (int i = 0; i < 5; i++) x *= 2 - p * x;
    field.inverse = 0 - x;
    field.one = (uint64_t)(((Wide)1 << 64) % p);
    field.square = (uint64_t)((Wide)field.one * field.one % p);
    return field;
}

/* a b / R modulo p, for p below 2^62. */
static uint64_t multiply(const Field *field, uint64_t a, uint64_t b)
{
    Wide     product = (Wide)a * b;
    uint64_t m = (uint64_t)product * field->inverse;
    uint64_t sum = (uint64_t)((product + (Wide)m * field->p) >> 64);
    return sum >= field->p ? sum - field->p : sum;
}

static uint64_t subtract(const Field *field, uint64_t a, uint64_t b)
{
    return a >= b ? a - b : a + (field->p - b);
}

static uint64_t power(const Field *field, uint64_t base, uint64_t exponent)
{
    uint64_t result = field->one;
    for (; exponent > 0; exponent >>= 1) {
        if ((exponent & 1) != 0) result = multiply(field, result, base);
        base = multiply(field, base, base);
    }
    return result;
}

/* ---- elimination ---- */

/* x = f 2^e with an integer f of at most 53 bits; returns f. */
static int64_t split(double x, int *e)
{
    double fraction = frexp(x, e);
    *e -= DBL_MANT_DIG;
    return (int64_t)ldexp(fraction, DBL_MANT_DIG);
}

static int lowest_exponent(const double *A, Index count)
{
    int lowest = 0, e;
    for (Index i = 0; i < count; i++) {
        if (A[i] == 0) continue;
        split(A[i], &e);
        if (e < lowest) lowest = e;
    }
    return lowest;
}

/* A 2^-lowest, integers all, modulo p. */
static void to_field(uint64_t *out, const Field *field, const double *A, Index count)
{
    int      lowest = lowest_exponent(A, count);
    uint64_t two = multiply(field, 2, field->square);
    for (Index i = 0; i < count; i++) {
        int      e;
        int64_t  f = split(A[i], &e);
        uint64_t size = (uint64_t)(f < 0 ? -f : f) % field->p;
        uint64_t x = multiply(field, size, field->square);
        if (size != 0) x = multiply(field, x, power(field, two, (uint64_t)(e - lowest)));
        out[i] = f < 0 ? subtract(field, 0, x) : x;
    }
}

static void swap_rows(uint64_t *a, uint64_t *b, Index n)
{
    for (Index i = 0; i < n; i++) {
        uint64_t kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}

/* Rows below the pivot lose their entry in its column. */
static void clear_below(const Field *field, uint64_t *A, Index m, Index n, Index row, Index col)
{
    const uint64_t *pivot = A + row * n;
    uint64_t        inverse = power(field, pivot[col], field->p - 2);
    for (Index i = row + 1; i < m; i++) {
        uint64_t *below = A + i * n;
        if (below[col] == 0) continue;
        uint64_t factor = multiply(field, below[col], inverse);
        for (Index j = col; j < n; j++) {
            below[j] = subtract(field, below[j], multiply(field, factor, pivot[j]));
        }
    }
}

static Index eliminate(const Field *field, uint64_t *A, Index m, Index n)
{
    Index row = 0;
    for (Index col = 0; col < n && row < m; col++) {
        Index pivot = row;
        while (pivot < m && A[pivot * n + col] == 0) pivot++;
        if (pivot == m) continue;
        if (pivot != row) swap_rows(A + row * n, A + pivot * n, n);
        clear_below(field, A, m, n, row, col);
        row++;
    }
    return row;
}

bool matrix_exact_rank(Index *rank, const double *A, Index m, Index n, Error *err)
{
    /* 2^61 - 1 and the two largest primes below it. */
    static const uint64_t primes[] = {2305843009213693951u, 2305843009213693921u,
                                      2305843009213693907u};
    for (Index i = 0; i < m * n; i++) {
        if (!isfinite(A[i])) {
            return error_set(err, ERR_NUMERIC, tr("a matrix holds a number that is not finite"));
        }
    }
    uint64_t *work = mem_alloc_raw(mem_program(), MEM_SCRATCH, m * n, sizeof *work, err);
    if (work == NULL) return false;
    *rank = 0;
    for (size_t i = 0; i < sizeof primes / sizeof primes[0]; i++) {
        Field field = field_of(primes[i]);
        to_field(work, &field, A, m * n);
        Index found = eliminate(&field, work, m, n);
        if (found > *rank) *rank = found;
        if (*rank == (m < n ? m : n)) break; /* it cannot be more */
    }
    mem_free(work);
    return true;
}
