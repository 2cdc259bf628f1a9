/* The bench: finding data, making the backend, loading a base once. */

#include "core/lab/lab.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/file.h"

/* FOLDER/NAME when that is a folder, else NULL (without error). */
static char *folder_inside(const char *folder, const char *name)
{
    char *path = path_join(folder, name, NULL);
    if (path != NULL && path_is_folder(path)) return path;
    mem_free(path);
    return NULL;
}

static char *parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path) return NULL;
    Str text = {0};
    str_add_bytes(&text, path, slash - path);
    return str_take(&text, NULL);
}

/* A data folder is one that holds tasks/. */
static char *data_at(const char *folder, const char *name)
{
    char *data = folder_inside(folder, name);
    char *tasks = data != NULL ? folder_inside(data, "tasks") : NULL;
    if (tasks == NULL) {
        mem_free(data);
        data = NULL;
    }
    mem_free(tasks);
    return data;
}

/* Up from the binary: the source tree's data/, or PREFIX/share/loralab. */
static char *data_beside(const char *program)
{
    char *folder = parent_of(program);
    for (int up = 0; folder != NULL && up < 4; up++) {
        char *data = data_at(folder, "data");
        if (data == NULL) data = data_at(folder, "share/loralab");
        char *parent = data == NULL ? parent_of(folder) : NULL;
        mem_free(folder);
        if (data != NULL) return data;
        folder = parent;
    }
    mem_free(folder);
    return NULL;
}

static bool find_data(Lab *lab, const char *program, Error *err)
{
    const char *named = getenv("LORALAB_DATA");
    if (named != NULL && named[0] != '\0') {
        lab->data_folder = mem_strdup(named, err);
        return lab->data_folder != NULL;
    }
    lab->data_folder = program != NULL ? data_beside(program) : NULL;
    return true; /* its absence is told by the first command that needs it */
}

static bool find_state(Lab *lab, Error *err)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    bool        xdg = state != NULL && state[0] == '/';
    if (!xdg && (home == NULL || home[0] == '\0')) home = "/tmp";
    lab->state_folder =
        xdg ? path_join(state, "loralab", err) : path_join(home, ".local/state/loralab", err);
    return lab->state_folder != NULL;
}

Lab *lab_create(const char *program_path, Error *err)
{
    Lab *lab = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *lab, err);
    if (lab == NULL) return NULL;
    lab->started = clock_seconds();
    if (find_data(lab, program_path, err) && find_state(lab, err)) return lab;
    lab_free(lab);
    return NULL;
}

static void forget_base(Lab *lab)
{
    tokenizer_free(lab->tok);
    model_free(lab->model);
    mem_free(lab->model_folder);
    lab->tok = NULL;
    lab->model = NULL;
    lab->model_folder = NULL;
}

void lab_free(Lab *lab)
{
    if (lab == NULL) return;
    forget_base(lab);
    if (lab->be != NULL) lab->be->free(lab->be);
    mem_free(lab->data_folder);
    mem_free(lab->state_folder);
    mem_free(lab);
}

static Precision asked_precision(const Args *args)
{
    int precision = PRECISION_COUNT - 1;
    while (precision > 0 &&
           strcmp(precision_name((Precision)precision), args_text(args, "dtype")) != 0) {
        precision--;
    }
    return (Precision)precision;
}

/* Whether the backend that there is serves what is asked for; what was not said is as it was. */
static bool serves(const Backend *be, const char *name, const Args *args)
{
    return (strcmp(name, "auto") == 0 || strcmp(be->name, name) == 0) &&
           (!args_given(args, "dtype") || be->precision == asked_precision(args));
}

/* A device that is not there is one line, advice and all: scripts read it. */
static void tell_refusal(const Error *why, Error *err)
{
    if (why->code == ERR_DEVICE && why->hint[0] != '\0') {
        (void)error_set(err, why->code, "%s; %s", why->message, why->hint);
        return;
    }
    (void)error_set(err, why->code, "%s", why->message);
    if (why->hint[0] != '\0') (void)error_hint(err, "%s", why->hint);
}

Backend *lab_backend(Lab *lab, const Args *args, Error *err)
{
    const char *name = args_text(args, "backend");
    if (name == NULL) name = getenv("LORALAB_BACKEND");
    if (name == NULL || name[0] == '\0') name = "auto";

    if (lab->be != NULL && serves(lab->be, name, args)) return lab->be;
    Error    why = {0};
    Backend *be = backend_open(&(BackendSpec){.name = name,
                                              .threads = (int)args_int(args, "threads"),
                                              .precision = asked_precision(args)},
                               &why);
    if (be == NULL) {
        tell_refusal(&why, err);
        return NULL;
    }
    if (lab->be != NULL) {
        forget_base(lab); /* its weights live in the old backend's memory */
        lab->be->free(lab->be);
    }
    lab->be = be;
    return be;
}

char *lab_data_path(const Lab *lab, const char *name, Error *err)
{
    if (lab->data_folder == NULL) {
        error_set(err, ERR_INPUT, "the data folder is neither beside the program nor in %s",
                  "PREFIX/share/loralab");
        error_hint(err, "set LORALAB_DATA to the folder that holds tasks/ and base/");
        return NULL;
    }
    return path_join(lab->data_folder, name, err);
}

static bool load_tokenizer(Lab *lab, const char *folder, Error *err)
{
    char *path = path_join(folder, "tokenizer.json", err);
    if (path == NULL) return false;
    bool exists = path_exists(path);
    if (exists) lab->tok = tokenizer_read(path, err);
    mem_free(path);
    return !exists || lab->tok != NULL;
}

/* The model is there for others only when its tokenizer is. */
static Model *load_base(Lab *lab, char *folder, Backend *be, Error *err)
{
    forget_base(lab);
    lab->model_folder = folder;
    Model *model = model_load(folder, be, mem_program(), err);
    if (model != NULL && load_tokenizer(lab, folder, err)) {
        lab->model = model;
        return model;
    }
    model_free(model);
    forget_base(lab);
    return NULL;
}

/* Several threads may be the first to need it. */
Model *lab_base(Lab *lab, const Args *args, Error *err)
{
    static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
    Backend               *be = lab_backend(lab, args, err);
    const char            *given = args_text(args, "base");
    if (be == NULL) return NULL;

    char *folder = given != NULL ? mem_strdup(given, err) : lab_data_path(lab, "base/tiny", err);
    if (folder == NULL) return NULL;
    pthread_mutex_lock(&one_at_a_time);
    Model *model = lab->model;
    if (model != NULL && strcmp(folder, lab->model_folder) == 0) {
        mem_free(folder);
    } else {
        model = load_base(lab, folder, be, err);
    }
    pthread_mutex_unlock(&one_at_a_time);
    return model;
}

/* "sql.grammar" -> "sql"; 0 when the name has another ending. */
static Index task_name_length(const char *file)
{
    size_t n = strlen(file), ending = strlen(".grammar");
    bool   fits = n > ending && strcmp(file + n - ending, ".grammar") == 0;
    return fits ? (Index)(n - ending) : 0;
}

static bool is_task_name(const char *name)
{
    return name[0] != '\0' && name[0] != '.' && strchr(name, '/') == NULL;
}

static bool list_tasks(const char *folder, Str *names, Error *err)
{
    char **files;
    Index  count;
    if (!folder_list(folder, &files, &count, err)) return false;
    for (Index i = 0; i < count; i++) {
        Index n = task_name_length(files[i]);
        if (n > 0 && names->len > 0) str_add(names, ", ");
        if (n > 0) str_add_bytes(names, files[i], n);
        mem_free(files[i]);
    }
    mem_free(files);
    return str_ok(names, err);
}

char *lab_task_path(const Lab *lab, const char *name, Error *err)
{
    char *folder = lab_data_path(lab, "tasks", err);
    if (folder == NULL) return NULL;
    if (!path_is_folder(folder)) {
        error_set(err, ERR_INPUT, "%s is not there, so \"%.60s\" cannot be found", folder, name);
        error_hint(err, "set LORALAB_DATA to the folder that holds tasks/ and base/");
        mem_free(folder);
        return NULL;
    }

    Str file = {0}, names = {0};
    str_addf(&file, "%s.grammar", name);
    char *path =
        is_task_name(name) && str_ok(&file, err) ? path_join(folder, str_text(&file), err) : NULL;
    if (path == NULL || !path_exists(path)) {
        mem_free(path);
        path = NULL;
        error_set(err, ERR_INPUT, "there is no task \"%.60s\" and no such file", name);
        if (list_tasks(folder, &names, NULL)) error_hint(err, "tasks: %s", str_text(&names));
    }
    str_free(&file);
    str_free(&names);
    mem_free(folder);
    return path;
}

bool lab_task_names(const Lab *lab, Str *names, Error *err)
{
    char *folder = lab_data_path(lab, "tasks", err);
    bool  ok = folder != NULL && list_tasks(folder, names, err);
    mem_free(folder);
    return ok;
}
