/* Folders: making, listing, removing, and putting a whole one in place at once. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/file_internal.h"
#include "core/base/mem.h"
#include "core/base/str.h"

/* ---- paths ------------------------------------------------------------------------------ */

bool path_exists(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0; /* a link that leads nowhere takes its name all the same */
}

bool path_is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

char *path_join(const char *folder, const char *name, Error *err)
{
    Str    path = {0};
    size_t n = strlen(folder);
    str_add(&path, folder);
    if (n > 0 && folder[n - 1] != '/') str_add(&path, "/");
    str_add(&path, name);
    return str_take(&path, err);
}

const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* path without slashes at its end, plus a suffix; mem_free it. */
static char *trimmed(const char *path, const char *suffix, Error *err)
{
    Str   result = {0};
    Index n = (Index)strlen(path);
    while (n > 1 && path[n - 1] == '/') n--;
    str_add_bytes(&result, path, n);
    str_add(&result, suffix);
    return str_take(&result, err);
}

/* ---- making ----------------------------------------------------------------------------- */

static bool make_one(const char *path, Error *err)
{
    if (mkdir(path, 0777) == 0) return true;
    int number = errno;
    if (path_is_folder(path)) return true;
    if (number == EEXIST) {
        return error_set(err, ERR_INPUT, "%s: exists and is not a folder", path);
    }
    errno = number;
    return disk_error(err, path, "made as a folder");
}

bool folder_make(const char *path, Error *err)
{
    char *whole = trimmed(path, "", err);
    if (whole == NULL) return false;

    bool ok = true;
    for (char *slash = strchr(whole + 1, '/'); ok && slash != NULL;) {
        *slash = '\0';
        ok = make_one(whole, err);
        *slash = '/';
        slash = strchr(slash + 1, '/');
    }
    if (ok) ok = make_one(whole, err);
    mem_free(whole);
    return ok;
}

/* ---- listing ---------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void free_names(char **names, Index count)
{
    for (Index i = 0; i < count; i++) mem_free(names[i]);
    mem_free(names);
}

static bool add_name(char ***names, Index *count, const char *name, Error *err)
{
    /* Powers of two are where the array is full. */
    if ((*count & (*count - 1)) == 0) {
        Index  room = *count == 0 ? 1 : 2 * *count;
        char **grown = mem_resize(*names, mem_program(), MEM_TEXT, room, sizeof **names, err);
        if (grown == NULL) return false;
        *names = grown;
    }
    char *copy = mem_strdup(name, err);
    if (copy == NULL) return false;
    (*names)[(*count)++] = copy;
    return true;
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Takes the descriptor over. The names are not sorted. */
static bool list_open(int fd, const char *path, char ***names, Index *count, Error *err)
{
    *names = NULL;
    *count = 0;
    DIR *dir = fdopendir(fd);
    if (dir == NULL) {
        disk_error(err, path, "listed");
        close(fd);
        return false;
    }
    bool           ok = true;
    struct dirent *entry;
    errno = 0;
    while (ok && (entry = readdir(dir)) != NULL) {
        if (!is_dots(entry->d_name)) ok = add_name(names, count, entry->d_name, err);
        errno = 0;
    }
    if (ok && errno != 0) ok = disk_error(err, path, "listed");
    closedir(dir);
    if (ok) return true;
    free_names(*names, *count);
    *names = NULL;
    *count = 0;
    return false;
}

bool folder_list(const char *path, char ***names, Index *count, Error *err)
{
    *names = NULL;
    *count = 0;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return disk_error(err, path, "listed");
    if (!list_open(fd, path, names, count, err)) return false;
    if (*count > 0) qsort(*names, (size_t)*count, sizeof **names, compare_names);
    return true;
}

/* ---- removing --------------------------------------------------------------------------- */

/* Empties the open folder; `deeper` levels of sub-folders may be removed too. Everything is
 * reached from descriptors, so that nothing outside can be put in the way. Closes fd. */
static bool empty_folder(int fd, const char *path, int deeper, Error *err)
{
    char **names;
    Index  count;
    int    listed = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    bool   ok = listed >= 0 ? list_open(listed, path, &names, &count, err)
                            : disk_error(err, path, "removed");
    if (!ok) {
        close(fd);
        return false;
    }
    for (Index i = 0; ok && i < count; i++) {
        if (unlinkat(fd, names[i], 0) == 0) continue;
        int number = errno; /* EISDIR here, EPERM by POSIX, is a folder */
        int sub = -1;
        if (deeper > 0) {
            sub = openat(fd, names[i], O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        }
        errno = number;
        ok = sub >= 0 ? empty_folder(sub, path, deeper - 1, err) : disk_error(err, path, "removed");
        if (ok && unlinkat(fd, names[i], AT_REMOVEDIR) != 0) {
            ok = disk_error(err, path, "removed");
        }
    }
    free_names(names, count);
    close(fd);
    return ok;
}

bool folder_remove(const char *path, Error *err)
{
    struct stat info;
    if (lstat(path, &info) != 0) {
        return errno == ENOENT || disk_error(err, path, "removed");
    }
    if (S_ISLNK(info.st_mode)) {
        return unlink(path) == 0 || disk_error(err, path, "removed");
    }
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return disk_error(err, path, "removed as a folder");
    if (!empty_folder(fd, path, 1, err)) return false;
    return rmdir(path) == 0 || disk_error(err, path, "removed");
}

/* ---- a folder that appears whole -------------------------------------------------------- */

bool folder_stage(const char *path, char **staged, Error *err)
{
    *staged = trimmed(path, ".tmp", err);
    if (*staged == NULL) return false;
    if (folder_remove(*staged, err)) {
        if (disk_allows() && mkdir(*staged, 0777) == 0) return true;
        disk_error(err, *staged, "made as a folder");
    }
    mem_free(*staged);
    *staged = NULL;
    return false;
}

static bool sync_folder(const char *path, Error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return disk_error(err, path, "opened as a folder");
    bool ok = disk_sync(fd) || disk_error(err, path, "made permanent");
    close(fd);
    return ok;
}

bool folder_commit(const char *staged, const char *path, Error *err)
{
    char *target = trimmed(path, "", err);
    if (target == NULL) return false;

    /* rename would silently replace an empty folder. */
    bool ok = !path_exists(target) || error_set(err, ERR_INPUT, "%s: exists already", target);
    ok = ok && sync_folder(staged, err);
    ok = ok && (disk_rename(AT_FDCWD, staged, target) || disk_error(err, target, "put in place"));
    if (ok) {
        int parent = folder_of(target, err);
        ok = parent >= 0 && (disk_sync(parent) || disk_error(err, target, "made permanent"));
        if (parent >= 0) close(parent);
    }
    mem_free(target);
    return ok;
}
