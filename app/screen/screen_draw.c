/* Title, rule, body, status, hints: the frame around every room. */

#include <string.h>

#include "app/screen/screen_internal.h"
#include "core/base/mem.h"
#include "core/base/text.h"

enum { NEED_ROWS = 5, NEED_COLS = 20, FRAMED_ROWS = 16 };

static int row_columns(const char *text)
{
    return text_columns(text, (Index)strlen(text));
}

static void draw_title(Screen *screen, int cols)
{
    Str            left = {0}, right = {0};
    const RoomOps *ops = screen_ops(screen->here);
    ops->title(screen_room(screen), &left, &right);
    int  used = row_columns(str_text(&right));
    int  room = cols - 2 - (used > 0 ? used + 2 : 0);
    bool fits = row_columns(str_text(&left)) <= room;
    if (room < cols / 2 && !fits) room = cols - 2;
    look_text(&screen->look, &screen->grid, 0, 1, room, INK_STRONG, str_text(&left));
    grid_bold(&screen->grid, (Rect){0, 0, 1, cols});
    if (used > 0 && room + used + 2 < cols) {
        look_right(&screen->look, &screen->grid, 0, cols - 1, used, INK_PLAIN, str_text(&right));
    }
    str_free(&left);
    str_free(&right);
}

/* The keys that work now, as many as fit; the last ones of the table are dropped first, but for
 * help and quit, which always stand at the right. */
static const char *hint_words(const Screen *screen, const KeyRow *row)
{
    bool taken = row->action == ACT_COMMIT && screen->here != ROOM_LESSON && screen_typing(screen);
    return taken ? tr("take it") : tr(row->hint);
}

static int hint_width(const Screen *screen, const KeyRow *row)
{
    size_t n = strcspn(key_usable(row, screen_typing(screen)), " ");
    return (int)n + 1 + row_columns(hint_words(screen, row)) + 3;
}

static bool is_last_hint(const KeyRow *row)
{
    return row->action == ACT_HELP || row->action == ACT_QUIT;
}

static int draw_hint(Screen *screen, const KeyRow *row, int at, int col)
{
    char        name[24] = "";
    const char *key = key_usable(row, screen_typing(screen));
    memcpy(name, key, strcspn(key, " "));
    int used = look_text(&screen->look, &screen->grid, at, col, 24, INK_KEY, name);
    grid_bold(&screen->grid, (Rect){at, col, 1, used});
    used += 1;
    used += look_text(&screen->look, &screen->grid, at, col + used, 40, INK_PLAIN,
                      hint_words(screen, row));
    return used + 3;
}

/* Beside an open question: what Tab found, or how to answer. */
static void draw_ask_hint(Screen *screen, int at, int cols)
{
    const char *text = screen->said.len > 0 ? str_text(&screen->said)
                       : screen->asks == ASK_COMMAND
                           ? tr("Enter does it, Tab completes, Up recalls, "
                                "Esc leaves")
                       : screen->asks == ASK_YES_NO ? tr("y yes   n no")
                                                    : tr("Enter takes it, Esc leaves");
    look_text(&screen->look, &screen->grid, at, 1, cols - 2, INK_PLAIN, text);
}

static void draw_hints(Screen *screen, int at, int cols)
{
    int kept = 0, col = 1;
    if (screen->asks != ASK_NOTHING) {
        draw_ask_hint(screen, at, cols);
        return;
    }
    for (const KeyRow *row = keymap(); row->action != ACT_NONE; row++) {
        if (is_last_hint(row) && screen_can(screen, row)) kept += hint_width(screen, row);
    }
    for (const KeyRow *row = keymap(); row->action != ACT_NONE; row++) {
        if (row->hint == NULL || !screen_can(screen, row)) continue;
        bool last = is_last_hint(row);
        int  room = last ? cols + 2 : cols + 2 - kept;
        if (col + hint_width(screen, row) > room) continue;
        if (last) kept -= hint_width(screen, row);
        col += draw_hint(screen, row, at, col);
    }
}

/* Returns the column of the cursor, or -1. */
static int draw_status(Screen *screen, int at, int cols)
{
    if (screen->asks == ASK_NOTHING) {
        if (screen->said.len > 0) {
            look_text(&screen->look, &screen->grid, at, 1, cols - 2, INK_STRONG,
                      str_text(&screen->said));
        } else if (!screen->look.projector) {
            look_rule(&screen->look, &screen->grid, at, 0, cols);
        }
        return -1;
    }
    int used = 1 + look_text(&screen->look, &screen->grid, at, 1, cols - 2, INK_STRONG,
                             str_text(&screen->label));
    if (screen->asks == ASK_YES_NO) return used;
    /* A line longer than the row is shown from where its cursor still fits. */
    int         column = line_edit_column(&screen->edit), room = cols - used - 2;
    const char *text = line_edit_text(&screen->edit);
    for (; column >= room && *text != '\0'; column--) {
        do text++;
        while (((unsigned char)*text & 0xC0) == 0x80);
    }
    look_text(&screen->look, &screen->grid, at, used, room, INK_PLAIN, text);
    return used + (column > 0 ? column : 0);
}

static void draw_too_small(Screen *screen, int rows, int cols)
{
    Str text = {0};
    str_addf(&text, tr("needs %dx%d, has %dx%d"), NEED_COLS, NEED_ROWS, cols, rows);
    look_text(&screen->look, &screen->grid, 0, 0, cols, INK_PLAIN, str_text(&text));
    str_free(&text);
}

static void draw_all(Screen *screen, int rows, int cols, int *cursor_row, int *cursor_col)
{
    const RoomOps *ops = screen_ops(screen->here);
    bool           framed = rows >= FRAMED_ROWS;
    int            top = framed ? 2 : 1;
    bool           asks = screen->asks != ASK_NOTHING;

    draw_title(screen, cols);
    if (framed && !screen->look.projector) look_rule(&screen->look, &screen->grid, 1, 0, cols);
    screen->body = (Rect){top, 0, rows - top - 2, cols};
    ops->draw(screen_room(screen), &screen->grid, screen->body, &screen->look);
    int col = draw_status(screen, rows - 2, cols);
    draw_hints(screen, rows - 1, cols);
    if (asks && col >= 0) {
        *cursor_row = rows - 2;
        *cursor_col = col < cols ? col : cols - 1;
    } else if (ops->cursor != NULL) {
        ops->cursor(screen_room(screen), cursor_row, cursor_col);
    }
}

bool screen_draw(Screen *screen, Error *err)
{
    Display *display = screen->spec->display;
    int      rows = 0, cols = 0, row = -1, col = 0;

    display->size(display->self, &rows, &cols);
    if (rows != screen->grid.rows || cols != screen->grid.cols) {
        Grid grid = {0};
        if (!grid_init(&grid, rows, cols, err)) return false;
        grid_free(&screen->grid);
        screen->grid = grid;
    }
    grid_clear(&screen->grid, (Rect){0, 0, rows, cols});
    if (rows < NEED_ROWS || cols < NEED_COLS) {
        draw_too_small(screen, rows, cols);
    } else {
        draw_all(screen, rows, cols, &row, &col);
    }
    if (screen->redraw) display->redraw(display->self);
    screen->redraw = false;
    display->show(display->self, &screen->grid, row, col);
    return true;
}
