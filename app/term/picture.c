/* Cells of 9 x 19 units; runs of cells that look the same become one text. */

#include "app/term/picture.h"

#include <string.h>

#include "core/base/text.h"

enum { WIDE = 9, HIGH = 19, MARGIN = 10, BASE = 14 };

/* Page, then a colour for each Ink. */
typedef struct Palette {
    const char *page, *ink[INK_COUNT];
} Palette;

#define SERIES(a, b, c, d, e, f, g, h)                                                          \
    [INK_SERIES_1] = a, [INK_SERIES_1 + 1] = b, [INK_SERIES_1 + 2] = c, [INK_SERIES_1 + 3] = d, \
    [INK_SERIES_1 + 4] = e, [INK_SERIES_1 + 5] = f, [INK_SERIES_1 + 6] = g, [INK_SERIES_8] = h

/* Colour-blind-safe on a dark ground and on a light one. */
static const Palette dark = {.page = "#16181d",
                             .ink = {[INK_PLAIN] = "#d6d8dc",
                                     [INK_DIM] = "#6f7682",
                                     [INK_STRONG] = "#ffffff",
                                     [INK_KEY] = "#7fb6ff",
                                     [INK_GOOD] = "#58b0a0",
                                     [INK_BAD] = "#f08a5d",
                                     [INK_GUESS] = "#e3b341",
                                     SERIES("#5f9fe8", "#e0803c", "#4fb59a", "#d36fa8", "#d9c04a",
                                            "#8fc7ef", "#b58ae6", "#b9bec7")}};
static const Palette light = {.page = "#ffffff",
                              .ink = {[INK_PLAIN] = "#24272d",
                                      [INK_DIM] = "#6a707b",
                                      [INK_STRONG] = "#000000",
                                      [INK_KEY] = "#0b5cad",
                                      [INK_GOOD] = "#0b6e5d",
                                      [INK_BAD] = "#b03a06",
                                      [INK_GUESS] = "#8a5a00",
                                      SERIES("#1a66b8", "#b4560d", "#0f7460", "#a8327c", "#756200",
                                             "#2d7096", "#6f3fb0", "#555c67")}};
static const Palette contrast = {.page = "#000000",
                                 .ink = {[INK_PLAIN] = "#ffffff",
                                         [INK_DIM] = "#d0d0d0",
                                         [INK_STRONG] = "#ffffff",
                                         [INK_KEY] = "#ffff00",
                                         [INK_GOOD] = "#87d7ff",
                                         [INK_BAD] = "#ff8f6f",
                                         [INK_GUESS] = "#ffff00",
                                         SERIES("#87d7ff", "#ffaf00", "#ffffd7", "#ff6f6f",
                                                "#c58ae6", "#d7afff", "#87afaf", "#00ff87")}};

static const Palette *palette_of(Theme theme)
{
    return theme == THEME_LIGHT ? &light : theme == THEME_CONTRAST ? &contrast : &dark;
}

/* Without colours there is text, dim text and strong text. */
static const char *colour_of(Paper paper, unsigned ink)
{
    bool coloured = ink != INK_DIM && ink != INK_STRONG;
    bool grey = paper.grey || paper.theme == THEME_MONO;
    return palette_of(paper.theme)->ink[grey && coloured ? INK_PLAIN : ink];
}

static const char *fill_of(Paper paper, const Cell *cell)
{
    return cell->reverse ? palette_of(paper.theme)->page : colour_of(paper, cell->ink);
}

static uint32_t first_of(const Cell *cell)
{
    uint32_t cp = ' ';
    if (cell->text[0] != '\0') utf8_decode(cell->text, (Index)strlen(cell->text), &cp);
    return cp;
}

static void add_rect(Str *out, double x, double y, double w, double h, const char *fill)
{
    str_addf(out, "<rect x=\"%.5g\" y=\"%.5g\" width=\"%.4g\" height=\"%.4g\" fill=\"%s\"/>\n", x,
             y, w, h, fill);
}

/* Dots 1 to 8 of braille are bits 0 to 7: 1 2 3 down the left, 4 5 6 down the right, 7 and 8 below.
 */
static void add_braille(Str *out, double x, double y, uint32_t bits, const char *fill)
{
    static const int column[8] = {0, 0, 0, 1, 1, 1, 0, 1}, row[8] = {0, 1, 2, 0, 1, 2, 3, 3};
    for (int i = 0; i < 8; i++) {
        if (!(bits >> i & 1)) continue;
        str_addf(out, "<circle cx=\"%.5g\" cy=\"%.5g\" r=\"1.5\" fill=\"%s\"/>\n",
                 x + WIDE * (0.25 + 0.5 * column[i]), y + HIGH * (0.125 + 0.25 * row[i]), fill);
    }
}

/* Lines of frames, as the pieces from the middle of the cell: left, right, up, down. */
static unsigned line_pieces(uint32_t cp)
{
    switch (cp) {
    case 0x2500:
        return 1 | 2;
    case 0x2502:
        return 4 | 8;
    case 0x250C:
        return 2 | 8;
    case 0x2514:
        return 2 | 4;
    case 0x251C:
        return 2 | 4 | 8;
    case 0x2524:
        return 1 | 4 | 8;
    case 0x252C:
        return 1 | 2 | 8;
    case 0x2534:
        return 1 | 2 | 4;
    default:
        return 0;
    }
}

/* True when the character is drawn as shapes. */
static bool add_shape(Str *out, double x, double y, uint32_t cp, const char *fill)
{
    unsigned pieces = line_pieces(cp);
    double   middle = x + WIDE / 2.0, half = y + HIGH / 2.0;
    if (cp >= 0x2800 && cp <= 0x28FF) {
        add_braille(out, x, y, cp - 0x2800, fill);
    } else if (cp >= 0x2581 && cp <= 0x2588) { /* lower eighths, the last one full */
        double h = HIGH * (double)(cp - 0x2580) / 8;
        add_rect(out, x, y + HIGH - h, WIDE, h, fill);
    } else if (cp >= 0x2589 && cp <= 0x258F) { /* left eighths, 7 to 1 */
        add_rect(out, x, y, WIDE * (double)(0x2590 - cp) / 8, HIGH, fill);
    } else if (cp >= 0x2591 && cp <= 0x2593) { /* shades: light, medium, dark */
        str_addf(out,
                 "<rect x=\"%.5g\" y=\"%.5g\" width=\"%d\" height=\"%d\" fill=\"%s\" "
                 "opacity=\"%.2g\"/>\n",
                 x, y, WIDE, HIGH, fill, 0.25 * (double)(cp - 0x2590));
    } else if (cp == 0x2580) {
        add_rect(out, x, y, WIDE, HIGH / 2.0, fill);
    } else if (pieces != 0) {
        if (pieces & 1) add_rect(out, x, half - 0.5, WIDE / 2.0 + 0.5, 1, fill);
        if (pieces & 2) add_rect(out, middle - 0.5, half - 0.5, WIDE / 2.0 + 0.5, 1, fill);
        if (pieces & 4) add_rect(out, middle - 0.5, y, 1, HIGH / 2.0 + 0.5, fill);
        if (pieces & 8) add_rect(out, middle - 0.5, half - 0.5, 1, HIGH / 2.0 + 0.5, fill);
    } else {
        return false;
    }
    return true;
}

static bool looks_same(const Cell *a, const Cell *b)
{
    return a->ink == b->ink && a->bold == b->bold && a->reverse == b->reverse;
}

static bool is_blank(const Cell *cell)
{
    return cell->text[0] == '\0' || strcmp(cell->text, " ") == 0;
}

/* As the terminal does it. */
static bool is_bold(const Cell *cell)
{
    return cell->bold || cell->ink == INK_STRONG || cell->ink == INK_KEY;
}

/* Cells from col on that are one text: of one look, one column wide each, no shapes. */
static int add_run(Str *out, const Cell *cells, int col, int cols, double y, Paper paper)
{
    const Cell *first = &cells[col];
    const char *fill = fill_of(paper, first);
    int         n = 0;

    str_addf(out, "<text x=\"%d\" y=\"%.4g\" fill=\"%s\"%s textLength=\"", MARGIN + col * WIDE,
             y + BASE, fill, is_bold(first) ? " font-weight=\"bold\"" : "");
    Str text = {0};
    int columns = 0;
    while (col + n < cols && looks_same(first, &cells[col + n])) {
        const Cell *cell = &cells[col + n];
        uint32_t    cp = first_of(cell);
        bool        shape = (cp >= 0x2800 && cp <= 0x28FF) || (cp >= 0x2580 && cp <= 0x258F) ||
                     line_pieces(cp) != 0;
        if (shape) break;
        const char *shown = cell->text[0] == '\0' ? " " : cell->text;
        if (cell->width > 0) text_xml(&text, shown, (Index)strlen(shown));
        columns++;
        n++;
    }
    str_addf(out, "%d\" xml:space=\"preserve\">%s</text>\n", columns * WIDE, str_text(&text));
    out->failed = out->failed || text.failed;
    str_free(&text);
    return n > 0 ? n : 1;
}

void picture_row(Str *out, const Grid *grid, int row, Paper paper)
{
    const Cell *cells = &grid->cells[(Index)row * grid->cols];
    double      y = MARGIN + row * HIGH;

    for (int col = 0; col < grid->cols; col++) {
        if (!cells[col].reverse) continue;
        add_rect(out, MARGIN + col * WIDE, y, WIDE, HIGH, colour_of(paper, cells[col].ink));
    }
    for (int col = 0; col < grid->cols;) {
        const Cell *cell = &cells[col];
        const char *fill = fill_of(paper, cell);
        if (is_blank(cell) || add_shape(out, MARGIN + col * WIDE, y, first_of(cell), fill)) {
            col++;
        } else {
            col += add_run(out, cells, col, grid->cols, y, paper);
        }
    }
}

void picture_begin(Str *out, int rows, int cols, Paper paper, const char *title)
{
    int width = 2 * MARGIN + cols * WIDE, height = 2 * MARGIN + rows * HIGH;
    str_addf(out,
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
             "height=\"%d\" font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" "
             "font-size=\"15\">\n<title>",
             width, height, width, height);
    text_xml(out, title, (Index)strlen(title));
    str_addf(out,
             "</title>\n<style>rect{shape-rendering:crispEdges}</style>\n<rect width=\"%d\" "
             "height=\"%d\" rx=\"6\" fill=\"%s\"/>\n",
             width, height, palette_of(paper.theme)->page);
}

void picture_svg(Str *out, const Grid *grid, Paper paper, const char *title)
{
    picture_begin(out, grid->rows, grid->cols, paper, title);
    for (int row = 0; row < grid->rows; row++) picture_row(out, grid, row, paper);
    str_add(out, "</svg>\n");
}
