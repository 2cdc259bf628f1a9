/* The device and its memory, as the runtime shows them, copies and launches. */

#define _DEFAULT_SOURCE /* mincore */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/cuda/emulator/internal.h"

/* ---- the device --------------------------------------------------------------------------- */

static cudaError_t begin_on_device(int device)
{
    cudaError_t error = call_begin();
    if (error == cudaSuccess && emulated_device.driver / 1000 < emulated_device.runtime / 1000)
        error = cudaErrorInsufficientDriver; /* also where there is no driver at all */
    if (error == cudaSuccess && emulated_device.count == 0) error = cudaErrorNoDevice;
    if (error == cudaSuccess && (device < 0 || device >= emulated_device.count))
        error = cudaErrorInvalidDevice;
    return error;
}

cudaError_t cudaGetDeviceCount(int *count)
{
    cudaError_t error = begin_on_device(0);
    *count = error == cudaSuccess ? emulated_device.count : 0;
    return call_end(error);
}

cudaError_t cudaSetDevice(int device)
{
    return call_end(begin_on_device(device));
}

cudaError_t cudaGetDevice(int *device)
{
    *device = 0;
    return call_end(begin_on_device(0));
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp *prop, int device)
{
    cudaError_t error = begin_on_device(device);
    memset(prop, 0, sizeof *prop);
    snprintf(prop->name, sizeof prop->name, "emulated device");
    prop->totalGlobalMem = emulated_device.memory;
    prop->sharedMemPerBlock = 48 << 10;
    prop->warpSize = LANES;
    prop->maxThreadsPerBlock = THREADS_MAX;
    prop->major = emulated_device.major;
    prop->minor = emulated_device.minor;
    prop->multiProcessorCount = emulated_device.multiprocessors;
    return call_end(error);
}

cudaError_t cudaDeviceGetAttribute(int *value, enum cudaDeviceAttr attribute, int device)
{
    cudaDeviceProp prop;
    cudaError_t    error = cudaGetDeviceProperties(&prop, device);
    if (error != cudaSuccess) return error;
    switch (attribute) {
    case cudaDevAttrMaxThreadsPerBlock:
        *value = prop.maxThreadsPerBlock;
        break;
    case cudaDevAttrMaxSharedMemoryPerBlock:
        *value = (int)prop.sharedMemPerBlock;
        break;
    case cudaDevAttrWarpSize:
        *value = prop.warpSize;
        break;
    case cudaDevAttrMultiProcessorCount:
        *value = prop.multiProcessorCount;
        break;
    case cudaDevAttrComputeCapabilityMajor:
        *value = prop.major;
        break;
    case cudaDevAttrComputeCapabilityMinor:
        *value = prop.minor;
        break;
    default:
        return cudaErrorInvalidValue;
    }
    return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int *version)
{
    cudaError_t error = call_begin();
    *version = emulated_device.driver;
    return call_end(error);
}

cudaError_t cudaRuntimeGetVersion(int *version)
{
    cudaError_t error = call_begin();
    *version = emulated_device.runtime;
    return call_end(error);
}

cudaError_t cudaFuncSetAttribute(const void *kernel, enum cudaFuncAttribute attribute, int value)
{
    (void)kernel, (void)attribute, (void)value;
    return call_end(begin_on_device(0));
}

/* ---- memory ------------------------------------------------------------------------------- */

cudaError_t cudaMemGetInfo(size_t *free_bytes, size_t *total_bytes)
{
    cudaError_t error = begin_on_device(0);
    size_t      used = memory_used(), all = emulated_device.memory;
    *free_bytes = all > used ? all - used : 0;
    *total_bytes = all;
    return call_end(error);
}

cudaError_t cudaMalloc(void **block, size_t bytes)
{
    cudaError_t error = begin_on_device(0);
    if (error == cudaSuccess) error = stream_may_block();
    if (error != cudaSuccess) return call_end(error);
    *block = bytes == 0 ? NULL : memory_alloc(bytes);
    return call_end(bytes > 0 && *block == NULL ? cudaErrorMemoryAllocation : cudaSuccess);
}

/* Waits for the device, as the real one does. What fails still gives the memory back. */
cudaError_t cudaFree(void *block)
{
    cudaError_t error = call_begin();
    if (error == cudaSuccess) error = stream_may_block();
    cudaError_t late = stream_flush_all(false);
    if (error == cudaSuccess) error = late;
    if (block != NULL && !memory_free(block))
        fault("cudaFree of %p, which is no block of device memory", block);
    return call_end(error);
}

cudaError_t cudaMallocHost(void **block, size_t bytes)
{
    cudaError_t error = begin_on_device(0);
    if (error == cudaSuccess) error = stream_may_block();
    if (error != cudaSuccess) return call_end(error);
    return call_end(pinned_add(block, bytes) ? cudaSuccess : cudaErrorMemoryAllocation);
}

cudaError_t cudaFreeHost(void *block)
{
    cudaError_t error = call_begin();
    cudaError_t late = stream_flush_all(false);
    if (error == cudaSuccess) error = late;
    if (block != NULL && !pinned_remove(block))
        fault("cudaFreeHost of %p, which is no pinned block", block);
    return call_end(error);
}

/* ---- copies ------------------------------------------------------------------------------- */

typedef struct Copy {
    void       *dst;
    const void *src; /* NULL: fill with `value` */
    size_t      bytes;
    int         value;
} Copy;

static void check_range(const char *what, const void *p, size_t bytes)
{
    if (memory_is_device(p) && !memory_holds(p, bytes))
        fault("%s: %zu bytes at %p are not inside a block of device memory", what, bytes, p);
}

static void do_copy(const void *args)
{
    const Copy *c = args;
    check_range("a copy or fill to", c->dst, c->bytes);
    if (c->src != NULL) check_range("a copy from", c->src, c->bytes);
    if (c->src == NULL)
        memset(c->dst, c->value, c->bytes);
    else
        memmove(c->dst, c->src, c->bytes);
    emulated_counts.copies++;
}

static cudaError_t check_copy(const Copy *c, enum cudaMemcpyKind kind)
{
    bool                to = memory_is_device(c->dst), from = memory_is_device(c->src);
    enum cudaMemcpyKind is = to ? (from ? cudaMemcpyDeviceToDevice : cudaMemcpyHostToDevice)
                                : (from ? cudaMemcpyDeviceToHost : cudaMemcpyHostToHost);
    if (kind != cudaMemcpyDefault && kind != is) return cudaErrorInvalidValue;
    check_range("a copy to", c->dst, c->bytes);
    check_range("a copy from", c->src, c->bytes);
    if (!from || !to || c->bytes == 0) return cudaSuccess;
    ptrdiff_t apart = (char *)c->dst - (const char *)c->src;
    size_t    distance = (size_t)(apart < 0 ? -apart : apart);
    if (distance < c->bytes)
        fault("a copy on the device overlaps itself by %zu bytes", c->bytes - distance);
    return cudaSuccess;
}

static cudaError_t do_now(const Copy *c)
{
    cudaError_t error = call_work();
    memory_open_at(c->dst);
    memory_open_at(c->src);
    if (error == cudaSuccess) do_copy(c);
    memory_close_at(c->dst);
    memory_close_at(c->src);
    call_spoil(error);
    return error;
}

cudaError_t cudaMemcpy(void *dst, const void *src, size_t bytes, enum cudaMemcpyKind kind)
{
    Copy        c = {dst, src, bytes, 0};
    cudaError_t error = call_begin();
    if (error == cudaSuccess) error = stream_may_block();
    if (error == cudaSuccess) error = bytes > 0 ? check_copy(&c, kind) : cudaSuccess;
    if (error == cudaSuccess) error = stream_flush_all(true);
    if (error == cudaSuccess && bytes > 0) error = do_now(&c);
    return call_end(error);
}

/* Pinned memory is read and written when the stream gets there. Other host memory at once, after
 * all that the stream has to do before, except in a graph. */
cudaError_t cudaMemcpyAsync(void *dst, const void *src, size_t bytes, enum cudaMemcpyKind kind,
                            cudaStream_t stream)
{
    Copy         c = {dst, src, bytes, 0};
    cudaError_t  error = call_begin();
    cudaStream_t s = stream_find(stream);
    if (error == cudaSuccess) error = bytes > 0 ? check_copy(&c, kind) : cudaSuccess;
    if (error != cudaSuccess || bytes == 0) return call_end(error);
    bool to = memory_is_device(dst) || pinned_holds(dst, bytes);
    bool from = memory_is_device(src) || pinned_holds(src, bytes);
    if (s->capturing || (to && from)) {
        stream_add(stream, do_copy, &c, sizeof c, NULL, 0);
        return call_end(cudaSuccess);
    }
    error = stream_flush(s);
    if (error == cudaSuccess) error = do_now(&c);
    return call_end(error);
}

cudaError_t cudaMemsetAsync(void *dst, int value, size_t bytes, cudaStream_t stream)
{
    Copy        c = {dst, NULL, bytes, value};
    cudaError_t error = call_begin();
    if (error == cudaSuccess && bytes > 0 && !memory_is_device(dst)) error = cudaErrorInvalidValue;
    if (error == cudaSuccess && bytes > 0) {
        check_range("a fill of", dst, bytes);
        stream_add(stream, do_copy, &c, sizeof c, NULL, 0);
    }
    return call_end(error);
}

cudaError_t cudaMemset(void *dst, int value, size_t bytes)
{
    return cudaMemsetAsync(dst, value, bytes, NULL); /* asynchronous in CUDA too */
}

/* ---- launches ----------------------------------------------------------------------------- */

static void do_launch(const void *args)
{
    const Launch *l = args;
    block_run_grid(l, work_more(args, sizeof *l));
    memory_check("a kernel", l->kernel);
    emulated_counts.kernels++;
}

/* Host memory, pinned memory aside, that the argument's eight bytes would be the address of. */
static bool is_host_address(uint64_t word)
{
    enum { PAGE = 4096 };
    unsigned char there;
    if (word < UINT64_C(1) << 32 || word >= UINT64_C(1) << 47) return false;
    void *page = (void *)(uintptr_t)(word / PAGE * PAGE);
    if (memory_is_device(page) || pinned_holds((void *)(uintptr_t)word, 0)) return false;
    return mincore(page, 1, &there) == 0;
}

static void check_arguments(const void *kernel, const unsigned char *args, size_t bytes)
{
    for (size_t at = 0; at + sizeof(uint64_t) <= bytes; at += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, args + at, sizeof word);
        if (is_host_address(word))
            fault("a kernel (%p) is given a host address, %#llx, at byte %zu of its arguments",
                  kernel, (unsigned long long)word, at);
    }
}

static cudaError_t check_launch(const Launch *l)
{
    uint64_t threads = (uint64_t)l->block.x * l->block.y * l->block.z;
    bool     block = threads >= 1 && threads <= THREADS_MAX && l->block.z <= 64;
    bool grid = l->grid.x >= 1 && l->grid.x < 1u << 31 && l->grid.y >= 1 && l->grid.y < 1u << 16 &&
                l->grid.z >= 1 && l->grid.z < 1u << 16;
    if (!block || !grid) return cudaErrorInvalidConfiguration;
    return l->bytes <= 4096 ? cudaSuccess : cudaErrorInvalidValue;
}

cudaError_t emulated_launch(EmulatedCall *call, const void *kernel, const void *args, size_t bytes,
                            dim3 grid, dim3 block, cudaStream_t stream)
{
    Launch      l = {call, kernel, grid, block, bytes};
    cudaError_t error = begin_on_device(0);
    if (error == cudaSuccess) error = check_launch(&l);
    if (error == cudaSuccess) {
        check_arguments(kernel, args, bytes);
        stream_add(stream, do_launch, &l, sizeof l, args, bytes);
    }
    return call_end(error);
}
