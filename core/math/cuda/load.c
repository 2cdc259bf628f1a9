/*
 * The CUDA plug-in, taken into use: looked for once, opened once and kept until the process ends,
 * for a context of the device may outlive every backend. (What the file must be: file.c.)
 */

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/math/cuda/cuda.h"
#include "core/math/cuda/file.h"

/* ---- which plug-in ---------------------------------------------------------------------- */

/* Guarded by the lock; after they were written once they do not change, but for the tests' seam. */
static pthread_mutex_t   lock = PTHREAD_MUTEX_INITIALIZER;
static const CudaPlugin *given, *opened; /* by cuda_use_plugin; from the file */
static CudaSpec          given_spec;
static bool              looked, asked, usable; /* for the file; its device */
static Error             missing;               /* why there is no plug-in */
static char              answer[256];           /* of probe */

void cuda_use_plugin(const CudaPlugin *plugin, const CudaSpec *spec)
{
    pthread_mutex_lock(&lock);
    given = plugin;
    given_spec = spec != NULL ? *spec : (CudaSpec){0};
    asked = false;
    pthread_mutex_unlock(&lock);
}

/* NULL: `missing` says why. */
static const CudaPlugin *the_plugin(void)
{
    if (given != NULL) return given;
    if (!looked) {
        looked = true;
        opened = cuda_file_beside_program(&missing);
    }
    return opened;
}

/* The plug-in, when its device can be used; the runtime is asked once, for that takes long. */
static const CudaPlugin *usable_plugin(CudaSpec *spec, Error *err)
{
    pthread_mutex_lock(&lock);
    const CudaPlugin *plugin = the_plugin();
    if (plugin != NULL && !asked) {
        asked = true;
        usable = plugin->probe(answer, sizeof answer);
    }
    if (plugin == NULL) {
        error_set(err, missing.code, "%s", missing.message);
        error_hint(err, "%s", missing.hint);
    } else if (!usable) {
        error_set(err, ERR_DEVICE, "%s", answer);
        error_hint(err, "%s", tr("--backend cpu runs everywhere"));
        plugin = NULL;
    }
    *spec = given_spec;
    pthread_mutex_unlock(&lock);
    return plugin;
}

bool cuda_offer(char *line, size_t size)
{
    Error    why = {0};
    CudaSpec spec;
    bool     fine = usable_plugin(&spec, &why) != NULL;
    snprintf(line, size, "%s", fine ? answer : why.message);
    return fine;
}

/* ---- the program's services ------------------------------------------------------------- */

static bool fail(Error *err, ErrorCode code, const char *message, const char *hint)
{
    error_set(err, code, "%s", message);
    return hint != NULL ? error_hint(err, "%s", hint) : false;
}

static void count(MemSpace space, int64_t bytes)
{
    mem_count(mem_program(), space, MEM_SCRATCH, bytes, bytes);
}

static void *host_alloc(Index bytes, Error *err)
{
    return mem_alloc(mem_program(), MEM_SCRATCH, bytes, 1, err);
}

static const CudaHost host = {.fail = fail,
                              .count = count,
                              .may_allocate = mem_may_allocate,
                              .alloc = host_alloc,
                              .release = mem_free};

/* ---- a backend -------------------------------------------------------------------------- */

/* The plug-in's free gives back what is on the device; the table itself is our memory. */
typedef struct CudaBackend {
    Backend be; /* first: a CudaBackend is a Backend */
    void (*plugin_free)(Backend *be);
} CudaBackend;

static void cuda_free(Backend *be)
{
    if (be == NULL) return;
    CudaBackend *cuda = (CudaBackend *)be;
    cuda->plugin_free(be);
    mem_free(cuda);
}

Backend *backend_cuda_create(Precision precision, Error *err)
{
    CudaSpec          spec;
    const CudaPlugin *plugin = usable_plugin(&spec, err);
    CudaBackend      *cuda =
        plugin != NULL ? mem_alloc(mem_program(), MEM_SCRATCH, 1, sizeof *cuda, err) : NULL;
    if (cuda == NULL) return NULL;

    cuda->be = plugin->table;
    cuda->plugin_free = plugin->table.free;
    spec.precision = precision;
    if (!plugin->open(&cuda->be, &host, &spec, err)) {
        mem_free(cuda);
        return NULL;
    }
    cuda->be.free = cuda_free;
    return &cuda->be;
}
