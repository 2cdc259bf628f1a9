#ifndef CORE_BASE_POOL_H
#define CORE_BASE_POOL_H

/*
 * The one thread pool. The caller takes part, so `threads` = 1 starts no thread at all.
 * Work is cut by shape into tasks; which thread does which task is left to chance, so a task
 * must write only its own results and must not depend on the worker number but for scratch.
 * Workers spin briefly (a step's products come back to back), then sleep. All signals are
 * blocked in workers.
 */

#include "core/base/error.h"

typedef struct Pool Pool;
typedef void        PoolTask(void *context, Index task, int worker); /* worker in [0, threads) */

NODISCARD Pool *pool_create(int threads, Error *err); /* 1..64 */
void            pool_free(Pool *pool);                /* NULL-safe */
int             pool_threads(const Pool *pool);
/* Run task 0..count-1, return when all are done. Not reentrant; one caller at a time. */
void pool_run(Pool *pool, Index count, PoolTask *task, void *context);
int  pool_default_threads(void); /* the cores this process may use, at most 16 */

/*
 * A flag that a long function looks at between any two ops. Starts as {0}. It may also stop by
 * the clock (`deadline`) or because an enclosing work stops (`outer`); both are set before the
 * work begins and stay as they are while it runs.
 */
typedef struct Cancel Cancel;
struct Cancel {
    _Atomic int   requested;
    double        deadline; /* clock_seconds from which on it counts as requested; 0: none */
    const Cancel *outer;    /* requested when that one is; NULL: none */
};
void cancel_request(Cancel *cancel);
bool cancel_requested(const Cancel *cancel); /* NULL: never */
/* It stops because a deadline has passed; false where somebody asked for it first. */
bool cancel_expired(const Cancel *cancel);

double clock_seconds(void); /* monotonic */

#endif
