/*
 * Sessions of the workbench: another setting begins a new one with the same seed, and the one
 * before stays as a curve, labelled by what differs. Recorded runs can be drawn beside them.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/rooms/workbench/workbench.h"

enum { LABEL_SETTINGS = 3 };

/* ---- the sessions' own Lab ---- */

static void end_leaving(Workbench *bench)
{
    session_free(bench->leaving, true);
    bench->leaving = NULL;
}

/*
 * Apart from the screen's: a backend serves one thread, and another room may load another base
 * meanwhile. Kept from session to session, so that the base is loaded once.
 */
static bool make_lab(Workbench *bench, const Args *args, Error *err)
{
    const Lab *from = bench->from;
    Index      wanted = args_int(args, "threads");
    bool       stays = bench->lab != NULL && bench->session == NULL;
    /* Not known: no session uses it that could be loading it at this moment. */
    if (stays && bench->lab_threads > 0) {
        stays = wanted == 0 || wanted == bench->lab_threads;
    } else if (stays) {
        stays = bench->lab->be == NULL || wanted == 0 || wanted == bench->lab->be->threads;
    }
    if (stays) return true;
    end_leaving(bench);
    lab_free(bench->lab);
    bench->lab_threads = 0;
    bench->lab = lab_create(NULL, err);
    if (bench->lab == NULL) return false;
    mem_free(bench->lab->data_folder);
    mem_free(bench->lab->state_folder);
    bench->lab->state_folder = NULL;
    bench->lab->data_folder = from->data_folder != NULL ? mem_strdup(from->data_folder, err) : NULL;
    if (from->data_folder != NULL && bench->lab->data_folder == NULL) return false;
    bench->lab->state_folder = mem_strdup(from->state_folder, err);
    return bench->lab->state_folder != NULL;
}

static void wake(void *context)
{
    screen_wake_context(context);
}

bool workbench_session(Workbench *bench, Error *err)
{
    if (bench->session != NULL) return true;
    Args *args = args_clone(bench->args, NULL, err);
    if (args == NULL) return false;
    if (!make_lab(bench, args, err)) {
        args_free(args);
        return false;
    }
    SessionSpec spec = {.lab = bench->lab,
                        .args = args,
                        .wake = wake,
                        .context = bench->screen,
                        .before = bench->leaving};
    bench->leaving = NULL;
    bench->session = session_create(&spec, err);
    if (bench->session == NULL) return false;
    bench->serial = 0;
    session_look(bench->session, &bench->look, &bench->serial);
    bench->figures_old = true;
    return true;
}

/* ---- older runs ---- */

static void free_older(OlderRun *run)
{
    if (run == NULL) return;
    args_free(run->args);
    runs_free(&run->recorded);
    mem_free(run);
}

static OlderRun *add_older(Workbench *bench, Error *err)
{
    OlderRun *run = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *run, err);
    if (run == NULL) return NULL;
    if (bench->older_count == BENCH_OLDER) {
        free_older(bench->older[0]);
        bench->older_count--;
        for (int i = 0; i < bench->older_count; i++) bench->older[i] = bench->older[i + 1];
    }
    bench->older[bench->older_count++] = run;
    return run;
}

static bool keep_present(Workbench *bench, Error *err)
{
    const RecordSteps *steps = &bench->look.record.steps;
    if (bench->session == NULL || steps->count < 2) return true;
    Args *args = args_clone(session_args(bench->session), NULL, err);
    if (args == NULL) return false;
    OlderRun *run = add_older(bench, err);
    if (run == NULL) {
        args_free(args);
        return false;
    }
    run->args = args;
    record_text(run->name, sizeof run->name, bench->look.name);
    run->loss.count = steps->count;
    memcpy(run->loss.x, steps->x, sizeof run->loss.x);
    memcpy(run->loss.y, steps->loss, sizeof run->loss.y);
    return true;
}

bool workbench_take(Workbench *bench, Args *args, Error *err)
{
    SessionState state = bench->look.state;
    bool         trained = bench->session != NULL && bench->look.begun &&
                   (state == SESSION_RUNNING || state == SESSION_DONE);
    /* One that is still being prepared will run when the one before it did. */
    bool goes_on = trained || (state == SESSION_PREPARING && bench->goes_on);
    if (bench->session != NULL) session_look(bench->session, &bench->look, &bench->serial);
    if (!keep_present(bench, err)) {
        args_free(args);
        return false;
    }
    end_leaving(bench);
    bench->leaving = bench->session;
    bench->session = NULL;
    if (bench->lab_threads == 0) end_leaving(bench); /* loading, or it could not be loaded */
    args_free(bench->args);
    bench->args = args;
    bench->adapter_off = false;
    workbench_form_fill(bench);
    if (!workbench_session(bench, err)) return false;
    if (goes_on) session_run(bench->session);
    bench->goes_on = goes_on;
    workbench_labels(bench);
    return true;
}

/* ---- recorded runs ---- */

/* Several steps become one where there are more than a curve holds. */
static void take_curve(BenchCurve *curve, const RunData *data)
{
    Index stride = (data->step_count + RECORD_STEPS - 1) / RECORD_STEPS;
    for (Index i = 0; i + stride <= data->step_count; i += stride) {
        double sum = 0;
        for (Index k = i; k < i + stride; k++) sum += data->steps[k].loss;
        curve->x[curve->count] = (double)data->steps[i + stride - 1].step;
        curve->y[curve->count++] = sum / (double)stride;
    }
}

void workbench_compare(void *context, const char *name)
{
    Workbench *bench = context;
    RunSet     set = {0};

    bench->error = (Error){0};
    screen_dirty(bench->screen);
    if (name[0] == '\0') return;
    if (!runs_add(&set, bench->from, name, &bench->error)) {
        runs_free(&set);
        return;
    }
    if (set.list[0].data->step_count == 0) {
        error_set(&bench->error, ERR_INPUT, "the run \"%.80s\" has no steps yet", name);
        runs_free(&set);
        return;
    }
    OlderRun *run = add_older(bench, &bench->error);
    if (run == NULL) {
        runs_free(&set);
        return;
    }
    run->recorded = set;
    record_text(run->name, sizeof run->name, set.list[0].name);
    take_curve(&run->loss, set.list[0].data);
    workbench_labels(bench);
    bench->figures_old = true;
}

void workbench_forget(Workbench *bench)
{
    session_free(bench->session, true);
    bench->session = NULL;
    end_leaving(bench);
    for (int i = 0; i < bench->older_count; i++) free_older(bench->older[i]);
    bench->older_count = 0;
    lab_free(bench->lab);
    bench->lab = NULL;
}

/* ---- labels ---- */

static void setting_of(Str *out, const Args *args, const OlderRun *run, const char *name)
{
    str_clear(out);
    if (args == NULL) {
        run_setting(out, &run->recorded.list[0], name);
    } else if (args_text(args, name) != NULL) {
        str_add(out, args_text(args, name));
    }
}

/* "5e-3" and "0.005" are the same. What one side does not say is no difference. */
static bool same_value(const char *a, const char *b)
{
    char *end_a, *end_b;
    if (a[0] == '\0' || b[0] == '\0' || strcmp(a, b) == 0) return true;
    double x = strtod(a, &end_a), y = strtod(b, &end_b);
    return *end_a == '\0' && *end_b == '\0' && fabs(x - y) <= 1e-12 * fabs(x);
}

static bool differs(const Workbench *bench, const Args *present, const char *name)
{
    Str  mine = {0}, other = {0};
    bool yes = false;
    setting_of(&mine, present, NULL, name);
    for (int i = 0; !yes && i < bench->older_count; i++) {
        setting_of(&other, bench->older[i]->args, bench->older[i], name);
        yes = !same_value(str_text(&mine), str_text(&other));
    }
    str_free(&mine);
    str_free(&other);
    return yes;
}

static void label_of(char *label, size_t size, const Args *args, const OlderRun *run,
                     const char **names, int count, const char *name)
{
    Str text = {0}, value = {0};
    for (int i = 0; i < count; i++) {
        setting_of(&value, args, run, names[i]);
        if (value.len == 0) continue;
        str_addf(&text, "%s%s=%.24s", text.len > 0 ? " " : "", names[i], str_text(&value));
    }
    record_text(label, (Index)size,
                text.len > 0 && count <= LABEL_SETTINGS ? str_text(&text) : name);
    str_free(&text);
    str_free(&value);
}

void workbench_labels(Workbench *bench)
{
    static const char *const no[] = {
        "out", "save_steps", "save_total_limit", "threads", "log", "eval_steps", "prompt"};
    const char *names[BENCH_SETTINGS_MAX];
    const Args *present = bench->session != NULL ? session_args(bench->session) : bench->args;
    int         count = 0;

    for (int f = 0; f < bench->field_count && count < BENCH_SETTINGS_MAX; f++) {
        const ArgSpec *spec = bench->fields[f].spec;
        bool           skip = spec == NULL;
        for (size_t i = 0; !skip && i < sizeof no / sizeof *no; i++) {
            skip = strcmp(spec->name, no[i]) == 0;
        }
        if (!skip && differs(bench, present, spec->name)) names[count++] = spec->name;
    }
    for (int i = 0; i < bench->older_count; i++) {
        OlderRun *run = bench->older[i];
        label_of(run->label, sizeof run->label, run->args, run, names, count, run->name);
    }
    label_of(bench->label, sizeof bench->label, present, NULL, names, count, bench->look.name);
}
