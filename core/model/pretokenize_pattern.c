/*
 * From Oniguruma's dialect, which Hugging Face's tokenizers use, to PCRE2's.
 *
 *   \s \S     Unicode White_Space. PCRE2's \s also takes U+180E, so the set is written out.
 *   [a[b]]    a set inside a set there, the character '[' here: refused.
 *   [a&&b]    an intersection there, the character '&' twice here: refused.
 *   (*VERB)   nothing there, a command to the matcher here: refused.
 *   \K        would let a match begin before the text it was found in: refused.
 *
 * ^ and $ stand at every line there; pretokenize.c asks PCRE2 for the same.
 */

#include "core/model/pretokenize.h"

#include <string.h>

/* \p{White_Space}, in the form that may stand inside of brackets. */
static const char white_space[] = "\\x09-\\x0d\\x20\\x85\\xa0\\x{1680}\\x{2000}-\\x{200a}"
                                  "\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}";

static bool refuse(Error *err, const char *what, Index at)
{
    return error_set(err, ERR_INPUT, "the pattern has %s at byte %td, which is not supported", what,
                     at);
}

/* A backslash and what follows it. Returns the bytes taken, 0 when it was refused. */
static Index translate_escape(Str *out, const char *p, Index left, bool in_set)
{
    if (left < 2) {
        str_add_bytes(out, p, left); /* PCRE2 will say what is wrong */
        return left;
    }
    if (p[1] == 's' || (p[1] == 'S' && !in_set)) {
        if (!in_set) str_add(out, p[1] == 's' ? "[" : "[^");
        str_add(out, white_space);
        if (!in_set) str_add(out, "]");
        return 2;
    }
    if (p[1] == 'K' || p[1] == 'Q') return 0;
    str_add_bytes(out, p, 2);
    return 2;
}

/* After a '[': the negation and a ']' that is a member because it comes first. */
static Index set_opening(const char *p, Index left)
{
    Index n = 1;
    if (n < left && p[n] == '^') n++;
    if (n < left && p[n] == ']') n++;
    return n;
}

/* A [:name:] inside a set, whole; 0 if there is none. */
static Index posix_class(const char *p, Index left)
{
    if (left < 4 || p[1] != ':') return 0;
    for (Index i = 2; i + 1 < left && p[i] != ']'; i++) {
        if (p[i] == ':' && p[i + 1] == ']') return i + 2;
    }
    return 0;
}

/* What is not an escape. Returns the bytes taken, 0 when it was refused. */
static Index translate_plain(Str *out, const char *p, Index left, bool *in_set)
{
    Index taken = 1;
    if (!*in_set) {
        if (left > 1 && p[0] == '(' && p[1] == '*') return 0;
        if (p[0] == '[') {
            taken = set_opening(p, left);
            *in_set = true;
        }
    } else if (p[0] == '[') {
        taken = posix_class(p, left);
    } else if (p[0] == '&' && left > 1 && p[1] == '&') {
        return 0;
    } else if (p[0] == ']') {
        *in_set = false;
    }
    str_add_bytes(out, p, taken);
    return taken;
}

bool pretokenize_translate(Str *out, const char *pattern, Index n, Error *err)
{
    if (memchr(pattern, '\0', (size_t)n) != NULL) return refuse(err, "a NUL", 0);

    bool in_set = false;
    for (Index i = 0; i < n;) {
        const char *p = pattern + i;
        Index       taken = *p == '\\' ? translate_escape(out, p, n - i, in_set)
                                       : translate_plain(out, p, n - i, &in_set);
        if (taken == 0) {
            char what[8] = {'"', p[0], '\0', '\0', '\0'};
            if (i + 1 < n && (unsigned char)p[1] < 0x80) what[2] = p[1];
            memcpy(what + strlen(what), "\"", 2);
            return refuse(err, what, i);
        }
        i += taken;
    }
    return str_ok(out, err);
}
