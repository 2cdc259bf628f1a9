#include "tests/app/payloads.h"

#include <stddef.h>

#include "core/base/text.h"

static const char *const cores[] = {
    "\033]0;owned\a",
    "\033]52;c;cm0gLXJm\a",
    "\033]8;;http://x\033\\",
    "\033P1$r\033\\",
    "\033_G\033\\",
    "\033^pm\033\\",
    "\033c",
    "\033[5;5r\033[2J",
    "\033[6n",
    "\033[?1000h",
    "\033[21t",
    "\033[5;99q",
    "\033[31;41;5m",
    "\033#8",
    "\033Z",
    "\xc2\x9b"
    "31m",
    "\xc2\x9d"
    "0;t\xc2\x9c",
    "\x9b"
    "2J",
    "\r\rX",
    "\b\b\bX",
    "\x05",
    "\x0e"
    "abc",
    "\u202egnp.exe",
    "\u2066x\u200b\ufeff",
    "\xf3\xa0\x81\x81\u2028",
};

enum { CORES = sizeof cores / sizeof *cores, SHAPES = 8 };

_Static_assert(CORES *SHAPES == PAYLOADS, "as many as are promised");

/* The core somewhere: alone, in words, after wide and combined characters, cut, doubled. */
void make_payload(Str *out, int number)
{
    const char              *core = cores[number / SHAPES];
    static const char *const before[SHAPES] = {"",     "a",  "name.", "日本", "e\u0301\u0302",
                                               "\xe6", "$(", "\033"};
    static const char *const after[SHAPES] = {"", "b", "_proj", "日", "\u0301", "\xff", ")", "\n"};
    str_clear(out);
    str_add(out, before[number % SHAPES]);
    str_add(out, core);
    str_add(out, after[number % SHAPES]);
    if (number % SHAPES == 6) str_add(out, core);
}

static bool is_between(uint32_t cp, uint32_t from, uint32_t to)
{
    return cp >= from && cp <= to;
}

Index first_unsafe(const char *text, Index n)
{
    for (Index i = 0; i < n;) {
        uint32_t cp;
        int      length = utf8_decode(text + i, n - i, &cp);
        bool     control = length > 0 && (cp < 0x20 || is_between(cp, 0x7f, 0x9f)) && cp != '\n';
        if (length <= 0 || control) return i;
        if (is_between(cp, 0x200b, 0x200f) || is_between(cp, 0x2028, 0x202e) ||
            is_between(cp, 0x2060, 0x206f) || cp == 0xfeff || cp == 0x61c || cp == 0xad ||
            is_between(cp, 0xfff9, 0xfffb) || is_between(cp, 0xe0000, 0xe007f)) {
            return i;
        }
        i += length;
    }
    return -1;
}
