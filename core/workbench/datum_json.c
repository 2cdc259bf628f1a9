/* Values as JSON: numbers as numbers, and as objects where a unit or a clock must be told. */

#include <string.h>

#include "core/base/json.h"
#include "core/workbench/datum.h"

/* Our own results are three or four deep; this only bounds the recursion. */
enum { DEPTH_MAX = 32 };

static void add_numbers(Str *out, const double *values, Index n, const char *unit)
{
    str_add(out, "[");
    for (Index i = 0; i < n; i++) {
        if (i > 0) str_add(out, ", ");
        if (unit == DATUM_YES_UNIT) {
            str_add(out, values[i] != 0 ? "true" : "false");
        } else {
            json_add_number(out, values[i]);
        }
    }
    str_add(out, "]");
}

static void add_key(Str *out, const char *key)
{
    json_add_string(out, key, (Index)strlen(key));
    str_add(out, ": ");
}

/* , "unit": ..., "timed": true: what a value needs besides its numbers. */
static void add_marks(Str *out, const Datum *datum)
{
    if (datum->unit != NULL && datum->unit != DATUM_YES_UNIT) {
        str_add(out, ", \"unit\": ");
        json_add_string(out, datum->unit, (Index)strlen(datum->unit));
    }
    if (datum->timed) str_add(out, ", \"timed\": true");
}

static void add_axes(Str *out, const Datum *datum, Index n)
{
    if (datum->axis_count == 0) return;
    str_add(out, "\"axes\": {");
    for (Index i = 0; i < datum->axis_count; i++) {
        if (i > 0) str_add(out, ", ");
        add_key(out, datum->axes[i].name);
        str_add(out, "[");
        for (Index j = 0; j < n; j++) {
            const char *word = datum->axes[i].word[j];
            if (j > 0) str_add(out, ", ");
            json_add_string(out, word, (Index)strlen(word));
        }
        str_add(out, "]");
    }
    str_add(out, "}, ");
}

static bool is_plain(const Datum *datum)
{
    bool unit = datum->unit != NULL && datum->unit != DATUM_YES_UNIT;
    return !unit && !datum->timed && datum->axis_count == 0;
}

static void add_scalar(Str *out, const Datum *datum)
{
    if (!is_plain(datum)) str_add(out, "{\"value\": ");
    if (datum->kind == DATUM_YES) {
        str_add(out, datum->number != 0 ? "true" : "false");
    } else if (datum->kind == DATUM_TEXT) {
        json_add_string(out, datum->text, (Index)strlen(datum->text));
    } else {
        json_add_number(out, datum->number);
    }
    if (is_plain(datum)) return;
    add_marks(out, datum);
    str_add(out, "}");
}

static void add_vector(Str *out, const Datum *datum)
{
    if (is_plain(datum)) {
        add_numbers(out, datum->values, datum->rows, datum->unit);
        return;
    }
    str_add(out, "{");
    add_axes(out, datum, datum->rows);
    str_add(out, "\"value\": ");
    add_numbers(out, datum->values, datum->rows, datum->unit);
    add_marks(out, datum);
    str_add(out, "}");
}

static void add_matrix(Str *out, const Datum *datum)
{
    bool plain = is_plain(datum);
    str_add(out, plain ? "[" : "{\"value\": [");
    for (Index i = 0; i < datum->rows; i++) {
        if (i > 0) str_add(out, ", ");
        add_numbers(out, datum->values + i * datum->cols, datum->cols, datum->unit);
    }
    str_add(out, "]");
    if (plain) return;
    add_marks(out, datum);
    str_add(out, "}");
}

static void add_series(Str *out, const Datum *datum)
{
    str_add(out, "{");
    if (datum->x_name != NULL) {
        str_add(out, "\"x_name\": ");
        json_add_string(out, datum->x_name, (Index)strlen(datum->x_name));
        str_add(out, ", ");
    }
    str_add(out, "\"x\": ");
    add_numbers(out, datum->x, datum->rows, NULL);
    str_add(out, ", \"y\": ");
    add_numbers(out, datum->values, datum->rows, datum->unit);
    add_marks(out, datum);
    str_add(out, "}");
}

static void add_datum(Str *out, const Datum *datum, int depth);

static void add_items(Str *out, const Datum *datum, int depth)
{
    bool record = datum->kind == DATUM_RECORD, bare = record || is_plain(datum);
    if (!bare) {
        str_add(out, "{");
        add_axes(out, datum, datum->count);
        str_add(out, "\"rows\": ");
    }
    str_add(out, record ? "{" : "[");
    for (Index i = 0; i < datum->count; i++) {
        if (i > 0) str_add(out, ", ");
        if (record) add_key(out, datum->keys[i]);
        add_datum(out, datum->items[i], depth + 1);
    }
    str_add(out, record ? "}" : "]");
    if (!bare) str_add(out, "}");
}

static void add_datum(Str *out, const Datum *datum, int depth)
{
    bool tree = datum->items != NULL || datum->kind >= DATUM_RECORD;
    if (depth > DEPTH_MAX || (datum->blank && !tree)) {
        str_add(out, "null");
    } else if (tree) {
        add_items(out, datum, depth);
    } else if (datum->kind == DATUM_VECTOR) {
        add_vector(out, datum);
    } else if (datum->kind == DATUM_MATRIX) {
        add_matrix(out, datum);
    } else if (datum->kind == DATUM_SERIES) {
        add_series(out, datum);
    } else {
        add_scalar(out, datum);
    }
}

void datum_json(Str *out, const Datum *datum)
{
    add_datum(out, datum, 0);
}
