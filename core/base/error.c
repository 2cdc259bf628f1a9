/*
 * Errors and panic. An Error is a plain struct of the caller; nothing here allocates, so running
 * out of memory can always be reported.
 */

#include "core/base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What was cut for want of room ends with a whole character of UTF-8. */
static void whole_characters(char *text, size_t room, int wanted)
{
    if (wanted >= 0 && (size_t)wanted < room) return;
    size_t n = strlen(text), at = n;
    while (at > 0 && n - at < 3 && ((unsigned char)text[at - 1] & 0xC0) == 0x80) at--;
    if (at == 0 || (unsigned char)text[at - 1] < 0xC0) return;
    unsigned char first = (unsigned char)text[at - 1];
    size_t        length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (at - 1 + length > n) text[at - 1] = '\0';
}

bool error_set(Error *err, ErrorCode code, const char *fmt, ...)
{
    CHECK(code != ERR_NONE);
    if (err == NULL || err->code != ERR_NONE) return false;

    err->code = code;
    err->hint[0] = '\0';
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(err->message, sizeof err->message, tr(fmt), args);
    va_end(args);
    whole_characters(err->message, sizeof err->message, n);
    return false;
}

bool error_hint(Error *err, const char *fmt, ...)
{
    if (err == NULL || err->code == ERR_NONE || err->hint[0] != '\0') return false;

    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(err->hint, sizeof err->hint, tr(fmt), args);
    va_end(args);
    whole_characters(err->hint, sizeof err->hint, n);
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
    size_t room = sizeof err->message, kept = n < room ? n : room - 1;
    memcpy(err->message, whole, kept);
    err->message[kept] = '\0';
    whole_characters(err->message, room, (int)n);
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
