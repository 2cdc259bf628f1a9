/* The workbench: a training with settings of one's own, watched and led. */

#include <math.h>
#include <string.h>

#include "app/rooms/workbench/workbench.h"

/* ---- coming and going ---- */

static void bench_free(void *room)
{
    Workbench *bench = room;
    if (bench == NULL) return;
    workbench_forget(bench);
    workbench_figures_free(bench);
    form_free(&bench->form);
    args_free(bench->args);
    model_free(bench->outline);
    mem_free(bench->outline_of);
    str_free(&bench->repeat);
    str_free(&bench->sentence);
    mem_free(bench);
}

static void *create(Screen *screen, Error *err)
{
    Workbench *bench = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *bench, err);
    if (bench == NULL) return NULL;
    bench->screen = screen;
    bench->from = screen_lab(screen);
    bench->args = workbench_args(screen, err);
    if (bench->args == NULL) {
        bench_free(bench);
        return NULL;
    }
    record_init(&bench->look.record);
    workbench_form_make(bench);
    workbench_plan(bench, bench->args);
    return bench;
}

/* "r=4 data=pirate": settings to begin with. */
static bool set_all(Args *args, const char *argument, Error *err)
{
    bool ok = true;
    for (const char *at = argument + strspn(argument, " "); ok && *at != '\0';
         at += strspn(at, " ")) {
        size_t n = strcspn(at, " "), name_length = strcspn(at, "= ");
        Str    name = {0}, value = {0};
        str_add_bytes(&name, at, (Index)name_length);
        bool given = name_length < n;
        if (given) str_add_bytes(&value, at + name_length + 1, (Index)(n - name_length - 1));
        ok = str_ok(&name, err) && str_ok(&value, err) &&
             args_set(args, str_text(&name), given ? str_text(&value) : NULL, err);
        str_free(&name);
        str_free(&value);
        at += n;
    }
    return ok;
}

static bool enter(void *room, const char *argument, Error *err)
{
    Workbench *bench = room;
    if (argument == NULL || argument[0] == '\0') return workbench_session(bench, err);
    Args *args = args_clone(bench->args, NULL, err);
    if (args == NULL) return false;
    if (!set_all(args, argument, err)) {
        args_free(args);
        return false;
    }
    bool ok = workbench_take(bench, args, err);
    workbench_plan(bench, bench->args);
    return ok;
}

/* ---- what is shown ---- */

void workbench_look(Workbench *bench)
{
    const SessionLook *look = &bench->look;
    if (bench->session == NULL) return;
    if (!session_look(bench->session, &bench->look, &bench->serial)) return;
    bench->figures_old = true;
    if (look->threads > 0) bench->lab_threads = look->threads;
    bool known = look->shape.N > 0;
    if (!known || (look->stored == bench->stored &&
                   memcmp(&look->shape, &bench->shape, sizeof bench->shape) == 0)) {
        return;
    }
    bench->shape = look->shape;
    bench->stored = look->stored;
    if (!bench->form.typing) workbench_plan(bench, bench->args);
}

static void turn(void *room)
{
    Workbench *bench = room;
    workbench_look(bench);
    screen_dirty(bench->screen);
}

static const char *state_name(const SessionLook *look)
{
    if (look->doing != NULL) return look->doing;
    switch (look->state) {
    case SESSION_PREPARING:
        return tr("loading");
    case SESSION_READY:
        return tr("ready");
    case SESSION_RUNNING:
        return tr("training");
    case SESSION_PAUSED:
        return tr("paused");
    case SESSION_DONE:
        return tr("done");
    case SESSION_FAILED:
        return tr("cannot begin");
    }
    return "";
}

static bool works(const Workbench *bench)
{
    return bench->look.state == SESSION_RUNNING || bench->look.doing != NULL;
}

static const int64_t *measured_bytes(Workbench *bench)
{
    const SessionLook *look = &bench->look;
    if (!look->record.has_memory) return NULL;
    memcpy(bench->measured, look->record.memory, sizeof bench->measured);
    bench->measured[MEM_WEIGHTS] += look->weights;
    return bench->measured;
}

/* One sentence: a fault of the form, of the session, or what the diagnosis found. */
static const char *sentence_of(Workbench *bench, bool *bad)
{
    const SessionLook *look = &bench->look;
    const Error       *err = bench->error.code != ERR_NONE ? &bench->error : &look->error;

    bool few = screen_look(bench->screen)->projector;

    str_clear(&bench->sentence);
    *bad = true;
    if (err->code != ERR_NONE) {
        str_addf(&bench->sentence, "%s%s%s", err->message, err->hint[0] != '\0' ? "; " : "",
                 err->hint);
    } else if (look->finding != NULL) {
        str_addf(&bench->sentence, "%s; %s", look->finding, look->finding_hint);
    } else if (look->state == SESSION_PAUSED && look->snapshot_count > 0) {
        *bad = false;
        if (few) {
            str_addf(&bench->sentence, tr("paused at step %td"), look->record.step);
            return str_text(&bench->sentence);
        }
        str_addf(&bench->sentence, tr("paused at step %td; snapshots to go back to with b:"),
                 look->record.step);
        for (Index i = 0; i < look->snapshot_count; i++) {
            if (look->snapshots[i] < look->record.step) {
                str_addf(&bench->sentence, " %td", look->snapshots[i]);
            }
        }
    } else if (look->state == SESSION_DONE) {
        *bad = false;
        str_addf(&bench->sentence,
                 few ? tr("recorded as %s")
                     : tr("recorded as %s; a changed setting is drawn over it, same seed"),
                 look->name);
    }
    return bench->sentence.len > 0 ? str_text(&bench->sentence) : NULL;
}

static void repeat(void *room, Str *out)
{
    const Workbench *bench = room;
    args_repeat_line(out, bench->args);
}

static void draw(void *room, Grid *grid, Rect body, const Look *look)
{
    Workbench   *bench = room;
    SlotChoice   slot = workbench_slot(bench->slot);
    SessionLook *s = &bench->look;

    bench->cols = body.cols;
    workbench_look(bench);
    workbench_figures(bench);
    str_clear(&bench->repeat);
    repeat(bench, &bench->repeat);
    WorkbenchView view = {.pane = bench->pane,
                          .form = &bench->form,
                          .plan = &bench->plan,
                          .measured = measured_bytes(bench),
                          .slot = slot.chart,
                          .modules = bench->modules,
                          .module_count = workbench_modules(bench),
                          .module_top = bench->module_top,
                          .table = slot.table,
                          .prompt = s->prompt,
                          .text_before = s->text_before,
                          .text_now = s->record.text,
                          .text_off = s->text_off,
                          .text_step = s->record.text_step,
                          .adapter_off = bench->adapter_off,
                          .exact = s->record.exact,
                          .eval_loss = s->record.eval_loss,
                          .repeat = str_text(&bench->repeat),
                          .repeat_open = bench->repeat_open};
    view.sentence = sentence_of(bench, &view.bad);
    for (int c = 0; c < BENCH_CHARTS; c++) view.chart[c] = bench->figures[c];
    workbench_draw(&view, look, grid, body, &bench->cursor_row, &bench->cursor_col);
}

/* Of the steps since it was last let go on. */
static void add_speed(const TrainRecord *r, Str *out)
{
    if (r->timed == 0 || r->seconds <= 0) return;
    str_add(out, " · " MEASURED_BEGIN);
    str_add_grouped(out, (int64_t)(r->tokens / r->seconds));
    str_addf(out, "%s" MEASURED_END, tr(" tokens/s"));
}

static void add_left(const TrainRecord *r, Str *out)
{
    if (r->timed == 0 || r->step >= r->total) return;
    double left = r->seconds / (double)r->timed * (double)(r->total - r->step);
    str_add(out, " · " MEASURED_BEGIN);
    if (left < 120) {
        str_addf(out, "%.0f s", left);
    } else {
        str_addf(out, left < 7200 ? "%.0f min" : "%.1f h", left / (left < 7200 ? 60 : 3600));
    }
    str_addf(out, MEASURED_END "%s", tr(" left"));
}

static Sign state_sign(const Workbench *bench)
{
    if (works(bench)) return SIGN_RUN;
    switch (bench->look.state) {
    case SESSION_PAUSED:
        return SIGN_PAUSE;
    case SESSION_DONE:
        return SIGN_DONE;
    case SESSION_FAILED:
        return SIGN_WRONG;
    default:
        return SIGN_OPEN;
    }
}

/* On a narrow screen the run's name gives way to the time left: the name is said when it ends. */
static void title(void *room, Str *left, Str *right)
{
    Workbench         *bench = room;
    const SessionLook *s = &bench->look;
    bool               wide = bench->cols >= 100;

    str_addf(left, "%s  ", room_title(ROOM_WORKBENCH));
    if (wide && s->name[0] != '\0') str_addf(left, "%s ", s->name);
    str_addf(left, "%s %s", look_sign(screen_look(bench->screen), state_sign(bench)),
             state_name(s));
    if (s->record.total > 0) {
        str_addf(right, tr("step %td of %td"), s->record.step, s->record.total);
    } else if (s->threads > 0) {
        str_addf(right, s->threads == 1 ? tr("%d thread") : tr("%d threads"), s->threads);
    }
    if (!works(bench)) return;
    add_speed(&s->record, right);
    add_left(&s->record, wide ? right : left);
}

static const Figure *figure(void *room)
{
    Workbench *bench = room;
    SlotChoice slot = workbench_slot(bench->slot);
    workbench_figures(bench);
    return bench->figures[bench->pane == BENCH_MODULES ? slot.chart : CHART_LOSS];
}

/* ---- asking ---- */

static bool can(void *room, Action action)
{
    const Workbench *bench = room;
    switch (action) {
    case ACT_REWIND:
        return bench->look.begun;
    case ACT_ADAPTER:
        return bench->look.prompt[0] != '\0';
    case ACT_PAUSE:
    case ACT_SINGLE:
        return bench->look.state != SESSION_DONE && bench->look.state != SESSION_FAILED;
    case ACT_COMMIT:
    case ACT_EDIT:
        return bench->pane == BENCH_SETTINGS;
    case ACT_LOG:
    case ACT_SMOOTH:
    case ACT_GNUPLOT:
        return bench->figures[CHART_LOSS] != NULL;
    case ACT_COMPARE:
    case ACT_COPY:
    case ACT_NEXT_PANE:
        return true;
    default:
        return false;
    }
}

static bool typing(void *room)
{
    return ((Workbench *)room)->form.typing;
}

static void cursor(void *room, int *row, int *col)
{
    const Workbench *bench = room;
    *row = bench->cursor_row;
    *col = bench->cursor_col;
}

static bool busy(void *room)
{
    Workbench *bench = room;
    workbench_look(bench);
    return bench->session != NULL && works(bench);
}

static void stop(void *room)
{
    Workbench *bench = room;
    if (bench->session != NULL) session_stop(bench->session);
}

/* Another room computes: after the step under way. */
static void rest(void *room)
{
    Workbench *bench = room;
    workbench_look(bench);
    if (bench->session == NULL || bench->look.state != SESSION_RUNNING) return;
    session_pause(bench->session);
    screen_say(bench->screen, "%s", tr("the training on the workbench is paused meanwhile"));
}

const RoomOps room_workbench = {.id = ROOM_WORKBENCH,
                                .create = create,
                                .free = bench_free,
                                .enter = enter,
                                .draw = draw,
                                .title = title,
                                .act = workbench_act,
                                .can = can,
                                .typing = typing,
                                .cursor = cursor,
                                .turn = turn,
                                .busy = busy,
                                .stop = stop,
                                .pause = rest,
                                .repeat = repeat,
                                .figure = figure};
