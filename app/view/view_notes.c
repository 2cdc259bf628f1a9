/* Notes for a presenter: read from two metres away, so little of it, in large steps. */

#include "app/view/view_notes.h"

#include "app/view/look_parts.h"
#include "app/view/page.h"

static void draw_clock(const Notes *notes, const char *wall, const Look *look, Grid *grid,
                       Rect area)
{
    int seconds = (int)notes->seconds;
    int col = area.col + 1;
    col += 3 + look_number(look, grid, area.row, col, area.cols - 2, INK_STRONG,
                           tr("%02d:%02d in this lesson"), seconds / 60, seconds % 60);
    col +=
        3 + look_number(look, grid, area.row, col, area.cols - col, INK_PLAIN, tr("now %s"), wall);
    if (notes->steps > 0) {
        look_textf(look, grid, area.row, col, area.cols - col, INK_PLAIN, tr("step %td of %td"),
                   notes->step, notes->steps);
    }
}

/* As wide as the choices are, but for the bars' third. */
static int choice_columns(const Notes *notes, const Look *look, int cols)
{
    int most = cols / 3;
    for (Index i = 0; i < notes->choice_count; i++) {
        int wide = look_columns(look, str_text(&notes->choices[i])) + 4;
        if (wide > most) most = wide;
    }
    return most < 2 * cols / 3 ? most : 2 * cols / 3;
}

static int draw_votes(const Notes *notes, const Look *look, Grid *grid, Rect area)
{
    int all = 0, row = area.row, text = choice_columns(notes, look, area.cols);
    for (Index i = 0; i < notes->choice_count; i++) all += notes->votes[i];
    for (Index i = 0; i < notes->choice_count && row < area.row + area.rows; i++, row++) {
        look_textf(look, grid, row, area.col + 1, text, INK_PLAIN, "%td  %s", i + 1,
                   str_text(&notes->choices[i]));
        look_textf(look, grid, row, area.col + text + 2, 5, INK_STRONG, "%4d", notes->votes[i]);
        double share = all > 0 ? (double)notes->votes[i] / all : 0;
        look_bar(look, grid, row, area.col + text + 8, area.cols - text - 9, share, INK_SERIES_1);
    }
    return row - area.row;
}

static int draw_page(const char *head, const char *markdown, const Look *look, Grid *grid,
                     Rect area)
{
    Page page = {0};
    if (markdown[0] == '\0' || area.rows < 2) return 0;
    look_text(look, grid, area.row, area.col + 1, area.cols - 2, INK_DIM, head);
    page_prose(&page, look, markdown, area.cols - 2);
    Rect body = rect_inset(rect_rows(area, 1, area.rows - 1), 0, 1);
    page_draw(&page, look, grid, body, 0, 0);
    int rows = page_rows(&page);
    page_clear(&page);
    return rows < body.rows ? rows + 2 : area.rows;
}

void view_notes_draw(const Notes *notes, bool lost, const char *wall, const Look *look, Grid *grid,
                     Rect area)
{
    int at = 2;
    draw_clock(notes, wall, look, grid, rect_rows(area, 0, 1));
    if (lost || notes->steps == 0) {
        look_text(look, grid, area.row + 2, area.col + 1, area.cols - 2, INK_STRONG,
                  lost ? tr("The lab is gone.") : tr("No lesson is open."));
        return;
    }
    look_textf(look, grid, area.row + at, area.col + 1, area.cols - 2, INK_STRONG, "%s: %s",
               str_text(&notes->lesson), str_text(&notes->title));
    grid_bold(grid, rect_rows(area, at, 1));
    at += 2;
    at += draw_page(tr("say"), str_text(&notes->note), look, grid,
                    rect_rows(area, at, area.rows - at - 2));
    at += draw_page(tr("asked"), str_text(&notes->question), look, grid,
                    rect_rows(area, at, area.rows - at - 2));
    draw_votes(notes, look, grid, rect_rows(area, at, area.rows - at - 2));
    if (notes->next.len > 0) {
        look_textf(look, grid, area.row + area.rows - 1, area.col + 1, area.cols - 2, INK_PLAIN,
                   tr("next: %s"), str_text(&notes->next));
    }
}
