/* Any bytes on their way to a terminal: nothing hidden passes, the limit holds, and normalising
 * twice is normalising once. */

#include <string.h>

#include "core/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_shown(const Str *shown, bool lines, int columns)
{
    uint32_t cp;
    for (Index i = 0; i < shown->len;) {
        int n = utf8_decode(shown->data + i, shown->len - i, &cp);
        CHECK(n > 0);
        CHECK(!text_is_hidden(cp) || (lines && (cp == '\n' || cp == '\t')));
        i += n;
    }
    CHECK(columns == 0 || text_columns(str_text(shown), shown->len) <= columns);
}

static void check_normal(const char *bytes, Index n)
{
    Error err = {0};
    Str   once = {0}, twice = {0};
    CHECK(text_nfc(&once, bytes, n, &err));
    CHECK(utf8_valid(str_text(&once), once.len));
    CHECK(text_nfc(&twice, str_text(&once), once.len, &err));
    CHECK(once.len == twice.len && memcmp(once.data, twice.data, (size_t)once.len) == 0);
    str_free(&once);
    str_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    bool        lines = (data[0] & 1) != 0;
    int         columns = data[0] >> 1;
    const char *bytes = (const char *)data + 1;
    Index       n = (Index)size - 1;

    Str shown = {0};
    safe_text(&shown, bytes, n, lines, columns);
    check_shown(&shown, lines, columns);
    str_free(&shown);
    if (utf8_valid(bytes, n)) check_normal(bytes, n);
    return 0;
}
