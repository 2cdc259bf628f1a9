#ifndef LESSONS_ENGINE_REPORT_PARTS_H
#define LESSONS_ENGINE_REPORT_PARTS_H

/* What the reports share. Whatever a lesson, a learner or a machine says passes one of the three
 * ways of escaping; text goes through safe_text first. */

#include "lessons/engine/report.h"

void report_md_text(Str *out, const char *text);      /* inline, on one line */
void report_md_code(Str *out, const char *text);      /* `...` with as many backticks as needed */
void report_md_prose(Str *out, const char *markdown); /* read and written anew: no raw HTML */

/* The head, row by row: name and value. Returns how many rows there are; timed: rows that a clock
 * measured say so themselves. */
typedef struct HeadRow {
    const char *name;
    char        value[512];
    bool        code;
} HeadRow;
enum { HEAD_ROWS = 10 };
Index report_head(const Transcript *transcript, HeadRow rows[HEAD_ROWS]);
/* "9 of 9 asserts hold, 1 of 2 predictions borne out". */
void        report_verdict(Str *out, const Transcript *transcript);
const char *report_guess_word(const Note *note); /* "borne out", "not borne out", ... */
/* Free a piece that went into out; that it failed is then out's failure. */
void report_used(Str *out, Str *piece);

#endif
