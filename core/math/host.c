/* The part of the table about devices, where there is none. */

#include "core/math/host.h"

bool host_sync(Backend *be, Error *err)
{
    (void)be;
    (void)err;
    return true;
}

Index host_row_bucket(Index N)
{
    return N;
}

void host_device_memory(Backend *be, int64_t *free_bytes, int64_t *total_bytes)
{
    (void)be;
    *free_bytes = *total_bytes = 0;
}
