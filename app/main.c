/*
 * The program: argv becomes Args, a command runs, its Result is printed. Results go to standard
 * output, progress and messages to standard error. The first Ctrl-C asks the command to stop
 * (it saves what there is); the second ends the program.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/gnuplot/gnuplot.h"
#include "app/gnuplot/live_plot.h"
#include "app/gnuplot/show_plot.h"
#include "app/plain/progress.h"
#include "app/signals.h"
#include "core/base/text.h"
#include "core/lab/lab.h"

/* "loralab: message" and at most one "hint: ...", both safe for a terminal. */
static void print_error(const Error *err)
{
    Str text = {0};
    str_add(&text, "loralab: ");
    safe_text(&text, err->message, (Index)strlen(err->message), false, 0);
    str_add(&text, "\n");
    if (err->hint[0] != '\0') {
        str_addf(&text, "%s: ", tr("hint"));
        safe_text(&text, err->hint, (Index)strlen(err->hint), false, 0);
        str_add(&text, "\n");
    }
    fputs(text.failed ? "loralab: out of memory\n" : str_text(&text), stderr);
    str_free(&text);
}

/* Output that does not arrive is an error: a full disk behind a pipe must not look fine. */
static bool print_out(const char *bytes, Index n, Error *err)
{
    if (fwrite(bytes, 1, (size_t)n, stdout) == (size_t)n && fflush(stdout) == 0) return true;
    return error_set(err, ERR_DISK, "writing to standard output failed");
}

static bool print_result(const Args *args, const Result *result, Error *err)
{
    if (!args_flag(args, "json") || result->raw) {
        return print_out(str_text(&result->text), result->text.len, err);
    }
    Str json = {0};
    value_json(&json, result->root);
    str_add(&json, "\n");
    bool ok = str_ok(&json, err) && print_out(json.data, json.len, err);
    str_free(&json);
    return ok;
}

static bool read_line(void *input, Str *line, bool *more, Error *err)
{
    FILE *file = input;
    int   c;

    str_clear(line);
    while ((c = getc(file)) != EOF && c != '\n') {
        char byte = (char)c;
        str_add_bytes(line, &byte, 1);
    }
    if (ferror(file) && errno == EINTR && cancel_requested(signals_cancel())) {
        return error_set(err, ERR_CANCELLED, "stopped while reading standard input");
    }
    *more = c != EOF || line->len > 0;
    if (ferror(file)) return error_set(err, ERR_DISK, "reading standard input failed");
    return str_ok(line, err);
}

static bool wants_live_plot(const Command *command, const Args *args)
{
    return strcmp(command->name, "train") == 0 && args_flag(args, "plot") &&
           !args_flag(args, "dry_run");
}

/* A command may have its result and yet end with a status: a failed assert, mistakes found. */
static bool is_success(const Result *result, Error *err)
{
    const Value *why = value_find(result->root, "failure");
    if (result->exit_code == 0) return true;
    return error_set(err, (ErrorCode)result->exit_code, "%s",
                     why != NULL ? why->text : tr("the command failed"));
}

static bool run_command(Lab *lab, const Command *command, const Args *args, Error *err)
{
    Result    result;
    Progress  progress;
    LivePlot *live = NULL;

    if (!result_init(&result, err)) return false;
    if (args_flag(args, "help")) {
        help_command(&result.text, command);
        bool ok = str_ok(&result.text, err) && print_out(result.text.data, result.text.len, err);
        result_free(&result);
        return ok;
    }
    progress_init(&progress, args_flag(args, "quiet"));
    Sink sink = {.context = &progress, .event = progress_event};
    Sink plotted = sink;
    bool ok = true;
    if (wants_live_plot(command, args)) {
        live = live_plot_create(&sink, err);
        plotted = (Sink){.context = live, .event = live_plot_event};
        ok = live != NULL;
    }
    ok = ok && app_command(command)(lab, args, &plotted, signals_cancel(), &result, err);
    progress_end(&progress);
    live_plot_end(live);
    ok = ok && print_result(args, &result, err) && is_success(&result, err);
    result_free(&result);
    return ok;
}

static bool run_line(Lab *lab, int argc, char **argv, Error *err)
{
    const Command *command = command_find(argv[0]);
    if (command == NULL) {
        error_set(err, ERR_INPUT, "there is no command \"%.60s\"", argv[0]);
        const char *near = command_nearest(argv[0]);
        return near != NULL ? error_hint(err, "did you mean loralab %s?", near)
                            : error_hint(err, "loralab help lists the commands");
    }
    Args *args = args_create(command, err);
    if (args == NULL) return false;
    bool wants_help = argc > 1 && strcmp(argv[argc - 1], "--help") == 0;
    bool ok =
        wants_help ? args_set(args, "help", NULL, err) : args_parse(args, argc - 1, argv + 1, err);
    ok = ok && run_command(lab, command, args, err);
    args_free(args);
    return ok;
}

static bool print_overview(Error *err)
{
    Str text = {0};
    help_overview(&text);
    bool ok = str_ok(&text, err) && print_out(text.data, text.len, err);
    str_free(&text);
    return ok;
}

static bool run_lab(int argc, char **argv, Error *err)
{
    char    program[4096];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    program[n > 0 ? n : 0] = '\0';

    Lab *lab = lab_create(n > 0 ? program : NULL, err);
    if (lab == NULL) return false;
    lab->input = stdin;
    lab->read_line = read_line;
    lab->columns = show_columns(STDOUT_FILENO);
    lab->show_plot = show_plot;
    lab->gnuplot = show_gnuplot;
    bool ok = run_line(lab, argc, argv, err);
    lab_free(lab);
    return ok;
}

/* With a standard stream closed, the next file opened would get its number, and what is meant
 * for people would end up in it. Nothing can be read from or written to what is put there. */
static void occupy_standard_streams(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        if (fcntl(fd, F_GETFD) >= 0) continue;
        if (open("/dev/null", fd == 1 ? O_RDONLY : O_RDWR) != fd) _exit(ERR_DISK);
    }
}

static void print_version(Error *err)
{
    Str text = {0};
    str_addf(&text, "loralab %s\n", LORALAB_VERSION);
    if (!str_ok(&text, err) || !print_out(text.data, text.len, err)) print_error(err);
    str_free(&text);
}

int main(int argc, char **argv)
{
    Error err = {0};

    if (argc > 1 && strcmp(argv[1], "--gnuplot-cage") == 0) return gnuplot_cage_main(argc, argv);
    occupy_standard_streams();
    signals_install();
    static char name[] = "lab", *lab_alone[] = {name, NULL};
    bool        in_terminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
    if (argc < 2 && in_terminal) {
        if (!run_lab(1, lab_alone, &err)) print_error(&err);
    } else if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        if (!print_overview(&err)) print_error(&err);
    } else if (strcmp(argv[1], "--version") == 0) {
        print_version(&err);
    } else if (!run_lab(argc - 1, argv + 1, &err)) {
        print_error(&err);
    }
    return signals_exit_code(err.code);
}
