/* Runs newest first, marked, drawn together. */

#include "app/rooms/runs/runs_shelf.h"

#include <stdlib.h>
#include <string.h>

enum { PAGE = 10, BUCKETS = 400 };

static const struct {
    unsigned    bit;
    const char *name, *title;
} whats[] = {{RUN_LOSS, "loss", "training loss"},
             {RUN_EVAL, "eval", "loss on held-out data"},
             {RUN_RATE, "lr", "learning rate"},
             {RUN_GRAD_NORM, "grad_norm", "norm of the gradient"},
             {RUN_MODULES, "modules", "size of the change BA, by kind of module"},
             {RUN_MEMORY, "memory", "memory by purpose"}};
enum { WHATS = sizeof whats / sizeof *whats };

/* ---- life ------------------------------------------------------------------------------- */

void shelf_open(RunShelf *shelf, Lab *lab)
{
    *shelf = (RunShelf){.lab = lab, .log_y = true, .stale = true};
}

void shelf_close(RunShelf *shelf)
{
    shelf_free_rows(shelf);
    figure_free(shelf->figure);
    runs_free(&shelf->runs);
    mem_free(shelf->about);
    mem_free(shelf->wanted);
    str_free(&shelf->how);
    *shelf = (RunShelf){0};
}

/* ---- news ------------------------------------------------------------------------------- */

static Index find(const RunShelf *shelf, const char *name)
{
    for (Index i = 0; i < shelf->runs.count; i++) {
        if (strcmp(shelf->runs.list[i].name, name) == 0) return i;
    }
    return -1;
}

static void remove_at(RunShelf *shelf, Index i)
{
    RunSet one = {.list = NULL, .count = 0};
    Run    gone = shelf->runs.list[i];
    Index  rest = --shelf->runs.count - i;
    memmove(shelf->runs.list + i, shelf->runs.list + i + 1, (size_t)rest * sizeof gone);
    memmove(shelf->about + i, shelf->about + i + 1, (size_t)rest * sizeof *shelf->about);
    one.list = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof gone, NULL);
    if (one.list == NULL) return; /* without memory a run is lost rather than shown */
    one.list[0] = gone;
    one.count = 1;
    runs_free(&one);
}

static bool grow(RunShelf *shelf, Index more, Error *err)
{
    Index room = shelf->runs.count + more;
    Run  *list = mem_resize(shelf->runs.list, mem_program(), MEM_TEXT, room, sizeof *list, err);
    if (list == NULL) return false;
    shelf->runs.list = list;
    ShelfRun *about = mem_resize(shelf->about, mem_program(), MEM_TEXT, room, sizeof *about, err);
    if (about == NULL) return false;
    shelf->about = about;
    return true;
}

/* Where a run belongs that changed then: newest first, equals by name. */
static Index place_for(const RunShelf *shelf, double changed, const char *name)
{
    Index i = 0;
    while (i < shelf->runs.count &&
           (shelf->about[i].changed > changed ||
            (shelf->about[i].changed == changed && strcmp(shelf->runs.list[i].name, name) < 0))) {
        i++;
    }
    return i;
}

static void insert(RunShelf *shelf, const Run *run, ShelfRun about)
{
    Index at = place_for(shelf, about.changed, run->name), rest = shelf->runs.count - at;
    memmove(shelf->runs.list + at + 1, shelf->runs.list + at, (size_t)rest * sizeof *run);
    memmove(shelf->about + at + 1, shelf->about + at, (size_t)rest * sizeof about);
    shelf->runs.list[at] = *run;
    shelf->about[at] = about;
    shelf->runs.count++;
}

static void take_fresh(RunShelf *shelf, RunNews *news)
{
    for (Index i = 0; i < news->fresh.count; i++) {
        Run     *run = &news->fresh.list[i];
        Index    old = find(shelf, run->name);
        ShelfRun about = {.changed = news->changed[i]};
        if (old >= 0) {
            about.marked = shelf->about[old].marked;
            remove_at(shelf, old);
        }
        insert(shelf, run, about);
        *run = (Run){0}; /* the shelf's now */
    }
}

bool shelf_take(RunShelf *shelf, RunNews *news, Error *err)
{
    char *held = NULL;
    if (shelf->selected < shelf->runs.count) {
        held = mem_strdup(shelf->runs.list[shelf->selected].name, err);
        if (held == NULL) return false;
    }
    bool ok = grow(shelf, news->fresh.count, err);
    shelf_free_rows(shelf); /* they borrow names */
    if (ok) take_fresh(shelf, news);
    for (Index i = 0; i < news->gone_count; i++) {
        Index at = find(shelf, news->gone[i]);
        if (at >= 0) remove_at(shelf, at);
    }
    /* What is selected stays so, wherever it went; at first the newest is. */
    Index at = held != NULL ? find(shelf, held) : 0;
    shelf->selected = at > 0 ? (int)at : 0;
    shelf->read = shelf->stale = true;
    mem_free(held);
    run_news_free(news);
    if (shelf->wanted != NULL && shelf_select(shelf, shelf->wanted)) {
        mem_free(shelf->wanted);
        shelf->wanted = NULL;
    }
    return ok;
}

bool shelf_select(RunShelf *shelf, const char *name)
{
    Index at = find(shelf, name);
    if (at < 0) {
        if (name != shelf->wanted) {
            mem_free(shelf->wanted);
            shelf->wanted = mem_strdup(name, NULL);
        }
        return false;
    }
    shelf->selected = (int)at;
    shelf->about[at].marked = true;
    shelf->stale = true;
    return true;
}

/* ---- keys ------------------------------------------------------------------------------- */

static void move(RunShelf *shelf, int by)
{
    int to = shelf->selected + by, last = (int)shelf->runs.count - 1;
    shelf->selected = to > last ? last : to;
    if (shelf->selected < 0) shelf->selected = 0;
    shelf->stale = true;
}

static void next_smooth(RunShelf *shelf)
{
    static const int steps[] = {0, 5, 20, 50};
    int              i = 0;
    while (i < 4 && steps[i] != shelf->smooth) i++;
    shelf->smooth = steps[(i + 1) % 4];
}

static bool toggle_mark(RunShelf *shelf)
{
    if (shelf->runs.count == 0) return false;
    bool *marked = &shelf->about[shelf->selected].marked;
    *marked = !*marked;
    return true;
}

static bool turn_pane(RunShelf *shelf, int by)
{
    shelf->pane = (RunsPane)(((int)shelf->pane + by + RUNS_PANES) % RUNS_PANES);
    return true;
}

bool shelf_act(RunShelf *shelf, Action action)
{
    shelf->stale = true;
    switch (action) {
    case ACT_UP:
    case ACT_DOWN:
        move(shelf, action == ACT_UP ? -1 : 1);
        return true;
    case ACT_PAGE_UP:
    case ACT_PAGE_DOWN:
        move(shelf, action == ACT_PAGE_UP ? -PAGE : PAGE);
        return true;
    case ACT_FIRST:
    case ACT_LAST:
        move(shelf, action == ACT_FIRST ? -(int)shelf->runs.count : (int)shelf->runs.count);
        return true;
    case ACT_MARK:
        return toggle_mark(shelf);
    case ACT_LOG:
        shelf->log_y = !shelf->log_y;
        return true;
    case ACT_SMOOTH:
        next_smooth(shelf);
        return true;
    case ACT_COMPARE:
        shelf->what = (shelf->what + 1) % WHATS;
        return true;
    case ACT_NEXT_PANE:
    case ACT_PREVIOUS_PANE:
        return turn_pane(shelf, action == ACT_NEXT_PANE ? 1 : -1);
    case ACT_COMMIT:
        shelf->pane = shelf->pane == RUNS_CHART ? RUNS_LIST : RUNS_CHART;
        return true;
    case ACT_LEAVE:
        if (shelf->pane == RUNS_LIST) return false;
        shelf->pane = RUNS_LIST;
        return true;
    default:
        return false;
    }
}

bool shelf_can(const RunShelf *shelf, Action action)
{
    switch (action) {
    case ACT_COMMIT:
    case ACT_MARK:
    case ACT_LOG:
    case ACT_SMOOTH:
    case ACT_COMPARE:
    case ACT_EXPORT:
        return shelf->runs.count > 0;
    case ACT_GNUPLOT:
        return shelf->figure != NULL;
    case ACT_NEXT_PANE:
        return shelf->runs.count > 0;
    default:
        return false;
    }
}

/* ---- what is drawn ---------------------------------------------------------------------- */

const char *shelf_what(const RunShelf *shelf)
{
    return whats[shelf->what].name;
}

bool shelf_drawn(const RunShelf *shelf, RunSet *drawn, Error *err)
{
    *drawn = (RunSet){0};
    drawn->list =
        mem_alloc(mem_program(), MEM_TEXT, shelf->runs.count + 1, sizeof *drawn->list, err);
    if (drawn->list == NULL) return false;
    for (Index i = 0; i < shelf->runs.count; i++) {
        if (shelf->about[i].marked) drawn->list[drawn->count++] = shelf->runs.list[i];
    }
    if (drawn->count == 0 && shelf->runs.count > 0) {
        drawn->list[drawn->count++] = shelf->runs.list[shelf->selected];
    }
    return true;
}

/* Modules and memory are of one run: many of them on one chart say nothing. */
static Figure *make_figure(const RunShelf *shelf)
{
    RunSet        drawn;
    Figure       *figure = NULL;
    RunFigureSpec spec = {.what = whats[shelf->what].bit,
                          .smooth = shelf->smooth,
                          .log_y = shelf->log_y,
                          .buckets = BUCKETS};
    if (shelf->runs.count == 0 || !shelf_drawn(shelf, &drawn, NULL)) return NULL;
    if (spec.what == RUN_MODULES || spec.what == RUN_MEMORY) {
        figure = single_figure(&shelf->runs.list[shelf->selected], &spec, NULL);
    } else {
        figure = overlay_figure(&drawn, &spec, NULL);
    }
    mem_free(drawn.list);
    return figure;
}

static void describe_how(RunShelf *shelf)
{
    bool one = whats[shelf->what].bit >= RUN_MODULES;
    str_clear(&shelf->how);
    if (one && shelf->runs.count > 0) {
        str_addf(&shelf->how, tr(" of %s"), shelf->runs.list[shelf->selected].name);
        return;
    }
    if (shelf->smooth > 1 && whats[shelf->what].bit != RUN_EVAL) {
        str_addf(&shelf->how, tr(", mean of %d steps"), shelf->smooth);
    }
    bool band = false;
    for (Index i = 0; shelf->figure != NULL && i < shelf->figure->count; i++) {
        band = band || shelf->figure->series[i].low != NULL;
    }
    if (band) str_add(&shelf->how, tr(", range over seeds"));
}

/* The figure says what it is, wherever it goes. */
static void set_title(RunShelf *shelf)
{
    Str title = {0};
    if (shelf->figure == NULL) return;
    str_addf(&title, "%s%s", tr(whats[shelf->what].title), str_text(&shelf->how));
    mem_free(shelf->figure->title);
    shelf->figure->title = str_take(&title, NULL);
}

static void refresh(RunShelf *shelf)
{
    if (!shelf->stale) return;
    shelf->stale = false;
    figure_free(shelf->figure);
    shelf->figure = make_figure(shelf);
    describe_how(shelf);
    set_title(shelf);
    shelf_make_table(shelf);
}

const Figure *shelf_figure(RunShelf *shelf)
{
    refresh(shelf);
    return shelf->figure;
}

Figure *shelf_give_figure(RunShelf *shelf)
{
    refresh(shelf);
    Figure *figure = shelf->figure;
    shelf->figure = NULL;
    shelf->stale = true;
    return figure;
}

void shelf_view(RunShelf *shelf, RunsView *view, double now)
{
    int marked = 0;
    refresh(shelf);
    shelf_make_rows(shelf, now);
    for (Index i = 0; i < shelf->runs.count; i++) marked += shelf->about[i].marked;
    *view = (RunsView){.rows = shelf->rows,
                       .count = shelf->rows != NULL ? (int)shelf->runs.count : 0,
                       .selected = shelf->selected,
                       .marked = marked,
                       .reading = !shelf->read,
                       .pane = shelf->pane,
                       .what = tr(whats[shelf->what].title),
                       .figure = shelf->figure,
                       .folder = shelf->lab->state_folder};
    const char *const *texts = (const char *const *)shelf->table;
    if (texts == NULL) return;
    int settings = shelf->table_settings, runs = shelf->table_runs;
    view->table = (RunsTable){.settings = texts,
                              .runs = texts + settings,
                              .cells = texts + settings + runs,
                              .setting_count = settings,
                              .run_count = runs};
}
