/* Show, wait, read, do. */

#define _GNU_SOURCE
#include "tests/app/typist.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "app/signals.h"
#include "core/base/mem.h"

typedef struct Desk {
    Display *display;
    Grid     grid;
    Theme    theme;
    int      row; /* of the next key's name */
    bool     done;
    int      status;
} Desk;

static void show(Desk *desk)
{
    desk->display->show(desk->display->self, &desk->grid, 0, 3);
}

/* A screen of the size that the terminal has now. */
static void begin_screen(Desk *desk)
{
    char text[80];
    int  rows, cols;
    grid_free(&desk->grid);
    desk->display->size(desk->display->self, &rows, &cols);
    if (!grid_init(&desk->grid, rows, cols, NULL)) _exit(80);
    snprintf(text, sizeof text, "ready:%dx%d", rows, cols);
    grid_text(&desk->grid, 0, 0, cols, INK_STRONG, text);
    for (int ink = 0; ink < INK_COUNT; ink++) {
        grid_text(&desk->grid, 1, 2 * ink, 1, (Ink)ink, "x");
    }
    grid_text(&desk->grid, 2, 0, cols, INK_SERIES_1, "日本 e\u0301 ⣿ end");
    desk->row = 3;
    show(desk);
}

static void say_key(Desk *desk, Key key)
{
    Str text = {0};
    str_add(&text, "key:");
    key_name(&text, key);
    str_add(&text, ";");
    if (desk->row >= desk->grid.rows) begin_screen(desk);
    grid_text(&desk->grid, desk->row++, 0, desk->grid.cols, INK_PLAIN, str_text(&text));
    str_free(&text);
    show(desk);
}

static void touch_what_nobody_may(void)
{
    volatile char *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *page = 1;
}

/* Into the clipboard: a short text, then one that is too long. */
static void copy(Desk *desk)
{
    static char long_text[20000];
    Display    *display = desk->display;
    memset(long_text, 'x', sizeof long_text - 1);
    bool there = display->copy != NULL;
    bool copied = there && display->copy(display->self, "loralab run rank --seed 42");
    bool refused = there && !display->copy(display->self, long_text);
    grid_text(&desk->grid, desk->row++, 0, desk->grid.cols, INK_PLAIN,
              !there              ? "copy:none."
              : copied && refused ? "copy:done."
                                  : "copy:WRONG.");
    show(desk);
}

static void obey(Desk *desk, uint32_t letter)
{
    Display *display = desk->display;
    desk->done = letter == 'q';
    if (letter == 'r') display->redraw(display->self);
    if (letter == 'r' || letter == 'n') show(desk);
    if (letter == 'c') {
        grid_put(&desk->grid, desk->grid.rows - 1, desk->grid.cols - 1, '@', INK_BAD);
        show(desk);
    }
    if (letter == 'T') {
        desk->theme = (Theme)((desk->theme + 1) % THEME_COUNT);
        display->theme(display->self, desk->theme);
        show(desk);
    }
    if (letter == 'Y') copy(desk);
    if (letter == 'P') CHECK(letter == 'p');
    if (letter == 'E') exit(9);
    if (letter == 'F') touch_what_nobody_may();
    if (letter == 'Z') kill(getpid(), SIGTSTP);
    if (strchr("qrncTPEFZY", (int)letter) == NULL) say_key(desk, (Key){K_CHAR, letter});
}

static void take_key(Desk *desk, Key key)
{
    if (key.code == K_GONE) {
        desk->done = true;
        desk->status = 7;
    } else if (key.code == K_RESIZE) {
        begin_screen(desk);
    } else if (key.code == K_CTRL && key.cp == 'z') {
        desk->display->suspend(desk->display->self);
        begin_screen(desk);
    } else if (key.code == K_CHAR) {
        obey(desk, key.cp);
    } else {
        say_key(desk, key);
    }
}

int typist_run(void *context)
{
    const Typist *typist = context;
    Error         err = {0};
    Desk          desk = {.theme = typist->spec.theme};

    if (typist->takes_signals) signals_install();
    if (typist->ignores_hang_up) signal(SIGHUP, SIG_IGN);
    desk.display = terminal_open(&typist->spec, &err);
    if (desk.display == NULL) return (int)err.code;
    begin_screen(&desk);
    while (!desk.done) {
        struct pollfd keys = {.fd = desk.display->fd, .events = POLLIN};
        Key           key;
        poll(&keys, 1, -1);
        while (!desk.done && desk.display->read(desk.display->self, &key)) take_key(&desk, key);
    }
    terminal_close(desk.display);
    grid_free(&desk.grid);
    return desk.status;
}
