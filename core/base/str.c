/*
 * Str: appends that never need checking one by one. The first allocation that fails marks the
 * string; str_ok and str_take report it once, at the end.
 */

#include "core/base/str.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"

enum { STR_FIRST_CAPACITY = 64 };

/* Room for n more bytes and the NUL; false (and marked) when there is none. */
static bool reserve(Str *s, Index n)
{
    if (s->failed) return false;
    if (s->cap - s->len > n) return true;

    Index cap = s->cap < STR_FIRST_CAPACITY ? STR_FIRST_CAPACITY : s->cap;
    while (cap - s->len <= n && cap <= PTRDIFF_MAX / 2) cap *= 2;
    char *data = NULL;
    if (cap - s->len > n) data = mem_resize(s->data, mem_program(), MEM_TEXT, cap, 1, NULL);
    if (data == NULL) {
        s->failed = true;
        return false;
    }
    s->data = data;
    s->cap = cap;
    return true;
}

void str_add_bytes(Str *s, const char *bytes, Index n)
{
    CHECK(n >= 0);
    if (!reserve(s, n)) return;
    if (n > 0) memcpy(s->data + s->len, bytes, (size_t)n);
    s->len += n;
    s->data[s->len] = '\0';
}

void str_add(Str *s, const char *text)
{
    str_add_bytes(s, text, (Index)strlen(text));
}

void str_vaddf(Str *s, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    CHECK(n >= 0); /* only a wrong format or more than 2 GB get here */

    if (!reserve(s, n)) return;
    vsnprintf(s->data + s->len, (size_t)n + 1, fmt, args);
    s->len += n;
}

void str_addf(Str *s, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    str_vaddf(s, fmt, args);
    va_end(args);
}

void str_clear(Str *s)
{
    s->len = 0;
    s->failed = false;
    if (s->data != NULL) s->data[0] = '\0';
}

void str_free(Str *s)
{
    mem_free(s->data);
    *s = (Str){0};
}

const char *str_text(const Str *s)
{
    return s->data == NULL ? "" : s->data;
}

bool str_ok(const Str *s, Error *err)
{
    if (!s->failed) return true;
    return error_set(err, ERR_MEMORY, "out of memory: a text of more than %td bytes has no room",
                     s->len);
}

char *str_take(Str *s, Error *err)
{
    if (s->data == NULL) str_add(s, ""); /* an empty text is a text too */
    char *text = s->data;
    if (!str_ok(s, err)) {
        str_free(s);
        return NULL;
    }
    *s = (Str){0};
    return text;
}

/* ---- numbers ---------------------------------------------------------------------------- */

void str_add_grouped(Str *s, int64_t number)
{
    char digits[32];
    int  n = snprintf(digits, sizeof digits, "%lld", (long long)number);
    for (int i = 0; i < n; i++) {
        bool first = i == 0 || digits[i - 1] == '-';
        if (digits[i] != '-' && !first && (n - i) % 3 == 0) str_add_bytes(s, ",", 1);
        str_add_bytes(s, digits + i, 1);
    }
}

void str_add_bytes_count(Str *s, int64_t bytes)
{
    static const char *const units[] = {"KB", "MB", "GB", "TB", "PB", "EB"};

    double size = fabs((double)bytes);
    if (size < 1000.0) {
        str_addf(s, "%lld %s", (long long)bytes, size == 1.0 ? "byte" : "bytes");
        return;
    }
    /* The limits are those of the printed digits: 999,960 bytes are 1.0 MB, not 1000 KB. */
    size_t unit = 0;
    for (size /= 1000.0; size >= 999.5 && unit + 1 < sizeof units / sizeof *units; unit++) {
        size /= 1000.0;
    }
    str_addf(s, "%s%.*f %s", bytes < 0 ? "-" : "", size < 99.95 ? 1 : 0, size, units[unit]);
}

void str_add_double(Str *s, double value)
{
    if (isnan(value)) {
        str_add(s, "NaN");
    } else if (isinf(value)) {
        str_add(s, value > 0 ? "Infinity" : "-Infinity");
    } else {
        /* %g turns to exponents when its digits do not reach the decimal point: 100, not 1e+02. */
        char text[40];
        int  whole = fabs(value) >= 1 && fabs(value) < 1e15 ? (int)log10(fabs(value)) + 1 : 1;
        for (int digits = whole; digits <= 17; digits++) {
            snprintf(text, sizeof text, "%.*g", digits, value);
            if (strtod(text, NULL) == value) break;
        }
        str_add(s, text);
    }
}

/* ---- names ------------------------------------------------------------------------------ */

/* ASCII only and without the locale: a Turkish i is no reason to refuse --ITERATIONS. */
static int fold(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A' + 'a';
    return c == '-' ? '_' : c;
}

bool str_same_name(const char *a, const char *b)
{
    while (*a != '\0' && fold(*a) == fold(*b)) a++, b++;
    return *a == '\0' && *b == '\0';
}

enum { DISTANCE_MAX = 99 };

int str_distance(const char *a, const char *b)
{
    Index na = (Index)strlen(a), nb = (Index)strlen(b);
    if (na > DISTANCE_MAX || nb > DISTANCE_MAX) return DISTANCE_MAX;

    /* row[j]: edits from the first i letters of a to the first j of b. */
    int row[DISTANCE_MAX + 1];
    for (int j = 0; j <= (int)nb; j++) row[j] = j;
    for (int i = 1; i <= (int)na; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= (int)nb; j++) {
            int best = diagonal + (fold(a[i - 1]) != fold(b[j - 1]));
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[nb];
}
