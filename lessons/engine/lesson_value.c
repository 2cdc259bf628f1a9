/* The lesson's own values as data, and lists of numbers that may hold them. */

#include <string.h>

#include "core/base/mem.h"
#include "lessons/engine/lesson_known.h"
#include "lessons/engine/lesson_parts.h"

enum { NUMBERS_MAX = 256 };

/* ---- one value -------------------------------------------------------------------------- */

/* How many numbers with commas; 0: something else. */
static Index read_numbers(Slice list, double *numbers)
{
    Index n = 0;
    while (list.n > 0) {
        Slice one;
        bool  more = slice_cut(list, ",", false, &one, &list);
        if (n == NUMBERS_MAX || !slice_number(one, &numbers[n++])) return 0;
        if (more && list.n == 0) return 0;
    }
    return n;
}

static bool in_range(const LessonValue *value, const double *numbers, Index n, Error *err)
{
    for (Index i = 0; value->ranged && i < n; i++) {
        if (numbers[i] >= value->lo && numbers[i] <= value->hi) continue;
        return error_set(err, ERR_INPUT, tr("%s is %g, but must lie in %g..%g"), value->name,
                         numbers[i], value->lo, value->hi);
    }
    return true;
}

Datum *lesson_value_datum(const LessonValue *value, const char *text, Error *err)
{
    double own[NUMBERS_MAX], numbers[NUMBERS_MAX];
    Slice  trimmed = slice_trim(slice_of(text));
    Index  wanted = read_numbers(slice_of(value->normal), own);
    Index  n = read_numbers(trimmed, numbers);
    if (wanted == 0) return datum_text(trimmed.text, trimmed.n, err);
    if (n == 0 || (n > 1 && wanted == 1)) {
        error_set(err, ERR_INPUT, tr("%s is \"%.60s\", but must be %s"), value->name, text,
                  wanted == 1 ? tr("a number") : tr("numbers with commas"));
        return NULL;
    }
    if (!in_range(value, numbers, n, err)) return NULL;
    return wanted == 1 ? datum_number(numbers[0], NULL, err) : datum_vector(numbers, n, NULL, err);
}

/* ---- lists ------------------------------------------------------------------------------ */

/* The length of the first entry: up to a comma outside of braces. */
static Index entry_length(Slice list)
{
    int depth = 0;
    for (Index i = 0; i < list.n; i++) {
        char c = list.text[i];
        depth += c == '{' ? 1 : c == '}' ? -1 : 0;
        if (c == ',' && depth == 0) return i;
    }
    return list.n;
}

typedef struct Numbers {
    double    *list;
    Index      count;
    Index      at; /* of the entry, for faults */
    ExprFault *fault;
} Numbers;

static bool refuse(Numbers *numbers, const char *message, Error *err)
{
    if (numbers->fault != NULL) {
        *numbers->fault = (ExprFault){.at = numbers->at};
        Slice text = slice_of(message);
        Index n = text.n < (Index)sizeof numbers->fault->message
                      ? text.n
                      : (Index)sizeof numbers->fault->message - 1;
        memcpy(numbers->fault->message, text.text, (size_t)n);
    }
    return error_set(err, ERR_INPUT, "%s", message);
}

static bool add_number(Numbers *numbers, double number, Error *err)
{
    if (numbers->count == NUMBERS_MAX) return refuse(numbers, tr("too many numbers"), err);
    numbers->list[numbers->count++] = number;
    return true;
}

static bool add_datum(Numbers *numbers, const Datum *datum, Error *err)
{
    if (datum->kind == DATUM_NUMBER) return add_number(numbers, datum->number, err);
    if (datum->kind != DATUM_VECTOR) {
        return refuse(numbers, tr("neither a number nor a vector"), err);
    }
    for (Index i = 0; i < datum->rows; i++) {
        if (!add_number(numbers, datum->values[i], err)) return false;
    }
    return true;
}

/* "{EXPRESSION}" */
static bool add_braces(Numbers *numbers, Slice entry, const Scope *scope, Error *err)
{
    Error  error = {0};
    Expr  *expr = expr_parse(entry.text + 1, entry.n - 2, numbers->fault, &error);
    Datum *datum = expr != NULL ? expr_eval(expr, scope, numbers->fault, &error) : NULL;
    expr_free(expr);
    if (datum == NULL) {
        if (numbers->fault != NULL) numbers->fault->at += numbers->at + 1;
        return error_set(err, error.code, "%s", error.message);
    }
    bool ok = add_datum(numbers, datum, err);
    datum_drop(datum);
    return ok;
}

static bool add_entries(Numbers *numbers, Slice text, const Scope *scope, Error *err)
{
    const char *start = text.text;
    while (true) {
        Index  n = entry_length(text);
        Slice  entry = slice_trim((Slice){text.text, n});
        double number;
        numbers->at = entry.text - start;
        bool braces = entry.n > 2 && entry.text[0] == '{' && entry.text[entry.n - 1] == '}';
        bool plain = !braces && slice_number(entry, &number);
        bool ok = braces  ? add_braces(numbers, entry, scope, err)
                  : plain ? add_number(numbers, number, err)
                          : refuse(numbers, tr("not a number, nor an {expression}"), err);
        if (!ok) return false;
        if (n == text.n) return true;
        text = slice_from(text, n + 1);
    }
}

bool lesson_numbers(const char *text, const Scope *scope, double **numbers, Index *count,
                    ExprFault *fault, Error *err)
{
    Numbers read = {.fault = fault};
    read.list = mem_alloc(mem_program(), MEM_TEXT, NUMBERS_MAX, sizeof(double), err);
    if (read.list == NULL) return false;
    if (!add_entries(&read, slice_of(text), scope, err)) {
        mem_free(read.list);
        return false;
    }
    *numbers = read.list;
    *count = read.count;
    return true;
}
