/* What the keys of the workbench do: to the form, and to the training. */

#include <string.h>

#include "app/rooms/workbench/workbench.h"

/* ---- the form ---- */

static bool take(Workbench *bench, const ArgSpec *spec, const char *value)
{
    Error err = {0};
    Args *args = args_clone(bench->args, value == NULL ? spec->name : NULL, &err);
    bool  ok = args != NULL && (value == NULL || args_set(args, spec->name, value, &err));
    if (ok) {
        workbench_plan(bench, args);
        ok = bench->plan.known || error_set(&err, ERR_INPUT, "%s", bench->plan.error);
    }
    if (!ok) {
        args_free(args);
        if (bench->form.typing) form_refuse(&bench->form, err.message);
        bench->error = err;
        if (!bench->form.typing) workbench_plan(bench, bench->args);
        return false;
    }
    form_end(&bench->form);
    if (!workbench_take(bench, args, &err)) bench->error = err;
    workbench_plan(bench, bench->args);
    return true;
}

/* The counts follow what is being typed, as long as it is a value. */
static void preview(Workbench *bench)
{
    const ArgSpec *spec = workbench_field(bench);
    Error          err = {0};
    Args          *args = spec != NULL ? args_clone(bench->args, NULL, &err) : NULL;
    if (args != NULL && args_set(args, spec->name, form_text(&bench->form), &err)) {
        workbench_plan(bench, args);
    } else {
        bench->plan.known = false;
        record_text(bench->plan.error, sizeof bench->plan.error, err.message);
    }
    args_free(args);
}

static bool commit(Workbench *bench)
{
    const ArgSpec *spec = workbench_field(bench);
    if (spec == NULL) return false;
    if (bench->form.typing) {
        take(bench, spec, form_text(&bench->form));
        return true;
    }
    if (bench->pane != BENCH_SETTINGS) return false;
    const char *next = spec->type == ARG_TEXT ? NULL : workbench_choice(bench, spec, 1);
    if (next != NULL) {
        take(bench, spec, next);
        return true;
    }
    const char *text = args_text(bench->args, spec->name);
    return form_edit(&bench->form, text != NULL ? text : "");
}

static bool act_typing(Workbench *bench, Action action, Key key)
{
    if (action == ACT_COMMIT) return commit(bench);
    if (!form_act(&bench->form, action, key)) return false;
    if (bench->form.typing) {
        preview(bench);
    } else {
        workbench_plan(bench, bench->args);
    }
    return true;
}

/* ---- leading the training ---- */

/* What runs is to be seen: where the settings stand alone, the curves take their place. */
static void show_curves(Workbench *bench)
{
    if (bench->pane == BENCH_SETTINGS && bench->cols < BENCH_TWO_COLS) bench->pane = BENCH_CURVES;
}

static bool run_or_pause(Workbench *bench)
{
    if (!workbench_session(bench, &bench->error)) return true;
    if (bench->look.state == SESSION_RUNNING) {
        session_pause(bench->session);
        return true;
    }
    if (bench->look.state == SESSION_DONE) {
        screen_say(bench->screen, "%s",
                   tr("all steps are made: b goes back, another setting begins a new run"));
        return true;
    }
    screen_alone(bench->screen, bench);
    session_run(bench->session);
    bench->goes_on = true;
    show_curves(bench);
    return true;
}

static bool single(Workbench *bench)
{
    if (!workbench_session(bench, &bench->error)) return true;
    screen_alone(bench->screen, bench);
    session_step(bench->session);
    show_curves(bench);
    return true;
}

static bool rewind_one(Workbench *bench)
{
    if (bench->session == NULL || !bench->look.begun) return false;
    session_rewind(bench->session);
    return true;
}

static bool switch_adapter(Workbench *bench)
{
    if (bench->session == NULL) return false;
    bench->adapter_off = !bench->adapter_off;
    session_write(bench->session, !bench->adapter_off);
    return true;
}

static bool choose(Workbench *bench, int by)
{
    const ArgSpec *spec = workbench_field(bench);
    if (bench->pane == BENCH_SETTINGS) {
        const char *next = spec != NULL ? workbench_choice(bench, spec, by) : NULL;
        return next != NULL && (take(bench, spec, next), true);
    }
    bench->slot = (bench->slot + by + BENCH_SLOTS) % BENCH_SLOTS;
    bench->figures_old = true;
    return true;
}

static bool next_pane(Workbench *bench, int by)
{
    bench->pane = (BenchPane)(((int)bench->pane + by + BENCH_PANES) % BENCH_PANES);
    return true;
}

static bool scroll_modules(Workbench *bench, Action action)
{
    int most = (int)bench->look.record.module_count - 1;
    int by = action == ACT_UP ? -1 : action == ACT_DOWN ? 1 : action == ACT_PAGE_UP ? -10 : 10;
    if (!workbench_slot(bench->slot).table) return false;
    bench->module_top += by;
    if (bench->module_top > most) bench->module_top = most;
    if (bench->module_top < 0) bench->module_top = 0;
    return true;
}

/* Something that is open is closed first. */
static bool leave(Workbench *bench)
{
    bool open = bench->repeat_open || bench->error.code != ERR_NONE;
    bench->repeat_open = false;
    return open;
}

/* The whole of it stands below, so the status row need not say it. */
static void copy_line(Workbench *bench)
{
    Str line = {0};
    args_repeat_line(&line, bench->args);
    if (!line.failed && screen_copy(bench->screen, str_text(&line))) {
        screen_say(bench->screen, "%s", tr("copied, where the terminal allows it"));
    }
    str_free(&line);
}

static bool act_here(Workbench *bench, Action action, Key key)
{
    switch (action) {
    case ACT_PAUSE:
        return run_or_pause(bench);
    case ACT_SINGLE:
        return single(bench);
    case ACT_REWIND:
        return rewind_one(bench);
    case ACT_ADAPTER:
        return switch_adapter(bench);
    case ACT_NEXT_PANE:
        return next_pane(bench, 1);
    case ACT_PREVIOUS_PANE:
        return next_pane(bench, -1);
    case ACT_LEFT:
        return choose(bench, -1);
    case ACT_RIGHT:
        return choose(bench, 1);
    case ACT_EDIT:
        bench->pane = BENCH_SETTINGS;
        return commit(bench);
    case ACT_COMMIT:
        return commit(bench);
    case ACT_DELETE: {
        const ArgSpec *spec = workbench_field(bench);
        bool           set = spec != NULL && args_given(bench->args, spec->name);
        return bench->pane == BENCH_SETTINGS && set && (take(bench, spec, NULL), true);
    }
    case ACT_LOG:
        bench->linear = !bench->linear;
        bench->figures_old = true;
        return true;
    case ACT_SMOOTH:
        bench->smooth = !bench->smooth;
        bench->figures_old = true;
        return true;
    case ACT_COMPARE:
        screen_prompt(bench->screen, tr("compare with the recorded run"), "", workbench_compare,
                      bench);
        return true;
    case ACT_COPY:
        bench->repeat_open = !bench->repeat_open;
        if (bench->repeat_open) copy_line(bench);
        return true;
    case ACT_LEAVE:
        return leave(bench);
    case ACT_UP:
    case ACT_DOWN:
    case ACT_PAGE_UP:
    case ACT_PAGE_DOWN:
        if (bench->pane == BENCH_MODULES) return scroll_modules(bench, action);
        return bench->pane == BENCH_SETTINGS && form_act(&bench->form, action, key);
    default:
        return bench->pane == BENCH_SETTINGS && form_act(&bench->form, action, key);
    }
}

bool workbench_act(void *room, Action action, Key key)
{
    Workbench *bench = room;
    workbench_look(bench);
    if (bench->form.typing) return act_typing(bench, action, key);
    bool was_error = bench->error.code != ERR_NONE;
    if (action == ACT_LEAVE && was_error) {
        bench->error = (Error){0};
        return true;
    }
    bench->error = (Error){0};
    return act_here(bench, action, key);
}
