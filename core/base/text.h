#ifndef CORE_BASE_TEXT_H
#define CORE_BASE_TEXT_H

/*
 * Text that came from a file, a model or the environment and goes to a terminal.
 *
 * safe_text passes printable UTF-8 and turns the rest into something visible:
 *   byte that is not UTF-8        \xNN
 *   C0, DEL                       ^X  (newline and tab stay when `lines` is true)
 *   C1, bidi controls, zero-width, line and paragraph separators, tags   \u{...}
 *   more than 4 combining marks on one character are dropped
 * The sink for every such string; there is no other way to a terminal.
 */

#include "core/base/str.h"

/* Append at most `columns` columns (0: no limit; a cut is marked with an ellipsis "..."). */
void safe_text(Str *out, const char *bytes, Index n, bool lines, int columns);
/* Convenience for a NUL-terminated name on one line, cut at 200 columns. */
void safe_name(Str *out, const char *name);

/* The same characters for XML and HTML: markup's five escaped, the rest as it is. */
void text_xml(Str *out, const char *text, Index n);

/* Decode one code point at bytes[0..n): returns its length 1..4 and sets *cp, or returns
 * minus the length of the maximal invalid subpart (Unicode 3.9, best practice U+FFFD). */
int  utf8_decode(const char *bytes, Index n, uint32_t *cp);
int  utf8_encode(uint32_t cp, char out[4]); /* length; cp must be a scalar value */
bool utf8_valid(const char *bytes, Index n);
int  text_columns(const char *text, Index n); /* terminal columns by utf8proc, >= 0 */
/* True for what safe_text never lets through as it is: controls, bidi and other format
 * characters, separators, code points without a meaning. */
bool text_is_hidden(uint32_t cp);
/* NFC form appended to out; input must be valid UTF-8. */
NODISCARD bool text_nfc(Str *out, const char *bytes, Index n, Error *err);

#endif
