#ifndef APP_TERM_PICTURE_H
#define APP_TERM_PICTURE_H

/*
 * A screen as an SVG picture, for manuals: text as text, dots of braille and blocks as shapes, so
 * that it looks the same whatever fonts there are. The same grid gives the same bytes.
 */

#include "core/figure/grid.h"

void picture_svg(Str *out, const Grid *grid, const char *title);
/* Its parts: what stands before the rows, and one of them. </svg> ends it. */
void picture_begin(Str *out, int rows, int cols, const char *title);
void picture_row(Str *out, const Grid *grid, int row);

#endif
