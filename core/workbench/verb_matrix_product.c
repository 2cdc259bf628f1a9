/* `truncate`, `matmul` and `compare`: low-rank versions, products, differences. */

#include <math.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/math/linalg.h"
#include "core/workbench/answer.h"
#include "core/workbench/matrix_operand.h"
#include "core/workbench/verbs.h"

/* clang-format off: a row is a row */
static const ArgSpec truncate_rows[] = {
    {.name = "r",
     .type = ARG_INT,
     .min = 1,
     .max = MATRIX_SIDE_MAX,
     .group = "Truncation",
     .help = "singular values that are kept"},
    {.name = NULL},
};

static const FieldSpec truncate_fields[] = {
    {"matrix", DATUM_MATRIX, NULL, false, "B A, the nearest matrix of rank r"},
    {"B", DATUM_MATRIX, NULL, false, "left factor, rows x r: U times the singular values"},
    {"A", DATUM_MATRIX, NULL, false, "right factor, r x cols: V transposed"},
    {"error_frobenius", DATUM_NUMBER, NULL, false, "norm of the difference, measured"},
    {"error_spectral", DATUM_NUMBER, NULL, false, "its largest singular value, measured"},
    {"discarded", DATUM_VECTOR, NULL, false, "singular values that were dropped"},
    {"bound_frobenius", DATUM_NUMBER, NULL, false, "root of their sum of squares (Eckart, Young)"},
    {"bound_spectral", DATUM_NUMBER, NULL, false, "the first of them"},
    {"kept", DATUM_NUMBER, "%", false, "share of the squared Frobenius norm that is left"},
    {"numbers", DATUM_NUMBER, NULL, false, "r (rows + cols): numbers in B and A"},
    {.name = NULL},
};

static const ArgSpec no_rows[] = {{.name = NULL}};

static const FieldSpec matmul_fields[] = {
    {"matrix", DATUM_MATRIX, NULL, false, "the product"},
    {"rows", DATUM_NUMBER, NULL, false, "how many rows"},
    {"cols", DATUM_NUMBER, NULL, false, "how many columns"},
    {"numbers", DATUM_NUMBER, NULL, false, "rows * cols"},
    {"multiplications", DATUM_NUMBER, NULL, false, "of numbers, from left to right"},
    {.name = NULL},
};

static const FieldSpec compare_fields[] = {
    {"max", DATUM_NUMBER, NULL, false, "largest difference of two entries"},
    {"frobenius", DATUM_NUMBER, NULL, false, "norm of the difference"},
    {"spectral", DATUM_NUMBER, NULL, false, "its largest singular value"},
    {"relative", DATUM_NUMBER, NULL, false, "frobenius over the larger norm of the two"},
    {"equal", DATUM_YES, NULL, false, "to the last bit"},
    {.name = NULL},
};
/* clang-format on */

static double frobenius_of(const double *values, Index n)
{
    double most = 0, sum = 0;
    for (Index i = 0; i < n; i++) most = fmax(most, fabs(values[i]));
    if (most == 0) return 0;
    for (Index i = 0; i < n; i++) sum += values[i] / most * (values[i] / most);
    return most * sqrt(sum);
}

static bool spectral_of(double *norm, const double *values, Index m, Index n, Error *err)
{
    double *s = mem_alloc(mem_program(), MEM_SCRATCH, m < n ? m : n, sizeof *s, err);
    bool    ok = s != NULL && linalg_svd_double(s, NULL, NULL, values, m, n, err);
    if (ok) *norm = s[0];
    mem_free(s);
    return ok;
}

/* out [m,n] = A [m,k] B [k,n] */
static void multiply(double *out, const double *A, const double *B, Index m, Index k, Index n)
{
    memset(out, 0, (size_t)(m * n) * sizeof *out);
    for (Index i = 0; i < m; i++) {
        for (Index l = 0; l < k; l++) {
            for (Index j = 0; j < n; j++) out[i * n + j] += A[i * k + l] * B[l * n + j];
        }
    }
}

/* ---- truncate ---- */

typedef struct Truncation {
    Datum  *B, *A, *matrix;
    double *s, *U, *Vt, *difference;
    double  error_frobenius, error_spectral;
} Truncation;

static bool truncation_room(Truncation *t, const Operand *M, Index r, Error *err)
{
    Index m = M->rows, n = M->cols, k = m < n ? m : n;
    t->s = mem_alloc(mem_program(), MEM_SCRATCH, k, sizeof(double), err);
    t->U = mem_alloc(mem_program(), MEM_SCRATCH, m * k, sizeof(double), err);
    t->Vt = mem_alloc(mem_program(), MEM_SCRATCH, k * n, sizeof(double), err);
    t->difference = mem_alloc(mem_program(), MEM_SCRATCH, m * n, sizeof(double), err);
    t->B = datum_matrix(NULL, m, r, err);
    t->A = datum_matrix(NULL, r, n, err);
    t->matrix = datum_matrix(NULL, m, n, err);
    return t->s != NULL && t->U != NULL && t->Vt != NULL && t->difference != NULL && t->B != NULL &&
           t->A != NULL && t->matrix != NULL;
}

static bool truncate_to(Truncation *t, const Operand *M, Index r, Error *err)
{
    Index m = M->rows, n = M->cols, k = m < n ? m : n;
    if (!linalg_svd_double(t->s, t->U, t->Vt, M->values, m, n, err)) return false;
    for (Index i = 0; i < m * r; i++) {
        t->B->values[i] = t->U[i / r * k + i % r] * t->s[i % r];
    }
    memcpy(t->A->values, t->Vt, (size_t)(r * n) * sizeof(double));
    multiply(t->matrix->values, t->B->values, t->A->values, m, r, n);
    for (Index i = 0; i < m * n; i++) t->difference[i] = M->values[i] - t->matrix->values[i];
    t->error_frobenius = frobenius_of(t->difference, m * n);
    return spectral_of(&t->error_spectral, t->difference, m, n, err);
}

/* Takes t's matrices over. */
static Datum *truncate_answer(Truncation *t, const Operand *M, Index r, Error *err)
{
    Index  k = M->rows < M->cols ? M->rows : M->cols;
    double dropped = frobenius_of(t->s + r, k - r), all = frobenius_of(t->s, k);
    double lost = all > 0 ? dropped / all : 0;
    Answer answer = answer_begin(err);
    answer_add(&answer, "matrix", t->matrix);
    answer_add(&answer, "B", t->B);
    answer_add(&answer, "A", t->A);
    t->matrix = t->B = t->A = NULL;
    answer_number(&answer, "error_frobenius", t->error_frobenius, NULL);
    answer_number(&answer, "error_spectral", t->error_spectral, NULL);
    answer_vector(&answer, "discarded", t->s + r, k - r);
    answer_number(&answer, "bound_frobenius", dropped, NULL);
    answer_number(&answer, "bound_spectral", r < k ? t->s[r] : 0, NULL);
    answer_number(&answer, "kept", 1 - lost * lost, "%");
    answer_number(&answer, "numbers", (double)(r * (M->rows + M->cols)), NULL);
    return answer_end(&answer);
}

static Datum *run_truncate(VerbCall *call, Error *err)
{
    Operand    M;
    Truncation t = {0};
    Datum     *result = NULL;
    if (!args_given(call->args, "r")) {
        error_set(err, ERR_INPUT, tr("truncate needs r=, how many singular values to keep"));
        return NULL;
    }
    if (!operand_at(&M, call, 0, err)) return NULL;
    Index r = (Index)args_int(call->args, "r"), k = M.rows < M.cols ? M.rows : M.cols;
    if (r > k) {
        error_set(err, ERR_INPUT, tr("r is %td, but a matrix of %td x %td has %td singular values"),
                  r, M.rows, M.cols, k);
    } else if (truncation_room(&t, &M, r, err) && truncate_to(&t, &M, r, err)) {
        result = truncate_answer(&t, &M, r, err);
    }
    datum_drop(t.matrix);
    datum_drop(t.B);
    datum_drop(t.A);
    mem_free(t.s);
    mem_free(t.U);
    mem_free(t.Vt);
    mem_free(t.difference);
    operand_drop(&M);
    return result;
}

/* ---- matmul ---- */

/* left becomes left * right. */
static bool multiply_on(Operand *left, const Operand *right, double *count, Error *err)
{
    Index m = left->rows, k = left->cols, n = right->cols;
    if (k != right->rows) {
        error_set(err, ERR_INPUT, tr("%td x %td times %td x %td: the inner sizes differ"), m, k,
                  right->rows, n);
        return error_hint(err, tr("a vector is a column"));
    }
    if (!matrix_size_ok(m, n, err)) return false;
    Datum *product = datum_matrix(NULL, m, n, err);
    if (product == NULL) return false;
    multiply(product->values, left->values, right->values, m, k, n);
    *count += (double)m * (double)k * (double)n;
    operand_drop(left);
    *left = (Operand){product, product->values, m, n};
    return true;
}

static Datum *matmul_answer(Operand *product, double count, Error *err)
{
    Index  m = product->rows, n = product->cols;
    Answer answer = answer_begin(err);
    answer_add(&answer, "matrix", product->held);
    product->held = NULL;
    answer_number(&answer, "rows", (double)m, NULL);
    answer_number(&answer, "cols", (double)n, NULL);
    answer_number(&answer, "numbers", (double)(m * n), NULL);
    answer_number(&answer, "multiplications", count, NULL);
    return answer_end(&answer);
}

static Datum *run_matmul(VerbCall *call, Error *err)
{
    Operand product;
    double  count = 0;
    if (!operand_at(&product, call, 0, err)) return NULL;
    bool ok = true;
    for (Index i = 1; ok && i < args_operands(call->args); i++) {
        Operand right;
        ok = operand_at(&right, call, i, err);
        ok = ok && multiply_on(&product, &right, &count, err);
        operand_drop(&right);
    }
    Datum *result = ok ? matmul_answer(&product, count, err) : NULL;
    operand_drop(&product);
    return result;
}

/* ---- compare ---- */

static Datum *difference_answer(const Operand *M, const Operand *N, const double *difference,
                                Error *err)
{
    Index  n = M->rows * M->cols;
    double most = 0, spectral, frobenius = frobenius_of(difference, n);
    double scale = fmax(frobenius_of(M->values, n), frobenius_of(N->values, n));
    for (Index i = 0; i < n; i++) most = fmax(most, fabs(difference[i]));
    if (!spectral_of(&spectral, difference, M->rows, M->cols, err)) return NULL;
    Answer answer = answer_begin(err);
    answer_number(&answer, "max", most, NULL);
    answer_number(&answer, "frobenius", frobenius, NULL);
    answer_number(&answer, "spectral", spectral, NULL);
    answer_number(&answer, "relative", scale > 0 ? frobenius / scale : 0, NULL);
    answer_yes(&answer, "equal", memcmp(M->values, N->values, (size_t)n * sizeof(double)) == 0);
    return answer_end(&answer);
}

static Datum *compare(const Operand *M, const Operand *N, Error *err)
{
    Index n = M->rows * M->cols;
    if (M->rows != N->rows || M->cols != N->cols) {
        error_set(err, ERR_INPUT, tr("%td x %td numbers cannot be compared with %td x %td"),
                  M->rows, M->cols, N->rows, N->cols);
        return NULL;
    }
    double *difference = mem_alloc(mem_program(), MEM_SCRATCH, n, sizeof *difference, err);
    Datum  *result = NULL;
    if (difference != NULL) {
        for (Index i = 0; i < n; i++) difference[i] = M->values[i] - N->values[i];
        result = difference_answer(M, N, difference, err);
    }
    mem_free(difference);
    return result;
}

static Datum *run_compare(VerbCall *call, Error *err)
{
    Operand M, N;
    Datum  *result = NULL;
    if (!operand_at(&M, call, 0, err)) return NULL;
    if (operand_at(&N, call, 1, err)) {
        result = compare(&M, &N, err);
        operand_drop(&N);
    }
    operand_drop(&M);
    return result;
}

const Verb verb_truncate = {
    .command = {.name = "truncate",
                .operands = "MATRIX",
                .min_operands = 1,
                .max_operands = 1,
                .summary = "the nearest matrix of a lower rank, as a product of two",
                .example = "t = truncate W r=2",
                .args = truncate_rows},
    .fields = truncate_fields,
    .run = run_truncate,
};

const Verb verb_matmul = {
    .command = {.name = "matmul",
                .operands = "MATRIX MATRIX [MATRIX]",
                .min_operands = 2,
                .max_operands = 3,
                .summary = "product of two or three matrices",
                .example = "y = matmul W x",
                .args = no_rows},
    .fields = matmul_fields,
    .run = run_matmul,
};

const Verb verb_compare = {
    .command = {.name = "compare",
                .operands = "MATRIX MATRIX",
                .min_operands = 2,
                .max_operands = 2,
                .summary = "how far two matrices are apart",
                .example = "c = compare W t",
                .args = no_rows},
    .fields = compare_fields,
    .run = run_compare,
};
