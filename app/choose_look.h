#ifndef APP_CHOOSE_LOOK_H
#define APP_CHOOSE_LOOK_H

/* How a screen looks, by options and environment: for commands with a screen. */

#include "app/view/look.h"
#include "core/lab/command.h"

/* NO_COLOR counts where it is not empty (no-color.org); --color always wins over it. */
bool wants_colour(const Args *args);
/* charset: as of the option. A script is played in UTF-8 wherever it is. Sets the locale. */
void choose_look(const char *charset, bool scripted, bool projector, Look *look);

#endif
