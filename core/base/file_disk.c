/* The few system calls that change the disk, each passing the fault rig first. */

#include "core/base/file_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/str.h"

/* ---- the fault rig ---------------------------------------------------------------------- */

static struct {
    atomic_bool     armed, forever;
    _Atomic int     error_number;
    _Atomic int64_t limit, asked;
} fault;

void file_fail_after(int64_t n, int error_number, bool forever)
{
    fault.limit = n;
    fault.asked = 0;
    fault.error_number = error_number;
    fault.forever = forever;
    fault.armed = true;
}

int64_t file_fail_off(void)
{
    fault.armed = false;
    return fault.asked;
}

bool disk_allows(void)
{
    if (!fault.armed) return true;

    int64_t turn = atomic_fetch_add(&fault.asked, 1);
    if (fault.forever ? turn < fault.limit : turn != fault.limit) return true;
    if (fault.error_number == 0) raise(SIGKILL);
    errno = fault.error_number;
    return false;
}

/* ---- errors ----------------------------------------------------------------------------- */

static ErrorCode code_of(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case EACCES:
    case EPERM:
    case ELOOP:
    case ENAMETOOLONG:
    case EEXIST:
    case EINVAL:
    case ENXIO:
    case ENODEV:
        return ERR_INPUT;
    case ENOMEM:
        return ERR_MEMORY;
    default:
        return ERR_DISK;
    }
}

static void add_hint(Error *err, const char *path, int number)
{
    if (number == EACCES || number == EPERM) {
        error_hint(err, "check the permissions, or choose another place");
    } else if (number == EROFS) {
        error_hint(err, "this part of the disk can only be read; choose another place");
    } else if (number == EMFILE || number == ENFILE) {
        error_hint(err, "too many files are open; raise the limit with `ulimit -n`");
    } else if (number == ENOSPC || number == EDQUOT) {
        struct statvfs disk;
        Str            room = {0};
        if (statvfs(path, &disk) != 0 && statvfs(".", &disk) != 0) disk = (struct statvfs){0};
        str_add_bytes_count(&room, (int64_t)(disk.f_bavail * disk.f_frsize));
        error_hint(err, "%s are free; make room or choose another disk", str_text(&room));
        str_free(&room);
    }
}

bool disk_error(Error *err, const char *path, const char *what)
{
    int  number = errno;
    char reason[128];
    if (strerror_r(number, reason, sizeof reason) != 0) {
        snprintf(reason, sizeof reason, "error %d", number);
    }
    error_set(err, code_of(number), "%s: cannot be %s: %s", path, what, reason);
    add_hint(err, path, number);
    return false;
}

/* ---- operations ------------------------------------------------------------------------- */

bool disk_write(int fd, const char *bytes, Index n, Index *done)
{
    const Index most = 1 << 30; /* Linux writes at most 2 GB at once */
    for (*done = 0; *done < n;) {
        Index   left = n - *done < most ? n - *done : most;
        ssize_t written = disk_allows() ? write(fd, bytes + *done, (size_t)left) : -1;
        if (written > 0) {
            *done += written;
        } else if (written == 0) {
            errno = ENOSPC;
            return false;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

bool disk_sync(int fd)
{
    for (;;) {
        int result = disk_allows() ? fsync(fd) : -1;
        if (result == 0 || errno == EINVAL) return true;
        if (errno != EINTR) return false;
    }
}

bool disk_rename(int folder, const char *from, const char *to)
{
    for (;;) {
        int result = disk_allows() ? renameat(folder, from, folder, to) : -1;
        if (result == 0) return true;
        if (errno != EINTR) return false;
    }
}

int folder_of(const char *path, Error *err)
{
    const char *base = path_base(path);
    Str         folder = {0};
    if (base == path) {
        str_add(&folder, ".");
    } else {
        str_add_bytes(&folder, path, base - path);
    }
    int fd = -1;
    if (str_ok(&folder, err)) {
        fd = open(str_text(&folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) disk_error(err, str_text(&folder), "opened as a folder");
    }
    str_free(&folder);
    return fd;
}
