/* Series that the colour-blind can tell apart: each theme's eight, and those of pictures, as three
 * simulations show them. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/term/terminal_internal.h"
#include "core/figure/figure.h"
#include "tests/test.h"

enum { SERIES = 8, SIGHTS = 4 };
#define LEAST 15.0 /* of the difference in CIELAB; 2.3 can just be seen */

typedef struct Colour {
    double v[3];
} Colour;

/* Machado, Oliveira and Fernandes 2009, all of the cone type missing; the first is plain sight. */
static const double sights[SIGHTS][3][3] = {
    {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
    {{0.152286, 1.052583, -0.204868},
     {0.114503, 0.786281, 0.099216},
     {-0.003882, -0.048116, 1.051998}},
    {{0.367322, 0.860646, -0.227968},
     {0.280085, 0.672501, 0.047413},
     {-0.011820, 0.042940, 0.968881}},
    {{1.255528, -0.076749, -0.178779},
     {-0.078411, 0.930809, 0.147602},
     {0.004733, 0.691367, 0.303900}},
};

static Colour linear(int red, int green, int blue)
{
    const int bytes[] = {red, green, blue};
    Colour    c;
    for (int i = 0; i < 3; i++) {
        double part = bytes[i] / 255.0;
        c.v[i] = part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4);
    }
    return c;
}

/* One of xterm's colours 16 to 255. */
static Colour of_number(int number)
{
    static const int levels[] = {0, 95, 135, 175, 215, 255};
    int              grey = 8 + 10 * (number - 232), i = number - 16;
    if (number >= 232) return linear(grey, grey, grey);
    return linear(levels[i / 36], levels[i / 6 % 6], levels[i % 6]);
}

static double bent(double t)
{
    return t > 0.008856 ? cbrt(t) : 7.787 * t + 16.0 / 116;
}

static Colour lab(const Colour *c, const double sight[3][3])
{
    double s[3];
    for (int i = 0; i < 3; i++) {
        s[i] = sight[i][0] * c->v[0] + sight[i][1] * c->v[1] + sight[i][2] * c->v[2];
        s[i] = fmin(fmax(s[i], 0), 1);
    }
    double x = bent((0.4124 * s[0] + 0.3576 * s[1] + 0.1805 * s[2]) / 0.95047);
    double y = bent(0.2126 * s[0] + 0.7152 * s[1] + 0.0722 * s[2]);
    double z = bent((0.0193 * s[0] + 0.1192 * s[1] + 0.9505 * s[2]) / 1.08883);
    return (Colour){{116 * y - 16, 500 * (x - y), 200 * (y - z)}};
}

/* The smallest difference of two of them in any sight. */
static double nearest(const Colour *colours)
{
    double least = HUGE_VAL;
    for (int sight = 0; sight < SIGHTS; sight++) {
        for (int a = 0; a < SERIES; a++) {
            for (int b = 0; b < a; b++) {
                Colour p = lab(&colours[a], sights[sight]), q = lab(&colours[b], sights[sight]);
                double x = p.v[0] - q.v[0], y = p.v[1] - q.v[1], z = p.v[2] - q.v[2];
                least = fmin(least, sqrt(x * x + y * y + z * z));
            }
        }
    }
    return least;
}

static void series_stay_apart_on_the_screen(void **state)
{
    (void)state;
    Colour colours[SERIES];
    for (int theme = THEME_AUTO; theme < THEME_MONO; theme++) {
        for (int i = 0; i < SERIES; i++) {
            colours[i] = of_number(terminal_paint((Theme)theme, 256, (Ink)(INK_SERIES_1 + i)).fg);
        }
        double least = nearest(colours);
        if (least < LEAST)
            fail_msg("%s: two series differ by %.1f", theme_name((Theme)theme), least);
    }
}

static void series_stay_apart_in_pictures(void **state)
{
    (void)state;
    Colour  colours[SERIES];
    Str     svg = {0};
    Figure *figure = figure_create(FIGURE_LINE, "", NULL);
    for (int i = 0; i < SERIES; i++) {
        const double y[] = {i, i};
        assert_true(figure_series(figure, "s", NULL, y, 2) == i);
    }
    figure_svg(&svg, figure, 300, 200);
    for (int i = 0; i < SERIES; i++) {
        char name[32];
        snprintf(name, sizeof name, "var(--figure-%d,#", i + 1);
        const char *at = strstr(str_text(&svg), name);
        assert_non_null(at);
        long rgb = strtol(at + strlen(name), NULL, 16);
        colours[i] = linear((int)(rgb >> 16 & 255), (int)(rgb >> 8 & 255), (int)(rgb & 255));
    }
    double least = nearest(colours);
    if (least < LEAST) fail_msg("two series differ by %.1f", least);
    str_free(&svg);
    figure_free(figure);
}

/* The control: two colours that differ to most and not to some. */
static void a_poor_pair_is_found(void **state)
{
    (void)state;
    Colour colours[SERIES];
    for (int i = 0; i < SERIES; i++) colours[i] = of_number(232 + 3 * i);
    colours[0] = linear(0xb0, 0x7a, 0x00);
    colours[1] = linear(0xd5, 0x5e, 0x00);
    assert_true(nearest(colours) < 5);
}

TEST_GROUP(colours, cmocka_unit_test(series_stay_apart_on_the_screen),
           cmocka_unit_test(series_stay_apart_in_pictures), cmocka_unit_test(a_poor_pair_is_found));
