#ifndef TESTS_MATH_GRADCHECK_H
#define TESTS_MATH_GRADCHECK_H

/*
 * Gradients against differences. For an op y = f(x_0, x_1, ...) take a random R of the shape of
 * y (all ones would hide much: the gradient of the sum of a softmax is zero) and
 *
 *     L(x) = sum_i R_i y_i, in double,     dL/dx = what the backward makes of dy = R.
 *
 * The slope is measured with four points,
 *
 *     L'(x) = (8 (L(x+h) - L(x-h)) - (L(x+2h) - L(x-2h))) / 12h + O(h^4),
 *
 * with h a power of two and x a multiple of 2^-17, so that x+h is exact in float32. What is left
 * is the rounding of y to float32, about 1e-7/h.
 */

#include "core/math/ops.h"

enum { GRADCHECK_INPUTS = 5 };

typedef struct GradCheck {
    const char *name;
    Index       inputs, n[GRADCHECK_INPUTS]; /* elements of each x; 0: absent (NULL) */
    Index       out;                         /* elements of y */
    const void *context;
    double      tol; /* relative to the norm of each gradient */
    void (*forward)(Backend *be, const void *context, float *y, float *const *x);
    /* Adds to dx[i], which is zero before; NULL for an absent x. */
    void (*backward)(Backend *be, const void *context, float *const *dx, const float *dy,
                     float *const *x);
} GradCheck;

/* On a backend in host memory, with workspace reserved. */
void gradcheck(Backend *be, const GradCheck *check);

/* The four-point slope of value(context) in *at, which is put back. */
double gradcheck_slope(float *at, double (*value)(void *context), void *context);

#endif
