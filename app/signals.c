/* Signal handlers do two things that are safe in one: set a flag, or end the process. */

#define _GNU_SOURCE /* pipe2 */
#include "app/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "app/term/terminal.h"

static Cancel                cancel;
static volatile sig_atomic_t caught;
static int                   alarm_pipe[2] = {-1, -1};

static void on_stop(int number)
{
    if (caught != 0) {
        terminal_rescue();
        _exit(128 + number); /* the second time: at once; files are durable or absent */
    }
    int before = errno;
    caught = number;
    cancel_request(&cancel);
    if (write(alarm_pipe[1], "", 1) != 1) cancel_request(&cancel); /* a full pipe wakes as well */
    errno = before;
}

void signals_install(void)
{
    struct sigaction stop = {.sa_handler = on_stop}, ignore = {.sa_handler = SIG_IGN}, before;

    if (pipe2(alarm_pipe, O_CLOEXEC | O_NONBLOCK) != 0) alarm_pipe[0] = alarm_pipe[1] = -1;
    sigemptyset(&stop.sa_mask);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    /* Under nohup the hang-up is ignored already, and stays so. */
    sigaction(SIGHUP, NULL, &before);
    if (before.sa_handler != SIG_IGN) sigaction(SIGHUP, &stop, NULL);
    /* Writing into a closed pipe or beyond a file limit is an error that write(2) reports. */
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL);
}

const Cancel *signals_cancel(void)
{
    return &cancel;
}

int signals_fd(void)
{
    return alarm_pipe[0];
}

int signals_exit_code(ErrorCode code)
{
    if (code == ERR_CANCELLED && caught != 0) return 128 + (int)caught;
    return (int)code;
}
