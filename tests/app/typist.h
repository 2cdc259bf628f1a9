#ifndef TESTS_APP_TYPIST_H
#define TESTS_APP_TYPIST_H

/*
 * A small program on the terminal, for the child of a Pty: it shows "ready", its size and the name
 * of each key as "key:NAME", and obeys some:
 *
 *   q  closes the terminal and ends with 0        r  sends everything again
 *   n  shows the same once more                   c  shows one other cell, "@"
 *   P  fails a CHECK                              E  calls exit(9)
 *   F  touches memory that nobody may touch       Z  gets a SIGTSTP from outside
 *   Ctrl-Z  stops                                 T  takes the next theme
 *   Y  copies a text into the clipboard, and says "copy:done." or "copy:none."
 *
 * Nobody there any more: 7. No terminal: 3.
 */

#include "app/term/terminal.h"

typedef struct Typist {
    TerminalSpec spec;
    bool         ignores_hang_up;
    bool         takes_signals; /* as the program does */
} Typist;

int typist_run(void *typist);

#endif
