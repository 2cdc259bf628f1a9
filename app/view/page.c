/* Lines of pieces: kept, drawn, searched. How text becomes lines is in page_prose.c. */

#include "app/view/page.h"

#include <string.h>

#include "app/view/look_parts.h"
#include "app/view/page_parts.h"
#include "core/base/mem.h"

/* ---- keeping ---------------------------------------------------------------------------- */

void page_clear(Page *page)
{
    for (Index i = 0; i < page->count; i++) {
        Line *line = &page->lines[i];
        for (Index p = 0; p < line->count; p++) mem_free(line->pieces[p].text);
        mem_free(line->pieces);
    }
    mem_free(page->lines);
    *page = (Page){0};
}

/* Room for one more in a list that doubles; its room is told by its count. */
static void *grow(void *list, Index count, Index size)
{
    bool full = (count & (count - 1)) == 0;
    if (!full) return list;
    return mem_resize(list, mem_program(), MEM_TEXT, count == 0 ? 1 : 2 * count, size, NULL);
}

Line *page_add(Page *page)
{
    Line *grown = grow(page->lines, page->count, sizeof *grown);
    if (grown == NULL) {
        page->failed = true;
        return NULL;
    }
    page->lines = grown;
    page->lines[page->count] = (Line){.item = page->item};
    return &page->lines[page->count++];
}

void page_piece(Page *page, Line *line, const char *text, Index n, Piece style)
{
    if (n == 0) return;
    Piece *grown = grow(line->pieces, line->count, sizeof *grown);
    char  *copy = mem_alloc_raw(mem_program(), MEM_TEXT, n + 1, 1, NULL);
    if (grown != NULL) line->pieces = grown;
    if (grown == NULL || copy == NULL) {
        page->failed = true;
        mem_free(copy);
        return;
    }
    memcpy(copy, text, (size_t)n);
    copy[n] = '\0';
    style.text = copy;
    line->pieces[line->count++] = style;
}

void page_blank(Page *page)
{
    (void)page_add(page);
}

void page_item(Page *page, int n)
{
    page->item = n;
}

void page_figure(Page *page, const Figure *figure, int rows)
{
    Line *line = rows > 0 ? page_add(page) : NULL;
    if (line == NULL) return;
    line->figure = figure;
    line->rows = rows;
}

static int line_rows(const Line *line)
{
    return line->figure != NULL ? line->rows : 1;
}

int page_rows(const Page *page)
{
    int rows = 0;
    for (Index i = 0; i < page->count; i++) rows += line_rows(&page->lines[i]);
    return rows;
}

int page_item_row(const Page *page, int item)
{
    int row = 0;
    for (Index i = 0; i < page->count; i++) {
        if (page->lines[i].item == item) return row;
        row += line_rows(&page->lines[i]);
    }
    return -1;
}

/* ---- drawing ---------------------------------------------------------------------------- */

static void draw_line(const Line *line, const Look *look, Grid *grid, Rect area, bool chosen)
{
    int col = line->indent;
    for (Index i = 0; i < line->count; i++) {
        const Piece *piece = &line->pieces[i];
        int  used = look_text(look, grid, area.row, area.col + col, area.cols - col, piece->ink,
                              piece->text);
        Rect cells = {area.row, area.col + col, 1, used};
        if (piece->bold) grid_bold(grid, cells);
        if (piece->reverse) grid_reverse(grid, cells);
        if (piece->measured) grid_measured(grid, cells);
        col += used;
    }
    if (chosen) grid_reverse(grid, area);
}

/* A figure of which the first `hidden` rows are above the area: drawn whole on a grid of its own,
 * and the rows that are seen are taken from there. */
static void draw_part(const Line *line, const Look *look, Grid *grid, Rect area, int hidden)
{
    Grid whole = {0};
    if (!grid_init(&whole, line->rows, area.cols, NULL)) {
        grid->failed = true;
        return;
    }
    look_figure(look, &whole, line->figure, (Rect){0, 0, line->rows, area.cols});
    grid->failed = grid->failed || whole.failed;
    for (int row = 0; row < area.rows; row++) {
        for (int col = 0; col < area.cols; col++) {
            Cell *to = grid_at(grid, area.row + row, area.col + col);
            if (to != NULL) *to = *grid_at(&whole, hidden + row, col);
        }
    }
    grid_free(&whole);
}

static void draw_figure(const Line *line, const Look *look, Grid *grid, Rect area, int hidden)
{
    if (hidden == 0 && area.rows == line->rows) {
        look_figure(look, grid, line->figure, area);
    } else {
        draw_part(line, look, grid, area, hidden);
    }
}

/* What of the area is on the grid: cells beyond are nobody's. */
static Rect on_grid(const Grid *grid, Rect area)
{
    if (area.row < 0 || area.col < 0) return (Rect){0};
    if (area.rows > grid->rows - area.row) area.rows = grid->rows - area.row;
    if (area.cols > grid->cols - area.col) area.cols = grid->cols - area.col;
    if (area.rows <= 0 || area.cols <= 0) return (Rect){0};
    return area;
}

void page_draw(const Page *page, const Look *look, Grid *grid, Rect area, int top, int item)
{
    int row = -top;
    area = on_grid(grid, area);
    grid_clear(grid, area);
    for (Index i = 0; i < page->count && row < area.rows; i++) {
        const Line *line = &page->lines[i];
        int         rows = line_rows(line), hidden = row < 0 ? -row : 0;
        Rect        place = rect_rows(area, row + hidden, rows - hidden);
        if (hidden < rows && line->figure != NULL) {
            draw_figure(line, look, grid, place, hidden);
        } else if (hidden < rows) {
            draw_line(line, look, grid, place, item != 0 && line->item == item);
        }
        row += rows;
    }
    grid->failed = grid->failed || page->failed;
}

/* ---- searching -------------------------------------------------------------------------- */

static void line_text(Str *out, const Line *line)
{
    for (Index i = 0; i < line->count; i++) str_add(out, line->pieces[i].text);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool starts_with(const char *text, const char *words)
{
    while (*words != '\0' && lower(*text) == lower(*words)) text++, words++;
    return *words == '\0';
}

/* The words may begin in this line and go on in the next one. */
static bool line_has(const Page *page, Index i, const char *words)
{
    Str text = {0};
    line_text(&text, &page->lines[i]);
    Index end = text.len;
    if (i + 1 < page->count && page->lines[i + 1].count > 0) {
        str_add(&text, " ");
        line_text(&text, &page->lines[i + 1]);
    }
    bool has = false;
    for (Index at = 0; at < end && !has && !text.failed; at++) {
        has = starts_with(text.data + at, words);
    }
    str_free(&text);
    return has;
}

int page_find(const Page *page, const char *words, int from)
{
    int row = 0;
    if (*words == '\0') return -1;
    for (Index i = 0; i < page->count; i++) {
        const Line *line = &page->lines[i];
        if (row >= from && line->figure == NULL && line_has(page, i, words)) return row;
        row += line_rows(line);
    }
    return -1;
}
