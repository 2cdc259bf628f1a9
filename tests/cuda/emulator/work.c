/* Lists of operations that are not done yet: records in one growing piece of memory. */

#include <stdlib.h>
#include <string.h>

#include "tests/cuda/emulator/internal.h"

typedef struct Record {
    Work  *run;
    size_t bytes; /* of this record, itself included */
} Record;

enum { RECORD_ALIGN = 16 };

static size_t aligned(size_t bytes)
{
    return (bytes + RECORD_ALIGN - 1) / RECORD_ALIGN * RECORD_ALIGN;
}

static unsigned char *grow(WorkList *list, size_t bytes)
{
    if (list->used + bytes > list->room) {
        size_t room = 2 * list->room + bytes + 4096;
        void  *larger = realloc(list->bytes, room);
        if (larger == NULL) fault("no memory for a list of work");
        list->bytes = larger;
        list->room = room;
    }
    unsigned char *at = list->bytes + list->used;
    list->used += bytes;
    return at;
}

void work_append(WorkList *list, Work *run, const void *args, size_t bytes, const void *more,
                 size_t more_bytes)
{
    size_t         start = aligned(sizeof(Record)), second = start + aligned(bytes);
    Record         record = {run, second + aligned(more_bytes)};
    unsigned char *at = grow(list, record.bytes);
    memset(at, 0, record.bytes);
    memcpy(at, &record, sizeof record);
    memcpy(at + start, args, bytes);
    if (more_bytes > 0) memcpy(at + second, more, more_bytes);
}

const void *work_more(const void *args, size_t bytes)
{
    return (const unsigned char *)args + aligned(bytes);
}

void work_append_all(WorkList *list, const WorkList *other)
{
    if (other->used == 0) return;
    memcpy(grow(list, other->used), other->bytes, other->used);
}

cudaError_t work_do(const WorkList *list)
{
    cudaError_t error = cudaSuccess;
    for (size_t at = 0; at < list->used && error == cudaSuccess;) {
        Record record;
        memcpy(&record, list->bytes + at, sizeof record);
        error = call_work();
        if (error == cudaSuccess) record.run(list->bytes + at + aligned(sizeof record));
        at += record.bytes;
    }
    return error;
}

void work_free(WorkList *list)
{
    free(list->bytes);
    *list = (WorkList){NULL, 0, 0};
}
