#ifndef TESTS_BENCH_DEVICE_MEMORY_H
#define TESTS_BENCH_DEVICE_MEMORY_H

#include "core/study/plan.h"
#include "tests/bench/rig.h"

/* What the backend holds for itself, and what its device has free for everybody. */
typedef struct Held {
    int64_t own, available;
} Held;

Held memory_held(Backend *be);

/* Of the micro-batches that so many steps made, the one whose plan needs most. */
Plan memory_plan(const Rig *rig, Index steps);

/* The plan, what was counted, and what the device has less than `before`, which is when the backend
 * was open and nothing else. That may differ from the plan and the growth of the backend's own
 * buffers by a share of `allowed`; 0: is told only. */
void memory_tell(const char *name, const Rig *rig, const Plan *plan, Held before, double allowed);

#endif
