/*
 * Memory of the ref backend is host memory. Its blocks are counted by whoever asked for them (an
 * arena, a set of parameters), who knows the right account and purpose. Here they stand on an
 * account of the backend's own that nobody adds up: it gives them to the leak check and to the
 * fault rig, and lets ref_free CHECK that all came back.
 */

#include "core/math/ref/ref.h"

#include <string.h>

void *ref_alloc(Backend *be, Index bytes, Error *err)
{
    const RefState *ref = be->state;
    return mem_alloc_raw(ref->blocks, MEM_SCRATCH, bytes, 1, err);
}

void ref_release(Backend *be, void *block)
{
    (void)be;
    mem_free(block);
}

void ref_put(Backend *be, void *dst, const void *host, Index bytes)
{
    (void)be;
    if (bytes > 0) memcpy(dst, host, (size_t)bytes);
}

void ref_get(Backend *be, void *host, const void *src, Index bytes)
{
    (void)be;
    if (bytes > 0) memcpy(host, src, (size_t)bytes);
}

void ref_copy(Backend *be, void *dst, const void *src, Index bytes)
{
    (void)be;
    if (bytes > 0) memcpy(dst, src, (size_t)bytes);
}

void ref_zero(Backend *be, void *dst, Index bytes)
{
    (void)be;
    if (bytes > 0) memset(dst, 0, (size_t)bytes);
}

bool ref_reserve(Backend *be, Index bytes_per_worker, Error *err)
{
    RefState *ref = be->state;
    if (bytes_per_worker <= ref->workspace_bytes) return true;

    void *grown = mem_alloc_raw(mem_program(), MEM_SCRATCH, bytes_per_worker, 1, err);
    if (grown == NULL) return false;
    mem_free(ref->workspace);
    ref->workspace = grown;
    ref->workspace_bytes = bytes_per_worker;
    return true;
}

Index ref_mat_workspace(DType dtype, Index cols)
{
    (void)dtype;
    (void)cols;
    return 0; /* every element is widened where it is used */
}
