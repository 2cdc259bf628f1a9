/* The lesson's layout, and both panes onto the grid. */

#include "app/view/view_lesson.h"

#include "app/view/look_parts.h"

enum {
    TEXT_MOST = 72,  /* columns of prose */
    AIRY_ROWS = 14,  /* from here on a blank row below the panes, */
    LARGE_ROWS = 22, /* and from here on one above them, too */
    FOOT_ROWS = 4,   /* below that there is no foot */
    FIGURE_ROWS = 8, /* the least that a figure is drawn on */
    FIGURE_COLS = 24,
    TILE_ROWS = 16, /* and where there are several of them */
    TILE_COLS = 56,
    LIST_ROWS = 4
};

/* ---- layout ---- */

static int clamp(int value, int least, int most)
{
    return value < least ? least : value > most ? most : value;
}

static Rect part_of(Rect area, int row, int col, int rows, int cols)
{
    return rect_cols(rect_rows(area, row, rows), col, cols);
}

/* As many figures as there is room for, over one another and side by side. */
static void place_tiles(LessonLayout *l, Rect area, Index figures)
{
    int across = clamp(area.cols / TILE_COLS, 1, 2), down = clamp(area.rows / TILE_ROWS, 1, 2);
    if (figures < (Index)across * down) {
        across = figures >= 2 && area.cols >= 2 * TILE_COLS ? 2 : 1;
        down = clamp((int)(figures + across - 1) / across, 1, down);
    }
    int rows = area.rows / down, cols = area.cols / across;
    for (int i = 0; i < across * down && (Index)i < figures; i++) {
        int row = i / across * rows, col = i % across * cols;
        l->tile[l->tiles++] = part_of(area, row, col, rows - (row + rows < area.rows ? 1 : 0),
                                      cols - (across > 1 && i % across + 1 < across ? 2 : 0));
    }
}

static void place_result(LessonLayout *l, Index figures, int list_rows)
{
    Rect area = l->result;
    l->list = area;
    if (figures == 0 || area.rows < FIGURE_ROWS || area.cols < FIGURE_COLS) return;
    int list = clamp(list_rows, LIST_ROWS, area.rows / 3);
    int rows = area.rows - list - 1;
    if (rows < FIGURE_ROWS) rows = area.rows - list > FIGURE_ROWS ? FIGURE_ROWS : area.rows;
    if (rows > area.cols) rows = area.cols; /* a chart is never higher than wide */
    place_tiles(l, rect_rows(area, 0, rows), figures);
    l->list = rect_rows(area, rows + 1, area.rows);
}

LessonLayout lesson_layout(Rect body, LessonPane pane, Index figures, int list_rows)
{
    LessonLayout l = {.divider = -1};
    bool         foot = body.rows > FOOT_ROWS;
    Rect         panes = rect_rows(body, 0, body.rows - (foot ? 1 : 0));
    int          top = panes.rows >= LARGE_ROWS ? 1 : 0, margin = body.cols >= 40 ? 2 : 0;
    int          height = panes.rows - (panes.rows >= AIRY_ROWS ? 1 : 0);

    l.split = body.cols >= LESSON_SPLIT_COLS && body.rows > FOOT_ROWS;
    if (foot) l.foot = part_of(body, body.rows - 1, margin, 1, body.cols - 2 * margin);
    if (l.split) {
        int left = clamp(body.cols / 2, 50, TEXT_MOST + 4);
        l.divider = body.col + left;
        l.text = part_of(panes, top, 2, height - top, left - 4);
        l.result = part_of(panes, top, left + 2, height - top, body.cols - left - 4);
    } else {
        Rect whole = part_of(panes, top, margin, height - top, body.cols - 2 * margin);
        if (pane == PANE_TEXT) l.text = rect_cols(whole, 0, TEXT_MOST);
        if (pane == PANE_RESULT) l.result = whole;
    }
    if (l.result.rows > 0) place_result(&l, figures, list_rows);
    return l;
}

/* ---- drawing ---- */

/* What is new is shown from its beginning where it does not fit whole. A question that is being
 * answered is shown to its end, and the line with the cursor in any case. */
static int follow_top(const LessonView *view, const LessonPages *pages, int rows, int top)
{
    int total = page_rows(&pages->text);
    if (view->follow) {
        int fresh = pages->fresh_row, last = total - rows;
        top = last < fresh || view->answers ? last : fresh;
        int at = view->answers && pages->cursor_item > 0
                     ? page_item_row(&pages->text, pages->cursor_item)
                     : -1;
        if (at >= 0 && at >= top + rows) top = at - rows + 1;
        if (at >= 0 && at < top) top = at;
    }
    return clamp(top, 0, total > rows ? total - rows : 0);
}

/* Whether what can be answered ends below the last row that is shown: the field, or the choices. */
static bool hides_question(const LessonView *view, const LessonPages *pages, int end)
{
    if (view->ask.part < 0) return false;
    const LessonPart *part = &view->parts[view->ask.part];
    int               choices = (int)part->choice_count;
    int at = page_item_row(&pages->text, part->answer == ANSWER_CHOICE ? choices : choices + 1);
    return at >= end;
}

/* Two columns more at the right, for the signs of scrolling. */
static Rect with_margin(Rect area, Rect body)
{
    int most = body.col + body.cols - area.col;
    area.cols = area.cols + 2 < most ? area.cols + 2 : most;
    return area;
}

static void draw_text(const LessonView *view, const Look *look, Grid *grid, Rect body,
                      const LessonLayout *l, LessonPages *pages, LessonDrawn *drawn)
{
    int total = page_rows(&pages->text), top = view->top[PANE_TEXT];
    if (l->text.rows <= 0) return;
    top = follow_top(view, pages, l->text.rows, top);
    bool chooses = view->ask.part >= 0 && pages->cursor_item > 0 &&
                   pages->cursor_item <= (int)view->parts[view->ask.part].choice_count;
    page_draw(&pages->text, look, grid, l->text, top, chooses ? pages->cursor_item : 0);
    for (int i = 0; i < l->text.rows; i++) {
        lesson_votes_draw(pages, view, top + i, look, grid, rect_rows(l->text, i, 1));
    }
    look_scroll(look, grid, with_margin(l->text, body), top, total);
    drawn->top[PANE_TEXT] = top;
    drawn->rows[PANE_TEXT] = total;
    drawn->room[PANE_TEXT] = l->text.rows;
    drawn->more = top + l->text.rows < total;
    drawn->hides = hides_question(view, pages, top + l->text.rows);

    int found = view->found_row - top;
    if (view->found_row >= 0 && found >= 0 && found < l->text.rows) {
        grid_reverse(grid, rect_rows(l->text, found, 1));
    }
    int at = pages->cursor_item > 0 ? page_item_row(&pages->text, pages->cursor_item) - top : -1;
    if (at >= 0 && at < l->text.rows) {
        drawn->row = l->text.row + at;
        drawn->col = l->text.col + clamp(pages->cursor_col, 0, l->text.cols - 1);
    }
}

/* The figure that comes along with what is under way: a training's loss, a curve being typed. */
static Figure *typed_figure(const LessonView *view)
{
    const LessonAsk *ask = &view->ask;
    if (ask->part < 0 || view->parts[ask->part].answer != ANSWER_CURVE) return NULL;
    return lesson_guess_figure(&view->parts[ask->part], ask->field);
}

/* The figures of the tiles: those that end with the one looked at, and what is under way last. */
static void draw_tiles(const LessonView *view, const Look *look, Grid *grid, const LessonLayout *l,
                       const Figure *now)
{
    Index list[64], n = lesson_figures(view, list, 64), last = n - 1, at = 0;
    for (Index i = 0; i < n; i++) {
        if (list[i] == view->figure) last = i;
    }
    int   tiles = l->tiles;
    Index past = tiles - (now != NULL ? 1 : 0);
    Index from = last - past + 1;
    if (from < 0) from = 0;
    for (; at < past && from + at < n; at++) {
        look_figure(look, grid, view->parts[list[from + at]].figure, l->tile[at]);
    }
    if (now != NULL && at < tiles) look_figure(look, grid, now, l->tile[at]);
}

static void draw_result(const LessonView *view, const Look *look, Grid *grid, Rect body,
                        const LessonLayout *l, const Page *page, const Figure *now,
                        LessonDrawn *drawn)
{
    if (l->result.rows <= 0) return;
    draw_tiles(view, look, grid, l, now);
    int total = page_rows(page), room = l->list.rows;
    int top = clamp(view->top[PANE_RESULT], 0, total > room ? total - room : 0);
    page_draw(page, look, grid, l->list, top, 0);
    look_scroll(look, grid, with_margin(l->list, body), top, total);
    drawn->top[PANE_RESULT] = top;
    drawn->rows[PANE_RESULT] = total;
    drawn->room[PANE_RESULT] = room;
    drawn->result = l->result;
}

/* What is below is to be read before one goes on. */
static void draw_foot(const LessonView *view, const Look *look, Grid *grid, Rect foot,
                      const LessonDrawn *drawn)
{
    const char *text = view->foot_waits && (view->ask.part < 0 ? drawn->more : drawn->hides)
                           ? tr("Space shows what follows below.")
                           : view->foot;
    if (text == NULL || foot.rows <= 0) return;
    int col = foot.col;
    col += look_text(look, grid, foot.row, col, foot.cols, view->foot_waits ? INK_KEY : INK_DIM,
                     look_sign(look, view->foot_waits ? SIGN_HERE : SIGN_RUN));
    look_text(look, grid, foot.row, col + 1, foot.cols - (col + 1 - foot.col),
              view->foot_waits ? INK_STRONG : INK_PLAIN, text);
}

/* Where one pane has all the room, a training under way is watched below the text. */
static void draw_below(const LessonView *view, const Look *look, Grid *grid, const LessonLayout *l,
                       const LessonDrawn *drawn)
{
    int used = drawn->rows[PANE_TEXT] + 1, rows = l->text.rows - used;
    if (l->split || view->live == NULL || rows < FIGURE_ROWS || l->text.cols < FIGURE_COLS) return;
    look_figure(look, grid, view->live, rect_rows(l->text, used, rows));
}

static LessonDrawn draw_panes(const LessonView *view, const Look *look, Grid *grid, Rect body)
{
    LessonDrawn   drawn = {.row = -1};
    LessonPages   pages = {0};
    Figure       *typed = typed_figure(view);
    const Figure *now = view->live != NULL ? view->live : typed;
    Index         list[64], figures = lesson_figures(view, list, 64) + (now != NULL ? 1 : 0);

    LessonLayout l = lesson_layout(body, view->pane, figures, 0);
    if (l.result.rows > 0) {
        lesson_result_page(&pages.result, view, look, l.result.cols);
        l = lesson_layout(body, view->pane, figures, page_rows(&pages.result));
    }
    if (l.text.rows > 0) lesson_text_page(&pages, view, look, l.text.cols, l.split);
    if (l.divider >= 0) {
        look_divider(look, grid, body.row, l.divider, body.rows - 1);
    }
    draw_text(view, look, grid, body, &l, &pages, &drawn);
    draw_below(view, look, grid, &l, &drawn);
    draw_result(view, look, grid, body, &l, &pages.result, now, &drawn);
    draw_foot(view, look, grid, l.foot, &drawn);
    grid->failed = grid->failed || pages.text.failed || pages.result.failed;
    page_clear(&pages.text);
    page_clear(&pages.result);
    figure_free(typed);
    return drawn;
}

LessonDrawn view_lesson_draw(const LessonView *view, const Look *look, Grid *grid, Rect body)
{
    LessonDrawn drawn = {.row = -1};
    if (view->contents) {
        lesson_contents_draw(view, look, grid, body, &drawn);
        return drawn;
    }
    if (look->projector) return lesson_cards_draw(view, look, grid, body);
    return draw_panes(view, look, grid, body);
}
