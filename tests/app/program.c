/* fork, exec, wait: with files for the streams, so that nothing can block. */

#include "tests/app/program.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/pool.h"
#include "tests/test.h"

enum { WORDS_MAX = 64, LINE_BYTES = 8192 };

const char *program_path(void)
{
    static char path[4096];
    const char *given = getenv("LORALAB_BIN");
    if (given != NULL) return given;
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 16);
    CHECK(n > 0);
    path[n] = '\0';
    char *slash = strrchr(path, '/');
    memcpy(slash + 1, "loralab", sizeof "loralab");
    if (access(path, X_OK) != 0)
        fail_msg("%s is not there; make it first, or set LORALAB_BIN", path);
    return path;
}

static int split(char *line, const char **words)
{
    int count = 0;
    words[count++] = "loralab";
    for (char *at = line; *at != '\0';) {
        at += strspn(at, " ");
        if (*at == '\0') break;
        CHECK(count + 1 < WORDS_MAX);
        const char *end = *at == '\'' ? "'" : " ";
        at += *at == '\'';
        words[count++] = at;
        at += strcspn(at, end);
        if (*at != '\0') *at++ = '\0';
    }
    words[count] = NULL;
    return count;
}

static void fill_in(char *out, const char *line)
{
    Str text = {0};
    for (; *line != '\0'; line++) {
        if (strncmp(line, "%s", 2) == 0) {
            str_add(&text, test_folder());
            line++;
        } else {
            str_add_bytes(&text, line, 1);
        }
    }
    CHECK(!text.failed && text.len < LINE_BYTES);
    memcpy(out, str_text(&text), (size_t)text.len + 1);
    str_free(&text);
}

/* ---- in the child ---- */

static void redirect(int to, const char *path, int flags, bool closed)
{
    if (closed) {
        close(to);
        return;
    }
    int fd = open(path, flags, 0600);
    if (fd < 0 || dup2(fd, to) != to) _exit(99);
    if (fd != to) close(fd);
}

static void apply_environment(const Program *p)
{
    for (int i = 0; i < 8 && p->env[i] != NULL; i++) {
        char        name[64];
        const char *equals = strchr(p->env[i], '=');
        size_t      n = equals != NULL ? (size_t)(equals - p->env[i]) : strlen(p->env[i]);
        if (n >= sizeof name) _exit(98);
        memcpy(name, p->env[i], n);
        name[n] = '\0';
        if (equals != NULL) setenv(name, equals + 1, 1);
        if (equals == NULL) unsetenv(name);
    }
}

static _Noreturn void become(const Program *p, const char *in, const char *out, const char *err,
                             const char *const *argv)
{
    static const int stops[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ};
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) signal(stops[i], SIG_DFL);
    if (p->ignore_hup) signal(SIGHUP, SIG_IGN);
    apply_environment(p);
    const int writing = O_WRONLY | O_CREAT | O_TRUNC;
    redirect(0, in, O_RDONLY, p->close_in);
    redirect(1, p->out_path != NULL ? p->out_path : out, writing, p->close_out);
    redirect(2, err, writing, p->close_err);
    /* Only the three streams reach the program, or none where they are closed. */
    for (int fd = 3; fd < 256; fd++) close(fd);
    char *args[WORDS_MAX];
    memcpy(args, argv, sizeof args);
    execv(program_path(), args);
    _exit(97);
}

/* ---- in the test ---- */

static void prepare(void)
{
    if (getenv("TMPDIR") == NULL) setenv("TMPDIR", "/dev/shm", 1);
    setenv("XDG_STATE_HOME", test_folder(), 1);
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    if (getenv("LORALAB_DATA") == NULL) {
        char here[4096], data[4200];
        CHECK(getcwd(here, sizeof here) != NULL);
        snprintf(data, sizeof data, "%s/data", here);
        setenv("LORALAB_DATA", data, 1);
    }
}

static void start_argv(Program *p, const char *const *argv)
{
    Error err = {0};
    char  in[600] = "/dev/null", out[600], messages[600];

    prepare();
    if (p->in != NULL) {
        snprintf(in, sizeof in, "%s", test_path(".in"));
        assert_true(file_write_all(in, p->in, (Index)strlen(p->in), &err));
    }
    snprintf(out, sizeof out, "%s", test_path(".out"));
    snprintf(messages, sizeof messages, "%s", test_path(".err"));
    const char *padded[WORDS_MAX] = {NULL};
    for (int i = 0; argv[i] != NULL; i++) padded[i] = argv[i];
    program_path();
    fflush(NULL);
    p->seconds = clock_seconds();
    p->pid = fork();
    CHECK(p->pid >= 0);
    if (p->pid == 0) become(p, in, out, messages, padded);
}

void program_start(Program *p, const char *line)
{
    char        text[LINE_BYTES];
    const char *words[WORDS_MAX];
    prepare();
    fill_in(text, line);
    split(text, words);
    start_argv(p, words);
}

static void read_back(const char *name, Str *into)
{
    Error err = {0};
    Index n = 0;
    str_free(into);
    if (!path_exists(test_path(name))) return;
    char *bytes = file_read_all(test_path(name), 1 << 26, &n, &err);
    assert_ok(&err);
    str_add_bytes(into, bytes, n);
    mem_free(bytes);
}

int program_wait(Program *p)
{
    int status;
    CHECK(waitpid(p->pid, &status, 0) == p->pid);
    p->seconds = clock_seconds() - p->seconds;
    p->status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    read_back(".out", &p->out);
    read_back(".err", &p->err);
    return p->status;
}

int program_run(Program *p, const char *line)
{
    program_start(p, line);
    return program_wait(p);
}

int program_run_argv(Program *p, const char *const *argv)
{
    start_argv(p, argv);
    return program_wait(p);
}

void program_await(const char *path)
{
    struct timespec pause = {.tv_nsec = 2000000};
    for (int i = 0; i < 10000; i++) {
        if (path_exists(path)) return;
        nanosleep(&pause, NULL);
    }
    fail_msg("%s does not appear", path);
}

void program_free(Program *p)
{
    str_free(&p->out);
    str_free(&p->err);
}

void program_assert_status(Program *p, const char *line, int want)
{
    int got = program_run(p, line);
    if (got == want) return;
    fail_msg("\"%s\" ends with %d instead of %d: %s", line, got, want, str_text(&p->err));
}
