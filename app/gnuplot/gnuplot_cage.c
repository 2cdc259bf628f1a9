/*
 * `loralab --gnuplot-cage KIND FOLDER`: this process builds its own walls and becomes gnuplot.
 * Started anew for this, with no threads, no locks and no memory of ours.
 */

#define _GNU_SOURCE /* O_PATH, dup3, syscall */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "app/gnuplot/cage.h"
#include "app/gnuplot/gnuplot_internal.h"

#define ENVIRONMENT_MAX 12

static const char empty[] = "";

static bool kind_of(const char *word, GnuplotCage *kind)
{
    static const GnuplotCage kinds[] = {CAGE_FILE, CAGE_WINDOW, CAGE_WINDOW_STRICT};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(word, gnuplot_cage_word(kinds[i])) == 0) {
            *kind = kinds[i];
            return true;
        }
    }
    return false;
}

/* Nothing that was open reaches gnuplot but its three streams. */
static void close_above(int last)
{
#ifdef SYS_close_range
    if (syscall(SYS_close_range, (unsigned)last + 1, ~0U, 0U) == 0) return;
#endif
    long most = sysconf(_SC_OPEN_MAX);
    for (int fd = last + 1; fd < (most > 0 && most < 65536 ? most : 65536); fd++) close(fd);
}

static bool open_program(const char *program, Error *err)
{
    close_above(STDERR_FILENO);
    int fd = open(program, O_PATH | O_CLOEXEC);
    if (fd < 0 || dup3(fd, CAGE_PROGRAM_FD, O_CLOEXEC) < 0) {
        return error_set(err, ERR_DEVICE, "%s: %s", program, strerror(errno));
    }
    close(fd);
    return true;
}

static void add_variable(Str *text, Index *starts, Index *count, const char *name,
                         const char *value)
{
    if (value == NULL || *count + 1 >= ENVIRONMENT_MAX) return;
    starts[(*count)++] = text->len;
    str_addf(text, "%s=%s", name, value);
    str_add_bytes(text, "", 1);
}

/* Only what is named here: gnuplot and its libraries read a score of variables that name files
 * and programs. */
static bool make_environment(const CageSpec *spec, Str *text, char **environment, Error *err)
{
    static const char *const display[] = {"DISPLAY", "XAUTHORITY", "WAYLAND_DISPLAY",
                                          "XDG_RUNTIME_DIR"};
    Index                    starts[ENVIRONMENT_MAX], count = 0;

    add_variable(text, starts, &count, "PATH", getenv("PATH"));
    add_variable(text, starts, &count, "LANG", "C.UTF-8");
    add_variable(text, starts, &count, "HOME", "/nonexistent");
    add_variable(text, starts, &count, "TMPDIR", spec->folder);
    add_variable(text, starts, &count, "XDG_CACHE_HOME", spec->folder);
    for (size_t i = 0; spec->kind != CAGE_FILE && i < sizeof display / sizeof *display; i++) {
        add_variable(text, starts, &count, display[i], getenv(display[i]));
    }
    if (!str_ok(text, err)) return false;
    for (Index i = 0; i < count; i++) environment[i] = text->data + starts[i];
    environment[count] = NULL;
    return true;
}

static bool build_walls(const CageSpec *spec, Error *err)
{
    umask(077);
    if (chdir(spec->folder) != 0) {
        return error_set(err, ERR_DISK, "%s: %s", spec->folder, strerror(errno));
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return error_set(err, ERR_DEVICE, "no_new_privs: %s", strerror(errno));
    }
    return cage_set_files(spec, err) && cage_set_calls(spec->kind, empty, err) &&
           cage_set_limits(spec->kind, err);
}

static bool become(const CageSpec *spec, Error *err)
{
    char *environment[ENVIRONMENT_MAX], *arguments[3];
    char  quiet[] = "-d", program[GNUPLOT_PATH_BYTES]; /* -d: no start-up files */
    Str   text = {0};

    if (!make_environment(spec, &text, environment, err) || !open_program(spec->program, err) ||
        !build_walls(spec, err)) {
        return false;
    }
    memcpy(program, spec->program, strlen(spec->program) + 1);
    arguments[0] = program;
    arguments[1] = quiet;
    arguments[2] = NULL;
    syscall(SYS_execveat, CAGE_PROGRAM_FD, empty, arguments, environment, AT_EMPTY_PATH);
    return error_set(err, ERR_DEVICE, "%s: %s", spec->program, strerror(errno));
}

static void complain(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0) _exit(ERR_DISK);
}

int gnuplot_cage_main(int argc, char **argv)
{
    char     program[GNUPLOT_PATH_BYTES];
    Error    err = {0};
    CageSpec spec = {.kind = CAGE_NONE, .program = program};

    if (argc != 4 || !kind_of(argv[2], &spec.kind) || argv[3][0] != '/') {
        error_set(&err, ERR_INPUT, "--gnuplot-cage is for loralab itself");
    } else if (!gnuplot_find(program)) {
        error_set(&err, ERR_DEVICE, "gnuplot is not on PATH");
    } else {
        spec.folder = argv[3];
        if (!become(&spec, &err)) complain("no cage: "); /* else it has not come back */
    }
    complain(err.message);
    complain("\n");
    _exit((int)err.code);
}
