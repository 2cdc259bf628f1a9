/*
 * Reading. Only regular files, only with pread: no mmap, because a file that another program
 * truncates would then kill us with SIGBUS in the middle of a product.
 */

#include "core/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file_internal.h"
#include "core/base/mem.h"
#include "core/base/str.h"

struct File {
    int     fd;
    int64_t size;
    char   *path;
};

static const char *kind_of(mode_t mode)
{
    if (S_ISDIR(mode)) return "a folder";
    if (S_ISFIFO(mode)) return "a pipe";
    if (S_ISSOCK(mode)) return "a socket";
    return "a device";
}

/* Opens and checks; -1 with err. Without O_NONBLOCK, opening a pipe would wait for a writer. */
static int open_regular(const char *path, int64_t *size, Error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        disk_error(err, path, "read");
        return -1;
    }
    struct stat info;
    if (fstat(fd, &info) != 0) {
        disk_error(err, path, "read");
    } else if (!S_ISREG(info.st_mode)) {
        error_set(err, ERR_INPUT, "%s: is %s, not a file", path, kind_of(info.st_mode));
    } else {
        *size = info.st_size;
        return fd;
    }
    close(fd);
    return -1;
}

File *file_open(const char *path, Error *err)
{
    File *file = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *file, err);
    if (file == NULL) return NULL;

    file->fd = -1;
    file->path = mem_strdup(path, err);
    if (file->path != NULL) file->fd = open_regular(path, &file->size, err);
    if (file->fd >= 0) return file;

    file_close(file);
    return NULL;
}

int64_t file_size(const File *file)
{
    return file->size;
}

const char *file_path(const File *file)
{
    return file->path;
}

bool file_read_at(File *file, void *buffer, Index n, int64_t offset, Error *err)
{
    CHECK(n >= 0 && offset >= 0);
    const Index most = 1 << 30;
    for (Index done = 0; done < n;) {
        Index   left = n - done < most ? n - done : most;
        ssize_t got = pread(file->fd, (char *)buffer + done, (size_t)left, offset + done);
        if (got > 0) {
            done += got;
        } else if (got == 0) {
            return error_set(err, ERR_INPUT,
                             "%s: ends too early: %td bytes wanted at offset %lld, %td are there",
                             file->path, n, (long long)offset, done);
        } else if (errno != EINTR) {
            return disk_error(err, file->path, "read");
        }
    }
    return true;
}

void file_close(File *file)
{
    if (file == NULL) return;
    if (file->fd >= 0) close(file->fd);
    mem_free(file->path);
    mem_free(file);
}

static bool refuse_size(const File *file, Index max_bytes, Error *err)
{
    Str sizes = {0};
    str_add_bytes_count(&sizes, file->size);
    str_add(&sizes, " long; at most ");
    str_add_bytes_count(&sizes, max_bytes);
    if (str_ok(&sizes, err)) {
        error_set(err, ERR_INPUT, "%s: is %s are read here", file->path, str_text(&sizes));
    }
    str_free(&sizes);
    return false;
}

char *file_read_all(const char *path, Index max_bytes, Index *len, Error *err)
{
    File *file = file_open(path, err);
    if (file == NULL) return NULL;

    char *text = NULL;
    if (file->size > max_bytes) {
        refuse_size(file, max_bytes, err);
        goto done;
    }
    text = mem_alloc_raw(mem_program(), MEM_TEXT, (Index)file->size + 1, 1, err);
    if (text == NULL) goto done;
    if (!file_read_at(file, text, (Index)file->size, 0, err)) {
        mem_free(text);
        text = NULL;
        goto done;
    }
    text[file->size] = '\0';
    *len = (Index)file->size;
done:
    file_close(file);
    return text;
}
