#ifndef TESTS_BENCH_CHILD_H
#define TESTS_BENCH_CHILD_H

/* Running a program and reading what it prints. */

#include "core/base/error.h"

/* argv[0] is looked for in PATH; its stderr is thrown away. The first two numbers of its first
 * line, 0 where there are none. False when it could not be run or says that it failed. */
bool child_run(const char *const *argv, double number[2]);

/* The same with every line (its line feed gone), as soon as it is there. */
typedef void ChildLine(void *context, const char *line);
bool         child_lines(const char *const *argv, ChildLine *on_line, void *context);

#endif
