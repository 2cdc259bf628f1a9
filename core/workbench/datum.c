/* Values of the bench: life and parts. Showing them is datum_show.c's. */

#include "core/workbench/datum.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

const char DATUM_YES_UNIT[] = "yes or no";

const char *datum_kind_name(DatumKind kind)
{
    static const char *const names[] = {"number", "yes or no", "text",  "vector", "matrix",
                                        "series", "record",    "table", "list"};
    return names[kind];
}

/* ---- life ---- */

static Datum *create(DatumKind kind, const char *unit, Error *err)
{
    Datum *datum = mem_alloc(mem_program(), MEM_SCRATCH, 1, sizeof *datum, err);
    if (datum == NULL) return NULL;
    atomic_init(&datum->refs, 1);
    datum->kind = kind;
    datum->unit = unit;
    return datum;
}

static void free_axis(DatumAxis *axis, Index n)
{
    for (Index i = 0; axis->word != NULL && i < n; i++) mem_free(axis->word[i]);
    mem_free(axis->word);
    mem_free(axis->number);
    mem_free(axis->name);
}

static Index axis_length(const Datum *datum)
{
    return datum->kind == DATUM_VECTOR ? datum->rows : datum->count;
}

static void destroy(Datum *datum)
{
    for (Index i = 0; i < datum->axis_count; i++) {
        free_axis(&datum->axes[i], axis_length(datum));
    }
    for (Index i = 0; i < datum->count; i++) {
        datum_drop(datum->items[i]);
        if (datum->keys != NULL) mem_free(datum->keys[i]);
    }
    mem_free(datum->axes);
    mem_free(datum->items);
    mem_free(datum->keys);
    mem_free(datum->values);
    mem_free(datum->x);
    mem_free(datum->text);
    mem_free(datum);
}

/* The count is no part of the value, so a value that is const can be held. */
Datum *datum_hold(const Datum *datum)
{
    Datum *held = NULL;
    memcpy(&held, &datum, sizeof held);
    if (held != NULL) atomic_fetch_add(&held->refs, 1);
    return held;
}

void datum_drop(Datum *datum)
{
    if (datum != NULL && atomic_fetch_sub(&datum->refs, 1) == 1) destroy(datum);
}

/* ---- plain values ---- */

Datum *datum_number(double number, const char *unit, Error *err)
{
    Datum *datum = create(DATUM_NUMBER, unit, err);
    if (datum != NULL) datum->number = number;
    return datum;
}

Datum *datum_timed(double number, const char *unit, Error *err)
{
    Datum *datum = datum_number(number, unit, err);
    if (datum != NULL) datum->timed = true;
    return datum;
}

Datum *datum_yes(bool yes, Error *err)
{
    Datum *datum = create(DATUM_YES, NULL, err);
    if (datum != NULL) datum->number = yes ? 1.0 : 0.0;
    return datum;
}

Datum *datum_text(const char *text, Index n, Error *err)
{
    CHECK(n >= 0);
    Datum *datum = create(DATUM_TEXT, NULL, err);
    if (datum == NULL) return NULL;
    datum->text = mem_alloc_raw(mem_program(), MEM_TEXT, n + 1, 1, err);
    if (datum->text == NULL) {
        datum_drop(datum);
        return NULL;
    }
    if (n > 0) memcpy(datum->text, text, (size_t)n);
    datum->text[n] = '\0';
    return datum;
}

/* A copy of n numbers, zeros where there are none to copy. */
static double *copy_numbers(const double *values, Index n, Error *err)
{
    double *copy = mem_alloc(mem_program(), MEM_SCRATCH, n, sizeof *copy, err);
    if (copy != NULL && values != NULL && n > 0) {
        memcpy(copy, values, (size_t)n * sizeof *copy);
    }
    return copy;
}

static Datum *create_array(DatumKind kind, const double *values, Index rows, Index cols,
                           const char *unit, Error *err)
{
    CHECK(rows >= 0 && cols >= 0 && (cols == 0 || rows <= PTRDIFF_MAX / cols));
    Datum *datum = create(kind, unit, err);
    if (datum == NULL) return NULL;
    datum->values = copy_numbers(values, rows * cols, err);
    if (datum->values == NULL) {
        datum_drop(datum);
        return NULL;
    }
    datum->rows = rows;
    datum->cols = cols;
    return datum;
}

Datum *datum_vector(const double *values, Index n, const char *unit, Error *err)
{
    return create_array(DATUM_VECTOR, values, n, 1, unit, err);
}

Datum *datum_matrix(const double *values, Index rows, Index cols, Error *err)
{
    return create_array(DATUM_MATRIX, values, rows, cols, NULL, err);
}

Datum *datum_series(const double *x, const double *y, Index n, const char *x_name, const char *unit,
                    Error *err)
{
    Datum *datum = create_array(DATUM_SERIES, y, n, 1, unit, err);
    if (datum == NULL) return NULL;
    datum->x_name = x_name;
    datum->x = copy_numbers(x, n, err);
    if (datum->x == NULL) {
        datum_drop(datum);
        return NULL;
    }
    return datum;
}

/* ---- records ---- */

Datum *datum_record(Error *err)
{
    return create(DATUM_RECORD, NULL, err);
}

static bool grow(void **array, Index count, Index size, Error *err)
{
    void *larger = mem_resize(*array, mem_program(), MEM_SCRATCH, count, size, err);
    if (larger == NULL) return false;
    *array = larger;
    return true;
}

static bool add_item(Datum *datum, Datum *item, Error *err)
{
    void *items = datum->items;
    if (!grow(&items, datum->count + 1, sizeof(Datum *), err)) return false;
    datum->items = items;
    datum->items[datum->count++] = item;
    return true;
}

bool datum_add(Datum *record, const char *key, Datum *member, Error *err)
{
    if (member == NULL) return false;
    CHECK(record->kind == DATUM_RECORD && datum_member(record, key) == NULL);
    void *keys = record->keys;
    char *name = mem_strdup(key, err);
    bool  ok = name != NULL && grow(&keys, record->count + 1, sizeof(char *), err);
    if (ok) {
        record->keys = keys;
        record->keys[record->count] = name;
        ok = add_item(record, member, err);
    }
    if (!ok) {
        mem_free(name);
        datum_drop(member);
    }
    return ok;
}

const Datum *datum_member(const Datum *record, const char *key)
{
    for (Index i = 0; record->kind == DATUM_RECORD && i < record->count; i++) {
        if (strcmp(record->keys[i], key) == 0) return record->items[i];
    }
    return NULL;
}

/* ---- rows and axes ---- */

Datum *datum_rows(bool table, Error *err)
{
    return create(table ? DATUM_TABLE : DATUM_LIST, NULL, err);
}

bool datum_add_axis(Datum *datum, const char *name, Error *err)
{
    CHECK(axis_length(datum) == 0 || datum->kind == DATUM_VECTOR);
    void *axes = datum->axes;
    char *copy = mem_strdup(name, err);
    if (copy == NULL || !grow(&axes, datum->axis_count + 1, sizeof(DatumAxis), err)) {
        mem_free(copy);
        return false;
    }
    datum->axes = axes;
    datum->axes[datum->axis_count++] = (DatumAxis){.name = copy};
    return true;
}

/* What a word of a command line is as a number; NaN where it is none. Without "inf" or "0x10". */
static double number_of(const char *word)
{
    if (word[strspn(word, "+-.0123456789eE")] != '\0') return (double)NAN;
    char  *end;
    double number = strtod(word, &end);
    return end != word && *end == '\0' ? number : (double)NAN;
}

/* Room for element i, holding this word. */
static bool set_word(DatumAxis *axis, Index i, const char *word, Error *err)
{
    void *numbers = axis->number, *words = axis->word;
    if (!grow(&numbers, i + 1, sizeof(double), err)) return false;
    axis->number = numbers;
    if (!grow(&words, i + 1, sizeof(char *), err)) return false;
    axis->word = words;
    axis->word[i] = mem_strdup(word, err);
    axis->number[i] = number_of(word);
    return axis->word[i] != NULL;
}

bool datum_add_row(Datum *rows, const char *const *words, Datum *row, Error *err)
{
    if (row == NULL) return false;
    CHECK(rows->kind == DATUM_LIST || (rows->kind == DATUM_TABLE && row->kind == DATUM_RECORD));
    Index done = 0;
    while (done < rows->axis_count && set_word(&rows->axes[done], rows->count, words[done], err)) {
        done++;
    }
    if (done == rows->axis_count && add_item(rows, row, err)) return true;
    for (Index i = 0; i < done; i++) { /* beyond count, so that destroy would not find them */
        mem_free(rows->axes[i].word[rows->count]);
    }
    datum_drop(row);
    return false;
}

const DatumAxis *datum_axis(const Datum *datum, const char *name)
{
    for (Index i = 0; i < datum->axis_count; i++) {
        if (strcmp(datum->axes[i].name, name) == 0) return &datum->axes[i];
    }
    return NULL;
}

static bool copy_axis(DatumAxis *to, const DatumAxis *from, const Index *pick, Index n, Error *err)
{
    to->number = mem_alloc(mem_program(), MEM_SCRATCH, n, sizeof *to->number, err);
    to->word = mem_alloc(mem_program(), MEM_SCRATCH, n, sizeof *to->word, err);
    if (to->number == NULL || to->word == NULL) return false;
    for (Index i = 0; i < n; i++) {
        Index j = pick != NULL ? pick[i] : i;
        to->number[i] = from->number[j];
        to->word[i] = mem_strdup(from->word[j], err);
        if (to->word[i] == NULL) return false;
    }
    return true;
}

bool datum_copy_axes(Datum *out, const Datum *from, const Index *pick, Index n, const bool *without,
                     Error *err)
{
    CHECK(out->axis_count == 0 && axis_length(out) == n);
    out->axes = mem_alloc(mem_program(), MEM_SCRATCH, from->axis_count, sizeof(DatumAxis), err);
    if (out->axes == NULL) return false;
    for (Index i = 0; i < from->axis_count; i++) {
        const DatumAxis *axis = &from->axes[i];
        if (without != NULL && without[i]) continue;
        DatumAxis *copy = &out->axes[out->axis_count++];
        copy->name = mem_strdup(axis->name, err);
        if (copy->name == NULL || !copy_axis(copy, axis, pick, n, err)) return false;
    }
    return true;
}
