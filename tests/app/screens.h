#ifndef TESTS_APP_SCREENS_H
#define TESTS_APP_SCREENS_H

/*
 * Screens as they are meant to look, one file each in tests/app/screens/. Measured numbers are #.
 * After a change that is meant, run the tests with LORALAB_WRITE_SCREENS=1, look at what git diff
 * shows, and keep it.
 */

#include "app/screen/keymap.h"
#include "app/view/look.h"

typedef void DrawScreen(void *context, const Look *look, Grid *grid, Rect area);

/* The looks that screens are compared in. */
extern const Look look_braille, look_ascii, look_projector;

/* At 80x24, 100x30 and 200x60, less the rows of the frame, in braille and ASCII:
 * NAME-80x24.txt, NAME-80x24-ascii.txt ... */
void assert_screens(const char *name, DrawScreen *draw, void *context);
/* One size and look. */
void assert_screen(const char *name, const Look *look, int rows, int cols, DrawScreen *draw,
                   void *context);
/* At `times` random sizes up to 100 x 300, in each look: nothing outside the area is touched, and
 * memory suffices. */
void assert_stays_inside(int times, DrawScreen *draw, void *context);

/* The grid's text; "" when memory is out. Good until the next call. */
const char *screen_text(const Grid *grid);
/* Passes when the text of the grid has (or lacks) the words. */
void assert_shows(const Grid *grid, const char *words);
void assert_hides(const Grid *grid, const char *words);

/* Draw, and look for words: on a screen of this size, less nothing. */
void        assert_draws(const Look *look, int rows, int cols, DrawScreen *draw, void *context,
                         const char *words);
const char *drawn_text(const Look *look, int rows, int cols, DrawScreen *draw, void *context);

/* Keys by name, "Down Enter", as the loop would hand them to a room: each must do something. */
typedef struct Presser {
    RoomId room;
    bool (*typing)(void *context); /* NULL: never */
    bool (*act)(void *context, Action action, Key key);
    void *context;
} Presser;
void press_keys(const Presser *presser, const char *names);

/* Whole numbers from 0 to n-1, the same in each run. */
int next_random(uint64_t *state, int n);

#endif
