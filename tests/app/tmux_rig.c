/* tmux as a child for each command; its server lives in the test's folder. */

#include "tests/app/tmux_rig.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/pool.h"
#include "tests/test.h"

extern char **environ;

enum { WORDS_MAX = 64 };
static const double patience = 20;

/* tmux -S SOCKET -f /dev/null WORDS...; what it prints is in `told`. */
static int run(Tmux *tmux, const char *const *words)
{
    const char *argv[WORDS_MAX] = {"tmux", "-u", "-S", test_path("tmux"), "-f", "/dev/null"};
    int         n = 6, pipe_ends[2], status = -1;
    pid_t       pid;

    while (*words != NULL && n < WORDS_MAX - 1) argv[n++] = *words++;
    CHECK(pipe(pipe_ends) == 0);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, pipe_ends[1], 1);
    posix_spawn_file_actions_addclose(&files, pipe_ends[0]);
    posix_spawn_file_actions_addclose(&files, pipe_ends[1]);
    int rc = posix_spawnp(&pid, "tmux", &files, NULL, (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&files);
    close(pipe_ends[1]);
    str_clear(&tmux->told);
    char    bytes[4096];
    ssize_t got;
    while (rc == 0 && (got = read(pipe_ends[0], bytes, sizeof bytes)) > 0) {
        str_add_bytes(&tmux->told, bytes, got);
    }
    close(pipe_ends[0]);
    if (rc == 0) waitpid(pid, &status, 0);
    return rc == 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}

bool tmux_is_there(void)
{
    const char *path = getenv("PATH");
    while (path != NULL && *path != '\0') {
        char   name[512];
        size_t n = strcspn(path, ":");
        snprintf(name, sizeof name, "%.*s/tmux", (int)n, path);
        if (access(name, X_OK) == 0) return true;
        path += n + (path[n] == ':');
    }
    printf("no tmux: install it to see the lab in a real terminal\n");
    return false;
}

void tmux_start(Tmux *tmux, int cols, int rows, const char *env)
{
    char shell[900], wide[12], high[12], here[400] = "";
    CHECK(getcwd(here, sizeof here) != NULL);
    snprintf(shell, sizeof shell, "env LC_ALL=C.UTF-8 LORALAB_DATA=%s/data PS1='shell> ' %s sh",
             here, env);
    snprintf(wide, sizeof wide, "%d", cols);
    snprintf(high, sizeof high, "%d", rows);
    const char *words[] = {"new-session", "-d", "-x", wide, "-y", high, shell, NULL};
    tmux->cols = cols;
    tmux->rows = rows;
    if (run(tmux, words) != 0) fail_msg("tmux does not start");
    const char *size[] = {"set-option", "-g", "status", "off", NULL};
    run(tmux, size);
    tmux_resize(tmux, cols, rows);
    tmux_await(tmux, "shell>");
}

void tmux_keys(Tmux *tmux, const char *keys)
{
    char        copy[400];
    const char *words[WORDS_MAX] = {"send-keys"};
    int         n = 1;
    snprintf(copy, sizeof copy, "%s", keys);
    for (char *rest, *word = strtok_r(copy, " ", &rest); word != NULL && n < WORDS_MAX - 1;
         word = strtok_r(NULL, " ", &rest)) {
        words[n++] = word;
    }
    assert_int_equal(run(tmux, words), 0);
}

void tmux_type(Tmux *tmux, const char *text)
{
    const char *words[] = {"send-keys", "-l", text, NULL};
    assert_int_equal(run(tmux, words), 0);
    tmux_keys(tmux, "Enter");
}

void tmux_resize(Tmux *tmux, int cols, int rows)
{
    char wide[12], high[12];
    snprintf(wide, sizeof wide, "%d", cols);
    snprintf(high, sizeof high, "%d", rows);
    const char *words[] = {"resize-window", "-x", wide, "-y", high, NULL};
    run(tmux, words);
}

void tmux_split(Tmux *tmux, const char *command)
{
    const char *words[] = {"split-window", "-h", command, NULL};
    assert_int_equal(run(tmux, words), 0);
}

void tmux_pane(Tmux *tmux, int pane)
{
    const char *words[] = {"select-pane", "-t", pane == 0 ? "0" : "1", NULL};
    assert_int_equal(run(tmux, words), 0);
}

const char *tmux_screen(Tmux *tmux)
{
    const char *words[] = {"capture-pane", "-p", NULL};
    run(tmux, words);
    str_clear(&tmux->screen);
    str_add(&tmux->screen, str_text(&tmux->told));
    return str_text(&tmux->screen);
}

static void await(Tmux *tmux, const char *text, bool there)
{
    const struct timespec nap = {.tv_nsec = 20 * 1000 * 1000};
    double                start = clock_seconds();
    while ((strstr(tmux_screen(tmux), text) != NULL) != there) {
        if (clock_seconds() - start > patience) {
            char screen[8000];
            snprintf(screen, sizeof screen, "%s", str_text(&tmux->screen));
            tmux_end(tmux);
            fail_msg("\"%s\" %s:\n%s", text, there ? "does not appear" : "stays", screen);
        }
        nanosleep(&nap, NULL);
    }
}

void tmux_await(Tmux *tmux, const char *text)
{
    await(tmux, text, true);
}

void tmux_await_gone(Tmux *tmux, const char *text)
{
    await(tmux, text, false);
}

void tmux_end(Tmux *tmux)
{
    const char *words[] = {"kill-server", NULL};
    run(tmux, words);
    str_free(&tmux->screen);
    str_free(&tmux->told);
}
