#ifndef CORE_WORKBENCH_DATUM_H
#define CORE_WORKBENCH_DATUM_H

/*
 * A value of the bench: what commands return, expressions compute with, figures and reports
 * show. Immutable once returned, shared by counting references (atomic), so that a snapshot of
 * all values costs nothing.
 *
 *   number   with a unit; yes/no is a number of kind DATUM_YES
 *   vector   [n]; when it came from a table it carries what each element's row was (axes)
 *   matrix   [rows, cols] row-major
 *   series   y over x (loss over step)
 *   record   named members
 *   table    records keyed by what was swept (axes: r, seed); a list of other things per row
 *            (a column of series, of texts) is a table without member names: kind DATUM_LIST
 *
 * `timed`: measured by a clock, so different in every run; everything computed from it is, too.
 * `blank`: stands for a value of unknown size that a checker puts in place of a result: any
 * subscript of it exists and is blank.
 */

#include "core/base/str.h"

typedef enum DatumKind {
    DATUM_NUMBER,
    DATUM_YES,
    DATUM_TEXT,
    DATUM_VECTOR,
    DATUM_MATRIX,
    DATUM_SERIES,
    DATUM_RECORD,
    DATUM_TABLE,
    DATUM_LIST
} DatumKind;
const char *datum_kind_name(DatumKind kind); /* "number", "yes or no", ... */

/* The unit of a vector (or matrix) whose elements are 0 and 1 for no and yes. */
extern const char DATUM_YES_UNIT[];

/* What one element (of a vector) or row (of a table or list) belongs to. */
typedef struct DatumAxis {
    char   *name;   /* "r", "seed" */
    double *number; /* [n], NaN where it is a word */
    char  **word;   /* [n], the value as it was written: "8", "true" */
} DatumAxis;

typedef struct Datum Datum;
struct Datum {
    _Atomic int refs;
    DatumKind   kind;
    bool        timed, blank;
    const char *unit; /* static: "nats/token", "s", "bytes", "%" (of a share) or NULL */
    double      number;
    char       *text;
    Index       rows, cols; /* vector: rows, 1; series: rows points, 1; matrix */
    double     *values;
    double     *x;      /* series */
    const char *x_name; /* series: static, "step" */
    DatumAxis  *axes;   /* vector, list, table */
    Index       axis_count;
    Datum     **items; /* [count] record, table, list; each holds one reference */
    char      **keys;  /* [count] record */
    Index       count;
};

/* All return a new reference or NULL with ERR_MEMORY. Arrays and strings are copied. */
NODISCARD Datum *datum_number(double number, const char *unit, Error *err);
NODISCARD Datum *datum_timed(double number, const char *unit, Error *err);
NODISCARD Datum *datum_yes(bool yes, Error *err);
NODISCARD Datum *datum_text(const char *text, Index n, Error *err);
/* values NULL: zeros, to be filled before it is shared. */
NODISCARD Datum *datum_vector(const double *values, Index n, const char *unit, Error *err);
NODISCARD Datum *datum_matrix(const double *values, Index rows, Index cols, Error *err);
NODISCARD Datum *datum_series(const double *x, const double *y, Index n, const char *x_name,
                              const char *unit, Error *err);
NODISCARD Datum *datum_record(Error *err);
/* Takes the reference over in any case (member NULL: false, so calls can be chained). */
NODISCARD bool datum_add(Datum *record, const char *key, Datum *member, Error *err);
/* table: rows are records; else a list. */
NODISCARD Datum *datum_rows(bool table, Error *err);
NODISCARD bool   datum_add_axis(Datum *datum, const char *name, Error *err); /* before rows */
/* words: one per axis. Takes the row's reference over. */
NODISCARD bool datum_add_row(Datum *rows, const char *const *words, Datum *row, Error *err);

Datum *datum_hold(const Datum *datum); /* one more reference; NULL-safe */
void   datum_drop(Datum *datum);       /* NULL-safe */

const Datum *datum_member(const Datum *record, const char *key); /* NULL: none */
/* The axis of this name, NULL: none. */
const DatumAxis *datum_axis(const Datum *datum, const char *name);
/* Give out, which has no axes yet, the axes of from, with the words of the n elements or rows
 * picked from it (pick NULL: the first n), but for those marked in without (may be NULL). */
NODISCARD bool datum_copy_axes(Datum *out, const Datum *from, const Index *pick, Index n,
                               const bool *without, Error *err);

/* For people: "0.114 nats/token", "3.1 %", "12.3 KB", a vector "[1, 2, 3]" (long ones cut),
 * "(timed)" after what a clock measured. digits < 0: as many as the kind usually wants. format:
 * 'f' fixed, 'e' exponent, 'g' shortest, '%' share as per cent, 'd' grouped integer, 'b' bytes,
 * 0: by unit. A format that is given leaves the unit to the text around it. */
void datum_show(Str *out, const Datum *datum, char format, int digits, bool mark_timed);
/* {"value": ..., "unit": ..., "timed": true} or plain JSON of the tree. */
void datum_json(Str *out, const Datum *datum);
/* For a command line, so with all digits: "16", "0.1", "1,2,4" (vector), "true", a text as it is.
 * False: a value of this kind is no argument. */
NODISCARD bool datum_exact(Str *out, const Datum *datum);

#endif
