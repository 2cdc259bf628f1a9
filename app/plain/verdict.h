#ifndef APP_VERDICT_H
#define APP_VERDICT_H

/* What a lesson's run comes to, as lines and as values; exit status 1 when an assert failed. */

#include "core/lab/result.h"
#include "lessons/engine/transcript.h"

/* Failed asserts first, then those that hold, predictions beside measurements, quizzes, and a
 * closing line. ascii: spelled out. */
void verdict_lines(Result *result, const Transcript *transcript, bool ascii);
/* The closing line alone, for who has read all the rest. */
void verdict_linear(Result *result, const Transcript *transcript, bool ascii, int columns);
/* The same as values; "failure" and the exit status where there is one. */
void verdict_values(Result *result, const Transcript *transcript);

#endif
