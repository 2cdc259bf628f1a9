#ifndef LESSONS_ENGINE_LESSON_CHECK_H
#define LESSONS_ENGINE_LESSON_CHECK_H

/* Between lesson_check.c, lesson_refs*.c and lesson_translate.c. */

#include "lessons/engine/lesson_known.h"

typedef struct Refs {
    const Lesson *lesson;
    const Lesson *source; /* whose lines the places are of: a translation's own */
    Known         known;
    Complaints   *complaints;
    bool          quick; /* with the quick values, only what was fine without is told */
    const Item   *item;
    Error        *err;
} Refs;

/* Every name, member and argument of the lesson, and of its texts, which are source's. */
NODISCARD bool check_references(const Lesson *lesson, const Lesson *source, Complaints *complaints,
                                Error *err);

/* How the bytes of a text lie in the source. */
typedef enum TextLies { TEXT_JOINED, TEXT_RAW } TextLies;

/* A text's braces. */
NODISCARD bool check_fill(Refs *refs, const char *text, Place place, TextLies lies);
/* An expression; *datum (may be NULL) is its blank value, NULL where it has a fault. */
NODISCARD bool check_expr(Refs *refs, const Expr *expr, Place place, Datum **datum);
/* A mistake of what has a place in a joined text. */
Complaint *refs_complain(Refs *refs, Place place, const char *fmt, ...) PRINTF_LIKE(3, 4);

NODISCARD bool check_run(Refs *refs, const Item *item, Index order);
NODISCARD bool check_plot(Refs *refs, const Item *item);

#endif
