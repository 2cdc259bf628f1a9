/*
 * Roles of colour as numbers of colours.
 *
 * Of the 256 colours, those of `auto` have a contrast of at least 3:1 to black and to white; all
 * eight series stay apart in simulations of the three kinds of colour blindness, the first four
 * the most (charts add markers and names). `dark` and `light` have 4.5:1 to their background,
 * `contrast` brings its own and has 7:1. Terminals with 8 or 16 colours get the eight names only,
 * which their owners chose to be readable.
 */

#include "app/term/terminal_internal.h"

enum { BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE, OWN = -1, ROLES = INK_SERIES_1 + 8 };

/* In the order of Ink: plain, dim, strong, key, good, bad, guess, eight series. */
static const short many[THEME_COUNT][ROLES] = {
    [THEME_AUTO] = {OWN, 243, OWN, 32, 32, 166, 200, 68, 136, 93, 161, 102, 58, 128, 126},
    [THEME_DARK] = {OWN, 246, OWN, 117, 75, 203, 229, 75, 214, 197, 99, 133, 100, 158, 182},
    [THEME_LIGHT] = {OWN, 240, OWN, 25, 25, 124, 126, 25, 130, 93, 96, 52, 19, 53, 236},
    [THEME_CONTRAST] = {231, 252, 231, 226, 117, 203, 226, 117, 214, 230, 203, 141, 195, 109, 48},
};

static const short few[THEME_COUNT][ROLES] = {
    [THEME_AUTO] = {OWN, OWN, OWN, OWN, GREEN, RED, RED, MAGENTA, GREEN, BLUE, CYAN, RED, YELLOW,
                    MAGENTA, GREEN},
    [THEME_DARK] = {OWN, OWN, OWN, CYAN, CYAN, RED, WHITE, CYAN, YELLOW, MAGENTA, GREEN, RED, WHITE,
                    CYAN, YELLOW},
    [THEME_LIGHT] = {OWN, OWN, OWN, BLUE, BLUE, RED, MAGENTA, BLUE, RED, MAGENTA, GREEN, BLACK,
                     BLUE, RED, MAGENTA},
    [THEME_CONTRAST] = {WHITE, WHITE, WHITE, YELLOW, CYAN, YELLOW, WHITE, CYAN, YELLOW, WHITE,
                        GREEN, CYAN, YELLOW, WHITE, GREEN},
};

_Static_assert((int)ROLES == (int)INK_COUNT, "every ink has its column");

Paint terminal_paint(Theme theme, int colours, Ink ink)
{
    Paint paint = {.fg = OWN, .bg = OWN, .bold = ink == INK_STRONG || ink == INK_KEY};
    if (colours < 8 || theme == THEME_MONO) {
        /* Half as bright is hard to read on some old terminals; those of today have 256 colours. */
        paint.dim = ink == INK_DIM && colours >= 256;
        return paint;
    }
    /* More than 256 are colours by their mixture, of which the numbers 0 to 7 are names still. */
    bool by_number = colours == 256;
    paint.fg = by_number ? many[theme][ink] : few[theme][ink];
    if (theme == THEME_CONTRAST) paint.bg = by_number ? 16 : BLACK;
    return paint;
}
