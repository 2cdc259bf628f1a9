#ifndef APP_ROOMS_MATRIX_MATRIX_LINE_H
#define APP_ROOMS_MATRIX_MATRIX_LINE_H

/*
 * Lines of the vocabulary in the matrix view. The matrix verbs act on a bench of its own, where
 * the matrix that is looked at is called M; a result that is a matrix is looked at. `spectrum
 * weight=...` and `spectrum of=RUN module=...` look at a weight, and at what a run learned of it.
 */

#include "app/rooms/matrix/matrix_desk.h"
#include "core/workbench/bench.h"
#include "core/workbench/verb.h"

typedef struct MatrixLine {
    Bench *bench; /* made at first need */
    bool   large; /* it holds a matrix that takes a while: lines have a thread of their own */
    void (*wake)(void *context); /* after such a line */
    void      *context;
    MatrixJob *job;
    VerbLine  *computed; /* by the job right now */
} MatrixLine;

void matrix_line_free(MatrixLine *state);
/* False: the line is none of the matrix view's. What it found or refused is appended to said. */
bool matrix_line_run(MatrixLine *state, MatrixDesk *desk, const char *line, Str *said);
/* After a wake: what a line on the thread found. True when one was done. */
bool        matrix_line_turn(MatrixLine *state, MatrixDesk *desk, Str *said);
bool        matrix_line_busy(const MatrixLine *state);
const char *matrix_line_verb(const MatrixLine *state); /* of the one that is computed */
const char *matrix_line_words(void);

#endif
