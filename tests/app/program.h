#ifndef TESTS_APP_PROGRAM_H
#define TESTS_APP_PROGRAM_H

/* The program as others see it: argv, streams, signals, an exit status. */

#include <sys/types.h>

#include "core/base/str.h"

typedef struct Program {
    /* before */
    const char *out_path;                       /* where stdout goes; NULL: kept in `out` */
    const char *in;                             /* what stdin holds; NULL: /dev/null */
    bool        close_in, close_out, close_err; /* started without that stream */
    bool        ignore_hup;                     /* as under nohup */
    const char *env[8];                         /* "NAME=value", or "NAME" to take it away */
    /* after */
    pid_t  pid;
    int    status; /* the exit status; minus a signal's number */
    Str    out, err;
    double seconds;
} Program;

/* The program's path: $LORALAB_BIN, or `loralab` beside the test runner. */
const char *program_path(void);

/* Start, wait, and read what it wrote; `line` as for lab_run (words, '...', %s the test's folder).
 * Returns the exit status. */
int program_run(Program *p, const char *line);
/* The same in two parts. */
void program_start(Program *p, const char *line);
int  program_wait(Program *p);
/* Wait until the file exists, at most 20 s. */
void program_await(const char *path);
void program_free(Program *p);
/* argv as it is, for what a line cannot say. */
int program_run_argv(Program *p, const char *const *argv);

#define assert_status(p, line, want) program_assert_status(p, line, want)
void program_assert_status(Program *p, const char *line, int want);

#endif
