/* Help: the table of keys as a page. */

#include "app/view/view_help.h"

#include <string.h>

#include "app/view/look_parts.h"
#include "app/view/page_parts.h"
#include "core/base/text.h"

enum { WIDE = 92, GAP = 4, KEYS_MAX = 22, PROSE_COLS = 72 };

/* Keys of a few rooms stand under "here", those of most rooms under "everywhere". */
static bool is_everywhere(const KeyRow *row)
{
    int rooms = 0;
    for (int room = 0; room < ROOM_COUNT; room++) rooms += (row->rooms & IN(room)) != 0;
    return 2 * rooms > ROOM_COUNT;
}

static bool is_shown(const KeyRow *row, RoomId room, bool everywhere)
{
    return (row->rooms & IN(room)) != 0 && is_everywhere(row) == everywhere;
}

/* "Up, k": names with commas between. */
static void add_keys(Str *out, const char *keys)
{
    for (; *keys != '\0'; keys++) {
        if (*keys == ' ') str_add(out, ",");
        str_add_bytes(out, keys, 1);
    }
}

/* The digits as "1 to 9". */
static void add_key_names(Str *out, const char *keys)
{
    const char *last = strrchr(keys, ' ');
    if (strncmp(keys, "1 2 3", 5) == 0 && last != NULL) {
        str_addf(out, tr("1 to %s"), last + 1);
    } else {
        add_keys(out, keys);
    }
}

/* What the keys of a group need, at most a third of the columns. */
static int keys_columns(Page *page, RoomId room, bool everywhere, int cols)
{
    int wide = 0;
    for (const KeyRow *row = keymap(); row->action != ACT_NONE; row++) {
        Str names = {0};
        add_key_names(&names, row->keys);
        int used = text_columns(str_text(&names), names.len);
        if (is_shown(row, room, everywhere) && used > wide && used <= KEYS_MAX) wide = used;
        page->failed = page->failed || names.failed;
        str_free(&names);
    }
    return wide < cols / 3 ? wide : cols / 3;
}

static void add_blanks(Str *out, int n)
{
    for (int i = 0; i < n; i++) str_add(out, " ");
}

static void add_bold(Page *page, Ink ink, const char *text)
{
    Line *line = page_add(page);
    if (line == NULL) return;
    page_piece(page, line, text, (Index)strlen(text), (Piece){.ink = ink, .bold = true});
}

/* Keys and what they do beside them. */
static void add_line(Page *page, const Look *look, Str *keys, const char *help, int wide, int cols)
{
    Str   next = {0};
    Index names = keys->len, from = page->count;
    add_blanks(keys, wide + 2 - text_columns(str_text(keys), keys->len));
    add_blanks(&next, wide + 2);
    page_mark(page, look, INK_PLAIN, str_text(keys), str_text(&next), help, cols);
    page->failed = page->failed || next.failed;
    if (page->count > from && !page->failed) page_split(page, &page->lines[from], names);
    str_free(&next);
}

/* Where the keys need more than their column, what they do stands below. */
static void add_row(Page *page, const Look *look, const KeyRow *row, int wide, int cols)
{
    Str keys = {0};
    add_key_names(&keys, row->keys);
    if (text_columns(str_text(&keys), keys.len) <= wide) {
        add_line(page, look, &keys, tr(row->help), wide, cols);
    } else {
        add_bold(page, INK_KEY, str_text(&keys));
        page_text(page, look, INK_PLAIN, tr(row->help), cols, 2, 2);
    }
    page->failed = page->failed || keys.failed;
    str_free(&keys);
}

/* One group as a page of its own. */
static void add_group(Page *page, const Look *look, RoomId room, bool everywhere, int cols)
{
    int keys = keys_columns(page, room, everywhere, cols);
    add_bold(page, INK_STRONG, everywhere ? tr("Keys everywhere") : tr("Keys here"));
    for (const KeyRow *row = keymap(); row->action != ACT_NONE; row++) {
        if (is_shown(row, room, everywhere)) add_row(page, look, row, keys, cols);
    }
}

static bool any_here(RoomId room)
{
    for (const KeyRow *row = keymap(); row->action != ACT_NONE; row++) {
        if (is_shown(row, room, false)) return true;
    }
    return false;
}

static void add_beside(Page *page, const Look *look, RoomId room, int cols)
{
    Page left = {0}, right = {0};
    int  each = (cols - GAP) / 2;
    if (each > PROSE_COLS) each = PROSE_COLS;
    add_group(&left, look, room, false, each);
    add_group(&right, look, room, true, each);
    page_join(page, &left, &right, each + GAP);
    page_clear(&left);
    page_clear(&right);
}

void view_help_page(Page *page, const Look *look, RoomId room, const char *more, int cols)
{
    if (more != NULL) {
        page_prose(page, look, more, cols < PROSE_COLS ? cols : PROSE_COLS);
        page_blank(page);
    }
    if (any_here(room) && cols >= WIDE) {
        add_beside(page, look, room, cols);
        return;
    }
    if (any_here(room)) {
        add_group(page, look, room, false, cols < PROSE_COLS ? cols : PROSE_COLS);
        page_blank(page);
    }
    add_group(page, look, room, true, cols < PROSE_COLS ? cols : PROSE_COLS);
}
