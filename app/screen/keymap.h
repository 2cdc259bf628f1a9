#ifndef APP_SCREEN_KEYMAP_H
#define APP_SCREEN_KEYMAP_H

/*
 * The one table of keys: dispatch, the hint row, the help page and the manual are made from it. In
 * one room a key does one thing.
 */

#include "app/term/key.h"

typedef enum RoomId {
    ROOM_HOME,
    ROOM_LESSON,
    ROOM_WORKBENCH,
    ROOM_MATRIX,
    ROOM_RUNS,
    ROOM_MODEL,
    ROOM_HELP,
    ROOM_NOTES, /* the presenter's second terminal: a program of its own (loralab notes) */
    ROOM_COUNT
} RoomId;

typedef enum Action {
    ACT_NONE,
    ACT_TYPE, /* no row of the table: a character for a field (Key.cp) */
    ACT_UP,
    ACT_DOWN,
    ACT_LEFT,
    ACT_RIGHT,
    ACT_PAGE_UP,
    ACT_PAGE_DOWN,
    ACT_FIRST,
    ACT_LAST,
    ACT_COMMIT, /* Enter */
    ACT_NEXT,   /* Space: go on */
    ACT_PREVIOUS,
    ACT_NEXT_STEP,
    ACT_PREVIOUS_STEP,
    ACT_NEXT_PANE,
    ACT_PREVIOUS_PANE,
    ACT_LEAVE, /* Esc: out of what is open, then back */
    ACT_ERASE, /* Backspace in a field, else back */
    ACT_DELETE,
    ACT_CLEAR,  /* Ctrl-U in a field */
    ACT_CHOOSE, /* 1 to 9: Key.cp */
    ACT_HINT,
    ACT_RESET,
    ACT_RESTORE,
    ACT_EDIT,
    ACT_SINGLE, /* one training step */
    ACT_PAUSE,  /* run or pause */
    ACT_REWIND,
    ACT_STOP, /* Ctrl-C */
    ACT_ADAPTER,
    ACT_GNUPLOT,
    ACT_LOG,
    ACT_SMOOTH,
    ACT_COMPARE,
    ACT_EXPORT,
    ACT_MARK, /* x: in or out */
    ACT_UNDO,
    ACT_TRUNCATE,
    ACT_COPY, /* the line that repeats this */
    ACT_NOTES,
    ACT_CONTENTS,
    ACT_WORKBENCH,
    ACT_MATRIX,
    ACT_RUNS,
    ACT_MODEL,
    ACT_SEARCH,
    ACT_SEARCH_NEXT,
    ACT_COMMAND,
    ACT_THEME,
    ACT_HELP,
    ACT_REDRAW,
    ACT_SUSPEND,
    ACT_QUIT,
    ACT_COUNT
} Action;

#define IN(room) (1u << (room))
#define EVERYWHERE (((1u << ROOM_COUNT) - 1) & ~IN(ROOM_NOTES)) /* of the lab */

typedef struct KeyRow {
    Action      action;
    unsigned    rooms;
    const char *keys; /* "Space Right PgDn": the first is the one that hints show */
    const char *hint; /* a word or two for the hint row; NULL: not there */
    const char *help; /* a sentence for the help page */
} KeyRow;

const KeyRow *keymap(void); /* in the order of hints; ends with action ACT_NONE */
/* What a key does in a room. typing: a field has the keys, so characters are ACT_TYPE. */
Action keymap_action(RoomId room, Key key, bool typing);
/* The first of a row's names that acts now: while one types, characters do not. NULL: none. */
const char *key_usable(const KeyRow *row, bool typing);
const char *room_title(RoomId room);

#endif
