#ifndef CORE_WORKBENCH_ANSWER_H
#define CORE_WORKBENCH_ANSWER_H

/*
 * A record under construction: what a verb returns. The first failure is sticky, so that a verb
 * adds its members one after the other and asks once, in answer_end.
 */

#include "core/base/mem.h"
#include "core/workbench/datum.h"

typedef struct Answer {
    Datum *record; /* NULL after a failure */
    Error *err;
} Answer;

Answer answer_begin(Error *err);
/* Takes member over; NULL (with err set) is a failure. */
void answer_add(Answer *answer, const char *key, Datum *member);
/* NaN stands for what this call did not measure. */
void answer_number(Answer *answer, const char *key, double number, const char *unit);
void answer_timed(Answer *answer, const char *key, double number, const char *unit);
void answer_yes(Answer *answer, const char *key, bool yes);
void answer_text(Answer *answer, const char *key, const char *text);
void answer_vector(Answer *answer, const char *key, const double *values, Index n);
/* A record of bytes by purpose. */
void answer_bytes(Answer *answer, const char *key, const int64_t bytes[MEM_PURPOSE_COUNT]);
/* The record, now the caller's, or NULL. */
NODISCARD Datum *answer_end(Answer *answer);

/* A table or list under construction, with one axis; rows and members likewise sticky. */
Answer answer_rows(bool table, const char *axis, Error *err);
void   answer_row(Answer *rows, const char *word, Datum *row);

#endif
