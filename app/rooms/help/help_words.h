#ifndef APP_ROOMS_HELP_HELP_WORDS_H
#define APP_ROOMS_HELP_HELP_WORDS_H

/* What is on the screen of each room, in Markdown: the part of the help that is not keys. */

#include "app/screen/keymap.h"

const char *help_words(RoomId room);

#endif
