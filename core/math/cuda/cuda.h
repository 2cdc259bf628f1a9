#ifndef CORE_MATH_CUDA_CUDA_H
#define CORE_MATH_CUDA_CUDA_H

/*
 * The program's side of the CUDA backend: find the plug-in, look at it, open it.
 *
 * The plug-in is looked for in one place only, the library folder: where the program file is
 * (a source tree's build folder), or PREFIX/lib/loralab when that is PREFIX/bin. A file that is
 * reached elsewhere (a symbolic link that leads out of the folder, a relative path, the loader's
 * search path) is refused, and so is one that others than root and this user may write to.
 */

#include "core/math/cuda/plugin.h"

/* ERR_DEVICE with one sentence: no plug-in, another version, no device, driver too old ... */
NODISCARD Backend *backend_cuda_create(Precision precision, Error *err);

/* One line: which device `auto` and `cuda` would take, or why none. True: usable. */
bool cuda_offer(char *line, size_t size);

/* Use these tables instead of opening a file, for tests; NULL: the file again. */
void cuda_use_plugin(const CudaPlugin *plugin, const CudaSpec *spec);

/* Open the plug-in of this file, which must be right inside this folder once links are followed,
 * for the rest of the process. For tests; others call backend_cuda_create. NULL with ERR_DEVICE:
 * one sentence. */
NODISCARD const CudaPlugin *cuda_plugin_open(const char *path, const char *folder, Error *err);

#endif
