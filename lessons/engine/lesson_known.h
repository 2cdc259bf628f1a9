#ifndef LESSONS_ENGINE_LESSON_KNOWN_H
#define LESSONS_ENGINE_LESSON_KNOWN_H

/*
 * Which names a lesson has, from where on, and what each looks like: its values as they are,
 * results as blanks (with the rows of their sweeps), predictions once they are measured. Checking
 * walks the lesson in order and lets more and more names be seen.
 */

#include "lessons/engine/lesson.h"

/* Where something stands in the lesson: its item, counted over all steps, and line in a run. */
#define KNOWN_ORDER(item, line) ((Index)(item)*100000 + (line))
#define KNOWN_LINE_LAST 99999

typedef struct KnownName {
    const char *name; /* borrowed from the lesson */
    Datum      *datum;
    Index       order;
    Place       place;
    const Step *step;
    const Item *predict; /* a prediction's name, NULL: a result's */
} KnownName;

typedef struct Known {
    const Lesson *lesson;
    bool          quick;
    Datum       **values; /* [value_count] NULL where it cannot be one */
    Datum        *seed;
    KnownName    *names; /* in order */
    Index         count, seen;
    Index         rows_made; /* of sweeps' tables, all together */
    /* for the row of a label, an axis of a sweep: seen before all others */
    const Datum *rows;
    Datum       *axes[8];
    char         missing[64]; /* the name last asked for in vain */
} Known;

/* Values and the seed; known_add_results finds the rest. known_close in any case. */
NODISCARD bool known_open(Known *known, const Lesson *lesson, bool quick, Error *err);
NODISCARD bool known_add_results(Known *known, Error *err);
void           known_close(Known *known);
Scope          known_scope(Known *known); /* over what has been seen */
/* Names of before this are seen from now on. */
void known_advance(Known *known, Index order);
/* A name that comes later, or NULL. */
const KnownName *known_later(const Known *known, const char *name);
/* Let the axes of a table, list or vector be names as well; NULL: no more. */
NODISCARD bool known_set_rows(Known *known, const Datum *rows, Error *err);

#endif
