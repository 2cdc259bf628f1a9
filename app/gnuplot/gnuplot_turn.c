/*
 * The pipe's two ends, a little at a time: what gnuplot says, what it can take, whether it lives.
 */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/gnuplot/gnuplot_internal.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/pool.h"
#include "core/base/text.h"

enum { PICTURE_MAX = 64 << 20 };

PRINTF_LIKE(2, 3) static void tell(Gnuplot *g, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(g->news, sizeof g->news, tr(fmt), args);
    va_end(args);
    g->has_news = true;
}

/* ---- a picture comes back ---- */

static void add_safe(Str *out, const Gnuplot *g)
{
    Index n = g->words_length;
    while (n > 0 && g->words[n - 1] == '\n') n--;
    safe_text(out, g->words, n, false, 200);
}

static void forget_words(Gnuplot *g)
{
    g->words_length = 0;
    g->words[0] = '\0';
}

static void no_picture(Gnuplot *g, const Frame *frame, const char *why)
{
    Str safe = {0};
    add_safe(&safe, g);
    error_set(&g->failed, ERR_DEVICE, "gnuplot made no %s: %s", path_base(frame->path),
              safe.len > 0 ? str_text(&safe) : why);
    str_free(&safe);
}

/* The private folder may lie on another disk than the user's, so the bytes are written there
 * anew, durably, and the first copy goes. */
static void deliver(Gnuplot *g, const Frame *frame)
{
    char        name[40];
    Index       n = 0;
    struct stat stat = {0};

    frame_file(name, sizeof name, frame->serial);
    char *from = path_join(g->folder, name, &g->failed);
    if (from == NULL) return;
    if (lstat(from, &stat) != 0 || !S_ISREG(stat.st_mode) || stat.st_size == 0) {
        no_picture(g, frame, tr("it did not say why"));
    } else {
        char *bytes = file_read_all(from, PICTURE_MAX, &n, &g->failed);
        bool  ok = bytes != NULL && file_write_all(frame->path, bytes, n, &g->failed);
        mem_free(bytes);
        if (ok) unlink(from);
    }
    mem_free(from);
}

static void frame_done(Gnuplot *g)
{
    Frame *frame = g->first;
    g->first = frame->next;
    if (frame->path != NULL) deliver(g, frame);
    frame_free(frame);
    g->flying = false;
    g->sent = 0;
    g->silent = 0;
    if (g->first != NULL) forget_words(g);
}

/* ---- stderr ---- */

static void take_line(Gnuplot *g)
{
    char  ack[48];
    Index n = g->line_length, room = (Index)sizeof g->words - 2 - g->words_length;

    g->line[n] = '\0';
    g->line_length = 0;
    snprintf(ack, sizeof ack, "%s %ld", g->word, g->first != NULL ? g->first->serial : 0);
    if (g->flying && strcmp(g->line, ack) == 0) {
        frame_done(g);
    } else if (n > 0 && n < room) {
        memcpy(g->words + g->words_length, g->line, (size_t)n);
        g->words_length += n;
        g->words[g->words_length++] = '\n';
        g->words[g->words_length] = '\0';
    }
}

static void take_bytes(Gnuplot *g, const char *bytes, Index n)
{
    for (Index i = 0; i < n; i++) {
        if (bytes[i] == '\n') {
            take_line(g);
        } else if (bytes[i] != '\0' && g->line_length + 1 < (Index)sizeof g->line) {
            g->line[g->line_length++] = bytes[i];
        }
    }
}

/* A bounded share at a time: who prints without end is not listened to without end. */
static void read_words(Gnuplot *g)
{
    char bytes[4096];
    for (int share = 0; share < 64; share++) {
        ssize_t n = g->child.words >= 0 ? read(g->child.words, bytes, sizeof bytes) : 0;
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return;
        take_bytes(g, bytes, n);
    }
}

/* ---- stdin ---- */

static void write_some(Gnuplot *g)
{
    if (g->first == NULL || g->child.in < 0) return;
    if (!g->flying) {
        g->flying = true;
        g->since = clock_seconds();
        forget_words(g);
    }
    const Str *script = &g->first->script;
    while (g->sent < script->len) {
        ssize_t n = write(g->child.in, script->data + g->sent, (size_t)(script->len - g->sent));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return; /* full, or dead: child_ended will say so */
        g->sent += n;
    }
}

/* ---- life and death ---- */

static void start_again(Gnuplot *g)
{
    g->flying = false;
    g->sent = 0;
    g->silent = g->stopped = 0;
    g->line_length = 0;
    if (g->deaths >= GNUPLOT_DEATHS_MAX || g->first == NULL) return;
    Error err = {0};
    if (!child_start(&g->child, g->kind, g->folder, &err)) {
        error_set(&g->failed, err.code, "%s", err.message);
        g->deaths = GNUPLOT_DEATHS_MAX;
    }
}

static void mourn(Gnuplot *g)
{
    int state = g->child.wait_state;
    int number = WIFSIGNALED(state) ? WTERMSIG(state) : WEXITSTATUS(state);

    read_words(g);
    child_close(&g->child);
    if (g->window) child_sweep(g->folder);
    g->deaths++;
    const char *how = WIFSIGNALED(state) ? tr("signal") : tr("exit status");
    Str         safe = {0};
    add_safe(&safe, g);
    if (g->deaths >= GNUPLOT_DEATHS_MAX) {
        tell(g, "gnuplot ended %d times and is not started again", g->deaths);
    } else {
        tell(g, "gnuplot ended (%s %d)%s%s", how, number, safe.len > 0 ? ": " : "",
             str_text(&safe));
    }
    str_free(&safe);
    g->flying = false;
    /* A window that somebody closed the hard way is not opened again over an old picture. */
    if (g->window) gnuplot_drop_frames(g);
}

static void check_answer(Gnuplot *g)
{
    double now = clock_seconds(), waited = g->flying ? now - g->since : 0;

    if (waited > GNUPLOT_SILENT_SECONDS && g->silent <= 0) {
        g->silent = now;
        tell(g, "gnuplot is not answering");
    }
    if (waited > GNUPLOT_KILL_SECONDS && g->stopped <= 0) {
        g->stopped = now;
        child_signal(&g->child, SIGTERM);
    }
    if (g->stopped > 0 && now - g->stopped > 0.25) child_signal(&g->child, SIGKILL);
}

void gnuplot_turn(Gnuplot *gnuplot)
{
    Gnuplot *g = gnuplot;
    if (g->child.pid == 0) start_again(g);
    if (g->child.pid == 0) return;
    read_words(g);
    if (child_ended(&g->child)) {
        mourn(g);
        return;
    }
    write_some(g);
    check_answer(g);
}

void gnuplot_poll_fds(const Gnuplot *gnuplot, int *read_fd, int *write_fd)
{
    const Frame *frame = gnuplot->first;
    bool         more = frame != NULL && (!gnuplot->flying || gnuplot->sent < frame->script.len);
    *read_fd = gnuplot->child.words;
    *write_fd = more ? gnuplot->child.in : -1;
}

bool gnuplot_idle(const Gnuplot *gnuplot)
{
    return gnuplot->first == NULL;
}

static bool finished(Gnuplot *g, double until)
{
    while (g->first != NULL) {
        struct pollfd fds[2] = {{.events = POLLIN}, {.events = POLLOUT}};
        gnuplot_turn(g);
        if (g->first == NULL || (g->child.pid == 0 && g->deaths >= GNUPLOT_DEATHS_MAX)) break;
        if (clock_seconds() >= until) break;
        gnuplot_poll_fds(g, &fds[0].fd, &fds[1].fd);
        poll(fds, 2, 20);
    }
    return g->first == NULL;
}

bool gnuplot_finish(Gnuplot *gnuplot, double seconds, Error *err)
{
    bool done = finished(gnuplot, clock_seconds() + seconds);
    if (!done) {
        Str safe = {0};
        add_safe(&safe, gnuplot);
        error_set(&gnuplot->failed, ERR_DEVICE, "gnuplot did not finish within %.0f s%s%s", seconds,
                  safe.len > 0 ? ": " : "", str_text(&safe));
        str_free(&safe);
        gnuplot_drop_frames(gnuplot);
    }
    Error failed = gnuplot->failed;
    gnuplot->failed = (Error){0};
    if (failed.code == ERR_NONE) return true;
    return error_set(err, failed.code, "%s", failed.message);
}
