/* HTML entities that a lesson may use instead of a character, and numbers of characters. */

#include <string.h>

#include "core/base/text.h"
#include "lessons/engine/prose_parts.h"

static const struct {
    const char *name, *text;
} entities[] = {
    {"&amp;", "&"},         {"&lt;", "<"},         {"&gt;", ">"},         {"&quot;", "\""},
    {"&apos;", "'"},        {"&nbsp;", "\u00a0"},  {"&times;", "\u00d7"}, {"&middot;", "\u00b7"},
    {"&plusmn;", "\u00b1"}, {"&minus;", "\u2212"}, {"&ndash;", "\u2013"}, {"&mdash;", "\u2014"},
    {"&hellip;", "\u2026"}, {"&le;", "\u2264"},    {"&ge;", "\u2265"},    {"&ne;", "\u2260"},
    {"&rarr;", "\u2192"},   {"&alpha;", "\u03b1"}, {"&sigma;", "\u03c3"}, {"&Delta;", "\u0394"},
};

/* "&#945;" and "&#x3b1;"; 0 when it is no character. */
static uint32_t numbered(const char *text, Index n)
{
    uint32_t base = n > 3 && (text[2] == 'x' || text[2] == 'X') ? 16 : 10, value = 0;
    for (Index i = base == 16 ? 3 : 2; i < n - 1; i++) {
        char     c = text[i];
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                : base;
        if (digit >= base || value > 0x10ffff) return 0;
        value = value * base + digit;
    }
    return value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff) ? 0 : value;
}

void prose_entity(Str *out, const char *text, Index n)
{
    if (n > 3 && text[1] == '#') {
        uint32_t cp = numbered(text, n);
        char     bytes[4];
        if (cp != 0) {
            str_add_bytes(out, bytes, utf8_encode(cp, bytes));
            return;
        }
    }
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++) {
        if ((Index)strlen(entities[i].name) == n &&
            memcmp(entities[i].name, text, (size_t)n) == 0) {
            str_add(out, entities[i].text);
            return;
        }
    }
    str_add_bytes(out, text, n);
}
