/*
 * The private folder, one for each gnuplot. Who made it holds a lock on it, which goes with the
 * process however it ends; so a folder that nobody holds was left behind, and the next one to need
 * a folder removes it.
 */

#define _GNU_SOURCE /* mkdtemp */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/gnuplot/gnuplot_internal.h"
#include "core/base/file.h"
#include "core/base/mem.h"

#define FOLDER_NAME "loralab-XXXXXX"

enum { FRESH_SECONDS = 10 }; /* between making a folder and holding it */

/* A descriptor that holds it; -1: somebody else does, or it is none. */
static int hold(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
    close(fd);
    return -1;
}

static bool is_called_so(const char *name)
{
    return strlen(name) == strlen(FOLDER_NAME) && strncmp(name, "loralab-", 8) == 0;
}

/* Ours alone, and not just being made. */
static bool may_be_left(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == geteuid() &&
           (info.st_mode & 0777) == 0700 && info.st_mtime + FRESH_SECONDS < time(NULL);
}

/* Without memory of ours; what cannot be removed stays. */
static void remove_left(const char *parent)
{
    struct dirent *entry;
    DIR           *list = opendir(parent);
    while (list != NULL && (entry = readdir(list)) != NULL) {
        char path[4096 + 256];
        int  n = snprintf(path, sizeof path, "%s/%s", parent, entry->d_name);
        if (n < 0 || n >= (int)sizeof path || !is_called_so(entry->d_name)) continue;
        int fd = may_be_left(path) ? hold(path) : -1;
        if (fd < 0) continue;
        child_remove_folder(path);
        close(fd);
    }
    if (list != NULL) closedir(list);
}

char *gnuplot_folder(int *held, Error *err)
{
    char        real[4096];
    const char *parent = getenv("TMPDIR");
    if (parent == NULL || realpath(parent, real) == NULL) snprintf(real, sizeof real, "/tmp");
    remove_left(real);
    char *path = path_join(real, FOLDER_NAME, err);
    if (path == NULL) return NULL;
    if (mkdtemp(path) != NULL) {
        *held = hold(path); /* where no lock can be had, it may only be taken for left */
        return path;
    }
    error_set(err, ERR_DISK, "no folder for gnuplot in %s: %s", real, strerror(errno));
    mem_free(path);
    return NULL;
}
