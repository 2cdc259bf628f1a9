/*
 * What softmax and cross-entropy share: the largest of a row, and the sum of exponentials.
 */

#include "core/math/cpu/cpu.h"
#include "core/math/cpu/exp.h"

enum { BLOCK = 1024 };

float cpu_largest(const float *z, Index n)
{
    float m = z[0];
#pragma omp simd reduction(max : m)
    for (Index i = 0; i < n; i++) m = z[i] > m ? z[i] : m;
    return m;
}

static float sum_kept(float *z, Index n, float m)
{
    float s = 0.0f;
#pragma omp simd reduction(+ : s)
    for (Index i = 0; i < n; i++) {
        float e = cpu_exp(z[i] - m);
        z[i] = e;
        s += e;
    }
    return s;
}

static float sum_only(const float *z, Index n, float m)
{
    float s = 0.0f;
#pragma omp simd reduction(+ : s)
    for (Index i = 0; i < n; i++) s += cpu_exp(z[i] - m);
    return s;
}

double cpu_sum_exp(float *z, Index n, float m, bool keep)
{
    double total = 0.0;
    for (Index i = 0; i < n; i += BLOCK) {
        Index count = cpu_min(BLOCK, n - i);
        total += (double)(keep ? sum_kept(z + i, count, m) : sum_only(z + i, count, m));
    }
    return total;
}
