/* See gradcheck.h. */

#include "tests/math/gradcheck.h"

#include "tests/math/op_case.h"
#include "tests/test.h"

#define STEP 0x1p-4f

double gradcheck_slope(float *at, double (*value)(void *context), void *context)
{
    static const float steps[4] = {-2.0f * STEP, -STEP, STEP, 2.0f * STEP};
    float              x = *at;
    double             L[4];
    for (int i = 0; i < 4; i++) {
        *at = x + steps[i];
        L[i] = value(context);
    }
    *at = x;
    return (8.0 * (L[2] - L[1]) - (L[3] - L[0])) / (12.0 * (double)STEP);
}

typedef struct Work {
    Backend         *be;
    const GradCheck *check;
    float           *x[GRADCHECK_INPUTS], *y, *R;
} Work;

static float *floats(Index n)
{
    Error  err = {0};
    float *x = mem_alloc(mem_program(), MEM_SCRATCH, n, sizeof *x, &err);
    assert_ok(&err);
    return x;
}

static float *entropy_floats(Index n, uint64_t stream)
{
    float *x = floats(n);
    for (Index i = 0; i < n; i++) x[i] = entropy(stream, i);
    return x;
}

static double loss(void *context)
{
    const Work *w = context;
    w->check->forward(w->be, w->check->context, w->y, w->x);
    double L = 0.0;
    for (Index i = 0; i < w->check->out; i++) L += (double)w->R[i] * (double)w->y[i];
    return L;
}

static void check_input(Work *w, Index i, const float *dx)
{
    Index  n = w->check->n[i];
    float *slope = floats(n);
    for (Index j = 0; j < n; j++) slope[j] = (float)gradcheck_slope(&w->x[i][j], loss, w);

    double err = case_error_f32(dx, slope, n);
    if (!(err <= w->check->tol)) {
        fail_msg("%s: gradient of input %d is off by %.2g, allowed is %.2g", w->check->name, (int)i,
                 err, w->check->tol);
    }
    mem_free(slope);
}

void gradcheck(Backend *be, const GradCheck *check)
{
    Work   w = {.be = be, .check = check};
    float *dx[GRADCHECK_INPUTS] = {0};
    for (Index i = 0; i < check->inputs; i++) {
        if (check->n[i] > 0) w.x[i] = entropy_floats(check->n[i], 500 + (uint64_t)i);
        if (check->n[i] > 0) dx[i] = floats(check->n[i]);
    }
    w.y = floats(check->out);
    w.R = entropy_floats(check->out, 600);

    check->backward(be, check->context, dx, w.R, w.x);
    for (Index i = 0; i < check->inputs; i++) {
        if (dx[i] != NULL) check_input(&w, i, dx[i]);
    }

    for (Index i = 0; i < check->inputs; i++) {
        mem_free(w.x[i]);
        mem_free(dx[i]);
    }
    mem_free(w.y);
    mem_free(w.R);
}
