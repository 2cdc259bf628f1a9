/* The runs room: the shelf and its watch, with a screen around them. */

#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include <time.h>

#include "app/rooms/runs/runs_shelf.h"
#include "app/screen/room.h"
#include "core/base/file.h"
#include "core/base/text.h"

typedef struct RunsRoom {
    Screen   *screen;
    RunShelf  shelf;
    RunWatch *watch;
    char     *path; /* that is asked about */
    int       cursor_row, cursor_col;
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
    if (room->watch != NULL) return room;
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
    const RunShelf *shelf = &((RunsRoom *)self)->shelf;
    Index           marked = 0;
    for (Index i = 0; i < shelf->runs.count; i++) marked += shelf->about[i].marked;
    if (shelf->read) {
        str_addf(left, tr("Runs   %td recorded"), shelf->runs.count);
    } else {
        str_add(left, tr("Runs"));
    }
    if (marked > 0) str_addf(right, tr("%td marked"), marked);
}

static void runs_turn(void *self)
{
    RunsRoom *room = self;
    RunNews   news;
    Error     err = {0};
    if (!run_watch_take(room->watch, &news)) return;
    if (!shelf_take(&room->shelf, &news, &err)) screen_say(room->screen, "%s", err.message);
    screen_dirty(room->screen);
}

/* ---- exporting -------------------------------------------------------------------------- */

static void write_out(void *self)
{
    RunsRoom *room = self;
    Error     err = {0};
    Str       safe = {0};
    safe_name(&safe, room->path);
    if (shelf_export(&room->shelf, room->path, &err)) {
        screen_say(room->screen, tr("written: %s"), str_text(&safe));
    } else {
        screen_say(room->screen, "%s%s%s", err.message, err.hint[0] != '\0' ? "; " : "", err.hint);
    }
    str_free(&safe);
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
