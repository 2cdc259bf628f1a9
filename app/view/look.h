#ifndef APP_VIEW_LOOK_H
#define APP_VIEW_LOOK_H

/*
 * How things are drawn here, and the small parts that all views are made of. Drawing is pure: from
 * a state onto a grid, nothing else.
 */

#include "core/figure/figure.h"

typedef struct Look {
    Charset charset;
    bool    ascii;     /* text is spelled out: alpha, ->, ... */
    bool    projector; /* few words, one chart, bold, nothing dim */
    double  now;       /* seconds; a fixed clock in tests */
} Look;

/* Text on one line, spelled out where the look is ASCII; returns columns used. What stands between
 * MEASURED_BEGIN and MEASURED_END is marked as measured, here and in pages; the two themselves are
 * never shown. */
#define MEASURED_BEGIN "\xef\xbf\xb9" /* U+FFF9 */
#define MEASURED_END "\xef\xbf\xbb"   /* U+FFFB */
int look_text(const Look *look, Grid *grid, int row, int col, int cols, Ink ink, const char *text);
int look_textf(const Look *look, Grid *grid, int row, int col, int cols, Ink ink, const char *fmt,
               ...) PRINTF_LIKE(7, 8);
/* The same, marked as measured. */
int look_number(const Look *look, Grid *grid, int row, int col, int cols, Ink ink, const char *fmt,
                ...) PRINTF_LIKE(7, 8);
/* Right-aligned so that it ends before column col. */
int look_right(const Look *look, Grid *grid, int row, int col, int cols, Ink ink, const char *text);
/* Lines: a rule over the row, a vertical line down the area. */
void look_rule(const Look *look, Grid *grid, int row, int col, int cols);
void look_divider(const Look *look, Grid *grid, int row, int col, int rows);
/* A bar of `share` of the columns, in eighths where the characters have them. */
void look_bar(const Look *look, Grid *grid, int row, int col, int cols, double share, Ink ink);
/* Signs at the right edge where rows of `total` lie above (before row `top`) or below the area. */
void look_scroll(const Look *look, Grid *grid, Rect area, int top, int total);
/* A figure, all of it marked as measured but its title. */
void look_figure(const Look *look, Grid *grid, const Figure *figure, Rect area);
/* A character that stands for something, by look: "▸" or ">". */
typedef enum Sign {
    SIGN_HERE,  /* the selected line */
    SIGN_DONE,  /* a tick */
    SIGN_BEGUN, /* half done */
    SIGN_OPEN,  /* not begun */
    SIGN_WRONG, /* a cross */
    SIGN_UP,    /* more above */
    SIGN_DOWN,  /* more below */
    SIGN_RUN,   /* working */
    SIGN_PAUSE
} Sign;
const char *look_sign(const Look *look, Sign sign);

/* Parts of a rectangle. */
Rect rect_rows(Rect area, int from, int rows); /* clipped to the area */
Rect rect_cols(Rect area, int from, int cols);
Rect rect_inset(Rect area, int rows, int cols);
bool rect_inside(Rect inner, Rect outer);
bool rect_overlap(Rect a, Rect b);

#endif
