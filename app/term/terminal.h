#ifndef APP_TERM_TERMINAL_H
#define APP_TERM_TERMINAL_H

/*
 * The terminal. terminal.c is the only file that knows ncurses. While it is open, the terminal is
 * given back on every way out: terminal_close, a failed CHECK, exit, a fatal signal, Ctrl-Z.
 *
 * Ctrl-C and Ctrl-Z are keys (K_CTRL 'c' and 'z'); a SIGTSTP from outside arrives as K_CTRL 'z'
 * too. After a hang-up every read is K_GONE. `fd` becomes readable for keys, for another size and
 * for a hang-up, whichever thread the signal went to.
 */

#include "app/term/display.h"
#include "core/base/error.h"

typedef struct TerminalSpec {
    Theme theme;
    bool  colour; /* false: NO_COLOR or --color never */
} TerminalSpec;

/* Why a screen cannot be had here, in one sentence, or NULL: standard input and output are not both
 * a terminal, TERM is unset, dumb or unknown. Good until the next call. */
const char *terminal_refusal(void);
/* One at a time. ERR_DEVICE: ncurses cannot use this terminal. Borrowed until terminal_close. */
NODISCARD Display *terminal_open(const TerminalSpec *spec, Error *err);
void               terminal_close(Display *display); /* NULL-safe */
/* Give an open terminal back at once, for a signal handler that is about to end the process; else
 * nothing. */
void terminal_rescue(void);

#endif
