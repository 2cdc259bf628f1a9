/*
 * The plug-in's file. What is opened here runs with all rights of this user, so it is taken from
 * one folder only, by its absolute name, and not when others than root and this user could have
 * put it there. Each refusal is one short sentence, for it also ends the line that tells why auto
 * took the cpu; names of files go into the hint.
 */

#define _GNU_SOURCE /* realpath */
#include "core/math/cuda/file.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const CudaPlugin *refuse(Error *err, const char *why)
{
    error_set(err, ERR_DEVICE, "%s", why);
    error_hint(err, "%s", tr("--backend cpu runs everywhere"));
    return NULL;
}

static const CudaPlugin *refuse_file(Error *err, const char *why, const char *path)
{
    error_set(err, ERR_DEVICE, "%s", why);
    error_hint(err, tr("look at %.200s"), path);
    return NULL;
}

/* ---- may it be opened? ------------------------------------------------------------------ */

static bool is_ours(const struct stat *info)
{
    return info->st_uid == 0 || info->st_uid == geteuid();
}

/* Whoever may write to the folder may replace the file, unless the folder is sticky. Its group is
 * let be: a source tree made under umask 002 belongs to its user's own group. */
static bool folder_is_safe(const char *folder)
{
    struct stat info;
    if (stat(folder, &info) != 0 || !is_ours(&info)) return false;
    return (info.st_mode & S_IWOTH) == 0 || (info.st_mode & S_ISVTX) != 0;
}

/* The file's real name, which must be right inside the folder's real name. */
static bool resolve(char real[PATH_MAX], const char *path, const char *folder, Error *err)
{
    char home[PATH_MAX];
    if (realpath(folder, home) == NULL || realpath(path, real) == NULL) {
        error_set(err, ERR_DEVICE, "%s", tr("the CUDA plug-in is not there"));
        return error_hint(err, tr("make builds it where nvcc is found; it would be %.180s"), path);
    }
    size_t n = strlen(home);
    bool   inside =
        strncmp(real, home, n) == 0 && real[n] == '/' && strchr(real + n + 1, '/') == NULL;
    if (!inside) {
        (void)refuse_file(err, tr("the CUDA plug-in is a link that leads out of its folder"), path);
    } else if (!folder_is_safe(home)) {
        (void)refuse_file(err, tr("others may write to the folder of the CUDA plug-in"), home);
        inside = false;
    }
    return inside;
}

static bool may_open(const char *real, Error *err)
{
    struct stat info;
    const char *why = NULL;
    if (lstat(real, &info) != 0 || !S_ISREG(info.st_mode)) {
        why = tr("the CUDA plug-in is no regular file");
    } else if (!is_ours(&info)) {
        why = tr("the CUDA plug-in belongs to neither root nor this user");
    } else if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        why = tr("others may write to the CUDA plug-in");
    }
    if (why != NULL) (void)refuse_file(err, why, real);
    return why == NULL;
}

/* ---- opening ---------------------------------------------------------------------------- */

/* The loader's words without the name of our own file and what follows the first line:
 * "libcublas.so.13: cannot open shared object file: No such file or directory". */
static const CudaPlugin *refuse_loading(const char *real, const char *words, Error *err)
{
    static const char absent[] = ": cannot open shared object file";
    size_t            n = strlen(real);
    if (words == NULL) words = tr("the loader does not say why");
    if (strncmp(words, real, n) == 0 && strncmp(words + n, ": ", 2) == 0) words += n + 2;

    int         len = (int)strcspn(words, "\n");
    const char *end = strstr(words, absent);
    if (end == NULL) {
        error_set(err, ERR_DEVICE, tr("the CUDA plug-in cannot be loaded: %.*s"), len, words);
        error_hint(err, tr("make builds it anew; it is %.180s"), real);
    } else {
        error_set(err, ERR_DEVICE, tr("the CUDA plug-in needs %.*s, which is not found"),
                  (int)(end - words), words);
        error_hint(err, "%s", tr("install the CUDA toolkit's libraries; --backend cpu needs none"));
    }
    return NULL;
}

/* The plug-in of a library, when it is one that this program can use. */
static const CudaPlugin *plugin_of(void *library, Error *err)
{
    CudaPluginEntry *entry = NULL;
    void            *symbol = dlsym(library, CUDA_PLUGIN_SYMBOL);
    if (symbol == NULL) return refuse(err, tr("what is there is no plug-in of loralab"));
    memcpy(&entry, &symbol, sizeof entry); /* ISO C converts no object pointer to a function's */

    const CudaPlugin *plugin = entry();
    if (plugin == NULL) return refuse(err, tr("the CUDA plug-in offers nothing"));
    if (plugin->version == CUDA_PLUGIN_VERSION && plugin->table_bytes == sizeof(Backend)) {
        return plugin;
    }
    if (plugin->version != CUDA_PLUGIN_VERSION) {
        error_set(err, ERR_DEVICE, tr("the CUDA plug-in is of version %u, this program needs %u"),
                  (unsigned)plugin->version, (unsigned)CUDA_PLUGIN_VERSION);
    } else {
        error_set(err, ERR_DEVICE,
                  tr("the CUDA plug-in has another table (%u bytes, this program has %u)"),
                  (unsigned)plugin->table_bytes, (unsigned)sizeof(Backend));
    }
    error_hint(err, "%s", tr("build or install program and plug-in together"));
    return NULL;
}

/* The name to open it by, when all is well with the file. */
static bool find(char real[PATH_MAX], const char *path, const char *folder, Error *err)
{
    if (path[0] != '/') {
        (void)refuse_file(err, tr("the CUDA plug-in has a relative name"), path);
        return false;
    }
    return resolve(real, path, folder, err) && may_open(real, err);
}

static const CudaPlugin *load(const char *real, Error *err)
{
    void *library = dlopen(real, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) return refuse_loading(real, dlerror(), err);
    const CudaPlugin *plugin = plugin_of(library, err);
    if (plugin == NULL) (void)dlclose(library); /* nothing of it was used */
    return plugin;
}

const CudaPlugin *cuda_plugin_open(const char *path, const char *folder, Error *err)
{
    char real[PATH_MAX];
    return find(real, path, folder, err) ? load(real, err) : NULL;
}

/* The plug-in brings cuBLAS along, which takes a quarter of a second and 200 MB: not where the
 * driver's own library, which the CUDA runtime opens by this very name, is absent. */
static bool has_driver(Error *err)
{
    if (dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL) != NULL) return true;
    (void)refuse(err, tr("there is no NVIDIA driver (libcuda.so.1 is not found)"));
    return false;
}

/* ---- where it is ------------------------------------------------------------------------ */

void cuda_library_folder(char *folder, size_t size, const char *program)
{
    static const char bin[] = "/bin";
    const char       *slash = strrchr(program, '/');
    int               n = slash != NULL ? (int)(slash - program) : 0;
    int               prefix = n - (int)(sizeof bin - 1);
    if (prefix >= 0 && strncmp(program + prefix, bin, sizeof bin - 1) == 0) {
        snprintf(folder, size, "%.*s/lib/loralab", prefix, program);
    } else {
        snprintf(folder, size, "%.*s", n, program);
    }
}

const CudaPlugin *cuda_file_beside_program(Error *err)
{
    char    program[PATH_MAX], folder[PATH_MAX], path[PATH_MAX + sizeof CUDA_PLUGIN_FILE + 1];
    char    real[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    if (n <= 0) return refuse(err, tr("this program's own folder cannot be found"));
    program[n] = '\0';
    cuda_library_folder(folder, sizeof folder, program);
    snprintf(path, sizeof path, "%s/" CUDA_PLUGIN_FILE, folder);
    return find(real, path, folder, err) && has_driver(err) ? load(real, err) : NULL;
}
