/* Charts as text: expected screens, areas of any size, and what must never happen. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/random.h"
#include "core/base/text.h"
#include "core/figure/chart.h"
#include "tests/figure/figures.h"
#include "tests/test.h"

static const double nan_value = (double)NAN;

/* ---- areas of any size ------------------------------------------------------------------ */

static bool figure_cell(const Cell *cell)
{
    return strcmp(cell->text, "~") != 0;
}

/* A frame, block, braille or middle dot; texts may hold any other character. */
static bool drawn_with_blocks(const Cell *cell)
{
    uint32_t cp = 0;
    Index    n = (Index)strlen(cell->text);
    if (n == 0 || utf8_decode(cell->text, n, &cp) < 0) return false;
    return cp == 0xb7 || (cp >= 0x2500 && cp <= 0x28ff);
}

/* Draws onto a field of '~' and checks that nothing but the area was written. */
static void assert_inside(const Figure *figure, Rect area, Charset charset)
{
    Grid  grid;
    Error err = {0};
    int   rows = 34, cols = 104;
    assert_true(grid_init(&grid, rows, cols, &err));
    for (int row = 0; row < rows; row++) {
        for (int col = 0; col < cols; col++) grid_put(&grid, row, col, '~', INK_PLAIN);
    }
    figure_draw(figure, &grid, area, charset);
    for (int row = 0; row < rows; row++) {
        for (int col = 0; col < cols; col++) {
            bool        in_rows = row >= area.row && row < area.row + area.rows;
            bool        inside = in_rows && col >= area.col && col < area.col + area.cols;
            const Cell *cell = grid_at(&grid, row, col);
            assert_true(inside == figure_cell(cell));
            assert_true(charset != CHARSET_ASCII || !drawn_with_blocks(cell));
        }
    }
    grid_free(&grid);
}

static void every_area_from_one_cell_up(void **state)
{
    (void)state;
    Error   err = {0};
    Figure *figures[] = {figure_of_losses(&err), figure_of_ranks(&err), figure_of_times(&err),
                         figure_of_matrix(&err), figure_of_bytes(&err)};
    for (size_t f = 0; f < sizeof figures / sizeof *figures; f++) {
        for (int rows = 0; rows <= 12; rows++) {
            for (int cols = 0; cols <= 44; cols += cols < 24 ? 1 : 5) {
                assert_inside(figures[f], (Rect){2, 3, rows, cols}, CHARSET_ASCII);
            }
        }
        assert_inside(figures[f], (Rect){0, 0, 34, 104}, CHARSET_BLOCK);
        figure_free(figures[f]);
    }
}

static void an_area_beyond_the_grid_is_clipped(void **state)
{
    (void)state;
    Error   err = {0};
    Figure *figure = figure_of_losses(&err);
    Grid    grid;
    assert_true(grid_init(&grid, 10, 40, &err));
    const Rect areas[] = {{-5, -5, 100, 100}, {9, 39, 5, 5}, {50, 50, 5, 5}, {-9, -9, 5, 5}};
    for (size_t i = 0; i < sizeof areas / sizeof *areas; i++) {
        figure_draw(figure, &grid, areas[i], CHARSET_BRAILLE);
    }
    grid_free(&grid);
    figure_free(figure);
}

/* ---- ticks, read back from the drawing -------------------------------------------------- */

static char cell_char(const Grid *grid, int row, int col)
{
    const Cell *cell = grid_at(grid, row, col);
    return cell == NULL || cell->text[0] == '\0' ? ' ' : cell->text[0];
}

/* The number that a tick's text stands for: 1e-5, 20k, 1.5 is never cut or run together. */
static double tick_number(const char *text)
{
    char  *end;
    double number = strtod(text, &end);
    if (*end == 'k') number *= 1e3, end++;
    if (*end == 'M') number *= 1e6, end++;
    assert_string_equal(end, "");
    return number;
}

/* Takes the texts under the x axis' '+' signs: each begins after a blank and they rise. */
static int check_x_ticks(const Grid *grid, int row)
{
    double last = -HUGE_VAL;
    int    found = 0;
    char   word[64];
    for (int col = 0, n = 0; col <= grid->cols; col++) {
        char c = cell_char(grid, row, col);
        if (c != ' ') {
            assert_true(n < 60);
            word[n++] = c;
        } else if (n > 0) {
            word[n] = '\0', n = 0;
            double number = tick_number(word);
            assert_true(number > last);
            last = number;
            found++;
        }
    }
    return found;
}

/* y ticks stand right of the area's left edge up to the axis; they fall from row to row. */
static int check_y_ticks(const Grid *grid, int axis_row, int axis_col)
{
    double last = HUGE_VAL;
    int    found = 0;
    for (int row = 1; row < axis_row; row++) {
        if (cell_char(grid, row, axis_col) != '+') continue;
        char word[64] = "";
        int  n = 0;
        for (int col = 0; col < axis_col; col++) {
            if (cell_char(grid, row, col) != ' ') word[n++] = cell_char(grid, row, col);
        }
        word[n] = '\0';
        double number = tick_number(word);
        assert_true(number < last);
        last = number;
        found++;
    }
    return found;
}

static void check_ticks(const Figure *figure, int rows, int cols)
{
    Grid  grid;
    Error err = {0};
    assert_true(grid_init(&grid, rows, cols, &err));
    figure_draw(figure, &grid, (Rect){0, 0, rows, cols}, CHARSET_ASCII);
    int axis_row = rows - 2, axis_col = 0; /* there are no axis titles */
    while (axis_col < cols && cell_char(&grid, axis_row, axis_col) != '+') axis_col++;
    assert_true(axis_col < cols);
    check_x_ticks(&grid, axis_row + 1);
    int found = check_y_ticks(&grid, axis_row, axis_col);
    assert_true(found > 0 || axis_col == 0);
    grid_free(&grid);
}

/* ---- random figures --------------------------------------------------------------------- */

/* A stream of random numbers: the counter is its place. */
typedef struct Draw {
    uint64_t seed, counter;
} Draw;

static double draw_unit(Draw *draw)
{
    return (double)random_unit(draw->seed, 0, draw->counter++);
}

static int draw_below(Draw *draw, uint64_t bound)
{
    return (int)random_below(draw->seed, 0, draw->counter++, bound);
}

static double random_value(Draw *random)
{
    switch (draw_below(random, 12)) {
    case 0:
        return nan_value;
    case 1:
        return (double)INFINITY;
    case 2:
        return 0;
    case 3:
        return -1e308 * draw_unit(random);
    case 4:
        return 1e-300 * draw_unit(random);
    default:
        return (draw_unit(random) - 0.3) * pow(10, (double)draw_below(random, 9) - 4);
    }
}

enum { POINTS_MOST = 300 };

static void fill(Draw *random, double *values, bool tame)
{
    for (int i = 0; i < POINTS_MOST; i++) {
        values[i] = tame ? draw_unit(random) * 10 - 2 : random_value(random);
    }
}

static Figure *random_figure(Draw *random)
{
    Error      err = {0};
    double     x[POINTS_MOST], y[POINTS_MOST], low[POINTS_MOST];
    FigureKind kind = (FigureKind)draw_below(random, 4);
    Figure    *figure = figure_create(kind, draw_below(random, 3) ? "title" : "", &err);
    bool       tame = draw_below(random, 2) == 0;
    bool       log_x = draw_below(random, 3) == 0, log_y = draw_below(random, 3) == 0;
    figure_axis(figure, 'x', draw_below(random, 2) ? "x" : NULL, NULL, log_x);
    figure_axis(figure, 'y', draw_below(random, 2) ? "标题" : NULL,
                draw_below(random, 2) ? "bytes" : NULL, log_y);
    figure->y.fixed = draw_below(random, 4) == 0;
    figure->y.lo = random_value(random), figure->y.hi = random_value(random);
    for (int i = draw_below(random, 20) - 10; i > 0; i--) figure_category(figure, "名字 name");
    for (int s = draw_below(random, 12); s > 0; s--) {
        Index n = draw_below(random, 3) ? draw_below(random, POINTS_MOST) : 1;
        fill(random, x, tame), fill(random, y, tame), fill(random, low, tame);
        Index at =
            figure_series(figure, s % 2 ? "label" : "标签", draw_below(random, 2) ? x : NULL, y, n);
        if (draw_below(random, 3) == 0) figure_band(figure, at, low, y);
        figure->series[at].guess = draw_below(random, 4) == 0;
        figure->series[at].points = draw_below(random, 4) == 0;
    }
    if (kind == FIGURE_HEAT) {
        fill(random, y, tame);
        figure_heat(figure, y, draw_below(random, 18), draw_below(random, 17));
    }
    assert_true(figure_ok(figure, &err));
    return figure;
}

static void random_figures_stay_inside_random_areas(void **state)
{
    (void)state;
    Draw random = {7, 0};
    for (int turn = 0; turn < 600; turn++) {
        Figure *figure = random_figure(&random);
        Rect    area = {draw_below(&random, 6), draw_below(&random, 6), draw_below(&random, 28),
                        draw_below(&random, 98)};
        assert_inside(figure, area, (Charset)(turn % 3));
        figure_free(figure);
    }
}

static void random_figures_can_be_written(void **state)
{
    (void)state;
    Draw          random = {8, 0};
    GnuplotTarget target = {"pngcairo", "a.png", 640, 400, false};
    Error         err = {0};
    for (int turn = 0; turn < 300; turn++) {
        Figure *figure = random_figure(&random);
        Str     out = {0};
        figure_svg(&out, figure, 640, 360);
        assert_null(strstr(str_text(&out), "nan"));
        assert_null(strstr(str_text(&out), "inf"));
        str_clear(&out);
        figure_sentence(&out, figure);
        assert_null(strchr(str_text(&out), '\n'));
        figure_csv(&out, figure);
        figure_gnuplot(&out, figure, &target, "QZJX");
        assert_true(figure_thin(figure, 10, &err));
        assert_true(str_ok(&out, &err));
        str_free(&out);
        figure_free(figure);
    }
}

static void ticks_never_overlap(void **state)
{
    (void)state;
    Draw  random = {9, 0};
    Error err = {0};
    for (int turn = 0; turn < 2000; turn++) {
        double y[40], x[40], scale = pow(10, (double)draw_below(&random, 20) - 9);
        double shift = draw_below(&random, 2) ? scale * 100 * draw_unit(&random) : 0;
        int    n = 2 + draw_below(&random, 38);
        for (int i = 0; i < n; i++) {
            y[i] = scale * draw_unit(&random) + shift;
            x[i] = (draw_unit(&random) + i) * pow(10, (double)(turn % 7) - 2);
        }
        Figure *figure = figure_create(FIGURE_LINE, "title", &err);
        figure_series(figure, "v", draw_below(&random, 2) ? x : NULL, y, n);
        int rows = 5 + draw_below(&random, 30), cols = 20 + draw_below(&random, 90);
        check_ticks(figure, rows, cols);
        figure_free(figure);
    }
}

/* ---- labels ----------------------------------------------------------------------------- */

static void labels_move_apart_as_little_as_possible(void **state)
{
    (void)state;
    double same[] = {5, 5, 5}, ends[] = {0, 0.2, 9}, full[] = {1, 1, 1, 1}, far[] = {1, 4, 8};
    spread(same, 3, 1, 0, 10);
    assert_close(same[0], 4, 1e-9);
    assert_close(same[1], 5, 1e-9);
    assert_close(same[2], 6, 1e-9);
    spread(ends, 3, 1, 0, 9);
    assert_close(ends[0], 0, 1e-9);
    assert_close(ends[1], 1, 1e-9);
    assert_close(ends[2], 9, 1e-9);
    spread(full, 4, 1, 0, 3);
    assert_close(full[0], 0, 1e-9);
    assert_close(full[3], 3, 1e-9);
    spread(far, 3, 1, 0, 10);
    assert_close(far[1], 4, 1e-9);
}

static void labels_never_share_a_row(void **state)
{
    (void)state;
    Error   err = {0};
    Figure *figure = figure_create(FIGURE_LINE, "many", &err);
    double  y[] = {1, 1};
    char    name[] = "<00>";
    for (int i = 0; i < 30; i++) {
        name[1] = (char)('0' + i / 10), name[2] = (char)('0' + i % 10);
        figure_series(figure, name, NULL, y, 2);
    }
    for (int rows = 8; rows < 40; rows++) {
        Str out = {0};
        assert_true(figure_text(&out, figure, rows, 60, CHARSET_BLOCK, &err));
        int   labels = 0, in_row = 0;
        Index hidden = 0;
        for (const char *c = str_text(&out); *c != '\0'; c++) {
            if (*c == '\n') in_row = 0;
            if (*c == '<') labels++, in_row++;
            assert_true(in_row <= 1);
        }
        const char *more = strstr(str_text(&out), " more");
        while (more != NULL && *more != '+') more--; /* "+27 more" */
        if (more != NULL) hidden = strtol(more + 1, NULL, 10);
        assert_int_equal(labels + hidden, 30); /* each is shown or counted */
        str_free(&out);
    }
    figure_free(figure);
}

TEST_GROUP(chart, cmocka_unit_test(every_area_from_one_cell_up),
           cmocka_unit_test(an_area_beyond_the_grid_is_clipped),
           cmocka_unit_test(random_figures_stay_inside_random_areas),
           cmocka_unit_test(random_figures_can_be_written), cmocka_unit_test(ticks_never_overlap),
           cmocka_unit_test(labels_move_apart_as_little_as_possible),
           cmocka_unit_test(labels_never_share_a_row));
