#ifndef TESTS_WORKBENCH_STUDY_CHECK_H
#define TESTS_WORKBENCH_STUDY_CHECK_H

/* What the tests of the study verbs share. */

#include "tests/workbench/bench_rig.h"

/* Run a line; its record has just the members that its verb declares, of their kinds and units. */
const Datum *study_must(BenchRig *rig, const char *line);
/* A number of a record by its path, "bytes.weights". */
double study_number(const Datum *record, const char *path);
/* Run a line's verb with each of its allocations failing. Returns how many there are. */
int64_t study_torture(BenchRig *rig, const char *line);

#endif
