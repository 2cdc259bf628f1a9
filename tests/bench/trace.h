#ifndef TESTS_BENCH_TRACE_H
#define TESTS_BENCH_TRACE_H

/*
 * A backend that watches another one: it passes every op on and remembers each matrix product,
 * so that the products of a training step can be done again by themselves, with the same
 * operands at the same addresses, through the same backend. Attention counts as its products:
 * the blocks below the diagonal, each group's on one worker as in the op. It can also add up
 * the time of every op.
 */

#include "core/math/ops.h"

typedef enum TraceOp {
    TRACE_GEMM,
    TRACE_LINEAR,
    TRACE_LINEAR_DX,
    TRACE_LINEAR_DW,
    TRACE_ATTENTION,
    TRACE_ATTENTION_GRAD,
    TRACE_PRODUCTS, /* those before it are products */
    TRACE_RMSNORM = TRACE_PRODUCTS,
    TRACE_RMSNORM_GRAD,
    TRACE_ROPE,
    TRACE_SWIGLU,
    TRACE_SWIGLU_GRAD,
    TRACE_ADD,
    TRACE_EMBED,
    TRACE_GATHER,
    TRACE_GATHER_GRAD,
    TRACE_CROSS_ENTROPY,
    TRACE_ZERO,
    TRACE_COPY,
    TRACE_SQUARES,
    TRACE_ADAMW,
    TRACE_OP_COUNT
} TraceOp;

typedef struct TraceProduct TraceProduct;

typedef struct Trace {
    Backend       be; /* what the network is given; the first member */
    Backend      *real;
    bool          recording, timing;
    TraceProduct *list;
    int           count, cap;
    double        flops; /* of the list */
    double        seconds[TRACE_OP_COUNT];
    double        again[TRACE_PRODUCTS]; /* the time of replaying, with `timing` */
    long          calls[TRACE_OP_COUNT];
} Trace;

/* real (the cpu backend) stays the caller's. Must not move afterwards. */
void        trace_init(Trace *trace, Backend *real);
void        trace_reset(Trace *trace);
void        trace_forget(Trace *trace); /* the list, before another step is recorded */
void        trace_replay(Trace *trace); /* all products of the list, in their order */
const char *trace_name(TraceOp op);

#endif
