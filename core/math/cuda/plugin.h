#ifndef CORE_MATH_CUDA_PLUGIN_H
#define CORE_MATH_CUDA_PLUGIN_H

/*
 * Between the program and libloralab_cuda.so, which is opened with dlopen so that one program
 * serves machines with and without a GPU. The plug-in exports one function; everything else goes
 * through the tables here. It is compiled as C++ and links neither our objects nor OpenBLAS, so
 * what it needs of the program comes as a CudaHost.
 */

#include "core/math/ops.h"

/* Counts up with every change of this file or of struct Backend. */
enum { CUDA_PLUGIN_VERSION = 1 };

#define CUDA_PLUGIN_FILE "libloralab_cuda.so"
#define CUDA_PLUGIN_SYMBOL "loralab_cuda_plugin"

/* The program's services. */
typedef struct CudaHost {
    /* error_set and error_hint (hint may be NULL); returns false. */
    bool (*fail)(Error *err, ErrorCode code, const char *message, const char *hint);
    /* The backend's own buffers, as MEM_SCRATCH of the program: mem_count. */
    void (*count)(MemSpace space, int64_t bytes);
    /* mem_may_allocate: the fault rig's say before each allocation on the device. */
    bool (*may_allocate)(void);
    /* Host memory, zeroed, as MEM_SCRATCH of the program: mem_alloc and mem_free. */
    void *(*alloc)(Index bytes, Error *err);
    void (*release)(void *block);
} CudaHost;

typedef struct CudaSpec {
    Precision precision;
    Index     workspace; /* bytes of device memory that ops share; 0: the default */
    Index     staging;   /* bytes for host arrays of one command list; 0: the default */
    bool      no_graphs; /* launch every command, even of a list seen before */
} CudaSpec;

typedef struct CudaPlugin {
    uint32_t version;     /* CUDA_PLUGIN_VERSION */
    uint32_t table_bytes; /* sizeof(Backend) where it was compiled */
    /* All of the backend but `description`, `precision` and `state`, which open fills in. */
    Backend table;
    /* Whether a usable device is there; `line` says which, or why not, in one sentence. Touches no
     * device memory. */
    bool (*probe)(char *line, size_t size);
    /* be: a copy of the table. On failure nothing is left behind. Freed by be->free, which does
     * not free be itself. `host` must outlive it. */
    bool (*open)(Backend *be, const CudaHost *host, const CudaSpec *spec, Error *err);
    /* How often a list of commands was replayed as a graph, and issued one by one: for tests and
     * benches. */
    void (*replays)(const Backend *be, int64_t *as_graph, int64_t *one_by_one);
} CudaPlugin;

const CudaPlugin         *loralab_cuda_plugin(void);
typedef const CudaPlugin *CudaPluginEntry(void);

#endif
