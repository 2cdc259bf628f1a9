/* A text for the clipboard, as terminals are told it: OSC 52 with the text in base64. */

#include <string.h>

#include "app/term/terminal_internal.h"

static void add_base64(Str *out, const unsigned char *bytes, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        uint32_t three = (uint32_t)bytes[i] << 16;
        if (i + 1 < n) three |= (uint32_t)bytes[i + 1] << 8;
        if (i + 2 < n) three |= bytes[i + 2];
        char four[4] = {digits[three >> 18], digits[three >> 12 & 63],
                        i + 1 < n ? digits[three >> 6 & 63] : '=',
                        i + 2 < n ? digits[three & 63] : '='};
        str_add_bytes(out, four, 4);
    }
}

bool terminal_clip(Str *out, const char *text)
{
    size_t n = strlen(text);
    if (n == 0 || n > CLIP_BYTES) return false;
    str_add(out, "\033]52;c;");
    add_base64(out, (const unsigned char *)text, n);
    str_add(out, "\a");
    return !out->failed;
}
