/* `notes`: the presenter's second terminal. It listens to the lab and sends what the class votes.
 */

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/notes/notes.h"
#include "app/screen/keymap.h"
#include "app/signals.h"
#include "app/term/terminal.h"
#include "app/view/view_notes.h"
#include "core/base/mem.h"
#include "core/lab/lab.h"

typedef struct Second {
    Display *display;
    Look     look;
    Grid     grid;
    Notes    notes;
    Str      heard;    /* a line that is not complete yet */
    int      fd, last; /* last: the choice that was voted for */
    bool     lost, left;
} Second;

enum { HEARD_MAX = 1 << 20 };

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

static void vote(Second *second, int choice, int by)
{
    int *votes = second->notes.votes;
    if (choice < 0 || choice >= second->notes.choice_count || votes[choice] + by < 0) return;
    votes[choice] += by;
    second->last = by > 0 ? choice : -1;
    if (!notes_vote(second->fd, second->notes.asks, votes, NULL)) second->lost = true;
}

static void clear_votes(Second *second)
{
    memset(second->notes.votes, 0, sizeof second->notes.votes);
    if (!notes_vote(second->fd, second->notes.asks, second->notes.votes, NULL)) second->lost = true;
}

static void press(Second *second, Key key)
{
    switch (keymap_action(ROOM_NOTES, key, false)) {
    case ACT_CHOOSE:
        vote(second, (int)key.cp - '1', 1);
        break;
    case ACT_UNDO:
        vote(second, second->last, -1);
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
        if (poll(fds, 3, 1000) > 0 && fds[1].revents != 0) hear(second);
        read_keys(second);
    }
    return true;
}

bool cmd_notes(Lab *lab, const Args *args, const Sink *sink, const Cancel *cancel, Result *result,
               Error *err)
{
    Second      second = {.fd = -1, .last = -1};
    const char *refusal = terminal_refusal(), *no = getenv("NO_COLOR");
    (void)lab;
    (void)args;
    (void)sink;

    if (refusal != NULL) return error_set(err, ERR_DEVICE, "%s", refusal);
    second.fd = notes_connect(err);
    if (second.fd < 0) return false;
    setlocale(LC_CTYPE, "");
    second.look.ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
    second.look.charset = second.look.ascii ? CHARSET_ASCII : CHARSET_BRAILLE;
    TerminalSpec spec = {.theme = THEME_AUTO, .colour = no == NULL || no[0] == '\0'};
    second.display = terminal_open(&spec, err);
    bool ok = second.display != NULL && run(&second, cancel, err);
    terminal_close(second.display);
    close(second.fd);
    grid_free(&second.grid);
    notes_free(&second.notes);
    str_free(&second.heard);
    if (ok && second.lost) result_line(result, "%s", tr("the lab is gone"));
    return ok;
}
