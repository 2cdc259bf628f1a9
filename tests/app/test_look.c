/* The small parts of views. */

#include <math.h>
#include <string.h>

#include "app/view/look_parts.h"
#include "core/base/mem.h"
#include "tests/app/screens.h"
#include "tests/figure/figures.h"
#include "tests/test.h"

static Grid canvas(int rows, int cols)
{
    Grid grid;
    assert_true(grid_init(&grid, rows, cols, NULL));
    return grid;
}

static void assert_row(const Grid *grid, int row, const char *want)
{
    const char *text = screen_text(grid);
    for (; row > 0; row--) text = strchr(text, '\n') + 1;
    size_t n = strcspn(text, "\n");
    if (strlen(want) != n || strncmp(text, want, n) != 0)
        fail_msg("\"%.*s\" instead of \"%s\"", (int)n, text, want);
}

static bool is_measured(const Grid *grid, int row, int col)
{
    return grid_at(grid, row, col)->measured;
}

static void text_is_spelled_out_in_ascii(void **state)
{
    (void)state;
    Grid grid = canvas(2, 40);
    assert_int_equal(look_text(&look_braille, &grid, 0, 0, 40, INK_PLAIN, "ΔW = (α/r)·B·A"), 14);
    assert_int_equal(look_text(&look_ascii, &grid, 1, 0, 40, INK_PLAIN, "ΔW = (α/r)·B·A"), 23);
    assert_row(&grid, 0, "ΔW = (α/r)·B·A");
    assert_row(&grid, 1, "Delta W = (alpha/r)*B*A");
    assert_int_equal(look_columns(&look_ascii, "ΔW = (α/r)·B·A"), 23);
    assert_int_equal(look_columns(&look_braille, "\x1b[2J"), 5);
    grid_free(&grid);
}

static void text_is_cut_and_made_safe(void **state)
{
    (void)state;
    Grid grid = canvas(3, 12);
    assert_int_equal(look_text(&look_braille, &grid, 0, 2, 8, INK_PLAIN, "0123456789"), 8);
    assert_row(&grid, 0, "  01234...");
    look_text(&look_braille, &grid, 1, 0, 12, INK_PLAIN, "a\x1b[31mb\n");
    assert_row(&grid, 1, "a^[[31mb^J");
    assert_int_equal(look_text(&look_braille, &grid, 2, 0, 0, INK_PLAIN, "x"), 0);
    assert_int_equal(look_textf(&look_braille, &grid, 2, 0, 12, INK_PLAIN, "%d of %d", 3, 4), 6);
    assert_row(&grid, 2, "3 of 4");
    grid_free(&grid);
}

static void what_was_measured_is_marked(void **state)
{
    (void)state;
    Grid grid = canvas(3, 30);
    int  used = look_text(&look_ascii, &grid, 0, 1, 20, INK_PLAIN,
                          "α = " MEASURED_BEGIN "0.5" MEASURED_END " nats");
    assert_int_equal(used, 16);
    assert_row(&grid, 0, " alpha = 0.5 nats");
    for (int col = 0; col < 20; col++)
        assert_int_equal(is_measured(&grid, 0, col), col >= 9 && col < 12);
    look_number(&look_braille, &grid, 1, 2, 10, INK_PLAIN, "%.2f", 0.25);
    for (int col = 0; col < 10; col++)
        assert_int_equal(is_measured(&grid, 1, col), col >= 2 && col < 6);
    /* A cut does not mark beyond the columns, nor does a mark that never ends. */
    look_text(&look_braille, &grid, 2, 0, 6, INK_PLAIN, "ab" MEASURED_BEGIN "cdefghij");
    assert_row(&grid, 2, "abc...");
    assert_true(is_measured(&grid, 2, 5));
    assert_false(is_measured(&grid, 2, 6));
    grid_free(&grid);
}

static void right_aligned_text_ends_before_its_column(void **state)
{
    (void)state;
    Grid grid = canvas(2, 12);
    assert_int_equal(look_right(&look_braille, &grid, 0, 10, 10, INK_PLAIN, "σ₁"), 2);
    assert_row(&grid, 0, "        σ₁");
    assert_int_equal(look_right(&look_braille, &grid, 1, 10, 6, INK_PLAIN, "0123456789"), 6);
    assert_row(&grid, 1, "    012...");
    assert_int_equal(look_right(&look_braille, &grid, 1, 10, 0, INK_PLAIN, "0"), 0);
    grid_free(&grid);
}

static void a_projector_shows_nothing_dim(void **state)
{
    (void)state;
    Grid grid = canvas(1, 12);
    look_text(&look_projector, &grid, 0, 0, 12, INK_DIM, "dim");
    assert_true(grid_at(&grid, 0, 0)->bold);
    assert_int_equal(grid_at(&grid, 0, 0)->ink, INK_PLAIN);
    look_text(&look_braille, &grid, 0, 0, 12, INK_DIM, "dim");
    assert_false(grid_at(&grid, 0, 0)->bold);
    assert_int_equal(grid_at(&grid, 0, 0)->ink, INK_DIM);
    grid_free(&grid);
}

static void lines_and_signs_are_of_the_look(void **state)
{
    (void)state;
    Grid grid = canvas(3, 6);
    look_rule(&look_braille, &grid, 0, 1, 4);
    look_rule(&look_ascii, &grid, 1, 1, 99);
    look_divider(&look_ascii, &grid, 1, 0, 2);
    assert_row(&grid, 0, " ────");
    assert_row(&grid, 1, "|-----");
    assert_row(&grid, 2, "|");
    for (Sign sign = SIGN_HERE; sign <= SIGN_PAUSE; sign++) {
        assert_int_equal(look_columns(&look_braille, look_sign(&look_braille, sign)), 1);
        assert_int_equal(strlen(look_sign(&look_ascii, sign)), 1);
    }
    assert_string_not_equal(look_sign(&look_ascii, SIGN_DONE), look_sign(&look_ascii, SIGN_WRONG));
    grid_free(&grid);
}

static void bars_are_as_long_as_their_share(void **state)
{
    (void)state;
    Grid grid = canvas(7, 10);
    look_bar(&look_braille, &grid, 0, 0, 8, 0.5, INK_PLAIN);
    look_bar(&look_braille, &grid, 1, 0, 8, 0.5 + 3.0 / 64, INK_PLAIN);
    look_bar(&look_braille, &grid, 2, 0, 8, 1e-9, INK_PLAIN);
    look_bar(&look_ascii, &grid, 3, 0, 8, 7.0, INK_PLAIN);
    look_bar(&look_ascii, &grid, 4, 0, 8, 1e-9, INK_PLAIN);
    look_bar(&look_braille, &grid, 5, 0, 8, (double)NAN, INK_PLAIN);
    look_bar(&look_braille, &grid, 6, 0, 8, -1.0, INK_PLAIN);
    assert_row(&grid, 0, "████");
    assert_row(&grid, 1, "████▍");
    assert_row(&grid, 2, "▏");
    assert_row(&grid, 3, "########");
    assert_row(&grid, 4, ":");
    assert_row(&grid, 5, "");
    assert_row(&grid, 6, "");
    grid_free(&grid);
}

static void signs_tell_where_there_is_more(void **state)
{
    (void)state;
    Grid grid = canvas(4, 4);
    look_scroll(&look_ascii, &grid, (Rect){0, 0, 4, 4}, 0, 4);
    assert_row(&grid, 0, "");
    assert_row(&grid, 3, "");
    look_scroll(&look_ascii, &grid, (Rect){0, 0, 4, 4}, 1, 6);
    assert_row(&grid, 0, "   ^");
    assert_row(&grid, 3, "   v");
    grid_free(&grid);
}

static void rectangles_are_cut_to_what_they_are_in(void **state)
{
    (void)state;
    uint64_t random = 3;
    for (int i = 0; i < 10000; i++) {
        Rect area = {next_random(&random, 9), next_random(&random, 9), next_random(&random, 100),
                     next_random(&random, 300)};
        int  from = next_random(&random, 400) - 50, n = next_random(&random, 400) - 50;
        assert_true(rect_inside(rect_rows(area, from, n), area));
        assert_true(rect_inside(rect_cols(area, from, n), area));
        assert_true(rect_inside(rect_inset(area, from / 4, n / 4), area) || from < 0 || n < 0);
        Rect first = rect_cols(area, 0, n), rest = rect_cols(area, n < 0 ? 0 : n, 400);
        assert_false(rect_overlap(first, rest));
        assert_int_equal(first.cols + rest.cols, area.cols);
    }
    assert_true(rect_overlap((Rect){0, 0, 2, 2}, (Rect){1, 1, 2, 2}));
    assert_false(rect_overlap((Rect){0, 0, 2, 2}, (Rect){0, 2, 2, 2}));
    assert_false(rect_inside((Rect){0, 0, 3, 1}, (Rect){0, 0, 2, 2}));
}

/* Words of a figure are spelled out, its numbers marked, its title not. */
static void figures_are_marked_but_for_their_title(void **state)
{
    (void)state;
    Error   err = {0};
    Grid    grid = canvas(24, 80);
    Figure *figure = figure_with_text(FIGURE_LINE, "σ" MEASURED_BEGIN "₁" MEASURED_END, &err);
    assert_ok(&err);
    Rect area = {2, 3, 20, 60};
    look_figure(&look_ascii, &grid, figure, area);
    assert_shows(&grid, "   sigma_1");
    assert_hides(&grid, "σ");
    assert_hides(&grid, "fff9");
    assert_false(is_measured(&grid, 2, 3));
    for (int row = 3; row < 22; row++) assert_true(is_measured(&grid, row, 3));
    assert_false(is_measured(&grid, 10, 2));
    assert_false(is_measured(&grid, 22, 3));
    /* A sentence in place of a chart is measured as a whole. */
    look_figure(&look_ascii, &grid, figure, (Rect){0, 0, 2, 10});
    assert_true(is_measured(&grid, 0, 0));
    figure_free(figure);
    grid_free(&grid);
}

static void draw_figure(void *context, Error *err)
{
    Grid grid;
    if (!grid_init(&grid, 20, 70, err)) return;
    look_figure(&look_ascii, &grid, context, (Rect){0, 0, 20, 70});
    if (grid.failed) error_set(err, ERR_MEMORY, "a part is missing");
    grid_free(&grid);
}

static void figures_tell_missing_memory(void **state)
{
    (void)state;
    Error   err = {0};
    Figure *figure = figure_of_losses(&err);
    assert_ok(&err);
    assert_true(torture(draw_figure, figure) > 10);
    figure_free(figure);
}

TEST_GROUP(look, cmocka_unit_test(text_is_spelled_out_in_ascii),
           cmocka_unit_test(text_is_cut_and_made_safe),
           cmocka_unit_test(what_was_measured_is_marked),
           cmocka_unit_test(right_aligned_text_ends_before_its_column),
           cmocka_unit_test(a_projector_shows_nothing_dim),
           cmocka_unit_test(lines_and_signs_are_of_the_look),
           cmocka_unit_test(bars_are_as_long_as_their_share),
           cmocka_unit_test(signs_tell_where_there_is_more),
           cmocka_unit_test(rectangles_are_cut_to_what_they_are_in),
           cmocka_unit_test(figures_are_marked_but_for_their_title),
           cmocka_unit_test(figures_tell_missing_memory));
