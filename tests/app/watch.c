#include "tests/app/watch.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/term/picture.h"
#include "core/base/pool.h"
#include "core/base/text.h"
#include "tests/app/payloads.h"
#include "tests/app/screens.h"
#include "tests/test.h"

enum { PATIENCE = 60, PICTURES = 5 /* each fifth screen as a picture, too */ };

/* ---- looking ---- */

static void note(Watch *watch, const char *where, const char *bytes, Index n)
{
    char   hex[64] = "";
    size_t at = 0;
    for (Index i = 0; i < n && i < 8; i++) {
        at += (size_t)snprintf(hex + at, sizeof hex - at, " %02x", (unsigned char)bytes[i]);
    }
    if (watch->fault[0] == '\0') {
        snprintf(watch->fault, sizeof watch->fault, "screen %td, %s:%s", watch->shown, where, hex);
    }
}

static void look_at_text(Watch *watch, const char *where, const Str *text)
{
    Index at = first_unsafe(str_text(text), text->len);
    if (at >= 0) note(watch, where, str_text(text) + at, text->len - at);
    if (text->failed) note(watch, "no memory", "", 0);
}

static void look_at_cells(Watch *watch, const Grid *grid)
{
    for (int row = 0; row < grid->rows; row++) {
        for (int col = 0; col < grid->cols; col++) {
            const Cell *cell = grid_at(grid, row, col);
            size_t      n = strnlen(cell->text, CELL_BYTES);
            Index       at = first_unsafe(cell->text, (Index)n);
            char        where[40];
            if (at < 0 && n < CELL_BYTES && strchr(cell->text, '\n') == NULL) continue;
            snprintf(where, sizeof where, "row %d, column %d", row, col);
            note(watch, where, cell->text, (Index)n);
        }
    }
}

void watch_look(Watch *watch, const Grid *grid)
{
    Str saved = {0}, picture = {0};
    look_at_cells(watch, grid);
    str_clear(&watch->text);
    grid_plain(&watch->text, grid);
    look_at_text(watch, "text", &watch->text);
    grid_saved(&saved, grid);
    look_at_text(watch, "saved", &saved);
    if (watch->shown % PICTURES == 0) picture_svg(&picture, grid, (Paper){0}, "loralab");
    look_at_text(watch, "picture", &picture);
    str_free(&saved);
    str_free(&picture);
}

/* ---- the display ---- */

static void watch_size(void *self, int *rows, int *cols)
{
    const Watch *watch = self;
    *rows = watch->rows;
    *cols = watch->cols;
}

static bool watch_read(void *self, Key *key)
{
    Watch *watch = self;
    bool   was_typed = watch->typed;
    watch->typed = false;
    if (watch->shown == 0 || was_typed) return false;
    *key = (Key){K_GONE, 0};
    watch->typed = watch->fault[0] != '\0' || watch->next(watch, key);
    watch->display.fd = watch->typed ? watch->ready : -1;
    return watch->typed;
}

static void watch_show(void *self, const Grid *grid, int row, int col)
{
    Watch *watch = self;
    watch->shown++;
    if (watch->sized_only) {
        str_clear(&watch->text);
        grid_plain(&watch->text, grid);
    } else {
        watch_look(watch, grid);
    }
    if (grid->rows != watch->rows || grid->cols != watch->cols || grid->failed) {
        note(watch, "another size", "", 0);
    }
    if (row >= watch->rows || (row >= 0 && (col < 0 || col >= watch->cols))) {
        note(watch, "the cursor is outside", "", 0);
    }
}

static void watch_redraw(void *self)
{
    (void)self;
}

static void watch_theme(void *self, Theme theme)
{
    (void)self, (void)theme;
}

void watch_run(Watch *watch, Lab *lab, RoomId room, const char *argument)
{
    Error err = {0};
    watch->ready = open("/dev/null", O_RDONLY | O_CLOEXEC);
    watch->display = (Display){.self = watch,
                               .fd = -1,
                               .size = watch_size,
                               .read = watch_read,
                               .show = watch_show,
                               .redraw = watch_redraw,
                               .theme = watch_theme};
    ScreenSpec spec = {.lab = lab,
                       .display = &watch->display,
                       .signal_fd = -1,
                       .look = look_braille,
                       .fixed_clock = true,
                       .quick = true,
                       .threads = 1,
                       .seed = 42,
                       .room = room,
                       .argument = argument};
    if (watch->rows == 0) {
        watch->rows = 30;
        watch->cols = 100;
    }
    bool left = screen_run(&spec, &err) || err.code == ERR_CANCELLED;
    close(watch->ready);
    if (watch->fault[0] != '\0') fail_msg("%s\n%s", watch->fault, str_text(&watch->text));
    if (!left) fail_msg("%s", err.message);
}

bool watch_shows(const Watch *watch, const char *words)
{
    return strstr(str_text(&watch->text), words) != NULL;
}

void watch_free(Watch *watch)
{
    str_free(&watch->text);
}

/* ---- typing ---- */

/* The next key of "type:TEXT": bytes that are no character are typed as U+FFFD. */
static bool type_on(WatchKeys *keys, const char *text, Key *key)
{
    Index n = (Index)strlen(text);
    if (keys->typed >= n) return false;
    int length = utf8_decode(text + keys->typed, n - keys->typed, &key->cp);
    if (length < 0) key->cp = 0xfffd;
    key->code = K_CHAR;
    keys->typed += length > 0 ? length : -length;
    return true;
}

static bool waits(Watch *watch, WatchKeys *keys, const char *words)
{
    if (keys->since <= 0) keys->since = clock_seconds();
    if (watch_shows(watch, words)) {
        keys->since = 0;
        return false;
    }
    if (clock_seconds() - keys->since > PATIENCE && watch->fault[0] == '\0') {
        snprintf(watch->fault, sizeof watch->fault, "\"%.100s\" does not appear", words);
    }
    return true;
}

bool watch_type(Watch *watch, Key *key)
{
    WatchKeys *keys = watch->context;
    while (keys->keys[keys->at] != NULL) {
        const char *word = keys->keys[keys->at];
        if (strncmp(word, "type:", 5) == 0) {
            if (type_on(keys, word + 5, key)) return true;
            keys->typed = 0;
        } else if (strncmp(word, "wait:", 5) == 0) {
            if (waits(watch, keys, word + 5)) return watch->fault[0] != '\0';
        } else {
            keys->at++;
            if (!key_parse(word, key)) {
                snprintf(watch->fault, sizeof watch->fault, "there is no key %.40s", word);
            }
            return true;
        }
        keys->at++;
    }
    *key = (Key){K_GONE, 0};
    return true;
}
