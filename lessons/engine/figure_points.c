/* Sorting a vector's elements into curves. */

#include "lessons/engine/figure_points.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"

/* ---- axes as names ---- */

static Index axis_of(const Datum *datum, const char *name)
{
    for (Index a = 0; datum != NULL && a < datum->axis_count; a++) {
        if (strcmp(datum->axes[a].name, name) == 0) return a;
    }
    return -1;
}

static Index element_count(const Datum *datum)
{
    return datum->kind == DATUM_VECTOR ? datum->rows : datum->count;
}

static Datum *axis_datum(const RowView *view, const DatumAxis *axis)
{
    if (view->whole) return datum_vector(axis->number, element_count(view->rows), NULL, NULL);
    if (isfinite(axis->number[view->row])) {
        return datum_number(axis->number[view->row], NULL, NULL);
    }
    const char *word = axis->word[view->row];
    return datum_text(word, (Index)strlen(word), NULL);
}

static const Datum *row_find(void *context, const char *name)
{
    RowView *view = context;
    Index    a = axis_of(view->rows, name);
    if (a < 0 || a >= (Index)(sizeof view->made / sizeof *view->made)) {
        return view->below->find(view->below->context, name);
    }
    if (view->made[a] == NULL) view->made[a] = axis_datum(view, &view->rows->axes[a]);
    return view->made[a];
}

static const char *row_nearest(void *context, const char *name)
{
    const RowView *view = context;
    if (view->below->nearest == NULL) return NULL;
    return view->below->nearest(view->below->context, name);
}

Scope row_scope(RowView *view)
{
    return (Scope){.context = view, .find = row_find, .nearest = row_nearest};
}

void row_view_free(RowView *view)
{
    for (size_t i = 0; i < sizeof view->made / sizeof *view->made; i++) {
        datum_drop(view->made[i]);
        view->made[i] = NULL;
    }
}

/* ---- x of each element ---- */

typedef struct Plan {
    const Datum *y;
    Index        x_axis, band_axis; /* -1: none */
    Index        along_axis;        /* -1: none; a curve goes along it, at an x of its own */
    double      *x;                 /* [n] */
} Plan;

static bool varies(const DatumAxis *axis, Index n)
{
    for (Index i = 1; i < n; i++) {
        if (strcmp(axis->word[i], axis->word[0]) != 0) return true;
    }
    return false;
}

/* The first axis that varies and is not the band's; -1: positions. */
static Index usual_axis(const Plan *plan)
{
    for (Index a = 0; a < plan->y->axis_count; a++) {
        if (a != plan->band_axis && varies(&plan->y->axes[a], plan->y->rows)) return a;
    }
    return plan->y->axis_count > 0 && plan->band_axis != 0 ? 0 : -1;
}

/* "vs" other measurements: the points of the only axis that varies make one curve; -1: several. */
static Index only_axis(const Plan *plan)
{
    Index found = -1;
    for (Index a = 0; a < plan->y->axis_count; a++) {
        if (a == plan->band_axis || !varies(&plan->y->axes[a], plan->y->rows)) continue;
        if (found >= 0) return -1;
        found = a;
    }
    return found;
}

static bool has_words(const DatumAxis *axis, Index n)
{
    for (Index i = 0; i < n; i++) {
        if (!isfinite(axis->number[i])) return true;
    }
    return false;
}

/* Words get places 0, 1, 2 ... in order of appearance. */
static bool number_words(Points *points, const Plan *plan, Error *err)
{
    const DatumAxis *axis = plan->x_axis >= 0 ? &plan->y->axes[plan->x_axis] : NULL;
    Index            n = plan->y->rows;
    points->category = mem_alloc(mem_program(), MEM_TEXT, n, sizeof(char *), err);
    if (points->category == NULL) return false;
    for (Index i = 0; i < n; i++) {
        char place[24];
        snprintf(place, sizeof place, "%td", i + 1);
        const char *word = axis != NULL ? axis->word[i] : place;
        Index       at = 0;
        while (at < points->category_count && strcmp(points->category[at], word) != 0) at++;
        if (at == points->category_count) {
            points->category[at] = mem_strdup(word, err);
            if (points->category[at] == NULL) return false;
            points->category_count++;
        }
        plan->x[i] = (double)at;
    }
    return true;
}

/* "vs EXPR", where the names of y's axes stand for vectors over its elements. */
static bool eval_x(Plan *plan, const Expr *expr, const Scope *scope, Error *err)
{
    RowView view = {.below = scope, .rows = plan->y, .whole = true};
    Scope   over = row_scope(&view);
    Datum  *x = expr_eval(expr, &over, NULL, err);
    bool    fits = x != NULL && x->kind == DATUM_VECTOR && x->rows == plan->y->rows;

    if (fits) memcpy(plan->x, x->values, (size_t)x->rows * sizeof(double));
    if (x != NULL && !fits) {
        error_set(err, ERR_INPUT, tr("what stands after vs has %td values, not %td"),
                  x->kind == DATUM_VECTOR ? x->rows : 1, plan->y->rows);
    }
    datum_drop(x);
    row_view_free(&view);
    return fits;
}

static void plan_axes(Plan *plan, const PlotLine *line)
{
    bool one = line->x != NULL && expr_names(line->x) == 1;
    plan->band_axis = line->band != NULL ? axis_of(plan->y, line->band) : -1;
    plan->x_axis = one ? axis_of(plan->y, expr_name(line->x, 0)) : -1;
    if (line->x == NULL) plan->x_axis = usual_axis(plan);
    plan->along_axis = plan->x_axis < 0 && line->x != NULL ? only_axis(plan) : -1;
}

bool points_across(const PlotLine *line, const Datum *y, Index a)
{
    Plan plan = {.y = y};
    plan_axes(&plan, line);
    bool spent = a == plan.x_axis || a == plan.band_axis || a == plan.along_axis;
    return !spent && varies(&y->axes[a], y->rows);
}

static bool plan_x(Points *points, Plan *plan, const PlotLine *line, const Scope *scope, Error *err)
{
    Index            n = plan->y->rows;
    const DatumAxis *axis = plan->x_axis >= 0 ? &plan->y->axes[plan->x_axis] : NULL;
    if (axis != NULL) points->x_name = axis->name;
    if (points->words || (axis != NULL && has_words(axis, n))) {
        return number_words(points, plan, err);
    }
    if (axis != NULL) {
        memcpy(plan->x, axis->number, (size_t)n * sizeof(double));
    } else {
        for (Index i = 0; i < n; i++) plan->x[i] = (double)(i + 1);
    }
    return line->x == NULL || eval_x(plan, line->x, scope, err);
}

/* ---- groups ---- */

/* Two elements are of one curve when all axes agree but those it goes along and its band. */
static bool same_curve(const Plan *plan, Index i, Index j)
{
    for (Index a = 0; a < plan->y->axis_count; a++) {
        if (a == plan->x_axis || a == plan->band_axis || a == plan->along_axis) continue;
        if (strcmp(plan->y->axes[a].word[i], plan->y->axes[a].word[j]) != 0) return false;
    }
    return true;
}

/* Enter one value at x; values that share it become their mean, lowest and highest. */
static void enter(PointGroup *group, double *share, double x, double y, bool band)
{
    Index at = 0;
    while (at < group->n && (!band || group->x[at] != x)) at++;
    if (at == group->n) {
        group->x[at] = x;
        group->y[at] = 0;
        group->low[at] = group->high[at] = y;
        share[at] = 0;
        group->n++;
    }
    share[at]++;
    group->y[at] += (y - group->y[at]) / share[at];
    group->low[at] = fmin(group->low[at], y);
    group->high[at] = fmax(group->high[at], y);
}

static bool fill_group(PointGroup *group, const Plan *plan, Index first, bool *taken, Error *err)
{
    Index   n = plan->y->rows;
    double *room = mem_alloc(mem_program(), MEM_TEXT, 5 * n, sizeof *room, err);
    if (room == NULL) return false;
    *group = (PointGroup){
        .row = first, .x = room, .y = room + n, .low = room + 2 * n, .high = room + 3 * n};
    for (Index i = first; i < n; i++) {
        if (taken[i] || !same_curve(plan, first, i)) continue;
        taken[i] = true;
        enter(group, room + 4 * n, plan->x[i], plan->y->values[i], plan->band_axis >= 0);
    }
    return true;
}

static bool make_groups(Points *points, const Plan *plan, Error *err)
{
    Index n = plan->y->rows;
    bool *taken = mem_alloc(mem_program(), MEM_TEXT, n, sizeof *taken, err);
    points->group = mem_alloc(mem_program(), MEM_TEXT, n, sizeof *points->group, err);
    bool ok = taken != NULL && points->group != NULL;
    for (Index i = 0; ok && i < n; i++) {
        if (taken[i]) continue;
        ok = fill_group(&points->group[points->groups], plan, i, taken, err);
        if (ok) points->groups++;
    }
    mem_free(taken);
    return ok;
}

bool points_make(Points *points, const PlotLine *line, const Datum *y, const Scope *scope,
                 Error *err)
{
    Plan plan = {.y = y};
    plan_axes(&plan, line);
    if (line->band != NULL && plan.band_axis < 0) {
        return error_set(err, ERR_INPUT, tr("the values have no axis \"%.60s\" for a band"),
                         line->band);
    }
    plan.x = mem_alloc(mem_program(), MEM_TEXT, y->rows, sizeof *plan.x, err);
    bool ok = plan.x != NULL && plan_x(points, &plan, line, scope, err) &&
              make_groups(points, &plan, err);
    mem_free(plan.x);
    return ok;
}

void points_free(Points *points)
{
    for (Index g = 0; g < points->groups; g++) mem_free(points->group[g].x);
    mem_free(points->group);
    values_free(points->category, points->category_count);
    *points = (Points){0};
}
