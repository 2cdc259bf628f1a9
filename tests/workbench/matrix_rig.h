#ifndef TESTS_WORKBENCH_MATRIX_RIG_H
#define TESTS_WORKBENCH_MATRIX_RIG_H

/* What the tests of the matrix verbs share. */

#include "tests/workbench/bench_rig.h"

/* A bench whose generator starts where torch.manual_seed(seed) does. */
void   open_seeded(BenchRig *rig, uint64_t seed);
void   assert_all_close(const Datum *record, const char *key, const double *want, Index n,
                        double tolerance);
double member_number(const Datum *record, const char *key);

#endif
