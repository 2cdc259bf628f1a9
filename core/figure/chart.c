/* The way from a figure to cells and lines of text. */

#include "core/figure/chart.h"

#include <string.h>

#include "core/base/text.h"

enum { ROWS_LEAST = 5, COLS_LEAST = 20 };

static Rect clipped(const Grid *grid, Rect area)
{
    int row_end = area.rows > grid->rows - area.row ? grid->rows : area.row + area.rows;
    int col_end = area.cols > grid->cols - area.col ? grid->cols : area.col + area.cols;
    if (area.row < 0) area.row = 0;
    if (area.col < 0) area.col = 0;
    area.rows = row_end > area.row ? row_end - area.row : 0;
    area.cols = col_end > area.col ? col_end - area.col : 0;
    return area;
}

/* How many bytes of words fit into `cols` columns; a word that is longer alone is cut. */
static Index line_length(const char *text, Index n, int cols)
{
    Index fits = 0, words = 0;
    while (fits < n) {
        uint32_t cp;
        int      length = utf8_decode(text + fits, n - fits, &cp);
        if (length < 0 || text_columns(text, fits + length) > cols) break;
        if (text[fits] == ' ') words = fits;
        fits += length;
    }
    if (fits == n || text[fits] == ' ' || words == 0) return fits;
    return words;
}

/* Where a chart would not be readable its sentence stands, broken between words. */
static void draw_sentence(const Figure *figure, Grid *grid, Rect area)
{
    Str sentence = {0};
    figure_sentence(&sentence, figure);
    grid->failed = grid->failed || sentence.failed;
    const char *text = str_text(&sentence);
    for (int row = 0; row < area.rows && *text != '\0'; row++) {
        Index n = line_length(text, (Index)strlen(text), area.cols);
        if (n == 0 && text_columns(text, (Index)strlen(text)) > area.cols) break;
        Str  line = {0};
        bool last = row + 1 == area.rows; /* takes all the rest, and is cut with an ellipsis */
        str_add_bytes(&line, text, last ? (Index)strlen(text) : n);
        grid_text(grid, area.row + row, area.col, area.cols, INK_PLAIN, str_text(&line));
        grid->failed = grid->failed || line.failed;
        str_free(&line);
        text += n;
        text += strspn(text, " ");
    }
    str_free(&sentence);
}

static bool draw(const Figure *figure, Grid *grid, Rect area, Charset charset, Error *err)
{
    area = clipped(grid, area);
    if (area.rows == 0 || area.cols == 0) return true;
    grid_clear(grid, area);
    if (area.rows < ROWS_LEAST || area.cols < COLS_LEAST) {
        draw_sentence(figure, grid, area);
        return true;
    }
    Chart chart = {.figure = figure, .grid = grid, .charset = charset, .area = area};
    switch (figure->kind) {
    case FIGURE_LINE:
        return chart_line(&chart, err);
    case FIGURE_BAR:
        return chart_bar(&chart, err);
    case FIGURE_HEAT:
        chart_heat(&chart);
        return true;
    case FIGURE_STACK:
        chart_stack(&chart);
        return true;
    }
    return true;
}

void figure_draw(const Figure *figure, Grid *grid, Rect area, Charset charset)
{
    /* Without memory for a line's dots what was drawn so far stays: the frame. */
    if (!draw(figure, grid, area, charset, NULL)) grid->failed = true;
}

bool figure_text(Str *out, const Figure *figure, int rows, int cols, Charset charset, Error *err)
{
    Grid grid;
    if (!figure_ok(figure, err) || !grid_init(&grid, rows, cols, err)) return false;
    bool drawn = draw(figure, &grid, (Rect){0, 0, rows, cols}, charset, err);
    if (drawn) grid_plain(out, &grid);
    bool complete = drawn && !grid.failed;
    grid_free(&grid);
    if (drawn && !complete) error_set(err, ERR_MEMORY, tr("out of memory while drawing a figure"));
    return complete && str_ok(out, err);
}
