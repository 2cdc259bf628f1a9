#ifndef TESTS_MATH_OP_CASES_H
#define TESTS_MATH_OP_CASES_H

/*
 * THE TABLE: every op of struct Backend with the calls that try it, in groups by file.
 * A new op needs an Op (how to build its tensors, how to call) and a few rows of sizes; all tests
 * of test_ops.c then apply to it, for every backend.
 */

#include "tests/math/op_case.h"

typedef struct CaseRow {
    const Op *op;
    Index     size[CASE_SIZES];
} CaseRow;

typedef struct CaseGroup {
    const CaseRow *row;
    Index          count;
} CaseGroup;

enum { CASE_GROUPS = 4 };

CaseGroup cases_of_products(void);  /* gemm, linear*, bias_grad, mat_rows */
CaseGroup cases_of_rows(void);      /* embed*, gather*, rmsnorm*, rope, cross_entropy */
CaseGroup cases_of_elements(void);  /* swiglu*, activation*, add, axpy, ..., optimizers */
CaseGroup cases_of_attention(void); /* attention* */

/* Group 0 .. CASE_GROUPS-1 of the above. */
CaseGroup case_group(int i);

#endif
