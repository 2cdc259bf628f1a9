#ifndef APP_TERM_PICTURE_H
#define APP_TERM_PICTURE_H

/*
 * A screen as an SVG picture, for manuals: text as text, dots of braille and blocks as shapes, so
 * that it looks the same whatever fonts there are. The same grid gives the same bytes.
 */

#include "core/figure/grid.h"

void picture_svg(Str *out, const Grid *grid, const char *title);

#endif
