#ifndef TESTS_CUDA_EMULATOR_THREADS_H
#define TESTS_CUDA_EMULATOR_THREADS_H

/* Between device code (device_code.h) and what runs its threads (block.c, exchange.c). */

#include "tests/cuda/emulator/vector_types.h"

#ifdef __cplusplus
extern "C" {
#endif

extern uint3 threadIdx, blockIdx;
extern dim3  blockDim, gridDim;

/* What lanes of a warp do together. */
typedef enum EmulatedExchange {
    EMULATED_SYNC,
    EMULATED_BALLOT,
    EMULATED_FROM, /* from lane `operand` */
    EMULATED_XOR,  /* from lane ^ operand */
    EMULATED_DOWN, /* from lane + operand */
    EMULATED_UP,   /* from lane - operand */
} EmulatedExchange;

/* file, line: the place in the source. */
void     emulated_syncthreads(const char *file, int line);
uint64_t emulated_exchange(EmulatedExchange how, unsigned mask, uint64_t value, int operand,
                           int width, const char *file, int line);

#ifdef __cplusplus
}
#endif
#endif
