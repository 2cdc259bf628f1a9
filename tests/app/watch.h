#ifndef TESTS_APP_WATCH_H
#define TESTS_APP_WATCH_H

/*
 * The whole screen in this process, without a terminal: somebody types, and each screen that is
 * shown is looked at: its size, and that nothing in it is unsafe (payloads.h), as cells, as text,
 * as the text that scripts save, and as a picture.
 */

#include "app/screen/screen.h"

typedef struct Watch Watch;
struct Watch {
    /* before */
    int  rows, cols; /* may be changed while it runs, with a K_RESIZE */
    bool sized_only; /* looks at the size alone: many screens in a short time */
    /* The next key; false: not yet. K_GONE ends it. */
    bool (*next)(Watch *watch, Key *key);
    void *context;
    /* after */
    Str   text; /* the screen as it was shown last; "" before the first */
    Index shown;
    char  fault[300]; /* what was wrong first; "" */
    /* its own */
    Display display;
    int     ready; /* a file that can always be read: no time is lost between keys */
    bool    typed; /* a key was given; its screen is shown before the next one */
};

/* Begins in the room; comes back when it was left. Fails on any fault. */
void watch_run(Watch *watch, Lab *lab, RoomId room, const char *argument);
/* Looks at one grid, as above; what is wrong goes to watch->fault. */
void watch_look(Watch *watch, const Grid *grid);
bool watch_shows(const Watch *watch, const char *words);
void watch_free(Watch *watch);

/* A next() that types watch->context, a WatchKeys: names of keys, "wait:WORDS" before going on. */
typedef struct WatchKeys {
    const char *const *keys; /* NULL ends; "wait:words", "type:text", or names of keys */
    int                at;
    Index              typed; /* of a "type:" */
    double             since;
} WatchKeys;
bool watch_type(Watch *watch, Key *key);

#endif
