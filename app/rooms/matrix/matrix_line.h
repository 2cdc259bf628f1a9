#ifndef APP_ROOMS_MATRIX_MATRIX_LINE_H
#define APP_ROOMS_MATRIX_MATRIX_LINE_H

/*
 * Lines of the vocabulary in the matrix view. The matrix verbs act on a bench of its own, where
 * the matrix that is looked at is called M; a result that is a matrix is looked at. `spectrum
 * weight=...` and `spectrum of=RUN module=...` look at a weight, and at what a run learned of it.
 */

#include "app/rooms/matrix/matrix_desk.h"
#include "core/workbench/bench.h"

typedef struct MatrixLine {
    Bench *bench; /* made at first need */
} MatrixLine;

void matrix_line_free(MatrixLine *state);
/* False: the line is none of the matrix view's. What it found or refused is appended to said. */
bool        matrix_line_run(MatrixLine *state, MatrixDesk *desk, const char *line, Str *said);
const char *matrix_line_words(void);

#endif
