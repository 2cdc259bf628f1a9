/*
 * A log of lines, each one write(2) at the file's end, and the lock of a folder.
 *
 * A process that is killed within a write may leave half a line. Opening the log again cuts that
 * half off: no reader would have used it, and the next line would otherwise grow onto it.
 */

#define _DEFAULT_SOURCE /* flock */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/file_internal.h"
#include "core/base/mem.h"
#include "core/base/str.h"

/* ---- lines ------------------------------------------------------------------------------ */

struct LineLog {
    int   fd;
    bool  regular; /* a device cannot be cut */
    char *path;
    Str   line; /* the line with its newline, so that it is one write */
};

/* Where the last whole line ends; -1 with errno. */
static off_t end_of_lines(int fd, off_t size)
{
    char block[4096];
    while (size > 0) {
        off_t   start = size > (off_t)sizeof block ? size - (off_t)sizeof block : 0;
        ssize_t got = pread(fd, block, (size_t)(size - start), start);
        if (got < 0 && errno == EINTR) continue;
        if (got != size - start) return -1;
        for (ssize_t i = got; i > 0; i--) {
            if (block[i - 1] == '\n') return start + i;
        }
        size = start;
    }
    return 0;
}

static bool cut_torn_line(const LineLog *log, off_t size, Error *err)
{
    off_t end = end_of_lines(log->fd, size);
    if (end == size) return true;
    if (end >= 0 && ftruncate(log->fd, end) == 0) return true;
    return disk_error(err, log->path, "continued");
}

static bool open_log(LineLog *log, bool append, Error *err)
{
    int flags = O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    log->fd = disk_allows() ? open(log->path, append ? flags : flags | O_TRUNC, 0666) : -1;
    struct stat info;
    if (log->fd < 0 || fstat(log->fd, &info) != 0) return disk_error(err, log->path, "written");
    log->regular = S_ISREG(info.st_mode);
    return !append || !log->regular || cut_torn_line(log, info.st_size, err);
}

LineLog *linelog_open(const char *path, bool append, Error *err)
{
    LineLog *log = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *log, err);
    if (log == NULL) return NULL;

    log->fd = -1;
    log->path = mem_strdup(path, err);
    if (log->path != NULL && open_log(log, append, err)) return log;
    linelog_close(log);
    return NULL;
}

bool linelog_write(LineLog *log, const char *line, Index n, Error *err)
{
    CHECK(n >= 0 && (n == 0 || memchr(line, '\n', (size_t)n) == NULL));
    str_clear(&log->line);
    str_add_bytes(&log->line, line, n);
    str_add(&log->line, "\n");
    if (!str_ok(&log->line, err)) return false;

    Index done;
    if (disk_write(log->fd, log->line.data, log->line.len, &done)) return true;
    disk_error(err, log->path, "written");
    /* The disk may have taken a part. Nobody else writes, so the file's end is this line's. */
    struct stat info;
    if (done > 0 && log->regular && fstat(log->fd, &info) == 0 &&
        ftruncate(log->fd, info.st_size - (off_t)done) != 0) {
        error_hint(err, "its last line is incomplete");
    }
    return false;
}

void linelog_close(LineLog *log)
{
    if (log == NULL) return;
    if (log->fd >= 0) close(log->fd);
    str_free(&log->line);
    mem_free(log->path);
    mem_free(log);
}

/* ---- the lock --------------------------------------------------------------------------- */

struct FolderLock {
    int fd;
};

/* The owner's process id, for the message only: the lock itself is the kernel's. */
static void write_owner(int fd)
{
    char text[32];
    int  n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n) return;
}

static bool lock_taken(int fd, const char *folder, Error *err)
{
    char    text[32] = "";
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    long    owner = n > 0 ? strtol(text, NULL, 10) : 0;
    if (owner > 0) {
        error_set(err, ERR_LOCKED, "%s: another run (process %ld) is using it", folder, owner);
    } else {
        error_set(err, ERR_LOCKED, "%s: another run is using it", folder);
    }
    return error_hint(err, "wait for it, stop it, or choose another folder");
}

static int open_lock(const char *folder, Error *err)
{
    char *path = path_join(folder, ".lock", err);
    if (path == NULL) return -1;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
    if (fd < 0) disk_error(err, path, "opened");
    mem_free(path);
    return fd;
}

FolderLock *folder_lock(const char *folder, Error *err)
{
    FolderLock *lock = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *lock, err);
    if (lock == NULL) return NULL;

    lock->fd = open_lock(folder, err);
    if (lock->fd >= 0) {
        int result;
        do result = flock(lock->fd, LOCK_EX | LOCK_NB);
        while (result != 0 && errno == EINTR);
        if (result == 0) {
            write_owner(lock->fd);
            return lock;
        }
        if (errno == EWOULDBLOCK) {
            lock_taken(lock->fd, folder, err);
        } else {
            disk_error(err, folder, "locked");
        }
    }
    folder_unlock(lock);
    return NULL;
}

void folder_unlock(FolderLock *lock)
{
    if (lock == NULL) return;
    /* The file stays: removing it would let a second process lock a new one at the same name
     * while a third still waits on the old. */
    if (lock->fd >= 0) close(lock->fd);
    mem_free(lock);
}
