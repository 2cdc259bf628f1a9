/* What a result will look like before there is one: records and tables of blanks. */

#include <string.h>

#include "core/workbench/expr_internal.h"
#include "core/workbench/verb.h"

enum { KEY_MAX = 64 };

/* The record under this key, made where there is none yet. */
static Datum *nested(Datum *record, const char *key, Error *err)
{
    for (Index i = 0; i < record->count; i++) {
        if (strcmp(record->keys[i], key) == 0) return record->items[i];
    }
    Datum *inner = blank_of(DATUM_RECORD, NULL, err);
    return datum_add(record, key, inner, err) ? inner : NULL;
}

/* "before.loss" goes into the record "before". */
static bool add_field(Datum *record, const FieldSpec *field, Error *err)
{
    const char *name = field->name;
    for (const char *dot = strchr(name, '.'); dot != NULL; dot = strchr(name, '.')) {
        char  key[KEY_MAX];
        Index n = dot - name;
        CHECK(n < KEY_MAX);
        memcpy(key, name, (size_t)n);
        key[n] = '\0';
        record = nested(record, key, err);
        if (record == NULL) return false;
        name = dot + 1;
    }
    Datum *blank = blank_of(field->kind, NULL, err);
    if (blank == NULL) return false;
    blank->unit = field->unit;
    blank->timed = field->timed;
    return datum_add(record, name, blank, err);
}

Datum *verb_blank(const Verb *verb, Error *err)
{
    Datum *record = blank_of(DATUM_RECORD, NULL, err);
    for (const FieldSpec *field = verb->fields; record != NULL && field->name != NULL; field++) {
        if (add_field(record, field, err)) continue;
        datum_drop(record);
        return NULL;
    }
    return record;
}

Datum *verb_line_blank(const VerbLine *line, Error *err)
{
    Datum      *record = verb_blank(line->verb, err), *table;
    const char *words[VERB_AXES_MAX + 1];
    bool        ok = true;
    if (record == NULL || (line->axis_count == 0 && line->seeds == 0)) return record;
    table = datum_rows(true, err);
    if (table == NULL) {
        datum_drop(record);
        return NULL;
    }
    table->blank = true;
    for (Index i = 0; ok && i < line->axis_count; i++) {
        ok = datum_add_axis(table, line->axes[i].name, err);
    }
    if (ok && line->seeds > 0) ok = datum_add_axis(table, "seed", err);
    for (Index i = 0; i <= VERB_AXES_MAX; i++) words[i] = "?";
    if (!ok) datum_drop(record);
    if (ok && datum_add_row(table, words, record, err)) return table;
    datum_drop(table);
    return NULL;
}
