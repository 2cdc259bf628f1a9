/* posix_openpt, a session for the child, and reading with a time limit. */

#define _GNU_SOURCE
#include "tests/app/pty_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/pool.h"
#include "tests/test.h"

static const double await_seconds = 20;

/* ---- in the child ---- */

static void usual_signals(void)
{
    for (int number = 1; number < 32; number++) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void run_as_job(int (*body)(void *context), void *context);

static _Noreturn void become(const Pty *pty, int (*body)(void *context), void *context)
{
    usual_signals();
    setsid();
    if (ioctl(pty->slave, TIOCSCTTY, 0) != 0) _exit(90);
    for (int fd = 0; fd < 3; fd++) {
        if (dup2(pty->slave, fd) != fd) _exit(91);
    }
    close(pty->slave);
    close(pty->master);
    setenv("LC_ALL", "C.UTF-8", 1);
    const char *term = pty->term != NULL ? pty->term : "xterm-256color";
    if (strcmp(term, "-") == 0) unsetenv("TERM");
    if (strcmp(term, "-") != 0) setenv("TERM", term, 1);
    if (pty->job) run_as_job(body, context);
    _exit(body(context));
}

static void give_terminal(pid_t group)
{
    if (tcsetpgrp(0, group) != 0) _exit(92);
}

/* Does for one job what a shell does with job control. */
static void run_as_job(int (*body)(void *context), void *context)
{
    struct termios modes;
    int            status;
    signal(SIGTTOU, SIG_IGN);
    pid_t job = fork();
    if (job < 0) _exit(93);
    if (job == 0) {
        setpgid(0, 0);
        give_terminal(getpid());
        signal(SIGTTOU, SIG_DFL);
        _exit(body(context));
    }
    setpgid(job, job);
    while (waitpid(job, &status, WUNTRACED) == job && WIFSTOPPED(status)) {
        give_terminal(getpid());
        bool cooked = tcgetattr(0, &modes) == 0 && (modes.c_lflag & ECHO) != 0;
        dprintf(1, "STOPPED by %d, %s\r\n", WSTOPSIG(status), cooked ? "cooked" : "raw");
        give_terminal(job);
        kill(-job, SIGCONT);
    }
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 94);
}

/* ---- in the test ---- */

void pty_resize(const Pty *pty, int rows, int cols)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    CHECK(ioctl(pty->master, TIOCSWINSZ, &size) == 0);
}

void pty_start(Pty *pty, int (*body)(void *context), void *context)
{
    pty->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    CHECK(pty->master >= 0 && grantpt(pty->master) == 0 && unlockpt(pty->master) == 0);
    pty->slave = open(ptsname(pty->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    CHECK(pty->slave >= 0);
    pty_resize(pty, pty->rows, pty->cols);
    fflush(NULL);
    pty->pid = fork();
    CHECK(pty->pid >= 0);
    if (pty->pid == 0) become(pty, body, context);
}

void pty_type(const Pty *pty, const char *keys)
{
    size_t n = strlen(keys);
    CHECK(write(pty->master, keys, n) == (ssize_t)n);
}

/* What has come out within the time; false when nothing did. */
static bool hear(Pty *pty, int milliseconds)
{
    char          bytes[4096];
    struct pollfd out = {.fd = pty->master, .events = POLLIN};
    if (poll(&out, 1, milliseconds) <= 0 || !(out.revents & POLLIN)) return false;
    ssize_t n = read(pty->master, bytes, sizeof bytes);
    if (n > 0) str_add_bytes(&pty->said, bytes, n);
    return n > 0;
}

Index pty_await(Pty *pty, const char *text, Index from)
{
    double start = clock_seconds();
    for (;;) {
        const char *all = str_text(&pty->said);
        void       *found = memmem(all + from, (size_t)(pty->said.len - from), text, strlen(text));
        if (found != NULL) return (char *)found - all + (Index)strlen(text);
        hear(pty, 50);
        if (clock_seconds() - start > await_seconds) {
            fail_msg("\"%s\" does not come out after: %s", text, all + from);
        }
    }
}

int pty_wait(Pty *pty)
{
    int    status = 0;
    double start = clock_seconds();
    while (waitpid(pty->pid, &status, WNOHANG) == 0) {
        if (pty->master >= 0) hear(pty, 20);
        if (clock_seconds() - start > 2 * await_seconds) {
            kill(pty->pid, SIGKILL);
            fail_msg("the child does not end");
        }
    }
    while (pty->master >= 0 && hear(pty, 0)) continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void pty_hang_up(Pty *pty)
{
    close(pty->slave);
    close(pty->master);
    pty->master = pty->slave = -1;
}

bool pty_is_cooked(const Pty *pty)
{
    struct termios modes;
    CHECK(tcgetattr(pty->slave, &modes) == 0);
    return (modes.c_lflag & (ICANON | ECHO | ISIG)) == (ICANON | ECHO | ISIG) &&
           (modes.c_oflag & OPOST);
}

void pty_free(Pty *pty)
{
    if (pty->master >= 0) pty_hang_up(pty);
    str_free(&pty->said);
}
