/* The matrix room: the desk, with a screen around it. */

#include <string.h>

#include "app/rooms/matrix/matrix_desk.h"
#include "app/rooms/matrix/matrix_line.h"
#include "app/rooms/model/base_outline.h"
#include "app/screen/room.h"

typedef struct MatrixRoom {
    Screen    *screen;
    MatrixDesk desk;
    MatrixLine line;
    int        cursor_row, cursor_col;
} MatrixRoom;

static void matrix_free(void *self)
{
    MatrixRoom *room = self;
    if (room == NULL) return;
    matrix_line_free(&room->line);
    desk_close(&room->desk);
    mem_free(room);
}

static void *matrix_create(Screen *screen, Error *err)
{
    MatrixRoom *room = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *room, err);
    if (room == NULL) return NULL;
    room->screen = screen;
    room->line = (MatrixLine){.wake = screen_wake_context, .context = screen};
    if (desk_open(&room->desk, screen_lab(screen), screen_wake_context, screen, err)) return room;
    mem_free(room);
    return NULL;
}

static bool matrix_command(void *self, const char *line)
{
    MatrixRoom *room = self;
    Str         said = {0};
    bool        mine = matrix_line_run(&room->line, &room->desk, line, &said);
    if (said.len > 0) screen_say(room->screen, "%s", str_text(&said));
    str_free(&said);
    return mine;
}

static void matrix_words(void *self, Str *words)
{
    const MatrixRoom *room = self;
    Model            *model = base_outline(room->desk.lab, NULL, NULL);
    str_add(words, matrix_line_words());
    for (Index i = 0; model != NULL && i < model->module_count; i++) {
        const Module *module = &model->modules[i];
        const char   *name = module->name;
        if (strncmp(name, "model.", 6) == 0) name += 6;
        bool tied = module->role == ROLE_HEAD && model->config.tied;
        if (module->gain == NULL && !tied) str_addf(words, "weight=%s ", name);
    }
    model_free(model);
}

/* "rows=..." and the like: the prompt has taken the verb for the name of this room. */
static bool lacks_verb(const char *line)
{
    static const char *const keys[] = {"rows=", "random=", "identity=", "picture=", "of=", "size="};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (strncmp(line, keys[i], strlen(keys[i])) == 0) return true;
    }
    return false;
}

/* argument: a line, "matrix rows=..." or "spectrum weight=...". */
static bool matrix_enter(void *self, const char *argument, Error *err)
{
    Str line = {0};
    if (argument == NULL) return true;
    str_addf(&line, "%s%s", lacks_verb(argument) ? "matrix " : "", argument);
    bool ok = str_ok(&line, err);
    if (ok) (void)matrix_command(self, str_text(&line));
    str_free(&line);
    return ok;
}

static void matrix_draw(void *self, Grid *grid, Rect body, const Look *look)
{
    MatrixRoom *room = self;
    MatrixView  view;
    desk_view(&room->desk, &view);
    view_matrix(&view, look, grid, body);
    room->cursor_row = view.cursor_row;
    room->cursor_col = view.cursor_col;
}

static void matrix_title(void *self, Str *left, Str *right)
{
    MatrixRoom       *room = self;
    const MatrixDesk *desk = &room->desk;
    const Datum      *m = desk->now.matrix;
    str_addf(left, tr("Matrix   %s"), desk->now.name);
    if (desk->choosing) {
        str_add(right, tr("choosing another one"));
    } else if (desk->awaited != NULL) {
        str_addf(right, tr("fetching %s"), desk->awaited);
    } else if (matrix_line_busy(&room->line)) {
        str_addf(right, tr("computing %s"), matrix_line_verb(&room->line));
    } else if (desk_busy(desk)) {
        str_add(right, tr("working"));
    } else if (!desk->known) {
        str_add(right, tr("not measured"));
    } else if (desk->pane == MATRIX_CELLS) {
        str_addf(right, tr("row %td, column %td: "), desk->row + 1, desk->col + 1);
        str_add_double(right, m->values[desk->row * m->cols + desk->col]);
    } else {
        str_add(right, desk->pane == MATRIX_RANK ? tr("rank r of the cut") : tr("tolerance"));
    }
}

static bool matrix_act(void *self, Action action, Key key)
{
    return desk_act(&((MatrixRoom *)self)->desk, action, key);
}

static bool matrix_can(void *self, Action action)
{
    return desk_can(&((MatrixRoom *)self)->desk, action);
}

static bool matrix_typing(void *self)
{
    return ((MatrixRoom *)self)->desk.typing;
}

static void matrix_cursor(void *self, int *row, int *col)
{
    const MatrixRoom *room = self;
    *row = room->cursor_row;
    *col = room->cursor_col;
}

static void matrix_turn(void *self)
{
    MatrixRoom *room = self;
    Str         said = {0};
    bool        computed = matrix_line_turn(&room->line, &room->desk, &said);
    if (said.len > 0) screen_say(room->screen, "%s", str_text(&said));
    str_free(&said);
    if (desk_turn(&room->desk) || computed) screen_dirty(room->screen);
}

static bool matrix_busy(void *self)
{
    const MatrixRoom *room = self;
    return desk_busy(&room->desk) || matrix_line_busy(&room->line);
}

static void matrix_stop(void *self)
{
    desk_stop(&((MatrixRoom *)self)->desk);
}

static void matrix_repeat(void *self, Str *out)
{
    desk_repeat(&((MatrixRoom *)self)->desk, out);
}

/* The picture that is looked at: shades where there are any, else the singular values. */
static const Figure *matrix_figure(void *self)
{
    MatrixDesk *desk = &((MatrixRoom *)self)->desk;
    if (desk->drawn_anew) desk_draw_figures(desk);
    if (desk->pane == MATRIX_RANK && desk->heat_cut != NULL) return desk->heat_cut;
    if (desk->pane == MATRIX_CELLS && desk->heat != NULL) return desk->heat;
    return desk->spectrum;
}

const RoomOps room_matrix = {
    .id = ROOM_MATRIX,
    .create = matrix_create,
    .free = matrix_free,
    .enter = matrix_enter,
    .draw = matrix_draw,
    .title = matrix_title,
    .act = matrix_act,
    .can = matrix_can,
    .typing = matrix_typing,
    .cursor = matrix_cursor,
    .turn = matrix_turn,
    .busy = matrix_busy,
    .stop = matrix_stop,
    .repeat = matrix_repeat,
    .command = matrix_command,
    .words = matrix_words,
    .figure = matrix_figure,
};
