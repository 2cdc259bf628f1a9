/*
 * gnuplot's process: found, started in its cage, waited for, ended. All of it without blocking
 * but for child_stop, which takes half a second at most.
 */

#define _GNU_SOURCE /* pipe2, realpath */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/gnuplot/gnuplot_internal.h"
#include "core/base/file.h"
#include "core/base/pool.h"

#define STARTED_AGAIN "/proc/self/exe"
#define PATH_DEFAULT "/usr/local/bin:/usr/bin:/bin"

static const char *helper = STARTED_AGAIN;

void gnuplot_set_program(const char *path)
{
    helper = path != NULL ? path : STARTED_AGAIN;
}

const char *gnuplot_cage_word(GnuplotCage kind)
{
    static const char *const words[] = {"none", "file", "window", "strict"};
    return words[kind];
}

static const char *search_path(void)
{
    const char *path = getenv("PATH");
    return path != NULL && path[0] != '\0' ? path : PATH_DEFAULT;
}

bool gnuplot_find(char path[GNUPLOT_PATH_BYTES])
{
    char real[4096], candidate[4096];
    for (const char *at = search_path(); *at != '\0';) {
        size_t n = strcspn(at, ":");
        /* A folder that is named from where one happens to stand is not searched. */
        if (at[0] == '/' && n + sizeof "/gnuplot" <= sizeof candidate) {
            memcpy(candidate, at, n);
            memcpy(candidate + n, "/gnuplot", sizeof "/gnuplot");
            if (access(candidate, X_OK) == 0 && realpath(candidate, real) != NULL &&
                strlen(real) < GNUPLOT_PATH_BYTES && !path_is_folder(real)) {
                memcpy(path, real, strlen(real) + 1);
                return true;
            }
        }
        at += n + (at[n] == ':');
    }
    return false;
}

/* ---- starting ---- */

enum { VARIABLES_MAX = 8 };

static void add(Str *text, Index *starts, Index *count, const char *name, const char *value)
{
    if (value == NULL || *count == VARIABLES_MAX) return;
    starts[(*count)++] = text->len;
    str_addf(text, "%s=%s", name, value);
    str_add_bytes(text, "", 1);
}

/* What the helper passes on, and no more. X finds its key in HOME, which gnuplot is not told. */
static bool environment(Str *text, char **variables, Error *err)
{
    Index       starts[VARIABLES_MAX], count = 0;
    const char *key = getenv("XAUTHORITY"), *home = getenv("HOME");
    char        found[4096];

    if (key == NULL && home != NULL) {
        int n = snprintf(found, sizeof found, "%s/.Xauthority", home);
        if (n > 0 && n < (int)sizeof found && access(found, R_OK) == 0) key = found;
    }
    add(text, starts, &count, "PATH", search_path());
    add(text, starts, &count, "DISPLAY", getenv("DISPLAY"));
    add(text, starts, &count, "WAYLAND_DISPLAY", getenv("WAYLAND_DISPLAY"));
    add(text, starts, &count, "XDG_RUNTIME_DIR", getenv("XDG_RUNTIME_DIR"));
    add(text, starts, &count, "XAUTHORITY", key);
    if (!str_ok(text, err)) return false;
    for (Index i = 0; i < count; i++) variables[i] = text->data + starts[i];
    variables[count] = NULL;
    return true;
}

/* A group of its own, so that Ctrl-C at the terminal is ours alone; signals as at login. */
static void set_attributes(posix_spawnattr_t *attributes)
{
    static const int usual[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXFSZ, SIGCHLD};
    sigset_t         defaults, none;

    sigemptyset(&none);
    sigemptyset(&defaults);
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) sigaddset(&defaults, usual[i]);
    posix_spawnattr_init(attributes);
    posix_spawnattr_setpgroup(attributes, 0);
    posix_spawnattr_setsigdefault(attributes, &defaults);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF |
                                             POSIX_SPAWN_SETSIGMASK);
}

static int spawn(Child *child, const char *word, const char *folder, int in, int words, char **env)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t          attributes;
    char *arguments[] = {(char[]){"loralab"}, (char[]){"--gnuplot-cage"}, NULL, NULL, NULL};
    char  kind[16], where[4096];

    memcpy(kind, word, strlen(word) + 1);
    memcpy(where, folder, strlen(folder) + 1);
    arguments[2] = kind;
    arguments[3] = where;
    set_attributes(&attributes);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&files, words, STDERR_FILENO);
    int rc = posix_spawn(&child->pid, helper, &files, &attributes, arguments, env);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return rc;
}

static void close_fd(int *fd)
{
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

static bool start(Child *child, const char *word, const char *folder, char **env, Error *err)
{
    int in[2] = {-1, -1}, words[2] = {-1, -1}, rc;

    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(words, O_CLOEXEC) != 0) {
        rc = errno;
    } else {
        fcntl(in[1], F_SETFL, O_NONBLOCK);
        fcntl(words[0], F_SETFL, O_NONBLOCK);
        rc = spawn(child, word, folder, in[0], words[1], env);
    }
    close_fd(&in[0]);
    close_fd(&words[1]);
    if (rc != 0) {
        close_fd(&in[1]);
        close_fd(&words[0]);
        child->pid = 0;
        return error_set(err, ERR_DEVICE, "gnuplot cannot be started: %s", strerror(rc));
    }
    child->in = in[1];
    child->words = words[0];
    return true;
}

bool child_start(Child *child, GnuplotCage kind, const char *folder, Error *err)
{
    char *variables[VARIABLES_MAX + 1];
    Str   text = {0};

    *child = (Child){.in = -1, .words = -1};
    bool ok = environment(&text, variables, err) &&
              start(child, gnuplot_cage_word(kind), folder, variables, err);
    str_free(&text);
    return ok;
}

/* ---- ending ---- */

void child_signal(const Child *child, int number)
{
    if (child->pid > 0) kill(-child->pid, number);
}

bool child_ended(Child *child)
{
    siginfo_t info = {0};
    if (child->pid == 0) return true;
    if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0) return false;
    if (info.si_pid == 0) return false;
    /* Helpers of a window that would outlive it: while it is not waited for, the number of its
     * group belongs to nobody else. */
    child_signal(child, SIGKILL);
    while (waitpid(child->pid, &child->wait_state, 0) < 0 && errno == EINTR) continue;
    child->pid = 0;
    close_fd(&child->in);
    return true;
}

void child_close(Child *child)
{
    close_fd(&child->in);
    close_fd(&child->words);
}

static bool ends_within(Child *child, double seconds)
{
    double until = clock_seconds() + seconds;
    while (!child_ended(child)) {
        if (clock_seconds() >= until) return false;
        poll(NULL, 0, 5);
    }
    return true;
}

void child_stop(Child *child)
{
    close_fd(&child->in);
    if (!ends_within(child, 0.2)) child_signal(child, SIGTERM);
    if (!ends_within(child, 0.1)) child_signal(child, SIGKILL);
    /* Past this it sleeps in the kernel, and will be gone when that lets go of it. */
    if (!ends_within(child, 0.15)) child->pid = 0;
    child_close(child);
}

/* gnuplot_qt makes itself a session of its own, so that a signal to gnuplot's group misses it. The
 * folder that it stands in tells it from all others: nobody else knows the name. */
void child_sweep(const char *folder)
{
    char           path[64], where[4096];
    struct dirent *entry;
    DIR           *processes = opendir("/proc");

    if (processes == NULL) return;
    while ((entry = readdir(processes)) != NULL) {
        char *end;
        long  pid = strtol(entry->d_name, &end, 10);
        if (pid <= 1 || *end != '\0') continue;
        snprintf(path, sizeof path, "/proc/%ld/cwd", pid);
        ssize_t n = readlink(path, where, sizeof where - 1);
        if (n <= 0) continue;
        where[n] = '\0';
        if (strcmp(where, folder) == 0) kill((pid_t)pid, SIGKILL);
    }
    closedir(processes);
}

static void remove_files(const char *folder)
{
    struct dirent *entry;
    DIR           *list = opendir(folder);

    while (list != NULL && (entry = readdir(list)) != NULL) {
        unlinkat(dirfd(list), entry->d_name, 0);
    }
    if (list != NULL) closedir(list);
}

/* One level of folders deep, as caches of fonts are; without memory of ours, which may be what
 * has run out. What cannot be removed stays among the temporary files. */
void child_remove_folder(const char *folder)
{
    struct dirent *entry;
    DIR           *list = opendir(folder);

    while (list != NULL && (entry = readdir(list)) != NULL) {
        char path[4096];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        int n = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (n < 0 || n >= (int)sizeof path || unlink(path) == 0) continue;
        remove_files(path);
        rmdir(path);
    }
    if (list != NULL) closedir(list);
    rmdir(folder);
}
