/* Pictures of screens: each theme has its page, and colours that can be read on it. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "app/term/picture.h"
#include "app/term/script.h"
#include "core/base/file.h"
#include "core/base/mem.h"
#include "tests/test.h"

/* A screen with a word in each ink. */
static void every_ink(Grid *grid)
{
    assert_true(grid_init(grid, INK_COUNT, 20, NULL));
    for (int ink = 0; ink < INK_COUNT; ink++) grid_text(grid, ink, 0, 20, (Ink)ink, "word");
    grid_reverse(grid, (Rect){1, 0, 1, 10});
}

static double linear(int value)
{
    double c = value / 255.0;
    return c <= 0.03928 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

/* The next fill="#rrggbb" from `at` on; NULL when there is none. */
static const char *next_fill(const char *at, int rgb[3])
{
    at = strstr(at, "fill=\"#");
    if (at == NULL) return NULL;
    at += strlen("fill=\"#");
    unsigned long value = strtoul(at, NULL, 16);
    for (int i = 0; i < 3; i++) rgb[i] = (int)(value >> (16 - 8 * i) & 255);
    return at;
}

static double luminance(const int rgb[3])
{
    return 0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1]) + 0.0722 * linear(rgb[2]);
}

/* The contrast of WCAG 2 of every ink to the page, the least of them. */
static double least_contrast(const char *svg, double *page)
{
    int         rgb[3] = {0};
    double      least = 21;
    const char *at = next_fill(svg, rgb); /* the page comes first */
    assert_non_null(at);
    *page = luminance(rgb);
    while ((at = next_fill(at, rgb)) != NULL) {
        double ink = luminance(rgb), bright = fmax(ink, *page), dull = fmin(ink, *page);
        if (ink == *page) continue; /* reversed */
        least = fmin(least, (bright + 0.05) / (dull + 0.05));
    }
    return least;
}

static void each_theme_can_be_read_on_its_page(void **state)
{
    (void)state;
    static const struct {
        Theme  theme;
        bool   light;
        double contrast;
    } wanted[] = {{THEME_AUTO, false, 3.0},
                  {THEME_DARK, false, 3.0},
                  {THEME_LIGHT, true, 4.5},
                  {THEME_CONTRAST, false, 7.0},
                  {THEME_MONO, false, 3.0}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        Grid   grid;
        Str    svg = {0};
        double page;
        every_ink(&grid);
        picture_svg(&svg, &grid, (Paper){.theme = wanted[i].theme}, "inks");
        double least = least_contrast(str_text(&svg), &page);
        if (least < wanted[i].contrast) fail_msg("%s: %.2f", theme_name(wanted[i].theme), least);
        assert_int_equal(page > 0.5, wanted[i].light);
        str_free(&svg);
        grid_free(&grid);
    }
}

static int coloured(const char *svg)
{
    int n = 0, rgb[3] = {0};
    for (const char *at = svg; (at = next_fill(at, rgb)) != NULL;) {
        int most = rgb[0] > rgb[2] ? rgb[0] : rgb[2], least = rgb[0] < rgb[2] ? rgb[0] : rgb[2];
        n += most - least > 24; /* greys may lean a little */
    }
    return n;
}

/* What a script saves in this theme. */
static char *saved_picture(Theme theme, bool colour)
{
    Error err = {0};
    Grid  grid;
    Key   key;
    Index n = 0;
    assert_true(file_write_all(test_path("a.keys"), "save a.svg\n", 11, &err));
    Display *display = script_open(test_path("a.keys"), test_folder(), &err);
    assert_ok(&err);
    script_set_colours(display, theme, colour);
    every_ink(&grid);
    display->show(display->self, &grid, -1, -1);
    while (display->read(display->self, &key) && key.code != K_GONE) continue;
    assert_true(script_close(display, &err));
    grid_free(&grid);
    char *svg = file_read_all(test_path("a.svg"), 1 << 20, &n, &err);
    assert_ok(&err);
    return svg;
}

static void a_script_saves_in_the_theme_it_is_played_in(void **state)
{
    (void)state;
    char  *dark = saved_picture(THEME_AUTO, true), *light = saved_picture(THEME_LIGHT, true);
    char  *grey = saved_picture(THEME_LIGHT, false);
    double page;
    least_contrast(light, &page);
    assert_true(page > 0.9);
    least_contrast(dark, &page);
    assert_true(page < 0.1);
    assert_true(coloured(light) > 8);
    assert_int_equal(coloured(grey), 0);
    least_contrast(grey, &page);
    assert_true(page > 0.9); /* without colours it is light still */
    mem_free(dark);
    mem_free(light);
    mem_free(grey);
}

TEST_GROUP(picture, cmocka_unit_test(each_theme_can_be_read_on_its_page),
           cmocka_unit_test(a_script_saves_in_the_theme_it_is_played_in));
