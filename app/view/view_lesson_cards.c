/* The projector's cards, one part or one figure at a time, and the list of steps. */

#include "app/view/look_parts.h"
#include "app/view/view_lesson.h"

enum {
    CARD_COLS = 60,
    CARD_MARGIN = 6,
    AIRY_ROWS = 14 /* from here on a blank row above the foot */
};

bool lesson_is_card(const LessonPart *part)
{
    return part->kind != PART_COMMAND && part->kind != PART_ASSERT &&
           !(part->played && part->kind != PART_FIGURE);
}

/* ---- text, large ---- */

static int clamp_top(int top, int total, int room)
{
    int most = total > room ? total - room : 0;
    return top > most ? most : top < 0 ? 0 : top;
}

/* Rows that lines [from, to) take: with a blank row below each, where they are spaced. */
static int rows_of(const Page *page, int from, int to, bool spaced)
{
    int rows = 0;
    for (int i = from; i < to; i++) {
        rows += spaced && page->lines[i].count > 0 && i + 1 < to ? 2 : 1;
    }
    return rows;
}

/* Spaced where all of it fits that way; else from `top` on. */
static void draw_large(LessonPages *pages, const LessonView *view, const Look *look, Grid *grid,
                       Rect area, LessonDrawn *drawn)
{
    const Page *page = &pages->text;
    int         total = (int)page->count, chosen = pages->cursor_item;
    bool        spaced = rows_of(page, 0, total, true) <= area.rows;
    int         room = spaced ? total : area.rows;
    int         top = clamp_top(view->top[PANE_TEXT], total, room);
    int         at = chosen > 0 ? page_item_row(page, chosen) : -1;
    bool        chooses = view->ask.part >= 0 && chosen > 0 &&
                   chosen <= (int)view->parts[view->ask.part].choice_count;

    if (at >= top + room) top = at - room + 1;
    int blank = area.rows - rows_of(page, top, total, spaced);
    int row = blank > 0 ? blank / 3 : 0;
    *drawn = (LessonDrawn){.row = -1, .more = top + room < total};
    for (int i = top; i < total && row < area.rows; i++) {
        page_draw(page, look, grid, rect_rows(area, row, 1), i, chooses ? chosen : 0);
        lesson_votes_draw(pages, view, i, look, grid, rect_rows(area, row, 1));
        if (i == at) drawn->row = area.row + row;
        row += spaced && page->lines[i].count > 0 ? 2 : 1;
    }
    grid_bold(grid, area);
    drawn->top[PANE_TEXT] = top;
    drawn->rows[PANE_TEXT] = total;
    drawn->room[PANE_TEXT] = room;
    drawn->col = area.col + (pages->cursor_col < area.cols ? pages->cursor_col : area.cols - 1);
}

static void draw_words(const LessonView *view, Index card, const Look *look, Grid *grid, Rect area,
                       LessonDrawn *drawn)
{
    LessonPages pages = {0};
    int         cols = area.cols > CARD_COLS ? CARD_COLS : area.cols;
    lesson_part_text(&pages, view, card, look, cols);
    draw_large(&pages, view, look, grid, rect_cols(area, 0, cols), drawn);
    grid->failed = grid->failed || pages.text.failed;
    page_clear(&pages.text);
}

LessonDrawn lesson_cards_draw(const LessonView *view, const Look *look, Grid *grid, Rect body)
{
    LessonDrawn drawn = {.row = -1};
    int         margin = body.cols >= 60 ? CARD_MARGIN : body.cols >= 40 ? 2 : 0;
    Rect        inner = rect_inset(body, 0, margin);
    int         foot = body.rows > AIRY_ROWS ? 2 : body.rows > 4 ? 1 : 0;
    Rect        area = rect_rows(inner, 0, body.rows - foot);
    Index       card = view->card;

    if (view->live != NULL) {
        look_figure(look, grid, view->live, area);
    } else if (card >= 0 && card < view->count && view->parts[card].kind == PART_FIGURE) {
        look_figure(look, grid, view->parts[card].figure, area);
    } else if (card >= 0 && card < view->count) {
        draw_words(view, card, look, grid, area, &drawn);
    }
    if (view->foot != NULL && view->foot[0] != '\0' && body.rows > 4) {
        look_textf(look, grid, body.row + body.rows - 1, inner.col, inner.cols, INK_PLAIN, "%s %s",
                   look_sign(look, view->foot_waits ? SIGN_HERE : SIGN_RUN), view->foot);
    }
    drawn.result = area;
    return drawn;
}

/* ---- the steps as a list ---- */

static void draw_step(const LessonView *view, int i, const Look *look, Grid *grid, Rect line)
{
    static const Sign signs[] = {
        [STEP_AHEAD] = SIGN_OPEN, [STEP_HERE] = SIGN_BEGUN, [STEP_DONE] = SIGN_DONE};
    const LessonStepRow *step = &view->steps[i];
    bool                 here = i == view->step_selected;
    Str                  right = {0};

    look_text(look, grid, line.row, line.col, 1, INK_KEY, here ? look_sign(look, SIGN_HERE) : " ");
    look_text(look, grid, line.row, line.col + 2, 1,
              step->state == STEP_DONE ? INK_GOOD : INK_PLAIN, look_sign(look, signs[step->state]));
    if (step->predictions > 0) {
        str_addf(&right,
                 step->predictions == 1 ? tr("%d of %d prediction holds")
                                        : tr("%d of %d predictions hold"),
                 step->right, step->predictions);
    }
    int used = look_columns(look, str_text(&right)),
        room = line.cols - 8 - (used > 0 ? used + 2 : 0);
    look_textf(look, grid, line.row, line.col + 4, room + 4, step->seen ? INK_STRONG : INK_DIM,
               "%2d  %s", i + 1, step->title);
    look_right(look, grid, line.row, line.col + line.cols, used, INK_PLAIN, str_text(&right));
    if (here) grid_reverse(grid, line);
    str_free(&right);
}

void lesson_contents_draw(const LessonView *view, const Look *look, Grid *grid, Rect area,
                          LessonDrawn *drawn)
{
    Rect inner = rect_inset(area, area.rows >= 14 ? 1 : 0, area.cols >= 40 ? 2 : 0);
    int  wide = inner.cols > 76 ? 76 : inner.cols, head = inner.rows > 6 ? 2 : 0;
    int  room = inner.rows - head, top = view->step_selected - room + 1;

    if (head > 0) {
        look_text(look, grid, inner.row, inner.col, wide, INK_STRONG,
                  tr("Steps of this lesson: Enter goes to one that was seen, Esc closes"));
    }
    top = clamp_top(top, view->step_count, room);
    for (int i = 0; i < room && top + i < view->step_count; i++) {
        draw_step(view, top + i, look, grid, (Rect){inner.row + head + i, inner.col, 1, wide});
    }
    drawn->row = inner.row + head + view->step_selected - top;
    drawn->col = inner.col;
    look_scroll(look, grid, (Rect){inner.row + head, inner.col, room, inner.cols}, top,
                view->step_count);
}
