#ifndef TESTS_MATH_TEST_TAPE_RIG_H
#define TESTS_MATH_TEST_TAPE_RIG_H

/*
 * A bench for the tape: a few numbered inputs ("leaves") with random values, a forward function
 * from them to a tensor, and a random cotangent c, so that the scalar is L = sum(c * y) and its
 * gradients can be read back and compared with finite differences. A forward that ends in a
 * loss returns NULL and leaves the scalar in rig->loss.
 */

#include "core/math/tape_internal.h"
#include "tests/test.h"

enum { RIG_LEAVES = 12 };

typedef struct Rig Rig;
typedef Tensor    *RigForward(Rig *rig);

typedef struct RigShape {
    Index rows, cols;
} RigShape;

typedef struct RigCase {
    const char *name;
    RigForward *forward;
    RigShape    leaf[RIG_LEAVES]; /* up to the first with cols == 0 */
    double      tolerance;        /* of the finite differences; 0: the usual one */
} RigCase;

typedef struct RigLeaf {
    RigShape shape;
    float   *value, *grad; /* host; grad is filled by rig_gradients */
    Tensor  *tensor;       /* of the last run */
    Tensor   param;        /* used where rig->as_params */
} RigLeaf;

struct Rig {
    Backend    *be;
    MemAccount *account;
    Tape       *tape;
    RigLeaf     leaf[RIG_LEAVES];
    int         leaves;
    unsigned    frozen; /* bit i: leaf i wants no gradient */
    bool        as_params;
    bool        poison;         /* NaN into free memory before the forward and the backward */
    bool        keep_gradients; /* of params: the next run adds to them */
    double      loss;
};

/* ref == true: the oracle; else the cpu backend with 2 threads. */
Rig *rig_create(bool ref, Error *err);
void rig_free(Rig *rig); /* CHECKs that nothing is left; NULL-safe */
/* Leaves of these shapes with values that depend on shape and number only. */
bool rig_leaves(Rig *rig, const RigShape *shapes, Error *err);

/* tape_begin, and forget the tensors of the last run. */
void rig_begin(Rig *rig, bool record);
/* Leaf i as a tensor of this run, the same at each call. rig_input is a copy and never a param:
 * for ops in place. */
Tensor      *rig_leaf(Rig *rig, int i);
Tensor      *rig_input(Rig *rig, int i);
WeightRef    rig_weight(Rig *rig, int i);
VectorRef    rig_vector(Rig *rig, int i);
VectorRef    rig_no_vector(void);
const float *rig_random(Index n, uint64_t stream); /* n <= 4096 numbers in (-1, 1), static */

/* The scalar, without recording. */
bool rig_value(Rig *rig, RigForward *forward, double *value, Error *err);
/* The scalar and every leaf's gradient (zeros where there is none). The tape is reset. */
bool rig_gradients(Rig *rig, RigForward *forward, double *value, Error *err);

/* ---- test_tape_cases.c ------------------------------------------------------------------- */

extern const RigCase rig_cases[];
extern const int     rig_case_count;
const RigCase       *rig_case(const char *name);

#endif
