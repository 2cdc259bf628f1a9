/* How the emulator complains, and the bands of bytes that show who stored where he should not. */

#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/cuda/emulator/internal.h"

void fault(const char *format, ...)
{
    va_list args;
    fflush(NULL);
    fprintf(stderr, "emulator: ");
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\n");
    fflush(stderr);
    abort();
}

/* ---- wild accesses ------------------------------------------------------------------------ */

static struct sigaction before;

/* Say what it was, and let it happen again under whoever watched before (a sanitizer, nobody). */
static void on_wild_access(int signal, siginfo_t *info, void *context)
{
    (void)context;
    if (memory_is_device(info->si_addr)) {
        char        line[256];
        bool        inside = block_thread() != NULL;
        const char *who = inside ? "a kernel touches device memory that is in no block: "
                                 : "host code touches device memory: ";
        int         n =
            snprintf(line, sizeof line, "emulator: %s%p, %s\n", who, info->si_addr, block_where());
        if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0) _exit(1);
    }
    sigaction(signal, &before, NULL);
}

/* Again and again, for a test's frame (cmocka) puts its own handler in place for every test. */
void fault_watch(void)
{
    struct sigaction action;
    if (sigaction(SIGSEGV, NULL, &action) != 0 || action.sa_sigaction == on_wild_access) return;
    before = action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_wild_access;
    action.sa_flags = SA_SIGINFO;
    sigemptyset(&action.sa_mask);
    (void)sigaction(SIGSEGV, &action, NULL);
}

/* ---- bands -------------------------------------------------------------------------------- */

void band_fill(void *at, size_t bytes)
{
    unsigned char *b = at;
    for (size_t i = 0; i < bytes; i++) b[i] = i % 2 == 0 ? BAND_LOW : BAND_HIGH;
}

/* The address sanitizer forbids these bytes to everybody else. */
__attribute__((no_sanitize("address"))) ptrdiff_t band_damage(const void *at, size_t bytes)
{
    const volatile unsigned char *b = at;
    for (size_t i = 0; i < bytes; i++) {
        if (b[i] != (i % 2 == 0 ? BAND_LOW : BAND_HIGH)) return (ptrdiff_t)i;
    }
    return -1;
}
