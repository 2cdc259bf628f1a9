/* Figures on a screen: their words spelled out and cleared of marks before they are drawn. */

#include <string.h>

#include "app/view/look_parts.h"
#include "core/base/mem.h"

enum { CHART_ROWS = 5, CHART_COLS = 20 }; /* what figure_draw draws a chart on */

/* ---- words ------------------------------------------------------------------------------ */

/* A clean copy; NULL stays NULL. mem_free it. */
static char *clean_word(const Look *look, const char *word, bool *failed)
{
    if (word == NULL) return NULL;
    Str clean = {0};
    look_clean(look, &clean, word);
    char *copy = str_take(&clean, NULL);
    if (copy == NULL) *failed = true;
    return copy;
}

static void clean_axis(const Look *look, FigureAxis *axis, bool *failed)
{
    axis->title = clean_word(look, axis->title, failed);
    axis->unit = clean_word(look, axis->unit, failed);
}

/* The lists of the copy are its own, the numbers in them the figure's. */
static bool copy_lists(Figure *copy, const Figure *figure)
{
    copy->series = mem_alloc(mem_program(), MEM_TEXT, figure->count, sizeof *copy->series, NULL);
    copy->category =
        mem_alloc(mem_program(), MEM_TEXT, figure->categories, sizeof *copy->category, NULL);
    return copy->series != NULL && copy->category != NULL;
}

static bool clean_copy(const Look *look, Figure *copy, const Figure *figure)
{
    bool failed = false;
    *copy = *figure;
    copy->title = clean_word(look, figure->title, &failed);
    clean_axis(look, &copy->x, &failed);
    clean_axis(look, &copy->y, &failed);
    if (!copy_lists(copy, figure)) return false;
    for (Index i = 0; i < figure->count; i++) {
        copy->series[i] = figure->series[i];
        copy->series[i].label = clean_word(look, figure->series[i].label, &failed);
    }
    for (Index i = 0; i < figure->categories; i++) {
        copy->category[i] = clean_word(look, figure->category[i], &failed);
    }
    return !failed;
}

static void free_copy(Figure *copy)
{
    for (Index i = 0; copy->series != NULL && i < copy->count; i++) {
        mem_free(copy->series[i].label);
    }
    for (Index i = 0; copy->category != NULL && i < copy->categories; i++) {
        mem_free(copy->category[i]);
    }
    mem_free(copy->series);
    mem_free(copy->category);
    mem_free(copy->x.title);
    mem_free(copy->x.unit);
    mem_free(copy->y.title);
    mem_free(copy->y.unit);
    mem_free(copy->title);
}

/* ---- drawing ---------------------------------------------------------------------------- */

/* For a projector: bold, nothing dim. */
static void brighten(const Look *look, Grid *grid, Rect area)
{
    grid_bold(grid, area);
    for (int row = area.row; row < area.row + area.rows; row++) {
        for (int col = area.col; col < area.col + area.cols; col++) {
            Cell *cell = grid_at(grid, row, col);
            if (cell != NULL) cell->ink = (uint8_t)look_ink(look, (Ink)cell->ink);
        }
    }
}

void look_figure(const Look *look, Grid *grid, const Figure *figure, Rect area)
{
    Figure copy = {0};
    if (area.rows <= 0 || area.cols <= 0) return;
    if (clean_copy(look, &copy, figure)) {
        figure_draw(&copy, grid, area, look->charset);
        bool chart = area.rows >= CHART_ROWS && area.cols >= CHART_COLS; /* else its sentence */
        bool titled = chart && copy.title != NULL && *copy.title != '\0';
        grid_measured(grid, rect_rows(area, titled ? 1 : 0, area.rows));
        if (look->projector) brighten(look, grid, area);
    } else {
        grid->failed = true;
    }
    free_copy(&copy);
}
