#ifndef CORE_LAB_REPORT_H
#define CORE_LAB_REPORT_H

/* Pieces of a Result that several commands share. */

#include "core/lab/command.h"
#include "core/math/ops.h"
#include "core/train/evaluate.h"

/* PEFT's words and digits, as values and as a line. */
void report_parameters(Result *result, int64_t trainable, int64_t all);
/* "bytes": {purpose: n, ..., "total"} and one line; purposes of zero bytes are left out of it. */
void report_bytes(Result *result, const char *label, const int64_t bytes[MEM_PURPOSE_COUNT]);
/* Of a backend with memory of its own: what its buffers take, what is free and what there is, as
 * "device_memory" and one line. Nothing for the others. */
void report_device(Result *result, Backend *be);
/* "label: text", made safe for a terminal, on lines of their own when there are several. */
void report_text(Result *result, const char *label, const char *text, Index n);
/* The text alone, made safe, and a newline. */
void report_text_line(Result *result, const char *text, Index n);
/* "loss 0.0123, exact match 98.7 %" appended to a line. */
void report_eval(Str *line, const EvalResult *eval);

#endif
