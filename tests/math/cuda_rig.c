/* Which plug-in a test gets. */

#include "tests/math/cuda_rig.h"

#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

bool cuda_is_real(void)
{
    const char *wanted = getenv("LORALAB_TEST_GPU");
    return wanted != NULL && strcmp(wanted, "1") == 0;
}

void use_cuda(const CudaSpec *spec)
{
    static const CudaSpec small = {.workspace = 4 << 20, .staging = 1 << 18};
    if (!cuda_is_real()) cuda_use_plugin(loralab_cuda_plugin(), spec != NULL ? spec : &small);
}

void cuda_lists(const Backend *be, int64_t *as_graph, int64_t *one_by_one)
{
    *as_graph = *one_by_one = 0;
    if (!cuda_is_real()) loralab_cuda_plugin()->replays(be, as_graph, one_by_one);
}
