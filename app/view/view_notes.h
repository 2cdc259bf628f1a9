#ifndef APP_VIEW_VIEW_NOTES_H
#define APP_VIEW_VIEW_NOTES_H

/* The presenter's second terminal: what to say, what comes next, the clock, the votes. */

#include "app/notes/notes.h"
#include "app/view/look.h"

/* lost: the lab is gone. wall: the time of day as text. */
void view_notes_draw(const Notes *notes, bool lost, const char *wall, const Look *look, Grid *grid,
                     Rect area);

#endif
