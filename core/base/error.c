/*
 * Errors and panic. An Error is a plain struct of the caller; nothing here allocates, so running
 * out of memory can always be reported.
 */

#include "core/base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool error_set(Error *err, ErrorCode code, const char *fmt, ...)
{
    CHECK(code != ERR_NONE);
    if (err == NULL || err->code != ERR_NONE) return false;

    err->code = code;
    err->hint[0] = '\0';
    va_list args;
    va_start(args, fmt);
    vsnprintf(err->message, sizeof err->message, tr(fmt), args);
    va_end(args);
    return false;
}

bool error_hint(Error *err, const char *fmt, ...)
{
    if (err == NULL || err->code == ERR_NONE || err->hint[0] != '\0') return false;

    va_list args;
    va_start(args, fmt);
    vsnprintf(err->hint, sizeof err->hint, tr(fmt), args);
    va_end(args);
    return false;
}

bool error_prefix(Error *err, const char *fmt, ...)
{
    if (err == NULL || err->code == ERR_NONE) return false;

    char    prefix[sizeof err->message];
    va_list args;
    va_start(args, fmt);
    vsnprintf(prefix, sizeof prefix, tr(fmt), args);
    va_end(args);

    /* What does not fit is cut at the end: the cause stands first in a message. */
    char   whole[2 * sizeof err->message + 2];
    size_t n = (size_t)snprintf(whole, sizeof whole, "%s: %s", prefix, err->message);
    if (n >= sizeof err->message) n = sizeof err->message - 1;
    memcpy(err->message, whole, n);
    err->message[n] = '\0';
    return false;
}

const char *tr(const char *sentence)
{
    return sentence;
}

/* Atomic because the screen sets it while a worker may already be running. */
static void (*_Atomic panic_hook)(void);

void panic_set_hook(void (*hook)(void))
{
    panic_hook = hook;
}

void panic(const char *file, int line, const char *what)
{
    /* Taken out before it is called: a hook that itself fails a CHECK must not come back here. */
    void (*hook)(void) = panic_hook;
    panic_set_hook(NULL);
    if (hook != NULL) hook();
    fprintf(stderr, "loralab: internal error at %s:%d: %s\n", file, line, what);
    fflush(stderr);
    abort();
}
