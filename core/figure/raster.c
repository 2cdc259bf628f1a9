/* Dots and the characters that show them. */

#include "core/figure/raster.h"

#include <math.h>

#include "core/base/mem.h"

static int dots_across(Charset charset)
{
    return charset == CHARSET_BRAILLE ? 2 : 1;
}

static int dots_down(Charset charset)
{
    return charset == CHARSET_BRAILLE ? 4 : charset == CHARSET_BLOCK ? 2 : 3;
}

bool raster_init(Raster *raster, Rect plot, Charset charset, Error *err)
{
    CHECK(plot.rows > 0 && plot.cols > 0);
    *raster = (Raster){.plot = plot, .charset = charset};
    raster->wide = plot.cols * dots_across(charset);
    raster->high = plot.rows * dots_down(charset);
    raster->cells = mem_alloc(mem_program(), MEM_SCRATCH, (Index)plot.rows * plot.cols,
                              sizeof *raster->cells, err);
    return raster->cells != NULL;
}

void raster_free(Raster *raster)
{
    mem_free(raster->cells);
    raster->cells = NULL;
}

/* ---- lines ------------------------------------------------------------------------------ */

static void set_dot(Raster *raster, int x, int y, int rise)
{
    int         across = dots_across(raster->charset), down = dots_down(raster->charset);
    int         bit = y % down * across + x % across;
    RasterCell *cell = &raster->cells[(Index)(y / down) * raster->plot.cols + x / across];
    cell->dots |= (uint8_t)(1 << bit);
    cell->ink = (uint8_t)raster->ink;
    cell->rise = (int8_t)rise;
}

/* Dashes of four steps with gaps of three; in whole cells three and two. */
static bool in_gap(const Raster *raster)
{
    if (!raster->dashed) return false;
    bool fine = raster->charset == CHARSET_BRAILLE;
    return fine ? raster->travelled % 7 >= 4 : raster->travelled % 5 >= 3;
}

/* One bound of Liang and Barsky's clipping: keep the part of 0..1 with step * t <= room. */
static bool clip_side(double step, double room, double *from, double *to)
{
    if (step == 0) return room >= 0;
    double t = room / step;
    if (step < 0 && t > *from) *from = t;
    if (step > 0 && t < *to) *to = t;
    return *from <= *to;
}

static int dot_at(double fraction, int dots)
{
    double dot = round(fraction * (dots - 1));
    return dot < 0 ? 0 : dot > dots - 1 ? dots - 1 : (int)dot;
}

void raster_line(Raster *raster, double x0, double y0, double x1, double y1)
{
    double dx = x1 - x0, dy = y1 - y0, from = 0, to = 1;
    if (!isfinite(dx) || !isfinite(dy)) return;
    if (!clip_side(-dx, x0, &from, &to) || !clip_side(dx, 1 - x0, &from, &to)) return;
    if (!clip_side(-dy, y0, &from, &to) || !clip_side(dy, 1 - y0, &from, &to)) return;

    int ax = dot_at(x0 + from * dx, raster->wide), bx = dot_at(x0 + to * dx, raster->wide);
    int ay = dot_at(1 - (y0 + from * dy), raster->high);
    int by = dot_at(1 - (y0 + to * dy), raster->high);
    int across = bx > ax ? bx - ax : ax - bx, down = by > ay ? by - ay : ay - by;
    int steps = across > down ? across : down, rise = (by < ay) - (by > ay);
    if (ax > bx) rise = -rise;
    for (int i = 0; i <= steps; i++) {
        double part = steps == 0 ? 0 : (double)i / steps;
        int    x = (int)lround(ax + part * (bx - ax)), y = (int)lround(ay + part * (by - ay));
        if (!in_gap(raster)) set_dot(raster, x, y, rise);
        if (i < steps) raster->travelled++;
    }
}

bool raster_cell(const Raster *raster, double x, double y, int *row, int *col)
{
    if (!(x >= 0 && x <= 1 && y >= 0 && y <= 1)) return false;
    *col = raster->plot.col + dot_at(x, raster->wide) / dots_across(raster->charset);
    *row = raster->plot.row + dot_at(1 - y, raster->high) / dots_down(raster->charset);
    return true;
}

/* ---- painting --------------------------------------------------------------------------- */

/* Unicode counts braille's dots down the columns, the lowest pair last. */
static uint32_t braille(unsigned dots)
{
    static const uint8_t bits[8] = {0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80};

    uint32_t cp = 0x2800;
    for (int i = 0; i < 8; i++) {
        if (dots >> i & 1) cp |= bits[i];
    }
    return cp;
}

static uint32_t ascii(unsigned dots, int rise)
{
    static const char flat[8] = {' ', '\'', '-', 0, '_', '|', 0, '|'};
    if (flat[dots] != 0 && (dots != 7 || rise == 0)) return (uint32_t)flat[dots];
    return rise > 0 ? '/' : rise < 0 ? '\\' : '|';
}

void raster_paint(const Raster *raster, Grid *grid)
{
    static const uint16_t halves[4] = {' ', 0x2580, 0x2584, 0x2588};

    for (int row = 0; row < raster->plot.rows; row++) {
        for (int col = 0; col < raster->plot.cols; col++) {
            const RasterCell *cell = &raster->cells[(Index)row * raster->plot.cols + col];
            if (cell->dots == 0) continue;
            uint32_t cp = raster->charset == CHARSET_BRAILLE ? braille(cell->dots)
                          : raster->charset == CHARSET_BLOCK ? halves[cell->dots & 3]
                                                             : ascii(cell->dots, cell->rise);
            grid_put(grid, raster->plot.row + row, raster->plot.col + col, cp, (Ink)cell->ink);
        }
    }
}
