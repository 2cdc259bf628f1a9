#ifndef TESTS_CUDA_EMULATOR_RIG_H
#define TESTS_CUDA_EMULATOR_RIG_H

/* What the emulator's own tests share. */

#include "core/base/error.h"
#include "tests/cuda/emulator/emulator.h"

/* A stream that waits for no other, in a device as after emulated_reset; the other gives it back
 * and asserts that nothing is left. */
cudaStream_t device_open(void);
void         device_close(cudaStream_t stream);

void *device_array(Index count, Index size); /* fresh */
void *device_copy_of(const void *host, Index count, Index size);
void  device_read(void *host, const void *device, Index count, Index size);
void  device_free(void *array);

/* All calls of a test that must succeed. */
#define assert_cuda(error) device_assert(error, #error, __FILE__, __LINE__)
void device_assert(cudaError_t error, const char *what, const char *file, int line);

/* The body, in a child process, must end by a signal, or under a sanitizer by its report, and say
 * these words. Or it must not: end without a word. */
typedef void DeviceBody(void *context);
void         assert_dies(DeviceBody *body, void *context, const char *words);
void         assert_lives(DeviceBody *body, void *context);

/* What it says of a store out of a block. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WORDS_OF_A_BAD_STORE "use-after-poison"
#endif
#endif
#ifndef WORDS_OF_A_BAD_STORE
#define WORDS_OF_A_BAD_STORE "emulator: a kernel"
#endif

#endif
