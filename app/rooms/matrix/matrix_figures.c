/* Figures of the matrix view: shades for what has too many entries, the spectrum as a curve. */

#include <math.h>

#include "app/rooms/matrix/matrix_desk.h"

enum { CELLS_ONLY = 4 }; /* rows and columns up to which nobody needs shades */

void desk_free_figures(MatrixDesk *desk)
{
    figure_free(desk->heat);
    figure_free(desk->heat_cut);
    figure_free(desk->heat_rest);
    figure_free(desk->spectrum);
    desk->heat = desk->heat_cut = desk->heat_rest = desk->spectrum = NULL;
}

static Figure *finished(Figure *figure)
{
    if (figure == NULL || figure_ok(figure, NULL)) return figure;
    figure_free(figure);
    return NULL;
}

static bool needs_shades(const Datum *m)
{
    return m != NULL && (m->rows > CELLS_ONLY || m->cols > CELLS_ONLY);
}

static Figure *heat_of(const Datum *m)
{
    if (!needs_shades(m)) return NULL;
    Figure *figure = figure_create(FIGURE_HEAT, NULL, NULL);
    if (figure != NULL) figure_heat(figure, m->values, m->rows, m->cols);
    return finished(figure);
}

/* What a cut of the matrix leaves out. */
static Figure *heat_between(const Datum *m, const Datum *cut)
{
    if (!needs_shades(m) || cut == NULL || cut->rows != m->rows || cut->cols != m->cols)
        return NULL;
    Datum  *rest = datum_matrix(NULL, m->rows, m->cols, NULL);
    Figure *figure = NULL;
    for (Index i = 0; rest != NULL && i < m->rows * m->cols; i++) {
        rest->values[i] = m->values[i] - cut->values[i];
    }
    if (rest != NULL) figure = heat_of(rest);
    datum_drop(rest);
    return figure;
}

/* Values over several decades need a logarithmic axis; what is zero has no place on it. */
static bool wants_log(const Datum *s)
{
    double first = s->values[0], last = s->values[s->rows - 1];
    return last > 0 && last < 1e-3 * first;
}

static Figure *spectrum_of_facts(const MatrixFacts *facts)
{
    const Datum *s = facts->singular;
    if (s == NULL) return NULL;
    Figure *figure = figure_create(FIGURE_LINE, tr("singular values"), NULL);
    double *x = mem_alloc(mem_program(), MEM_TEXT, s->rows, sizeof *x, NULL);
    for (Index i = 0; x != NULL && i < s->rows; i++) x[i] = (double)(i + 1);
    if (figure != NULL && x != NULL) {
        Index kept = facts->r > 0 && facts->r < s->rows ? facts->r : s->rows;
        figure_axis(figure, 'x', tr("position"), NULL, false);
        figure_axis(figure, 'y', tr("singular value"), NULL, wants_log(s));
        figure_series(figure, kept < s->rows ? tr("kept") : "σ", x, s->values, kept);
        if (kept < s->rows) {
            figure_series(figure, tr("dropped"), x + kept, s->values + kept, s->rows - kept);
        }
    }
    mem_free(x);
    return finished(figure);
}

void desk_draw_figures(MatrixDesk *desk)
{
    desk->drawn_anew = false;
    desk_free_figures(desk);
    desk->heat = heat_of(desk->now.matrix);
    desk->heat_cut = heat_of(desk->facts.cut);
    desk->heat_rest = heat_between(desk->now.matrix, desk->facts.cut);
    desk->spectrum = spectrum_of_facts(&desk->facts);
}
