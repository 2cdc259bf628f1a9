#ifndef APP_TERM_SCRIPT_H
#define APP_TERM_SCRIPT_H

/*
 * A session that is played from a file instead of typed: one command a line, '#' begins a comment.
 *
 *   size COLS ROWS     the screen from here on (80 24 at the start)
 *   key NAME...        keys, "key Down Down Enter"
 *   type TEXT          the rest of the line, character by character
 *   wait TEXT          until the screen shows it; fails after 60 s
 *   gone TEXT          until it no longer does
 *   see TEXT           fails when the screen does not show it now
 *   save FILE          what is on the screen, in the folder of saved screens; measured parts as #
 *   save FILE.svg      the same as a picture, with its numbers
 *   frame SECONDS      what is on the screen is the next frame of a film, for so long
 *   film FILE.svg      the frames up to here as a picture that moves
 *
 * After the last line the screen is left as by hang-up. Waiting is by what is shown, never by time.
 * A comment has a line of its own; TEXT is looked for within one row of the screen. `read` gives
 * one key a call: whoever plays shows what the key did before it reads again.
 */

#include "app/term/display.h"
#include "core/base/error.h"

/* folder: where `save` writes; NULL: `save` is an error. */
NODISCARD Display *script_open(const char *path, const char *folder, Error *err);
/* How long `wait` and `gone` wait at most; 60 s unless said. */
void script_set_patience(Display *display, double seconds);
/* Those of pictures; `auto` in colour unless said. */
void script_set_colours(Display *display, Theme theme, bool colour);
/* How it went: ERR_FAILED with file, line and what was on the screen instead; the whole of it is in
 * the folder of saved screens, as failed.txt. Also when the lab was left before the last line.
 * NULL-safe. */
NODISCARD bool script_close(Display *display, Error *err);

#endif
