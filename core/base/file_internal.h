#ifndef CORE_BASE_FILE_INTERNAL_H
#define CORE_BASE_FILE_INTERNAL_H

/* What the file modules share: the fault rig's gate, and sentences for errno. */

#include <sys/types.h>

#include "core/base/error.h"

/* To be asked before an operation that changes the disk. False: errno is set, do not do it. */
bool disk_allows(void);

/* "PATH: cannot be WHAT: REASON" for the present errno, with the code that fits: a path that is
 * wrong is the user's input, a disk that fails or is full is ERR_DISK. Returns false. */
bool disk_error(Error *err, const char *path, const char *what);

/* The rest of a buffer, through short writes and EINTR. False with errno; *done counts bytes. */
bool disk_write(int fd, const char *bytes, Index n, Index *done);
bool disk_sync(int fd); /* fsync, through EINTR; a file system that knows no fsync is no error */
bool disk_rename(int folder, const char *from, const char *to);

/* The folder part of a path opened, O_DIRECTORY and close-on-exec: "." where it has none.
 * -1 with err. */
int folder_of(const char *path, Error *err);

#endif
