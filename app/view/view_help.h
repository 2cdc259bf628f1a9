#ifndef APP_VIEW_HELP_H
#define APP_VIEW_HELP_H

/*
 * Help as a page, made from the table of keys: the keys that do something here, then those that
 * work everywhere. In two columns where it is wide.
 */

#include "app/screen/keymap.h"
#include "app/view/page.h"

/* For the keys of a room, and `more` (Markdown about what is on its screen, or NULL) before them.
 * page_clear the page first. */
void view_help_page(Page *page, const Look *look, RoomId room, const char *more, int cols);

#endif
