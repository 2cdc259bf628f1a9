#ifndef APP_VIEW_PAGE_H
#define APP_VIEW_PAGE_H

/*
 * Pages: lines made ahead of drawing, so that scrolling and searching know them. A line is pieces
 * of text, each with an ink. Prose, questions, feedback and tables become lines; figures are rows
 * that are kept free and drawn afterwards.
 */

#include "app/view/look.h"
#include "core/base/str.h"

typedef struct Piece {
    char *text;
    Ink   ink;
    bool  bold, reverse, measured;
} Piece;

typedef struct Line {
    Piece        *pieces;
    Index         count;
    int           indent;
    const Figure *figure; /* the figure that begins here (borrowed); NULL */
    int           rows;   /* of the figure; else 0 */
    int           item;   /* number of the choice or link that this line belongs to; 0: none */
} Line;

typedef struct Page {
    Line *lines;
    Index count;
    int   item;   /* of the lines to come */
    bool  failed; /* memory was out: some is missing */
} Page;

void page_clear(Page *page); /* also frees */
/* Markdown wrapped to cols (20 at least). Values between MEASURED_BEGIN and MEASURED_END were
 * measured, here and below. */
void page_prose(Page *page, const Look *look, const char *markdown, int cols);
/* Plain text wrapped with a first and a following indent of blanks; a newline ends a line. */
void page_text(Page *page, const Look *look, Ink ink, const char *text, int cols, int first,
               int next);
/* Plain text whose lines stay as they are, cut into several where they are too wide: tables that
 * were made of blanks. */
void page_lines(Page *page, const Look *look, Ink ink, const char *text, int cols, int indent);
/* Text between a first and a following indent that has words of its own ("1  ", a sign). */
void page_mark(Page *page, const Look *look, Ink ink, const char *first, const char *next,
               const char *text, int cols);
void page_blank(Page *page);
/* The lines that follow belong to item n (0: to none). */
void page_item(Page *page, int n);
/* Room for a figure (borrowed until page_clear). */
void page_figure(Page *page, const Figure *figure, int rows);
/* Rows that the page takes when drawn: lines, and the rows of figures. */
int page_rows(const Page *page);
/* From row `top` of the page on. item: shown in reverse; 0: none. */
void page_draw(const Page *page, const Look *look, Grid *grid, Rect area, int top, int item);
/* First row at or after `from` whose text holds the words, letters of either case; -1: none. */
int page_find(const Page *page, const char *words, int from);
/* First row of an item; -1. */
int page_item_row(const Page *page, int item);

#endif
