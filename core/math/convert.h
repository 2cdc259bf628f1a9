#ifndef CORE_MATH_CONVERT_H
#define CORE_MATH_CONVERT_H

/*
 * Half precision numbers, bit for bit. Both half types widen to float32 exactly; narrowing
 * rounds to the nearest, ties to the even last bit, subnormals included. A NaN stays a NaN,
 * what is too large becomes infinity.
 */

#include "core/math/ops.h"

float    f32_from_f16(uint16_t bits);
uint16_t f16_from_f32(float x);
float    f32_from_bf16(uint16_t bits);
uint16_t bf16_from_f32(float x);

/* out[i] = data[i] as float32, n elements of `dtype`. No overlap. */
void convert_to_f32(float *out, const void *data, DType dtype, Index n);
/* The other way, rounding. No overlap. */
void convert_from_f32(void *out, DType dtype, const float *x, Index n);

#endif
