/* A display without a terminal: keys come from a file, screens go to files. */

#include "app/term/script.h"

#include <string.h>

#include "app/term/film.h"
#include "app/term/picture.h"
#include "app/term/script_parse.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "core/base/pool.h"
#include "core/base/text.h"

enum { ROWS = 24, COLS = 80 };

typedef struct Player {
    Display display;
    Script  script;
    char   *path, *folder; /* folder NULL: nothing is saved */
    Index   next;          /* the step to come */
    int     rows, cols;
    bool    shown;        /* there is a screen to look at */
    Paper   paper;        /* of pictures */
    Grid    seen;         /* the screen as shown last, */
    Str     plain, saved; /* the same as text */
    Film   *film;
    double  patience, since; /* since: when waiting began; 0: it does not wait */
    Error   failure;
} Player;

/* ---- what went wrong ---- */

/* As much of the screen as a message holds, rows apart by a bar. */
static void add_screen(Str *out, const char *screen)
{
    for (const char *at = screen; *at != '\0';) {
        size_t length = strcspn(at, "\n"), blanks = strspn(at, " ");
        if (blanks < length) {
            str_add(out, out->len > 0 ? " | " : "");
            str_add_bytes(out, at + blanks, (Index)(length - blanks));
        }
        at += length + (at[length] == '\n');
    }
}

static void keep_failed_screen(Player *player)
{
    Error err = {0};
    char *path = player->folder != NULL ? path_join(player->folder, "failed.txt", &err) : NULL;
    if (path != NULL && file_write_all(path, str_text(&player->plain), player->plain.len, &err)) {
        error_hint(&player->failure, "the whole screen is in %.200s", path);
    }
    mem_free(path);
}

static void fail(Player *player, const ScriptStep *step, const char *what)
{
    Str screen = {0}, path = {0}, text = {0};
    add_screen(&screen, str_text(&player->plain));
    safe_text(&path, player->path, (Index)strlen(player->path), false, 120);
    safe_text(&text, step->text, (Index)strlen(step->text), false, 80);
    error_set(&player->failure, ERR_FAILED, "%s:%d: \"%s\" %s; the screen: %s", str_text(&path),
              step->line, str_text(&text), what, str_text(&screen));
    keep_failed_screen(player);
    str_free(&screen);
    str_free(&path);
    str_free(&text);
}

/* ---- steps that give no key ---- */

static bool shows(const Player *player, const char *text)
{
    return strstr(str_text(&player->plain), text) != NULL;
}

/* False while it goes on. */
static bool is_over(Player *player, const ScriptStep *step)
{
    bool over = shows(player, step->text) == (step->verb == VERB_WAIT);
    if (player->since <= 0) player->since = clock_seconds();
    if (!over && clock_seconds() - player->since > player->patience) {
        fail(player, step, step->verb == VERB_WAIT ? "does not appear" : "stays");
        over = true;
    }
    if (over) player->since = 0;
    return over;
}

static bool is_picture(const char *name)
{
    size_t n = strlen(name);
    return n > 4 && strcmp(name + n - 4, ".svg") == 0;
}

static void save_screen(Player *player, const ScriptStep *step)
{
    Str        made = {0};
    const Str *what = step->verb == VERB_FILM || is_picture(step->text) ? &made : &player->saved;
    if (step->verb == VERB_FILM) {
        film_svg(&made, player->film, "loralab");
    } else if (what == &made) {
        picture_svg(&made, &player->seen, player->paper, "loralab");
    }
    char *path = path_join(player->folder, step->text, &player->failure);
    bool  ok = path != NULL && str_ok(what, &player->failure) &&
              file_write_all(path, str_text(what), what->len, &player->failure);
    if (!ok) error_prefix(&player->failure, "%.120s:%d", player->path, step->line);
    mem_free(path);
    str_free(&made);
}

static void keep_frame(Player *player, const ScriptStep *step)
{
    if (film_frame(player->film, &player->seen, player->paper, step->seconds, &player->failure))
        return;
    error_prefix(&player->failure, "%.120s:%d", player->path, step->line);
}

static void keep_seen(Player *player, const Grid *grid)
{
    Grid *seen = &player->seen;
    if (seen->rows != grid->rows || seen->cols != grid->cols) {
        grid_free(seen);
        if (!grid_init(seen, grid->rows, grid->cols, &player->failure)) return;
    }
    memcpy(seen->cells, grid->cells, (size_t)grid->rows * (size_t)grid->cols * sizeof *seen->cells);
}

/* ---- the display ---- */

static void player_size(void *self, int *rows, int *cols)
{
    Player *player = self;
    *rows = player->rows;
    *cols = player->cols;
}

/* True with the key that a step gives; false when it must be looked at again later. */
static bool play(Player *player, const ScriptStep *step, Key *key)
{
    switch (step->verb) {
    case VERB_KEY:
        *key = step->key;
        return true;
    case VERB_SIZE:
        player->rows = step->rows;
        player->cols = step->cols;
        *key = (Key){.code = K_RESIZE};
        return true;
    case VERB_SEE:
        if (!shows(player, step->text)) fail(player, step, "is not shown");
        return false;
    case VERB_SAVE:
    case VERB_FILM:
        save_screen(player, step);
        return false;
    case VERB_FRAME:
        keep_frame(player, step);
        return false;
    case VERB_WAIT:
    case VERB_GONE:
        break;
    }
    return false;
}

static bool player_read(void *self, Key *key)
{
    Player *player = self;
    if (!player->shown) return false;
    while (player->next < player->script.count && player->failure.code == ERR_NONE) {
        const ScriptStep *step = &player->script.steps[player->next];
        bool              waits = step->verb == VERB_WAIT || step->verb == VERB_GONE;
        if (waits && !is_over(player, step)) return false;
        player->next++;
        if (play(player, step, key)) return true;
    }
    *key = (Key){.code = K_GONE};
    return true;
}

static void player_show(void *self, const Grid *grid, int row, int col)
{
    Player *player = self;
    (void)row, (void)col;
    player->shown = true;
    str_clear(&player->plain);
    str_clear(&player->saved);
    grid_plain(&player->plain, grid);
    grid_saved(&player->saved, grid);
    keep_seen(player, grid);
    if (!str_ok(&player->plain, &player->failure)) str_clear(&player->plain);
}

static void player_redraw(void *self)
{
    (void)self;
}

static void player_theme(void *self, Theme theme)
{
    Player *player = self;
    player->paper.theme = theme;
}

/* ---- life ---- */

static void player_free(Player *player)
{
    script_free(&player->script);
    str_free(&player->plain);
    str_free(&player->saved);
    grid_free(&player->seen);
    film_free(player->film);
    mem_free(player->path);
    mem_free(player->folder);
    mem_free(player);
}

Display *script_open(const char *path, const char *folder, Error *err)
{
    Player *player = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *player, err);
    if (player == NULL) return NULL;
    player->display = (Display){.self = player,
                                .fd = -1,
                                .size = player_size,
                                .read = player_read,
                                .show = player_show,
                                .redraw = player_redraw,
                                .theme = player_theme};
    player->rows = ROWS;
    player->cols = COLS;
    player->patience = 60;
    player->path = mem_strdup(path, err);
    player->folder = folder != NULL ? mem_strdup(folder, err) : NULL;
    player->film = film_create(err);
    if (player->path != NULL && player->film != NULL &&
        (folder == NULL || player->folder != NULL) &&
        (folder == NULL || folder_make(folder, err)) &&
        script_parse(&player->script, path, folder != NULL, err)) {
        return &player->display;
    }
    player_free(player);
    return NULL;
}

void script_set_patience(Display *display, double seconds)
{
    Player *player = display->self;
    player->patience = seconds;
}

void script_set_colours(Display *display, Theme theme, bool colour)
{
    Player *player = display->self;
    player->paper = (Paper){.theme = theme, .grey = !colour};
}

bool script_close(Display *display, Error *err)
{
    if (display == NULL) return true;
    Player *player = display->self;
    bool    ok = player->failure.code == ERR_NONE;
    if (!ok) {
        error_set(err, player->failure.code, "%s", player->failure.message);
        if (player->failure.hint[0] != '\0') error_hint(err, "%s", player->failure.hint);
    } else if (player->next < player->script.count) {
        ok = error_set(err, ERR_FAILED, "%.200s:%d: the lab was left before this line",
                       player->path, player->script.steps[player->next].line);
    }
    player_free(player);
    return ok;
}
