#include "tests/app/screens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

const Look look_braille = {.charset = CHARSET_BRAILLE};
const Look look_ascii = {.charset = CHARSET_ASCII, .ascii = true};
const Look look_projector = {.charset = CHARSET_BLOCK, .projector = true};

enum { FRAME_ROWS = 4, SCREEN_BYTES = 200000, MARGIN = 2 };

/* ---- files ------------------------------------------------------------------------------ */

static void screen_path(char path[512], const char *name)
{
    const char *tests = getenv("LORALAB_TESTS");
    snprintf(path, 512, "%s/app/screens/%s.txt", tests != NULL ? tests : "tests", name);
}

static void write_screen(const char *path, const Str *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(str_text(text), 1, (size_t)text->len, file), text->len);
    assert_int_equal(fclose(file), 0);
}

static void compare(const char *path, const Str *got)
{
    static char want[SCREEN_BYTES];
    FILE       *file = fopen(path, "r");
    if (file == NULL) fail_msg("%s is missing; LORALAB_WRITE_SCREENS=1 makes it", path);
    size_t n = fread(want, 1, sizeof want - 1, file);
    want[n] = '\0';
    fclose(file);
    if (strcmp(str_text(got), want) != 0)
        fail_msg("%s differs; this is shown:\n%s", path, str_text(got));
}

void assert_screen(const char *name, const Look *look, int rows, int cols, DrawScreen *draw,
                   void *context)
{
    char path[512];
    Grid grid = {0};
    Str  text = {0};
    assert_true(grid_init(&grid, rows, cols, NULL));
    draw(context, look, &grid, (Rect){0, 0, rows, cols});
    grid_saved(&text, &grid);
    assert_false(grid.failed || text.failed);
    screen_path(path, name);
    if (getenv("LORALAB_WRITE_SCREENS") != NULL) write_screen(path, &text);
    compare(path, &text);
    str_free(&text);
    grid_free(&grid);
}

void assert_screens(const char *name, DrawScreen *draw, void *context)
{
    static const int sizes[][2] = {{80, 24}, {100, 30}, {200, 60}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char file[128];
        int  cols = sizes[i][0], rows = sizes[i][1];
        snprintf(file, sizeof file, "%s-%dx%d", name, cols, rows);
        assert_screen(file, &look_braille, rows - FRAME_ROWS, cols, draw, context);
        snprintf(file, sizeof file, "%s-%dx%d-ascii", name, cols, rows);
        assert_screen(file, &look_ascii, rows - FRAME_ROWS, cols, draw, context);
    }
}

/* ---- properties ------------------------------------------------------------------------- */

int next_random(uint64_t *state, int n)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (int)((*state >> 33) % (uint64_t)n);
}

static bool in_area(Rect area, int row, int col)
{
    return rect_inside((Rect){row, col, 1, 1}, area);
}

/* Everything around the area is filled with a sign that must still be there afterwards. */
static void draw_in_margin(const Look *look, int rows, int cols, DrawScreen *draw, void *context)
{
    Grid grid = {0};
    Rect area = {MARGIN, MARGIN, rows, cols};
    assert_true(grid_init(&grid, rows + 2 * MARGIN, cols + 2 * MARGIN, NULL));
    for (int row = 0; row < grid.rows; row++) {
        for (int col = 0; col < grid.cols; col++) {
            if (!in_area(area, row, col)) grid_put(&grid, row, col, '~', INK_SERIES_8);
        }
    }
    draw(context, look, &grid, area);
    for (int row = 0; row < grid.rows; row++) {
        for (int col = 0; col < grid.cols; col++) {
            const Cell *cell = grid_at(&grid, row, col);
            bool kept = cell->text[0] == '~' && cell->ink == INK_SERIES_8 && !cell->reverse &&
                        !cell->bold && !cell->measured;
            if (!kept && !in_area(area, row, col))
                fail_msg("%d x %d: row %d, column %d outside of it was touched", cols, rows,
                         row - MARGIN, col - MARGIN);
        }
    }
    assert_false(grid.failed);
    grid_free(&grid);
}

void assert_stays_inside(int times, DrawScreen *draw, void *context)
{
    const Look *const looks[] = {&look_braille, &look_ascii, &look_projector};
    uint64_t          state = 42;
    for (int i = 0; i < times; i++) {
        int rows = next_random(&state, 100) + 1, cols = next_random(&state, 300) + 1;
        if (i % 4 == 0) rows = next_random(&state, 12) + 1;
        if (i % 3 == 0) cols = next_random(&state, 60) + 1;
        draw_in_margin(looks[i % 3], rows, cols, draw, context);
    }
}

/* ---- keys ------------------------------------------------------------------------------- */

void press_keys(const Presser *presser, const char *names)
{
    char name[24];
    while (*names != '\0') {
        size_t n = strcspn(names, " ");
        Key    key;
        assert_true(n < sizeof name);
        memcpy(name, names, n);
        name[n] = '\0';
        assert_true(key_parse(name, &key));
        bool   typing = presser->typing != NULL && presser->typing(presser->context);
        Action action = keymap_action(presser->room, key, typing);
        if (!presser->act(presser->context, action, key)) fail_msg("%s does nothing", name);
        names += n + strspn(names + n, " ");
    }
}

/* ---- words ------------------------------------------------------------------------------ */

const char *screen_text(const Grid *grid)
{
    static char kept[SCREEN_BYTES];
    Str         text = {0};
    grid_plain(&text, grid);
    snprintf(kept, sizeof kept, "%s", str_text(&text));
    str_free(&text);
    return kept;
}

const char *drawn_text(const Look *look, int rows, int cols, DrawScreen *draw, void *context)
{
    Grid grid = {0};
    assert_true(grid_init(&grid, rows, cols, NULL));
    draw(context, look, &grid, (Rect){0, 0, rows, cols});
    assert_false(grid.failed);
    const char *text = screen_text(&grid);
    grid_free(&grid);
    return text;
}

void assert_draws(const Look *look, int rows, int cols, DrawScreen *draw, void *context,
                  const char *words)
{
    const char *text = drawn_text(look, rows, cols, draw, context);
    if (strstr(text, words) == NULL) fail_msg("\"%s\" is not shown:\n%s", words, text);
}

void assert_shows(const Grid *grid, const char *words)
{
    const char *text = screen_text(grid);
    if (strstr(text, words) == NULL) fail_msg("\"%s\" is not shown:\n%s", words, text);
}

void assert_hides(const Grid *grid, const char *words)
{
    const char *text = screen_text(grid);
    if (strstr(text, words) != NULL) fail_msg("\"%s\" is shown:\n%s", words, text);
}
