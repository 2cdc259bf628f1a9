/* A film of screens: what stays is there once, what goes is hidden where nothing moves. */

#include <string.h>

#include "app/term/film.h"
#include "core/base/mem.h"
#include "tests/test.h"

static void show(Film *film, const char *first, const char *second, double seconds)
{
    Grid  grid = {0};
    Error err = {0};
    assert_true(grid_init(&grid, 3, 20, &err));
    grid_text(&grid, 0, 0, 20, INK_PLAIN, "the title");
    grid_text(&grid, 1, 0, 20, INK_PLAIN, first);
    grid_text(&grid, 2, 0, 20, INK_PLAIN, second);
    assert_true(film_frame(film, &grid, (Paper){0}, seconds, &err));
    grid_free(&grid);
}

static int count_of(const Str *text, const char *words)
{
    int n = 0;
    for (const char *at = str_text(text); (at = strstr(at, words)) != NULL; at++) n++;
    return n;
}

static void what_stays_is_kept_once(void **state)
{
    (void)state;
    Error err = {0};
    Str   svg = {0};
    Film *film = film_create(&err);
    show(film, "one", "", 1);
    show(film, "one", "later", 1);
    show(film, "two", "later", 2);
    film_svg(&svg, film, "a film");
    film_free(film);
    assert_int_equal(count_of(&svg, ">the title"), 1);
    assert_int_equal(count_of(&svg, ">one"), 1);
    assert_int_equal(count_of(&svg, ">later"), 1);
    assert_int_equal(count_of(&svg, ">two"), 1);
    assert_int_equal(count_of(&svg, "animation-duration:4s"), 1);
    assert_int_equal(
        count_of(&svg, "@keyframes k0-2{0%{visibility:visible}50%{visibility:hidden}}"), 1);
    assert_int_equal(
        count_of(&svg, "@keyframes k1-3{0%{visibility:hidden}25%{visibility:visible}}"), 1);
    assert_int_equal(count_of(&svg, "@keyframes"), 3); /* none for the title */
    /* without movement the last screen is seen */
    assert_int_equal(count_of(&svg, ".f0-2{visibility:hidden}"), 1);
    assert_int_equal(count_of(&svg, "-3{visibility:hidden}"), 0);
    str_free(&svg);
}

static void body_of_a_film(void *context, Error *err)
{
    (void)context;
    Film *film = film_create(err);
    Grid  grid = {0};
    Str   svg = {0};
    if (film != NULL && grid_init(&grid, 2, 10, err)) {
        grid_text(&grid, 0, 0, 10, INK_PLAIN, "words");
        if (film_frame(film, &grid, (Paper){0}, 1, err)) {
            grid_clear(&grid, (Rect){0, 0, 2, 10});
            if (film_frame(film, &grid, (Paper){0}, 1, err)) film_svg(&svg, film, "a film");
            if (!str_ok(&svg, err)) str_clear(&svg);
        }
    }
    if (err->code == ERR_NONE && grid.failed) error_set(err, ERR_MEMORY, "the grid");
    str_free(&svg);
    grid_free(&grid);
    film_free(film);
}

static void a_film_without_memory_says_so(void **state)
{
    (void)state;
    torture(body_of_a_film, NULL);
}

static void a_film_is_bounded(void **state)
{
    (void)state;
    Error err = {0};
    Grid  grid = {0};
    Film *film = film_create(&err);
    assert_true(grid_init(&grid, 2, 10, &err));
    for (int i = 0; i < 400; i++) assert_true(film_frame(film, &grid, (Paper){0}, 0.1, &err));
    assert_false(film_frame(film, &grid, (Paper){0}, 0.1, &err));
    assert_error(&err, ERR_INPUT, "at most 400 frames");
    grid_free(&grid);
    film_free(film);
}

TEST_GROUP(film, cmocka_unit_test(what_stays_is_kept_once),
           cmocka_unit_test(a_film_without_memory_says_so), cmocka_unit_test(a_film_is_bounded));
