#ifndef APP_VIEW_PAGE_PARTS_H
#define APP_VIEW_PAGE_PARTS_H

/* Between page.c and page_prose.c. */

#include "app/view/page.h"

/* A new last line; NULL when memory is out. */
Line *page_add(Page *page);
/* n bytes of text as the last piece of a line; nothing for no text. */
void page_piece(Page *page, Line *line, const char *text, Index n, Piece style);
/* The first `bytes` of a line's first piece get a piece of their own, as keys look. */
void page_split(Page *page, Line *line, Index bytes);
/* Lines of two pages side by side, the right ones from column `col` on. */
void page_join(Page *page, const Page *left, const Page *right, int col);

#endif
