/*
 * Pictures on their way to gnuplot and back:
 *
 *     show -> queue -> pipe -> gnuplot -> file in the private folder -> where the user wants it
 *                                 `-----> ack on stderr, which lets the next one go
 *
 * Nothing here waits but gnuplot_finish and gnuplot_stop, each with a limit.
 */

#include "app/gnuplot/gnuplot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/gnuplot/gnuplot_internal.h"
#include "core/base/file.h"
#include "core/base/mem.h"

enum { QUEUE_MAX = 64 };

/* ---- life ---- */

/* Letters that nothing a file may hold can guess. */
static bool random_word(char *word, size_t letters, Error *err)
{
    unsigned char bytes[32] = {0};
    FILE         *file = fopen("/dev/urandom", "rbe");
    bool          ok = file != NULL && fread(bytes, 1, letters, file) == letters;
    if (file != NULL) fclose(file);
    for (size_t i = 0; i < letters; i++) word[i] = (char)('a' + bytes[i] % 26);
    word[letters] = '\0';
    return ok || error_set(err, ERR_DEVICE, "/dev/urandom cannot be read");
}

Gnuplot *gnuplot_open(GnuplotCage kind, const char *terminal, bool strict, Error *err)
{
    Gnuplot *g = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *g, err);
    if (g == NULL) return NULL;
    *g = (Gnuplot){.kind = kind, .strict = strict, .window = kind != CAGE_FILE, .held = -1};
    g->child = (Child){.in = -1, .words = -1};
    snprintf(g->terminal, sizeof g->terminal, "%s", terminal);
    g->folder = gnuplot_folder(&g->held, err);
    if (g->folder != NULL && random_word(g->word, sizeof g->word - 1, err) &&
        child_start(&g->child, kind, g->folder, err)) {
        return g;
    }
    gnuplot_stop(g);
    return NULL;
}

void frame_file(char *name, size_t size, long serial)
{
    snprintf(name, size, "picture-%ld", serial);
}

void frame_free(Frame *frame)
{
    if (frame == NULL) return;
    mem_free(frame->path);
    str_free(&frame->script);
    mem_free(frame);
}

void gnuplot_drop_frames(Gnuplot *g)
{
    while (g->first != NULL) {
        Frame *next = g->first->next;
        frame_free(g->first);
        g->first = next;
    }
    g->flying = false;
    g->sent = 0;
}

void gnuplot_stop(Gnuplot *gnuplot)
{
    if (gnuplot == NULL) return;
    bool ran = gnuplot->child.pid > 0;
    child_stop(&gnuplot->child);
    if (ran && gnuplot->window) child_sweep(gnuplot->folder);
    gnuplot_drop_frames(gnuplot);
    if (gnuplot->folder != NULL) child_remove_folder(gnuplot->folder);
    if (gnuplot->held >= 0) close(gnuplot->held);
    mem_free(gnuplot->folder);
    mem_free(gnuplot);
}

/* ---- what there is to say ---- */

const char *gnuplot_news(Gnuplot *gnuplot)
{
    if (!gnuplot->has_news) return NULL;
    gnuplot->has_news = false;
    return gnuplot->news;
}

const char *gnuplot_words(const Gnuplot *gnuplot)
{
    return gnuplot->words;
}

bool gnuplot_alive(const Gnuplot *gnuplot)
{
    return gnuplot->child.pid > 0;
}

/* ---- the queue ---- */

/* One that has not been begun and would write the same file, or the same window. */
static Frame **place_for(Gnuplot *g, const char *path)
{
    Frame **at = &g->first;
    while (*at != NULL) {
        const char *other = (*at)->path;
        bool        same = path == NULL ? other == NULL : other != NULL && strcmp(path, other) == 0;
        if (same && !(*at == g->first && g->flying)) return at;
        at = &(*at)->next;
    }
    return at;
}

static void enqueue(Gnuplot *g, Frame *frame)
{
    Index count = 0;
    for (const Frame *f = g->first; f != NULL; f = f->next) count++;
    if (count >= QUEUE_MAX) {
        error_set(&g->failed, ERR_DEVICE, "gnuplot is %d pictures behind", QUEUE_MAX);
        frame_free(frame);
        return;
    }
    Frame **at = place_for(g, frame->path);
    if (*at != NULL) {
        Frame *old = *at;
        frame->next = old->next;
        frame_free(old);
    }
    *at = frame;
}

static Frame *frame_create(Gnuplot *g, const char *path)
{
    Frame *frame = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *frame, &g->failed);
    if (frame == NULL) return NULL;
    frame->serial = ++g->serial;
    frame->path = path != NULL ? mem_strdup(path, &g->failed) : NULL;
    if (path == NULL || frame->path != NULL) return frame;
    frame_free(frame);
    return NULL;
}

/* Whatever a picture did to gnuplot's state, the ack goes to stderr and the file is closed. */
static void finish_script(Gnuplot *g, Frame *frame)
{
    str_addf(&frame->script, "\nset print\nprint '%s %ld'\n", g->word, frame->serial);
    if (str_ok(&frame->script, &g->failed)) {
        enqueue(g, frame);
    } else {
        frame_free(frame);
    }
}

void gnuplot_say(Gnuplot *gnuplot, const char *commands)
{
    Frame *frame = frame_create(gnuplot, NULL);
    if (frame == NULL) return;
    str_add(&frame->script, commands);
    finish_script(gnuplot, frame);
}

void gnuplot_show(Gnuplot *gnuplot, const Figure *figure, int width, int height, const char *path)
{
    Frame *frame = frame_create(gnuplot, gnuplot->window ? NULL : path);
    char   name[40], end_word[20];
    if (frame == NULL) return;
    frame_file(name, sizeof name, frame->serial);
    if (!random_word(end_word, sizeof end_word - 1, &gnuplot->failed)) {
        frame_free(frame);
        return;
    }
    GnuplotTarget target = {.terminal = gnuplot->terminal,
                            .file = gnuplot->window ? NULL : name,
                            .width = width,
                            .height = height,
                            .strict = gnuplot->strict};
    figure_gnuplot(&frame->script, figure, &target, end_word);
    if (!gnuplot->window) str_add(&frame->script, "\nunset output\n");
    finish_script(gnuplot, frame);
    gnuplot_turn(gnuplot);
}
