/*
 * Predictions: holding an answer against what was measured.
 *
 *   number   right within the tolerance (absolute) or by the factor; else the same number
 *   choice   right when it is the first choice whose condition the measurement fulfils
 *   order    right when the measured values, taken in the answered order, never turn back; so
 *            what is equal may stand either way
 *   curve    right when every point is, as a number
 */

#include <math.h>
#include <string.h>

#include "core/base/mem.h"
#include "lessons/engine/engine_internal.h"

#define SAME 1e-6 /* relative: the same number, typed by hand */

static bool close_enough(const Item *item, double guessed, double measured)
{
    if (fabs(guessed - measured) <= SAME * fmax(fabs(measured), fabs(guessed))) return true;
    if (item->tolerance > 0 && fabs(guessed - measured) <= item->tolerance) return true;
    if (!(item->factor > 1) || guessed * measured <= 0) return false;
    double ratio = guessed / measured;
    return ratio <= item->factor && ratio >= 1 / item->factor;
}

/* One finite number of a measurement. */
static bool one_number(const Datum *datum, double *number, Error *err)
{
    bool plain = datum->kind == DATUM_NUMBER || datum->kind == DATUM_YES;
    bool single = datum->kind == DATUM_VECTOR && datum->rows == 1;
    if (plain) *number = datum->number;
    if (single) *number = datum->values[0];
    if ((plain || single) && isfinite(*number)) return true;
    return error_set(err, ERR_INPUT, tr("the measure is no single finite number"));
}

static bool show_measured(Note *note, const Datum *datum, const char *unit, Error *err)
{
    Str out = {0};
    datum_show(&out, datum, 0, -1, true);
    if (datum->unit == NULL && unit != NULL && unit[0] != '\0') str_addf(&out, " %s", unit);
    note->timed = datum->timed;
    note->measured = str_take(&out, err);
    return note->measured != NULL;
}

static void judge(Note *note, const Guess *guess, bool right)
{
    if (guess->count > 0) note->verdict = right ? VERDICT_RIGHT : VERDICT_WRONG;
}

/* {answer, measured}; takes both over. */
static bool make_record(Guess *guess, Datum *answer, Datum *measured, Error *err)
{
    Datum *record = datum_record(err);
    if (answer == NULL && guess->count == 0) {
        const char *none = tr("no answer");
        answer = datum_text(none, (Index)strlen(none), err);
    }
    if (record == NULL) {
        datum_drop(answer);
        datum_drop(measured);
        return false;
    }
    bool first = datum_add(record, "answer", answer, err);
    if (!datum_add(record, "measured", measured, err) || !first) {
        datum_drop(record);
        return false;
    }
    guess->record = record;
    return true;
}

static bool measure_number(Guess *guess, Note *note, const Scope *scope, Error *err)
{
    double number = 0;
    Datum *datum = expr_eval(guess->item->measure, scope, NULL, err);
    bool   ok = datum != NULL && one_number(datum, &number, err) &&
              show_measured(note, datum, guess->item->unit, err);
    if (ok && guess->count > 0) {
        judge(note, guess, close_enough(guess->item, guess->numbers[0], number));
    }
    ok = ok &&
         make_record(guess, guess->count > 0 ? datum_number(guess->numbers[0], NULL, err) : NULL,
                     datum_hold(datum), err);
    datum_drop(datum);
    return ok;
}

static Datum *words_datum(const char *words, Error *err)
{
    Datum *datum = datum_text(words, (Index)strlen(words), err);
    if (datum != NULL) words_unmark(datum->text);
    return datum;
}

static bool record_words(Guess *guess, Note *note, Error *err)
{
    Datum *answer = note->said != NULL ? words_datum(note->said, err) : NULL;
    return make_record(guess, answer, words_datum(note->measured, err), err);
}

static bool measure_choice(Guess *guess, Note *note, const Scope *scope, Error *err)
{
    const Item *item = guess->item;
    for (Index i = 0; i < item->choice_count; i++) {
        bool holds = false;
        if (!expr_holds(item->choices[i].truth, scope, &holds, NULL, err)) return false;
        if (!holds) continue;
        note->measured = mem_strdup(guess_choice(guess, i), err);
        if (note->measured == NULL) return false;
        judge(note, guess, guess->count > 0 && (Index)guess->numbers[0] == i + 1);
        return record_words(guess, note, err);
    }
    return error_set(err, ERR_INPUT, tr("none of the choices is what was measured"));
}

/* The choices' numbers from first to last by their values. */
static void sort_order(const double *values, Index n, bool descending, double *order)
{
    for (Index i = 0; i < n; i++) {
        Index at = i;
        while (at > 0) {
            double before = values[(Index)order[at - 1] - 1];
            if (descending ? before >= values[i] : before <= values[i]) break;
            order[at] = order[at - 1];
            at--;
        }
        order[at] = (double)(i + 1);
    }
}

static bool in_order(const double *values, const double *order, Index n, bool descending)
{
    for (Index i = 1; i < n; i++) {
        double a = values[(Index)order[i - 1] - 1], b = values[(Index)order[i] - 1];
        if (descending ? a < b : a > b) return false;
    }
    return true;
}

static bool order_values(Guess *guess, const Scope *scope, double *values, bool *timed, Error *err)
{
    const Item *item = guess->item;
    for (Index i = 0; i < item->choice_count; i++) {
        Datum *datum = expr_eval(item->choices[i].truth, scope, NULL, err);
        bool   ok = datum != NULL && one_number(datum, &values[i], err);
        *timed = *timed || (ok && datum->timed);
        datum_drop(datum);
        if (!ok) return false;
    }
    return true;
}

static bool measure_order(Guess *guess, Note *note, const Scope *scope, Error *err)
{
    Index   n = guess->item->choice_count;
    double *values = mem_alloc(mem_program(), MEM_TEXT, 2 * n, sizeof *values, err);
    bool    ok = values != NULL && order_values(guess, scope, values, &note->timed, err);
    Str     words = {0};

    if (ok) {
        bool    descending = guess->item->descending;
        double *order = values + n;
        sort_order(values, n, descending, order);
        judge(note, guess, guess->count > 0 && in_order(values, guess->numbers, n, descending));
        for (Index i = 0; i < n; i++) {
            Index choice = (Index)order[i] - 1;
            str_addf(&words, "%s%s (", i > 0 ? "; " : "", guess_choice(guess, choice));
            guess_add_number(&words, values[choice], guess->item->unit, err);
            str_add(&words, ")");
        }
        if (note->timed) str_add(&words, " (timed)");
        note->measured = str_take(&words, err);
        ok = note->measured != NULL && record_words(guess, note, err);
    }
    mem_free(values);
    return ok;
}

/* The measured values at the given x: by the axis of the vector where it has one, else in order. */
static bool curve_values(const Guess *guess, const Datum *datum, double *values, Error *err)
{
    bool axis = datum->kind == DATUM_VECTOR && datum->axis_count == 1;
    bool series = datum->kind == DATUM_SERIES;
    if (datum->kind != DATUM_VECTOR && !series) {
        return error_set(err, ERR_INPUT, tr("the measure is neither a vector nor a series"));
    }
    const double *x = series ? datum->x : axis ? datum->axes[0].number : NULL;
    for (Index i = 0; i < guess->at_count; i++) {
        Index found = x == NULL ? i : 0;
        while (x != NULL && found < datum->rows && x[found] != guess->at[i]) found++;
        if (found >= datum->rows || !isfinite(datum->values[found])) {
            return error_set(err, ERR_INPUT, tr("nothing was measured at %g"), guess->at[i]);
        }
        values[i] = datum->values[found];
    }
    return true;
}

/* In the form that an answer is shown in. */
static bool show_curve(const Guess *guess, Note *note, const Datum *measured, Error *err)
{
    Guess same = {.item = guess->item, .numbers = measured->values, .count = measured->rows};
    char *words = guess_words(&same, err);
    Str   out = {0};
    if (words == NULL) return false;
    str_addf(&out, "%s%s", words, measured->timed ? " (timed)" : "");
    mem_free(words);
    note->timed = measured->timed;
    note->measured = str_take(&out, err);
    return note->measured != NULL;
}

static bool measure_curve(Guess *guess, Note *note, const Scope *scope, Error *err)
{
    Index   n = guess->at_count;
    double *values = mem_alloc(mem_program(), MEM_TEXT, n, sizeof *values, err);
    Datum  *datum = values != NULL ? expr_eval(guess->item->measure, scope, NULL, err) : NULL;
    bool    ok = datum != NULL && curve_values(guess, datum, values, err);
    Datum  *measured = ok ? datum_vector(values, n, datum->unit, err) : NULL;

    if (measured != NULL) measured->timed = datum->timed;
    ok = measured != NULL && show_curve(guess, note, measured, err);
    bool right = guess->count > 0;
    for (Index i = 0; ok && right && i < n; i++) {
        right = close_enough(guess->item, guess->numbers[i], values[i]);
    }
    if (ok) {
        judge(note, guess, right);
        Datum *answer = guess->count > 0 ? datum_vector(guess->numbers, n, NULL, err) : NULL;
        ok = make_record(guess, answer, datum_hold(measured), err);
    }
    datum_drop(measured);
    datum_drop(datum);
    mem_free(values);
    return ok;
}

bool guess_measure(Guess *guess, Note *note, const Scope *scope, Error *err)
{
    bool ok = false;
    switch (guess->item->predict) {
    case PREDICT_NUMBER:
        ok = measure_number(guess, note, scope, err);
        break;
    case PREDICT_CHOICE:
        ok = measure_choice(guess, note, scope, err);
        break;
    case PREDICT_ORDER:
        ok = measure_order(guess, note, scope, err);
        break;
    case PREDICT_CURVE:
        ok = measure_curve(guess, note, scope, err);
        break;
    }
    if (ok) return true;
    mem_free(note->measured);
    note->measured = NULL;
    note->verdict = VERDICT_NONE;
    return false;
}
