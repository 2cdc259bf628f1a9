/*
 * A matrix through its singular values. What the values say follows from two facts:
 *
 *   |A|_2 = s1,   |A|_F^2 = sum of s_i^2
 *   the best A_k of rank k keeps the k largest: |A - A_k|_2 = s_{k+1} and
 *   |A - A_k|_F^2 = s_{k+1}^2 + s_{k+2}^2 + ...   (Eckart, Young 1936; Mirsky 1960)
 *
 * so energy(k) = |A_k|_F^2 / |A|_F^2, and an update dW that has 90 % of its energy in a few
 * values could have been a LoRA of that rank.
 */

#include "core/study/spectrum.h"

#include <float.h>
#include <math.h>

#include "core/base/mem.h"
#include "core/math/linalg.h"

static bool spectrum_reserve(Spectrum *out, Index rows, Index cols, Index count, Error *err)
{
    *out = (Spectrum){.rows = rows, .cols = cols, .count = count};
    out->s = mem_alloc(mem_program(), MEM_SCRATCH, count, sizeof *out->s, err);
    return out->s != NULL;
}

bool spectrum_of(Spectrum *out, const float *A, Index rows, Index cols, Error *err)
{
    CHECK(rows > 0 && cols > 0);
    if (!spectrum_reserve(out, rows, cols, rows < cols ? rows : cols, err)) return false;
    if (linalg_svd(out->s, NULL, NULL, A, rows, cols, err)) return true;
    spectrum_free(out);
    return false;
}

bool spectrum_of_product(Spectrum *out, const float *B, const float *A, Index m, Index n, Index r,
                         Error *err)
{
    CHECK(m > 0 && n > 0 && r > 0);
    if (!spectrum_reserve(out, m, n, r, err)) return false;
    if (linalg_svd_product(out->s, B, A, m, n, r, err)) return true;
    spectrum_free(out);
    return false;
}

void spectrum_free(Spectrum *spectrum)
{
    mem_free(spectrum->s);
    *spectrum = (Spectrum){0};
}

Index spectrum_rank(const Spectrum *spectrum, double tolerance)
{
    Index longer = spectrum->rows > spectrum->cols ? spectrum->rows : spectrum->cols;
    if (tolerance <= 0 && spectrum->count > 0) {
        tolerance = (double)longer * (double)FLT_EPSILON * spectrum->s[0];
    }
    Index rank = 0;
    while (rank < spectrum->count && spectrum->s[rank] > tolerance) rank++;
    return rank;
}

/* exp of the entropy of p: the number of equal values that would be as spread out. */
double spectrum_effective_rank(const Spectrum *spectrum)
{
    double sum = 0.0, entropy = 0.0;
    for (Index i = 0; i < spectrum->count; i++) sum += spectrum->s[i];
    if (sum == 0.0) return 0.0;
    for (Index i = 0; i < spectrum->count; i++) {
        double p = spectrum->s[i] / sum;
        if (p > 0.0) entropy -= p * log(p);
    }
    return exp(entropy);
}

double spectrum_energy(const Spectrum *spectrum, Index k)
{
    double first = 0.0, all = 0.0;
    for (Index i = 0; i < spectrum->count; i++) {
        double square = spectrum->s[i] * spectrum->s[i];
        all += square;
        if (i < k) first += square;
    }
    return all > 0.0 ? first / all : 1.0; /* of nothing, nothing is missing */
}

/* out = the sum over i < k of s_i u_i v_i^T; U [m,p], Vt [p,n]. */
static void add_up(float *out, const double *s, const float *U, const float *Vt, Index m, Index n,
                   Index p, Index k)
{
    for (Index i = 0; i < m; i++) {
        for (Index j = 0; j < n; j++) {
            double sum = 0.0;
            for (Index l = 0; l < k; l++) {
                sum += (double)U[i * p + l] * s[l] * (double)Vt[l * n + j];
            }
            out[i * n + j] = (float)sum;
        }
    }
}

bool spectrum_truncate(float *out, const float *A, Index rows, Index cols, Index k, Error *err)
{
    CHECK(rows > 0 && cols > 0 && k >= 0);
    MemAccount *account = mem_program();
    Index       p = rows < cols ? rows : cols;
    float      *U = NULL, *Vt = NULL;
    bool        ok = false;
    double     *s = mem_alloc_raw(account, MEM_SCRATCH, p, sizeof *s, err);
    if (s == NULL) goto done;
    U = mem_alloc_raw(account, MEM_SCRATCH, rows * p, sizeof *U, err);
    if (U == NULL) goto done;
    Vt = mem_alloc_raw(account, MEM_SCRATCH, p * cols, sizeof *Vt, err);
    if (Vt == NULL || !linalg_svd(s, U, Vt, A, rows, cols, err)) goto done;
    add_up(out, s, U, Vt, rows, cols, p, k < p ? k : p);
    ok = true;

done:
    mem_free(Vt);
    mem_free(U);
    mem_free(s);
    return ok;
}
