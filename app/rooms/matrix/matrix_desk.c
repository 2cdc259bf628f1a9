/* The matrix that is looked at: put, changed, taken back, measured. */

#include "app/rooms/matrix/matrix_desk.h"

#include <math.h>
#include <string.h>

#include "core/base/mem.h"

/* ---- life ------------------------------------------------------------------------------- */

static void state_free(MatrixState *state)
{
    mem_free(state->name);
    datum_drop(state->matrix);
    *state = (MatrixState){0};
}

bool desk_open(MatrixDesk *desk, Lab *lab, void (*wake)(void *context), void *context, Error *err)
{
    union {
        const char *in;
        char       *out;
    } label = {.in = tr("B of lesson 1")}, text = {.in = "matrix rows=\"1 2 3; 7 11 5; 8 13 8\""};
    MatrixSource first = {.kind = SOURCE_LINES, .label = label.out, .text = text.out};
    bool         single;

    *desk = (MatrixDesk){.lab = lab};
    desk->job = matrix_job_create(lab, wake, context, err);
    Datum *matrix = desk->job != NULL ? source_fetch(&first, lab, &single, err) : NULL;
    if (matrix != NULL && desk_put(desk, first.label, matrix, single, err)) return true;
    desk_close(desk);
    return false;
}

void desk_close(MatrixDesk *desk)
{
    matrix_job_free(desk->job);
    desk_close_list(desk);
    desk_free_figures(desk);
    while (desk->past_count > 0) state_free(&desk->past[--desk->past_count]);
    state_free(&desk->now);
    matrix_facts_free(&desk->facts);
    mem_free(desk->awaited);
    source_free(&desk->next);
    line_edit_free(&desk->edit);
    str_free(&desk->fault);
    *desk = (MatrixDesk){0};
}

void desk_fault(MatrixDesk *desk, const Error *err)
{
    str_clear(&desk->fault);
    str_add(&desk->fault, err->message);
    if (err->hint[0] != '\0') str_addf(&desk->fault, "; %s", err->hint);
}

/* ---- measuring -------------------------------------------------------------------------- */

void desk_take_facts(MatrixDesk *desk, MatrixFacts *facts)
{
    matrix_facts_free(&desk->facts);
    desk->facts = *facts;
    *facts = (MatrixFacts){0};
    desk->known = true;
    desk->drawn_anew = true;
}

static void measure_now(MatrixDesk *desk, const MatrixAsk *ask)
{
    MatrixFacts facts;
    Error       err = {0};
    if (matrix_measure(&facts, desk->now.matrix, ask, NULL, &err)) {
        desk_take_facts(desk, &facts);
    } else {
        desk_fault(desk, &err);
    }
    matrix_facts_free(&facts);
}

/* Small ones at once; large ones on the job's thread, which goes on until it is up to date. */
void desk_measure(MatrixDesk *desk)
{
    MatrixAsk ask = {.tolerance = desk->tolerance, .single = desk->now.single, .r = desk->r};
    Error     err = {0};
    desk->known = false;
    desk->drawn_anew = true;
    if (desk->now.matrix == NULL) return;
    if (matrix_measure_again(&desk->facts, desk->now.matrix, &ask)) {
        desk->known = true;
        return;
    }
    if (!matrix_takes_long(desk->now.matrix)) {
        measure_now(desk, &ask);
        return;
    }
    if (matrix_job_busy(desk->job)) { /* its end will find that this is wanted */
        if (desk->awaited == NULL) matrix_job_cancel(desk->job);
        return;
    }
    desk->asked = ask;
    if (!matrix_job_start(desk->job, NULL, desk->now.matrix, &ask, &err)) desk_fault(desk, &err);
}

/* ---- another matrix --------------------------------------------------------------------- */

void desk_remember(MatrixDesk *desk)
{
    if (desk->now.matrix == NULL) return;
    if (desk->past_count == MATRIX_PAST) {
        state_free(&desk->past[0]);
        memmove(desk->past, desk->past + 1, (MATRIX_PAST - 1) * sizeof *desk->past);
        desk->past_count--;
    }
    desk->past[desk->past_count++] = desk->now;
    desk->now = (MatrixState){0};
}

static Index within(Index value, Index count)
{
    return value < 0 ? 0 : value >= count ? count - 1 : value;
}

static void fit_selection(MatrixDesk *desk)
{
    const Datum *m = desk->now.matrix;
    Index        most = m->rows < m->cols ? m->rows : m->cols;
    desk->row = within(desk->row, m->rows);
    desk->col = within(desk->col, m->cols);
    if (desk->r > most) desk->r = most;
}

bool desk_put(MatrixDesk *desk, const char *name, Datum *matrix, bool single, Error *err)
{
    char *copy = mem_strdup(name, err);
    if (copy == NULL) {
        datum_drop(matrix);
        return false;
    }
    if (desk->awaited != NULL) { /* what is being fetched comes too late */
        matrix_job_cancel(desk->job);
        mem_free(desk->awaited);
        desk->awaited = NULL;
    }
    desk_remember(desk);
    desk->now = (MatrixState){.name = copy, .matrix = matrix, .single = single};
    desk->row = desk->col = 0;
    desk->r = 0;
    desk->tolerance = 0;
    desk->pane = MATRIX_CELLS;
    desk->typing = false;
    matrix_facts_free(&desk->facts); /* they would be about another one */
    str_clear(&desk->fault);
    desk_measure(desk);
    return true;
}

/* "B of lesson 1" becomes "B of lesson 1, changed". */
static char *changed_name(const char *name, Error *err)
{
    const char *mark = tr(", changed");
    size_t      n = strlen(name), m = strlen(mark);
    Str         text = {0};
    str_add(&text, name);
    if (n < m || strcmp(name + n - m, mark) != 0) str_add(&text, mark);
    return str_take(&text, err);
}

bool desk_set_entry(MatrixDesk *desk, Index row, Index col, double value, Error *err)
{
    const Datum *m = desk->now.matrix;
    CHECK(row >= 0 && row < m->rows && col >= 0 && col < m->cols && isfinite(value));
    if (m->values[row * m->cols + col] == value) return true;
    char  *name = changed_name(desk->now.name, err);
    Datum *changed = name != NULL ? datum_matrix(m->values, m->rows, m->cols, err) : NULL;
    if (changed == NULL) {
        mem_free(name);
        return false;
    }
    changed->values[row * m->cols + col] = value;
    desk_remember(desk);
    /* Beside a number that is no float32 the rounding of doubles counts. */
    bool single = desk->past[desk->past_count - 1].single && (double)(float)value == value;
    desk->now = (MatrixState){.name = name, .matrix = changed, .single = single};
    str_clear(&desk->fault);
    desk_measure(desk);
    return true;
}

bool desk_undo(MatrixDesk *desk)
{
    if (desk->past_count == 0) return false;
    state_free(&desk->now);
    desk->now = desk->past[--desk->past_count];
    desk->past[desk->past_count] = (MatrixState){0};
    str_clear(&desk->fault);
    fit_selection(desk);
    desk_measure(desk);
    return true;
}

void desk_cut(MatrixDesk *desk, Index r)
{
    desk->r = r < 0 ? 0 : r;
    fit_selection(desk);
    desk_measure(desk);
}

void desk_set_tolerance(MatrixDesk *desk, double tolerance)
{
    desk->tolerance = tolerance > 0 && isfinite(tolerance) ? tolerance : 0;
    desk_measure(desk);
}

/* ---- for the view ----------------------------------------------------------------------- */

static void view_facts(const MatrixDesk *desk, MatrixView *view)
{
    const MatrixFacts *f = &desk->facts;
    if (f->singular == NULL) return;
    view->s = f->singular->values;
    view->count = f->singular->rows;
    view->rank = f->rank;
    view->exact = f->exact;
    view->tolerance = f->tolerance;
    view->eps = desk->now.single ? 1e-7 : 1e-16;
    view->rounding = matrix_rounding(f, desk->now.single);
    view->own_tolerance = desk->tolerance > 0;
    view->r = f->r;
    if (f->cut != NULL && f->cut->rows == desk->now.matrix->rows &&
        f->cut->cols == desk->now.matrix->cols) {
        view->cut = f->cut->values;
    }
    view->error_frobenius = f->error_frobenius;
    view->error_spectral = f->error_spectral;
    view->bound_frobenius = f->bound_frobenius;
    view->bound_spectral = f->bound_spectral;
    view->kept = f->kept;
}

void desk_view(MatrixDesk *desk, MatrixView *view)
{
    const Datum *m = desk->now.matrix;
    if (desk->drawn_anew) desk_draw_figures(desk);
    *view = (MatrixView){.name = desk->now.name,
                         .values = m->values,
                         .rows = m->rows,
                         .cols = m->cols,
                         .row = desk->row,
                         .col = desk->col,
                         .pane = desk->pane,
                         .typed = desk->typing ? line_edit_text(&desk->edit) : NULL,
                         .working = desk_busy(desk),
                         .percent = matrix_job_percent(desk->job),
                         .fault = desk->fault.len > 0 ? str_text(&desk->fault) : NULL,
                         .heat = desk->heat,
                         .heat_cut = desk->heat_cut,
                         .heat_rest = desk->heat_rest,
                         .spectrum = desk->spectrum};
    view_facts(desk, view);
    if (!desk->choosing) return;
    const SourceList *list = desk->behind.count > 0 ? &desk->behind : &desk->sources;
    view->choices = desk->choices;
    view->choice_count = list->count;
    view->choice = desk->behind.count > 0 ? desk->choice_behind : desk->choice;
    view->choice_title =
        desk->behind.count > 0 ? desk->sources.list[desk->choice].label : tr("Matrices to look at");
}

void desk_repeat(const MatrixDesk *desk, Str *out)
{
    const Datum *m = desk->now.matrix;
    if (m->rows * m->cols > 40) return;
    str_add(out, "matrix rows=\"");
    for (Index i = 0; i < m->rows * m->cols; i++) {
        if (i > 0) str_add(out, i % m->cols == 0 ? "; " : " ");
        str_add_double(out, m->values[i]);
    }
    str_add(out, "\"");
}
