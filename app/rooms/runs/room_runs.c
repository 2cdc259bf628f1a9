/* The runs room: the shelf and its watch, with a screen around them. */

#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include <time.h>

#include "app/rooms/runs/runs_shelf.h"
#include "app/screen/room.h"
#include "core/base/file.h"
#include "core/base/text.h"

typedef struct RunsRoom {
    Screen    *screen;
    RunShelf   shelf;
    RunWatch  *watch;
    ExportJob *job;
    char      *path; /* that is asked about */
    int        cursor_row, cursor_col;
} RunsRoom;

static double wall_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void runs_room_free(void *self)
{
    RunsRoom *room = self;
    if (room == NULL) return;
    run_watch_free(room->watch);
    export_job_free(room->job);
    shelf_close(&room->shelf);
    mem_free(room->path);
    mem_free(room);
}

static void *runs_create(Screen *screen, Error *err)
{
    RunsRoom *room = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *room, err);
    if (room == NULL) return NULL;
    room->screen = screen;
    Lab *lab = screen_lab(screen);
    shelf_open(&room->shelf, lab);
    room->watch = run_watch_create(lab, screen_wake_context, screen, err);
    room->job = room->watch != NULL ? export_job_create(screen_wake_context, screen, err) : NULL;
    if (room->job != NULL) return room;
    runs_room_free(room);
    return NULL;
}

/* argument: a run's name, to be selected and marked. */
static bool runs_enter(void *self, const char *argument, Error *err)
{
    RunsRoom *room = self;
    (void)err;
    if (argument != NULL) (void)shelf_select(&room->shelf, argument);
    run_watch_seen(room->watch);
    return true;
}

static void runs_draw(void *self, Grid *grid, Rect body, const Look *look)
{
    RunsRoom *room = self;
    RunsView  view;
    shelf_view(&room->shelf, &view, wall_clock());
    view_runs(&view, look, grid, body);
    room->cursor_row = view.cursor_row;
    room->cursor_col = view.cursor_col;
    run_watch_seen(room->watch);
}

static void runs_title(void *self, Str *left, Str *right)
{
    const RunsRoom *room = self;
    const RunShelf *shelf = &room->shelf;
    Index           marked = 0;
    for (Index i = 0; i < shelf->runs.count; i++) marked += shelf->about[i].marked;
    if (shelf->read) {
        str_addf(left, tr("Runs   %td recorded"), shelf->runs.count);
    } else {
        str_add(left, tr("Runs"));
    }
    if (export_job_path(room->job) != NULL) str_addf(right, "%s  ", tr("writing a file"));
    if (marked > 0) str_addf(right, tr("%td marked"), marked);
}

/* ---- exporting -------------------------------------------------------------------------- */

static void complain(RunsRoom *room, const Error *err)
{
    screen_say(room->screen, "%s%s%s", err->message, err->hint[0] != '\0' ? "; " : "", err->hint);
}

typedef enum Writing { WRITING_BEGINS, WRITING_STILL, WRITING_DONE } Writing;

static void say_of(RunsRoom *room, Writing writing, const char *path)
{
    Str safe = {0};
    safe_name(&safe, path);
    const char *name = str_text(&safe);
    if (writing == WRITING_BEGINS) screen_say(room->screen, tr("writing %s ..."), name);
    if (writing == WRITING_STILL) screen_say(room->screen, tr("%s is still being written"), name);
    if (writing == WRITING_DONE) screen_say(room->screen, tr("written: %s"), name);
    str_free(&safe);
}

static void write_out(void *self)
{
    RunsRoom *room = self;
    Error     err = {0};
    Export    what;
    if (export_job_path(room->job) != NULL) {
        say_of(room, WRITING_STILL, export_job_path(room->job));
        return;
    }
    bool ok = shelf_export(&room->shelf, room->path, &what, &err) &&
              export_job_start(room->job, &what, &err);
    if (ok) {
        say_of(room, WRITING_BEGINS, room->path);
    } else {
        complain(room, &err);
    }
}

static void take_written(RunsRoom *room)
{
    Export what;
    Error  err;
    if (!export_job_take(room->job, &what, &err)) return;
    if (err.code == ERR_NONE) {
        say_of(room, WRITING_DONE, what.path);
    } else {
        complain(room, &err);
    }
    export_free(&what);
    screen_dirty(room->screen);
}

static void take_path(void *self, const char *path)
{
    RunsRoom *room = self;
    mem_free(room->path);
    room->path = path[0] != '\0' ? mem_strdup(path, NULL) : NULL;
    if (room->path == NULL) return;
    if (path_exists(path)) {
        screen_ask(room->screen, tr("The file exists. Replace it?"), write_out, room);
    } else {
        write_out(room);
    }
}

static bool export(RunsRoom *room)
{
    if (room->shelf.runs.count == 0) return false;
    Str name = {0};
    str_addf(&name, "%s.svg", shelf_what(&room->shelf));
    screen_prompt(room->screen, tr("Write to (.svg .png .pdf .csv, or .md: a report):"),
                  room->path != NULL ? room->path : str_text(&name), take_path, room);
    str_free(&name);
    return true;
}

static void runs_turn(void *self)
{
    RunsRoom *room = self;
    RunNews   news;
    Error     err = {0};
    take_written(room);
    if (!run_watch_take(room->watch, &news)) return;
    if (!shelf_take(&room->shelf, &news, &err)) screen_say(room->screen, "%s", err.message);
    screen_dirty(room->screen);
}

static bool runs_act(void *self, Action action, Key key)
{
    RunsRoom *room = self;
    (void)key;
    if (action == ACT_EXPORT) return export(room);
    return shelf_act(&room->shelf, action);
}

static bool runs_can(void *self, Action action)
{
    return shelf_can(&((RunsRoom *)self)->shelf, action);
}

static void runs_cursor(void *self, int *row, int *col)
{
    const RunsRoom *room = self;
    *row = room->cursor_row;
    *col = room->cursor_col;
}

static void runs_repeat(void *self, Str *out)
{
    shelf_repeat(&((RunsRoom *)self)->shelf, out);
}

static const Figure *runs_figure(void *self)
{
    return shelf_figure(&((RunsRoom *)self)->shelf);
}

const RoomOps room_runs = {
    .id = ROOM_RUNS,
    .create = runs_create,
    .free = runs_room_free,
    .enter = runs_enter,
    .draw = runs_draw,
    .title = runs_title,
    .act = runs_act,
    .can = runs_can,
    .cursor = runs_cursor,
    .turn = runs_turn,
    .repeat = runs_repeat,
    .figure = runs_figure,
};
