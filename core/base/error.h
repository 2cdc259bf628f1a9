#ifndef CORE_BASE_ERROR_H
#define CORE_BASE_ERROR_H

/*
 * Errors: the world's fault travels up as an Error; our own fault is CHECK.
 *
 * A fallible function returns bool or a pointer, takes `Error *err` last and is NODISCARD.
 * The first failure wins: setting an Error that is already set changes nothing.
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NODISCARD __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* Sizes and subscripts everywhere: products cannot overflow an int. */
typedef ptrdiff_t Index;

/* Each code is the exit status of the contract, except ERR_NONE. */
typedef enum ErrorCode {
    ERR_NONE      = 0,
    ERR_FAILED    = 1,   /* a lesson's check failed, or its budget is spent */
    ERR_INPUT     = 2,   /* bad file, bad option, bad usage */
    ERR_DEVICE    = 3,   /* no usable terminal or device */
    ERR_LOCKED    = 4,   /* another run owns the folder */
    ERR_DISK      = 5,   /* reading or writing failed */
    ERR_MEMORY    = 6,   /* an allocation failed */
    ERR_NUMERIC   = 7,   /* a number is not finite */
    ERR_MISMATCH  = 8,   /* does not match what is being resumed */
    ERR_CANCELLED = 130, /* stopped on request */
} ErrorCode;

typedef struct Error {
    ErrorCode code;
    char      message[512]; /* one sentence: what happened, with file, field and numbers */
    char      hint[256];    /* what the user can do next; may be "" */
} Error;

/* Record a failure and return false, so that `return error_set(err, ...)` is the idiom.
 * Keeps an earlier failure. `err` may be NULL when only the yes or no matters. */
bool error_set(Error *err, ErrorCode code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Add the hint, once, to a failure already set. Returns false. */
bool error_hint(Error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Put "prefix: " before the message, as when a caller knows the file's name. Returns false. */
bool error_prefix(Error *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The one function through which every sentence for the user passes. Identity today; a
 * message catalogue replaces it later. Returns a format string with the same conversions. */
const char *tr(const char *sentence) __attribute__((format_arg(1)));

/* CHECK stays on in release builds. It runs the panic hook (which gives the terminal back),
 * prints file, line and condition to stderr and aborts. */
#define CHECK(cond) ((cond) ? (void)0 : panic(__FILE__, __LINE__, #cond))
_Noreturn void panic(const char *file, int line, const char *what);
void           panic_set_hook(void (*hook)(void));

#endif
