/* The loop: wait, read keys, look at what the rooms' work handed over, draw. */

#define _GNU_SOURCE /* pipe2 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "app/screen/screen_internal.h"
#include "core/base/mem.h"

static const double frame_seconds = 1.0 / 15;
static const double leave_seconds = 0.4; /* for a picture that is being written */

static const RoomOps *const all_ops[ROOM_COUNT] = {
    [ROOM_HOME] = &room_home,     [ROOM_LESSON] = &room_lesson, [ROOM_WORKBENCH] = &room_workbench,
    [ROOM_MATRIX] = &room_matrix, [ROOM_RUNS] = &room_runs,     [ROOM_MODEL] = &room_model,
    [ROOM_HELP] = &room_help};

const RoomOps *screen_ops(RoomId id)
{
    return all_ops[id];
}

void *screen_room(const Screen *screen)
{
    return screen->rooms[screen->here];
}

/* ---- for rooms ---- */

Lab *screen_lab(Screen *screen)
{
    return screen->spec->lab;
}

/* A full pipe wakes as well as one byte in it. */
void screen_wake(Screen *screen)
{
    const char byte = 1;
    ssize_t    n = write(screen->wake[1], &byte, 1);
    CHECK(n == 1 || errno == EAGAIN);
}

void screen_wake_context(void *screen)
{
    screen_wake(screen);
}

void screen_dirty(Screen *screen)
{
    screen->dirty = true;
}

double screen_now(const Screen *screen)
{
    return screen->spec->fixed_clock ? screen->spec->look.now : clock_seconds();
}

const Look *screen_look(const Screen *screen)
{
    return &screen->look;
}

int screen_threads(const Screen *screen)
{
    return screen->spec->threads;
}

const int *screen_votes(const Screen *screen)
{
    return screen->notes.votes;
}

uint64_t screen_seed(const Screen *screen)
{
    return screen->spec->seed;
}

bool screen_seeded(const Screen *screen)
{
    return screen->spec->seeded;
}

const char *screen_lang(const Screen *screen)
{
    return screen->spec->lang != NULL ? screen->spec->lang : "";
}

bool screen_quick(const Screen *screen)
{
    return screen->spec->quick;
}

bool screen_copy(Screen *screen, const char *text)
{
    Display *display = screen->spec->display;
    return display->copy != NULL && display->copy(display->self, text);
}

void screen_alone(Screen *screen, const void *room)
{
    for (RoomId id = 0; id < ROOM_COUNT; id++) {
        void *other = screen->rooms[id];
        if (other != NULL && other != room && all_ops[id]->pause != NULL) all_ops[id]->pause(other);
    }
}

void screen_go(Screen *screen, RoomId room, const char *argument)
{
    mem_free(screen->wanted_argument);
    screen->wanted_argument = argument != NULL ? mem_strdup(argument, NULL) : NULL;
    screen->wanted = room;
    screen->goes = true;
}

/* Where one came from; the visit is forgotten. */
void screen_back(Screen *screen)
{
    if (screen->visit_count == 0) {
        screen_go(screen, ROOM_HOME, NULL);
        return;
    }
    RoomId from = screen->visits[--screen->visit_count];
    screen_go(screen, from, NULL);
    screen->returns = true;
}

/* ---- coming and going ---- */

static void note_visit(Screen *screen)
{
    if (screen->visit_count == VISITS_MAX) {
        memmove(screen->visits, screen->visits + 1, (VISITS_MAX - 1) * sizeof(RoomId));
        screen->visit_count--;
    }
    screen->visits[screen->visit_count++] = screen->here;
}

static bool come_in(Screen *screen, RoomId id, const char *argument, Error *err)
{
    if (screen->rooms[id] == NULL) screen->rooms[id] = all_ops[id]->create(screen, err);
    if (screen->rooms[id] == NULL) return false;
    return all_ops[id]->enter == NULL || all_ops[id]->enter(screen->rooms[id], argument, err);
}

/* A room that cannot be entered leaves one where one was, with the reason. */
static void go_there(Screen *screen)
{
    Error  err = {0};
    char  *argument = screen->wanted_argument;
    RoomId to = screen->wanted;
    bool   returns = screen->returns;

    screen->wanted_argument = NULL;
    screen->goes = screen->returns = false;
    if (come_in(screen, to, argument, &err)) {
        if (to == ROOM_HOME) screen->visit_count = 0;
        if (!returns && to != screen->here && to != ROOM_HOME) note_visit(screen);
        screen->here = to;
    } else {
        screen_say(screen, "%s%s%s", err.message, err.hint[0] != '\0' ? "; " : "", err.hint);
    }
    mem_free(argument);
    screen->dirty = true;
}

/* ---- the loop ---- */

static void drain(int fd)
{
    char bytes[64];
    while (read(fd, bytes, sizeof bytes) > 0) continue;
}

static int poll_timeout(const Screen *screen)
{
    if (screen->spec->display->fd < 0) return screen->dirty ? 0 : 5;
    if (screen->dirty) {
        double left = screen->drawn + frame_seconds - clock_seconds();
        return left > 0 ? (int)(left * 1000) + 1 : 0;
    }
    return screen->gnuplot != NULL ? 100 : -1;
}

/* What there is for the presenter, and what the class said. A lesson goes on while one looks
 * something up in another room, so a room that has no notes leaves those of the lesson. */
static void turn_notes(Screen *screen)
{
    RoomId id = all_ops[screen->here]->notes != NULL ? screen->here : ROOM_LESSON;
    if (screen->server == NULL) return;
    notes_clear(&screen->notes);
    if (screen->rooms[id] != NULL) all_ops[id]->notes(screen->rooms[id], &screen->notes);
    if (notes_serve_turn(screen->server, &screen->notes)) screen->dirty = true;
    notes_serve_tell(screen->server, &screen->notes);
}

static void wait_for_something(Screen *screen)
{
    struct pollfd fds[5 + NOTES_FDS];
    nfds_t        n = 0;
    int           out = -1, in = -1;

    if (screen->gnuplot != NULL) gnuplot_poll_fds(screen->gnuplot, &in, &out);
    fds[n++] = (struct pollfd){.fd = screen->wake[0], .events = POLLIN};
    fds[n++] = (struct pollfd){.fd = screen->spec->display->fd, .events = POLLIN};
    fds[n++] = (struct pollfd){.fd = screen->spec->signal_fd, .events = POLLIN};
    fds[n++] = (struct pollfd){.fd = in, .events = POLLIN};
    fds[n++] = (struct pollfd){.fd = out, .events = POLLOUT};
    if (screen->server != NULL) n += (nfds_t)notes_serve_fds(screen->server, fds + n);
    if (poll(fds, n, poll_timeout(screen)) > 0 && (fds[0].revents & POLLIN)) {
        drain(screen->wake[0]);
        for (RoomId id = 0; id < ROOM_COUNT; id++) {
            if (screen->rooms[id] != NULL && all_ops[id]->turn != NULL) {
                all_ops[id]->turn(screen->rooms[id]);
            }
        }
    }
    screen_plot_turn(screen);
    turn_notes(screen);
}

/* All keys that wait; true when one came, so that the screen follows at once. */
static bool read_keys(Screen *screen, Error *err)
{
    Display *display = screen->spec->display;
    Key      key;
    bool     any = false;

    while (!screen->left && display->read(display->self, &key)) {
        any = true;
        if (key.code == K_GONE) {
            screen->left = true;
            return error_set(err, ERR_CANCELLED, "%s", tr("the terminal is gone"));
        }
        if (key.code == K_RESIZE) {
            screen->dirty = screen->redraw = true;
        } else {
            screen_key(screen, key);
        }
        if (screen->goes) go_there(screen);
        if (display->fd < 0) break; /* a script looks at each key's screen */
    }
    return any;
}

static bool run_loop(Screen *screen, Error *err)
{
    while (!screen->left) {
        bool typed = read_keys(screen, err);
        if (screen->goes) go_there(screen);
        if (screen->left) break;
        if (cancel_requested(screen->spec->cancel)) {
            return error_set(err, ERR_CANCELLED, "%s", tr("stopped"));
        }
        double now = clock_seconds();
        if (screen->dirty && (typed || now - screen->drawn >= frame_seconds)) {
            screen->look.now = screen_now(screen);
            if (!screen_draw(screen, err)) return false;
            screen->drawn = now;
            screen->dirty = false;
        }
        wait_for_something(screen);
    }
    return err->code == ERR_NONE;
}

static void close_screen(Screen *screen)
{
    Error unsaid = {0}; /* nobody is there to read it */
    if (screen->plot_path != NULL) (void)!gnuplot_finish(screen->gnuplot, leave_seconds, &unsaid);
    screen_plot_end(screen);
    for (RoomId id = 0; id < ROOM_NOTES; id++) all_ops[id]->free(screen->rooms[id]);
    notes_serve_end(screen->server);
    notes_free(&screen->notes);
    for (int i = 0; i < screen->history_count; i++) mem_free(screen->history[i]);
    close(screen->wake[0]);
    close(screen->wake[1]);
    mem_free(screen->wanted_argument);
    line_edit_free(&screen->edit);
    str_free(&screen->label);
    str_free(&screen->said);
    grid_free(&screen->grid);
}

bool screen_run(const ScreenSpec *spec, Error *err)
{
    Screen screen = {.spec = spec, .look = spec->look, .theme = spec->theme, .dirty = true};

    if (pipe2(screen.wake, O_CLOEXEC | O_NONBLOCK) != 0) {
        return error_set(err, ERR_DEVICE, tr("no pipe could be made: %s"), strerror(errno));
    }
    screen.server = notes_serve(NULL); /* who has no place for it has no second terminal */
    bool ok = come_in(&screen, ROOM_HOME, NULL, err);
    if (ok && spec->room != ROOM_HOME) screen_go(&screen, spec->room, spec->argument);
    ok = ok && run_loop(&screen, err);
    close_screen(&screen);
    return ok;
}
