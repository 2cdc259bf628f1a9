#ifndef CORE_FIGURE_RASTER_H
#define CORE_FIGURE_RASTER_H

/*
 * Lines finer than cells. Private to core/figure. Each cell of a plot is cut into dots: 2 x 4 in
 * braille, 1 x 2 half blocks, 1 x 3 in ASCII (' - _ and slopes). Lines are set in dots, then
 * painted onto the cells at once, so that lines that share a cell share its character.
 */

#include "core/figure/figure.h"

typedef struct RasterCell {
    uint8_t dots; /* one bit a dot */
    uint8_t ink;  /* of the line that came last */
    int8_t  rise; /* that line's direction: 1 up, -1 down, 0 flat */
} RasterCell;

typedef struct Raster {
    Rect        plot;
    Charset     charset;
    int         wide, high; /* dots in all */
    RasterCell *cells;      /* [plot.rows * plot.cols] */
    Ink         ink;        /* of lines from now on */
    bool        dashed;
    int         travelled; /* dots since the line began: where a dash goes on */
} Raster;

NODISCARD bool raster_init(Raster *raster, Rect plot, Charset charset, Error *err);
void           raster_free(Raster *raster);
/* Places are fractions of the plot, (0, 0) at its lower left; what lies outside is cut off. */
void raster_line(Raster *raster, double x0, double y0, double x1, double y1);
/* The cell that holds a place; false outside. */
bool raster_cell(const Raster *raster, double x, double y, int *row, int *col);
void raster_paint(const Raster *raster, Grid *grid);

#endif
