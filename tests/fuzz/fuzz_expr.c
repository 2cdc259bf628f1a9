/*
 * Any bytes as an expression and as a text with braces, over a bench that holds a value of every
 * kind: refused with a place inside the text and a sentence, or evaluated to a well-formed value,
 * to the same one each time, with nothing left behind.
 */

#include "core/workbench/expr.h"

#include <math.h>
#include <string.h>

#include "core/base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* ---- the bench: made at the first input, kept ------------------------------------------- */

enum { VALUES = 11 };
static const char *const names[VALUES] = {"n", "y", "nan", "t", "word", "v",
                                          "m", "c", "s",   "b", "list"};
static Datum            *values[VALUES];

static Datum *curve(double low)
{
    const double steps[] = {10, 20, 30}, losses[] = {2, 1, low};
    return datum_series(steps, losses, 3, "step", "nats/token", NULL);
}

static Datum *row(double low)
{
    Datum *record = datum_record(NULL), *inner = datum_record(NULL);
    CHECK(record != NULL && inner != NULL);
    CHECK(datum_add(inner, "loss", datum_number(low, "nats/token", NULL), NULL));
    CHECK(datum_add(record, "before", inner, NULL));
    CHECK(datum_add(record, "loss", curve(low), NULL));
    CHECK(datum_add(record, "seconds", datum_timed(low * 3, "s", NULL), NULL));
    CHECK(datum_add(record, "text", datum_text("SELECT *", 8, NULL), NULL));
    return record;
}

static Datum *rows(bool table)
{
    static const char *const words[][2] = {{"1", "42"}, {"1", "43"}, {"4", "42"}, {"4", "43"}};
    Datum                   *out = datum_rows(table, NULL);
    CHECK(out != NULL && datum_add_axis(out, "r", NULL) && datum_add_axis(out, "seed", NULL));
    for (int i = 0; i < 4; i++) {
        double low = 0.5 / (i + 1);
        CHECK(datum_add_row(out, words[i], table ? row(low) : curve(low), NULL));
    }
    return out;
}

static Datum *blank(void)
{
    Datum *record = row(1), *unknown = datum_number(0, NULL, NULL);
    CHECK(record != NULL && unknown != NULL);
    unknown->blank = true;
    CHECK(datum_add(record, "unknown", unknown, NULL));
    record->blank = true;
    return record;
}

static void make_values(void)
{
    const double numbers[] = {3, 1, 2, 5, 4, 6};
    values[0] = datum_number(0.25, "nats/token", NULL);
    values[1] = datum_yes(true, NULL);
    values[2] = datum_number((double)NAN, NULL, NULL);
    values[3] = datum_timed(0.012, "s", NULL);
    values[4] = datum_text("*cipher*", 8, NULL);
    values[5] = datum_vector(numbers, 4, NULL, NULL);
    values[6] = datum_matrix(numbers, 2, 3, NULL);
    values[7] = curve(0.125);
    values[8] = rows(true);
    values[9] = blank();
    values[10] = rows(false);
    for (int i = 0; i < VALUES; i++) CHECK(values[i] != NULL);
}

static const Datum *find(void *context, const char *name)
{
    (void)context;
    for (int i = 0; i < VALUES; i++) {
        if (strcmp(names[i], name) == 0) return values[i];
    }
    return NULL;
}

static const char *nearest(void *context, const char *name)
{
    (void)context;
    return name[0] == 's' ? names[8] : NULL;
}

static const Scope scope = {.find = find, .nearest = nearest};

/* ---- what must hold --------------------------------------------------------------------- */

static void check_fault(bool ok, const ExprFault *fault, const Error *err, Index n)
{
    CHECK(ok == (err->code == ERR_NONE));
    if (ok) return;
    CHECK(err->code == ERR_INPUT && err->message[0] != '\0');
    CHECK(fault->message[0] != '\0' && fault->at >= 0 && fault->at <= n);
    CHECK(memchr(fault->message, '\0', sizeof fault->message) != NULL);
    CHECK(memchr(fault->hint, '\0', sizeof fault->hint) != NULL);
}

static void check_axes(const Datum *datum, Index n)
{
    for (Index i = 0; i < datum->axis_count; i++) {
        CHECK(datum_axis(datum, datum->axes[i].name) != NULL);
        for (Index j = 0; j < n; j++) CHECK(datum->axes[i].word[j] != NULL);
    }
}

static void check_value(const Datum *datum, int depth)
{
    CHECK(depth < 8 && datum->kind >= DATUM_NUMBER && datum->kind <= DATUM_LIST);
    double sum = 0;
    for (Index i = 0; i < datum->rows * datum->cols; i++) sum += datum->values[i];
    for (Index i = 0; datum->kind == DATUM_SERIES && i < datum->rows; i++) sum += datum->x[i];
    CHECK(isnan(sum) || sum >= -HUGE_VAL);
    CHECK(datum->kind != DATUM_TEXT || datum->text != NULL);
    check_axes(datum, datum->kind == DATUM_VECTOR ? datum->rows : datum->count);
    for (Index i = 0; i < datum->count; i++) check_value(datum->items[i], depth + 1);
}

/* Every way of showing it; the bytes, for comparing. */
static void show(Str *out, const Datum *datum)
{
    static const char formats[] = {0, 'f', 'e', 'g', '%', 'd', 'b'};
    for (size_t i = 0; i < sizeof formats; i++) {
        datum_show(out, datum, formats[i], (int)i - 1, i % 2 == 0);
        str_add(out, "\n");
    }
    datum_json(out, datum);
    (void)!datum_exact(out, datum);
    CHECK(!out->failed);
}

static bool same(const Str *a, const Str *b)
{
    return a->len == b->len && memcmp(str_text(a), str_text(b), (size_t)a->len) == 0;
}

/* ---- the two ways in -------------------------------------------------------------------- */

static bool evaluate(Str *out, const Expr *expr, Index n)
{
    Error     err = {0};
    ExprFault fault = {0};
    Datum    *datum = expr_eval(expr, &scope, &fault, &err);
    bool      ok = datum != NULL;
    check_fault(ok, &fault, &err, n);
    if (ok) {
        check_value(datum, 0);
        show(out, datum);
    } else {
        str_add(out, err.message);
    }
    datum_drop(datum);
    return ok;
}

static void as_expression(const char *text, Index n)
{
    Error     err = {0};
    ExprFault fault = {0};
    Expr     *expr = expr_parse(text, n, &fault, &err);
    check_fault(expr != NULL, &fault, &err, n);
    if (expr == NULL) return;
    CHECK(n <= EXPR_MAX_TEXT);
    for (Index i = 0; i < expr_names(expr); i++) CHECK(expr_name(expr, i)[0] != '\0');

    Str  one = {0}, again = {0}, explained = {0};
    bool ok = evaluate(&one, expr, n);
    CHECK(evaluate(&again, expr, n) == ok && same(&one, &again));

    bool holds, verdict = expr_holds(expr, &scope, &holds, &fault, &err);
    check_fault(verdict, &fault, &err, n);
    CHECK(ok || !verdict);
    Error      unexplained = {0};
    const bool explains = expr_explain(&explained, expr, &scope, &unexplained);
    CHECK(explains == (unexplained.code == ERR_NONE));
    str_free(&one);
    str_free(&again);
    str_free(&explained);
    expr_free(expr);
}

static void as_text(const char *text, Index n)
{
    bool plain = true;
    for (Index i = 0; i < n; i++) plain = plain && strchr("{}\\", text[i]) == NULL;
    bool formed = fill_check(text, n, NULL, &(ExprFault){0}, &(Error){0});
    bool valued = fill_check(text, n, &scope, &(ExprFault){0}, &(Error){0});
    CHECK(formed || !valued);
    CHECK(valued || !plain);
    for (int way = 0; way < 3; way++) {
        Error     err = {0};
        ExprFault fault = {0};
        Str       out = {0};
        bool      ok = way < 2 ? fill_text(&out, text, n, &scope, way == 1, &fault, &err)
                               : fill_exact(&out, text, n, &scope, &fault, &err);
        check_fault(ok, &fault, &err, n);
        CHECK(formed || !ok);
        if (plain) CHECK(out.len == n && memcmp(str_text(&out), text, (size_t)n) == 0);
        str_free(&out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (values[0] == NULL) make_values();
    int64_t live = mem_live_blocks();
    /* A copy of the exact size, so that reading beyond it is seen. */
    char *text = mem_alloc_raw(mem_program(), MEM_TEXT, (Index)n, 1, NULL);
    CHECK(text != NULL);
    if (n > 0) memcpy(text, bytes, n);
    as_expression(text, (Index)n);
    as_text(text, (Index)n);
    mem_free(text);
    CHECK(mem_live_blocks() == live);
    return 0;
}
