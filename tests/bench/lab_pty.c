/* A pseudo-terminal with the program at its other end. */

#define _GNU_SOURCE
#include "tests/bench/lab_pty.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/pool.h"

static const double patience = 30;

static _Noreturn void become(int slave, const char *const *argv)
{
    setsid();
    if (ioctl(slave, TIOCSCTTY, 0) != 0) _exit(126);
    for (int fd = 0; fd < 3; fd++) {
        if (dup2(slave, fd) != fd) _exit(126);
    }
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("TERM", "xterm-256color", 1);
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

void lab_pty_size(const LabPty *pty, int rows, int cols)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    CHECK(ioctl(pty->fd, TIOCSWINSZ, &size) == 0);
}

bool lab_pty_start(LabPty *pty, int rows, int cols, const char *const *argv)
{
    *pty = (LabPty){.fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
    if (pty->fd < 0 || grantpt(pty->fd) != 0 || unlockpt(pty->fd) != 0) return false;
    int slave = open(ptsname(pty->fd), O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0) return false;
    lab_pty_size(pty, rows, cols);
    pty->started = clock_seconds();
    pty->pid = fork();
    if (pty->pid == 0) become(slave, argv);
    close(slave);
    return pty->pid > 0;
}

void lab_pty_type(const LabPty *pty, const char *bytes)
{
    size_t n = strlen(bytes);
    CHECK(write(pty->fd, bytes, n) == (ssize_t)n);
}

void lab_pty_forget(LabPty *pty)
{
    str_clear(&pty->said);
}

static void hear(LabPty *pty, double seconds)
{
    char          bytes[16384];
    struct pollfd out = {.fd = pty->fd, .events = POLLIN};
    if (poll(&out, 1, (int)(seconds * 1e3) + 1) <= 0) return;
    ssize_t n = read(pty->fd, bytes, sizeof bytes);
    if (n > 0) str_add_bytes(&pty->said, bytes, n);
}

void lab_pty_watch(LabPty *pty, double seconds)
{
    double end = clock_seconds() + seconds;
    for (double now; (now = clock_seconds()) < end;) hear(pty, end - now);
}

double lab_pty_await(LabPty *pty, const char *text)
{
    double start = clock_seconds();
    size_t n = strlen(text);
    while (clock_seconds() - start < patience) {
        const char *all = str_text(&pty->said);
        const char *found = memmem(all, (size_t)pty->said.len, text, n);
        if (found != NULL) {
            double now = clock_seconds();
            Index  rest = found - all + (Index)n;
            memmove(pty->said.data, pty->said.data + rest, (size_t)(pty->said.len - rest) + 1);
            pty->said.len -= rest;
            return now;
        }
        hear(pty, 0.05);
    }
    return -1;
}

bool lab_pty_await_shown(LabPty *pty, const char *text)
{
    for (double start = clock_seconds(); clock_seconds() - start < patience;) {
        lab_pty_forget(pty);
        lab_pty_type(pty, "\f");
        lab_pty_watch(pty, 0.25);
        if (strstr(str_text(&pty->said), text) != NULL) return true;
    }
    return false;
}

double lab_pty_end(LabPty *pty)
{
    double start = clock_seconds();
    bool   ended = false;
    while (!ended && clock_seconds() - start < patience) {
        hear(pty, 0.001);
        ended = waitpid(pty->pid, NULL, WNOHANG) != 0;
    }
    double now = clock_seconds();
    if (!ended) {
        kill(pty->pid, SIGKILL);
        waitpid(pty->pid, NULL, 0);
    }
    close(pty->fd);
    str_free(&pty->said);
    return ended ? now : -1;
}
