#include <math.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/base/random.h"
#include "core/figure/scale.h"
#include "tests/figure/figures.h"
#include "tests/test.h"

static const double nan_value = (double)NAN;

/* ---- building --------------------------------------------------------------------------- */

static void everything_is_copied(void **state)
{
    (void)state;
    Error   err = {0};
    char    title[] = "title";
    double  y[] = {1, 2};
    Figure *figure = figure_create(FIGURE_LINE, title, &err);
    assert_int_equal(figure_series(figure, title, NULL, y, 2), 0);
    assert_int_equal(figure_series(figure, NULL, y, y, 2), 1);
    figure_band(figure, 1, y, y);
    figure_axis(figure, 'x', title, NULL, false);
    figure_axis(figure, 'x', "step", "s", true); /* replaces */
    title[0] = '!', y[0] = 9;
    assert_string_equal(figure->title, "title");
    assert_string_equal(figure->series[0].label, "title");
    assert_string_equal(figure->series[1].label, "");
    assert_string_equal(figure->x.title, "step");
    assert_true(figure->x.log);
    assert_close(figure->series[0].y[0], 1, 0);
    assert_close(figure->series[0].x[1], 1, 0);
    assert_close(figure->series[1].low[0], 1, 0);
    assert_true(figure_ok(figure, &err));
    figure_free(figure);
    figure_free(NULL);
}

typedef Figure *Maker(Error *err);

/* Building, thinning and one writer, with every allocation made to fail. */
typedef struct Work {
    Maker *make;
    int    writer;
} Work;

static void write_with(const Figure *figure, int writer, Str *out, Error *err)
{
    GnuplotTarget target = {"svg", "a.svg", 640, 400, false};
    switch (writer) {
    case 0:
    case 1:
    case 2:
        if (!figure_text(out, figure, 16, 60, (Charset)writer, err)) return;
        break;
    case 3:
        if (!figure_text(out, figure, 4, 30, CHARSET_ASCII, err)) return;
        break;
    case 4:
        figure_sentence(out, figure);
        break;
    case 5:
        figure_svg(out, figure, 640, 400);
        break;
    case 6:
        figure_csv(out, figure);
        break;
    default:
        figure_gnuplot(out, figure, &target, "END");
    }
    if (str_ok(out, err)) assert_true(out->len > 20);
}

static void make_and_write(void *context, Error *err)
{
    Work   *work = context;
    Figure *figure = work->make(err);
    Str     out = {0};
    if (figure != NULL && figure_ok(figure, err) && figure_thin(figure, 20, err)) {
        write_with(figure, work->writer, &out, err);
    }
    str_free(&out);
    figure_free(figure);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    static Maker *const makers[] = {figure_of_losses, figure_of_ranks, figure_of_times,
                                    figure_of_matrix, figure_of_bytes};
    for (size_t m = 0; m < sizeof makers / sizeof *makers; m++) {
        for (int writer = 0; writer < 8; writer++) {
            Work work = {makers[m], writer};
            assert_true(torture(make_and_write, &work) > 4);
        }
    }
}

static void writers_are_deterministic(void **state)
{
    (void)state;
    Error   err = {0};
    Figure *a = figure_of_losses(&err), *b = figure_of_losses(&err);
    for (int writer = 0; writer < 8; writer++) {
        Str one = {0}, two = {0};
        write_with(a, writer, &one, &err);
        write_with(b, writer, &two, &err);
        assert_ok(&err);
        assert_string_equal(str_text(&one), str_text(&two));
        str_free(&one);
        str_free(&two);
    }
    figure_free(a);
    figure_free(b);
}

/* ---- thinning --------------------------------------------------------------------------- */

enum { MANY = 100000 };

static Figure *figure_of_many(double *y)
{
    Error   err = {0};
    Figure *figure = figure_create(FIGURE_LINE, "many", &err);
    figure_series(figure, "y", NULL, y, MANY);
    figure_band(figure, 0, y, y);
    assert_true(figure_ok(figure, &err));
    return figure;
}

static double *wave(void)
{
    double *y = mem_alloc(mem_program(), MEM_TEXT, MANY, sizeof *y, NULL);
    for (int i = 0; i < MANY; i++) y[i] = sin(i * 0.01) + 0.1 * sin(i * 1.7);
    return y;
}

static bool kept(const FigureSeries *series, double x)
{
    for (Index i = 0; i < series->n; i++) {
        if (series->x[i] == x) return true;
    }
    return false;
}

static void thinning_keeps_extremes_and_ends(void **state)
{
    (void)state;
    Error   err = {0};
    double *y = wave();
    y[31234] = 50, y[31236] = -50;
    Figure *figure = figure_of_many(y);
    assert_true(figure_thin(figure, 100, &err));
    const FigureSeries *series = figure->series;
    assert_true(series->n <= 200 && series->n > 150);
    assert_true(kept(series, 0) && kept(series, MANY - 1));
    assert_true(kept(series, 31234) && kept(series, 31236));
    for (Index i = 0; i < series->n; i++) { /* bands go with their points, x rises */
        assert_close(series->y[i], y[(int)series->x[i]], 0);
        assert_close(series->low[i], series->y[i], 0);
        assert_true(i == 0 || series->x[i] > series->x[i - 1]);
    }
    figure_free(figure);
    mem_free(y);
}

static void thinning_keeps_a_gap(void **state)
{
    (void)state;
    Error   err = {0};
    double *y = wave();
    for (int i = 50000; i < 50003; i++) y[i] = nan_value;
    Figure *figure = figure_of_many(y);
    assert_true(figure_thin(figure, 50, &err));
    const FigureSeries *series = figure->series;
    Index               gaps = 0;
    for (Index i = 0; i < series->n; i++) gaps += isnan(series->y[i]);
    assert_true(series->n <= 100);
    assert_int_equal(gaps, 1);
    figure_free(figure);
    mem_free(y);
}

static void thinning_holds_its_bound_for_any_number_of_buckets(void **state)
{
    (void)state;
    Error   err = {0};
    double *y = wave();
    for (Index buckets = 1; buckets < 40; buckets++) {
        Figure *figure = figure_of_many(y);
        assert_true(figure_thin(figure, buckets, &err));
        assert_true(figure->series[0].n >= 2 && figure->series[0].n <= 2 * buckets);
        assert_true(kept(figure->series, 0) && kept(figure->series, MANY - 1));
        Index n = figure->series[0].n;
        assert_true(figure_thin(figure, buckets, &err)); /* nothing more to do */
        assert_int_equal(figure->series[0].n, n);
        figure_free(figure);
    }
    mem_free(y);
}

static void a_stack_is_thinned_together_and_keeps_its_peak(void **state)
{
    (void)state;
    Error   err = {0};
    double *y = wave();
    for (int i = 0; i < MANY; i++) y[i] = fabs(y[i]);
    y[777] = 90;
    Figure *figure = figure_create(FIGURE_STACK, "stack", &err);
    figure_series(figure, "a", NULL, y, MANY);
    figure_series(figure, "b", NULL, y, MANY);
    double peak = stack_total(figure, stack_peak(figure));
    assert_true(figure_thin(figure, 64, &err));
    assert_int_equal(figure->series[0].n, figure->series[1].n);
    assert_true(stack_common(figure));
    assert_close(stack_total(figure, stack_peak(figure)), peak, 0);
    assert_close(peak, 180, 0);
    figure_free(figure);
    mem_free(y);
}

static void x_that_does_not_rise_is_thinned_by_count(void **state)
{
    (void)state;
    Error   err = {0};
    double *y = wave(), *x = wave();
    Figure *figure = figure_create(FIGURE_LINE, "circle", &err);
    figure_series(figure, "a", x, y, MANY);
    assert_true(figure_thin(figure, 100, &err));
    assert_true(figure->series[0].n <= 200 && figure->series[0].n > 150);
    figure_free(figure);
    mem_free(y);
    mem_free(x);
}

/* ---- ticks ------------------------------------------------------------------------------ */

static void assert_ticks(double lo, double hi, bool log, int most, bool bytes, const char *want)
{
    Scale scale = {.log = log, .lo = lo, .hi = hi};
    Str   got = {0};
    scale_ticks(&scale, most, false, bytes, false);
    for (int i = 0; i < scale.count; i++) str_addf(&got, "%s|", scale.text[i]);
    assert_string_equal(str_text(&got), want);
    str_free(&got);
}

static void ticks_are_round(void **state)
{
    (void)state;
    assert_ticks(0, 1, false, 5, false, "0|0.2|0.4|0.6|0.8|1|");
    assert_ticks(0.31, 4.1, false, 4, false, "1|2|3|4|");
    assert_ticks(-1, 1, false, 4, false, "-1|-0.5|0|0.5|1|");
    assert_ticks(0.06, 4, true, 5, false, "0.1|0.3|1|3|");
    assert_ticks(0.06, 4, true, 2, false, "0.1|1|");
    assert_ticks(1e-9, 1, true, 4, false, "1e-9|1e-6|0.001|1|");
    assert_ticks(2, 2.5, true, 5, false, "2|2.1|2.2|2.3|2.4|2.5|");
    assert_ticks(0, 14.6e6, false, 3, true, "0|5 MB|10 MB|");
    assert_ticks(0, 900, false, 2, true, "0|500 B|");
    assert_ticks(919000, 941000, false, 2, false, "920k|940k|");
    assert_ticks(0, 3e-5, false, 3, false, "0|1e-5|2e-5|3e-5|");
    assert_ticks(-1e308, 1e308, false, 2, false, "-1e308|0|1e308|");
    assert_ticks(5.0000001, 5.0000003, false, 2, false, "5.0000001|5.0000002|5.0000003|");
}

static void assert_number(double value, bool bytes, const char *want)
{
    char text[NUMBER_BYTES];
    number_text(text, value, bytes);
    assert_string_equal(text, want);
}

static void numbers_are_short_and_true(void **state)
{
    (void)state;
    assert_number(0, false, "0");
    assert_number(-0.0, false, "0");
    assert_number(919680, false, "919,680");
    assert_number(-1234, false, "-1,234");
    assert_number(0.31, false, "0.31");
    assert_number(0.0706, false, "0.0706");
    assert_number(40.25, false, "40.2");
    assert_number(1.1e-16, false, "1.1e-16");
    assert_number(-2.5e300, false, "-2.5e300");
    assert_number(nan_value, false, "NaN");
    assert_number(512, true, "512 B");
    assert_number(999600, true, "1 MB");
    assert_number(14.3e6, true, "14.3 MB");
    assert_number(919680, true, "920 KB");
}

static void places_survive_huge_and_tiny_ranges(void **state)
{
    (void)state;
    Error        err = {0};
    const double cases[][2] = {{-1e308, 1e308},  {5e-324, 5e-324}, {0, 5e-324}, {-1e308, -1e308},
                               {1e308, 1.7e308}, {1e16, 1e16 + 2}, {0, 0},      {3.2, 3.2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Figure *figure = figure_of_values(cases[i], 2, &err);
        for (int log = 0; log < 2; log++) {
            figure->y.log = log;
            Scale scale = figure_scale(figure, 'y');
            assert_true(isfinite(scale.lo) && isfinite(scale.hi) && scale.lo < scale.hi);
            scale_ticks(&scale, 5, false, false, true);
            for (int t = 0; t < scale.count; t++) {
                double at = scale_at(&scale, scale.tick[t]);
                assert_true(at >= -1e-9 && at <= 1 + 1e-9);
                assert_true(t == 0 || scale.tick[t] > scale.tick[t - 1]);
            }
        }
        figure_free(figure);
    }
}

TEST_GROUP(figure, cmocka_unit_test(everything_is_copied),
           cmocka_unit_test(every_allocation_may_fail), cmocka_unit_test(writers_are_deterministic),
           cmocka_unit_test(thinning_keeps_extremes_and_ends),
           cmocka_unit_test(thinning_keeps_a_gap),
           cmocka_unit_test(thinning_holds_its_bound_for_any_number_of_buckets),
           cmocka_unit_test(a_stack_is_thinned_together_and_keeps_its_peak),
           cmocka_unit_test(x_that_does_not_rise_is_thinned_by_count),
           cmocka_unit_test(ticks_are_round), cmocka_unit_test(numbers_are_short_and_true),
           cmocka_unit_test(places_survive_huge_and_tiny_ranges));
