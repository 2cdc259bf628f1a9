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
typedef void PoolTask(void *context, Index task, int worker); /* worker in [0, threads) */

NODISCARD Pool *pool_create(int threads, Error *err); /* 1..64 */
void            pool_free(Pool *pool);                /* NULL-safe */
int             pool_threads(const Pool *pool);
/* Run task 0..count-1, return when all are done. Not reentrant; one caller at a time. */
void pool_run(Pool *pool, Index count, PoolTask *task, void *context);
int  pool_default_threads(void); /* the cores this process may use, at most 16 */

/* A flag that a long function looks at between any two ops. */
typedef struct Cancel { _Atomic int requested; } Cancel;
void cancel_request(Cancel *cancel);
bool cancel_requested(const Cancel *cancel); /* NULL: never */

double clock_seconds(void); /* monotonic */

#endif
