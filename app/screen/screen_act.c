/* What one key does: a question first, then the room, then what holds everywhere. */

#include <string.h>

#include "app/screen/screen_internal.h"
#include "core/base/mem.h"

bool screen_typing(const Screen *screen)
{
    const RoomOps *ops = screen_ops(screen->here);
    return screen->asks != ASK_NOTHING || (ops->typing != NULL && ops->typing(screen_room(screen)));
}

bool screen_busy(const Screen *screen)
{
    for (RoomId id = 0; id < ROOM_COUNT; id++) {
        const RoomOps *ops = screen_ops(id);
        void          *room = screen->rooms[id];
        if (room != NULL && ops->busy != NULL && ops->busy(room)) return true;
    }
    return false;
}

/* What the screen does itself, wherever one is. */
static bool is_own(const Screen *screen, Action action)
{
    switch (action) {
    case ACT_COMMAND:
    case ACT_THEME:
    case ACT_HELP:
    case ACT_QUIT:
    case ACT_REDRAW:
    case ACT_STOP:
    case ACT_NOTES:
        return true;
    case ACT_SUSPEND:
        return screen->spec->display->suspend != NULL;
    default:
        return false;
    }
}

bool screen_can(const Screen *screen, const KeyRow *row)
{
    const RoomOps *ops = screen_ops(screen->here);
    if (row->hint == NULL || !(row->rooms & IN(screen->here))) return false;
    if (key_usable(row, screen_typing(screen)) == NULL) return false;
    if (row->action == ACT_LEAVE) return screen_typing(screen); /* else q stands there */
    return is_own(screen, row->action) ||
           (ops->can != NULL && ops->can(screen_room(screen), row->action));
}

/* ---- leaving ---- */

static void leave_now(void *context)
{
    ((Screen *)context)->left = true;
}

static void quit(Screen *screen)
{
    if (screen->here != ROOM_HOME) {
        screen_back(screen);
    } else if (screen_busy(screen)) {
        screen_ask(screen, tr("Work is running; stop it and leave?"), leave_now, screen);
    } else {
        screen->left = true;
    }
}

/* The first one gives up the step under way and saves, the second leaves. */
static void stop(Screen *screen)
{
    bool busy = screen_busy(screen);
    if (++screen->stops > 1) {
        screen->left = true;
        return;
    }
    for (RoomId id = 0; id < ROOM_COUNT; id++) {
        const RoomOps *ops = screen_ops(id);
        if (screen->rooms[id] != NULL && ops->stop != NULL) ops->stop(screen->rooms[id]);
    }
    screen_say(screen, "%s",
               busy ? tr("stopped; Ctrl-C once more leaves the lab")
                    : tr("nothing is running; Ctrl-C once more leaves the lab"));
}

/* ---- going ---- */

static bool go_to_room(Screen *screen, Action action)
{
    static const struct {
        Action action;
        RoomId room;
    } ways[] = {{ACT_WORKBENCH, ROOM_WORKBENCH},
                {ACT_MATRIX, ROOM_MATRIX},
                {ACT_RUNS, ROOM_RUNS},
                {ACT_MODEL, ROOM_MODEL},
                {ACT_HELP, ROOM_HELP}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (ways[i].action != action) continue;
        screen_go(screen, ways[i].room, action == ACT_HELP ? room_title(screen->here) : NULL);
        return true;
    }
    return false;
}

static void show_repeat_line(Screen *screen)
{
    const RoomOps *ops = screen_ops(screen->here);
    Str            line = {0};
    if (ops->repeat != NULL) ops->repeat(screen_room(screen), &line);
    if (line.len > 0 && !line.failed) {
        bool copied = screen_copy(screen, str_text(&line));
        screen_say(screen, copied ? tr("copied, where the terminal allows it: %s") : "%s",
                   str_text(&line));
    } else {
        screen_say(screen, "%s", tr("nothing here is repeated by a line in a shell"));
    }
    str_free(&line);
}

static void next_theme(Screen *screen)
{
    screen->theme = (Theme)((screen->theme + 1) % THEME_COUNT);
    screen->spec->display->theme(screen->spec->display->self, screen->theme);
    screen->redraw = true;
    screen_say(screen, tr("theme %s"), theme_name(screen->theme));
}

static void act_everywhere(Screen *screen, Action action)
{
    Display *display = screen->spec->display;
    if (go_to_room(screen, action)) return;
    switch (action) {
    case ACT_COMMAND:
        screen_ask_command(screen);
        break;
    case ACT_THEME:
        next_theme(screen);
        break;
    case ACT_REDRAW:
        screen->redraw = true;
        break;
    case ACT_SUSPEND:
        if (display->suspend != NULL) display->suspend(display->self);
        screen->redraw = true;
        break;
    case ACT_QUIT:
        quit(screen);
        break;
    case ACT_LEAVE:
    case ACT_ERASE:
        if (screen->here != ROOM_HOME) screen_back(screen);
        break;
    case ACT_COPY:
        show_repeat_line(screen);
        break;
    case ACT_GNUPLOT:
        screen_plot(screen);
        break;
    case ACT_NOTES:
        screen_say(screen, "%s", tr("in a second terminal: loralab notes"));
        break;
    default:
        break;
    }
}

void screen_key(Screen *screen, Key key)
{
    const RoomOps *ops = screen_ops(screen->here);
    Action         action = keymap_action(screen->here, key, screen_typing(screen));

    screen->dirty = true;
    if (action != ACT_STOP) screen->stops = 0;
    if (screen->asks != ASK_NOTHING) {
        screen_ask_act(screen, action, key);
        return;
    }
    str_clear(&screen->said);
    if (action == ACT_NONE) return;
    if (action == ACT_STOP) {
        stop(screen);
    } else if (!ops->act(screen_room(screen), action, key)) {
        act_everywhere(screen, action);
    }
}
