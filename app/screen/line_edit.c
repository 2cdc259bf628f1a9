/* A line that is typed. */

#include "app/screen/line_edit.h"

#include <string.h>

#include "core/base/text.h"

enum { TYPED_MAX = 4000 };

bool line_edit_set(LineEdit *edit, const char *text)
{
    str_clear(&edit->text);
    str_add(&edit->text, text);
    edit->at = edit->text.len;
    return !edit->text.failed;
}

void line_edit_free(LineEdit *edit)
{
    str_free(&edit->text);
    edit->at = 0;
}

const char *line_edit_text(const LineEdit *edit)
{
    return str_text(&edit->text);
}

static bool is_tail(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

static Index before(const LineEdit *edit)
{
    Index at = edit->at;
    while (at > 0 && is_tail(edit->text.data[--at])) continue;
    return at;
}

static Index after(const LineEdit *edit)
{
    Index at = edit->at;
    if (at < edit->text.len) at++;
    while (at < edit->text.len && is_tail(edit->text.data[at])) at++;
    return at;
}

/* Bytes from..to give way to n others; the cursor stands behind those. */
static void replace(LineEdit *edit, Index from, Index to, const char *bytes, Index n)
{
    Str changed = {0};
    str_add_bytes(&changed, str_text(&edit->text), from);
    str_add_bytes(&changed, bytes, n);
    str_add(&changed, str_text(&edit->text) + to);
    if (changed.failed) { /* the line stays as it was */
        str_free(&changed);
        return;
    }
    str_free(&edit->text);
    edit->text = changed;
    edit->at = from + n;
}

static void type_character(LineEdit *edit, uint32_t cp)
{
    char bytes[4];
    if (edit->text.len >= TYPED_MAX || text_is_hidden(cp)) return;
    replace(edit, edit->at, edit->at, bytes, utf8_encode(cp, bytes));
}

bool line_edit_act(LineEdit *edit, Action action, Key key)
{
    switch (action) {
    case ACT_TYPE:
        type_character(edit, key.cp);
        return true;
    case ACT_ERASE:
        replace(edit, before(edit), edit->at, "", 0);
        return true;
    case ACT_DELETE:
        replace(edit, edit->at, after(edit), "", 0);
        return true;
    case ACT_CLEAR:
        str_clear(&edit->text);
        edit->at = 0;
        return true;
    case ACT_LEFT:
    case ACT_PREVIOUS:
        edit->at = before(edit);
        return true;
    case ACT_RIGHT:
        edit->at = after(edit);
        return true;
    case ACT_FIRST:
        edit->at = 0;
        return true;
    case ACT_LAST:
        edit->at = edit->text.len;
        return true;
    default:
        return false;
    }
}

int line_edit_column(const LineEdit *edit)
{
    return text_columns(str_text(&edit->text), edit->at);
}
