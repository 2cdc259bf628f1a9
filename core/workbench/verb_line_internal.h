#ifndef CORE_WORKBENCH_VERB_LINE_INTERNAL_H
#define CORE_WORKBENCH_VERB_LINE_INTERNAL_H

/* A line's two halves: its words (verb_line.c), and what they must be (verb_line_check.c). */

#include "core/workbench/expr_internal.h"
#include "core/workbench/verb.h"

/* From at to the end of braces that open there; 0 when they are not closed. */
Index braces_end(const char *text, Index n, Index at);

/* Everything that can be said of the line without running it. */
NODISCARD bool verb_line_check(const VerbLine *line, const Blame *blame);

/* An Error of the argument table told at a place of the line. The table speaks of --options of a
 * command line; here they are keys. Returns false. */
bool           verb_retell(const Blame *blame, Index at, const Error *why);
NODISCARD bool verb_set(Args *args, const char *key, const char *value, Index at,
                        const Blame *blame);
/* "1,2,4" to its values: not at commas in quotes or braces, quotes taken off. verb_words_free. */
NODISCARD bool verb_split(const char *text, char ***values, Index *count, Error *err);
/* None empty, none twice, each as its key wants it. */
NODISCARD bool verb_check_values(const VerbLine *line, const SweepAxis *axis, char *const *values,
                                 Index count, const Blame *blame);

#endif
