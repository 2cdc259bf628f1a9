/* A matrix held against `rank` and `truncate`; what is too large for them, against its spectrum. */

#include "app/rooms/matrix/matrix_measure.h"

#include <float.h>
#include <math.h>

#include "core/base/mem.h"
#include "core/study/spectrum.h"
#include "core/workbench/matrix_operand.h"

void matrix_facts_free(MatrixFacts *facts)
{
    datum_drop(facts->of);
    datum_drop(facts->singular);
    datum_drop(facts->cut);
    *facts = (MatrixFacts){0};
}

/* ---- through the verbs ------------------------------------------------------------------ */

static const Datum *find_matrix(void *context, const char *name)
{
    (void)name;
    return context;
}

/* `VERB M KEY=VALUE ...` on a matrix that no bench holds. */
static Datum *call_verb(const char *name, const Datum *matrix, const char *const keys[][2],
                        Error *err)
{
    const Verb *verb = verb_find(name);
    CHECK(verb != NULL);
    Args *args = args_create(&verb->command, err);
    bool  ok = args != NULL && args_add_operand(args, "M", err);
    for (int i = 0; ok && keys[i][0] != NULL; i++) {
        if (keys[i][1] != NULL) ok = args_set(args, keys[i][0], keys[i][1], err);
    }
    ok = ok && args_finish(args, err);
    /* The scope only hands the matrix out. */
    union {
        const Datum *in;
        void        *out;
    } held = {.in = matrix};
    Scope    scope = {.context = held.out, .find = find_matrix};
    VerbCall call = {.args = args, .scope = &scope};
    Datum   *answer = ok ? verb->run(&call, err) : NULL;
    args_free(args);
    return answer;
}

static double number_of(const Datum *record, const char *key)
{
    const Datum *member = datum_member(record, key);
    CHECK(member != NULL && member->kind == DATUM_NUMBER);
    return member->number;
}

static bool ask_rank(MatrixFacts *facts, const Datum *matrix, const MatrixAsk *ask, Error *err)
{
    Str tolerance = {0};
    str_add_double(&tolerance, ask->tolerance);
    const char *const keys[][2] = {
        {"tolerance", ask->tolerance > 0 ? str_text(&tolerance) : NULL},
        {"eps", ask->single ? "f32" : "f64"},
        {NULL, NULL},
    };
    Datum *answer = str_ok(&tolerance, err) ? call_verb("rank", matrix, keys, err) : NULL;
    str_free(&tolerance);
    if (answer == NULL) return false;
    facts->singular = datum_hold(datum_member(answer, "singular"));
    facts->rank = (Index)number_of(answer, "rank");
    facts->exact = (Index)number_of(answer, "exact");
    facts->tolerance = number_of(answer, "tolerance");
    datum_drop(answer);
    return true;
}

static bool ask_truncate(MatrixFacts *facts, const Datum *matrix, Index r, Error *err)
{
    Str text = {0};
    str_addf(&text, "%td", r);
    const char *const keys[][2] = {{"r", str_text(&text)}, {NULL, NULL}};
    Datum            *answer = str_ok(&text, err) ? call_verb("truncate", matrix, keys, err) : NULL;
    str_free(&text);
    if (answer == NULL) return false;
    facts->cut = datum_hold(datum_member(answer, "matrix"));
    facts->error_frobenius = number_of(answer, "error_frobenius");
    facts->error_spectral = number_of(answer, "error_spectral");
    facts->bound_frobenius = number_of(answer, "bound_frobenius");
    facts->bound_spectral = number_of(answer, "bound_spectral");
    facts->kept = number_of(answer, "kept");
    datum_drop(answer);
    return true;
}

/* ---- too large for the verbs ------------------------------------------------------------ */

bool matrix_takes_long(const Datum *m)
{
    double rows = (double)m->rows, cols = (double)m->cols;
    return rows * cols * fmin(rows, cols) > 64.0 * 64 * 64;
}

static bool is_large(const Datum *matrix)
{
    return matrix->rows > MATRIX_SIDE_MAX || matrix->cols > MATRIX_SIDE_MAX ||
           matrix->rows * matrix->cols > MATRIX_WHOLE_MAX;
}

/* The facts as a spectrum; its values are borrowed. */
static Spectrum spectrum_of_facts(const MatrixFacts *facts)
{
    return (Spectrum){.s = facts->singular->values,
                      .count = facts->singular->rows,
                      .rows = facts->of->rows,
                      .cols = facts->of->cols};
}

double matrix_rounding(const MatrixFacts *facts, bool single)
{
    Index longer = facts->of->rows > facts->of->cols ? facts->of->rows : facts->of->cols;
    return (double)longer * (single ? (double)FLT_EPSILON : DBL_EPSILON) *
           facts->singular->values[0];
}

static void count_rank(MatrixFacts *facts, const MatrixAsk *ask, const Spectrum *spectrum)
{
    facts->tolerance = ask->tolerance > 0 ? ask->tolerance : matrix_rounding(facts, ask->single);
    facts->rank = 0;
    while (facts->rank < spectrum->count && spectrum->s[facts->rank] > facts->tolerance) {
        facts->rank++;
    }
    facts->exact = -1;
}

/* The truncation is not made: by Eckart and Young its error is what it leaves out. */
static void foretell_cut(MatrixFacts *facts, const Spectrum *spectrum)
{
    double squares = 0;
    for (Index i = facts->r; i < spectrum->count; i++) squares += spectrum->s[i] * spectrum->s[i];
    facts->bound_frobenius = facts->error_frobenius = sqrt(squares);
    facts->bound_spectral = facts->r < spectrum->count ? spectrum->s[facts->r] : 0;
    facts->error_spectral = facts->bound_spectral;
    facts->kept = spectrum_energy(spectrum, facts->r);
}

static Index rank_of_cut(const Datum *matrix, const MatrixAsk *ask)
{
    Index most = matrix->rows < matrix->cols ? matrix->rows : matrix->cols;
    return ask->r < most ? ask->r : most;
}

bool matrix_measure_again(MatrixFacts *facts, const Datum *matrix, const MatrixAsk *ask)
{
    if (facts->of != matrix || facts->singular == NULL || !is_large(matrix)) return false;
    Spectrum spectrum = spectrum_of_facts(facts);
    facts->r = rank_of_cut(matrix, ask);
    count_rank(facts, ask, &spectrum);
    if (facts->r > 0) foretell_cut(facts, &spectrum);
    return true;
}

static bool measure_large(MatrixFacts *facts, const Datum *matrix, const MatrixAsk *ask,
                          const LinalgWatch *watch, Error *err)
{
    Index count = matrix->rows < matrix->cols ? matrix->rows : matrix->cols;
    facts->singular = datum_vector(NULL, count, NULL, err);
    return facts->singular != NULL &&
           linalg_singular_values(facts->singular->values, matrix->values, matrix->rows,
                                  matrix->cols, watch, err) &&
           matrix_measure_again(facts, matrix, ask);
}

static bool go_on(const LinalgWatch *watch, Error *err)
{
    return !cancel_requested(watch->cancel) || error_set(err, ERR_CANCELLED, tr("stopped"));
}

bool matrix_measure(MatrixFacts *facts, const Datum *matrix, const MatrixAsk *ask,
                    const LinalgWatch *watch, Error *err)
{
    static const LinalgWatch nobody = {0};
    if (watch == NULL) watch = &nobody;
    *facts = (MatrixFacts){.r = rank_of_cut(matrix, ask), .of = datum_hold(matrix)};
    if (!go_on(watch, err)) return false;
    if (is_large(matrix)) return measure_large(facts, matrix, ask, watch, err);
    return ask_rank(facts, matrix, ask, err) && go_on(watch, err) &&
           (facts->r == 0 || ask_truncate(facts, matrix, facts->r, err));
}
