/*
 * A plug-in that has no device, for the tests of the loader. The Makefile compiles it several
 * times: as it should be, and with one thing wrong each.
 */

#include "core/math/cuda/plugin.h"

#ifndef VERSION
#define VERSION CUDA_PLUGIN_VERSION
#endif
#ifndef TABLE_BYTES
#define TABLE_BYTES sizeof(Backend)
#endif
#ifndef ENTRY
#define ENTRY loralab_cuda_plugin
#endif

const CudaPlugin *ENTRY(void);

static bool probe(char *line, size_t size)
{
    static const char words[] = "a library for tests has no device";
    for (size_t i = 0; i < sizeof words && i < size; i++) line[i] = words[i];
    return false;
}

const CudaPlugin *ENTRY(void)
{
    static const CudaPlugin plugin = {
        .version = VERSION, .table_bytes = TABLE_BYTES, .probe = probe};
    return &plugin;
}
