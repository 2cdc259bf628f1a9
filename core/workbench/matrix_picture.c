/* Three drawings: letters (many ranks needed), rings (some), stripes (two are enough). */

#include "core/workbench/matrix_picture.h"

#include <math.h>
#include <string.h>

const char *const matrix_pictures[] = {"letters", "rings", "stripes", NULL};

/* Lo above RA, each letter five wide and seven high. */
enum { LETTER_ROWS = 17, LETTER_COLS = 15 };
static const char *const letters[LETTER_ROWS] = {
    "...............", ".#.............", ".#.............", ".#........###..", ".#.......#...#.",
    ".#.......#...#.", ".#.......#...#.", ".#####....###..", "...............", ".####.....#....",
    ".#...#...#.#...", ".#...#..#...#..", ".####...#...#..", ".#.#....#####..", ".#..#...#...#..",
    ".#...#..#...#..", "...............",
};

/* 1 on a stroke, 0 off it, and outside of the drawing. */
static double stroke(Index row, Index col)
{
    bool inside = row >= 0 && row < LETTER_ROWS && col >= 0 && col < LETTER_COLS;
    return inside && letters[row][col] == '#' ? 1.0 : 0.0;
}

/* The strokes between their centres, softly: linear in both directions. */
static double soft_stroke(double y, double x)
{
    double row = floor(y), col = floor(x), fy = y - row, fx = x - col;
    Index  i = (Index)row, j = (Index)col;
    return (1 - fy) * ((1 - fx) * stroke(i, j) + fx * stroke(i, j + 1)) +
           fy * ((1 - fx) * stroke(i + 1, j) + fx * stroke(i + 1, j + 1));
}

/* x and y from 0 to 1, y downwards. */
static double letters_at(double y, double x)
{
    double paper = 0.95 - 0.25 * (x * x + y * y) / 2; /* light falls from the upper left */
    double ink = soft_stroke(y * LETTER_ROWS - 0.5, x * LETTER_COLS - 0.5);
    return paper * (1 - 0.85 * ink);
}

static double rings_at(double y, double x)
{
    double distance = sqrt((x - 0.5) * (x - 0.5) + (y - 0.5) * (y - 0.5));
    return 0.5 + 0.5 * cos(28 * distance) * exp(-2 * distance);
}

/* f(x) g(y) + h(x): of rank two. */
static double stripes_at(double y, double x)
{
    return 0.5 + 0.25 * sin(20 * x) + 0.25 * cos(9 * x) * sin(14 * y);
}

void matrix_picture(double *out, Index size, const char *name)
{
    double (*at)(double, double) = letters_at;
    if (strcmp(name, "rings") == 0) at = rings_at;
    if (strcmp(name, "stripes") == 0) at = stripes_at;
    for (Index i = 0; i < size; i++) {
        for (Index j = 0; j < size; j++) {
            double y = ((double)i + 0.5) / (double)size, x = ((double)j + 0.5) / (double)size;
            out[i * size + j] = at(y, x);
        }
    }
}
