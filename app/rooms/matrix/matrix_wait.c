/* What takes a while: fetching and measuring on the job's thread, giving it up, taking it over. */

#include "app/rooms/matrix/matrix_desk.h"
#include "core/base/mem.h"

static void begin_fetch(MatrixDesk *desk, const MatrixSource *source)
{
    Error     err = {0};
    MatrixAsk ask = {0};
    mem_free(desk->awaited);
    desk->awaited = mem_strdup(source->label, &err);
    if (desk->awaited != NULL && matrix_job_start(desk->job, source, NULL, &ask, &err)) return;
    mem_free(desk->awaited);
    desk->awaited = NULL;
    desk_fault(desk, &err);
}

static void fetch_here(MatrixDesk *desk, const MatrixSource *source)
{
    Error  err = {0};
    bool   single;
    Datum *matrix = source_fetch(source, desk->lab, &single, &err);
    if (matrix == NULL || !desk_put(desk, source->label, matrix, single, &err)) {
        desk_fault(desk, &err);
    }
}

void desk_choose(MatrixDesk *desk, const MatrixSource *source)
{
    Error err = {0};
    str_clear(&desk->fault);
    source_free(&desk->next);
    if (matrix_job_busy(desk->job)) matrix_job_cancel(desk->job);
    if (source->kind == SOURCE_LINES) {
        fetch_here(desk, source);
    } else if (!matrix_job_busy(desk->job)) {
        begin_fetch(desk, source);
    } else if (!source_copy(&desk->next, source, &err)) {
        desk_fault(desk, &err);
    }
}

bool desk_busy(const MatrixDesk *desk)
{
    return matrix_job_busy(desk->job);
}

void desk_stop(MatrixDesk *desk)
{
    if (!desk_busy(desk)) return;
    source_free(&desk->next);
    desk->gave_up = true;
    matrix_job_cancel(desk->job);
}

/* What was fetched, and measured along with it. */
static void take_fetched(MatrixDesk *desk, MatrixDone *done)
{
    desk_remember(desk);
    desk->now = (MatrixState){
        .name = desk->awaited, .matrix = datum_hold(done->matrix), .single = done->single};
    desk->awaited = NULL;
    desk->row = desk->col = desk->r = 0;
    desk->tolerance = 0;
    desk->pane = MATRIX_CELLS;
    desk->typing = false;
    matrix_facts_free(&desk->facts); /* they would be about another one */
    desk->known = false;
    desk->drawn_anew = true;
    if (done->measured) desk_take_facts(desk, &done->facts);
}

/* What a job found out, unless something newer is wanted. */
static void take_done(MatrixDesk *desk, MatrixDone *done)
{
    bool current = done->matrix == desk->now.matrix && desk->asked.r == desk->r &&
                   desk->asked.tolerance == desk->tolerance;
    bool stopped = done->err.code == ERR_CANCELLED;
    bool fetched = desk->awaited != NULL && done->matrix != NULL;
    if (done->err.code != ERR_NONE && !stopped) desk_fault(desk, &done->err);
    if (fetched && (!stopped || desk->gave_up)) {
        take_fetched(desk, done);
    } else if (desk->awaited == NULL && current && done->measured) {
        desk_take_facts(desk, &done->facts);
    } else if (!desk->known && !desk->gave_up && (stopped || !current || desk->awaited != NULL)) {
        mem_free(desk->awaited);
        desk->awaited = NULL;
        desk_measure(desk); /* it changed meanwhile */
    }
    if (!desk->gave_up) return;
    str_clear(&desk->fault);
    if (!desk->known) {
        str_add(&desk->fault, tr("stopped; Enter computes the singular values after all"));
    } else {
        str_add(&desk->fault, tr("stopped"));
    }
}

bool desk_turn(MatrixDesk *desk)
{
    MatrixDone done;
    if (!matrix_job_take(desk->job, &done)) return matrix_job_busy(desk->job); /* some % more */
    if (desk->next.label != NULL) {
        begin_fetch(desk, &desk->next);
        source_free(&desk->next);
    } else {
        take_done(desk, &done);
        if (!matrix_job_busy(desk->job)) {
            mem_free(desk->awaited);
            desk->awaited = NULL;
        }
    }
    desk->gave_up = false;
    matrix_done_free(&done);
    return true;
}
