/*
 * Durable writing: temporary file in the same folder, fsync, rename, fsync of the folder.
 *
 * The temporary of NAME is called .NAME.tmp0 (or tmp1 ... when two programs write NAME at once)
 * and stays flock-ed by its writer. What is found unlocked was left by a process that was killed,
 * and is removed; so such files do not pile up. Between creating and locking its file a writer
 * can lose it to another that takes it for a leftover; the inode is therefore compared before the
 * rename.
 */

#define _DEFAULT_SOURCE /* flock */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/file_internal.h"
#include "core/base/mem.h"
#include "core/base/str.h"

enum { BUFFER_BYTES = 1 << 16, TEMPORARIES_MAX = 100 };

struct FileWriter {
    int     folder, fd; /* -1 while not open */
    char   *path;
    char   *temporary; /* name inside folder */
    int64_t written;   /* bytes that reached the system */
    Index   pending;   /* bytes in buffer */
    char    buffer[BUFFER_BYTES];
};

static const char *name_of(const FileWriter *writer)
{
    return path_base(writer->path);
}

/* True when nobody holds this temporary any more and it has been removed. */
static bool remove_leftover(int folder, const char *temporary)
{
    int fd = openat(folder, temporary, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) return errno == ENOENT;
    bool orphan = flock(fd, LOCK_EX | LOCK_NB) == 0;
    bool removed = orphan && unlinkat(folder, temporary, 0) == 0;
    close(fd);
    return removed;
}

static int create_exclusive(int folder, const char *temporary)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    for (;;) {
        int fd = disk_allows() ? openat(folder, temporary, flags, 0666) : -1;
        if (fd >= 0 || errno != EINTR) return fd;
    }
}

static bool create_temporary(FileWriter *writer, Error *err)
{
    for (int i = 0; i < TEMPORARIES_MAX; i++) {
        Str name = {0};
        str_addf(&name, ".%s.tmp%d", name_of(writer), i);
        writer->temporary = str_take(&name, err);
        if (writer->temporary == NULL) return false;

        writer->fd = create_exclusive(writer->folder, writer->temporary);
        bool taken = writer->fd < 0 && errno == EEXIST;
        if (taken && remove_leftover(writer->folder, writer->temporary)) {
            writer->fd = create_exclusive(writer->folder, writer->temporary);
            taken = writer->fd < 0 && errno == EEXIST;
        }
        if (writer->fd >= 0) {
            flock(writer->fd, LOCK_EX | LOCK_NB); /* where there are no locks: never a leftover */
            return true;
        }
        if (!taken) return disk_error(err, writer->path, "written");
        mem_free(writer->temporary);
        writer->temporary = NULL;
    }
    return error_set(err, ERR_DISK, "%s: cannot be written: %d programs are writing it",
                     writer->path, TEMPORARIES_MAX);
}

FileWriter *file_create(const char *path, Error *err)
{
    FileWriter *writer = mem_alloc_raw(mem_program(), MEM_TEXT, 1, sizeof *writer, err);
    if (writer == NULL) return NULL;

    writer->folder = writer->fd = -1;
    writer->temporary = NULL;
    writer->written = 0;
    writer->pending = 0;
    writer->path = mem_strdup(path, err);
    if (writer->path == NULL) goto fail;
    if (*name_of(writer) == '\0' || path_is_folder(path)) {
        error_set(err, ERR_INPUT, "%s: is a folder; the name of a file is wanted", path);
        goto fail;
    }
    writer->folder = folder_of(path, err);
    if (writer->folder < 0 || !create_temporary(writer, err)) goto fail;
    return writer;

fail:
    file_abandon(writer);
    return NULL;
}

static bool write_out(FileWriter *writer, const char *bytes, Index n, Error *err)
{
    Index done;
    bool  ok = disk_write(writer->fd, bytes, n, &done);
    int   number = errno;
    writer->written += done;
    if (ok) return true;

    char what[96];
    snprintf(what, sizeof what, "written beyond %lld bytes", (long long)writer->written);
    errno = number;
    return disk_error(err, writer->path, what);
}

static bool flush(FileWriter *writer, Error *err)
{
    Index n = writer->pending;
    writer->pending = 0;
    return write_out(writer, writer->buffer, n, err);
}

bool file_write(FileWriter *writer, const void *bytes, Index n, Error *err)
{
    CHECK(n >= 0);
    if (n > BUFFER_BYTES - writer->pending && !flush(writer, err)) return false;
    if (n > BUFFER_BYTES) return write_out(writer, bytes, n, err);
    if (n > 0) memcpy(writer->buffer + writer->pending, bytes, (size_t)n);
    writer->pending += n;
    return true;
}

/* Is the temporary's name still our file? */
static bool still_ours(const FileWriter *writer)
{
    struct stat open_file, named;
    return fstat(writer->fd, &open_file) == 0 &&
           fstatat(writer->folder, writer->temporary, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           open_file.st_ino == named.st_ino && open_file.st_dev == named.st_dev;
}

static bool publish(FileWriter *writer, Error *err)
{
    if (!flush(writer, err)) return false;
    if (!disk_sync(writer->fd)) return disk_error(err, writer->path, "written to the disk");
    if (!still_ours(writer)) {
        return error_set(err, ERR_DISK, "%s: another program removed it while it was written",
                         writer->path);
    }
    if (!disk_rename(writer->folder, writer->temporary, name_of(writer))) {
        return disk_error(err, writer->path, "put in place");
    }
    mem_free(writer->temporary); /* the name is gone: nothing to remove from here on */
    writer->temporary = NULL;

    /* Closed only now: until the rename the lock says that the temporary has an owner. */
    int fd = writer->fd;
    writer->fd = -1;
    if (close(fd) != 0 && errno != EINTR) return disk_error(err, writer->path, "closed");
    if (!disk_sync(writer->folder)) return disk_error(err, writer->path, "made permanent");
    return true;
}

bool file_commit(FileWriter *writer, Error *err)
{
    bool ok = publish(writer, err);
    file_abandon(writer);
    return ok;
}

void file_abandon(FileWriter *writer)
{
    if (writer == NULL) return;
    if (writer->fd >= 0) {
        if (still_ours(writer)) unlinkat(writer->folder, writer->temporary, 0);
        close(writer->fd);
    }
    if (writer->folder >= 0) close(writer->folder);
    mem_free(writer->temporary);
    mem_free(writer->path);
    mem_free(writer);
}

bool file_write_all(const char *path, const void *bytes, Index n, Error *err)
{
    FileWriter *writer = file_create(path, err);
    if (writer == NULL) return false;
    if (file_write(writer, bytes, n, err)) return file_commit(writer, err);
    file_abandon(writer);
    return false;
}
