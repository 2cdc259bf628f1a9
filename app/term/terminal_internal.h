#ifndef APP_TERM_TERMINAL_INTERNAL_H
#define APP_TERM_TERMINAL_INTERNAL_H

/* What the files of the terminal share; all but terminal.c do without ncurses. */

#include <wchar.h>

#include "app/term/terminal.h"

/* ---- terminal_paint.c: themes ---------------------------------------------------------- */

typedef struct Paint {
    short fg, bg; /* numbers of colours; -1: the terminal's own */
    bool  bold, dim;
} Paint;

/* colours: how many the terminal has; 0: none, or none are wanted. */
Paint terminal_paint(Theme theme, int colours, Ink ink);

/* ---- terminal_cell.c: what is sent ------------------------------------------------------ */

enum { CELL_CHARACTERS = 5 }; /* a base and at most 4 marks, as ncurses has them */

/* A cell's characters, ended by 0. Whatever a terminal could obey, the locale cannot write or has
 * another width is a question mark: the last of the walls, and the only one that asks the locale.
 */
void terminal_cell(const Cell *cell, wchar_t out[CELL_CHARACTERS + 1]);

/* ---- terminal_clip.c: the clipboard ------------------------------------------------------ */

/* The bytes that put a text into it; false: it is empty or longer than CLIP_BYTES. */
enum { CLIP_BYTES = 8192 };
NODISCARD bool terminal_clip(Str *out, const char *text);

/* ---- terminal_keys.c: what is typed ------------------------------------------------------ */

/* What `next` gives instead of a byte: nothing, or INPUT_KEYS + a KeyCode (K_NONE: a key that is
 * none of ours). */
enum { INPUT_NOTHING = -1, INPUT_KEYS = 256 };

/* From bytes and codes to keys. */
typedef struct Input {
    int (*next)(void *context); /* never blocks */
    void     *context;
    Key       pending; /* typed right after ESC */
    mbstate_t bytes;   /* of a character that is not complete */
    int       storm;   /* reads in a row that failed though something was there */
    bool      gone;    /* and stays so */
} Input;

/* false: nothing was typed. K_GONE again and again once standard input has nobody at its end. */
bool input_read(Input *input, Key *key);

/* ---- terminal_guard.c: signals ------------------------------------------------------------ */

typedef enum GuardEvent {
    GUARD_SIZE = 1,      /* the window's size may be another */
    GUARD_CONTINUED = 2, /* the process was stopped, and goes on */
    GUARD_STOP = 4       /* it is asked to stop */
} GuardEvent;

/* Take over the signals. Before ncurses does: it leaves alone what somebody has taken. */
NODISCARD bool guard_open(Error *err);
void           guard_close(void); /* signals as before */
int            guard_fd(void);    /* readable for events, keys and hang-ups */
unsigned       guard_events(void);
/* From here on these bytes and the modes of before bring the terminal back. */
void guard_arm(const char *bytes, size_t n);
void guard_disarm(void);
/* Stop as Ctrl-Z stops others: the whole job. The terminal was given back; what is armed rests
 * meanwhile. Returns when it goes on. */
void guard_stop(void);

#endif
