/* Names of keys. */

#include "app/term/key.h"

#include <string.h>

#include "core/base/text.h"

typedef struct KeyWord {
    KeyCode     code;
    const char *word;
} KeyWord;

/* The first word of a code is the one that is shown; the others are understood too. */
static const KeyWord words[] = {
    {K_UP, "Up"},
    {K_DOWN, "Down"},
    {K_LEFT, "Left"},
    {K_RIGHT, "Right"},
    {K_PAGE_UP, "PgUp"},
    {K_PAGE_DOWN, "PgDn"},
    {K_HOME, "Home"},
    {K_END, "End"},
    {K_ENTER, "Enter"},
    {K_TAB, "Tab"},
    {K_BACK_TAB, "Shift-Tab"},
    {K_BACKSPACE, "Backspace"},
    {K_DELETE, "Delete"},
    {K_ESCAPE, "Esc"},
    {K_F1, "F1"},
    {K_PAGE_UP, "PageUp"},
    {K_PAGE_DOWN, "PageDown"},
    {K_ENTER, "Return"},
    {K_BACK_TAB, "BackTab"},
    {K_DELETE, "Del"},
    {K_ESCAPE, "Escape"},
};

enum { WORDS = sizeof words / sizeof *words };

static bool has_character(KeyCode code)
{
    return code == K_CHAR || code == K_CTRL;
}

bool key_same(Key a, Key b)
{
    return a.code == b.code && (!has_character(a.code) || a.cp == b.cp);
}

/* "Ctrl-" and a letter of either case. */
static bool parse_ctrl(const char *name, Key *key)
{
    char front[] = "Ctrl-";
    if (strlen(name) != sizeof front) return false;
    memcpy(front, name, sizeof front - 1);
    char letter = name[sizeof front - 1];
    if (letter >= 'A' && letter <= 'Z') letter = (char)(letter - 'A' + 'a');
    if (!str_same_name(front, "Ctrl-") || letter < 'a' || letter > 'z') return false;
    *key = (Key){K_CTRL, (uint32_t)letter};
    return true;
}

static bool parse_character(const char *name, Key *key)
{
    Index    n = (Index)strlen(name);
    uint32_t cp;
    if (n == 0 || utf8_decode(name, n, &cp) != n || cp == ' ' || text_is_hidden(cp)) return false;
    *key = (Key){K_CHAR, cp};
    return true;
}

bool key_parse(const char *name, Key *key)
{
    if (parse_character(name, key) || parse_ctrl(name, key)) return true;
    if (str_same_name(name, "Space")) {
        *key = (Key){K_CHAR, ' '};
        return true;
    }
    for (int i = 0; i < WORDS; i++) {
        if (!str_same_name(name, words[i].word)) continue;
        *key = (Key){words[i].code, 0};
        return true;
    }
    return false;
}

static void add_character(Str *out, uint32_t cp)
{
    char bytes[4];
    if (cp == ' ') {
        str_add(out, "Space");
    } else if (!text_is_hidden(cp)) {
        str_add_bytes(out, bytes, utf8_encode(cp, bytes));
    }
}

void key_name(Str *out, Key key)
{
    if (key.code == K_CHAR) {
        add_character(out, key.cp);
    } else if (key.code == K_CTRL) {
        str_addf(out, "Ctrl-%c", (char)(key.cp - 'a' + 'A'));
    }
    for (int i = 0; i < WORDS; i++) {
        if (words[i].code != key.code) continue;
        str_add(out, words[i].word);
        return;
    }
}
