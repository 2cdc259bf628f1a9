#ifndef APP_TERM_KEY_H
#define APP_TERM_KEY_H

/* Keys as people name them: "q", "Space", "Ctrl-L", "PgDn". */

#include "core/base/str.h"

typedef enum KeyCode {
    K_NONE,
    K_CHAR, /* cp: a printable character, blank included */
    K_CTRL, /* cp: the letter, 'a' to 'z' */
    K_UP,
    K_DOWN,
    K_LEFT,
    K_RIGHT,
    K_PAGE_UP,
    K_PAGE_DOWN,
    K_HOME,
    K_END,
    K_ENTER,
    K_TAB,
    K_BACK_TAB,
    K_BACKSPACE,
    K_DELETE,
    K_ESCAPE,
    K_F1,
    K_RESIZE, /* no key: the size is another one */
    K_GONE    /* no key: nobody is at the other end any more */
} KeyCode;

typedef struct Key {
    KeyCode  code;
    uint32_t cp;
} Key;

bool key_same(Key a, Key b);
/* One name; false when there is no such key. */
bool key_parse(const char *name, Key *key);
/* "Space", "Ctrl-L", "q"; appended. */
void key_name(Str *out, Key key);

#endif
