/* `notes`: the presenter's second terminal. It listens to the lab and sends what the class votes.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/choose_look.h"
#include "app/commands.h"
#include "app/notes/notes.h"
#include "app/screen/keymap.h"
#include "app/signals.h"
#include "app/term/script.h"
#include "app/term/terminal.h"
#include "app/view/view_notes.h"
#include "core/base/mem.h"
#include "core/lab/lab.h"

enum { HEARD_MAX = 1 << 20, SCRIPT_MS = 20, GIVEN_MAX = 200 };

typedef struct Second {
    Display *display;
    Look     look;
    Grid     grid;
    Notes    notes;
    Str      heard; /* a line that is not complete yet */
    int      fd;
    char     given[GIVEN_MAX]; /* choices that were voted for, to be taken back */
    int      given_count, given_for;
    bool     lost, left;
} Second;

/* ---- listening ---- */

static void take_lines(Second *second)
{
    const char *text = str_text(&second->heard), *end;
    Str         rest = {0};
    while ((end = strchr(text, '\n')) != NULL) {
        if (!notes_read(&second->notes, text, end - text, NULL)) second->lost = true;
        text = end + 1;
    }
    str_add(&rest, text);
    str_free(&second->heard);
    second->heard = rest;
}

static void hear(Second *second)
{
    char    bytes[4096];
    ssize_t n = read(second->fd, bytes, sizeof bytes);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n > 0) str_add_bytes(&second->heard, bytes, n);
    if (n <= 0 || second->heard.len > HEARD_MAX) {
        second->lost = true;
        return;
    }
    take_lines(second);
}

/* ---- voting ---- */

/* The lab counts; what it says is shown. */
static void vote(Second *second, int choice, int by)
{
    if (choice < 0 || choice >= second->notes.choice_count || by == 0) return;
    if (!notes_vote(second->fd, second->notes.asks, choice, by, NULL)) second->lost = true;
}

static void vote_for(Second *second, int choice)
{
    if (choice >= second->notes.choice_count) return;
    if (second->given_for != second->notes.asks || second->given_count == GIVEN_MAX) {
        second->given_count = 0;
    }
    second->given_for = second->notes.asks;
    second->given[second->given_count++] = (char)choice;
    vote(second, choice, 1);
}

/* The last one first, as often as there were some. */
static void take_back(Second *second)
{
    if (second->given_for != second->notes.asks || second->given_count == 0) return;
    vote(second, second->given[--second->given_count], -1);
}

static void clear_votes(Second *second)
{
    second->given_count = 0;
    for (int i = 0; i < NOTES_CHOICES; i++) vote(second, i, -second->notes.votes[i]);
}

static void press(Second *second, Key key)
{
    switch (keymap_action(ROOM_NOTES, key, false)) {
    case ACT_CHOOSE:
        vote_for(second, (int)key.cp - '1');
        break;
    case ACT_UNDO:
        take_back(second);
        break;
    case ACT_RESET:
        clear_votes(second);
        break;
    case ACT_REDRAW:
        second->display->redraw(second->display->self);
        break;
    case ACT_SUSPEND:
        if (second->display->suspend != NULL) second->display->suspend(second->display->self);
        break;
    case ACT_STOP:
    case ACT_QUIT:
        second->left = true;
        break;
    default:
        break;
    }
}

static void read_keys(Second *second)
{
    Key key;
    while (!second->left && second->display->read(second->display->self, &key)) {
        if (key.code == K_GONE) second->left = true;
        press(second, key);
        if (second->display->fd < 0) break; /* a script looks at each key's screen */
    }
}

/* ---- showing ---- */

static void draw_hints(Second *second, int row)
{
    int col = 1;
    for (const KeyRow *at = keymap(); at->action != ACT_NONE; at++) {
        if (!(at->rooms & IN(ROOM_NOTES)) || at->hint == NULL) continue;
        if (at->action != ACT_QUIT && second->notes.choice_count == 0) continue;
        char   name[16] = "1-9";
        size_t n = strcspn(at->keys, " ");
        if (at->action != ACT_CHOOSE) {
            memcpy(name, at->keys, n < sizeof name ? n : 0);
            name[n] = '\0';
        }
        col += 1 + look_text(&second->look, &second->grid, row, col, 12, INK_KEY, name);
        col += 3 + look_text(&second->look, &second->grid, row, col, 30, INK_PLAIN, tr(at->hint));
    }
}

static bool show(Second *second, Error *err)
{
    int       rows = 0, cols = 0;
    char      wall[8] = "";
    time_t    now = time(NULL);
    struct tm local;

    second->display->size(second->display->self, &rows, &cols);
    if (rows != second->grid.rows || cols != second->grid.cols) {
        grid_free(&second->grid);
        if (!grid_init(&second->grid, rows, cols, err)) return false;
    }
    if (localtime_r(&now, &local) != NULL) strftime(wall, sizeof wall, "%H:%M", &local);
    grid_clear(&second->grid, (Rect){0, 0, rows, cols});
    view_notes_draw(&second->notes, second->lost, wall, &second->look, &second->grid,
                    (Rect){0, 0, rows - 2, cols});
    if (rows > 2) draw_hints(second, rows - 1);
    second->display->show(second->display->self, &second->grid, -1, 0);
    return true;
}

/* The clock goes on by itself between two lines of the lab. */
static bool run(Second *second, const Cancel *cancel, Error *err)
{
    double before = clock_seconds();
    while (!second->left && !cancel_requested(cancel)) {
        double now = clock_seconds();
        if (!second->lost && second->notes.steps > 0) second->notes.seconds += now - before;
        before = now;
        if (!show(second, err)) return false;
        struct pollfd fds[3] = {{.fd = second->display->fd, .events = POLLIN},
                                {.fd = second->lost ? -1 : second->fd, .events = POLLIN},
                                {.fd = signals_fd(), .events = POLLIN}};
        if (poll(fds, 3, second->display->fd < 0 ? SCRIPT_MS : 1000) > 0 && fds[1].revents != 0)
            hear(second);
        read_keys(second);
    }
    return true;
}

/* From a script, or at a terminal. */
static bool run_on_display(Second *second, const Args *args, const Cancel *cancel, Error *err)
{
    const char  *script = args_text(args, "script");
    TerminalSpec spec = {.colour = wants_colour(args)};

    if (!theme_find(args_text(args, "theme"), &spec.theme)) return false;
    choose_look(args_text(args, "charset"), script != NULL, false, &second->look);
    if (script != NULL) {
        second->display = script_open(script, args_text(args, "save"), err);
        if (second->display == NULL) return false;
        script_set_colours(second->display, spec.theme, spec.colour);
        bool ok = run(second, cancel, err);
        return script_close(second->display, err) && ok;
    }
    second->display = terminal_open(&spec, err);
    bool ok = second->display != NULL && run(second, cancel, err);
    terminal_close(second->display);
    return ok;
}

bool cmd_notes(Lab *lab, const Args *args, const Sink *sink, const Cancel *cancel, Result *result,
               Error *err)
{
    Second      second = {.fd = -1};
    const char *refusal = args_text(args, "script") != NULL ? NULL : terminal_refusal();
    (void)lab;
    (void)sink;

    if (refusal != NULL) return error_set(err, ERR_DEVICE, "%s", refusal);
    second.fd = notes_connect(err);
    if (second.fd < 0) return false;
    bool ok = run_on_display(&second, args, cancel, err);
    close(second.fd);
    grid_free(&second.grid);
    notes_free(&second.notes);
    str_free(&second.heard);
    if (ok && second.lost) result_line(result, "%s", tr("the lab is gone"));
    return ok;
}
