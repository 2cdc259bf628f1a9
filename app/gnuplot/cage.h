#ifndef APP_CAGE_H
#define APP_CAGE_H

/*
 * The walls around a program that this process is about to become: what it may read, write,
 * execute and call from then on, and how much of the machine it may use. Each wall is one
 * function; all of them hold for good, for this process and whatever it starts.
 *
 *                        file, text terminals        window          window, strict
 *   new processes        none                        allowed         allowed
 *   execute              the one exec that is        gnuplot and     anything: nothing that could
 *                        left to us                  its helpers     ask for it is ever written
 *   sockets              none                        to the display  to the display
 *   write files          the private folder          the same        anywhere
 *
 * Landlock gives the rows on files and execution, seccomp the others. Only the first column holds
 * without Landlock, and there the last row does not.
 */

#include "app/gnuplot/gnuplot.h"

/* The program's descriptor. The limit on descriptors is set to the same number, so that none
 * with it can ever be opened again, and an exec by it is possible once. */
#define CAGE_PROGRAM_FD 200

typedef struct CageSpec {
    GnuplotCage kind;
    const char *folder;  /* the one that may be written to */
    const char *program; /* absolute, without symbolic links */
} CageSpec;

/* The version of Landlock that the kernel speaks, 0 for none. */
int cage_landlock_version(void);
/* Files and execution. Without Landlock nothing happens for CAGE_FILE and CAGE_WINDOW_STRICT. */
NODISCARD bool cage_set_files(const CageSpec *spec, Error *err);
/* System calls. For CAGE_FILE execveat(CAGE_PROGRAM_FD, empty, ..., AT_EMPTY_PATH) is the only
 * way left to execute anything; `empty` must point to "". */
NODISCARD bool cage_set_calls(GnuplotCage kind, const char *empty, Error *err);
/* CPU seconds, address space, size of files, descriptors, no core dump. */
NODISCARD bool cage_set_limits(GnuplotCage kind, Error *err);

#endif
