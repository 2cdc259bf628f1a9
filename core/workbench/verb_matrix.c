/*
 * `matrix`: numbers typed, drawn, or made by a rule; and changed entry by entry. Drawn ones are
 * torch.randn's float32 numbers from the bench's generator, one call after the other, so that a
 * lesson with seed 0 has the numbers of torch.manual_seed(0).
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/workbench/answer.h"
#include "core/workbench/matrix_operand.h"
#include "core/workbench/matrix_picture.h"
#include "core/workbench/verbs.h"

/* clang-format off: a row is a row */
static const ArgSpec rows[] = {
    {.name = "rows",
     .type = ARG_TEXT,
     .group = "Where from (one of these)",
     .help = "the numbers themselves, \"1 2 3; 2 4 6\""},
    {.name = "random",
     .type = ARG_TEXT,
     .group = "Where from (one of these)",
     .help = "10x2 numbers as torch.randn draws them, or 10 for a column"},
    {.name = "identity",
     .type = ARG_INT,
     .min = 1,
     .max = 1024,
     .group = "Where from (one of these)",
     .help = "ones on the diagonal, zeros elsewhere"},
    {.name = "picture",
     .type = ARG_CHOICE,
     .choices = matrix_pictures,
     .group = "Where from (one of these)",
     .help = "a drawing in shades from 0 to 1"},
    {.name = "of",
     .type = ARG_TEXT,
     .group = "Where from (one of these)",
     .help = "a copy of another matrix"},
    {.name = "size",
     .type = ARG_INT,
     .min = 8,
     .max = 256,
     .fallback = "32",
     .unit = "numbers",
     .group = "Changes",
     .help = "side of the picture"},
    {.name = "set",
     .type = ARG_TEXT,
     .group = "Changes",
     .help = "other entries, \"2,2=1e-14; 1,3=5\" (row, column)"},
    {.name = NULL},
};

static const FieldSpec fields[] = {
    {"matrix", DATUM_MATRIX, NULL, false, "the numbers"},
    {"rows", DATUM_NUMBER, NULL, false, "how many rows"},
    {"cols", DATUM_NUMBER, NULL, false, "how many columns"},
    {"numbers", DATUM_NUMBER, NULL, false, "rows times columns"},
    {.name = NULL},
};
/* clang-format on */

/* ---- reading text ---- */

typedef struct Numbers {
    double *values; /* mem_free */
    Index   count, cap;
} Numbers;

static bool add_number(Numbers *numbers, double value, Error *err)
{
    if (numbers->count == numbers->cap) {
        Index   cap = numbers->cap == 0 ? 16 : 2 * numbers->cap;
        double *larger =
            mem_resize(numbers->values, mem_program(), MEM_SCRATCH, cap, sizeof *larger, err);
        if (larger == NULL) return false;
        numbers->values = larger;
        numbers->cap = cap;
    }
    numbers->values[numbers->count++] = value;
    return true;
}

/* A finite decimal number at *text, which moves behind it. */
static bool take_number(const char **text, double *value, Error *err)
{
    size_t n = strspn(*text, "+-.0123456789eE");
    char  *end = NULL;
    *value = strtod(*text, &end);
    if (n == 0 || end != *text + n || !isfinite(*value)) {
        return error_set(err, ERR_INPUT, tr("\"%.20s\" should begin with a number"), *text);
    }
    *text = end;
    return true;
}

static const char *skip(const char *text, const char *what)
{
    return text + strspn(text, what);
}

/* One row, up to ';' or the end. */
static bool read_row(const char **text, Numbers *numbers, Error *err)
{
    for (*text = skip(*text, " ,\t\n"); **text != '\0' && **text != ';';
         *text = skip(*text, " ,\t\n")) {
        double value;
        if (!take_number(text, &value, err) || !add_number(numbers, value, err)) return false;
        if (numbers->count > MATRIX_NUMBERS_MAX) {
            return error_set(err, ERR_INPUT, tr("more than %d numbers"), MATRIX_NUMBERS_MAX);
        }
    }
    return true;
}

static Datum *from_text(const char *text, Error *err)
{
    Numbers numbers = {0};
    Index   count = 0, cols = 0;
    Datum  *matrix = NULL;
    while (*text != '\0') {
        Index before = numbers.count;
        if (!read_row(&text, &numbers, err)) goto done;
        Index n = numbers.count - before;
        if (*text == ';') text = skip(text + 1, " \t\n");
        count++;
        if (count == 1) cols = n;
        if (n != cols || n == 0) {
            error_set(err, ERR_INPUT, tr("row %td has %td numbers, the first row %td"), count, n,
                      cols);
            goto done;
        }
    }
    if (matrix_size_ok(count, cols, err)) matrix = datum_matrix(numbers.values, count, cols, err);

done:
    mem_free(numbers.values);
    return matrix;
}

/* A whole number from 1 on at *text; false where there is none. */
static bool take_count(const char **text, Index *value)
{
    size_t digits = strspn(*text, "0123456789");
    *value = 0;
    for (size_t i = 0; i < digits && digits <= 6; i++) *value = 10 * *value + ((*text)[i] - '0');
    *text += digits;
    return *value > 0;
}

/* ---- the sources ---- */

static Datum *from_random(VerbCall *call, const char *text, Error *err)
{
    const char *at = text;
    Index       count, cols = 1;
    bool        ok = take_count(&at, &count);
    if (ok && *at == 'x') {
        at++;
        ok = take_count(&at, &cols);
    }
    if (!ok || *at != '\0') {
        error_set(err, ERR_INPUT, tr("random is \"%.40s\", but must be like 10x2 or 10"), text);
        return NULL;
    }
    if (!matrix_size_ok(count, cols, err)) return NULL;

    Index    n = count * cols;
    float   *drawn = mem_alloc(mem_program(), MEM_SCRATCH, n, sizeof *drawn, err);
    Datum   *matrix = drawn != NULL ? datum_matrix(NULL, count, cols, err) : NULL;
    TorchRng own, *rng = bench_rng(call->bench);
    if (call->seed != bench_seed(call->bench)) { /* seed= begins a sequence of its own */
        torch_seed(&own, call->seed);
        rng = &own;
    }
    if (matrix != NULL) torch_normal(rng, drawn, n, 0, 1);
    for (Index i = 0; matrix != NULL && i < n; i++) matrix->values[i] = (double)drawn[i];
    mem_free(drawn);
    return matrix;
}

static Datum *identity_of(Index n, Error *err)
{
    Datum *matrix = datum_matrix(NULL, n, n, err);
    for (Index i = 0; matrix != NULL && i < n; i++) matrix->values[i * n + i] = 1;
    return matrix;
}

static Datum *picture_of(const char *name, Index size, Error *err)
{
    Datum *matrix = datum_matrix(NULL, size, size, err);
    if (matrix != NULL) matrix_picture(matrix->values, size, name);
    return matrix;
}

static Datum *copy_of(const VerbCall *call, const char *text, Error *err)
{
    Operand source;
    if (!operand_read(&source, call, text, err)) return NULL;
    Datum *matrix = datum_matrix(source.values, source.rows, source.cols, err);
    operand_drop(&source);
    return matrix;
}

static Datum *from_source(VerbCall *call, const char *key, Error *err)
{
    const char *text = args_text(call->args, key);
    if (strcmp(key, "rows") == 0) return from_text(text, err);
    if (strcmp(key, "random") == 0) return from_random(call, text, err);
    if (strcmp(key, "identity") == 0) {
        return identity_of((Index)args_int(call->args, "identity"), err);
    }
    if (strcmp(key, "picture") == 0) {
        return picture_of(text, (Index)args_int(call->args, "size"), err);
    }
    return copy_of(call, text, err);
}

/* The one source that was given. */
static const char *source_key(const VerbCall *call, Error *err)
{
    static const char *const keys[] = {"rows", "random", "identity", "picture", "of"};
    const char              *found = NULL;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (!args_given(call->args, keys[i])) continue;
        if (found != NULL) {
            error_set(err, ERR_INPUT, tr("a matrix is made from %s or from %s, not both"), found,
                      keys[i]);
            return NULL;
        }
        found = keys[i];
    }
    if (found == NULL) {
        error_set(err, ERR_INPUT, tr("a matrix needs one of rows, random, identity, picture, of"));
    }
    return found;
}

/* ---- changes ---- */

/* "2,2=1e-14" at *text, which moves behind it. */
static bool set_entry(Datum *matrix, const char **text, Error *err)
{
    const char *start = *text;
    Index       row, col;
    double      value;
    bool        ok = take_count(text, &row);
    *text = skip(*text, " ");
    ok = ok && **text == ',';
    if (ok) *text = skip(*text + 1, " ");
    ok = ok && take_count(text, &col);
    *text = skip(*text, " ");
    if (!ok || **text != '=') {
        return error_set(err, ERR_INPUT, tr("\"%.20s\" should be like 2,3=0.5 (row, column)"),
                         start);
    }
    *text = skip(*text + 1, " ");
    if (row > matrix->rows || col > matrix->cols) {
        return error_set(err, ERR_INPUT, tr("there is no entry %td,%td in a matrix of %td x %td"),
                         row, col, matrix->rows, matrix->cols);
    }
    if (!take_number(text, &value, err)) return false;
    matrix->values[(row - 1) * matrix->cols + col - 1] = value;
    *text = skip(*text, " ");
    return **text == '\0' || **text == ';' ||
           error_set(err, ERR_INPUT, tr("\";\" should stand before \"%.20s\""), *text);
}

static bool set_entries(Datum *matrix, const char *text, Error *err)
{
    for (text = skip(text, " ;"); *text != '\0'; text = skip(text, " ;")) {
        if (!set_entry(matrix, &text, err)) return false;
    }
    return true;
}

static Datum *run_matrix(VerbCall *call, Error *err)
{
    const char *key = source_key(call, err), *set = args_text(call->args, "set");
    Datum      *matrix = key != NULL ? from_source(call, key, err) : NULL;
    if (matrix != NULL && set != NULL && !set_entries(matrix, set, err)) {
        datum_drop(matrix);
        matrix = NULL;
    }
    if (matrix == NULL) return NULL;
    Index  m = matrix->rows, n = matrix->cols;
    Answer answer = answer_begin(err);
    answer_add(&answer, "matrix", matrix);
    answer_number(&answer, "rows", (double)m, NULL);
    answer_number(&answer, "cols", (double)n, NULL);
    answer_number(&answer, "numbers", (double)(m * n), NULL);
    return answer_end(&answer);
}

const Verb verb_matrix = {
    .command = {.name = "matrix",
                .operands = "",
                .summary = "make a matrix",
                .details = "Random numbers go on from where the lesson's generator stands; a seed "
                           "other than the lesson's begins a sequence of its own.",
                .example = "A = matrix rows=\"1 2 3; 2 4 6; 3 6 9\"",
                .args = rows},
    .fields = fields,
    .run = run_matrix,
    .changes = true, /* drawing moves the bench's generator on */
};
