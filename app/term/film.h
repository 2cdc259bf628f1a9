#ifndef APP_TERM_FILM_H
#define APP_TERM_FILM_H

/*
 * Screens one after another as one SVG that plays by itself: what stays the same is kept once, row
 * by row. Where pictures do not move, or are asked not to, the last screen is shown.
 */

#include "app/term/picture.h"
#include "core/base/error.h"

typedef struct Film Film;

NODISCARD Film *film_create(Error *err);
void            film_free(Film *film); /* NULL-safe */
/* One more screen, for so long. All have the size and the paper of the first: what is outside is
 * not shown. */
NODISCARD bool film_frame(Film *film, const Grid *grid, Paper paper, double seconds, Error *err);
/* It begins anew when it is over. Without frames: nothing. */
void film_svg(Str *out, Film *film, const char *title);

#endif
