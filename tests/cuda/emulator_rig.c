/* A device for a test, and children that have to die. */

#define _POSIX_C_SOURCE 200809L
#include "tests/cuda/emulator_rig.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/cuda/emulator/internal.h"
#include "tests/test.h"

void device_assert(cudaError_t error, const char *what, const char *file, int line)
{
    if (error == cudaSuccess) return;
    print_error("%s: %s\n", what, cudaGetErrorName(error));
    _fail(file, line);
}

cudaStream_t device_open(void)
{
    cudaStream_t stream = NULL;
    emulated_reset();
    assert_cuda(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    return stream;
}

void device_close(cudaStream_t stream)
{
    assert_cuda(cudaStreamDestroy(stream));
    assert_int_equal(emulated_live(), 0);
    emulated_reset();
}

void *device_array(Index count, Index size)
{
    void *array = NULL;
    assert_cuda(cudaMalloc(&array, (size_t)(count * size)));
    return array;
}

void *device_copy_of(const void *host, Index count, Index size)
{
    void *array = device_array(count, size);
    assert_cuda(cudaMemcpy(array, host, (size_t)(count * size), cudaMemcpyHostToDevice));
    return array;
}

void device_read(void *host, const void *device, Index count, Index size)
{
    assert_cuda(cudaDeviceSynchronize());
    assert_cuda(cudaMemcpy(host, device, (size_t)(count * size), cudaMemcpyDeviceToHost));
}

void device_free(void *array)
{
    assert_cuda(cudaFree(array));
}

/* ---- children ----------------------------------------------------------------------------- */

typedef struct Death {
    int  status; /* of waitpid */
    char said[4096];
} Death;

static void be_the_child(DeviceBody *body, void *context, int to)
{
    const struct rlimit no_core = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &no_core);
    dup2(to, STDERR_FILENO);
    signal(SIGSEGV, SIG_DFL); /* not cmocka's, which goes on */
    fault_watch();
    body(context);
    _exit(0);
}

static void run_child(DeviceBody *body, void *context, Death *death)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) be_the_child(body, context, ends[1]);
    close(ends[1]);

    /* The first words count; what comes behind them (a sanitizer's) is read and dropped. */
    char    rest[4096];
    size_t  used = 0;
    ssize_t n;
    while ((n = read(ends[0], rest, sizeof rest)) > 0) {
        size_t room = sizeof death->said - 1 - used, take = (size_t)n < room ? (size_t)n : room;
        memcpy(death->said + used, rest, take);
        used += take;
    }
    death->said[used] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &death->status, 0), child);
}

void assert_dies(DeviceBody *body, void *context, const char *words)
{
    Death death;
    run_child(body, context, &death);
    if (death.status == 0) fail_msg("nobody noticed; expected \"%s\"", words);
    if (strstr(death.said, words) == NULL)
        fail_msg("it said \"%s\" instead of \"%s\"", death.said, words);
}

void assert_lives(DeviceBody *body, void *context)
{
    Death death;
    run_child(body, context, &death);
    if (death.status != 0 || death.said[0] != '\0')
        fail_msg("status %d: \"%s\"", death.status, death.said);
}
