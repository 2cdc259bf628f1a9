/* What lies over what on a chart, and what a log axis leaves out. */

#include <math.h>
#include <string.h>

#include "core/figure/chart.h"
#include "tests/test.h"

static Figure *lines(bool log_y)
{
    Error   err = {0};
    Figure *figure = figure_create(FIGURE_LINE, "", &err);
    assert_ok(&err);
    figure_axis(figure, 'y', "loss", NULL, log_y);
    return figure;
}

static void add(Figure *figure, const char *label, double first, double last)
{
    const double y[] = {first, last};
    assert_true(figure_series(figure, label, NULL, y, 2) >= 0);
}

static void draw(const Figure *figure, Grid *grid, Charset charset)
{
    assert_true(grid_init(grid, 16, 60, NULL));
    figure_draw(figure, grid, (Rect){0, 0, 16, 60}, charset);
}

static int cells_with(const Grid *grid, const char *text, int ink)
{
    int found = 0;
    for (int i = 0; i < grid->rows * grid->cols; i++) {
        const Cell *cell = &grid->cells[i];
        found += strcmp(cell->text, text) == 0 && (ink < 0 || cell->ink == ink);
    }
    return found;
}

static void assert_says(const Figure *figure, const char *words, bool yes)
{
    Str text = {0};
    assert_true(figure_text(&text, figure, 16, 60, CHARSET_BRAILLE, NULL));
    if ((strstr(str_text(&text), words) != NULL) != yes) fail_msg("%s: %s", words, str_text(&text));
    str_free(&text);
}

/* Braille cells of the plot, which both lines cross all along, in this ink. */
static int line_cells(const Grid *grid, Ink ink)
{
    int found = 0;
    for (int i = 0; i < grid->rows * grid->cols; i++) {
        const Cell *cell = &grid->cells[i];
        found += (unsigned char)cell->text[0] == 0xe2 && (unsigned char)cell->text[1] >= 0xa0 &&
                 cell->ink == ink;
    }
    return found;
}

static void what_is_in_front_is_drawn_over_the_others(void **state)
{
    (void)state;
    Figure *figure = lines(false);
    Grid    grid;
    add(figure, "present", 2, 1);
    add(figure, "older", 2, 1);
    draw(figure, &grid, CHARSET_BRAILLE);
    assert_int_equal(line_cells(&grid, INK_SERIES_1), 0); /* the control: it is hidden */
    grid_free(&grid);
    figure->series[0].front = true;
    draw(figure, &grid, CHARSET_BRAILLE);
    assert_int_equal(line_cells(&grid, INK_SERIES_1 + 1), 0);
    assert_true(line_cells(&grid, INK_SERIES_1) > 20);
    grid_free(&grid);

    Str svg = {0};
    figure_svg(&svg, figure, 400, 300);
    const char *last = NULL, *at = str_text(&svg);
    while ((at = strstr(at, "stroke-width=\"2.2\"")) != NULL) last = at++;
    assert_non_null(last);
    assert_non_null(strstr(last, "figure-1"));
    assert_true(strstr(last, "figure-1") < strstr(last, " d=")); /* the last line is the first's */
    str_free(&svg);
    figure_free(figure);
}

/* A field of shade from the lower to the higher edge, with no gap in any column. */
static void a_band_is_a_field(void **state)
{
    (void)state;
    static const char *const shades[] = {":", "\xe2\x96\x91", "\xe2\x96\x91"};
    for (int charset = CHARSET_ASCII; charset <= CHARSET_BRAILLE; charset++) {
        Figure      *figure = lines(false);
        Grid         grid;
        const double low[] = {0, 0}, high[] = {4, 4};
        add(figure, "mean", 2, 2);
        figure_band(figure, 0, low, high);
        draw(figure, &grid, (Charset)charset);
        int plot = cells_with(&grid, shades[charset], INK_SERIES_1);
        if (plot < 10 * 40) fail_msg("charset %d: %d cells are shaded", charset, plot);
        grid_free(&grid);
        figure_free(figure);
    }
}

static void what_stands_for_zero_does_not_take_the_height(void **state)
{
    (void)state;
    Figure *figure = lines(true);
    add(figure, "norm", 1, 0.01);
    Scale whole = figure_scale(figure, 'y');
    assert_says(figure, "(log)", true);
    add(figure, "rounding", 3e-16, 3e-16);
    Scale cut = figure_scale(figure, 'y');
    assert_true(cut.lo == whole.lo && cut.hi == whole.hi);
    assert_says(figure, "loss (log, cut off below 0.01)", true);
    /* Seven powers of ten are still a curve. */
    add(figure, "small", 1e-7, 1e-7);
    assert_true(figure_scale(figure, 'y').lo == 1e-7);
    assert_says(figure, "cut off below 1e-7", true);
    /* An axis that is given is as it is given; so is a linear one. */
    figure->y.fixed = true;
    figure->y.lo = 1e-16;
    figure->y.hi = 1;
    assert_true(figure_scale(figure, 'y').lo == 1e-16);
    assert_says(figure, "cut off", false);
    figure_free(figure);

    figure = lines(false);
    add(figure, "norm", 1, 3e-16);
    assert_true(figure_scale(figure, 'y').lo == 3e-16);
    assert_says(figure, "cut off", false);
    figure_free(figure);
}

/* All of them so small: that is what there is to see. */
static void small_numbers_alone_are_shown(void **state)
{
    (void)state;
    Figure *figure = lines(true);
    add(figure, "norm", 2e-16, 1e-15);
    assert_true(figure_scale(figure, 'y').lo == 2e-16);
    assert_says(figure, "cut off", false);
    figure_free(figure);
}

/* Cells, SVG and gnuplot give a part of a stack the same colour: the first one is the top's. */
static void a_stack_has_the_same_colours_everywhere(void **state)
{
    (void)state;
    Error         err = {0};
    GnuplotTarget target = {.terminal = "svg", .file = "a.svg", .width = 640, .height = 400};
    const double  y[] = {1, 2};
    Figure       *figure = figure_create(FIGURE_STACK, "", &err);
    Str           svg = {0}, script = {0};
    Grid          grid;
    figure_series(figure, "below", NULL, y, 2);
    figure_series(figure, "top", NULL, y, 2);
    figure_svg(&svg, figure, 400, 300);
    const char *top = strstr(str_text(&svg), "<rect");
    assert_non_null(top); /* names begin at the top */
    assert_true(strstr(top, "#0072b2") < strstr(top, "#d55e00"));
    figure_gnuplot(&script, figure, &target, "END");
    const char *plot = strstr(str_text(&script), "plot ");
    assert_non_null(plot); /* the part below is written first */
    assert_true(strstr(plot, "#d55e00") < strstr(plot, "#0072b2"));
    draw(figure, &grid, CHARSET_BLOCK);
    assert_true(cells_with(&grid, "\u2588", INK_SERIES_1) > 20);
    assert_true(cells_with(&grid, "\u2591", INK_SERIES_1 + 1) > 20);
    grid_free(&grid);
    str_free(&svg);
    str_free(&script);
    figure_free(figure);
}

/* One number is no scale: a low chart on a log axis has two at least. */
static void a_low_chart_has_a_scale(void **state)
{
    (void)state;
    Figure *figure = lines(true);
    Grid    grid;
    add(figure, "a", 9, 3.2);
    assert_true(grid_init(&grid, 8, 60, NULL));
    figure_draw(figure, &grid, (Rect){0, 0, 8, 60}, CHARSET_BRAILLE);
    assert_true(cells_with(&grid, "\u2524", -1) >= 2);
    grid_free(&grid);
    figure_free(figure);
}

/* A matrix is counted from 1, as in every table: 1, then whole fives or tens. */
static void a_matrix_is_counted_from_one(void **state)
{
    (void)state;
    Error   err = {0};
    double  values[32 * 32];
    Str     svg = {0};
    Figure *figure = figure_create(FIGURE_HEAT, "", &err);
    for (int i = 0; i < 32 * 32; i++) values[i] = i + 5;
    figure_heat(figure, values, 32, 32);
    assert_says(figure, " 1│", true);
    assert_says(figure, "30", true);
    assert_says(figure, " 0│", false);
    figure_svg(&svg, figure, 400, 300);
    assert_non_null(strstr(str_text(&svg), ">1<"));
    assert_null(strstr(str_text(&svg), ">0<"));
    str_free(&svg);
    figure_free(figure);
}

TEST_GROUP(overlay, cmocka_unit_test(what_is_in_front_is_drawn_over_the_others),
           cmocka_unit_test(a_band_is_a_field),
           cmocka_unit_test(what_stands_for_zero_does_not_take_the_height),
           cmocka_unit_test(small_numbers_alone_are_shown),
           cmocka_unit_test(a_stack_has_the_same_colours_everywhere),
           cmocka_unit_test(a_low_chart_has_a_scale),
           cmocka_unit_test(a_matrix_is_counted_from_one));
