#ifndef TESTS_CUDA_PLANTED_H
#define TESTS_CUDA_PLANTED_H

/*
 * Kernels that are right or have one planted fault, to see that the emulator tells them apart.
 * Each launches on the given stream and does not wait; arrays are device memory.
 */

#include <stdbool.h>

#include "tests/cuda/emulator/cuda_runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PLANTED_THREADS = 256 };

/* y[i] = x[n-1-i] within each block of 256, through shared memory. */
cudaError_t planted_reverse(cudaStream_t stream, float *y, const float *x, int blocks,
                            bool no_barrier);
/* y[0..n-1] = 1; the fault: y[n] too, or with `far` an element a megabyte behind. */
cudaError_t planted_fill(cudaStream_t stream, float *y, int n, bool one_more, bool far);
/* y[thread] = sum over the block, with one barrier; the fault: one that half of the threads call,
 * one that half of the threads call elsewhere, or one that a thread has returned before. */
typedef enum PlantedBarrier {
    BARRIER_FOR_ALL,
    BARRIER_IN_A_BRANCH,
    BARRIER_IN_TWO_PLACES,
    BARRIER_AFTER_RETURN,
} PlantedBarrier;
cudaError_t planted_barrier(cudaStream_t stream, float *y, PlantedBarrier kind);
/* y[lane] = sum of the lane numbers of its warp; the fault: a lane leaves before, a lane goes to
 * another shuffle, or the mask leaves lanes out. */
typedef enum PlantedShuffle {
    SHUFFLE_OF_ALL,
    SHUFFLE_THAT_A_LANE_LEAVES,
    SHUFFLE_IN_TWO_PLACES,
    SHUFFLE_WITH_A_MASK,
} PlantedShuffle;
cudaError_t planted_shuffle(cudaStream_t stream, float *y, int threads, PlantedShuffle kind);
/* results[7][32] of one warp, from lane numbers: __shfl_sync from lane 5 in segments of 8, xor 3,
 * down 2, up 2, ballot of odd lanes, any lane above 31, all lanes below 32. */
cudaError_t planted_lanes(cudaStream_t stream, double *results);
/* order[k] = which thread was the k-th to run, of one block; count must be 0. */
cudaError_t planted_order(cudaStream_t stream, int *order, int *count, int blocks, int threads);
/* Two shared arrays; y[thread] = what was found in them, before anything was stored. The fault:
 * one element behind the first. */
cudaError_t planted_shared(cudaStream_t stream, float *y, bool one_more);
/* y[i] = 2 * x[i] */
cudaError_t planted_double(cudaStream_t stream, float *y, const float *x, int n);

#ifdef __cplusplus
}
#endif
#endif
