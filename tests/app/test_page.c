/* Pages: styles, wrapping, figures that are partly seen, searching. */

#include <string.h>

#include "app/view/page.h"
#include "core/base/mem.h"
#include "core/base/text.h"
#include "tests/app/screens.h"
#include "tests/figure/figures.h"
#include "tests/test.h"

static const char prose[] =
    "### What α does\n\n"
    "The branch adds *scaled* by **α/r**: `loralab train --r 8`. See [the "
    "paper](https://arxiv.org/abs/2106.09685) or <https://example.org>.\n\n"
    "- the first of two items, which is long enough to be wrapped onto a second line of it\n"
    "- the second\n  1. inner\n\n"
    "> A quoted sentence, which is long enough to be wrapped onto a second line of the page.\n\n"
    "| r | loss | what |\n|--:|:--:|:--|\n| 8 | " MEASURED_BEGIN "0.143" MEASURED_END
    " | `lora` |\n| 32 | " MEASURED_BEGIN "0.06" MEASURED_END " | wider |\n\n"
    "    W + s * B @ A\n\n"
    "---\n\n"
    "矩阵的秩是它的线性无关的行数。一个矩阵可以写成两个更小的矩阵的乘积,"
    "而这正是低秩适应所做的事情。\n";

static void page_of(Page *page, const Look *look, const char *markdown, int cols)
{
    *page = (Page){0};
    page_prose(page, look, markdown, cols);
    assert_false(page->failed);
}

static void draw_prose(void *context, const Look *look, Grid *grid, Rect area)
{
    Page page;
    page_of(&page, look, context, area.cols < 72 ? area.cols : 72);
    page_draw(&page, look, grid, area, 0, 0);
    page_clear(&page);
}

static void prose_looks_as_meant(void **state)
{
    (void)state;
    char text[sizeof prose];
    memcpy(text, prose, sizeof prose);
    assert_screen("page", &look_braille, 30, 72, draw_prose, text);
    assert_screen("page-ascii", &look_ascii, 30, 72, draw_prose, text);
    assert_screen("page-narrow", &look_braille, 48, 30, draw_prose, text);
}

static const Piece *piece_of(const Page *page, const char *text)
{
    for (Index i = 0; i < page->count; i++) {
        for (Index p = 0; p < page->lines[i].count; p++) {
            if (strcmp(page->lines[i].pieces[p].text, text) == 0) return &page->lines[i].pieces[p];
        }
    }
    fail_msg("no piece \"%s\"", text);
    return NULL;
}

static void styles_become_pieces(void **state)
{
    (void)state;
    Page page;
    page_of(&page, &look_braille, prose, 72);
    assert_true(piece_of(&page, "What α does")->bold);
    assert_int_equal(piece_of(&page, "What α does")->ink, INK_STRONG);
    assert_int_equal(piece_of(&page, "scaled")->ink, INK_STRONG);
    assert_true(piece_of(&page, "α/r")->bold);
    assert_true(piece_of(&page, "loralab train --r 8")->bold);
    assert_int_equal(piece_of(&page, "https://example.org")->ink, INK_PLAIN);
    assert_true(piece_of(&page, "0.143")->measured);
    assert_true(piece_of(&page, "0.06")->measured);
    assert_false(piece_of(&page, "lora")->measured);
    page_clear(&page);
}

/* Every line is within its columns, whatever is wrapped, and no style is lost at a line's end. */
static void wrapped_lines_keep_to_their_columns(void **state)
{
    (void)state;
    for (int cols = 20; cols <= 100; cols++) {
        Page page;
        page_of(&page, cols % 2 ? &look_ascii : &look_braille, prose, cols);
        for (Index i = 0; i < page.count; i++) {
            int used = page.lines[i].indent;
            for (Index p = 0; p < page.lines[i].count; p++) {
                const char *text = page.lines[i].pieces[p].text;
                used += text_columns(text, (Index)strlen(text));
                for (const char *at = text; *at != '\0'; at++) assert_false(*at > 0 && *at < ' ');
            }
            assert_true(used <= cols);
        }
        page_clear(&page);
    }
    Page page;
    page_of(&page, &look_braille, "**strong words that go on over the end of the line**", 20);
    assert_int_equal(page.count, 3);
    for (Index i = 0; i < page.count; i++) {
        assert_int_equal(page.lines[i].count, 1);
        assert_true(page.lines[i].pieces[0].bold);
    }
    page_clear(&page);
}

/* Closing marks stay with their character although a style ends between them. */
static void a_style_is_no_place_to_break(void **state)
{
    (void)state;
    for (int cols = 20; cols < 40; cols++) {
        Page page;
        page_of(&page, &look_braille,
                "矩阵的**秩**,是**行数**。矩阵的**秩**,是**行数**。矩**阵**。", cols);
        for (Index i = 0; i < page.count; i++) {
            const char *text = page.lines[i].pieces[0].text;
            assert_true(strncmp(text, ",", 3) != 0 && strncmp(text, "。", 3) != 0);
        }
        page_clear(&page);
    }
}

static void hostile_prose_is_harmless(void **state)
{
    (void)state;
    /* Our own marks of style in a text are controls like all others. */
    Page page;
    Grid grid;
    page_of(&page, &look_braille, "a\x1b[2J \x03strong\x0e measured \xe2\x80\xae <b>x</b>", 60);
    assert_true(grid_init(&grid, 2, 60, NULL));
    page_draw(&page, &look_braille, &grid, (Rect){0, 0, 2, 60}, 0, 0);
    assert_shows(&grid, "a^[[2J ^Cstrong^N measured \\u{202e} <b>x</b>");
    for (int i = 0; i < 60; i++) {
        assert_false(grid.cells[i].bold || grid.cells[i].measured);
    }
    page_clear(&page);
    grid_free(&grid);
}

static void text_is_wrapped_with_its_indents(void **state)
{
    (void)state;
    Page page = {0};
    Grid grid;
    assert_true(grid_init(&grid, 8, 24, NULL));
    page_text(&page, &look_ascii, INK_PLAIN, "α is one and two and three\nnew line", 24, 2, 4);
    page_lines(&page, &look_ascii, INK_DIM, "r    loss\n8    " MEASURED_BEGIN "0.1\n9", 24, 2);
    page_mark(&page, &look_ascii, INK_PLAIN, "1  ", "   ", "a choice that is wrapped", 24);
    page_draw(&page, &look_ascii, &grid, (Rect){0, 0, 8, 24}, 0, 0);
    assert_string_equal(screen_text(&grid), "  alpha is one and two\n    and three\n    new line\n"
                                            "  r    loss\n  8    0.1\n  9\n"
                                            "1  a choice that is\n   wrapped\n");
    assert_true(grid_at(&grid, 4, 7)->measured);
    assert_true(grid_at(&grid, 5, 2)->measured); /* goes on in the next line */
    assert_false(grid_at(&grid, 3, 7)->measured);
    page_clear(&page);
    grid_free(&grid);
}

static void a_chosen_item_is_reversed(void **state)
{
    (void)state;
    Page page = {0};
    Grid grid;
    assert_true(grid_init(&grid, 3, 10, NULL));
    page_text(&page, &look_braille, INK_PLAIN, "question", 10, 0, 0);
    page_item(&page, 1);
    page_text(&page, &look_braille, INK_PLAIN, "one", 10, 0, 0);
    page_item(&page, 2);
    page_text(&page, &look_braille, INK_PLAIN, "two", 10, 0, 0);
    page_draw(&page, &look_braille, &grid, (Rect){0, 0, 3, 10}, 0, 2);
    assert_int_equal(page_item_row(&page, 2), 2);
    assert_int_equal(page_item_row(&page, 3), -1);
    for (int row = 0; row < 3; row++) assert_int_equal(grid_at(&grid, row, 9)->reverse, row == 2);
    page_clear(&page);
    grid_free(&grid);
}

/* Scrolled by any number of rows, the same cells are shown as in the whole page. */
static void figures_scroll_with_their_page(void **state)
{
    (void)state;
    Error   err = {0};
    Page    page = {0};
    Figure *figure = figure_of_losses(&err);
    Grid    whole, part;
    assert_ok(&err);
    page_text(&page, &look_braille, INK_PLAIN, "before", 60, 0, 0);
    page_figure(&page, figure, 14);
    page_text(&page, &look_braille, INK_PLAIN, "after", 60, 0, 0);
    page_figure(&page, figure, 0); /* no room asked for, none taken */
    assert_int_equal(page_rows(&page), 16);
    assert_true(grid_init(&whole, 16, 60, NULL));
    page_draw(&page, &look_braille, &whole, (Rect){0, 0, 16, 60}, 0, 0);
    assert_shows(&whole, "training loss");
    for (int top = 0; top < 18; top++) {
        assert_true(grid_init(&part, 5, 60, NULL));
        page_draw(&page, &look_braille, &part, (Rect){0, 0, 5, 60}, top, 0);
        for (int row = 0; row < 5; row++) {
            for (int col = 0; col < 60; col++) {
                const Cell *want = grid_at(&whole, top + row, col), *got = grid_at(&part, row, col);
                assert_string_equal(got->text, want == NULL ? "" : want->text);
                if (want != NULL) assert_int_equal(got->measured, want->measured);
            }
        }
        grid_free(&part);
    }
    grid_free(&whole);
    page_clear(&page);
    figure_free(figure);
}

static void words_are_found_over_line_ends(void **state)
{
    (void)state;
    Error   err = {0};
    Page    page = {0};
    Figure *figure = figure_of_ranks(&err);
    page_text(&page, &look_braille, INK_PLAIN, "The rank of a matrix is the", 60, 0, 0);
    page_text(&page, &look_braille, INK_PLAIN, "  number of rows", 60, 2, 2);
    page_figure(&page, figure, 6);
    page_prose(&page, &look_braille, "that are **linearly** independent: rank.", 60);
    assert_int_equal(page_find(&page, "RANK", 0), 0);
    assert_int_equal(page_find(&page, "rank", 1), 8);
    assert_int_equal(page_find(&page, "the number of", 0), 0);
    assert_int_equal(page_find(&page, "are linearly independent", 0), 8);
    assert_int_equal(page_find(&page, "rank", 9), -1);
    assert_int_equal(page_find(&page, "", 0), -1);
    assert_int_equal(page_find(&page, "linearly  ", 0), -1);
    page_clear(&page);
    figure_free(figure);
}

typedef struct Parts {
    const Figure *figure;
    uint64_t      random;
} Parts;

static void draw_scrolled(void *context, const Look *look, Grid *grid, Rect area)
{
    Parts *parts = context;
    Page   page = {0};
    page_prose(&page, look, prose, 20 + next_random(&parts->random, 80));
    page_item(&page, 1);
    page_figure(&page, parts->figure, 1 + next_random(&parts->random, 20));
    page_draw(&page, look, grid, area, next_random(&parts->random, 40), 1);
    page_clear(&page);
}

static void nothing_is_drawn_outside(void **state)
{
    (void)state;
    Error err = {0};
    Parts parts = {.figure = figure_of_bytes(&err), .random = 5};
    Grid  grid;
    assert_ok(&err);
    assert_stays_inside(600, draw_scrolled, &parts);
    /* An area that is not on the grid is no area. */
    assert_true(grid_init(&grid, 4, 20, NULL));
    draw_scrolled(&parts, &look_braille, &grid, (Rect){2, 10, 90, 90});
    draw_scrolled(&parts, &look_braille, &grid, (Rect){9, 30, 4, 4});
    draw_scrolled(&parts, &look_braille, &grid, (Rect){-1, 0, 4, 4});
    grid_free(&grid);
    Figure *figure = (Figure *)(uintptr_t)parts.figure;
    figure_free(figure);
}

static void make_page(void *context, Error *err)
{
    Page page = {0};
    Grid grid;
    if (!grid_init(&grid, 40, 72, err)) return;
    page_prose(&page, &look_ascii, prose, 60);
    page_figure(&page, context, 20);
    page_draw(&page, &look_ascii, &grid, (Rect){0, 0, 40, 72}, 3, 0);
    if (page.failed || grid.failed) error_set(err, ERR_MEMORY, "a part is missing");
    page_clear(&page);
    grid_free(&grid);
}

static void missing_memory_is_told(void **state)
{
    (void)state;
    Error   err = {0};
    Figure *figure = figure_of_times(&err);
    assert_ok(&err);
    assert_true(torture(make_page, figure) > 100);
    figure_free(figure);
}

TEST_GROUP(page, cmocka_unit_test(prose_looks_as_meant), cmocka_unit_test(styles_become_pieces),
           cmocka_unit_test(wrapped_lines_keep_to_their_columns),
           cmocka_unit_test(a_style_is_no_place_to_break),
           cmocka_unit_test(hostile_prose_is_harmless),
           cmocka_unit_test(text_is_wrapped_with_its_indents),
           cmocka_unit_test(a_chosen_item_is_reversed),
           cmocka_unit_test(figures_scroll_with_their_page),
           cmocka_unit_test(words_are_found_over_line_ends),
           cmocka_unit_test(nothing_is_drawn_outside), cmocka_unit_test(missing_memory_is_told));
