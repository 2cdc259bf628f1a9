#ifndef TESTS_CUDA_EMULATOR_EMULATOR_H
#define TESTS_CUDA_EMULATOR_EMULATOR_H

/*
 * The emulated device, for tests. What it finds wrong with a kernel or its caller ends the process:
 * "emulator: ..." on stderr, then abort.
 *
 *   a barrier or shuffle that some threads do not reach, or not at the same place
 *   a store into the 256 bytes before or behind a block of device or shared memory (seen after the
 *   kernel; under the address sanitizer at the kernel's line), farther ones by the MMU
 *   device memory touched by host code, or after cudaFree; host memory passed to a kernel
 *   a product or copy that leaves its blocks
 *
 * A missing barrier shows as wrong results: threads and blocks run in an order that differs from
 * launch to launch, each warp as far as it can before the next. Fresh memory is NaN.
 *
 * Work is done when somebody waits for its stream, not before. All calls take one lock: host
 * threads may share the device.
 */

#include "tests/cuda/emulator/cuda_runtime.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct EmulatedDevice {
    int    count;           /* devices; 0: cudaErrorNoDevice */
    int    driver, runtime; /* versions: 13000 is 13.0 */
    int    major, minor;    /* compute capability */
    int    multiprocessors;
    size_t memory; /* bytes */
} EmulatedDevice;

/* Free to change between calls; emulated_reset makes it one device of 1 GiB again. */
extern EmulatedDevice emulated_device;

/* Like a new process: settings, failures, order of threads, errors. Nothing may be live. */
void emulated_reset(void);
/* The order of threads and blocks from here on is a function of this number. */
void emulated_seed(uint64_t seed);

/* The n-th call of the runtime or cuBLAS from now (0: the next) returns `error`, as a cublasStatus
 * where one is asked for. Errors that spoil a device (cudaErrorIllegalAddress,
 * cudaErrorLaunchFailure, cudaErrorECCUncorrectable) come again from every later call. Releasing
 * still releases. Pure questions (names of errors) do not count. */
void emulated_fail_call(int64_t n, cudaError_t error);
/* The n-th operation to be done on a stream from now fails while it runs: seen by who waits. */
void emulated_fail_work(int64_t n, cudaError_t error);
/* Failures off. Returns how many calls there were since the last fail_call, fail_work or fail_off.
 */
int64_t emulated_fail_off(void);

typedef struct EmulatedUse {
    int64_t blocks, bytes, pinned, streams, events, graphs, handles; /* not given back */
    int64_t kernels, products, copies;                               /* done since the last reset */
    int64_t graph_launches;
} EmulatedUse;
EmulatedUse emulated_use(void);
/* Blocks, pinned blocks, streams, events, graphs and handles that were not given back. */
int64_t emulated_live(void);

#ifdef __cplusplus
}
#endif
#endif
