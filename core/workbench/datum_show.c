/*
 * Values as people read them: few digits, units, long ones cut. The rules for a number without a
 * format: whole numbers whole; else four digits, three below one; beyond 10,000 grouped.
 */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/workbench/datum.h"

enum { SHOWN_MAX = 12, SHOWN_CUT = 8, MATRIX_MAX = 6, DEPTH_MAX = 4 };

typedef struct Look {
    char format;
    int  digits;
} Look;

static bool is_whole(double x)
{
    return fabs(x) < 1e15 && x == floor(x);
}

/* ---- numbers ---- */

static void add_plain(Str *out, double x, int digits)
{
    if (is_whole(x) && digits < 0) {
        if (fabs(x) >= 10000) {
            str_add_grouped(out, (int64_t)x);
        } else {
            str_addf(out, "%.0f", x == 0 ? 0.0 : x); /* never "-0" */
        }
    } else if (digits < 0 && fabs(x) >= 10000 && fabs(x) < 1e15) {
        str_add_grouped(out, llround(x));
    } else {
        str_addf(out, "%.*g", digits >= 0 ? digits : fabs(x) < 1 ? 3 : 4, x);
    }
}

/* A share as per cent. Between 99.9 and 100 the digits behind the nines are what matters. */
static void add_share(Str *out, double share, int digits)
{
    double percent = 100 * share, size = fabs(percent);
    if (digits < 0) {
        digits = 1;
        if (is_whole(percent)) digits = 0;
        if (size > 99.9 && size < 100) digits = 4;
        if (size > 0 && size < 0.1) {
            str_addf(out, "%.2g %%", percent);
            return;
        }
    }
    str_addf(out, "%.*f %%", digits, percent);
}

static void add_size(Str *out, double bytes)
{
    if (fabs(bytes) < 9e18) {
        str_add_bytes_count(out, llround(bytes));
    } else {
        str_addf(out, "%.3g bytes", bytes);
    }
}

static void add_seconds(Str *out, double seconds)
{
    if (seconds != 0 && fabs(seconds) < 1) {
        str_addf(out, "%.3g ms", seconds * 1000);
    } else {
        add_plain(out, seconds, -1);
        str_add(out, " s");
    }
}

static void add_formatted(Str *out, double x, Look look)
{
    int digits = look.digits >= 0 ? look.digits : 6;
    switch (look.format) {
    case 'f':
        str_addf(out, "%.*f", digits, x);
        break;
    case 'e':
        str_addf(out, "%.*e", digits, x);
        break;
    case 'g':
        str_addf(out, "%.*g", digits, x);
        break;
    case '%':
        add_share(out, x, look.digits);
        break;
    case 'd':
        if (fabs(x) < 9e18) {
            str_add_grouped(out, llround(x));
        } else {
            str_addf(out, "%.6g", x);
        }
        break;
    case 'b':
        add_size(out, x);
        break;
    default:
        CHECK(look.format == 0);
    }
}

/* The number without its unit, as an element of a vector too. */
static void add_bare(Str *out, double x, const char *unit, Look look)
{
    if (!isfinite(x)) {
        str_add_double(out, x);
    } else if (unit == DATUM_YES_UNIT) {
        str_add(out, x != 0 ? "yes" : "no");
    } else if (look.format != 0) {
        add_formatted(out, x, look);
    } else if (unit != NULL && strcmp(unit, "%") == 0) {
        add_share(out, x, look.digits);
    } else if (unit != NULL && strcmp(unit, "bytes") == 0) {
        add_size(out, x);
    } else {
        add_plain(out, x, look.digits);
    }
}

static bool unit_follows(const char *unit, Look look)
{
    return unit != NULL && look.format == 0 && unit != DATUM_YES_UNIT && strcmp(unit, "%") != 0 &&
           strcmp(unit, "bytes") != 0;
}

static void add_number(Str *out, const Datum *datum, Look look)
{
    const char *unit = datum->unit;
    bool        plain = look.format == 0 && look.digits < 0 && isfinite(datum->number);
    if (plain && unit != NULL && strcmp(unit, "s") == 0) {
        add_seconds(out, datum->number);
        return;
    }
    add_bare(out, datum->number, datum->kind == DATUM_YES ? DATUM_YES_UNIT : unit, look);
    if (unit_follows(unit, look)) str_addf(out, " %s", unit);
}

/* ---- arrays ---- */

static void add_vector(Str *out, const double *values, Index n, const char *unit, Look look)
{
    Index shown = n > SHOWN_MAX ? SHOWN_CUT : n;
    str_add(out, "[");
    for (Index i = 0; i < shown; i++) {
        if (i > 0) str_add(out, ", ");
        add_bare(out, values[i], unit, look);
    }
    if (shown < n) str_addf(out, ", ... (%td in all)", n);
    str_add(out, "]");
    if (unit_follows(unit, look)) str_addf(out, " %s", unit);
}

static void add_matrix(Str *out, const Datum *m, Look look)
{
    if (m->rows == 1 || m->cols == 1) {
        add_vector(out, m->values, m->rows * m->cols, m->unit, look);
        return;
    }
    if (m->rows > MATRIX_MAX || m->cols > MATRIX_MAX || m->rows == 0) {
        str_addf(out, "a matrix of %td x %td", m->rows, m->cols);
        return;
    }
    str_add(out, "[");
    for (Index i = 0; i < m->rows * m->cols; i++) {
        if (i > 0) str_add(out, i % m->cols == 0 ? "; " : ", ");
        add_bare(out, m->values[i], m->unit, look);
    }
    str_add(out, "]");
}

static void add_series(Str *out, const Datum *series, Look look)
{
    if (series->rows == 0) {
        str_add(out, "a series without points");
        return;
    }
    str_addf(out, "a series of %td points from ", series->rows);
    add_bare(out, series->values[0], series->unit, look);
    str_add(out, " to ");
    add_bare(out, series->values[series->rows - 1], series->unit, look);
    if (unit_follows(series->unit, look)) str_addf(out, " %s", series->unit);
}

/* ---- trees ---- */

static void add_datum(Str *out, const Datum *datum, Look look, int depth);

static void add_items(Str *out, const Datum *datum, Look look, int depth)
{
    Index shown = datum->count > SHOWN_MAX ? SHOWN_CUT : datum->count;
    if (depth >= DEPTH_MAX) {
        str_add(out, "...");
        return;
    }
    for (Index i = 0; i < shown; i++) {
        if (i > 0) str_add(out, ", ");
        if (datum->keys != NULL) str_addf(out, "%s ", datum->keys[i]);
        add_datum(out, datum->items[i], look, depth + 1);
    }
    if (shown < datum->count) str_addf(out, ", ... (%td in all)", datum->count);
}

static void add_table(Str *out, const Datum *table)
{
    str_addf(out, "a table of %td rows", table->count);
    for (Index i = 0; i < table->axis_count; i++) {
        str_addf(out, "%s%s", i == 0 ? " by " : ", ", table->axes[i].name);
    }
}

static void add_datum(Str *out, const Datum *datum, Look look, int depth)
{
    if (datum->blank && datum->kind != DATUM_RECORD) {
        str_addf(out, "(%s)", datum_kind_name(datum->kind));
        return;
    }
    switch (datum->kind) {
    case DATUM_NUMBER:
    case DATUM_YES:
        add_number(out, datum, look);
        break;
    case DATUM_TEXT:
        str_add(out, datum->text);
        break;
    case DATUM_VECTOR:
        add_vector(out, datum->values, datum->rows, datum->unit, look);
        break;
    case DATUM_MATRIX:
        add_matrix(out, datum, look);
        break;
    case DATUM_SERIES:
        add_series(out, datum, look);
        break;
    case DATUM_RECORD:
    case DATUM_LIST:
        str_add(out, datum->kind == DATUM_LIST ? "[" : depth > 0 ? "(" : "");
        add_items(out, datum, look, depth);
        str_add(out, datum->kind == DATUM_LIST ? "]" : depth > 0 ? ")" : "");
        break;
    case DATUM_TABLE:
        add_table(out, datum);
        break;
    }
}

void datum_show(Str *out, const Datum *datum, char format, int digits, bool mark_timed)
{
    add_datum(out, datum, (Look){format, digits}, 0);
    if (mark_timed && datum->timed) str_add(out, " (timed)");
}

/* ---- with all digits ---- */

static bool exact_numbers(Str *out, const Datum *datum)
{
    for (Index i = 0; i < datum->rows; i++) {
        if (i > 0) str_add(out, ",");
        if (datum->unit == DATUM_YES_UNIT) {
            str_add(out, datum->values[i] != 0 ? "true" : "false");
        } else {
            str_add_double(out, datum->values[i]);
        }
    }
    return datum->rows > 0;
}

static bool exact_items(Str *out, const Datum *datum)
{
    for (Index i = 0; i < datum->count; i++) {
        if (datum->items[i]->kind != DATUM_TEXT) return false;
        str_addf(out, "%s%s", i > 0 ? "," : "", datum->items[i]->text);
    }
    return datum->count > 0;
}

bool datum_exact(Str *out, const Datum *datum)
{
    switch (datum->kind) {
    case DATUM_NUMBER:
        str_add_double(out, datum->number);
        return true;
    case DATUM_YES:
        str_add(out, datum->number != 0 ? "true" : "false");
        return true;
    case DATUM_TEXT:
        str_add(out, datum->text);
        return true;
    case DATUM_VECTOR:
        return exact_numbers(out, datum);
    case DATUM_LIST:
        return exact_items(out, datum);
    default:
        return false;
    }
}
