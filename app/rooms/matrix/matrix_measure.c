/* A matrix held against `rank` and `truncate`; what is too large for them, against its spectrum. */

#include "app/rooms/matrix/matrix_measure.h"

#include <float.h>
#include <math.h>

#include "core/base/mem.h"
#include "core/study/spectrum.h"
#include "core/workbench/matrix_operand.h"

void matrix_facts_free(MatrixFacts *facts)
{
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

static void count_rank(MatrixFacts *facts, const MatrixAsk *ask, const Spectrum *spectrum)
{
    Index  longer = spectrum->rows > spectrum->cols ? spectrum->rows : spectrum->cols;
    double eps = ask->single ? (double)FLT_EPSILON : DBL_EPSILON;
    facts->tolerance = ask->tolerance > 0 ? ask->tolerance : (double)longer * eps * spectrum->s[0];
    facts->rank = spectrum_rank(spectrum, facts->tolerance);
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

static bool measure_large(MatrixFacts *facts, const Datum *matrix, const MatrixAsk *ask, Error *err)
{
    Index    n = matrix->rows * matrix->cols;
    Spectrum spectrum = {0};
    float   *values = mem_alloc_raw(mem_program(), MEM_SCRATCH, n, sizeof *values, err);
    if (values == NULL) return false;
    for (Index i = 0; i < n; i++) values[i] = (float)matrix->values[i];
    bool ok = spectrum_of(&spectrum, values, matrix->rows, matrix->cols, err);
    mem_free(values);
    if (ok) facts->singular = datum_vector(spectrum.s, spectrum.count, NULL, err);
    if (facts->singular != NULL) {
        count_rank(facts, ask, &spectrum);
        if (facts->r > 0) foretell_cut(facts, &spectrum);
    }
    spectrum_free(&spectrum);
    return facts->singular != NULL;
}

bool matrix_measure(MatrixFacts *facts, const Datum *matrix, const MatrixAsk *ask, Error *err)
{
    Index most = matrix->rows < matrix->cols ? matrix->rows : matrix->cols;
    bool  large = matrix->rows > MATRIX_SIDE_MAX || matrix->cols > MATRIX_SIDE_MAX ||
                 matrix->rows * matrix->cols > MATRIX_NUMBERS_MAX;
    *facts = (MatrixFacts){.r = ask->r < most ? ask->r : most};
    if (large) return measure_large(facts, matrix, ask, err);
    return ask_rank(facts, matrix, ask, err) &&
           (facts->r == 0 || ask_truncate(facts, matrix, facts->r, err));
}
