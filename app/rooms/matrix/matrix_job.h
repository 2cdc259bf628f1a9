#ifndef APP_ROOMS_MATRIX_MATRIX_JOB_H
#define APP_ROOMS_MATRIX_MATRIX_JOB_H

/* Fetching, computing and measuring a matrix on a thread of its own, one at a time. */

#include "app/rooms/matrix/matrix_measure.h"
#include "app/rooms/matrix/matrix_source.h"

typedef struct MatrixJob MatrixJob;

typedef struct MatrixDone {
    Datum      *matrix; /* NULL after a failure to fetch it; or what the function gave */
    bool        single;
    bool        measured;
    MatrixFacts facts;
    Error       err;
} MatrixDone;

/* Computes on the job's thread; NULL with err. */
typedef Datum *MatrixFunction(void *context, const Cancel *cancel, Error *err);

/* wake is called on the job's thread when it is done, and when it is some percent further. */
NODISCARD MatrixJob *matrix_job_create(Lab *lab, void (*wake)(void *context), void *context,
                                       Error *err);
void                 matrix_job_free(MatrixJob *job);       /* cancels, waits; NULL-safe */
bool                 matrix_job_busy(const MatrixJob *job); /* started, not taken */
int                  matrix_job_percent(const MatrixJob *job);
void                 matrix_job_cancel(MatrixJob *job); /* it ends soon, with ERR_CANCELLED */
/* source, or NULL for a matrix that is there already (a reference is taken). Not while busy. */
NODISCARD bool matrix_job_start(MatrixJob *job, const MatrixSource *source, const Datum *matrix,
                                const MatrixAsk *ask, Error *err);
NODISCARD bool matrix_job_call(MatrixJob *job, MatrixFunction *function, void *context, Error *err);
/* True once, when it is done: the caller's to free. */
bool matrix_job_take(MatrixJob *job, MatrixDone *done);
void matrix_done_free(MatrixDone *done);

#endif
