/* `rank` and `svd`: a matrix through its singular values. */

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/math/linalg.h"
#include "core/workbench/answer.h"
#include "core/workbench/matrix_operand.h"
#include "core/workbench/matrix_work.h"
#include "core/workbench/verbs.h"

static const char *const precisions[] = {"f64", "f32", NULL};

/* clang-format off: a row is a row */
static const ArgSpec rank_rows[] = {
    {.name = "tolerance",
     .type = ARG_FLOAT,
     .min = 0,
     .max = 1e300,
     .group = "Rank",
     .help = "count singular values above this; else max(rows, cols) * eps * the largest"},
    {.name = "eps",
     .type = ARG_CHOICE,
     .choices = precisions,
     .fallback = "f64",
     .group = "Rank",
     .help = "rounding of which numbers the usual tolerance allows for"},
    {.name = NULL},
};

static const FieldSpec rank_fields[] = {
    {"rank", DATUM_NUMBER, NULL, false, "numeric rank: singular values above the tolerance"},
    {"exact", DATUM_NUMBER, NULL, false, "rank of the numbers as they are stored, to the last bit"},
    {"tolerance", DATUM_NUMBER, NULL, false, "what the singular values were held against"},
    {"singular", DATUM_VECTOR, NULL, false, "singular values, largest first"},
    {"full", DATUM_NUMBER, NULL, false, "the rank it could have: min(rows, cols)"},
    {"deficient", DATUM_YES, NULL, false, "the numeric rank is lower than that"},
    {"numbers", DATUM_NUMBER, NULL, false, "rows * cols"},
    {"factored", DATUM_NUMBER, NULL, false, "(rows + cols) * rank: numbers in two factors"},
    {.name = NULL},
};

static const ArgSpec no_rows[] = {{.name = NULL}};

static const FieldSpec svd_fields[] = {
    {"singular", DATUM_VECTOR, NULL, false, "singular values, largest first"},
    {"U", DATUM_MATRIX, NULL, false, "left singular vectors, a column each"},
    {"V", DATUM_MATRIX, NULL, false, "right ones; the matrix is U diag(singular) V transposed"},
    {"rank", DATUM_NUMBER, NULL, false, "numeric rank"},
    {"energy", DATUM_VECTOR, "%", false,
     "share of the squared Frobenius norm in the first 1, 2 ..."},
    {"frobenius", DATUM_NUMBER, NULL, false, "root of the sum of squares"},
    {"spectral", DATUM_NUMBER, NULL, false, "the largest singular value"},
    {"effective_rank", DATUM_NUMBER, NULL, false,
     "exp of the entropy of singular / sum (Roy, Vetterli 2007)"},
    {.name = NULL},
};
/* clang-format on */

static Index smaller(const Operand *M)
{
    return M->rows < M->cols ? M->rows : M->cols;
}

/* numpy.linalg.matrix_rank's tolerance, for a kind of rounding. */
static double usual_tolerance(const Operand *M, double eps, const double *s)
{
    return (double)(M->rows > M->cols ? M->rows : M->cols) * eps * s[0];
}

static Index count_above(const double *s, Index n, double tolerance)
{
    Index rank = 0;
    while (rank < n && s[rank] > tolerance) rank++;
    return rank;
}

/* ---- rank ---- */

static Datum *rank_answer(const VerbCall *call, const Operand *M, const double *s, Index exact,
                          Error *err)
{
    const Args *args = call->args;
    bool        single = strcmp(args_text(args, "eps"), "f32") == 0;
    double      tolerance = args_given(args, "tolerance")
                                ? args_float(args, "tolerance")
                                : usual_tolerance(M, single ? (double)FLT_EPSILON : DBL_EPSILON, s);
    Index       full = smaller(M), rank = count_above(s, full, tolerance);
    Answer      answer = answer_begin(err);
    answer_number(&answer, "rank", (double)rank, NULL);
    answer_number(&answer, "exact", (double)exact, NULL);
    answer_number(&answer, "tolerance", tolerance, NULL);
    answer_vector(&answer, "singular", s, full);
    answer_number(&answer, "full", (double)full, NULL);
    answer_yes(&answer, "deficient", rank < full);
    answer_number(&answer, "numbers", (double)(M->rows * M->cols), NULL);
    answer_number(&answer, "factored", (double)((M->rows + M->cols) * rank), NULL);
    return answer_end(&answer);
}

static Datum *run_rank(VerbCall *call, Error *err)
{
    Operand M;
    Index   exact;
    Datum  *result = NULL;
    if (!operand_at(&M, call, 0, err)) return NULL;
    double *s = mem_alloc(mem_program(), MEM_SCRATCH, smaller(&M), sizeof *s, err);
    if (s != NULL && linalg_svd_double(s, NULL, NULL, M.values, M.rows, M.cols, err) &&
        matrix_exact_rank(&exact, M.values, M.rows, M.cols, err)) {
        result = rank_answer(call, &M, s, exact, err);
    }
    mem_free(s);
    operand_drop(&M);
    return result;
}

/* ---- svd ---- */

/* Without a square that overflows or vanishes: all is relative to the largest. */
static double frobenius_of(const double *s, Index n)
{
    double sum = 0;
    if (s[0] == 0) return 0;
    for (Index i = 0; i < n; i++) sum += s[i] / s[0] * (s[i] / s[0]);
    return s[0] * sqrt(sum);
}

/* Of a zero matrix everything is in the first none: shares are 1. */
static void shares_of(double *energy, const double *s, Index n)
{
    double total = 0, sum = 0;
    for (Index i = 0; i < n && s[0] > 0; i++) total += s[i] / s[0] * (s[i] / s[0]);
    for (Index i = 0; i < n; i++) {
        if (s[0] > 0) sum += s[i] / s[0] * (s[i] / s[0]);
        energy[i] = i + 1 < n && total > 0 ? sum / total : 1;
    }
}

static double effective_rank_of(const double *s, Index n)
{
    double sum = 0, entropy = 0;
    for (Index i = 0; i < n; i++) sum += s[i];
    if (sum == 0) return 0;
    for (Index i = 0; i < n; i++) {
        double p = s[i] / sum;
        if (p > 0) entropy -= p * log(p);
    }
    return exp(entropy);
}

typedef struct Factors {
    double *s, *U, *Vt, *energy;
} Factors;

static bool factor(Factors *f, const Operand *M, Error *err)
{
    Index k = smaller(M);
    f->s = mem_alloc(mem_program(), MEM_SCRATCH, k, sizeof(double), err);
    f->energy = mem_alloc(mem_program(), MEM_SCRATCH, k, sizeof(double), err);
    f->U = mem_alloc(mem_program(), MEM_SCRATCH, M->rows * k, sizeof(double), err);
    f->Vt = mem_alloc(mem_program(), MEM_SCRATCH, k * M->cols, sizeof(double), err);
    return f->s != NULL && f->energy != NULL && f->U != NULL && f->Vt != NULL &&
           linalg_svd_double(f->s, f->U, f->Vt, M->values, M->rows, M->cols, err);
}

static Datum *transposed(const double *A, Index m, Index n, Error *err)
{
    Datum *out = datum_matrix(NULL, n, m, err);
    for (Index i = 0; out != NULL && i < m * n; i++) out->values[i % n * m + i / n] = A[i];
    return out;
}

static Datum *svd_answer(const Factors *f, const Operand *M, Error *err)
{
    Index  k = smaller(M);
    Answer answer = answer_begin(err);
    Datum *energy = datum_vector(f->energy, k, "%", err);
    answer_vector(&answer, "singular", f->s, k);
    answer_add(&answer, "U", datum_matrix(f->U, M->rows, k, err));
    answer_add(&answer, "V", transposed(f->Vt, k, M->cols, err));
    answer_number(&answer, "rank",
                  (double)count_above(f->s, k, usual_tolerance(M, DBL_EPSILON, f->s)), NULL);
    answer_add(&answer, "energy", energy);
    answer_number(&answer, "frobenius", frobenius_of(f->s, k), NULL);
    answer_number(&answer, "spectral", f->s[0], NULL);
    answer_number(&answer, "effective_rank", effective_rank_of(f->s, k), NULL);
    return answer_end(&answer);
}

static Datum *run_svd(VerbCall *call, Error *err)
{
    Operand M;
    Factors f = {0};
    Datum  *result = NULL;
    if (!operand_at(&M, call, 0, err)) return NULL;
    if (factor(&f, &M, err)) {
        shares_of(f.energy, f.s, smaller(&M));
        result = svd_answer(&f, &M, err);
    }
    mem_free(f.s);
    mem_free(f.U);
    mem_free(f.Vt);
    mem_free(f.energy);
    operand_drop(&M);
    return result;
}

const Verb verb_rank = {
    .command = {.name = "rank",
                .operands = "MATRIX",
                .min_operands = 1,
                .max_operands = 1,
                .summary = "rank of a matrix, numeric and exact",
                .example = "a = rank A",
                .args = rank_rows},
    .fields = rank_fields,
    .run = run_rank,
};

const Verb verb_svd = {
    .command = {.name = "svd",
                .operands = "MATRIX",
                .min_operands = 1,
                .max_operands = 1,
                .summary = "singular values and vectors",
                .example = "d = svd W",
                .args = no_rows},
    .fields = svd_fields,
    .run = run_svd,
};
