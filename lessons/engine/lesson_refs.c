/*
 * References: every expression of a lesson is evaluated on blank values, at its place, with the
 * names that exist there. A name that is missing is told apart: does it come later, or never?
 * All of it a second time with the quick values, where they give a sweep other rows.
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "lessons/engine/lesson_check.h"
#include "lessons/engine/lesson_parts.h"

/* ---- telling ---------------------------------------------------------------------------- */

static bool told_already(const Refs *refs, Place place)
{
    for (Index i = 0; refs->quick && i < refs->complaints->count; i++) {
        if (refs->complaints->list[i].place.line == place.line) return true;
    }
    return false;
}

Complaint *refs_complain(Refs *refs, Place place, const char *fmt, ...)
{
    char    message[240];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    if (told_already(refs, place)) return NULL;
    return complain(refs->complaints, place, refs->quick ? tr("with --quick: %s") : "%s", message);
}

/* Does the text at the fault begin with the name that was asked for in vain? */
static bool is_missing(const Refs *refs, const char *text, Index at)
{
    size_t n = strlen(refs->known.missing);
    return n > 0 && at >= 0 && at <= (Index)strlen(text) &&
           strncmp(text + at, refs->known.missing, n) == 0;
}

static void tell_missing(Refs *refs, Place place, const ExprFault *fault)
{
    const char      *name = refs->known.missing;
    const KnownName *later = known_later(&refs->known, name);
    for (Index i = 0; i < refs->lesson->broken_count; i++) {
        if (strcmp(refs->lesson->broken[i], name) == 0) return; /* its command was told */
    }
    if (later == NULL) {
        Complaint *complaint = refs_complain(refs, place, tr("there is no value \"%s\""), name);
        if (fault->hint[0] != '\0') complain_hint(complaint, "%s", fault->hint);
    } else if (later->predict != NULL) {
        complain_hint(refs_complain(refs, place, tr("\"%s\" is not measured yet here"), name), "%s",
                      tr("it is compared once the run that it asks about is through"));
    } else {
        complain_hint(refs_complain(refs, place, tr("\"%s\" comes later, in step %s, line %td"),
                                    name, later->step->id, later->place.line),
                      "%s", tr("move this below that run"));
    }
}

/* False: memory. */
static bool tell(Refs *refs, const char *text, Place place, const ExprFault *fault,
                 const Error *error)
{
    if (error->code != ERR_INPUT && error->code != ERR_NUMERIC) {
        return error_set(refs->err, error->code, "%s", error->message);
    }
    if (text != NULL && is_missing(refs, text, fault->at)) {
        tell_missing(refs, place, fault);
        return true;
    }
    const char *message = fault->message[0] != '\0' ? fault->message : error->message;
    const char *hint = fault->hint[0] != '\0' ? fault->hint : error->hint;
    complain_hint(refs_complain(refs, place, "%s", message), "%s", hint);
    return true;
}

/* ---- texts and expressions -------------------------------------------------------------- */

static Place place_in(const Refs *refs, const char *text, Place place, TextLies lies, Index at)
{
    if (lies == TEXT_RAW) return lesson_place_raw(place.line, text, at);
    return lesson_place_joined(refs->source, place, at);
}

/* A value inside of `code` would show the backslashes that keep it from being markup. */
static Index find_value_in_code(const char *text)
{
    bool code = false;
    for (Index i = 0; text[i] != '\0'; i++) {
        if (text[i] == '\\' && text[i + 1] == '{')
            i++;
        else if (text[i] == '`')
            code = !code;
        else if (text[i] == '\n' && text[i + 1] == '\n')
            code = false;
        else if (text[i] == '{' && code)
            return i;
    }
    return -1;
}

bool check_fill(Refs *refs, const char *text, Place place, TextLies lies)
{
    if (text == NULL) return true;
    ExprFault fault = {0};
    Error     error = {0};
    Scope     scope = known_scope(&refs->known);
    Index     n = (Index)strlen(text), code = lies == TEXT_RAW ? find_value_in_code(text) : -1;
    if (code >= 0) {
        complain_hint(refs_complain(refs, place_in(refs, text, place, lies, code),
                                    tr("a value inside of `code`")),
                      "%s", tr("put it outside of the marks, or write \\{ for a brace"));
    }
    if (fill_check(text, n, &scope, &fault, &error)) return true;
    return tell(refs, text, place_in(refs, text, place, lies, fault.at), &fault, &error);
}

/* The text of an expression as it stands in the source, for finding a name in it. */
static bool name_is_at(Refs *refs, Place place)
{
    Slice line = lesson_line(refs->lesson, place.line);
    Slice rest = slice_from(line, slice_byte(line, place.col));
    return refs->known.missing[0] != '\0' && slice_starts(rest, refs->known.missing);
}

bool check_expr(Refs *refs, const Expr *expr, Place place, Datum **datum)
{
    if (datum != NULL) *datum = NULL;
    if (expr == NULL) return true; /* its fault was told when it was read */
    ExprFault fault = {0};
    Error     error = {0};
    Scope     scope = known_scope(&refs->known);
    Datum    *value = expr_eval(expr, &scope, &fault, &error);
    if (value == NULL) {
        Place where = lesson_place_joined(refs->lesson, place, fault.at);
        bool  missing = name_is_at(refs, where);
        fault.at = 0;
        return tell(refs, missing ? refs->known.missing : NULL, where, &fault, &error);
    }
    if (datum != NULL)
        *datum = value;
    else
        datum_drop(value);
    return true;
}

/* An expression that must be of a kind. */
static bool check_kind(Refs *refs, const Expr *expr, Place place, unsigned kinds, const char *must)
{
    Datum *datum;
    if (!check_expr(refs, expr, place, &datum)) return false;
    if (datum != NULL && (kinds >> datum->kind & 1) == 0) {
        refs_complain(refs, place, tr("this is a %s; %s"), datum_kind_name(datum->kind), must);
    }
    datum_drop(datum);
    return true;
}

static bool check_truth(Refs *refs, const Expr *expr, Place place)
{
    if (expr == NULL) return true;
    ExprFault fault = {0};
    Error     error = {0};
    Scope     scope = known_scope(&refs->known);
    bool      holds;
    if (expr_holds(expr, &scope, &holds, &fault, &error)) return true;
    Place where = lesson_place_joined(refs->lesson, place, fault.at);
    bool  missing = name_is_at(refs, where);
    fault.at = 0;
    return tell(refs, missing ? refs->known.missing : NULL, where, &fault, &error);
}

/* ---- blocks ----------------------------------------------------------------------------- */

static Place text_place(const Refs *refs, const Item *item)
{
    if (item->text_line < 1 || item->text_line > refs->source->line_count) return item->place;
    return lesson_place(refs->source, slice_trim(lesson_line(refs->source, item->text_line)).text);
}

static bool check_choices(Refs *refs, const Item *item)
{
    for (Index i = 0; i < item->choice_count; i++) {
        const Choice *choice = &item->choices[i];
        if (!check_fill(refs, choice->text, choice->place, TEXT_JOINED) ||
            !check_fill(refs, choice->feedback, choice->feedback_place, TEXT_JOINED)) {
            return false;
        }
    }
    for (Index i = 0; i < item->hint_count; i++) {
        if (!check_fill(refs, item->hints[i], item->hint_places[i], TEXT_JOINED)) return false;
    }
    return true;
}

static bool check_at(Refs *refs, const Item *item)
{
    if (item->at_text == NULL) return true;
    double   *numbers;
    Index     count;
    ExprFault fault = {0};
    Error     error = {0};
    Scope     scope = known_scope(&refs->known);
    if (lesson_numbers(item->at_text, &scope, &numbers, &count, &fault, &error)) {
        mem_free(numbers);
        return true;
    }
    Place place = lesson_place_joined(refs->lesson, item->at_place, fault.at);
    return tell(refs, item->at_text, place, &fault, &error);
}

/* What is measured may come later in the lesson, but must come. */
static bool check_measures(Refs *refs, const Item *item)
{
    static const unsigned number = 1u << DATUM_NUMBER | 1u << DATUM_YES;
    static const unsigned curve = 1u << DATUM_VECTOR | 1u << DATUM_SERIES;
    Index                 seen = refs->known.seen;
    bool                  ok = true;
    known_advance(&refs->known, KNOWN_ORDER(10000000, 0));
    if (item->predict == PREDICT_NUMBER) {
        ok = check_kind(refs, item->measure, item->measure_place, number,
                        tr("a prediction of kind=number needs one number"));
    } else if (item->predict == PREDICT_CURVE) {
        ok = check_kind(refs, item->measure, item->measure_place, curve,
                        tr("a curve needs a vector or a series"));
    }
    for (Index i = 0; ok && i < item->choice_count; i++) {
        const Choice *choice = &item->choices[i];
        ok = item->predict == PREDICT_CHOICE
                 ? check_truth(refs, choice->truth, choice->truth_place)
                 : check_kind(refs, choice->truth, choice->truth_place, number,
                              tr("only numbers can be put in order"));
    }
    refs->known.seen = seen;
    return ok;
}

static bool check_asserts(Refs *refs, const Item *item)
{
    for (Index i = 0; i < item->assert_count; i++) {
        const AssertLine *line = &item->asserts[i];
        if (!check_truth(refs, line->expr, line->place) ||
            !check_fill(refs, line->reason, line->reason_place, TEXT_JOINED)) {
            return false;
        }
    }
    return true;
}

/* ---- ids of predictions ----------------------------------------------------------------- */

static const Item *find_predict(const Lesson *lesson, const char *id, bool *before,
                                const Item *here)
{
    *before = true;
    for (Index s = 0; s < lesson->count; s++) {
        for (Index i = 0; i < lesson->steps[s].count; i++) {
            const Item *item = &lesson->steps[s].items[i];
            if (item == here) *before = false;
            if (item->kind == ITEM_PREDICT && strcmp(item->id, id) == 0) return item;
        }
    }
    return NULL;
}

/* after=, for=, overlay=; a prediction that stands above. */
static void check_id(Refs *refs, const char *key, const char *id, bool curve)
{
    bool before;
    if (id == NULL) return;
    const Item *predict = find_predict(refs->lesson, id, &before, refs->item);
    Place       place = refs->item->place;
    if (predict == NULL) {
        complain_hint(refs_complain(refs, place, tr("%s=%s: no prediction has this id"), key, id),
                      "%s", tr("```predict id=... asks for it"));
    } else if (!before) {
        refs_complain(refs, place, tr("%s=%s: the prediction comes later, in line %td"), key, id,
                      predict->place.line);
    } else if (curve && predict->predict != PREDICT_CURVE) {
        refs_complain(refs, place, tr("%s=%s: only a prediction of kind=curve can be drawn"), key,
                      id);
    }
}

static void check_measured(Refs *refs, const Item *item)
{
    const KnownName *later = item->refers != NULL ? known_later(&refs->known, item->refers) : NULL;
    if (later == NULL || later->predict == NULL) return;
    complain_hint(
        refs_complain(refs, item->place, tr("for=%s: it is not measured yet here"), item->refers),
        "%s", tr("move this below the run that it asks about"));
}

/* ---- the walk --------------------------------------------------------------------------- */

static bool check_one(Refs *refs, const Item *item, Index order)
{
    bool translated = refs->lesson != refs->source;
    bool does = item->kind == ITEM_RUN || item->kind == ITEM_PLOT || item->kind == ITEM_ASSERT;
    refs->item = item;
    known_advance(&refs->known, order);
    if (translated && does) return true; /* the lesson's own, so looked at there */
    switch (item->kind) {
    case ITEM_PROSE:
        return check_fill(refs, item->text, (Place){item->text_line, 1}, TEXT_RAW);
    case ITEM_EXPLAIN:
        check_id(refs, "for", item->refers, false);
        check_measured(refs, item);
        return check_fill(refs, item->text, (Place){item->text_line, 1}, TEXT_RAW);
    case ITEM_PREDICT:
    case ITEM_QUIZ:
        return check_fill(refs, item->text, text_place(refs, item), TEXT_JOINED) &&
               check_choices(refs, item) &&
               (translated || (check_at(refs, item) && check_measures(refs, item)));
    case ITEM_RUN:
        check_id(refs, "after", item->refers, false);
        return check_run(refs, item, order);
    case ITEM_PLOT:
        check_id(refs, "overlay", item->overlay, true);
        return check_plot(refs, item);
    case ITEM_ASSERT:
        return check_asserts(refs, item);
    case ITEM_NOTE:
    case ITEM_PAUSE:
        break;
    }
    return true;
}

/* A result that hides a value or a prediction. */
static void check_names(Refs *refs)
{
    const Known *known = &refs->known;
    for (Index i = 0; i < known->count; i++) {
        const KnownName *name = &known->names[i];
        if (name->predict != NULL) continue;
        bool value = strcmp(name->name, "seed") == 0, guess = false;
        for (Index j = 0; j < refs->lesson->value_count; j++) {
            value = value || strcmp(refs->lesson->values[j].name, name->name) == 0;
        }
        for (Index j = 0; j < known->count; j++) {
            guess = guess || (known->names[j].predict != NULL &&
                              strcmp(known->names[j].name, name->name) == 0);
        }
        if (value || guess) {
            refs_complain(refs, name->place,
                          value ? tr("\"%s\" is the name of a value of the lesson already")
                                : tr("\"%s\" is the id of a prediction already"),
                          name->name);
        }
    }
}

static bool walk(Refs *refs)
{
    Index order = 0;
    for (Index s = 0; s < refs->lesson->count; s++) {
        const Step *step = &refs->lesson->steps[s];
        for (Index i = 0; i < step->count; i++) {
            if (!check_one(refs, &step->items[i], KNOWN_ORDER(order++, 0))) return false;
        }
    }
    return true;
}

static bool pass(const Lesson *lesson, const Lesson *source, bool quick, Complaints *complaints,
                 Error *err)
{
    Refs refs = {
        .lesson = lesson, .source = source, .complaints = complaints, .quick = quick, .err = err};
    bool ok = known_open(&refs.known, lesson, quick, err) && known_add_results(&refs.known, err);
    if (ok) {
        check_names(&refs);
        ok = walk(&refs);
    }
    known_close(&refs.known);
    return ok;
}

bool check_references(const Lesson *lesson, const Lesson *source, Complaints *complaints,
                      Error *err)
{
    bool quick = false;
    for (Index i = 0; i < lesson->value_count; i++) {
        quick = quick || lesson->values[i].quick != NULL;
    }
    return pass(lesson, source, false, complaints, err) &&
           (!quick || pass(lesson, source, true, complaints, err));
}
