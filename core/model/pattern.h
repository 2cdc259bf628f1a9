#ifndef CORE_MODEL_PATTERN_H
#define CORE_MODEL_PATTERN_H

/*
 * Does a regular expression match a whole text, as Python's re.fullmatch asks? For names of
 * modules, in configurations that somebody else wrote: an expression that backtracks without
 * end is an ERR_INPUT after bounded time, never a hang. Groups are not numbered, so \1 is
 * refused; (?P<name>...) works.
 */

#include "core/base/error.h"

typedef struct Pattern Pattern;
NODISCARD Pattern     *pattern_compile(const char *regex, Error *err);
void                   pattern_free(Pattern *pattern); /* NULL-safe */
/* text: at least two characters of valid UTF-8. */
NODISCARD bool pattern_matches_whole(const Pattern *pattern, const char *text, bool *yes,
                                     Error *err);

#endif
