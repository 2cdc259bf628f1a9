#ifndef APP_TERM_DISPLAY_H
#define APP_TERM_DISPLAY_H

/*
 * Where the lab is shown and where keys come from: a terminal (terminal.h), or a script that
 * presses keys and saves what it sees (script.h).
 */

#include "app/term/key.h"
#include "core/figure/grid.h"

typedef enum Theme {
    THEME_AUTO,  /* colours that can be read on black and on white */
    THEME_DARK,  /* brighter, for a dark background */
    THEME_LIGHT, /* darker, for a light one */
    THEME_CONTRAST,
    THEME_MONO,
    THEME_COUNT
} Theme;

typedef struct Display Display;
struct Display {
    void *self;
    int   fd; /* to poll for keys; -1: ask again at every turn */
    void (*size)(void *self, int *rows, int *cols);
    /* The next key that waits; false when none does. Never blocks. */
    bool (*read)(void *self, Key *key);
    /* The whole screen, of which only what changed is sent. The cursor goes to (row, col), hidden
     * where row is below 0. */
    void (*show)(void *self, const Grid *grid, int row, int col);
    void (*redraw)(void *self); /* everything again at the next show: Ctrl-L */
    void (*theme)(void *self, Theme theme);
    /* To the clipboard of who sits before it; false: too long. Whether it got there nobody knows.
     * NULL: there is none. */
    bool (*copy)(void *self, const char *text);
    void (*suspend)(void *self); /* Ctrl-Z: returns when the program goes on; NULL: it cannot */
};

const char *theme_name(Theme theme); /* "auto" ... */
bool        theme_find(const char *name, Theme *theme);

#endif
