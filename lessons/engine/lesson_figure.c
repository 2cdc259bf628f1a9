/*
 * From a plot block and the values to a Figure.
 *
 *   line    each line's value becomes series: a series as it is, a list one a row, a matrix one a
 *           row, a vector over its first axis (or what "vs" says), one series for each value of
 *           its other axes, but for the axis of "band", over which mean, lowest and highest are
 *           taken
 *   bar     scalars side by side, or a vector's values over its axis
 *   heat    a matrix
 *   stack   series over a common x; a record gives its members that are series
 */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "lessons/engine/figure_points.h"

#define POINTS_MAX 2000 /* buckets a series is thinned to */

typedef struct Painter {
    const Item  *item;
    const Scope *scope;
    Figure      *figure;
    char         x_name[64]; /* of the first value, "" while unknown */
    const char  *unit;
    bool         mixed; /* units differ */
    bool         timed;
} Painter;

static void note_x(Painter *p, const char *name)
{
    if (p->x_name[0] == '\0' && name != NULL) snprintf(p->x_name, sizeof p->x_name, "%s", name);
}

static void note_unit(Painter *p, const Datum *datum)
{
    if (p->unit == NULL) p->unit = datum->unit;
    if (datum->unit != NULL && p->unit != NULL && strcmp(datum->unit, p->unit) != 0) {
        p->mixed = true;
    }
    p->timed = p->timed || datum->timed;
}

/* ---- labels ---- */

/* One label for several curves of a vector is told apart by what differs between them. */
static void add_difference(Str *text, const PlotLine *line, const Datum *rows, Index row)
{
    bool several = rows != NULL && rows->kind == DATUM_VECTOR;
    if (!several || strchr(line->label, '{') != NULL) return;
    for (Index a = 0; a < rows->axis_count; a++) {
        const DatumAxis *axis = &rows->axes[a];
        if (points_across(line, rows, a)) str_addf(text, ", %s = %s", axis->name, axis->word[row]);
    }
}

/* The label with its braces filled in: names of axes stand for this row's words. */
static char *label_text(Painter *p, const PlotLine *line, const Datum *rows, Index row, Error *err)
{
    Str     text = {0};
    RowView view = {.below = p->scope, .rows = rows, .row = row};
    Scope   scope = row_scope(&view);

    if (line->label != NULL) {
        Index n = (Index)strlen(line->label);
        bool  ok = fill_text(&text, line->label, n, &scope, false, NULL, err);
        row_view_free(&view);
        if (ok) add_difference(&text, line, rows, row);
        if (ok) return str_take(&text, err);
        str_free(&text);
        return NULL;
    }
    for (Index a = 0; rows != NULL && a < rows->axis_count; a++) {
        /* A word says itself what it is; a number needs its axis. */
        bool word = !isfinite(rows->axes[a].number[row]);
        str_addf(&text, "%s%s%s%s", a > 0 ? ", " : "", word ? "" : rows->axes[a].name,
                 word ? "" : " = ", rows->axes[a].word[row]);
    }
    return str_take(&text, err);
}

static bool add_series(Painter *p, const PlotLine *line, const Datum *rows, Index row,
                       const double *x, const double *y, Index n, Error *err)
{
    char *label = label_text(p, line, rows, row, err);
    if (label == NULL) return false;
    double *places = x == NULL ? mem_alloc(mem_program(), MEM_TEXT, n, sizeof *x, err) : NULL;
    bool    ok = x != NULL || places != NULL;
    for (Index i = 0; places != NULL && i < n; i++) places[i] = (double)(i + 1);
    ok = ok && (figure_series(p->figure, label, x != NULL ? x : places, y, n) >= 0 ||
                figure_ok(p->figure, err));
    mem_free(places);
    mem_free(label);
    return ok;
}

/* ---- kinds of values ---- */

static bool add_vector(Painter *p, const PlotLine *line, const Datum *y, Error *err)
{
    Points points = {.words = p->item->figure == FIGURE_BAR};
    bool   ok = points_make(&points, line, y, p->scope, err);
    for (Index g = 0; ok && g < points.groups; g++) {
        const PointGroup *group = &points.group[g];
        Index             before = p->figure->count;
        ok = add_series(p, line, y, group->row, group->x, group->y, group->n, err);
        if (ok && line->band != NULL && p->figure->count > before) {
            figure_band(p->figure, before, group->low, group->high);
        }
    }
    for (Index c = 0; ok && c < points.category_count && p->figure->categories == c; c++) {
        figure_category(p->figure, points.category[c]);
    }
    note_x(p, points.x_name);
    points_free(&points);
    return ok;
}

static bool add_matrix_rows(Painter *p, const PlotLine *line, const Datum *y, Error *err)
{
    for (Index row = 0; row < y->rows; row++) {
        if (!add_series(p, line, NULL, 0, NULL, y->values + row * y->cols, y->cols, err)) {
            return false;
        }
    }
    return true;
}

static bool add_value(Painter *p, const PlotLine *line, const Datum *y, const Datum *rows,
                      Index row, Error *err);

static bool add_rows(Painter *p, const PlotLine *line, const Datum *list, Error *err)
{
    for (Index i = 0; i < list->count; i++) {
        if (!add_value(p, line, list->items[i], list, i, err)) return false;
    }
    return true;
}

/* Members that are series, labelled by their names: bytes by purpose. */
static bool add_members(Painter *p, const Datum *record, Error *err)
{
    for (Index i = 0; i < record->count; i++) {
        const Datum *member = record->items[i];
        if (member->kind != DATUM_SERIES) continue;
        note_unit(p, member);
        note_x(p, member->x_name);
        Index at =
            figure_series(p->figure, record->keys[i], member->x, member->values, member->rows);
        if (at < 0 && !figure_ok(p->figure, err)) return false;
    }
    return true;
}

static bool add_value(Painter *p, const PlotLine *line, const Datum *y, const Datum *rows,
                      Index row, Error *err)
{
    double position = (double)(row + 1);
    note_unit(p, y);
    switch (y->kind) {
    case DATUM_SERIES:
        note_x(p, y->x_name);
        return add_series(p, line, rows, row, y->x, y->values, y->rows, err);
    case DATUM_VECTOR:
        if (rows != NULL && y->axis_count == 0) {
            return add_series(p, line, rows, row, NULL, y->values, y->rows, err);
        }
        return add_vector(p, line, y, err);
    case DATUM_NUMBER:
    case DATUM_YES:
        return add_series(p, line, rows, row, &position, &y->number, 1, err);
    case DATUM_MATRIX:
        return add_matrix_rows(p, line, y, err);
    case DATUM_LIST:
        return add_rows(p, line, y, err);
    case DATUM_RECORD:
        return add_members(p, y, err);
    case DATUM_TABLE:
    case DATUM_TEXT:
        break;
    }
    return error_set(err, ERR_INPUT, tr("a %s cannot be drawn"), datum_kind_name(y->kind));
}

/* ---- bars ---- */

/* Scalars of all lines are one series over the lines' labels. */
static bool add_bar(Painter *p, const PlotLine *line, const Datum *y, double *heights, Index *count,
                    Error *err)
{
    if (y->kind != DATUM_NUMBER && y->kind != DATUM_YES) {
        return add_value(p, line, y, NULL, 0, err);
    }
    note_unit(p, y);
    char *label = label_text(p, line, NULL, 0, err);
    if (label == NULL) return false;
    figure_category(p->figure, label);
    heights[(*count)++] = y->number;
    mem_free(label);
    return true;
}

static bool paint_bars(Painter *p, Error *err)
{
    Index   n = p->item->plot_count, count = 0;
    double *heights = mem_alloc(mem_program(), MEM_TEXT, n, sizeof *heights, err);
    bool    ok = heights != NULL;

    for (Index i = 0; ok && i < n; i++) {
        const PlotLine *line = &p->item->plots[i];
        Datum          *y = expr_eval(line->y, p->scope, NULL, err);
        ok = y != NULL && add_bar(p, line, y, heights, &count, err);
        datum_drop(y);
    }
    if (ok && count > 0) {
        const char *label = p->item->y_title != NULL ? p->item->y_title : "";
        ok =
            figure_series(p->figure, label, NULL, heights, count) >= 0 || figure_ok(p->figure, err);
    }
    mem_free(heights);
    return ok;
}

static bool paint_lines(Painter *p, Error *err)
{
    for (Index i = 0; i < p->item->plot_count; i++) {
        const PlotLine *line = &p->item->plots[i];
        Datum          *y = expr_eval(line->y, p->scope, NULL, err);
        bool            ok = y != NULL && add_value(p, line, y, NULL, 0, err);
        datum_drop(y);
        if (!ok) return false;
    }
    return true;
}

static bool paint_heat(Painter *p, Error *err)
{
    if (p->item->plot_count == 0) return true;
    Datum *m = expr_eval(p->item->plots[0].y, p->scope, NULL, err);
    if (m == NULL) return false;
    bool ok = m->kind == DATUM_MATRIX;
    if (ok) figure_heat(p->figure, m->values, m->rows, m->cols);
    if (!ok) {
        error_set(err, ERR_INPUT, tr("kind=heat draws a matrix, not a %s"),
                  datum_kind_name(m->kind));
    }
    note_unit(p, m);
    datum_drop(m);
    return ok;
}

/* ---- the whole ---- */

/* The x that the guess was asked at is the number itself, or its category's place. */
static bool add_guess_curve(Painter *p, const Guess *guess, Error *err)
{
    if (guess == NULL || guess->count == 0 || guess->at_count == 0) return true;
    bool  places = p->figure->categories > 0;
    Index at = figure_series(p->figure, tr("predicted"), places ? NULL : guess->at, guess->numbers,
                             guess->count);
    if (at < 0) return figure_ok(p->figure, err);
    p->figure->series[at].guess = true;
    return true;
}

static void set_axes(Painter *p)
{
    const Item *item = p->item;
    const char *x = item->x_title != NULL ? item->x_title : p->x_name[0] != '\0' ? p->x_name : NULL;
    figure_axis(p->figure, 'x', x, NULL, item->log_x);
    figure_axis(p->figure, 'y', item->y_title, p->mixed ? NULL : p->unit, item->log_y);
}

static bool paint(Painter *p, const Guess *guess, Error *err)
{
    bool ok = false;
    switch (p->item->figure) {
    case FIGURE_LINE:
    case FIGURE_STACK:
        ok = paint_lines(p, err);
        break;
    case FIGURE_BAR:
        ok = paint_bars(p, err);
        break;
    case FIGURE_HEAT:
        ok = paint_heat(p, err);
        break;
    }
    if (!ok || !add_guess_curve(p, guess, err)) return false;
    set_axes(p);
    return figure_ok(p->figure, err) && figure_thin(p->figure, POINTS_MAX, err);
}

Figure *lesson_figure(const Item *item, const Scope *scope, const Guess *guess, bool *timed,
                      ExprFault *fault, Error *err)
{
    Str     title = {0};
    Painter p = {.item = item, .scope = scope};
    Index   n = item->title != NULL ? (Index)strlen(item->title) : 0;

    if (n == 0 || fill_text(&title, item->title, n, scope, false, fault, err)) {
        p.figure = str_ok(&title, err) ? figure_create(item->figure, str_text(&title), err) : NULL;
    }
    str_free(&title);
    if (p.figure == NULL) return NULL;
    if (paint(&p, guess, err)) {
        *timed = p.timed;
        return p.figure;
    }
    figure_free(p.figure);
    return NULL;
}
