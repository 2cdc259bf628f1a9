#ifndef APP_SIGNALS_H
#define APP_SIGNALS_H

/* Ctrl-C and kill: the first asks the running command to stop, the second ends the program. */

#include "core/base/pool.h"

void          signals_install(void);
const Cancel *signals_cancel(void);
/* Readable once a signal came: for who waits with poll(). */
int signals_fd(void);
/* The exit status: 130 or 143 where a signal was the cause, else the error's own code. */
int signals_exit_code(ErrorCode code);

#endif
