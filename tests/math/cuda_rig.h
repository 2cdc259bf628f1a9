#ifndef TESTS_MATH_CUDA_RIG_H
#define TESTS_MATH_CUDA_RIG_H

/*
 * The CUDA backend in a test. By default "cuda" is the plug-in's own source, compiled against the
 * emulator and linked into the runner: every machine can prove the kernels. With LORALAB_TEST_GPU=1
 * it is the plug-in beside the runner on a real device, and the same tests run there.
 */

#include "core/math/cuda/cuda.h"

/* From now on "cuda" is usable in this test; spec NULL: small buffers. On a real device only
 * spec's precision counts. */
void use_cuda(const CudaSpec *spec);
bool cuda_is_real(void);
/* Lists replayed as graphs, and issued one by one. */
void cuda_lists(const Backend *be, int64_t *as_graph, int64_t *one_by_one);

#endif
