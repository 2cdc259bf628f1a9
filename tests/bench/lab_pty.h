#ifndef TESTS_BENCH_LAB_PTY_H
#define TESTS_BENCH_LAB_PTY_H

/* The program in a terminal of our own: keys in, and when what came out. */

#include <sys/types.h>

#include "core/base/str.h"

typedef struct LabPty {
    pid_t  pid;
    int    fd;
    Str    said;    /* what came out, since lab_pty_forget */
    double started; /* by clock_seconds */
} LabPty;

/* False: no terminal, or no such program. */
bool lab_pty_start(LabPty *pty, int rows, int cols, const char *const *argv);
void lab_pty_type(const LabPty *pty, const char *bytes);
void lab_pty_size(const LabPty *pty, int rows, int cols);
void lab_pty_forget(LabPty *pty);
/* Takes what comes out for so long. */
void lab_pty_watch(LabPty *pty, double seconds);
/* When the text came out; below 0: it did not within 30 s. What came before it is forgotten. */
double lab_pty_await(LabPty *pty, const char *text);
/* The same at most 30 s of drawing the screen anew: text that stands there comes out whole, not as
 * the cells that changed. */
bool lab_pty_await_shown(LabPty *pty, const char *text);
/* When it ended; below 0: not within 30 s, and it is killed. All is closed. */
double lab_pty_end(LabPty *pty);

#endif
