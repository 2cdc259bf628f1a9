#ifndef CORE_MATH_CUDA_DEVICE_CONVERT_CUH
#define CORE_MATH_CUDA_DEVICE_CONVERT_CUH

/*
 * Rows of one storage type written as another, for products whose factors must be of one type.
 */

#include "core/math/cuda/device/device.cuh"

/* dst [rows, cols], contiguous, from src, whose rows are ld elements apart. To DTYPE_F32 from any
 * type, to DTYPE_BF16 from any; rows = 0: nothing. */
typedef struct Conversion {
    const void *src;
    void       *dst;
    DType       from, to;
    Index       rows, cols, ld;
} Conversion;

/* Both in one launch. */
void convert_two(Device *d, const Conversion *first, const Conversion *second);
void convert_one(Device *d, const Conversion *c);

#endif
