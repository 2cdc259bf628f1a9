#ifndef APP_TERM_PICTURE_H
#define APP_TERM_PICTURE_H

/*
 * A screen as an SVG picture, for manuals: text as text, dots of braille and blocks as shapes, so
 * that it looks the same whatever fonts there are. The same grid and paper give the same bytes.
 */

#include "app/term/display.h"

/* What it is drawn on: `light` is a light page, `auto` a dark one. */
typedef struct Paper {
    Theme theme;
    bool  grey; /* no colours; so is `mono` */
} Paper;

void picture_svg(Str *out, const Grid *grid, Paper paper, const char *title);
/* Its parts: what stands before the rows, and one of them. </svg> ends it. */
void picture_begin(Str *out, int rows, int cols, Paper paper, const char *title);
void picture_row(Str *out, const Grid *grid, int row, Paper paper);

#endif
