#ifndef CORE_FIGURE_GRID_H
#define CORE_FIGURE_GRID_H

/*
 * A rectangle of character cells: what charts and, later, every view are drawn on. Pure memory;
 * only app/ knows how cells reach a terminal.
 *
 * A cell holds one grapheme (a base character with at most 4 combining marks) and a role of
 * colour, an Ink. A double-width character takes two cells: the second has width 0 and no text.
 * Writing over half of one blanks the other half. Everything is clipped at the edges.
 */

#include "core/base/str.h"

/* Roles, not colours: app/ maps them, and meaning never hangs on them alone. */
typedef enum Ink {
    INK_PLAIN,
    INK_DIM,    /* frames, axes, ticks */
    INK_STRONG, /* titles */
    INK_KEY,    /* keys that work now */
    INK_GOOD,
    INK_BAD,
    INK_GUESS,    /* the learner's prediction */
    INK_SERIES_1, /* eight series, colour-blind-safe together */
    INK_SERIES_8 = INK_SERIES_1 + 7,
    INK_COUNT
} Ink;

#define CELL_BYTES 24

typedef struct Cell {
    char    text[CELL_BYTES]; /* UTF-8, NUL-terminated; "" is a blank (or the tail, width 0) */
    uint8_t width;            /* columns: 1 or 2; 0: tail of the wide cell at its left */
    uint8_t ink;
    bool    reverse, bold;
    bool    measured; /* a measurement: saved screens leave it out */
} Cell;

typedef struct Rect {
    int row, col, rows, cols;
} Rect;

typedef struct Grid {
    int   rows, cols;
    Cell *cells;  /* [rows * cols] */
    bool  failed; /* an allocation failed while text was written: some is missing */
} Grid;

typedef enum Charset { CHARSET_ASCII, CHARSET_BLOCK, CHARSET_BRAILLE } Charset;

NODISCARD bool grid_init(Grid *grid, int rows, int cols, Error *err); /* blanks */
void           grid_free(Grid *grid);
void           grid_clear(Grid *grid, Rect area);
Cell          *grid_at(const Grid *grid, int row, int col); /* NULL outside */
/* Text on one line from (row, col), clipped to `cols` columns (a cut ends in "..." or its
 * character); hostile text is fine: controls become visible as in safe_text. Returns columns
 * used. */
int grid_text(Grid *grid, int row, int col, int cols, Ink ink, const char *text);
/* One character. */
void grid_put(Grid *grid, int row, int col, uint32_t cp, Ink ink);
/* Marks on the cells of an area, which stay until they are written again. */
void grid_bold(Grid *grid, Rect area);
void grid_reverse(Grid *grid, Rect area);
void grid_measured(Grid *grid, Rect area);
/* All rows as text, blanks at line ends cut, each line ended by \n. */
void grid_plain(Str *out, const Grid *grid);
/* The same with '#' for what was measured, so that screens of two machines can be compared. */
void grid_saved(Str *out, const Grid *grid);

#endif
