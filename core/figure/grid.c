/* Cells: text is cut into graphemes and never leaves half of a wide character behind. */

#include "core/figure/grid.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/base/text.h"

enum { MARKS_MAX = 4 };

static const Cell blank = {.width = 1};

bool grid_init(Grid *grid, int rows, int cols, Error *err)
{
    CHECK(rows >= 0 && cols >= 0);
    *grid = (Grid){0};
    Index cells = (Index)rows * cols;
    grid->cells = mem_alloc_raw(mem_program(), MEM_TEXT, cells, sizeof(Cell), err);
    if (grid->cells == NULL) return false;
    grid->rows = rows;
    grid->cols = cols;
    for (Index i = 0; i < cells; i++) grid->cells[i] = blank;
    return true;
}

void grid_free(Grid *grid)
{
    mem_free(grid->cells);
    *grid = (Grid){0};
}

Cell *grid_at(const Grid *grid, int row, int col)
{
    if (row < 0 || col < 0 || row >= grid->rows || col >= grid->cols) return NULL;
    return &grid->cells[(Index)row * grid->cols + col];
}

/* A cell that is about to be written: what shared a wide character with it becomes blank. */
static Cell *cell_to_write(Grid *grid, int row, int col)
{
    Cell *cell = grid_at(grid, row, col);
    if (cell == NULL) return NULL;
    if (cell->width == 0 && col > 0) cell[-1] = blank;
    if (cell->width == 2 && col + 1 < grid->cols) cell[1] = blank;
    *cell = blank;
    return cell;
}

void grid_clear(Grid *grid, Rect area)
{
    int top = area.row > 0 ? area.row : 0, left = area.col > 0 ? area.col : 0;
    for (int row = top; row < grid->rows && row - area.row < area.rows; row++) {
        for (int col = left; col < grid->cols && col - area.col < area.cols; col++) {
            cell_to_write(grid, row, col);
        }
    }
}

/* One base character of 1 or 2 columns; a wide one that does not fit whole leaves a blank. */
static void put_bytes(Grid *grid, int row, int col, Ink ink, const char *bytes, int n, int width)
{
    Cell *cell = cell_to_write(grid, row, col);
    Cell *tail = width == 2 ? cell_to_write(grid, row, col + 1) : NULL;
    if (cell == NULL || (width == 2 && tail == NULL)) return;
    cell->width = (uint8_t)width;
    cell->ink = (uint8_t)ink;
    if (!(n == 1 && *bytes == ' ')) memcpy(cell->text, bytes, (size_t)n);
    if (tail != NULL) {
        tail->width = 0;
        tail->ink = (uint8_t)ink;
    }
}

void grid_put(Grid *grid, int row, int col, uint32_t cp, Ink ink)
{
    char bytes[4];
    if (text_is_hidden(cp)) cp = '?';
    int n = utf8_encode(cp, bytes);
    int width = text_columns(bytes, n);
    if (width > 0) put_bytes(grid, row, col, ink, bytes, n, width);
}

/* A mark joins the character at its left. */
static void put_mark(Grid *grid, int row, int col, int *marks, const char *bytes, int n)
{
    Cell *cell = grid_at(grid, row, col);
    if (cell == NULL || *marks >= MARKS_MAX) return;
    size_t length = strlen(cell->text);
    if (length == 0) cell->text[length++] = ' '; /* it was put on a blank */
    if (length + (size_t)n >= CELL_BYTES) return;
    memcpy(cell->text + length, bytes, (size_t)n);
    ++*marks;
}

/* Text without anything hidden in it. Returns the columns it takes. */
static int put_safe(Grid *grid, int row, int col, Ink ink, const char *text, Index n)
{
    int used = 0, last = 0, marks = 0;
    for (Index i = 0; i < n;) {
        uint32_t cp;
        int      length = utf8_decode(text + i, n - i, &cp);
        CHECK(length > 0);
        int width = text_columns(text + i, length);
        if (width > 0) {
            put_bytes(grid, row, col + used, ink, text + i, length, width);
            last = used;
            used += width;
            marks = 0;
        } else if (used > 0) {
            put_mark(grid, row, col + last, &marks, text + i, length);
        }
        i += length;
    }
    return used;
}

int grid_text(Grid *grid, int row, int col, int cols, Ink ink, const char *text)
{
    if (cols > grid->cols - col) cols = grid->cols - col;
    if (cols <= 0 || row < 0 || row >= grid->rows) return 0;
    Str safe = {0};
    safe_text(&safe, text, (Index)strlen(text), false, cols);
    grid->failed = grid->failed || safe.failed;
    int used = safe.failed ? 0 : put_safe(grid, row, col, ink, str_text(&safe), safe.len);
    str_free(&safe);
    return used;
}

/* ---- marks ---- */

typedef enum Mark { MARK_BOLD, MARK_REVERSE, MARK_MEASURED } Mark;

static void mark_area(Grid *grid, Rect area, Mark mark)
{
    for (int row = area.row; row < area.row + area.rows; row++) {
        for (int col = area.col; col < area.col + area.cols; col++) {
            Cell *cell = grid_at(grid, row, col);
            if (cell == NULL) continue;
            if (mark == MARK_BOLD) cell->bold = true;
            if (mark == MARK_REVERSE) cell->reverse = true;
            if (mark == MARK_MEASURED) cell->measured = true;
        }
    }
}

void grid_bold(Grid *grid, Rect area)
{
    mark_area(grid, area, MARK_BOLD);
}

void grid_reverse(Grid *grid, Rect area)
{
    mark_area(grid, area, MARK_REVERSE);
}

void grid_measured(Grid *grid, Rect area)
{
    mark_area(grid, area, MARK_MEASURED);
}

/* ---- as text ---- */

static bool is_end_blank(const Cell *cell, bool saved)
{
    return cell->width == 1 && cell->text[0] == '\0' && !(saved && cell->measured);
}

/* A measured area is all #, its blanks too: the shape of a curve is measured as its numbers are. */
static void add_rows(Str *out, const Grid *grid, bool saved)
{
    for (int row = 0; row < grid->rows; row++) {
        const Cell *cells = &grid->cells[(Index)row * grid->cols];
        int         end = grid->cols;
        while (end > 0 && is_end_blank(&cells[end - 1], saved)) end--;
        for (int col = 0; col < end; col++) {
            bool hide = saved && cells[col].measured;
            if (cells[col].width == 0 && !hide) continue;
            str_add(out, hide ? "#" : cells[col].text[0] == '\0' ? " " : cells[col].text);
        }
        str_add(out, "\n");
    }
}

void grid_plain(Str *out, const Grid *grid)
{
    add_rows(out, grid, false);
}

void grid_saved(Str *out, const Grid *grid)
{
    add_rows(out, grid, true);
}
