#include <string.h>

#include "core/base/text.h"
#include "core/figure/grid.h"
#include "tests/test.h"

static Grid made(int rows, int cols)
{
    Grid  grid;
    Error err = {0};
    assert_true(grid_init(&grid, rows, cols, &err));
    return grid;
}

static void assert_plain(Grid *grid, const char *want)
{
    Str out = {0};
    grid_plain(&out, grid);
    assert_string_equal(str_text(&out), want);
    str_free(&out);
    grid_free(grid);
}

static void blanks_at_line_ends_are_cut(void **state)
{
    (void)state;
    Grid grid = made(3, 10);
    assert_int_equal(grid_text(&grid, 1, 2, 8, INK_PLAIN, "a b "), 4);
    assert_plain(&grid, "\n  a b\n\n");
}

static void text_is_clipped_at_every_edge(void **state)
{
    (void)state;
    Grid grid = made(2, 6);
    assert_int_equal(grid_text(&grid, 0, 3, 100, INK_PLAIN, "abcdef"), 3);
    assert_int_equal(grid_text(&grid, 0, -2, 4, INK_PLAIN, "xyzw"), 4);
    assert_int_equal(grid_text(&grid, 2, 0, 4, INK_PLAIN, "below"), 0);
    assert_int_equal(grid_text(&grid, -1, 0, 4, INK_PLAIN, "above"), 0);
    assert_int_equal(grid_text(&grid, 1, 0, 0, INK_PLAIN, "none"), 0);
    grid_put(&grid, 5, 5, 'x', INK_PLAIN);
    grid_put(&grid, 1, 6, 'x', INK_PLAIN);
    assert_null(grid_at(&grid, 0, 6));
    assert_null(grid_at(&grid, -1, 0));
    assert_plain(&grid, "zw ...\n\n");
}

static void a_wide_character_takes_two_cells(void **state)
{
    (void)state;
    Grid grid = made(1, 5);
    assert_int_equal(grid_text(&grid, 0, 0, 5, INK_GOOD, "中文"), 4);
    assert_int_equal(grid_at(&grid, 0, 0)->width, 2);
    assert_int_equal(grid_at(&grid, 0, 1)->width, 0);
    assert_string_equal(grid_at(&grid, 0, 1)->text, "");
    assert_int_equal(grid_at(&grid, 0, 2)->ink, INK_GOOD);
    assert_plain(&grid, "中文\n");
}

static void half_of_a_wide_character_is_never_left(void **state)
{
    (void)state;
    Grid grid = made(3, 4);
    for (int row = 0; row < 3; row++) grid_text(&grid, row, 0, 4, INK_PLAIN, "中文");
    grid_put(&grid, 0, 1, 'x', INK_PLAIN);    /* over a tail: the head goes */
    grid_put(&grid, 1, 0, 'x', INK_PLAIN);    /* over a head: the tail goes */
    grid_put(&grid, 2, 1, 0x4e2d, INK_PLAIN); /* over a tail and the next head */
    assert_int_equal(grid_at(&grid, 1, 1)->width, 1);
    assert_plain(&grid, " x文\nx 文\n 中\n");
}

static void a_wide_character_does_not_cross_the_edge(void **state)
{
    (void)state;
    Grid grid = made(1, 3);
    grid_put(&grid, 0, 2, 0x4e2d, INK_PLAIN);
    assert_int_equal(grid_at(&grid, 0, 2)->width, 1);
    grid_put(&grid, 0, -1, 0x4e2d, INK_PLAIN);
    assert_plain(&grid, "\n");
}

static void marks_join_their_base(void **state)
{
    (void)state;
    Grid grid = made(1, 4);
    /* Six marks: four stay. */
    const char *many = "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81x";
    assert_int_equal(grid_text(&grid, 0, 0, 4, INK_PLAIN, many), 2);
    assert_int_equal(strlen(grid_at(&grid, 0, 0)->text), 1 + 4 * 2);
    assert_string_equal(grid_at(&grid, 0, 1)->text, "x");
    grid_free(&grid);
}

static void controls_become_visible(void **state)
{
    (void)state;
    Grid grid = made(1, 30);
    grid_text(&grid, 0, 0, 30, INK_PLAIN, "a\x1b]0;x\a\n\xff");
    grid_put(&grid, 0, 20, 0x1b, INK_PLAIN);
    assert_plain(&grid, "a^[]0;x^G^J\\xff     ?\n");
}

static void clearing_blanks_an_area_only(void **state)
{
    (void)state;
    Grid grid = made(3, 5);
    for (int row = 0; row < 3; row++) grid_text(&grid, row, 0, 5, INK_PLAIN, "abcde");
    grid_clear(&grid, (Rect){1, 1, 1, 2});
    grid_clear(&grid, (Rect){-5, 4, 6, 900});
    assert_plain(&grid, "abcd\na  de\nabcde\n");
}

static void a_grid_may_be_empty(void **state)
{
    (void)state;
    Grid grid = made(0, 0);
    grid_put(&grid, 0, 0, 'x', INK_PLAIN);
    grid_clear(&grid, (Rect){0, 0, 9, 9});
    assert_plain(&grid, "");
}

static void create(void *context, Error *err)
{
    (void)context;
    Grid grid;
    if (!grid_init(&grid, 4, 5, err)) return;
    grid_text(&grid, 0, 0, 5, INK_PLAIN, "text");
    if (grid.failed) error_set(err, ERR_MEMORY, "said by the grid");
    grid_free(&grid);
}

static void a_grid_survives_without_memory(void **state)
{
    (void)state;
    assert_true(torture(create, NULL) >= 2);
}

TEST_GROUP(grid, cmocka_unit_test(blanks_at_line_ends_are_cut),
           cmocka_unit_test(text_is_clipped_at_every_edge),
           cmocka_unit_test(a_wide_character_takes_two_cells),
           cmocka_unit_test(half_of_a_wide_character_is_never_left),
           cmocka_unit_test(a_wide_character_does_not_cross_the_edge),
           cmocka_unit_test(marks_join_their_base), cmocka_unit_test(controls_become_visible),
           cmocka_unit_test(clearing_blanks_an_area_only), cmocka_unit_test(a_grid_may_be_empty),
           cmocka_unit_test(a_grid_survives_without_memory));
