#ifndef CORE_MATH_CUDA_FILE_H
#define CORE_MATH_CUDA_FILE_H

/* The plug-in as a file: where it must be and what it must be before it is opened. */

#include "core/math/cuda/cuda.h"

/* The plug-in in the library folder, opened for the rest of the process. NULL with ERR_DEVICE. */
NODISCARD const CudaPlugin *cuda_file_beside_program(Error *err);

/* The library folder of a program file: PREFIX/lib/loralab for PREFIX/bin/loralab, else the
 * program's own folder. */
void cuda_library_folder(char *folder, size_t size, const char *program);

#endif
