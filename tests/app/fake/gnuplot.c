/*
 * A gnuplot that misbehaves: compiled by the tests, found on PATH under the name of a folder that
 * says how (.../deaf/gnuplot). What it does not spoil, it does: it names its version, writes the
 * file it is asked for, and prints what it is told to print.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char title[4096];

static int begins(const char *line, const char *with)
{
    return strncmp(line, with, strlen(with)) == 0;
}

/* What stands between the first two single quotes. */
static const char *quoted(char *line)
{
    char *first = strchr(line, '\''), *last = first != NULL ? strchr(first + 1, '\'') : NULL;
    if (last == NULL) return "";
    *last = '\0';
    return first + 1;
}

static void milliseconds(long n)
{
    usleep((useconds_t)(1000 * n));
}

/* ---- what a cage lets through ---- */

static void said(const char *what, long result)
{
    fprintf(stderr, "%s %s\n", what, result >= 0 ? "ok" : strerrorname_np(errno));
}

static long child_of(pid_t pid)
{
    if (pid == 0) _exit(0);
    if (pid > 0) waitpid(pid, NULL, 0);
    return pid;
}

static void *nothing(void *argument)
{
    return argument;
}

static void said_limit(const char *what, __rlimit_resource_t which)
{
    struct rlimit limit;
    getrlimit(which, &limit);
    fprintf(stderr, "%s %s\n", what, limit.rlim_max == RLIM_INFINITY ? "unlimited" : "limited");
}

static void try_processes(void)
{
    pthread_t thread;
    char     *arguments[] = {(char[]){"true"}, NULL}, *none[] = {NULL};
    int       shell = open("/bin/true", O_PATH | O_CLOEXEC);

    said("fork", child_of((pid_t)syscall(SYS_fork)));
    said("clone", child_of((pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)));
    said("clone3", syscall(SYS_clone3, NULL, 0));
    said("thread", pthread_create(&thread, NULL, nothing, NULL) == 0 ? 0 : -1);
    pthread_join(thread, NULL);
    said("ptrace", ptrace(PTRACE_TRACEME, 0, NULL, NULL));
    said("kill", kill(getppid(), 0));
    said("open-200", dup2(0, 200));
    /* The one that a cage once let through, by number, and with the very same arguments. */
    said("exec-200", syscall(SYS_execveat, 200, "", none, none, AT_EMPTY_PATH));
    said("exec-fd", syscall(SYS_execveat, shell, "/nonexistent", none, none, 0));
    said("exec", execve("/bin/true", arguments, none)); /* does not come back where it works */
}

static void try_everything(void)
{
    said("fd-3", fcntl(3, F_GETFD));
    fprintf(stderr, "env %s\n", getenv("LORALAB_SECRET") != NULL ? "ok" : "none");
    said("socket", socket(AF_INET, SOCK_STREAM, 0));
    said("unix", socket(AF_UNIX, SOCK_STREAM, 0));
    said("write-here", open("here", O_WRONLY | O_CREAT, 0600));
    said("write-outside", open("../outside", O_WRONLY | O_CREAT, 0600));
    said("read-outside", open("../secret", O_RDONLY));
    said("list-outside", open("..", O_RDONLY | O_DIRECTORY));
    said("link", symlink("../secret", "link"));
    said_limit("cpu", RLIMIT_CPU);
    said_limit("memory", RLIMIT_AS);
    said_limit("file", RLIMIT_FSIZE);
    said_limit("core", RLIMIT_CORE);
    try_processes();
}

/* ---- lines ---- */

static void misbehave(const char *how)
{
    if (strcmp(how, "stubborn") == 0) signal(SIGTERM, SIG_IGN);
    if (strcmp(how, "stubborn") == 0 || strcmp(how, "deaf") == 0) {
        for (;;) pause();
    }
    if (strcmp(how, "crash") == 0) raise(SIGKILL);
    if (strcmp(how, "slow") == 0) milliseconds(300);
    if (strcmp(how, "garbage") == 0) {
        for (int i = 0; i < 20000; i++) fputs("\033]0;taken\a\233\n\n garbage ' `\n", stderr);
    }
}

static void write_picture(const char *name)
{
    FILE *file = fopen(name, "w");
    if (file == NULL) return;
    fprintf(file, "%s\n", title);
    fclose(file);
}

static void obey(char *line, const char *how)
{
    if (begins(line, "print sprintf('loralab-version")) fputs("loralab-version 9.9.9\n", stderr);
    if (begins(line, "print 'loralab-terminals")) {
        fputs("loralab-terminals svg pngcairo pdfcairo dumb qt\n", stderr);
    } else if (begins(line, "print '")) {
        fprintf(stderr, "%s\n", quoted(line));
    }
    if (begins(line, "set terminal")) misbehave(how);
    if (begins(line, "set title")) snprintf(title, sizeof title, "%s", quoted(line));
    if (!begins(line, "set output '")) return;
    if (strcmp(how, "mute") == 0) {
        fputs("\033]0;taken\a no such terminal\n", stderr);
    } else {
        milliseconds(1);
    }
}

int main(int argc, char **argv)
{
    char  *line = NULL, how[4096], output[4096] = "";
    size_t size = 0;
    char  *slash;

    (void)argc;
    snprintf(how, sizeof how, "%s", argv[0]);
    slash = strrchr(how, '/');
    if (slash != NULL) *slash = '\0';
    const char *name = strrchr(how, '/') != NULL ? strrchr(how, '/') + 1 : how;
    if (strcmp(name, "probe") == 0) try_everything();
    if (strcmp(name, "exits") == 0) return 3;
    while (getline(&line, &size, stdin) > 0) {
        obey(line, name);
        if (begins(line, "set output '")) snprintf(output, sizeof output, "%s", quoted(line));
        if (begins(line, "unset output") && strcmp(name, "mute") != 0) write_picture(output);
    }
    free(line);
    return 0;
}
