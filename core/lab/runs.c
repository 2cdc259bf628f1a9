/* Finding recorded runs and telling them apart. */

#include "core/lab/runs.h"

#include <string.h>

#include "core/base/file.h"

#define LABEL_SETTINGS 3 /* more of them say less than the run's name */

/* ---- finding ---- */

static bool is_log(const char *path)
{
    return path_exists(path) && !path_is_folder(path);
}

static char *log_inside(const char *folder, Error *err)
{
    char *log = path_join(folder, "run.jsonl", err);
    if (log == NULL || is_log(log)) return log;
    error_set(err, ERR_INPUT, "%s holds no run: it has no run.jsonl", folder);
    mem_free(log);
    return NULL;
}

static char *log_of_name(const Lab *lab, const char *name, Error *err)
{
    bool  plain = strchr(name, '/') == NULL && name[0] != '\0' && name[0] != '.';
    char *runs = plain ? path_join(lab->state_folder, "runs", err) : NULL;
    char *folder = runs != NULL ? path_join(runs, name, err) : NULL;
    char *log = NULL;

    if (folder != NULL && path_is_folder(folder)) {
        log = log_inside(folder, err);
    } else if (!plain || folder != NULL) {
        error_set(err, ERR_INPUT, "there is no run \"%.200s\", nor such a folder or file", name);
        error_hint(err, "loralab runs lists the recorded ones");
    }
    mem_free(folder);
    mem_free(runs);
    return log;
}

char *run_log_path(const Lab *lab, const char *name, Error *err)
{
    if (is_log(name)) return mem_strdup(name, err);
    if (path_is_folder(name)) return log_inside(name, err);
    return log_of_name(lab, name, err);
}

/* "out/run.jsonl" and "out/" are called "out", "x.jsonl" is called "x". */
static char *short_name(const char *name, Error *err)
{
    Str   text = {0};
    Index n = (Index)strlen(name), tail = (Index)strlen("run.jsonl");

    if (n > tail && strcmp(name + n - tail, "run.jsonl") == 0 && name[n - tail - 1] == '/') {
        n -= tail;
    }
    while (n > 1 && name[n - 1] == '/') n--;
    if (n > 6 && strncmp(name + n - 6, ".jsonl", 6) == 0) n -= 6;
    Index begin = n;
    while (begin > 0 && name[begin - 1] != '/') begin--;
    str_add_bytes(&text, name + begin, n - begin);
    return str_take(&text, err);
}

/* ---- reading ---- */

bool run_reload(Run *run, Error *err)
{
    RunData *data = runlog_read(run->log, err);
    if (data == NULL) return false;
    rundata_free(run->data);
    run->data = data;
    if (run->start != NULL || data->start[0] == '\0') return true;
    run->start = json_parse(data->start, (Index)strlen(data->start), run->log, err);
    return run->start != NULL;
}

static void run_free(Run *run)
{
    mem_free(run->name);
    mem_free(run->log);
    rundata_free(run->data);
    json_free(run->start);
}

bool runs_add(RunSet *runs, const Lab *lab, const char *name, Error *err)
{
    Run *larger =
        mem_resize(runs->list, mem_program(), MEM_TEXT, runs->count + 1, sizeof *larger, err);
    if (larger == NULL) return false;
    runs->list = larger;
    Run run = {.log = run_log_path(lab, name, err)};
    if (run.log != NULL) run.name = short_name(name, err);
    if (run.name == NULL || !run_reload(&run, err)) {
        run_free(&run);
        return false;
    }
    runs->list[runs->count++] = run;
    return true;
}

void runs_free(RunSet *runs)
{
    for (Index i = 0; i < runs->count; i++) run_free(&runs->list[i]);
    mem_free(runs->list);
    *runs = (RunSet){0};
}

/* ---- settings ---- */

/* Members of the start line that are results, or say where it was run. */
static bool is_setting(const char *name)
{
    static const char *const others[] = {"type",           "version",   "backend",
                                         "device",         "prompt",    "repeat",
                                         "trainable",      "all",       "steps",
                                         "parameters",     "base",      "peft_type",
                                         "inference_mode", "task_type", "base_model_name_or_path",
                                         "seconds"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (strcmp(name, others[i]) == 0) return false;
    }
    return true;
}

static const JsonNode *root_of(const Run *run)
{
    return run->start != NULL ? json_root(run->start) : NULL;
}

static const JsonNode *setting_node(const Run *run, const char *setting)
{
    const JsonNode *node = json_get(root_of(run), setting);
    return node != NULL ? node : json_get(json_get(root_of(run), "lora"), setting);
}

void run_setting(Str *out, const Run *run, const char *setting)
{
    const JsonNode *node = setting_node(run, setting);
    Index           n = 0;
    const char     *text = json_string(node, &n);
    if (text != NULL) {
        str_add_bytes(out, text, n);
    } else if (node != NULL) {
        json_add_node(out, node);
    }
}

/* Some run has it, and not all that have it agree. *failed: no memory to tell. */
static bool differs(const RunSet *runs, const char *setting, bool *failed)
{
    Str  first = {0}, other = {0};
    bool found = false;

    for (Index i = 0; i < runs->count && !found; i++) {
        if (setting_node(&runs->list[i], setting) == NULL) continue;
        Str *into = first.len == 0 ? &first : &other;
        str_clear(into);
        str_add(into, "=");
        run_setting(into, &runs->list[i], setting);
        *failed = *failed || into->failed;
        found = into == &other && strcmp(str_text(&first), str_text(&other)) != 0;
    }
    str_free(&first);
    str_free(&other);
    return found;
}

typedef struct Names {
    const char **list;
    Index        count, max;
    bool         failed;
} Names;

static void collect(Names *names, const RunSet *runs, const JsonNode *object)
{
    const JsonNode *value;
    for (Index m = 0; m < json_count(object) && names->count < names->max; m++) {
        const char *name = json_member(object, m, &value);
        bool        known = !is_setting(name) || strcmp(name, "lora") == 0;
        for (Index k = 0; k < names->count; k++) {
            known = known || strcmp(names->list[k], name) == 0;
        }
        if (!known && differs(runs, name, &names->failed)) names->list[names->count++] = name;
    }
}

Index runs_differing(const RunSet *runs, const char **list, Index max)
{
    Names names = {.list = list, .max = max};
    for (Index i = 0; i < runs->count; i++) {
        const JsonNode *root = root_of(&runs->list[i]), *lora = json_get(root, "lora");
        collect(&names, runs, root);
        if (json_is_object(lora)) collect(&names, runs, lora);
    }
    return names.failed ? -1 : names.count;
}

/* ---- labels ---- */

static void describe(Str *out, const Run *run, const char **names, Index count)
{
    Str value = {0};
    for (Index k = 0; k < count; k++) {
        str_clear(&value);
        run_setting(&value, run, names[k]);
        if (value.failed) break;
        if (value.len == 0) continue;
        str_addf(out, "%s%s=%s", out->len > 0 ? " " : "", names[k], str_text(&value));
    }
    out->failed = out->failed || value.failed;
    str_free(&value);
}

/* What the settings say of run i is said of no other. */
static bool is_unique(const RunSet *runs, Index i, const char **names, Index count, Str *label)
{
    Str  other = {0};
    bool unique = true;
    for (Index k = 0; k < runs->count && unique; k++) {
        if (k == i) continue;
        str_clear(&other);
        describe(&other, &runs->list[k], names, count);
        label->failed = label->failed || other.failed;
        unique = strcmp(str_text(&other), str_text(label)) != 0;
    }
    str_free(&other);
    return unique;
}

void runs_label(Str *out, const RunSet *runs, Index i)
{
    const char *names[LABEL_SETTINGS + 1];
    Index       count = runs_differing(runs, names, LABEL_SETTINGS + 1);
    Str         label = {0};

    if (count <= LABEL_SETTINGS) describe(&label, &runs->list[i], names, count);
    bool good = label.len > 0 && is_unique(runs, i, names, count, &label);
    str_add(out, good ? str_text(&label) : runs->list[i].name);
    out->failed = out->failed || label.failed || count < 0;
    str_free(&label);
}
