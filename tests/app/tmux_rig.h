#ifndef TESTS_APP_TMUX_RIG_H
#define TESTS_APP_TMUX_RIG_H

/*
 * The program in a real terminal emulator, tmux, with a server of the test's own. Waiting is for
 * text on the screen, never for time.
 */

#include "core/base/str.h"

typedef struct Tmux {
    int rows, cols;
    Str screen; /* as captured last */
    Str told;   /* last output of tmux */
} Tmux;

bool tmux_is_there(void); /* else the test says so and is skipped */
/* A shell with a prompt "$ " in a window of this size; `env` are words "NAME=value" before it. */
void tmux_start(Tmux *tmux, int cols, int rows, const char *env);
/* Keys by tmux's names, as words: "Down Down Enter". */
void tmux_keys(Tmux *tmux, const char *keys);
void tmux_type(Tmux *tmux, const char *text); /* as it is, then Enter */
/* A second pane at the right with this command; it has the keys and is what is seen. */
void tmux_split(Tmux *tmux, const char *command);
void tmux_pane(Tmux *tmux, int pane); /* the keys and the eye go there: 0 or 1 */
void tmux_resize(Tmux *tmux, int cols, int rows);
/* Until the screen shows it, 20 s at most; fails with the screen. */
void        tmux_await(Tmux *tmux, const char *text);
void        tmux_await_gone(Tmux *tmux, const char *text);
const char *tmux_screen(Tmux *tmux);
void        tmux_end(Tmux *tmux);

#endif
