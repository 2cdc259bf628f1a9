/* Made-up values for the tests of expressions. */

#include "tests/workbench/expr_rig.h"

#include <math.h>
#include <string.h>

#include "tests/test.h"

static Datum *values; /* a record of all of them */

static bool add_plain(Error *err)
{
    static const double v[] = {3, 1, 2}, m[] = {1, 2, 3, 4, 5, 6}, col[] = {1, 2, 3};
    static const double x[] = {10, 20, 30}, y[] = {4, 2, 1};
    return datum_add(values, "n", datum_number(3, NULL, err), err) &&
           datum_add(values, "share", datum_number(0.25, "%", err), err) &&
           datum_add(values, "size", datum_number(12345, "bytes", err), err) &&
           datum_add(values, "t", datum_timed(2.5, "s", err), err) &&
           datum_add(values, "nan", datum_number((double)NAN, NULL, err), err) &&
           datum_add(values, "yes1", datum_yes(true, err), err) &&
           datum_add(values, "word", datum_text("sql", 3, err), err) &&
           datum_add(values, "v", datum_vector(v, 3, NULL, err), err) &&
           datum_add(values, "none", datum_vector(NULL, 0, NULL, err), err) &&
           datum_add(values, "m", datum_matrix(m, 2, 3, err), err) &&
           datum_add(values, "col", datum_matrix(col, 3, 1, err), err) &&
           datum_add(values, "loss", datum_series(x, y, 3, "step", "nats/token", err), err);
}

static bool add_record(Error *err)
{
    static const double rank_one[] = {1, 2, 2, 4};
    Datum              *rec = datum_record(err), *deep = datum_record(err);
    bool ok = rec != NULL && deep != NULL && datum_add(deep, "b", datum_number(2, NULL, err), err);
    if (!ok || !datum_add(rec, "a", datum_number(1, NULL, err), err) ||
        !datum_add(rec, "text", datum_text("x*y", 3, err), err) ||
        !datum_add(rec, "matrix", datum_matrix(rank_one, 2, 2, err), err)) {
        datum_drop(deep);
        datum_drop(rec);
        return false;
    }
    if (!datum_add(rec, "deep", deep, err)) {
        datum_drop(rec);
        return false;
    }
    return datum_add(values, "rec", rec, err);
}

/* A row of s, or one that stands for unknown ones. */
static Datum *new_row(double r, double seed, bool blank, Error *err)
{
    double y[] = {r + 5, 10 * r + seed - 42}, x[] = {0, 100};
    Datum *row = datum_record(err), *inner = datum_record(err);
    bool   ok = row != NULL && inner != NULL;
    ok = ok && datum_add(inner, "x", datum_number(r, NULL, err), err);
    ok = ok && datum_add(row, "end", datum_number(y[1], "nats", err), err) &&
         datum_add(row, "loss", datum_series(x, y, 2, "step", "nats", err), err) &&
         datum_add(row, "kind", datum_text(r > 1 ? "k2" : "k1", 2, err), err) &&
         datum_add(row, "sick", datum_yes(r > 1, err), err);
    if (!ok) {
        datum_drop(inner);
        datum_drop(row);
        return NULL;
    }
    inner->blank = inner->items[0]->blank = row->blank = blank;
    for (Index i = 0; i < row->count; i++) row->items[i]->blank = blank;
    if (datum_add(row, "inner", inner, err)) return row;
    datum_drop(row);
    return NULL;
}

static bool add_swept(const char *name, bool blank, Error *err)
{
    static const char *const words[][2] = {{"1", "42"}, {"1", "43"}, {"2", "42"}, {"2", "43"}};
    Datum                   *table = datum_rows(true, err);
    bool                     ok =
        table != NULL && datum_add_axis(table, "r", err) && datum_add_axis(table, "seed", err);
    for (int i = 0; ok && i < (blank ? 1 : 4); i++) {
        ok = datum_add_row(table, words[i], new_row(1 + i / 2, 42 + i % 2, blank, err), err);
    }
    if (!ok) {
        datum_drop(table);
        return false;
    }
    table->blank = blank;
    return datum_add(values, name, table, err);
}

static bool add_words(Error *err)
{
    static const char *const words[] = {"zero-b", "true"};
    Datum                   *table = datum_rows(true, err);
    bool                     ok = table != NULL && datum_add_axis(table, "init", err);
    for (int i = 0; ok && i < 2; i++) {
        Datum *row = datum_record(err);
        if (row != NULL && !datum_add(row, "end", datum_number(1 + i, NULL, err), err)) {
            datum_drop(row);
            row = NULL;
        }
        ok = datum_add_row(table, &words[i], row, err);
    }
    if (ok) return datum_add(values, "w", table, err);
    datum_drop(table);
    return false;
}

bool expr_rig_create(Error *err)
{
    values = datum_record(err);
    return values != NULL && add_plain(err) && add_record(err) && add_swept("s", false, err) &&
           add_swept("blank", true, err) && add_words(err);
}

void expr_rig_free(void)
{
    datum_drop(values);
    values = NULL;
}

static const Datum *find(void *context, const char *name)
{
    (void)context;
    return datum_member(values, name);
}

static const char *nearest(void *context, const char *name)
{
    (void)context;
    for (Index i = 0; i < values->count; i++) {
        if (str_distance(name, values->keys[i]) == 1) return values->keys[i];
    }
    return NULL;
}

const Scope *expr_rig_scope(void)
{
    static const Scope scope = {.find = find, .nearest = nearest};
    return &scope;
}

Datum *expr_rig_value(const char *text, ExprFault *fault, Error *err)
{
    Expr  *expr = expr_parse(text, (Index)strlen(text), fault, err);
    Datum *value = expr != NULL ? expr_eval(expr, expr_rig_scope(), fault, err) : NULL;
    expr_free(expr);
    return value;
}

void expr_rig_open(void)
{
    Error err = {0};
    assert_true(expr_rig_create(&err));
}
