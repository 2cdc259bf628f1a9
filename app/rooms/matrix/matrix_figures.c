/* Figures of the matrix view: shades for what has too many entries, the spectrum as a curve. */

#include <math.h>

#include "app/rooms/matrix/matrix_desk.h"
#include "core/base/mem.h"

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

/* How many are more than rounding; all of a matrix of zeros. */
static Index above_rounding(const Datum *s, double rounding)
{
    Index count = 0;
    while (count < s->rows && s->values[count] > rounding) count++;
    return count > 0 ? count : s->rows;
}

/* Values over several decades need a logarithmic axis; the last few alone are no reason. */
static bool wants_log(const Datum *s, Index count)
{
    double first = s->values[0], most = s->values[(count - 1) * 9 / 10];
    return most > 0 && most < 1e-3 * first;
}

static Figure *titled(const Datum *s, Index count)
{
    Str title = {0};
    if (count < s->rows) {
        str_addf(&title, tr("%td singular values (%td are zero)"), count, s->rows - count);
    } else {
        str_add(&title, tr("singular values"));
    }
    Figure *figure = figure_create(FIGURE_LINE, str_text(&title), NULL);
    str_free(&title);
    return figure;
}

/* What is zero to rounding is said, not drawn: it would stretch the axis for noise. */
static void draw_values(Figure *figure, const Datum *s, Index count, Index r)
{
    Index   kept = r > 0 && r < count ? r : count;
    double *x = mem_alloc(mem_program(), MEM_TEXT, count, sizeof *x, NULL);
    for (Index i = 0; x != NULL && i < count; i++) x[i] = (double)(i + 1);
    figure_axis(figure, 'x', tr("position"), NULL, false);
    figure_axis(figure, 'y', tr("singular value"), NULL, wants_log(s, count));
    if (x != NULL) {
        figure_series(figure, kept < count ? tr("kept") : "σ", x, s->values, kept);
        if (kept < count) {
            figure_series(figure, tr("dropped"), x + kept, s->values + kept, count - kept);
        }
    }
    figure->failed = figure->failed || x == NULL;
    mem_free(x);
}

static Figure *spectrum_of_facts(const MatrixFacts *facts, bool single)
{
    const Datum *s = facts->singular;
    if (s == NULL) return NULL;
    Index   count = above_rounding(s, matrix_rounding(facts, single));
    Figure *figure = titled(s, count);
    if (figure != NULL) draw_values(figure, s, count, facts->r);
    return finished(figure);
}

void desk_draw_figures(MatrixDesk *desk)
{
    desk->drawn_anew = false;
    desk_free_figures(desk);
    desk->heat = heat_of(desk->now.matrix);
    desk->heat_cut = heat_of(desk->facts.cut);
    desk->heat_rest = heat_between(desk->now.matrix, desk->facts.cut);
    desk->spectrum = spectrum_of_facts(&desk->facts, desk->now.single);
}
