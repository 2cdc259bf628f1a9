/*
 * UTF-8, and text made safe for a terminal. utf8proc knows the properties of characters; what is
 * let through is decided here.
 */

#include "core/base/text.h"

#include <string.h>

#include <utf8proc.h>

#include "core/base/mem.h"

/* ---- UTF-8 ------------------------------------------------------------------------------ */

/* The second byte's range depends on the first (Unicode 3.9, table 3-7): this is what excludes
 * overlong forms, surrogates and everything above U+10FFFF. Later bytes are always 80..BF. */
static int sequence_length(unsigned char first, unsigned char *lo, unsigned char *hi)
{
    *lo = 0x80;
    *hi = 0xbf;
    if (first < 0x80) return 1;
    if (first < 0xc2) return 0;
    if (first < 0xe0) return 2;
    if (first < 0xf0) {
        if (first == 0xe0) *lo = 0xa0;
        if (first == 0xed) *hi = 0x9f;
        return 3;
    }
    if (first == 0xf0) *lo = 0x90;
    if (first == 0xf4) *hi = 0x8f;
    return first <= 0xf4 ? 4 : 0;
}

int utf8_decode(const char *bytes, Index n, uint32_t *cp)
{
    CHECK(n > 0);
    unsigned char lo, hi, first = (unsigned char)bytes[0];
    int           length = sequence_length(first, &lo, &hi);
    if (length == 0) return -1;
    if (length == 1) {
        *cp = first;
        return 1;
    }

    uint32_t value = first & (0x7fu >> length);
    for (int i = 1; i < length; i++) {
        if (i >= n) return -i;
        unsigned char next = (unsigned char)bytes[i];
        if (next < lo || next > hi) return -i;
        value = value << 6 | (next & 0x3fu);
        lo = 0x80;
        hi = 0xbf;
    }
    *cp = value;
    return length;
}

int utf8_encode(uint32_t cp, char out[4])
{
    CHECK(cp <= 0x10ffff && (cp < 0xd800 || cp > 0xdfff));
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    int length = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    for (int i = length - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (cp & 0x3f));
        cp >>= 6;
    }
    out[0] = (char)((0xf00u >> length & 0xff) | cp);
    return length;
}

bool utf8_valid(const char *bytes, Index n)
{
    uint32_t cp;
    for (Index i = 0; i < n;) {
        int length = utf8_decode(bytes + i, n - i, &cp);
        if (length < 0) return false;
        i += length;
    }
    return true;
}

/* ---- properties ------------------------------------------------------------------------- */

static int char_columns(uint32_t cp)
{
    if (cp >= 0x20 && cp < 0x7f) return 1;
    int columns = utf8proc_charwidth((utf8proc_int32_t)cp);
    return columns < 0 ? 0 : columns;
}

int text_columns(const char *text, Index n)
{
    int columns = 0;
    for (Index i = 0; i < n;) {
        uint32_t cp;
        int      length = utf8_decode(text + i, n - i, &cp);
        columns += length > 0 ? char_columns(cp) : 1; /* a terminal shows one U+FFFD */
        i += length > 0 ? length : -length;
    }
    return columns;
}

bool text_is_hidden(uint32_t cp)
{
    if (cp >= 0x20 && cp < 0x7f) return false;
    switch (utf8proc_category((utf8proc_int32_t)cp)) {
    case UTF8PROC_CATEGORY_CC: /* C0, DEL, C1 */
    case UTF8PROC_CATEGORY_CF: /* bidi controls, zero-width, tags, byte order mark */
    case UTF8PROC_CATEGORY_ZL: /* line and paragraph separators */
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_CN: /* unassigned: nobody knows how wide it is */
    case UTF8PROC_CATEGORY_CS:
        return true;
    default:
        return false;
    }
}

/* ---- safe text -------------------------------------------------------------------------- */

enum { MARKS_MAX = 4, ELLIPSIS = 3 };

/* What has been written so far, with the place where an ellipsis would still fit. */
typedef struct Sink {
    Str  *out;
    int   columns, limit; /* limit 0: none */
    Index cut;            /* length of out at the last such place */
    int   cut_columns;
    bool  full;
} Sink;

/* Append one piece that is never split. */
static void put(Sink *sink, const char *piece, Index n, int columns)
{
    if (sink->limit > 0 && sink->columns + columns > sink->limit) {
        sink->full = true;
        return;
    }
    str_add_bytes(sink->out, piece, n);
    sink->columns += columns;
    if (sink->columns <= sink->limit - ELLIPSIS) {
        sink->cut = sink->out->len;
        sink->cut_columns = sink->columns;
    }
}

static void put_ellipsis(Sink *sink)
{
    if (sink->out->failed) return;
    sink->out->len = sink->cut;
    int dots = sink->limit - sink->cut_columns;
    str_add_bytes(sink->out, "...", dots < ELLIPSIS ? dots : ELLIPSIS);
}

static void put_invalid(Sink *sink, const char *bytes, int n)
{
    static const char hex[] = "0123456789abcdef";
    for (int i = 0; i < n && !sink->full; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        char          shown[4] = {'\\', 'x', hex[byte >> 4], hex[byte & 15]};
        put(sink, shown, 4, 4);
    }
}

static void put_hidden(Sink *sink, uint32_t cp)
{
    if (cp < 0x20 || cp == 0x7f) {
        char shown[2] = {'^', (char)(cp ^ 0x40)};
        put(sink, shown, 2, 2);
        return;
    }
    char shown[] = "\\u{xxxxxx}";
    int  digits = 2;
    while (digits < 6 && cp >> (4 * digits) != 0) digits++;
    for (int i = 0; i < digits; i++) {
        shown[3 + i] = "0123456789abcdef"[cp >> (4 * (digits - 1 - i)) & 15];
    }
    shown[3 + digits] = '}';
    put(sink, shown, 4 + digits, 4 + digits);
}

void safe_text(Str *out, const char *bytes, Index n, bool lines, int columns)
{
    Sink sink = {.out = out, .limit = columns, .cut = out->len};
    int  marks = MARKS_MAX; /* a mark with nothing before it would sit on the caller's text */
    for (Index i = 0; i < n && !sink.full;) {
        uint32_t cp;
        int      length = utf8_decode(bytes + i, n - i, &cp);
        if (length < 0) {
            put_invalid(&sink, bytes + i, -length);
            i -= length;
            marks = 0;
            continue;
        }
        int  width = char_columns(cp);
        bool stays = lines && (cp == '\n' || cp == '\t');
        if (text_is_hidden(cp) && !stays) {
            put_hidden(&sink, cp);
            marks = 0;
        } else if (width > 0 || stays) {
            put(&sink, bytes + i, length, stays ? 1 : width);
            marks = 0;
        } else if (marks++ < MARKS_MAX) {
            put(&sink, bytes + i, length, 0);
        }
        i += length;
    }
    if (sink.full) put_ellipsis(&sink);
}

void safe_name(Str *out, const char *name)
{
    safe_text(out, name, (Index)strlen(name), false, 200);
}

/* ---- normalisation ---------------------------------------------------------------------- */

static bool is_ascii(const char *bytes, Index n)
{
    for (Index i = 0; i < n; i++) {
        if ((unsigned char)bytes[i] >= 0x80) return false;
    }
    return true;
}

/* ---- NFC --------------------------------------------------------------------------------
 *
 * Decompose, put marks in canonical order, compose. utf8proc's own decomposition orders marks
 * by swapping neighbours, which takes quadratic time on a long run of them, so the order is
 * made here: a stable counting sort of each run by combining class. */

static const utf8proc_option_t nfc_options = UTF8PROC_STABLE | UTF8PROC_COMPOSE;

static int combining_class(utf8proc_int32_t point)
{
    return (int)utf8proc_get_property(point)->combining_class;
}

/* Decompose into points[room] and return how many there are, which may be more than room; or a
 * negative code of utf8proc's. */
static Index decompose(utf8proc_int32_t *points, Index room, const utf8proc_uint8_t *text, Index n)
{
    int   boundary = 0;
    Index done = 0;
    for (Index at = 0; at < n;) {
        utf8proc_int32_t  point;
        utf8proc_int32_t *place = done < room ? points + done : NULL;
        utf8proc_ssize_t  used = utf8proc_iterate(text + at, n - at, &point);
        if (used < 0) return used;
        at += used;
        used = utf8proc_decompose_char(point, place, done < room ? room - done : 0, nfc_options,
                                       &boundary);
        if (used < 0) return used;
        done += used;
    }
    return done;
}

/* A run of marks (all of a class above 0), stable; spare has room for as many. */
static void order_run(utf8proc_int32_t *run, Index n, utf8proc_int32_t *spare)
{
    Index start[257] = {0};

    for (Index i = 0; i < n; i++) start[combining_class(run[i]) + 1]++;
    for (int c = 0; c < 256; c++) start[c + 1] += start[c];
    for (Index i = 0; i < n; i++) spare[start[combining_class(run[i])]++] = run[i];
    memcpy(run, spare, (size_t)n * sizeof *run);
}

static void order_marks(utf8proc_int32_t *points, Index count, utf8proc_int32_t *spare)
{
    for (Index i = 0; i < count;) {
        Index end = i;
        while (end < count && combining_class(points[end]) > 0) end++;
        if (end - i > 1) order_run(points + i, end - i, spare);
        i = end + 1;
    }
}

bool text_nfc(Str *out, const char *bytes, Index n, Error *err)
{
    if (is_ascii(bytes, n)) {
        str_add_bytes(out, bytes, n);
        return str_ok(out, err);
    }

    const utf8proc_uint8_t *text = (const utf8proc_uint8_t *)bytes;
    Index                   count = decompose(NULL, 0, text, n);
    if (count < 0) {
        return error_set(err, ERR_INPUT, "a text cannot be normalised: %s", utf8proc_errmsg(count));
    }
    utf8proc_int32_t *points =
        mem_alloc_raw(mem_program(), MEM_TEXT, 2 * count + 2, sizeof *points, err);
    if (points == NULL) return false;

    CHECK(decompose(points, count, text, n) == count);
    order_marks(points, count, points + count + 1);
    Index length = utf8proc_reencode(points, count, nfc_options);
    CHECK(length >= 0);
    str_add_bytes(out, (const char *)points, length);
    mem_free(points);
    return str_ok(out, err);
}

void text_xml(Str *out, const char *text, Index n)
{
    for (const char *c = text; c < text + n; c++) {
        const char *name = *c == '&'    ? "&amp;"
                           : *c == '<'  ? "&lt;"
                           : *c == '>'  ? "&gt;"
                           : *c == '"'  ? "&quot;"
                           : *c == '\'' ? "&#39;"
                                        : NULL;
        if (name != NULL) {
            str_add(out, name);
        } else {
            str_add_bytes(out, c, 1);
        }
    }
}
