/*
 * A child process whose output is read through a pipe.
 */

#include "tests/bench/child.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

bool child_lines(const char *const *argv, ChildLine *on_line, void *context)
{
    int   ends[2], status = -1;
    char  line[256];
    pid_t child;
    if (pipe(ends) != 0) return false;
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    bool started = start(argv, ends[1], &child);
    close(ends[1]);
    FILE *from = started ? fdopen(ends[0], "r") : NULL;
    while (from != NULL && fgets(line, sizeof line, from) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        on_line(context, line);
    }
    if (from != NULL) {
        fclose(from);
    } else {
        close(ends[0]);
    }
    if (started) waitpid(child, &status, 0);
    return started && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

typedef struct Numbers {
    double *number;
    bool    read;
} Numbers;

/* The first two numbers of the first line; the rest is read and forgotten. */
static void read_numbers(void *context, const char *line)
{
    Numbers *n = context;
    char    *end;
    if (n->read) return;
    n->read = true;
    n->number[0] = strtod(line, &end);
    n->number[1] = strtod(end, NULL);
}

bool child_run(const char *const *argv, double number[2])
{
    Numbers numbers = {.number = number};
    number[0] = number[1] = 0;
    return child_lines(argv, read_numbers, &numbers);
}
