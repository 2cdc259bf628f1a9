#ifndef APP_PAGES_PAGES_H
#define APP_PAGES_PAGES_H

/*
 * The manual page and the shells' completions, made from the tables of commands and of keys, so
 * that they cannot say anything else than the program. `loralab help man|bash|zsh|fish` prints
 * them, and `make install` puts them where they are looked for.
 */

#include "core/base/str.h"

void page_man(Str *out); /* man(7) macros, section 1 */
void page_bash(Str *out);
void page_zsh(Str *out);
void page_fish(Str *out);

/* "man", "bash", "zsh", "fish"; false for another name. */
bool page_write(Str *out, const char *name);

#endif
