/* References of commands and plots. */

#include <string.h>

#include "core/base/mem.h"
#include "lessons/engine/lesson_check.h"
#include "lessons/engine/lesson_parts.h"

/* ---- commands --------------------------------------------------------------------------- */

/* The keys of a sweep are names inside its own braces, with the value of each run. */
static bool see_axes(Refs *refs, const VerbLine *line, Error *err)
{
    const Datum *table = NULL;
    if (line->axis_count > 0) {
        const KnownName *name = &refs->known.names[refs->known.seen];
        table = refs->known.seen < refs->known.count ? name->datum : NULL;
    }
    return known_set_rows(&refs->known, table, err);
}

static Place word_place(const Refs *refs, const Item *item, Index line, Index at)
{
    return lesson_place_joined(refs->lesson, item->line_places[line], at);
}

/* A matrix that is given by an expression. */
static bool check_operand(Refs *refs, const Item *item, Index at, const VerbWord *word)
{
    ExprFault fault = {0};
    Error     error = {0};
    Datum    *datum = NULL;
    Expr     *expr = expr_parse(word->value, (Index)strlen(word->value), &fault, &error);
    Place     place = word_place(refs, item, at, word->value_at);
    if (expr == NULL)
        return error.code == ERR_INPUT || error_set(refs->err, error.code, "%s", error.message);
    bool ok = check_expr(refs, expr, place, &datum);
    expr_free(expr);
    if (datum != NULL) {
        bool record = datum->kind == DATUM_RECORD && datum_member(datum, "matrix") != NULL;
        bool fits = record || datum->kind == DATUM_MATRIX || datum->kind == DATUM_VECTOR;
        if (!fits) {
            refs_complain(refs, place, tr("this is a %s; %s wants a matrix"),
                          datum_kind_name(datum->kind), item->lines[at]->verb->command.name);
        }
    }
    datum_drop(datum);
    return ok;
}

/* A trained adapter by its name. */
static bool check_adapter(Refs *refs, const Item *item, Index at, const VerbWord *word)
{
    Place place = word_place(refs, item, at, word->value_at);
    Scope scope = known_scope(&refs->known);
    bool  none = strcmp(word->value, "base") == 0 || strcmp(word->value, "none") == 0;
    if (none || fill_needed(word->value) || scope.find(scope.context, word->value) != NULL) {
        return true;
    }
    const KnownName *later = known_later(&refs->known, word->value);
    if (later != NULL) {
        complain_hint(refs_complain(refs, place, tr("\"%s\" comes later, in step %s, line %td"),
                                    word->value, later->step->id, later->place.line),
                      "%s", tr("move this below that run"));
        return true;
    }
    const char *near = scope.nearest(scope.context, word->value);
    Complaint  *complaint =
        refs_complain(refs, place, tr("no adapter is called \"%s\""), word->value);
    if (near != NULL) complain_hint(complaint, tr("did you mean \"%s\"?"), near);
    return true;
}

static bool tell_args(Refs *refs, const Item *item, Index at, const ExprFault *fault,
                      const Error *error)
{
    if (error->code != ERR_INPUT) return error_set(refs->err, error->code, "%s", error->message);
    const char *message = fault->message[0] != '\0' ? fault->message : error->message;
    complain_hint(refs_complain(refs, word_place(refs, item, at, fault->at), "%s", message), "%s",
                  fault->hint);
    return true;
}

/* Type and range of what the braces give, for the first run of a sweep, where they ask for no
 * result: then the argument is known before anything runs. */
static bool check_filled(Refs *refs, const Item *item, Index at)
{
    const VerbLine *line = item->lines[at];
    char          **words[VERB_AXES_MAX] = {NULL};
    Index           counts[VERB_AXES_MAX] = {0};
    const char     *picks[VERB_AXES_MAX] = {NULL};
    ExprFault       fault = {0};
    Error           error = {0};
    Scope           scope = known_scope(&refs->known);
    Index           seen = refs->known.seen;
    bool            fine = true;
    refs->known.seen = 0;
    for (Index a = 0; fine && a < line->axis_count; a++) {
        fine = verb_line_values(line, a, &scope, &words[a], &counts[a], &fault, &error);
        if (fine) picks[a] = words[a][0];
        if (!fine) counts[a] = 0;
    }
    if (fine) {
        Args *args = verb_line_args(line, picks, &scope, &fault, &error);
        fine = args != NULL;
        args_free(args);
    }
    refs->known.seen = seen;
    bool result = refs->known.missing[0] != '\0' && error.code == ERR_INPUT;
    bool ok = fine || result || tell_args(refs, item, at, &fault, &error);
    for (Index a = 0; a < line->axis_count; a++) {
        if (counts[a] > 0) verb_words_free(words[a], counts[a]);
    }
    return ok;
}

static bool check_word(Refs *refs, const Item *item, Index at, const VerbWord *word)
{
    const char *operands = item->lines[at]->verb->command.operands;
    if (word->value == NULL) return true;
    bool adapter = word->key != NULL && strcmp(word->key, "adapter") == 0;
    if (word->key == NULL && strncmp(operands, "MATRIX", 6) == 0 && !fill_needed(word->value)) {
        return check_operand(refs, item, at, word);
    }
    if (adapter || (word->key == NULL && strncmp(operands, "NAME", 4) == 0)) {
        return check_adapter(refs, item, at, word);
    }
    return !fill_needed(word->value) ||
           check_fill(refs, word->value, word_place(refs, item, at, word->value_at), TEXT_JOINED);
}

static bool check_command(Refs *refs, const Item *item, Index at)
{
    const VerbLine *line = item->lines[at];
    Index           before = refs->complaints->count;
    if (!see_axes(refs, line, refs->err)) return false;
    for (Index i = 0; i < line->count; i++) {
        if (!check_word(refs, item, at, &line->words[i])) return false;
    }
    if (refs->complaints->count == before && !check_filled(refs, item, at)) return false;
    return known_set_rows(&refs->known, NULL, refs->err);
}

bool check_run(Refs *refs, const Item *item, Index order)
{
    for (Index i = 0; i < item->line_count; i++) {
        known_advance(&refs->known, order + i);
        if (!check_command(refs, item, i)) return false;
    }
    return true;
}

/* ---- plots ------------------------------------------------------------------------------ */

static bool has_series(const Datum *record)
{
    for (Index i = 0; i < record->count; i++) {
        if (record->items[i]->kind == DATUM_SERIES) return true;
    }
    return false;
}

static bool can_be_drawn(FigureKind figure, const Datum *y)
{
    if (figure == FIGURE_HEAT) return y->kind == DATUM_MATRIX;
    bool scalar = y->kind == DATUM_NUMBER || y->kind == DATUM_YES;
    switch (y->kind) {
    case DATUM_NUMBER:
    case DATUM_YES:
        return figure != FIGURE_STACK && scalar;
    case DATUM_RECORD:
        return figure != FIGURE_BAR && has_series(y);
    case DATUM_LIST:
        return y->blank || y->count == 0 || can_be_drawn(figure, y->items[0]);
    case DATUM_SERIES:
        return figure != FIGURE_BAR;
    case DATUM_VECTOR:
    case DATUM_MATRIX:
        return true;
    case DATUM_TABLE:
    case DATUM_TEXT:
        break;
    }
    return false;
}

static const char *figure_name(FigureKind figure)
{
    return figure == FIGURE_LINE   ? "line"
           : figure == FIGURE_BAR  ? "bar"
           : figure == FIGURE_HEAT ? "heat"
                                   : "stack";
}

static void check_drawn(Refs *refs, const Item *item, const PlotLine *line, const Datum *y)
{
    if (!can_be_drawn(item->figure, y)) {
        Complaint *complaint = refs_complain(refs, line->place, tr("kind=%s cannot draw a %s"),
                                             figure_name(item->figure), datum_kind_name(y->kind));
        bool       members = y->kind == DATUM_TABLE || y->kind == DATUM_RECORD;
        if (members) complain_hint(complaint, "%s", tr("name one of its members"));
        if (item->figure == FIGURE_HEAT) complain_hint(complaint, "%s", tr("it wants a matrix"));
    }
    bool unknown = y->blank && y->axis_count == 0;
    if (line->band != NULL && !unknown && datum_axis(y, line->band) == NULL) {
        refs_complain(refs, line->place, tr("band %s: what is drawn has no such axis"), line->band);
    }
}

static bool check_plot_line(Refs *refs, const Item *item, const PlotLine *line)
{
    Datum *y;
    if (!check_expr(refs, line->y, line->place, &y)) return false;
    if (y == NULL) return true;
    check_drawn(refs, item, line, y);
    bool ok = known_set_rows(&refs->known, y, refs->err) &&
              check_expr(refs, line->x, line->x_place, NULL) &&
              check_fill(refs, line->label, line->label_place, TEXT_JOINED);
    ok = known_set_rows(&refs->known, NULL, refs->err) && ok;
    datum_drop(y);
    return ok;
}

bool check_plot(Refs *refs, const Item *item)
{
    Place place = item->place;
    if (!check_fill(refs, item->title, place, TEXT_JOINED)) return false;
    if (item->figure == FIGURE_HEAT && item->plot_count > 1) {
        refs_complain(refs, item->plots[1].place, tr("kind=heat draws one matrix"));
    }
    for (Index i = 0; i < item->plot_count; i++) {
        if (!check_plot_line(refs, item, &item->plots[i])) return false;
    }
    return true;
}
