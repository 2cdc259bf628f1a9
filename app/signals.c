/* Signal handlers do two things that are safe in one: set a flag, or end the process. */

#include "app/signals.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static Cancel                cancel;
static volatile sig_atomic_t caught;

static void on_stop(int number)
{
    if (caught != 0) {
        _exit(128 + number); /* the second time: at once; files are durable or absent */
    }
    caught = number;
    cancel_request(&cancel);
}

void signals_install(void)
{
    struct sigaction stop = {.sa_handler = on_stop}, ignore = {.sa_handler = SIG_IGN}, before;

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

int signals_exit_code(ErrorCode code)
{
    if (code == ERR_CANCELLED && caught != 0) return 128 + (int)caught;
    return (int)code;
}
