/* Building a figure. Everything is copied; the first allocation that fails makes it `failed`. */

#include "core/figure/figure.h"

#include <string.h>

#include "core/base/mem.h"

Figure *figure_create(FigureKind kind, const char *title, Error *err)
{
    Figure *figure = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *figure, err);
    if (figure == NULL) return NULL;
    figure->kind = kind;
    figure->title = mem_strdup(title == NULL ? "" : title, err);
    if (figure->title != NULL) return figure;
    mem_free(figure);
    return NULL;
}

static void free_series(FigureSeries *series)
{
    mem_free(series->label);
    mem_free(series->x);
    mem_free(series->y);
    mem_free(series->low);
    mem_free(series->high);
}

void figure_free(Figure *figure)
{
    if (figure == NULL) return;
    for (Index i = 0; i < figure->count; i++) free_series(&figure->series[i]);
    for (Index i = 0; i < figure->categories; i++) mem_free(figure->category[i]);
    mem_free(figure->series);
    mem_free(figure->category);
    mem_free(figure->heat);
    mem_free(figure->x.title);
    mem_free(figure->x.unit);
    mem_free(figure->y.title);
    mem_free(figure->y.unit);
    mem_free(figure->title);
    mem_free(figure);
}

bool figure_ok(const Figure *figure, Error *err)
{
    if (!figure->failed) return true;
    return error_set(err, ERR_MEMORY, tr("out of memory while building a figure"));
}

/* ---- copies ----------------------------------------------------------------------------- */

static void replace_text(Figure *figure, char **slot, const char *text)
{
    char *copy = text == NULL ? NULL : mem_strdup(text, NULL);
    if (text != NULL && copy == NULL) figure->failed = true;
    mem_free(*slot);
    *slot = copy;
}

static double *copy_numbers(Figure *figure, const double *from, Index n)
{
    double *copy = mem_alloc_raw(mem_program(), MEM_TEXT, n, sizeof *copy, NULL);
    if (copy == NULL) {
        figure->failed = true;
    } else if (n > 0) {
        memcpy(copy, from, (size_t)n * sizeof *copy);
    }
    return copy;
}

/* Room for one more at the end of a list; NULL marks the figure as failed. */
static void *grow(Figure *figure, void *list, Index count, Index size)
{
    void *grown = mem_resize(list, mem_program(), MEM_TEXT, count + 1, size, NULL);
    if (grown == NULL) figure->failed = true;
    return grown;
}

/* ---- building --------------------------------------------------------------------------- */

void figure_axis(Figure *figure, char which, const char *title, const char *unit, bool log)
{
    CHECK(which == 'x' || which == 'y');
    FigureAxis *axis = which == 'x' ? &figure->x : &figure->y;
    replace_text(figure, &axis->title, title);
    replace_text(figure, &axis->unit, unit);
    axis->log = log;
}

static double *copy_x(Figure *figure, const double *x, Index n)
{
    if (x != NULL) return copy_numbers(figure, x, n);
    double *counted = mem_alloc_raw(mem_program(), MEM_TEXT, n, sizeof *counted, NULL);
    if (counted == NULL) figure->failed = true;
    for (Index i = 0; counted != NULL && i < n; i++) counted[i] = (double)i;
    return counted;
}

Index figure_series(Figure *figure, const char *label, const double *x, const double *y, Index n)
{
    CHECK(n >= 0 && (n == 0 || y != NULL));
    if (figure->failed) return -1;
    FigureSeries *list = grow(figure, figure->series, figure->count, sizeof *list);
    if (list == NULL) return -1;
    figure->series = list;

    FigureSeries series = {.n = n};
    replace_text(figure, &series.label, label == NULL ? "" : label);
    series.x = copy_x(figure, x, n);
    series.y = copy_numbers(figure, y, n);
    if (figure->failed) {
        free_series(&series);
        return -1;
    }
    list[figure->count] = series;
    return figure->count++;
}

void figure_band(Figure *figure, Index series, const double *low, const double *high)
{
    if (figure->failed) return;
    CHECK(series >= 0 && series < figure->count);
    FigureSeries *s = &figure->series[series];
    mem_free(s->low);
    mem_free(s->high);
    s->low = copy_numbers(figure, low, s->n);
    s->high = copy_numbers(figure, high, s->n);
}

void figure_category(Figure *figure, const char *name)
{
    if (figure->failed) return;
    char **list = grow(figure, figure->category, figure->categories, sizeof *list);
    if (list == NULL) return;
    figure->category = list;
    list[figure->categories] = NULL;
    replace_text(figure, &list[figure->categories], name == NULL ? "" : name);
    if (!figure->failed) figure->categories++;
}

void figure_heat(Figure *figure, const double *values, Index rows, Index cols)
{
    CHECK(rows >= 0 && cols >= 0);
    if (figure->failed) return;
    Index cells;
    if (__builtin_mul_overflow(rows, cols, &cells)) {
        figure->failed = true;
        return;
    }
    mem_free(figure->heat);
    figure->heat = copy_numbers(figure, values, cells);
    figure->rows = figure->heat == NULL ? 0 : rows;
    figure->cols = figure->heat == NULL ? 0 : cols;
}
