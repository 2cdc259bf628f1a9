/*
 * Signals while the terminal is open. Handlers write one byte into a pipe (size, stop, continue),
 * or, where the process is about to end, send what was prepared, set the modes of before and leave
 * the rest to whoever had the signal first: so the exit status is the true one.
 */

#define _GNU_SOURCE /* pipe2 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <termios.h>
#include <unistd.h>

#include "app/term/terminal_internal.h"

enum { BYTES_MAX = 512, STACK_BYTES = 1 << 16 };

/* What ends a process unless somebody has a better idea. Those that are handled or ignored
 * already (Ctrl-C, kill, hang-up, in the program) stay as they are; crashes never do. */
static const int fatal[] = {SIGHUP,  SIGINT, SIGQUIT, SIGTERM, SIGXCPU, SIGUSR1, SIGUSR2, SIGALRM,
                            SIGSEGV, SIGBUS, SIGFPE,  SIGILL,  SIGABRT, SIGSYS,  SIGTRAP};
static const int events[] = {SIGWINCH, SIGCONT, SIGTSTP};

enum { FATAL = sizeof fatal / sizeof *fatal, EVENTS = sizeof events / sizeof *events, CRASHES = 8 };

static struct sigaction fatal_before[FATAL], event_before[EVENTS];
static bool             taken[FATAL];
static int              news[2] = {-1, -1}, waiting = -1;
static char             stack[STACK_BYTES]; /* for the handler when the stack is what ran out */
static stack_t          stack_before;

static atomic_bool    armed;
static char           bytes[BYTES_MAX];
static size_t         byte_count;
static struct termios modes;
static bool           has_modes;

/* ---- the way out ---- */

/* Only calls that are safe in a signal handler. */
void terminal_rescue(void)
{
    if (!atomic_exchange(&armed, false)) return;
    int   before = errno;
    pid_t front = tcgetpgrp(STDOUT_FILENO);
    /* In the background the terminal is another's. */
    if (front < 0 || front == getpgrp()) {
        for (size_t done = 0; done < byte_count;) {
            ssize_t n = write(STDOUT_FILENO, bytes + done, byte_count - done);
            if (n <= 0) break;
            done += (size_t)n;
        }
        if (has_modes) tcsetattr(STDOUT_FILENO, TCSANOW, &modes);
    }
    errno = before;
}

void guard_arm(const char *restoring, size_t n)
{
    static atomic_bool registered;
    if (!atomic_exchange(&registered, true)) atexit(terminal_rescue);
    byte_count = n < BYTES_MAX ? n : BYTES_MAX;
    memcpy(bytes, restoring, byte_count);
    atomic_store(&armed, true);
    panic_set_hook(terminal_rescue);
}

void guard_disarm(void)
{
    atomic_store(&armed, false);
    panic_set_hook(NULL);
}

static void on_fatal(int number, siginfo_t *info, void *context)
{
    (void)context;
    terminal_rescue();
    for (int i = 0; i < FATAL; i++) {
        if (fatal[i] == number) sigaction(number, &fatal_before[i], NULL);
    }
    /* A fault comes again on return, with all that it says; what was sent must be sent again. */
    bool faults = number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL;
    if (!faults || info->si_code <= 0) raise(number);
}

/* ---- news ---- */

static void on_event(int number)
{
    int  before = errno;
    char byte = number == SIGWINCH ? GUARD_SIZE : number == SIGCONT ? GUARD_CONTINUED : GUARD_STOP;
    if (write(news[1], &byte, 1) != 1) byte = 0; /* a full pipe wakes as well */
    errno = before;
}

unsigned guard_events(void)
{
    char     said[64];
    ssize_t  n;
    unsigned all = 0;
    while ((n = read(news[0], said, sizeof said)) > 0) {
        for (ssize_t i = 0; i < n; i++) all |= (unsigned char)said[i];
    }
    return all;
}

int guard_fd(void)
{
    return waiting;
}

static bool watch(int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(waiting, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* ---- life ---- */

static void take_signals(void)
{
    struct sigaction ends = {.sa_sigaction = on_fatal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    struct sigaction tells = {.sa_handler = on_event, .sa_flags = SA_RESTART};
    stack_t          own = {.ss_sp = stack, .ss_size = sizeof stack};

    if (sigaltstack(NULL, &stack_before) == 0 && (stack_before.ss_flags & SS_DISABLE)) {
        sigaltstack(&own, NULL);
    }
    sigemptyset(&ends.sa_mask);
    sigemptyset(&tells.sa_mask);
    for (int i = 0; i < FATAL; i++) {
        sigaction(fatal[i], NULL, &fatal_before[i]);
        bool unhandled =
            !(fatal_before[i].sa_flags & SA_SIGINFO) && fatal_before[i].sa_handler == SIG_DFL;
        taken[i] = unhandled || i >= CRASHES;
        if (taken[i]) sigaction(fatal[i], &ends, NULL);
    }
    for (int i = 0; i < EVENTS; i++) sigaction(events[i], &tells, &event_before[i]);
}

static void give_signals_back(void)
{
    for (int i = 0; i < EVENTS; i++) sigaction(events[i], &event_before[i], NULL);
    for (int i = 0; i < FATAL; i++) {
        if (taken[i]) sigaction(fatal[i], &fatal_before[i], NULL);
    }
    if (stack_before.ss_flags & SS_DISABLE) sigaltstack(&stack_before, NULL);
}

static void close_fds(void)
{
    int *const all[] = {&news[0], &news[1], &waiting};
    for (int i = 0; i < 3; i++) {
        if (*all[i] >= 0) close(*all[i]);
        *all[i] = -1;
    }
}

bool guard_open(Error *err)
{
    has_modes = tcgetattr(STDOUT_FILENO, &modes) == 0;
    waiting = epoll_create1(EPOLL_CLOEXEC);
    if (waiting < 0 || pipe2(news, O_CLOEXEC | O_NONBLOCK) != 0 || !watch(news[0]) ||
        !watch(STDIN_FILENO)) {
        error_set(err, ERR_DEVICE, "the terminal cannot be waited for: %s", strerror(errno));
        close_fds();
        return false;
    }
    take_signals();
    return true;
}

void guard_close(void)
{
    give_signals_back();
    close_fds();
}

void guard_stop(void)
{
    struct sigaction usual = {.sa_handler = SIG_DFL}, ours;
    sigemptyset(&usual.sa_mask);
    bool was_armed = atomic_exchange(&armed, false);
    sigaction(SIGTSTP, &usual, &ours);
    kill(0, SIGTSTP);
    sigaction(SIGTSTP, &ours, NULL);
    atomic_store(&armed, was_armed);
}
