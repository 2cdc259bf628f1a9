#ifndef TESTS_APP_PTY_RIG_H
#define TESTS_APP_PTY_RIG_H

/* A terminal of our own, with a child at its other end. */

#include <sys/types.h>

#include "core/base/str.h"

typedef struct Pty {
    /* before */
    const char *term; /* TERM; NULL: xterm-256color; "-": unset */
    int         rows, cols;
    bool        job; /* the child is a job of a small shell, which makes it go on when it stops */
    /* after */
    int   master, slave;
    pid_t pid;
    Str   said; /* all that came out of it */
} Pty;

/* Runs body(context) in the child, in a UTF-8 locale; what it returns is the exit status. */
void pty_start(Pty *pty, int (*body)(void *context), void *context);
void pty_type(const Pty *pty, const char *keys);
/* Until `text` came out, at or after `from` of what was said; 20 s at most. Returns its end. */
Index pty_await(Pty *pty, const char *text, Index from);
/* Until the child has ended; its exit status, or minus its signal. All but `said` is closed. */
int  pty_wait(Pty *pty);
void pty_hang_up(Pty *pty);
/* Does the terminal echo and edit lines, as shells find it? */
bool pty_is_cooked(const Pty *pty);
void pty_resize(const Pty *pty, int rows, int cols);
void pty_free(Pty *pty);

#endif
