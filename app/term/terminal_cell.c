/* From a cell to what ncurses takes. */

#define _XOPEN_SOURCE 700 /* wcwidth */
#include "app/term/terminal_internal.h"

#include <limits.h>
#include <string.h>

#include "core/base/text.h"

/* Can it be written in this locale, and is it as wide as the grid thinks? ncurses counts columns
 * with wcwidth; where the two tables differ, all that follows in the row would be shifted. */
static bool is_sendable(uint32_t cp, int width)
{
    char      bytes[MB_LEN_MAX];
    mbstate_t state = {0};
    if (text_is_hidden(cp)) return false;
    return wcwidth((wchar_t)cp) == width && wcrtomb(bytes, (wchar_t)cp, &state) != (size_t)-1;
}

void terminal_cell(const Cell *cell, wchar_t out[CELL_CHARACTERS + 1])
{
    Index    n = (Index)strnlen(cell->text, CELL_BYTES);
    uint32_t cp;
    int      count = 0;

    out[count++] = n == 0 ? L' ' : L'?';
    out[count] = L'\0';
    if (n == 0) return;
    int length = utf8_decode(cell->text, n, &cp);
    if (length < 0 || !is_sendable(cp, cell->width)) return;
    out[0] = (wchar_t)cp;
    for (Index i = length; i < n && count < CELL_CHARACTERS; i += length) {
        length = utf8_decode(cell->text + i, n - i, &cp);
        if (length < 0) break;
        if (is_sendable(cp, 0)) out[count++] = (wchar_t)cp;
    }
    out[count] = L'\0';
}
