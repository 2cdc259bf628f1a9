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

/* ---- singular values alone, in steps ---------------------------------------------------- */

/*
 * LAPACK's own way is one call that nobody can interrupt. So in two stages: panels of `width`
 * columns and rows, each made triangular by a QR or an LQ that is applied to all that is left,
 *
 *   x x x x x x     R R . . . .     R R L . . .
 *   x x x x x x  -> . R . x x x  -> . R L L . .   and so on,
 *   x x x x x x     . . x x x x     . . x x x x
 *
 * leave a band of the same singular values; a band is quickly made bidiagonal.
 */
typedef struct Panels {
    double    *a;          /* column-major [rows, cols], rows >= cols */
    double    *tau;        /* [cols] */
    lapack_int rows, cols; /* rows is the leading dimension, too */
    lapack_int width;
} Panels;

/* Panel k, and what is right of it and below. */
static lapack_int reduce_panel(const Panels *p, lapack_int k)
{
    lapack_int b = p->cols - k < p->width ? p->cols - k : p->width, rest = p->cols - k - b;
    lapack_int ld = p->rows, c = rest < b ? rest : b, below = p->rows - k - b;
    double    *corner = p->a + (size_t)k * (size_t)ld + k;
    double    *right = corner + (size_t)b * (size_t)ld;
    lapack_int info = LAPACKE_dgeqrf(LAPACK_COL_MAJOR, p->rows - k, b, corner, ld, p->tau);
    if (info != 0 || rest == 0) return info;
    info = LAPACKE_dormqr(LAPACK_COL_MAJOR, 'L', 'T', p->rows - k, rest, b, corner, ld, p->tau,
                          right, ld);
    if (info == 0) info = LAPACKE_dgelqf(LAPACK_COL_MAJOR, b, rest, right, ld, p->tau);
    if (info == 0 && below > 0) {
        info = LAPACKE_dormlq(LAPACK_COL_MAJOR, 'R', 'T', below, rest, c, right, ld, p->tau,
                              right + b, ld);
    }
    return info;
}

/* Panels are so narrow that each takes a fraction of a second. */
static lapack_int panel_width(Index rows, Index cols)
{
    double width = 4e9 / (4.0 * (double)rows * (double)cols);
    return width < 8 ? 8 : width > 64 ? 64 : (lapack_int)width;
}

static bool reduce(const Panels *p, const LinalgWatch *watch, Error *err)
{
    for (lapack_int k = 0; k < p->cols; k += p->width) {
        if (cancel_requested(watch->cancel)) return error_set(err, ERR_CANCELLED, tr("stopped"));
        if (!lapack_may_run(err) ||
            !lapack_ok(reduce_panel(p, k), "singular value decomposition", err)) {
            return false;
        }
        /* What is left to do falls with the square of what is left. */
        double left = fmax(1.0 - (double)(k + p->width) / p->cols, 0.0);
        if (watch->tell != NULL) watch->tell(watch->context, (int)(99.0 * (1.0 - left * left)));
    }
    return true;
}

/* The band in LAPACK's form, [width + 1] a column, the diagonal last. */
static void copy_band(double *band, const Panels *p)
{
    for (Index j = 0; j < p->cols; j++) {
        for (Index i = j > p->width ? j - p->width : 0; i <= j; i++) {
            band[j * (p->width + 1) + p->width + i - j] = p->a[j * p->rows + i];
        }
    }
}

static bool band_values(double *s, const Panels *p, Error *err)
{
    lapack_int n = p->cols;
    double    *band =
        mem_alloc(mem_program(), MEM_SCRATCH, (Index)n * (p->width + 1), sizeof *band, err);
    double unused[1];
    bool   ok = band != NULL && lapack_may_run(err);
    if (ok) {
        copy_band(band, p);
        lapack_int info = LAPACKE_dgbbrd(LAPACK_COL_MAJOR, 'N', n, n, 0, 0, p->width, band,
                                         p->width + 1, s, p->tau, unused, 1, unused, 1, unused, 1);
        if (info == 0) {
            info = LAPACKE_dbdsqr(LAPACK_COL_MAJOR, 'U', n, 0, 0, 0, s, p->tau, unused, 1, unused,
                                  1, unused, 1);
        }
        ok = lapack_ok(info, "singular value decomposition", err);
    }
    mem_free(band);
    return ok;
}

bool linalg_singular_values(double *s, const double *A, Index m, Index n, const LinalgWatch *watch,
                            Error *err)
{
    static const LinalgWatch nobody = {0};
    bool   wide = m < n; /* read column-major, it is its transpose, which is tall then */
    Index  rows = wide ? n : m, cols = wide ? m : n;
    Panels p = {
        .rows = (lapack_int)rows, .cols = (lapack_int)cols, .width = panel_width(rows, cols)};
    p.a = work_of(rows, cols, err);
    p.tau = p.a != NULL ? work_of(cols, 1, err) : NULL;
    bool ok = p.tau != NULL;
    for (Index i = 0; ok && i < m * n; i++) {
        if (!isfinite(A[i])) {
            ok = error_set(err, ERR_NUMERIC,
                           tr("a matrix to be factorized holds a number that is not finite"));
        }
        p.a[wide ? i : i % n * m + i / n] = A[i];
    }
    ok = ok && reduce(&p, watch != NULL ? watch : &nobody, err) && band_values(s, &p, err);
    mem_free(p.tau);
    mem_free(p.a);
    return ok;
}

/* ---- QR --------------------------------------------------------------------------------- */

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
