#ifndef CORE_BASE_STR_H
#define CORE_BASE_STR_H

/*
 * Str: a growing byte string with a sticky failure, for building text without checking every
 * call. Start from {0}; append; ask str_ok once; str_free (NULL-safe on an empty one).
 * data is always NUL-terminated once anything was appended. Counted as MEM_TEXT.
 */

#include "core/base/error.h"

typedef struct Str {
    char *data; /* NULL until the first append */
    Index len;
    Index cap;
    bool  failed; /* an allocation failed: later appends do nothing */
} Str;

void        str_add(Str *s, const char *text);
void        str_add_bytes(Str *s, const char *bytes, Index n);
void        str_addf(Str *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
void        str_vaddf(Str *s, const char *fmt, va_list args) PRINTF_LIKE(2, 0);
void        str_clear(Str *s); /* length 0, memory kept, failure forgotten */
void        str_free(Str *s);
const char *str_text(const Str *s); /* "" when empty; never NULL */
/* False with ERR_MEMORY when any append failed. */
NODISCARD bool str_ok(const Str *s, Error *err);
/* Hand the buffer over (free with mem_free) and empty s; NULL with err when failed. */
NODISCARD char *str_take(Str *s, Error *err);

/* 1,234,567 */
void str_add_grouped(Str *s, int64_t number);
/* "512 bytes", "14.3 KB", "2.1 MB", "3.0 GB": powers of 1000, three digits. */
void str_add_bytes_count(Str *s, int64_t bytes);
/* A double with the fewest digits that read back to the same value; "NaN", "Infinity"
 * and "-Infinity" where it is not finite. */
void str_add_double(Str *s, double value);

/* Letters folded, '-' equal to '_': how option names are compared. */
bool str_same_name(const char *a, const char *b);
/* Edit distance of two names under the same folding, at most 99; for "did you mean". */
int str_distance(const char *a, const char *b);

#endif
