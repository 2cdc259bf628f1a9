/* `doctor`: what this machine offers, one line each, with what to do where something lacks. */

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/lab/lab.h"
#include "core/math/cuda/cuda.h"

/* One finding: name, whether it is fine, what was found, what to do. */
static Value *finding(Result *result, const char *name, bool fine, const char *what,
                      const char *advice)
{
    Value *object = value_object(result->root, name);
    Str    safe = {0};

    safe_text(&safe, what, (Index)strlen(what), false, 0);
    value_bool(object, "ok", fine);
    value_text(object, "found", what, (Index)strlen(what));
    result_line(result, "%-10s %s%s%s", name, str_text(&safe), fine ? "" : "; ",
                fine ? "" : advice);
    result_used(result, &safe);
    return object;
}

static void look_at_cpu(const Args *args, Result *result)
{
    Error    err = {0};
    Backend *be = backend_create("cpu", (int)args_int(args, "threads"), &err);
    finding(result, "cpu", be != NULL, be != NULL ? be->description : err.message,
            tr("install libopenblas0-pthread"));
    if (be != NULL) be->free(be);
}

/* A device that is there can still fail to be opened, so it is opened. */
static void look_at_cuda(Result *result)
{
    Error    err = {0};
    Backend *be = backend_create("cuda", 0, &err);
    if (be == NULL) {
        finding(result, "cuda", false, err.message,
                err.hint[0] != '\0' ? err.hint : tr("everything else works without it"));
        return;
    }
    char    line[256];
    int64_t free_bytes, total_bytes;
    Str     text = {0};
    (void)cuda_offer(line, sizeof line);
    be->device_memory(be, &free_bytes, &total_bytes);
    str_addf(&text, "%s; ", line);
    str_add_bytes_count(&text, free_bytes);
    str_add(&text, tr(" free of "));
    str_add_bytes_count(&text, total_bytes);
    Value *object = finding(result, "cuda", true, str_text(&text), "");
    value_integer(object, "free_bytes", free_bytes);
    value_integer(object, "total_bytes", total_bytes);
    result_used(result, &text);
    be->free(be);
}

static void look_at_threads(Result *result)
{
    Str text = {0};
    str_addf(&text, tr("%d of at most 16 used; --threads N changes it"), pool_default_threads());
    finding(result, "threads", true, str_text(&text), "");
    result_used(result, &text);
}

/* The first folder of PATH that holds the program. */
static bool on_path(const char *program, Str *where)
{
    const char *path = getenv("PATH");
    while (path != NULL && *path != '\0') {
        size_t n = strcspn(path, ":");
        str_clear(where);
        str_add_bytes(where, path, (Index)n);
        str_addf(where, "/%s", program);
        if (n > 0 && !where->failed && access(where->data, X_OK) == 0) return true;
        path += n + (path[n] == ':');
    }
    return false;
}

static void look_at_programs(const Lab *lab, Result *result)
{
    Str  what = {0}, advice = {0};
    bool fine;

    if (lab->gnuplot != NULL) {
        lab->gnuplot(&fine, &what, &advice);
    } else {
        fine = on_path("gnuplot", &what);
        if (!fine) str_add(&advice, tr("charts in text need nothing"));
    }
    finding(result, "gnuplot", fine, str_text(&what), str_text(&advice));
    result_used(result, &what);
    result_used(result, &advice);
}

static void look_at_terminal(Result *result)
{
    const char *term = getenv("TERM");
    bool        tty = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
    Str         text = {0};

    str_addf(&text, "%s, TERM=%s", tty ? tr("yes") : tr("no: input or output is a pipe"),
             term != NULL ? term : "");
    finding(result, "terminal", tty, str_text(&text), tr("commands work on a pipe as well"));
    result_used(result, &text);

    setlocale(LC_CTYPE, "");
    const char *codeset = nl_langinfo(CODESET);
    finding(result, "locale", strcmp(codeset, "UTF-8") == 0, codeset,
            tr("set LC_ALL=C.UTF-8 to see all characters"));
}

static void look_at_folders(Lab *lab, Result *result)
{
    bool found = lab->data_folder != NULL && path_is_folder(lab->data_folder);
    finding(result, "data", found, found ? lab->data_folder : tr("not found"),
            tr("set LORALAB_DATA to the folder that holds tasks/ and base/"));
    finding(result, "state", true, lab->state_folder, "");
}

bool cmd_doctor(Lab *lab, const Args *args, const Sink *sink, const Cancel *cancel, Result *result,
                Error *err)
{
    (void)sink;
    (void)cancel;
    result_line(result, "loralab %s", LORALAB_VERSION);
    look_at_cpu(args, result);
    look_at_cuda(result);
    look_at_threads(result);
    look_at_programs(lab, result);
    look_at_terminal(result);
    look_at_folders(lab, result);
    return result_ok(result, err);
}
