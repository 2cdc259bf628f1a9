#ifndef TESTS_MATH_OP_CASE_H
#define TESTS_MATH_OP_CASE_H

/*
 * One call of one op, described so that any backend can make it: the tensors it takes with their
 * contents, the sizes, and a function that calls. case_run carries the tensors to the backend,
 * calls, carries the results back and looks at everything that had to stay as it was.
 *
 * Every tensor lies between guard bands, and the gap at the end of each row (when its stride is
 * larger than its width) is one too. The bands hold NaNs: an op that reads them spoils its result,
 * one that writes them is caught bit for bit. Outputs start as NaN as well.
 */

#include "core/math/ops.h"

enum { CASE_TENSORS = 14, CASE_SIZES = 8, CASE_HOST = 2, CASE_NANS = 3 };

typedef enum Role {
    ROLE_IN,    /* must not change */
    ROLE_OUT,   /* overwritten; NaN before */
    ROLE_INOUT, /* read and overwritten */
    ROLE_ADD,   /* a d-output: added to, may be NULL */
    ROLE_SUM,   /* added to, may not be NULL */
} Role;

typedef struct CaseTensor {
    const char *name;
    Role        role;
    DType       dtype;
    Index       rows, cols, stride; /* elements */
    float      *value;              /* [rows, cols] before the call, exact in dtype */
    Index       nan_at[CASE_NANS];  /* where a NaN must show in a result; -1: nowhere */
} CaseTensor;

typedef struct OpCase OpCase;

typedef struct Op {
    const char *name;
    size_t      slot; /* offset in struct Backend */
    void (*build)(OpCase *c);
    void (*call)(Backend *be, OpCase *c, float *const *p); /* p[i]: tensor i or NULL */
} Op;

struct OpCase {
    const Op  *op;
    Index      size[CASE_SIZES]; /* what they mean is the op's own */
    double     tol;              /* relative to the norm of each result */
    CaseTensor tensor[CASE_TENSORS];
    int        tensors;
    struct {
        double *value; /* results on the host: losses, sums */
        Index   n;
        double  tol;
    } host[CASE_HOST];
    int       hosts;
    Index     attention_keys, attention_width; /* for the workspace; 0: no attention */
    DType     mat_dtype;
    Index     mat_cols; /* for the workspace; 0: no Mat */
    AttnShape shape;
    Dropout   drop;
    void     *array[8]; /* ids, positions, rows, labels: what the builder wants */
    int       arrays;
};

/* ---- building ---------------------------------------------------------------------------- */

/* A number of high entropy: sign * (0.3 .. 2.0), never a zero or a one, and a multiple of 2^-17,
 * so that small steps to either side are exact. A function of (stream, i). */
float entropy(uint64_t stream, Index i);
/* An integer in [0, bound) likewise. */
Index entropy_below(uint64_t stream, Index i, Index bound);

/* Append a tensor filled with entropy; 0 x 0 makes an absent one (NULL). */
CaseTensor *case_tensor(OpCase *c, const char *name, Role role, Index rows, Index cols);
/* A float32 tensor becomes one of this storage type: its values are rounded to it. */
void case_store_as(CaseTensor *t, DType dtype);
/* Where a NaN is put to see it come out; -1 for nowhere. */
void case_nan_at(CaseTensor *t, Index at);
/* A host array that lives as long as the case. */
void   *case_array(OpCase *c, Index count, Index size);
double *case_host(OpCase *c, Index n, double tol);

void op_case_init(OpCase *c, const Op *op, const Index size[CASE_SIZES]);
void op_case_free(OpCase *c);
/* "linear(3, 5, 7)" for messages; overwritten by the next call. */
const char *op_case_name(const OpCase *c);

/* ---- running ----------------------------------------------------------------------------- */

typedef struct CaseResult {
    float  *value[CASE_TENSORS]; /* every tensor after the call, [rows, cols]; NULL: absent */
    double *host[CASE_HOST];
} CaseResult;

/* Call `times` times. Bit i of `absent` passes NULL for tensor i (its result is then NULL).
 * Fails the test when anything but the results has changed. */
void case_run(Backend *be, OpCase *c, unsigned absent, int times, CaseResult *r);
void case_result_free(CaseResult *r);

bool  case_is_result(const OpCase *c, int tensor);
Index case_count(const CaseTensor *t); /* rows * cols */

/* Relative error in the norm, and never "small" because of a NaN: a NaN gives a NaN. Equal
 * infinities count as equal. */
double case_error(const double *got, const double *want, Index n);
double case_error_f32(const float *got, const float *want, Index n);

#endif
