/* Help: a page made from the table of keys, for the room one came from. */

#include <string.h>

#include "app/rooms/help/help_words.h"
#include "app/screen/room.h"
#include "app/view/view_help.h"
#include "core/base/mem.h"

typedef struct Help {
    Screen *screen;
    RoomId  about;
    Page    page;
    int     cols; /* that the page was made for; 0: not made */
    int     top, rows;
    Str     words; /* searched for */
} Help;

static void *create(Screen *screen, Error *err)
{
    Help *help = mem_alloc(mem_program(), MEM_TEXT, 1, sizeof *help, err);
    if (help != NULL) help->screen = screen;
    return help;
}

static void help_free(void *room)
{
    Help *help = room;
    if (help == NULL) return;
    page_clear(&help->page);
    str_free(&help->words);
    mem_free(help);
}

static bool enter(void *room, const char *argument, Error *err)
{
    Help *help = room;
    (void)err;
    for (RoomId id = 0; argument != NULL && id < ROOM_COUNT; id++) {
        if (strcmp(room_title(id), argument) == 0) help->about = id;
    }
    help->cols = help->top = 0;
    return true;
}

static void scroll_to(Help *help, int top)
{
    int last = page_rows(&help->page) - help->rows;
    if (top > last) top = last;
    help->top = top < 0 ? 0 : top;
}

static void draw(void *room, Grid *grid, Rect body, const Look *look)
{
    Help *help = room;
    Rect  area = rect_inset(body, 0, body.cols > 40 ? 2 : 0);
    if (help->cols != area.cols) {
        page_clear(&help->page);
        view_help_page(&help->page, look, help->about, help_words(help->about), area.cols);
        help->cols = area.cols;
    }
    help->rows = area.rows;
    scroll_to(help, help->top);
    page_draw(&help->page, look, grid, area, help->top, 0);
}

static void title(void *room, Str *left, Str *right)
{
    const Help *help = room;
    int         rows = page_rows(&help->page);
    str_addf(left, tr("Help: %s"), help->about == ROOM_HOME ? tr("Home") : room_title(help->about));
    if (rows > help->rows && help->rows > 0) {
        str_addf(right, tr("rows %d to %d of %d"), help->top + 1,
                 help->top + help->rows < rows ? help->top + help->rows : rows, rows);
    }
}

static void search(Help *help)
{
    int row = page_find(&help->page, str_text(&help->words), help->top + 1);
    if (row < 0) row = page_find(&help->page, str_text(&help->words), 0);
    if (row < 0) {
        screen_say(help->screen, "%s", tr("that is not found here"));
    } else {
        scroll_to(help, row);
    }
}

static void search_for(void *context, const char *text)
{
    Help *help = context;
    str_clear(&help->words);
    str_add(&help->words, text);
    if (text[0] != '\0') search(help);
}

static bool act(void *room, Action action, Key key)
{
    Help *help = room;
    (void)key;
    switch (action) {
    case ACT_UP:
        scroll_to(help, help->top - 1);
        return true;
    case ACT_DOWN:
        scroll_to(help, help->top + 1);
        return true;
    case ACT_PAGE_UP:
        scroll_to(help, help->top - help->rows + 1);
        return true;
    case ACT_PAGE_DOWN:
    case ACT_NEXT:
        scroll_to(help, help->top + help->rows - 1);
        return true;
    case ACT_FIRST:
        scroll_to(help, 0);
        return true;
    case ACT_LAST:
        scroll_to(help, page_rows(&help->page));
        return true;
    case ACT_SEARCH:
        screen_prompt(help->screen, tr("Search:"), str_text(&help->words), search_for, help);
        return true;
    case ACT_SEARCH_NEXT:
        if (help->words.len > 0) search(help);
        return true;
    case ACT_NEXT_PANE:
        help->about = (RoomId)((help->about + 1) % ROOM_HELP);
        help->cols = help->top = 0;
        return true;
    default:
        return false;
    }
}

static bool can(void *room, Action action)
{
    (void)room;
    return action == ACT_SEARCH || action == ACT_NEXT_PANE;
}

const RoomOps room_help = {.id = ROOM_HELP,
                           .create = create,
                           .free = help_free,
                           .enter = enter,
                           .draw = draw,
                           .title = title,
                           .act = act,
                           .can = can};
