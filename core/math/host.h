#ifndef CORE_MATH_HOST_H
#define CORE_MATH_HOST_H

/* What backends in host memory answer alike: they have done what was asked when a call returns. */

#include "core/math/ops.h"

bool  host_sync(Backend *be, Error *err);
Index host_row_bucket(Index N);
void  host_device_memory(Backend *be, int64_t *free_bytes, int64_t *total_bytes);

#endif
