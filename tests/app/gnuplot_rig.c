/* Finding, making and watching gnuplots. */

#define _GNU_SOURCE
#include "tests/app/gnuplot_rig.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/gnuplot/cage.h"
#include "app/gnuplot/gnuplot_internal.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/pool.h"
#include "tests/app/program.h"
#include "tests/test.h"

static bool kept; /* what the environment was */
static char path_before[8192], tmp_before[4096];
static int  xvfb_pid;
static char xvfb_display[32];

void rig_needs_gnuplot(void)
{
    char path[GNUPLOT_PATH_BYTES];
    if (gnuplot_find(path)) return;
    printf("no gnuplot is on PATH: install gnuplot-nox to run this test\n");
    skip();
}

void rig_needs_landlock(void)
{
    if (cage_landlock_version() > 0) return;
    printf("this kernel has no Landlock, so this wall cannot be tested\n");
    skip();
}

/* ---- PATH ---- */

/* A variable's value before the first test changed it, "" where it had none. */
static void keep(const char *name, char *value, size_t size)
{
    const char *now = getenv(name);
    if (!kept) snprintf(value, size, "%s", now != NULL ? now : "");
}

static void give_back(const char *name, const char *value)
{
    if (value[0] != '\0') setenv(name, value, 1);
    if (value[0] == '\0') unsetenv(name);
}

static void set_path(const char *path)
{
    keep("PATH", path_before, sizeof path_before);
    keep("TMPDIR", tmp_before, sizeof tmp_before);
    kept = true;
    setenv("PATH", path, 1);
    /* So that what is left behind is seen. */
    setenv("TMPDIR", test_folder(), 1);
    signal(SIGPIPE, SIG_IGN);
    gnuplot_set_program(program_path());
}

int rig_teardown(void **state)
{
    (void)state;
    rig_xvfb_stop();
    if (!kept) return 0;
    give_back("PATH", path_before);
    give_back("TMPDIR", tmp_before);
    unsetenv("DISPLAY");
    unsetenv("LORALAB_SECRET");
    gnuplot_set_program(NULL);
    kept = false;
    return 0;
}

void rig_real(void)
{
    rig_needs_gnuplot();
    set_path(getenv("PATH"));
}

void rig_no_gnuplot(void)
{
    Error err = {0};
    assert_true(folder_make(test_path("empty"), &err));
    set_path(test_path("empty"));
}

void rig_fake(const char *how)
{
    Error       err = {0};
    char        folder[512], program[600];
    const char *compiler = getenv("CC") != NULL ? getenv("CC") : "cc";
    Str         words = {0};

    snprintf(folder, sizeof folder, "%s", test_path(how));
    snprintf(program, sizeof program, "%s/gnuplot", folder);
    assert_true(folder_make(folder, &err));
    const char *argv[] = {compiler, "-o", program, "-pthread", "tests/app/fake/gnuplot.c", NULL};
    int         rc = rig_run(argv, "", NULL, &words);
    if (rc != 0) {
        printf("no fake gnuplot, for there is no C compiler (%s)\n%s\n", compiler,
               str_text(&words));
        str_free(&words);
        skip();
    }
    str_free(&words);
    set_path(folder);
}

/* ---- processes ---- */

static _Noreturn void become(const char *const *argv, const char *in, const char *words,
                             const char *home)
{
    int from = open(in, O_RDONLY), out = open("/dev/null", O_WRONLY);
    int to = open(words, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (dup2(from, 0) < 0 || dup2(out, 1) < 0 || dup2(to, 2) < 0) _exit(99);
    for (int fd = 3; fd < 100; fd++) close(fd);
    if (home != NULL) setenv("HOME", home, 1);
    setenv("SHELL", "/bin/sh", 1);
    signal(SIGPIPE, SIG_DFL);
    alarm(10);
    char *arguments[16] = {NULL};
    for (int i = 0; i < 15 && argv[i] != NULL; i++) arguments[i] = strdup(argv[i]);
    execvp(arguments[0], arguments);
    _exit(127);
}

int rig_run(const char *const *argv, const char *input, const char *home, Str *words)
{
    Error err = {0};
    char  in[600], said[600];
    int   status;
    Index n = 0;

    snprintf(in, sizeof in, "%s", test_path(".script"));
    snprintf(said, sizeof said, "%s", test_path(".words"));
    assert_true(file_write_all(in, input, (Index)strlen(input), &err));
    fflush(NULL);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) become(argv, in, said, home);
    CHECK(waitpid(pid, &status, 0) == pid);
    char *bytes = file_read_all(said, 1 << 24, &n, &err);
    assert_ok(&err);
    str_add_bytes(words, bytes, n);
    mem_free(bytes);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int parent_of(const char *pid)
{
    char path[300], line[4096];
    int  parent = -1;
    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    FILE *file = fopen(path, "r");
    if (file == NULL) return -1;
    /* "pid (name) state parent": the name may hold anything, so from its last bracket. */
    const char *end = fgets(line, sizeof line, file) != NULL ? strrchr(line, ')') : NULL;
    if (end != NULL && strlen(end) > 4) parent = (int)strtol(end + 4, NULL, 10);
    fclose(file);
    return parent;
}

int rig_children_of(int parent, int *pids, int max)
{
    int            count = 0;
    struct dirent *entry;
    DIR           *processes = opendir("/proc");
    CHECK(processes != NULL);
    while ((entry = readdir(processes)) != NULL) {
        int pid = (int)strtol(entry->d_name, NULL, 10);
        if (pid > 0 && pid != xvfb_pid && count < max && parent_of(entry->d_name) == parent) {
            pids[count++] = pid;
        }
    }
    closedir(processes);
    return count;
}

int rig_children(int *pids, int max)
{
    return rig_children_of(getpid(), pids, max);
}

/* ---- Xvfb ---- */

const char *rig_xvfb_start(void)
{
    int  ends[2];
    char folder[600], fd[16], number[16] = "";

    snprintf(folder, sizeof folder, "%s", test_folder());
    CHECK(pipe(ends) == 0);
    snprintf(fd, sizeof fd, "%d", ends[1]);
    fflush(NULL);
    xvfb_pid = fork();
    CHECK(xvfb_pid >= 0);
    if (xvfb_pid == 0) {
        int quiet = open("/dev/null", O_RDWR);
        dup2(quiet, 1);
        dup2(quiet, 2);
        close(ends[0]);
        alarm(100);
        execlp("Xvfb", "Xvfb", "-displayfd", fd, "-screen", "0", "1000x700x24", "-fbdir", folder,
               "-nolisten", "tcp", "-noreset", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    /* The number and the end of its line come separately; closing between them ends Xvfb. */
    size_t n = 0;
    while (n + 1 < sizeof number && strchr(number, '\n') == NULL &&
           read(ends[0], number + n, 1) == 1) {
        n++;
    }
    close(ends[0]);
    if (n == 0) {
        rig_xvfb_stop();
        return NULL;
    }
    number[strcspn(number, "\n")] = '\0';
    program_await(test_path("Xvfb_screen0"));
    snprintf(xvfb_display, sizeof xvfb_display, ":%s", number);
    return xvfb_display;
}

void rig_xvfb_stop(void)
{
    if (xvfb_pid <= 0) return;
    kill(xvfb_pid, SIGTERM);
    waitpid(xvfb_pid, NULL, 0);
    xvfb_pid = 0;
}

long rig_xvfb_lit(void)
{
    Error err = {0};
    Index n = 0;
    long  lit = 0;
    char *bytes = file_read_all(test_path("Xvfb_screen0"), 1 << 24, &n, &err);
    assert_ok(&err);
    for (Index i = n - 4L * 1000 * 700; i + 3 < n; i += 4) {
        lit += bytes[i] != 0 || bytes[i + 1] != 0 || bytes[i + 2] != 0;
    }
    mem_free(bytes);
    return lit;
}
