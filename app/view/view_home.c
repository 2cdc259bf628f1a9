/* Home: where its parts stand, and the list. */

#include "app/view/view_home.h"

#include <string.h>

#include "app/view/home_parts.h"
#include "app/view/look_parts.h"
#include "core/base/text.h"

enum { WIDE = 100, PROSE_COLS = 72, DETAIL_LEAST = 4, HEADLINE_ROWS = 2 };

/* ---- where things are ------------------------------------------------------------------- */

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* One column: what there is no room for is left out, the detail first, the list never. */
static HomeLayout in_one_column(Rect body, int lines, int machine)
{
    HomeLayout layout = {0};
    int        spare = body.rows - lines, at = 0;
    if (spare >= HEADLINE_ROWS || body.rows >= 12) {
        layout.headline = rect_rows(body, 0, 1);
        at = HEADLINE_ROWS;
        spare -= HEADLINE_ROWS;
    }
    int below = machine > 0 && (spare > machine || body.rows >= 16) ? machine + 1 : 0;
    spare -= below;
    int detail = spare > DETAIL_LEAST ? least(spare - 1, 2 * DETAIL_LEAST) : 0;
    int rows = body.rows - at - below - (detail > 0 ? detail + 1 : 0);
    layout.list = rect_rows(body, at, least(lines, rows));
    if (detail > 0) layout.detail = rect_rows(body, at + layout.list.rows + 1, detail);
    if (below > 0) layout.machine = rect_rows(body, body.rows - machine, machine);
    return layout;
}

static HomeLayout in_two_columns(Rect body, int lines, int machine)
{
    HomeLayout layout = {0};
    int        left_cols = body.cols * 11 / 20 < 60 ? 60 : least(body.cols * 11 / 20, 104);
    Rect       left = rect_cols(body, 0, left_cols - 1);
    Rect       right = rect_cols(body, left_cols + 2, least(body.cols - left_cols - 3, PROSE_COLS));
    layout.divider = rect_cols(body, left_cols, 1);
    layout.headline = rect_rows(left, 0, 1);
    layout.list = rect_rows(left, HEADLINE_ROWS, least(lines, body.rows - HEADLINE_ROWS));
    int below = 2 * machine + 1; /* a heading, and lines that wrap */
    if (machine == 0 || body.rows < below + 1 + 2 * DETAIL_LEAST) below = 0;
    layout.detail = rect_rows(right, 0, body.rows - (below > 0 ? below + 1 : 0));
    if (below > 0) layout.machine = rect_rows(right, body.rows - below, below);
    return layout;
}

HomeLayout home_layout(Rect body, int list_lines, int machine_lines)
{
    bool wide = body.cols >= WIDE && body.rows >= 2 * DETAIL_LEAST;
    return wide ? in_two_columns(body, list_lines, machine_lines)
                : in_one_column(body, list_lines, machine_lines);
}

/* ---- the list --------------------------------------------------------------------------- */

/* Which line an item is on. Where there is room, each has its summary below it, and the two parts
 * have headings. */
typedef struct List {
    int  lessons, items;
    int  each;    /* lines of a lesson */
    int  entries; /* of one of the others */
    bool headings;
} List;

static int line_of(const List *list, int item)
{
    int gap = item >= list->lessons && list->lessons > 0 ? 1 : 0;
    int headings = !list->headings ? 0 : item >= list->lessons ? 1 + gap : 1;
    int lessons = item < list->lessons ? item : list->lessons;
    return lessons * list->each + (item - lessons) * list->entries + gap + headings;
}

static int list_lines(const List *list)
{
    if (list->items == 0) return 0;
    int last = list->items > list->lessons ? list->entries : list->each;
    return line_of(list, list->items - 1) + (last < 3 ? last : 2);
}

static List make_list(const HomeView *view, Rect body, bool projected)
{
    List list = {.lessons = view->lesson_count,
                 .items = view->lesson_count + view->entry_count,
                 .each = 1,
                 .entries = 1};
    int  room = body.rows - HEADLINE_ROWS;
    if (body.cols < WIDE && !projected) return list;
    for (int each = 3; each >= 1; each--) {
        List looser = {list.lessons, list.items, each, projected ? 1 : each, !projected};
        if (list_lines(&looser) <= room) return looser;
    }
    return list;
}

/* Scrolled so that the selected item is whole, and what is before the first one too. */
static int list_top(const List *list, int selected, int top, int rows)
{
    int lines = list_lines(list), from = line_of(list, selected), to = from + least(list->each, 2);
    if (top > from) top = from;
    if (to > top + rows) top = to - rows;
    if (top > lines - rows) top = lines - rows;
    if (selected == 0 || top < 0) top = 0;
    return top;
}

/* ---- one line --------------------------------------------------------------------------- */

enum { SIGN_AT = 1, STATE_AT = 3, NUMBER_AT = 5, NAME_AT = 9, MINUTES = 8, STATUS_LONG = 36 };

typedef struct Pen {
    const HomeView *view;
    const Look     *look;
    Grid           *grid;
    Rect            area;                    /* of the list */
    int             lesson_cols, entry_cols; /* of titles and names */
} Pen;

static void write_at(const Pen *pen, int row, int at, int cols, Ink ink, const char *text)
{
    if (cols > pen->area.cols - at) cols = pen->area.cols - at;
    if (cols > 0) look_text(pen->look, pen->grid, row, pen->area.col + at, cols, ink, text);
}

static int widest(const Pen *pen, bool entries)
{
    int wide = 0, count = entries ? pen->view->entry_count : pen->view->lesson_count;
    for (int i = 0; i < count; i++) {
        const char *text = entries ? pen->view->entries[i].name : pen->view->lessons[i].title;
        int         cols = look_columns(pen->look, text);
        if (cols > wide) wide = cols;
    }
    return wide;
}

static void write_number(const Pen *pen, int row, int at, long long number, bool minutes)
{
    Str text = {0};
    if (minutes) str_addf(&text, tr("%4lld min"), number);
    if (!minutes) str_addf(&text, "%2lld", number);
    write_at(pen, row, at, MINUTES, INK_PLAIN, str_text(&text));
    pen->grid->failed = pen->grid->failed || text.failed;
    str_free(&text);
}

static void draw_lesson(const Pen *pen, int i, int row, bool summary)
{
    const HomeLesson *lesson = &pen->view->lessons[i];
    int               at = NAME_AT + pen->lesson_cols, status_at = at + MINUTES + 3;
    int               room = pen->area.cols - status_at;
    Sign              sign = lesson->state == HOME_DONE ? SIGN_DONE : SIGN_BEGUN;
    Str               status = {0};
    home_status(&status, lesson, room < STATUS_LONG || pen->look->projector);
    if (lesson->state != HOME_NEW)
        write_at(pen, row, STATE_AT, 1, INK_GOOD, look_sign(pen->look, sign));
    if (lesson->number > 0) write_number(pen, row, NUMBER_AT, lesson->number, false);
    write_at(pen, row, NAME_AT, pen->lesson_cols, lesson->lacks != NULL ? INK_DIM : INK_PLAIN,
             lesson->title);
    if (at + MINUTES <= pen->area.cols && lesson->minutes > 0)
        write_number(pen, row, at, (long long)lesson->minutes, true);
    if (room >= 8) write_at(pen, row, status_at, room, INK_PLAIN, str_text(&status));
    if (summary && lesson->summary != NULL)
        write_at(pen, row + 1, NAME_AT, pen->area.cols, INK_DIM, lesson->summary);
    pen->grid->failed = pen->grid->failed || status.failed;
    str_free(&status);
}

static void draw_entry(const Pen *pen, int i, int row, bool summary)
{
    const HomeEntry *entry = &pen->view->entries[i];
    int              at = NAME_AT + pen->entry_cols + 3, now_row = summary ? row + 1 : row;
    if (summary) at = NAME_AT;
    write_at(pen, row, NUMBER_AT + 1, 1, INK_KEY, entry->key);
    write_at(pen, row, NAME_AT, pen->area.cols, INK_PLAIN, entry->name);
    if (pen->area.cols - at < 12 || pen->look->projector) return;
    write_at(pen, now_row, at, pen->area.cols - at, INK_DIM, entry->now);
    if (entry->differs)
        grid_measured(pen->grid, (Rect){now_row, pen->area.col + at, 1, pen->area.cols - at});
}

static void draw_heading(const Pen *pen, const List *list, int item, int top, const char *text)
{
    int row = line_of(list, item) - 1 - top;
    if (!list->headings || row < 0 || row >= pen->area.rows) return;
    write_at(pen, pen->area.row + row, SIGN_AT, pen->area.cols, INK_DIM, text);
}

static void draw_items(const Pen *pen, const List *list, int top)
{
    for (int i = 0; i < list->items; i++) {
        int  line = line_of(list, i) - top, row = pen->area.row + line;
        bool here = i == pen->view->selected;
        int  each = i < list->lessons ? list->each : list->entries;
        bool summary = each > 1 && line + 1 < pen->area.rows && !pen->look->projector;
        if (line < 0 || line >= pen->area.rows) continue;
        if (here) write_at(pen, row, SIGN_AT, 1, INK_STRONG, look_sign(pen->look, SIGN_HERE));
        if (i < list->lessons) draw_lesson(pen, i, row, summary);
        if (i >= list->lessons) draw_entry(pen, i - list->lessons, row, summary);
        if (here) grid_bold(pen->grid, (Rect){row, pen->area.col, 1, pen->area.cols});
        if (here && pen->look->projector) /* all is bold there */
            grid_reverse(pen->grid, (Rect){row, pen->area.col, 1, pen->area.cols});
    }
    if (list->lessons > 0) draw_heading(pen, list, 0, top, tr("Lessons"));
    if (list->items > list->lessons) draw_heading(pen, list, list->lessons, top, tr("Rooms"));
}

static HomeDrawn draw_list(const HomeView *view, const Look *look, Grid *grid, Rect area,
                           const List *list)
{
    HomeDrawn drawn = {.row = -1, .page = 1};
    Pen       pen = {view, look, grid, area, 0, 0};
    if (list->items == 0 || area.rows <= 0) return drawn;
    int selected = view->selected < 0              ? 0
                   : view->selected >= list->items ? list->items - 1
                                                   : view->selected;
    pen.lesson_cols = least(widest(&pen, false), area.cols - NAME_AT - MINUTES - 3 - 12);
    if (pen.lesson_cols < 12) pen.lesson_cols = least(area.cols - NAME_AT, 40);
    pen.entry_cols = widest(&pen, true);
    drawn.top = list_top(list, selected, view->top, area.rows);
    drawn.row = area.row + line_of(list, selected) - drawn.top;
    drawn.col = area.col + SIGN_AT;
    drawn.page = area.rows / list->each > 1 ? area.rows / list->each - 1 : 1;
    draw_items(&pen, list, drawn.top);
    look_scroll(look, grid, area, drawn.top, list_lines(list));
    return drawn;
}

/* ---- the rest --------------------------------------------------------------------------- */

static void draw_headline(const HomeView *view, const Look *look, Grid *grid, Rect area, bool alone)
{
    Str text = {0};
    if (area.rows == 0) return;
    if (alone) home_sentence(&text, view);
    if (!alone) home_headline(&text, view);
    look_text(look, grid, area.row, area.col + 1, area.cols - 2,
              view->trouble != NULL ? INK_BAD : INK_PLAIN, str_text(&text));
    grid->failed = grid->failed || text.failed;
    str_free(&text);
}

static int machine_lines(const HomeView *view)
{
    int n = 0;
    while (n < (int)(sizeof view->machine / sizeof *view->machine) && view->machine[n] != NULL) n++;
    return n;
}

/* Under its heading, wrapped; or beside it, a line each. */
static void draw_machine_below(const HomeView *view, const Look *look, Grid *grid, Rect area)
{
    Page page = {0};
    look_text(look, grid, area.row, area.col, area.cols, INK_STRONG, tr("This machine"));
    for (int i = 0; i < machine_lines(view); i++) {
        Str text = {0};
        str_addf(&text, MEASURED_BEGIN "%s" MEASURED_END, view->machine[i]);
        page_text(&page, look, INK_PLAIN, str_text(&text), area.cols, 0, 2);
        grid->failed = grid->failed || text.failed;
        str_free(&text);
    }
    page_draw(&page, look, grid, rect_rows(area, 1, area.rows - 1), 0, 0);
    page_clear(&page);
}

/* How much of it fits before dots: whole clauses, else whole words. */
static Index fitting(const char *fact, int cols)
{
    Index clause = 0, word = 0;
    for (Index i = 1; fact[i] != '\0' && text_columns(fact, i) + 4 <= cols; i++) {
        bool bracket = fact[i] == ' ' && fact[i + 1] == '(';
        if (fact[i] == ',' || fact[i] == ';' || bracket) clause = i;
        if (fact[i] == ' ') word = i;
    }
    return clause > 0 ? clause : word;
}

/* What does not fit, `loralab doctor` tells. */
static void draw_fact(const Look *look, Grid *grid, int row, int col, int cols, const char *fact)
{
    Index keep = look_columns(look, fact) <= cols ? (Index)strlen(fact) : fitting(fact, cols);
    look_number(look, grid, row, col, cols, INK_PLAIN, "%.*s%s", (int)keep, fact,
                fact[keep] != '\0' ? " ..." : "");
}

static void draw_machine(const HomeView *view, const Look *look, Grid *grid, Rect area)
{
    int at = 1 + look_text(look, grid, area.row, area.col + 1, area.cols - 1, INK_STRONG,
                           tr("This machine"));
    at += 3;
    for (int i = 0; i < machine_lines(view) && i < area.rows; i++) {
        draw_fact(look, grid, area.row + i, area.col + at, area.cols - at - 1, view->machine[i]);
    }
}

static void draw_detail(const HomeView *view, const Look *look, Grid *grid, Rect area)
{
    Page page = {0};
    if (area.rows == 0 || area.cols < 20) return;
    home_detail(&page, view, look, area.cols);
    page_draw(&page, look, grid, area, 0, 0);
    page_clear(&page);
}

/* For a class: what there is, in large steps, and how one begins. What is selected in more words,
 * and the machine, are for who sits in front of it. */
static HomeDrawn draw_projected(const HomeView *view, const Look *look, Grid *grid, Rect body)
{
    Rect area = rect_inset(body, 0, body.cols >= 60 ? 3 : 0);
    List list = make_list(view, area, true);
    int  gap = area.rows >= list_lines(&list) + HEADLINE_ROWS ? HEADLINE_ROWS : 0;
    if (gap > 0) draw_headline(view, look, grid, rect_rows(area, 0, 1), false);
    int spare = area.rows - gap - list_lines(&list);
    if (spare > 1 && gap > 0) gap++; /* air above the list */
    return draw_list(view, look, grid, rect_rows(area, gap, list_lines(&list)), &list);
}

HomeDrawn view_home_draw(const HomeView *view, const Look *look, Grid *grid, Rect body)
{
    if (look->projector) return draw_projected(view, look, grid, body);
    List       list = make_list(view, body, false);
    HomeLayout layout = home_layout(body, list_lines(&list), machine_lines(view));
    bool       wide = layout.divider.rows > 0;
    draw_headline(view, look, grid, layout.headline, layout.detail.rows == 0);
    HomeDrawn drawn = draw_list(view, look, grid, layout.list, &list);
    if (wide) {
        look_divider(look, grid, layout.divider.row, layout.divider.col, layout.divider.rows);
    }
    if (!wide && layout.detail.rows > 0) layout.detail = rect_inset(layout.detail, 0, 1);
    draw_detail(view, look, grid, layout.detail);
    if (layout.machine.rows == 0) return drawn;
    if (wide) draw_machine_below(view, look, grid, layout.machine);
    if (!wide) draw_machine(view, look, grid, layout.machine);
    return drawn;
}
