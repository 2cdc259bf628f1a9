/* The model room: the tree, with a screen around it. */

#include "app/rooms/model/model_tree.h"
#include "app/screen/room.h"
#include "core/base/mem.h"

typedef struct ModelRoom {
    Screen   *screen;
    ModelTree tree;
    int       cursor_row, cursor_col;
} ModelRoom;

static void model_room_free(void *self)
{
    ModelRoom *room = self;
    if (room == NULL) return;
    tree_close(&room->tree);
    mem_free(room);
}

static void *model_create(Screen *screen, Error *err)
{
    ModelRoom *room = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *room, err);
    if (room == NULL) return NULL;
    room->screen = screen;
    if (tree_open(&room->tree, screen_lab(screen), err)) return room;
    mem_free(room);
    return NULL;
}

static bool model_enter(void *self, const char *argument, Error *err)
{
    return argument == NULL || tree_take(&((ModelRoom *)self)->tree, argument, err);
}

static void model_draw(void *self, Grid *grid, Rect body, const Look *look)
{
    ModelRoom *room = self;
    ModelView  view;
    tree_view(&room->tree, &view);
    view_model(&view, look, grid, body);
    room->cursor_row = view.cursor_row;
    room->cursor_col = view.cursor_col;
}

static void model_title(void *self, Str *left, Str *right)
{
    const ModelTree *tree = &((ModelRoom *)self)->tree;
    Index            in = 0;
    for (Index i = 0; i < tree->outline->module_count; i++) in += tree->target[i];
    str_addf(left, tr("Model   %s · %td layers · "), str_text(&tree->base),
             tree->outline->config.L);
    str_add_grouped(left, tree->outline->parameters);
    str_add(left, tr(" parameters"));
    str_addf(right, tr("%td adapted at r %td"), in, tree->r);
}

/* ---- what needs the screen -------------------------------------------------------------- */

static void take_rank(void *self, const char *text)
{
    ModelRoom *room = self;
    Error      err = {0};
    Str        setting = {0};
    str_addf(&setting, "r=%s", text);
    if (!tree_take(&room->tree, str_text(&setting), &err)) {
        screen_say(room->screen, "%s", err.message);
    }
    str_free(&setting);
}

static void ask_rank(ModelRoom *room)
{
    Str text = {0};
    str_addf(&text, "%td", room->tree.r);
    screen_prompt(room->screen, tr("rank r of every pair:"), str_text(&text), take_rank, room);
    str_free(&text);
}

/* The numbers of the selected weight, in the matrix room. */
static bool look_at_weight(ModelRoom *room)
{
    const Module *module = tree_module(&room->tree);
    Str           line = {0};
    if (module == NULL || !tree_adaptable(module)) return false;
    str_addf(&line, "spectrum weight=%s",
             module->role == ROLE_HEAD && room->tree.outline->config.tied
                 ? model_module(room->tree.outline, ROLE_EMBED, -1)->name
                 : module->name);
    screen_go(room->screen, ROOM_MATRIX, str_text(&line));
    str_free(&line);
    return true;
}

static void hand_over(ModelRoom *room)
{
    Str settings = {0};
    tree_settings(&room->tree, &settings);
    screen_go(room->screen, ROOM_WORKBENCH, settings.len > 0 ? str_text(&settings) : NULL);
    str_free(&settings);
}

static bool model_act(void *self, Action action, Key key)
{
    ModelRoom *room = self;
    if (tree_act(&room->tree, action, key)) return true;
    switch (action) {
    case ACT_EDIT:
        ask_rank(room);
        return true;
    case ACT_COMMIT:
        return look_at_weight(room);
    case ACT_WORKBENCH:
        hand_over(room);
        return true;
    default:
        return false;
    }
}

static bool model_can(void *self, Action action)
{
    return tree_can(&((ModelRoom *)self)->tree, action);
}

static void model_cursor(void *self, int *row, int *col)
{
    const ModelRoom *room = self;
    *row = room->cursor_row;
    *col = room->cursor_col;
}

static void model_repeat(void *self, Str *out)
{
    const ModelTree *tree = &((ModelRoom *)self)->tree;
    if (tree->targets.len == 0) return;
    str_addf(out, "loralab plan --target_modules %s --r %td", str_text(&tree->targets), tree->r);
}

static bool model_command(void *self, const char *line)
{
    ModelRoom  *room = self;
    Error       err = {0};
    const char *known[] = {"target_modules=", "r="};
    bool        mine = false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t n = 0;
        while (known[i][n] != '\0' && line[n] == known[i][n]) n++;
        mine = mine || known[i][n] == '\0';
    }
    if (mine && !tree_take(&room->tree, line, &err)) screen_say(room->screen, "%s", err.message);
    return mine;
}

static void model_words(void *self, Str *words)
{
    (void)self;
    str_add(words, "target_modules= target_modules=all-linear target_modules=q_proj,v_proj r= ");
}

const RoomOps room_model = {
    .id = ROOM_MODEL,
    .create = model_create,
    .free = model_room_free,
    .enter = model_enter,
    .draw = model_draw,
    .title = model_title,
    .act = model_act,
    .can = model_can,
    .cursor = model_cursor,
    .repeat = model_repeat,
    .command = model_command,
    .words = model_words,
};
