/*
 * Dense linear algebra through LAPACKE, the one file that knows it.
 *
 * LAPACK is column-major. A row-major matrix read column-major is its transpose, so nothing
 * is copied around for that: for the SVD of row-major A [m,n] we hand LAPACK A^T [n,m],
 *
 *   A^T = U' S V'^T   means   A = V' S U'^T
 *
 * and LAPACK's column-major U' [n,k] is, read row-major, our Vt [k,n]; its column-major V'^T
 * [k,m] is, read row-major, our U [m,k].
 *
 * QR has no such trick, so A is written into the column-major work array as it is copied.
 */

#include "core/math/linalg.h"

#include "core/base/mem.h"

#include <lapacke.h>
#include <math.h>
#include <stdint.h>

static void *work_of(Index rows, Index cols, Error *err)
{
    CHECK(rows > 0 && cols > 0 && rows <= INT32_MAX && cols <= INT32_MAX);
    return mem_alloc_raw(mem_program(), MEM_SCRATCH, rows * cols, sizeof(double), err);
}

/* LAPACKE allocates by itself, so let the fault rig see these calls too. */
static bool lapack_may_run(Error *err)
{
    if (mem_may_allocate()) return true;
    return error_set(err, ERR_MEMORY, tr("out of memory in a matrix factorization"));
}

static bool lapack_ok(lapack_int info, const char *what, Error *err)
{
    if (info == 0) return true;
    if (info == LAPACK_WORK_MEMORY_ERROR || info == LAPACK_TRANSPOSE_MEMORY_ERROR) {
        return error_set(err, ERR_MEMORY, tr("out of memory in a matrix factorization"));
    }
    return error_set(err, ERR_NUMERIC, tr("the %s did not converge (LAPACK says %d)"), what,
                     (int)info);
}

static bool all_finite(const float *A, Index n, Error *err)
{
    for (Index i = 0; i < n; i++) {
        if (!isfinite(A[i])) {
            return error_set(err, ERR_NUMERIC,
                             tr("a matrix to be factorized holds a number that is not finite"));
        }
    }
    return true;
}

/* SVD of a row-major double matrix; A is destroyed. U and Vt: both or neither. */
static bool svd_work(double *s, double *U, double *Vt, double *A, Index m, Index n, Error *err)
{
    if (!lapack_may_run(err)) return false;
    Index      k = m < n ? m : n;
    char       job = U != NULL ? 'S' : 'N';
    double     unused[1];
    lapack_int info = LAPACKE_dgesdd(LAPACK_COL_MAJOR, job, (lapack_int)n, (lapack_int)m, A,
                                     (lapack_int)n, s, U != NULL ? Vt : unused, (lapack_int)n,
                                     U != NULL ? U : unused, (lapack_int)k);
    return lapack_ok(info, "singular value decomposition", err);
}

bool linalg_svd(double *s, float *U, float *Vt, const float *A, Index m, Index n, Error *err)
{
    if (!all_finite(A, m * n, err)) return false;
    Index   k = m < n ? m : n;
    bool    vectors = U != NULL || Vt != NULL, ok = false;
    double *a = work_of(m, n, err), *u = NULL, *vt = NULL;
    if (a == NULL) goto done;
    if (vectors) {
        u = work_of(m, k, err);
        vt = work_of(k, n, err);
        if (u == NULL || vt == NULL) goto done;
    }
    for (Index i = 0; i < m * n; i++) a[i] = (double)A[i];
    if (!svd_work(s, u, vt, a, m, n, err)) goto done;
    for (Index i = 0; U != NULL && i < m * k; i++) U[i] = (float)u[i];
    for (Index i = 0; Vt != NULL && i < k * n; i++) Vt[i] = (float)vt[i];
    ok = true;

done:
    mem_free(vt);
    mem_free(u);
    mem_free(a);
    return ok;
}

bool linalg_svd_double(double *s, double *U, double *Vt, const double *A, Index m, Index n,
                       Error *err)
{
    Index   k = m < n ? m : n;
    bool    ok = false;
    double *a = work_of(m, n, err), *spare = NULL; /* for the one factor that is not wanted */
    if (a == NULL) goto done;
    if ((U == NULL) != (Vt == NULL)) {
        spare = U == NULL ? work_of(m, k, err) : work_of(k, n, err);
        if (spare == NULL) goto done;
        if (U == NULL) {
            U = spare;
        } else {
            Vt = spare;
        }
    }
    for (Index i = 0; i < m * n; i++) {
        if (!isfinite(A[i])) {
            error_set(err, ERR_NUMERIC,
                      tr("a matrix to be factorized holds a number that is not finite"));
            goto done;
        }
        a[i] = A[i];
    }
    ok = svd_work(s, U, Vt, a, m, n, err);

done:
    mem_free(spare);
    mem_free(a);
    return ok;
}

/* A float matrix [m,n] in memory, or the transpose of one. */
typedef struct View {
    const float *data;
    Index        m, n;
    Index        step_i, step_j; /* element (i,j) is data[i*step_i + j*step_j] */
} View;

static double view_at(const View *A, Index i, Index j)
{
    return (double)A->data[i * A->step_i + j * A->step_j];
}

/* QR of A, m >= n: R [n,n] row-major and, when wanted, Q column-major in q [m,n], which is the
 * work array in any case. */
static bool qr_work(double *q, double *R, const View *A, bool want_q, Error *err)
{
    Index   m = A->m, n = A->n;
    double *tau = work_of(n, 1, err);
    bool    ok = tau != NULL && lapack_may_run(err);
    if (!ok) goto done;

    for (Index j = 0; j < n; j++) {
        for (Index i = 0; i < m; i++) q[j * m + i] = view_at(A, i, j);
    }
    lapack_int rows = (lapack_int)m, cols = (lapack_int)n;
    lapack_int info = LAPACKE_dgeqrf(LAPACK_COL_MAJOR, rows, cols, q, rows, tau);
    ok = lapack_ok(info, "QR factorization", err);
    for (Index i = 0; ok && i < n; i++) {
        for (Index j = 0; j < n; j++) R[i * n + j] = i <= j ? q[j * m + i] : 0.0;
    }
    if (ok && want_q) {
        info = LAPACKE_dorgqr(LAPACK_COL_MAJOR, rows, cols, cols, q, rows, tau);
        ok = lapack_ok(info, "QR factorization", err);
    }

done:
    mem_free(tau);
    return ok;
}

bool linalg_qr(float *Q, float *R, const float *A, Index m, Index n, Error *err)
{
    CHECK(m >= n);
    if (!all_finite(A, m * n, err)) return false;
    View    view = {A, m, n, n, 1};
    double *q = work_of(m, n, err), *r = work_of(n, n, err);
    bool    ok = q != NULL && r != NULL && qr_work(q, r, &view, true, err);
    for (Index i = 0; ok && i < m; i++) {
        for (Index j = 0; j < n; j++) Q[i * n + j] = (float)q[j * m + i];
    }
    for (Index i = 0; ok && i < n * n; i++) R[i] = (float)r[i];
    mem_free(r);
    mem_free(q);
    return ok;
}

/* The triangular factor R [k,r] of A [m,r], k = min(m,r); with fewer rows than columns A itself
 * serves, as Q = 1. */
static double *factor(const View *A, Index *k, Error *err)
{
    Index m = A->m, r = A->n;
    *k = m < r ? m : r;
    double *R = work_of(*k, r, err), *q = NULL;
    if (R == NULL) return NULL;
    if (m < r) {
        for (Index i = 0; i < m; i++) {
            for (Index j = 0; j < r; j++) R[i * r + j] = view_at(A, i, j);
        }
        return R;
    }
    q = work_of(m, r, err);
    bool ok = q != NULL && qr_work(q, R, A, false, err);
    mem_free(q);
    if (ok) return R;
    mem_free(R);
    return NULL;
}

/*
 * B A with B = Q1 R1 and A^T = Q2 R2 is Q1 (R1 R2^T) Q2^T; Q1 and Q2 have orthonormal columns,
 * so the singular values are those of the small R1 R2^T. It is at most r x r.
 */
bool linalg_svd_product(double *s, const float *B, const float *A, Index m, Index n, Index r,
                        Error *err)
{
    CHECK(m > 0 && n > 0 && r > 0);
    if (!all_finite(B, m * r, err) || !all_finite(A, r * n, err)) return false;
    Index   p = 0, q = 0;
    double *small = NULL, *R2 = NULL, *R1 = NULL;
    bool    ok = false;
    R1 = factor(&(View){B, m, r, r, 1}, &p, err);
    if (R1 == NULL) goto done;
    R2 = factor(&(View){A, n, r, 1, n}, &q, err); /* A^T */
    if (R2 == NULL) goto done;
    small = work_of(p, q, err);
    if (small == NULL) goto done;

    for (Index i = 0; i < p; i++) {
        for (Index j = 0; j < q; j++) {
            double sum = 0.0;
            for (Index l = 0; l < r; l++) sum += R1[i * r + l] * R2[j * r + l];
            small[i * q + j] = sum;
        }
    }
    ok = svd_work(s, NULL, NULL, small, p, q, err);
    for (Index i = p < q ? p : q; ok && i < r; i++) s[i] = 0.0; /* rank cannot be higher */

done:
    mem_free(small);
    mem_free(R2);
    mem_free(R1);
    return ok;
}
