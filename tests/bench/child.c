/*
 * A child process whose output is read through a pipe.
 */

#include "tests/bench/child.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static bool start(const char *const *argv, int out, pid_t *child)
{
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0) return false;
    bool ok =
        posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO) == 0 &&
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0) == 0 &&
        posix_spawnp(child, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    return ok;
}

/* The first two numbers of the first line; the rest is read and forgotten. */
static void read_numbers(FILE *from, double number[2])
{
    char line[256] = "", *end;
    if (fgets(line, sizeof line, from) == NULL) line[0] = '\0';
    while (fgetc(from) != EOF) continue;
    number[0] = strtod(line, &end);
    number[1] = strtod(end, NULL);
}

bool child_run(const char *const *argv, double number[2])
{
    int   ends[2], status = -1;
    pid_t child;
    number[0] = number[1] = 0;
    if (pipe(ends) != 0) return false;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    bool started = start(argv, ends[1], &child);
    close(ends[1]);
    FILE *from = started ? fdopen(ends[0], "r") : NULL;
    if (from != NULL) {
        read_numbers(from, number);
        fclose(from);
    } else {
        close(ends[0]);
    }
    if (started) waitpid(child, &status, 0);
    return started && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
