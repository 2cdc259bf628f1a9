#ifndef TESTS_LESSONS_WRONG_RIG_H
#define TESTS_LESSONS_WRONG_RIG_H

/* Lesson files of the tests, read under their base name so that complaints name no folder. */

#include "lessons/engine/lesson.h"

/* tests/lessons/NAME, good until the eighth call from now. */
const char *lesson_file(const char *name);
/* Its bytes; mem_free. */
char *lesson_bytes(const char *name, Index *n);
/* Parsed and checked under its base name. */
Lesson *lesson_checked(const char *name, Complaints *complaints);
/* Text, parsed and checked as NAME; the complaints as text are appended. */
void check_text(Str *out, const char *name, const char *text, Index n);

#endif
