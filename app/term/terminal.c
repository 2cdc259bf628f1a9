/* The one file that knows ncurses. */

#define _DEFAULT_SOURCE
#define _XOPEN_SOURCE 700
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/term/terminal_internal.h"
#include "core/base/mem.h"
#include "core/base/text.h"

/* After ours, for term.h makes macros of words like "lines"; and ncurses has a key_name too. */
#define NCURSES_WIDECHAR 1
#define key_name curses_key_name
#include <ncurses.h>
#include <term.h>
#undef key_name

enum {
    ESCAPE_MS = 25, /* how long a key that begins with ESC may take */
    SIDE_MAX = 1000 /* rows and columns; a window that says more is taken as this large */
};

typedef struct Terminal {
    Display display;
    SCREEN *screen;
    WINDOW *keys; /* reading from it never draws */
    Theme   theme;
    int     colours; /* 0: none */
    int     rows, cols;
    Grid    shown; /* what the terminal shows; 0 x 0: not known */
    int     cursor_row, cursor_col;
    bool    anew; /* everything is sent at the next show */
    Input   input;
} Terminal;

static bool is_open;

/* ---- may it be used? ---- */

static bool has(const char *capability)
{
    const char *text = tigetstr(capability);
    return text != NULL && text != (char *)-1;
}

/* TERM is as hostile as any text. */
static void name_terminal(Str *safe)
{
    const char *name = getenv("TERM");
    safe_text(safe, name, (Index)strlen(name), false, 40);
}

const char *terminal_refusal(void)
{
    static char sentence[200];
    const char *name = getenv("TERM");
    Str         safe = {0};
    int         why = 0;

    if (isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1) {
        return tr("standard input and output are not both a terminal");
    }
    if (name == NULL || name[0] == '\0') return tr("TERM does not say which terminal this is");
    if (strcmp(name, "dumb") == 0) return tr("TERM says that this terminal is dumb");
    bool known = setupterm(NULL, STDOUT_FILENO, &why) == OK, placed = false;
    if (known) {
        placed = has("cup") && has("clear");
        del_curterm(cur_term);
    }
    if (placed) return NULL;
    name_terminal(&safe);
    snprintf(sentence, sizeof sentence,
             known ? tr("a terminal \"%s\" (TERM) has no cursor that can be placed")
                   : tr("no terminal called \"%s\" (TERM) is known here"),
             str_text(&safe));
    str_free(&safe);
    return sentence;
}

/* ---- the way back ---- */

/* A capability without its pauses, "$<5>". */
static void add_capability(Str *out, const char *text)
{
    if (text == NULL || text == (char *)-1) return;
    while (*text != '\0') {
        const char *end = strncmp(text, "$<", 2) == 0 ? strchr(text, '>') : NULL;
        if (end == NULL) str_add_bytes(out, text, 1);
        text = end != NULL ? end + 1 : text + 1;
    }
}

/* Plain colours, the cursor seen, at the bottom, the screen of before. */
static bool prepare_rescue(Error *err)
{
    Str bytes = {0};
    int why = 0;
    if (setupterm(NULL, STDOUT_FILENO, &why) != OK) {
        return error_set(err, ERR_DEVICE, "this terminal is not known");
    }
    add_capability(&bytes, tigetstr("sgr0"));
    add_capability(&bytes, tigetstr("op"));
    add_capability(&bytes, tigetstr("cnorm"));
    add_capability(&bytes, tigetstr("rmkx"));
    if (has("cup")) add_capability(&bytes, tparm(tigetstr("cup"), SIDE_MAX - 1, 0));
    add_capability(&bytes, tigetstr("rmcup"));
    if (!has("rmcup")) str_add(&bytes, "\r\n");
    del_curterm(cur_term);
    bool ok = str_ok(&bytes, err);
    if (ok) guard_arm(str_text(&bytes), (size_t)bytes.len);
    str_free(&bytes);
    return ok;
}

/* ---- size ---- */

static int within(int sides, int otherwise)
{
    return sides <= 0 ? otherwise : sides > SIDE_MAX ? SIDE_MAX : sides;
}

static struct winsize window_size(void)
{
    struct winsize window = {0};
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &window);
    return window;
}

/* True when it is another one. */
static bool take_size(Terminal *t)
{
    struct winsize window = window_size();
    int            rows = within(window.ws_row, t->rows), cols = within(window.ws_col, t->cols);
    if (rows == t->rows && cols == t->cols) return false;
    if (resize_term(rows, cols) != OK) return false;
    t->rows = getmaxy(stdscr);
    t->cols = getmaxx(stdscr);
    t->anew = true;
    return true;
}

static void terminal_size(void *self, int *rows, int *cols)
{
    Terminal *t = self;
    *rows = t->rows;
    *cols = t->cols;
}

/* ---- colours ---- */

static void set_colours(Terminal *t)
{
    for (int ink = 0; ink < INK_COUNT && t->colours > 0; ink++) {
        Paint paint = terminal_paint(t->theme, t->colours, (Ink)ink);
        init_pair((short)(ink + 1), paint.fg, paint.bg);
    }
    t->anew = true;
}

static void start_colours(Terminal *t, bool wanted)
{
    t->colours = 0;
    if (!wanted || !has_colors() || start_color() != OK || COLOR_PAIRS <= INK_COUNT) return;
    /* A terminal that cannot name its own colours is black and white. */
    if (use_default_colors() != OK) assume_default_colors(COLOR_WHITE, COLOR_BLACK);
    t->colours = COLORS;
}

static void terminal_theme(void *self, Theme theme)
{
    Terminal *t = self;
    t->theme = theme;
    set_colours(t);
}

/* ---- showing ---- */

static cchar_t styled(const Terminal *t, const Cell *cell)
{
    cchar_t out;
    wchar_t text[CELL_CHARACTERS + 1];
    Ink     ink = cell->ink < INK_COUNT ? (Ink)cell->ink : INK_PLAIN;
    Paint   paint = terminal_paint(t->theme, t->colours, ink);
    attr_t  style = A_NORMAL;

    if (paint.bold || cell->bold) style |= A_BOLD;
    if (paint.dim) style |= A_DIM;
    if (cell->reverse) style |= A_REVERSE;
    bool own = t->colours == 0 || (paint.fg < 0 && paint.bg < 0);
    terminal_cell(cell, text);
    setcchar(&out, text, style, (short)(own ? 0 : (int)ink + 1), NULL);
    return out;
}

static bool same_cell(const Cell *a, const Cell *b)
{
    return a->width == b->width && a->ink == b->ink && a->reverse == b->reverse &&
           a->bold == b->bold && strncmp(a->text, b->text, CELL_BYTES) == 0;
}

/* From left to right: what is left of a wide character that went is written after it. */
static bool draw_row(const Terminal *t, const Grid *grid, int row, bool all)
{
    bool any = false;
    for (int col = 0; col < grid->cols && col < t->cols; col++) {
        const Cell *cell = grid_at(grid, row, col), *before = grid_at(&t->shown, row, col);
        if (cell->width == 0 || (!all && same_cell(cell, before))) continue;
        cchar_t out = styled(t, cell);
        mvwadd_wchnstr(stdscr, row, col, &out, 1);
        any = true;
    }
    return any;
}

static void keep_shown(Terminal *t, const Grid *grid)
{
    bool fits =
        t->shown.cells != NULL && t->shown.rows == grid->rows && t->shown.cols == grid->cols;
    if (!fits) {
        grid_free(&t->shown);
        if (!grid_init(&t->shown, grid->rows, grid->cols, NULL)) return;
    }
    memcpy(t->shown.cells, grid->cells, (size_t)grid->rows * (size_t)grid->cols * sizeof(Cell));
}

/* True when it is somewhere else now. */
static bool place_cursor(Terminal *t, int row, int col)
{
    bool hidden = row < 0 || row >= t->rows || col < 0 || col >= t->cols;
    if (hidden) row = col = -1;
    bool moved = row != t->cursor_row || col != t->cursor_col;
    if (moved && hidden != (t->cursor_row < 0)) curs_set(hidden ? 0 : 1);
    t->cursor_row = row;
    t->cursor_col = col;
    wmove(stdscr, hidden ? t->rows - 1 : row, hidden ? 0 : col);
    return moved;
}

static void terminal_show(void *self, const Grid *grid, int row, int col)
{
    Terminal *t = self;
    bool all = t->anew || t->shown.rows != grid->rows || t->shown.cols != grid->cols, any = all;

    if (t->input.gone) return;
    if (all) werase(stdscr);
    if (t->anew) clearok(curscr, TRUE);
    for (int r = 0; r < grid->rows && r < t->rows; r++) any = draw_row(t, grid, r, all) || any;
    keep_shown(t, grid);
    t->anew = false;
    if (place_cursor(t, row, col) || any) wrefresh(stdscr);
}

static void terminal_redraw(void *self)
{
    Terminal *t = self;
    t->anew = true;
}

/* ---- keys ---- */

static int next_code(void *context)
{
    static const struct {
        int     code;
        KeyCode key;
    } codes[] = {
        {KEY_UP, K_UP},         {KEY_DOWN, K_DOWN},     {KEY_LEFT, K_LEFT},
        {KEY_RIGHT, K_RIGHT},   {KEY_PPAGE, K_PAGE_UP}, {KEY_NPAGE, K_PAGE_DOWN},
        {KEY_HOME, K_HOME},     {KEY_FIND, K_HOME},     {KEY_END, K_END},
        {KEY_SELECT, K_END},    {KEY_LL, K_END},        {KEY_ENTER, K_ENTER},
        {KEY_BTAB, K_BACK_TAB}, {KEY_DC, K_DELETE},     {KEY_BACKSPACE, K_BACKSPACE},
        {KEY_F(1), K_F1},       {KEY_A1, K_HOME},       {KEY_A3, K_PAGE_UP},
        {KEY_C1, K_END},        {KEY_C3, K_PAGE_DOWN},  {KEY_HELP, K_F1},
    };
    int code = wgetch(context);
    if (code == ERR) return INPUT_NOTHING;
    if (code < KEY_MIN) return code;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (codes[i].code == code) return INPUT_KEYS + (int)codes[i].key;
    }
    return INPUT_KEYS + (int)K_NONE;
}

static bool take_events(Terminal *t, Key *key)
{
    unsigned events = guard_events();
    bool     resized = (events & (GUARD_SIZE | GUARD_CONTINUED)) && take_size(t);
    *key = (Key){0};
    if (events & GUARD_CONTINUED) {
        reset_prog_mode();
        t->anew = true;
    }
    if (resized || (events & GUARD_CONTINUED)) *key = (Key){.code = K_RESIZE};
    if (events & GUARD_STOP) *key = (Key){K_CTRL, 'z'};
    return key->code != K_NONE;
}

static bool terminal_read(void *self, Key *key)
{
    Terminal *t = self;
    return take_events(t, key) || input_read(&t->input, key);
}

/* ---- life ---- */

static void terminal_suspend(void *self)
{
    Terminal *t = self;
    endwin();
    guard_stop();
    t->anew = true;
    guard_events();
    take_size(t);
}

/* As an operating system command (OSC 52): base64, so that nothing of the text is obeyed. What
 * ncurses has written is out by now, so the bytes fall between two of its own sequences. */
static bool terminal_copy(void *self, const char *text)
{
    Terminal *t = self;
    Str       bytes = {0};
    bool      fits = !t->input.gone && terminal_clip(&bytes, text);
    if (fits) {
        fwrite(str_text(&bytes), 1, (size_t)bytes.len, stdout);
        fflush(stdout);
    }
    str_free(&bytes);
    return fits;
}

/* Some that know no such command show its letters. */
static bool has_clipboard(void)
{
    static const char *const known[] = {"xterm",     "tmux",  "screen", "rxvt",    "foot",
                                        "alacritty", "kitty", "st-",    "wezterm", "contour"};
    const char              *name = getenv("TERM");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strncmp(name, known[i], strlen(known[i])) == 0) return true;
    }
    return has("Ms");
}

static void set_modes(Terminal *t)
{
    raw();
    noecho();
    nonl();
    set_escdelay(ESCAPE_MS);
    keypad(t->keys, TRUE);
    nodelay(t->keys, TRUE);
    intrflush(t->keys, FALSE);
    leaveok(stdscr, FALSE);
    curs_set(0);
}

static bool start_ncurses(Terminal *t, Error *err)
{
    /* Never LINES and COLUMNS, which would hold against every later size; and what the kernel says
     * only where there is memory for it. */
    struct winsize window = window_size();
    use_env(FALSE);
    use_tioctl(window.ws_row <= SIDE_MAX && window.ws_col <= SIDE_MAX);
    t->screen = newterm(NULL, stdout, stdin);
    if (t->screen == NULL) return error_set(err, ERR_DEVICE, "ncurses cannot use this terminal");
    t->keys = newpad(1, 1);
    if (t->keys == NULL) {
        endwin();
        delscreen(t->screen);
        return error_set(err, ERR_MEMORY, "no memory for the screen");
    }
    return true;
}

Display *terminal_open(const TerminalSpec *spec, Error *err)
{
    CHECK(!is_open);
    setlocale(LC_CTYPE, "");
    const char *refusal = terminal_refusal();
    if (refusal != NULL) {
        error_set(err, ERR_DEVICE, "%s", refusal);
        return NULL;
    }
    Terminal *t = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *t, err);
    if (t == NULL) return NULL;
    if (!guard_open(err)) {
        mem_free(t);
        return NULL;
    }
    if (!prepare_rescue(err) || !start_ncurses(t, err)) {
        guard_disarm();
        guard_close();
        mem_free(t);
        return NULL;
    }
    t->display = (Display){.self = t,
                           .fd = guard_fd(),
                           .size = terminal_size,
                           .read = terminal_read,
                           .show = terminal_show,
                           .redraw = terminal_redraw,
                           .theme = terminal_theme,
                           .copy = has_clipboard() ? terminal_copy : NULL,
                           .suspend = terminal_suspend};
    t->theme = spec->theme;
    t->rows = getmaxy(stdscr);
    t->cols = getmaxx(stdscr);
    t->cursor_row = t->cursor_col = -1;
    start_colours(t, spec->colour);
    set_colours(t);
    t->input = (Input){.next = next_code, .context = t->keys};
    set_modes(t);
    take_size(t);
    t->anew = true;
    is_open = true;
    return &t->display;
}

void terminal_close(Display *display)
{
    if (display == NULL) return;
    Terminal *t = display->self;
    CHECK(is_open);
    endwin();
    guard_disarm();
    guard_close();
    delwin(t->keys);
    delscreen(t->screen);
    grid_free(&t->shown);
    mem_free(t);
    is_open = false;
}
