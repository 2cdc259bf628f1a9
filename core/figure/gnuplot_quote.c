/*
 * The one way for text into a gnuplot script. gnuplot runs programs from backticks in double
 * quotes, from a line that a newline inside single quotes begins, and from whatever follows a
 * quote; doubling ' is not read back soundly by 5.4. So: single quotes only, no control
 * characters, and ' becomes U+2019.
 */

#include <string.h>

#include "core/base/text.h"
#include "core/figure/gnuplot.h"

enum { COLUMNS_MOST = 120 };

static bool harmless(uint32_t cp)
{
    if (cp >= 0x80) return false;
    if ((cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z') || (cp >= '0' && cp <= '9'))
        return true;
    return cp != 0 && strchr(" .,=/-", (int)cp) != NULL;
}

void gnuplot_quote(Str *out, const char *text, bool strict, int tick)
{
    Index n = (Index)strlen(text);
    int   columns = 0, most = tick > 0 ? tick : COLUMNS_MOST;
    str_add(out, "'");
    for (Index i = 0; i < n;) {
        uint32_t cp;
        int      length = utf8_decode(text + i, n - i, &cp);
        Index    at = i;
        i += length < 0 ? -length : length;
        if (length < 0) continue;
        if (cp == '\n' || cp == '\t' || cp == 0x2028 || cp == 0x2029) cp = ' ';
        if (text_is_hidden(cp) || (strict && !harmless(cp))) continue;
        columns += cp == ' ' ? 1 : text_columns(text + at, length);
        if (columns > most) break;
        if (cp == '\'') {
            str_add(out, "\xe2\x80\x99");
        } else if (cp == '%' && tick > 0) {
            str_add(out, "%%");
        } else if (cp == ' ') {
            str_add(out, " ");
        } else {
            str_add_bytes(out, text + at, length);
        }
    }
    str_add(out, "'");
}
