#ifndef APP_TERM_TERMINAL_H
#define APP_TERM_TERMINAL_H

/*
 * The terminal. terminal.c is the only file that knows ncurses. While it is open, the terminal is
 * given back on every way out: terminal_close, a failed CHECK, a fatal signal, Ctrl-Z.
 */

#include "app/term/display.h"
#include "core/base/error.h"

typedef struct TerminalSpec {
    Theme theme;
    bool  colour; /* false: NO_COLOR or --color never */
} TerminalSpec;

/* Why a screen cannot be had here, in one sentence, or NULL: standard input and output are not both
 * a terminal, TERM is unset, dumb or unknown. */
const char *terminal_refusal(void);
/* One at a time. ERR_DEVICE: ncurses cannot use this terminal. Borrowed until terminal_close. */
NODISCARD Display *terminal_open(const TerminalSpec *spec, Error *err);
void               terminal_close(Display *display); /* NULL-safe */

#endif
